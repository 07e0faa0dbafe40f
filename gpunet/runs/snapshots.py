"""Arrests, features and a trained model as the contents of checkpoints, and back.

Everything goes through the host. What lay on a device is brought there again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
from pydantic import TypeAdapter

from gpunet.arrests.arrests import Arrests, FileCount, ReadReport, SkippedFile
from gpunet.arrests.network import Network
from gpunet.base.array_types import UInt8
from gpunet.config.config import Config
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet
from gpunet.runs.checkpoint_file import Contents
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import from_arrow

if TYPE_CHECKING:
    from gpunet.model import CrossFit, Forecast, Model

__all__ = [
    "PastFeatures",
    "arrests_of",
    "features_of",
    "fit_of",
    "model_of",
    "of_arrests",
    "of_features",
    "of_fit",
    "of_model",
    "of_past",
    "of_report",
    "past_of",
    "report_of",
]

_ARRAYS = ("person", "incident", "force", "day", "offences", "district", "beat", "gang")
_SERIES = ("person_ids", "incident_ids", "force_names", "gang_names", "district_names", "beat_names")
_REPORTED = ("by_reason", "reasons", "null_words", "columns", "notes")
_TABLES = ("features", "groups", "ties")


@dataclass(frozen=True, eq=False)
class PastFeatures:
    """What a forecast needs of an earlier day: the table of features, and how path features were computed."""

    features: Any
    path: PathReport | None


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
    """The inverse of :func:`of_arrests`, for the same configuration and engine."""
    values, frames = contents.values, contents.frames
    report = ReadReport(
        files=tuple(FileCount(**file) for file in values["files"]),
        rejected=from_arrow(frames["rejected"]),
        protected_columns=tuple(values["protected_columns"]),
        ignored_columns=tuple(values["ignored_columns"]),
        warnings=tuple(values["warnings"]),
        skipped=tuple(SkippedFile(**file) for file in values["left_out"]),
        notes=tuple(values["notes"]),
        **{name: values[name] for name in _REPORTED if name != "notes"},
        offences=from_arrow(frames["offences"]),
    )
    tables = {name: from_arrow(frames[name], values["kinds"][name]) for name in _SERIES}
    columns: dict[str, Any] = {name: table[table.columns[0]] for name, table in tables.items()}
    columns |= {name: engine.to_engine(contents.arrays[name]) for name in _ARRAYS}
    return Arrests(**columns, config=config, report=report, backend=values["backend"])


def of_features(found: FeatureSet) -> Contents:
    """Features with their network, less the ties' attributes, which the table of ties has."""
    network = found.network
    arrays: dict[str, Any] = {name: getattr(network, name) for name in ("indptr", "indices", "person", "oversize")}
    arrays |= {f"set {name}": mask for name, mask in network.sets.items()}
    return Contents(
        {"n": network.n, "sets": list(network.sets), "path": of_report(found.path), "kind": _kind(found.features)},
        {name: to_host(array) for name, array in arrays.items() if array is not None},
        {name: getattr(found, name) for name in _TABLES},
    )


def features_of(contents: Contents, engine: Engine) -> FeatureSet:
    """The inverse of :func:`of_features`, for the same engine."""
    values = contents.values
    arrays = {name: engine.to_engine(array) for name, array in contents.arrays.items()}
    network = Network(
        values["n"],
        arrays["indptr"],
        arrays["indices"],
        {name: arrays[f"set {name}"] for name in values["sets"]},
        person=arrays.get("person"),
        oversize=arrays.get("oversize"),
    )
    tables = {name: from_arrow(contents.frames[name], values["kind"]).to_native() for name in _TABLES}
    return FeatureSet(**tables, network=network, path=report_of(values["path"]))


def of_past(found: FeatureSet | PastFeatures) -> Contents:
    """What a forecast needs of an earlier day."""
    values = {"path": of_report(found.path), "kind": _kind(found.features)}
    return Contents(values, frames={"features": found.features})


def past_of(contents: Contents) -> PastFeatures:
    """The inverse of :func:`of_past`."""
    table = from_arrow(contents.frames["features"], contents.values["kind"])
    return PastFeatures(table.to_native(), report_of(contents.values["path"]))


def of_fit(fit: CrossFit) -> Contents:
    """One of the two trainings of a forecast."""
    file = _file(fit.model)
    return Contents({"warnings": fit.warnings}, {"file": file, "fold": fit.fold, "probability": fit.probability})


def fit_of(contents: Contents) -> CrossFit:
    """The inverse of :func:`of_fit`."""
    from gpunet.model import CrossFit

    arrays = contents.arrays
    return CrossFit(_model(contents), arrays["fold"], arrays["probability"], tuple(contents.values["warnings"]))


def of_model(found: Forecast) -> Contents:
    """The result of the model stage."""
    values = {"evaluation": found.evaluation, "warnings": found.warnings}
    return Contents(values, {"file": _file(found.model)}, {"scores": found.scores})


def model_of(contents: Contents) -> Forecast:
    """The inverse of :func:`of_model`; scores are a PyArrow table, to be written."""
    from gpunet.model import Forecast

    values = contents.values
    return Forecast(_model(contents), contents.frames["scores"], values["evaluation"], tuple(values["warnings"]))


def _file(model: Model) -> UInt8:
    return np.frombuffer(model.to_bytes(), np.uint8)


def _model(contents: Contents) -> Model:
    from gpunet.model.trained import model_from_bytes

    return model_from_bytes(contents.arrays["file"].tobytes())


def _kind(table: Any) -> str:
    """Where a frame or series goes: to cuDF if it came from there, else to Polars, as all that is read from files."""
    wrapped: Any = nw.from_native(table, allow_series=True)
    return "cudf" if wrapped.implementation.is_cudf() else "polars"


_REPORT: TypeAdapter[PathReport | None] = TypeAdapter(PathReport | None)


def of_report(report: PathReport | None) -> Any:
    """How path features were computed, as values that JSON can hold."""
    return _REPORT.dump_python(report)


def report_of(values: Any) -> PathReport | None:
    """The inverse of :func:`of_report`."""
    return _REPORT.validate_python(values)
