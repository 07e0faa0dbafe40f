"""Arrests, features and trainings as the contents of checkpoints, and back.

Everything goes through the host. What lay on a device is brought there again. Coming back, everything is checked
against the run: what cannot be of these arrests, or of this configuration, is damaged. What follows from the arrests in
no time, such as the network, is not stored, but made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, StrictInt, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from gpunet.arrests.arrests import Arrests, FileCount, ReadReport, SkippedFile
from gpunet.arrests.network import build_network, ties_table
from gpunet.base.array_types import UInt8
from gpunet.base.days import NO_DAY, day_number
from gpunet.base.errors import GpunetError
from gpunet.config.config import Config, PathConfig
from gpunet.config.registry import Feature, columns
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet
from gpunet.reading.rejections import REASONS
from gpunet.reading.report import rejected_schema
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.read_back import Damaged, numbers, require, table_like, valid
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import from_arrow, plain_array, series_to_arrow

if TYPE_CHECKING:
    from gpunet.model import CrossFit, Model

__all__ = [
    "PastFeatures",
    "arrests_of",
    "check_column",
    "check_report",
    "features_of",
    "fit_of",
    "of_arrests",
    "of_features",
    "of_fit",
    "of_past",
    "of_report",
    "past_of",
]

_ARRAYS = ("person", "incident", "force", "day", "offences", "district", "beat", "gang")
_CODED = {"force": "force_names", "district": "district_names", "beat": "beat_names", "gang": "gang_names"}
_SERIES = ("person_ids", "incident_ids", "force_names", "gang_names", "district_names", "beat_names")
_REPORTED = ("by_reason", "reasons", "null_words", "columns", "notes")

_TEXT, _WHOLE = pa.large_string(), pa.int64()
_EXACT = ConfigDict(extra="forbid")

_Count = Annotated[StrictInt, Field(ge=0)]
_Kind = Literal["polars", "cudf"]


@dataclass(frozen=True, eq=False)
class PastFeatures:
    """What a forecast needs of an earlier day: the table of features, and how path features were computed."""

    features: Any
    path: PathReport | None


@checked(config=_EXACT)
class _ArrestValues:
    """Beside the arrays and tables of arrests: where texts go, and how reading went."""

    backend: _Kind
    kinds: dict[str, _Kind]
    files: list[FileCount]
    protected_columns: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    warnings: tuple[str, ...]
    left_out: list[SkippedFile]
    by_reason: dict[str, _Count]
    reasons: dict[str, str]
    null_words: dict[str, dict[str, _Count]]
    columns: dict[str, list[str]]
    notes: tuple[str, ...]


@checked(config=_EXACT)
class _FeatureValues:
    """Beside the tables of features: where these go, and how path features were computed."""

    kind: _Kind
    path: PathReport | None


@checked(config=_EXACT)
class _FitValues:
    warnings: tuple[str, ...]


_ARREST_VALUES = TypeAdapter(_ArrestValues)
_FEATURE_VALUES = TypeAdapter(_FeatureValues)
_FIT_VALUES = TypeAdapter(_FitValues)


def of_arrests(arrests: Arrests) -> Contents:
    """Arrests that were read from files and not cut."""
    report = arrests.report
    if report is None or arrests.as_of is not None:
        raise ValueError("only arrests as they were read are stored")
    series = {name: getattr(arrests, name) for name in _SERIES}
    return Contents(
        {
            "backend": arrests.backend,
            "kinds": {name: _kind(column) for name, column in series.items()},
            "files": [asdict(file) for file in report.files],
            "protected_columns": report.protected_columns,
            "ignored_columns": report.ignored_columns,
            "warnings": report.warnings,
            "left_out": [asdict(file) for file in report.skipped],
            **{name: getattr(report, name) for name in _REPORTED},
        },
        {name: to_host(getattr(arrests, name)) for name in _ARRAYS},
        {
            **{name: column.to_frame() for name, column in series.items()},
            "rejected": report.rejected,
            "offences": report.offences,
        },
    )


def arrests_of(contents: Contents, config: Config, engine: Engine) -> Arrests:
    """The inverse of :func:`of_arrests`, for the same configuration and engine.

    Raises
    ------
    Damaged
        If they cannot be such arrests.
    """
    frames, values = contents.frames, valid(_ARREST_VALUES, contents.values, "its values")
    _require_place(values.backend, engine, exactly=True)
    require(values.kinds.keys() == set(_SERIES), "its texts are not all there")
    texts = {name: _names(frames.get(name), name) for name in _SERIES}
    _check_ids(texts["person_ids"])
    arrays = _arrest_arrays(contents.arrays, {name: len(text) for name, text in texts.items()}, config)
    report = _report(values, frames, config)
    kept: dict[str, Any] = {}
    for name in _SERIES:
        _require_place(values.kinds[name], engine)
        table = from_arrow(frames[name], values.kinds[name])
        kept[name] = table[table.columns[0]]
    kept |= {name: engine.to_engine(arrays[name]) for name in _ARRAYS}
    return Arrests(**kept, config=config, report=report, backend=values.backend)


def _require_place(kind: str, engine: Engine, *, exactly: bool = False) -> None:
    """Frames go to a GPU where the engine works on one, and only there; there some are on the host."""
    there = "cudf" if engine.name == "gpu" else "polars"
    require(kind == there or (kind == "polars" and not exactly), "its tables are for another engine")


def _names(table: Any, name: str) -> Any:
    """The one column of a table, of ids or texts, as an array."""
    require(isinstance(table, pa.Table) and table.num_columns == 1, f"{name} is missing")
    kind = table.schema.types[0]
    require(kind == _TEXT or (kind == _WHOLE and name == "person_ids"), f"{name} is of another type")
    require(not table.column(0).null_count, f"{name} has nulls")
    return table.column(0).combine_chunks()


def _check_ids(ids: Any) -> None:
    ascend = len(ids) < 2 or pc.all(pc.less(ids[:-1], ids[1:])).as_py()
    require(ascend, "person_ids do not ascend")


def _arrest_arrays(
    arrays: Mapping[str, NDArray[Any]], names: Mapping[str, int], config: Config
) -> dict[str, NDArray[Any]]:
    person = arrays.get("person")
    require(person is not None and person.ndim == 1 and person.size, "person is missing")
    shape = person.shape  # type: ignore[union-attr]

    def codes(name: str, low: int, of: str) -> NDArray[Any]:
        return numbers(arrays.get(name), name, np.int32, shape, low, names[of] - 1)

    found = {"person": codes("person", 0, "person_ids"), "incident": codes("incident", 0, "incident_ids")}
    # Persons ascend, and each has an arrest.
    steps = np.diff(found["person"], prepend=-1, append=names["person_ids"])
    require(not len(steps) or (steps.min() >= 0 and steps.max() <= 1), "person does not name every person in order")
    found |= {name: codes(name, -1, of) for name, of in _CODED.items()}
    most = (1 << len(config.violent_offences)) - 1
    found["offences"] = numbers(arrays.get("offences"), "offences", np.uint64, shape, 0, most)
    day = numbers(arrays.get("day"), "day", np.int32, shape, NO_DAY, day_number(date.max))
    require(not np.any((day != NO_DAY) & (day < day_number(date.min))), "day is out of its range")
    return found | {"day": day}


def _report(values: _ArrestValues, frames: Mapping[str, Any], config: Config) -> ReadReport:
    for file in values.files:
        counts = (file.accepted, file.rejected, file.duplicate)
        require(min(counts) >= 0 and sum(counts) == file.read, "the counts of a file do not add up")
        require((file.size_bytes or 0) >= 0, "a file is of no size")
    require(values.by_reason.keys() <= set(REASONS), "rows were rejected for no known reason")
    rejected = sum(values.by_reason.values())
    require(rejected == sum(file.rejected for file in values.files), "the counts of rejected rows do not add up")
    schema = rejected_schema(config, values.columns)
    offences = pa.schema(
        [
            ("text", _TEXT),
            pa.field("rows", _WHOLE, nullable=False),
            pa.field("sets", pa.large_list(_TEXT), nullable=False),
        ]
    )
    return ReadReport(
        files=tuple(values.files),
        rejected=from_arrow(table_like(frames.get("rejected"), "rejected", schema, rejected)),
        protected_columns=values.protected_columns,
        ignored_columns=values.ignored_columns,
        warnings=values.warnings,
        skipped=tuple(values.left_out),
        offences=from_arrow(table_like(frames.get("offences"), "offences", offences)),
        **{name: getattr(values, name) for name in _REPORTED},
    )


def of_features(found: FeatureSet) -> Contents:
    """Features, less network and ties, which the arrests have."""
    values = {"path": of_report(found.path), "kind": _kind(found.features)}
    return Contents(values, frames={"features": found.features, "groups": found.groups})


def features_of(contents: Contents, arrests: Arrests, engine: Engine, path_config: PathConfig) -> FeatureSet:
    """The inverse of :func:`of_features`, for the same arrests, engine and configuration of paths.

    Raises
    ------
    Damaged
        If they cannot be features of these arrests.
    """
    features, path = _features(contents, arrests, engine, path_config)
    network = build_network(arrests.to_engine(engine), engine)
    inside = np.zeros(arrests.n_persons, np.bool_)
    inside[to_host(network.person)] = True
    near = contents.frames["features"]["closeness__all"].to_numpy()
    require(near[inside].min(initial=1.0) > 0, "closeness__all is 0 of somebody in the network")
    groups = _groups(contents.frames.get("groups"), arrests, inside)
    table = from_arrow(groups, valid(_FEATURE_VALUES, contents.values, "its values").kind).to_native()
    return FeatureSet(features, table, ties_table(arrests, network), network=network, path=path)


def _groups(groups: Any, arrests: Arrests, inside: NDArray[np.bool_]) -> pa.Table:
    """The table of groups; `inside` says who is in the network."""
    ids = _array(arrests.person_ids)
    schema = [
        pa.field("person_id", ids.type, nullable=False),
        ("gang", _TEXT),
        ("group", _WHOLE),
        ("community", _WHOLE),
    ]
    groups = table_like(groups, "groups", pa.schema(schema), len(ids))
    require(groups["person_id"].combine_chunks().equals(ids), "groups are of other persons")
    gangs = _array(arrests.gang_names)
    known = pc.is_in(groups["gang"], value_set=gangs, skip_nulls=True).to_numpy()
    without = groups["gang"].is_null().to_numpy()
    require(np.all(known | without), "groups name a gang that there is not")
    _within(groups["group"], "group", inside & ~without)
    _within(groups["community"], "community", inside)
    return groups


def _array(series: nw.Series[Any]) -> Any:
    """Ids or texts as one array, of the type that tables have."""
    return plain_array(series_to_arrow(series))


def _within(column: Any, name: str, present: NDArray[np.bool_]) -> None:
    """A column of numbers of groups: of these persons, and nobody else."""
    require(np.array_equal(column.is_valid().to_numpy(), present), f"{name} is null of others")
    found = column.drop_null().to_numpy()
    require(not len(found) or (found.min() >= 0 and found.max() < len(found)), f"{name} is out of its range")


def of_past(found: FeatureSet | PastFeatures) -> Contents:
    """What a forecast needs of an earlier day."""
    values = {"path": of_report(found.path), "kind": _kind(found.features)}
    return Contents(values, frames={"features": found.features})


def past_of(contents: Contents, arrests: Arrests, engine: Engine, path_config: PathConfig) -> PastFeatures:
    """The inverse of :func:`of_past`, for the same arrests, engine and configuration of paths.

    Raises
    ------
    Damaged
        If they cannot be features of these arrests.
    """
    return PastFeatures(*_features(contents, arrests, engine, path_config))


def _features(
    contents: Contents, arrests: Arrests, engine: Engine, path_config: PathConfig
) -> tuple[Any, PathReport | None]:
    """The table of features, and how path features were computed."""
    values = valid(_FEATURE_VALUES, contents.values, "its values")
    _require_place(values.kind, engine, exactly=True)
    config, ids = arrests.config, _array(arrests.person_ids)
    declared = columns(config.sets, offences=not config.input.is_absent("offence"))
    kinds = {"int64": _WHOLE, "float64": pa.float64(), "bool": pa.bool_()}
    fields = [pa.field(name, kinds[of.dtype], nullable=bool(of.null)) for name, of in declared.items()]
    schema = pa.schema([pa.field("person_id", ids.type, nullable=False), *fields])
    table = table_like(contents.frames.get("features"), "features", schema, len(ids))
    require(table["person_id"].combine_chunks().equals(ids), "features are of other persons")
    for name, feature in declared.items():
        column = table[name]
        require(feature.known or column.null_count == len(column), f"{name} is not null")
        check_column(feature, column.drop_null().to_numpy(), len(ids))
    check_report(values.path, path_config, config.sets)
    return from_arrow(table, values.kind).to_native(), values.path


def check_column(feature: Feature, values: NDArray[Any], persons: int) -> None:
    """Raise Damaged if values of a feature, none of them null, are such that it never has."""
    if not len(values) or feature.dtype == "bool":
        return
    least, most = 0.0, float(2**53)  # more nobody counts
    if feature.unit in ("share", "ratio", "1/ties"):
        most = 1.0
    elif feature.unit in ("persons", "core number"):
        most = float(persons)
    elif feature.family == "betweenness":
        least, most = -1e-3, float(persons) ** 2  # of which nothing can be a little less
    require(values.min() >= least and values.max() <= most, f"{feature.name} is out of its range")


def of_fit(fit: CrossFit) -> Contents:
    """One of the two trainings of a forecast."""
    file = _file(fit.model)
    return Contents({"warnings": fit.warnings}, {"file": file, "fold": fit.fold, "probability": fit.probability})


def fit_of(contents: Contents) -> CrossFit:
    """The inverse of :func:`of_fit`; :func:`gpunet.model.training.is_of` tells whether it is of some data.

    Raises
    ------
    Damaged
        If it cannot be a training.
    """
    from gpunet.model import CrossFit

    arrays, values = contents.arrays, valid(_FIT_VALUES, contents.values, "its values")
    fold, probability = arrays.get("fold"), arrays.get("probability")
    require(fold is not None and fold.ndim == 1, "fold is missing")
    numbers(fold, "fold", np.int32, fold.shape, 0, np.inf)  # type: ignore[union-attr]
    numbers(probability, "probability", np.float64, fold.shape, 0, 1)  # type: ignore[union-attr]
    return CrossFit(_model(arrays.get("file")), fold, probability, values.warnings)  # type: ignore[arg-type]


def _file(model: Model) -> UInt8:
    return np.frombuffer(model.to_bytes(), np.uint8)


def _model(file: Any) -> Model:
    from gpunet.model.trained import model_from_bytes

    require(isinstance(file, np.ndarray) and file.dtype == np.uint8 and file.ndim == 1, "the model is missing")
    data = file.tobytes()
    try:
        model = model_from_bytes(data)
    except GpunetError as error:
        raise Damaged(f"its model: {error}") from error
    require(model.to_bytes() == data, "its model is not as models are written")
    return model


def _kind(table: Any) -> str:
    """Where a frame or series goes: to cuDF if it came from there, else to Polars, as all that is read from files."""
    wrapped: Any = nw.from_native(table, allow_series=True)
    return "cudf" if wrapped.implementation.is_cudf() else "polars"


_REPORT: TypeAdapter[PathReport | None] = TypeAdapter(PathReport | None)


def of_report(report: PathReport | None) -> Any:
    """How path features were computed, as values that JSON can hold."""
    return _REPORT.dump_python(report)


def check_report(report: PathReport | None, config: PathConfig, sets: tuple[str, ...]) -> None:
    """Raise Damaged if path features of these sets cannot have been computed so under this configuration."""
    if report is None:
        raise Damaged("its report of paths is missing")
    same = (report.asked, report.epsilon, report.delta, report.seed, report.by_cugraph) == (
        config.betweenness, config.epsilon, config.delta, config.seed, config.whole_network != "gpunet",
    )  # fmt: skip
    require(same, "its report of paths is of another configuration")
    figures = report.estimate.as_dict().values()
    require(all(0 <= figure < np.inf for figure in figures), "its estimate of work is out of its range")
    beyond = report.estimate.exact_core_seconds > config.budget
    chosen = "approx" if config.betweenness == "approx" or (config.betweenness == "auto" and beyond) else "exact"
    require(chosen == report.chosen == report.estimate.method, "its report of paths says another method")
    require(set(report.sets) == (set(sets) if chosen == "approx" else set()), "its report of paths has other sets")
    for found in report.sets.values():
        inside = found.samples >= 0 and found.checks >= 0 and 0 <= found.certified_error <= config.epsilon
        require(inside, "its report of paths is out of its range")
