"""What model files and feature files say of themselves, checked before anything of it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StrictFloat, StrictInt, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from gpunet.base.errors import ModelError
from gpunet.base.stored_numbers import Count
from gpunet.config.sides import OFFENDER, VICTIM, Side
from gpunet.model.classifier import KINDS

__all__ = ["FORMATS", "FeatureMetadata", "ModelMetadata", "feature_metadata_of", "model_metadata_of"]

#: Of the metadata in a model file, by side. A change that older versions would misread raises it. Since 2 a file
#: carries a hash; since 3 zeros may be missing, see :mod:`gpunet.model.zeros`; 4 is of models that forecast who becomes
#: a victim, whom a version that knows no sides would list as offenders.
FORMATS: Mapping[Side, int] = {OFFENDER: 3, VICTIM: 4}
_READ = (1, 2, 3, 4)

_CHECKED = ConfigDict(allow_inf_nan=False)

_Sets = dict[str, tuple[str, ...]]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("a feature is named twice")
    return names


def _like(schema: type) -> AfterValidator:
    """Checks a table by `schema`, which may have other keys too, and leaves it as it is."""
    adapter: TypeAdapter[Any] = TypeAdapter(schema)

    def check(table: dict[str, Any]) -> dict[str, Any]:
        adapter.validate_python(table, strict=False)
        return table

    return AfterValidator(check)


@dataclass(frozen=True, config=_CHECKED)
class _Betweenness:
    method: str
    epsilon: StrictFloat | None = None
    delta: StrictFloat | None = None
    certified_error: StrictFloat | None = None


@dataclass(frozen=True, config=_CHECKED)
class _Training:
    rows: Count
    persons: Count
    positive_rows: Count
    folds: Count
    rounds: Annotated[StrictInt, Field(ge=1)]
    seed: StrictInt
    parameters: dict[str, Any]
    libraries: dict[str, str]
    held_out_rows: Count | None = None


@dataclass(frozen=True, config=_CHECKED)
class _Calibration:
    slope: Annotated[float, Field(ge=0)]
    intercept: float


@dataclass(frozen=True, config=_CHECKED)
class _Origin:
    as_of: date | None = None
    horizon_days: Annotated[int, Field(ge=1, le=36_525)] | None = None
    settings: dict[str, Any] | None = None
    undated_arrests: Count = 0
    purpose: str | None = None


@dataclass(frozen=True, config=_CHECKED)
class ModelMetadata:
    """Of a model file; what it means stands in :class:`gpunet.model.trained.Model`."""

    format: int
    kind: Literal["xgboost", "random_forest"]
    gpunet: str
    features: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_each_once)]
    taxonomy: str | None
    sets: _Sets | None
    calibration: _Calibration
    threshold: Annotated[float, Field(ge=0, le=1)]
    training: Annotated[dict[str, Any], _like(_Training)]
    betweenness: Annotated[dict[str, Any], _like(_Betweenness)] | None = None
    origin: _Origin | None = None
    side: Side = OFFENDER

    def __post_init__(self) -> None:
        if (self.format == FORMATS[VICTIM]) != (self.side == VICTIM):
            raise ValueError("format and side do not fit each other")


@dataclass(frozen=True, config=_CHECKED)
class FeatureMetadata:
    """Of a feature file; what it means stands in :class:`gpunet.model.table.FeatureTable`."""

    taxonomy: str | None = None
    sets: _Sets | None = None
    betweenness: Annotated[dict[str, Any], _like(_Betweenness)] | None = None
    as_of: date | None = None
    counted_from: date | None = None
    undated_arrests: Count = 0
    settings: dict[str, Any] | None = None


_MODEL, _FEATURES = TypeAdapter(ModelMetadata), TypeAdapter(FeatureMetadata)


def model_metadata_of(text: str) -> ModelMetadata:
    """The metadata in a model file.

    Raises
    ------
    ModelError
        If they are of another format, incomplete, or a value is not one that it can have; it names the first.
    """
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ModelError("its metadata are damaged: they are no table")
        if data.get("format") not in _READ:
            raise ModelError(
                f"its format is {data.get('format')}, of gpunet {data.get('gpunet')}; this version reads 1 to 4"
            )
        if data.get("kind") not in KINDS:
            raise ModelError(f'unknown kind of model "{data.get("kind")}"; there are {", ".join(KINDS)}')
        json.dumps(data, allow_nan=False)  # numbers deep down are finite as well
        return _MODEL.validate_json(text, strict=True)
    except ValidationError as error:
        raise ModelError(f"its metadata are damaged: {_words(error)}") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"its metadata are damaged: {error}") from None


def feature_metadata_of(metadata: Mapping[str, Any], where: str) -> FeatureMetadata:
    """The metadata of a feature file, as Parquet kept them; ModelError, which names the file, if they are damaged."""
    try:
        return _FEATURES.validate_json(json.dumps(metadata, allow_nan=False), strict=True)
    except ValidationError as error:
        raise ModelError(f"{where}: what it says of itself is damaged: {_words(error)}") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: what it says of itself is damaged: {error}") from None


def _words(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
