"""Arrests as the contents of a checkpoint, and back.

What lay on a device goes through the host, and is brought there again. Coming back, everything is checked against the
run: what cannot be arrests of this configuration is damaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.charges import ALWAYS, CHARGE_ARRAYS, NEVER, Charges
from gpunet.arrests.read_report import FileCount, ReadReport, SkippedFile
from gpunet.base.days import NO_DAY, day_number
from gpunet.base.stored_numbers import Count
from gpunet.config.config import Config
from gpunet.engines.protocol import Engine
from gpunet.reading.rejections import REASONS
from gpunet.reading.report import rejected_schema
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.read_back import numbers, require, table_like, valid
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import from_arrow

if TYPE_CHECKING:
    pass

from gpunet.runs.stored_tables import Kind, kind_of_table, require_place

__all__ = ["arrests_of", "of_arrests"]

_ARRAYS = ("person", "incident", "force", "day", "offences", "district", "beat", "gang", "row")
_CHARGES = {name: f"charge_{name}" for name in CHARGE_ARRAYS}
_CODED = {"force": "force_names", "district": "district_names", "beat": "beat_names", "gang": "gang_names"}
_SERIES = ("person_ids", "incident_ids", "force_names", "gang_names", "district_names", "beat_names")
_REPORTED = ("by_reason", "reasons", "null_words", "columns", "notes", "pseudonyms")

_TEXT, _WHOLE = pa.large_string(), pa.int64()

_MOST_ROWS = 1 << 60  # more are in no tables


@checked(config=ConfigDict(extra="forbid"))
class _ArrestValues:
    """Beside the arrays and tables of arrests: where texts go, and how reading went."""

    backend: Kind
    kinds: dict[str, Kind]
    files: list[FileCount]
    protected_columns: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    warnings: tuple[str, ...]
    left_out: list[SkippedFile]
    by_reason: dict[str, Count]
    reasons: dict[str, str]
    null_words: dict[str, dict[str, Count]]
    columns: dict[str, list[str]]
    notes: tuple[str, ...]
    pseudonyms: dict[str, str] | None = None


_ARREST_VALUES = TypeAdapter(_ArrestValues)


def of_arrests(arrests: Arrests) -> Contents:
    """Arrests that were read from files and not cut."""
    report = arrests.report
    if report is None or arrests.as_of is not None:
        raise ValueError("only arrests as they were read are stored")
    series = {name: getattr(arrests, name) for name in _SERIES}
    return Contents(
        {
            "backend": arrests.backend,
            "kinds": {name: kind_of_table(column) for name, column in series.items()},
            "files": [asdict(file) for file in report.files],
            "protected_columns": report.protected_columns,
            "ignored_columns": report.ignored_columns,
            "warnings": report.warnings,
            "left_out": [asdict(file) for file in report.skipped],
            **{name: getattr(report, name) for name in _REPORTED},
        },
        {name: to_host(getattr(arrests, name)) for name in _ARRAYS} | _charge_arrays(arrests.charges),
        {
            **{name: column.to_frame() for name, column in series.items()},
            "rejected": report.rejected,
            "offences": report.offences,
        },
    )


def _charge_arrays(charges: Charges | None) -> dict[str, NDArray[Any]]:
    return {} if charges is None else {kept: to_host(getattr(charges, name)) for name, kept in _CHARGES.items()}


def arrests_of(contents: Contents, config: Config, engine: Engine) -> Arrests:
    """The inverse of :func:`of_arrests`, for the same configuration and engine.

    Raises
    ------
    Damaged
        If they cannot be such arrests.
    """
    frames, values = contents.frames, valid(_ARREST_VALUES, contents.values, "its values")
    require_place(values.backend, engine, exactly=True)
    require(values.kinds.keys() == set(_SERIES), "its texts are not all there")
    texts = {name: _names(frames.get(name), name) for name in _SERIES}
    _check_ids(texts["person_ids"])
    arrays = _arrest_arrays(contents.arrays, {name: len(text) for name, text in texts.items()}, config)
    report = _report(values, frames, config)
    charges = _charges(contents.arrays, arrays, {name: len(text) for name, text in texts.items()}, config)
    kept: dict[str, Any] = {}
    for name in _SERIES:
        require_place(values.kinds[name], engine)
        table = from_arrow(frames[name], values.kinds[name])
        kept[name] = table[table.columns[0]]
    kept |= {name: engine.to_engine(arrays[name]) for name in _ARRAYS}
    if charges is not None:
        kept["charges"] = charges.with_arrays(engine.to_engine)
    return Arrests(**kept, config=config, report=report, backend=values.backend)


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
    found |= {name: _values(arrays, name, name, shape, config) for name in ("offences", "day")}
    found["row"] = numbers(arrays.get("row"), "row", np.int64, shape, 0, _MOST_ROWS)
    later = (np.diff(found["row"]) > 0) | (np.diff(found["person"]) > 0)
    require(bool(later.all()), "the arrests of a person are not in the order of their rows")
    return found


def _values(
    arrays: Mapping[str, NDArray[Any]], name: str, kept: str, shape: tuple[int, ...], config: Config
) -> NDArray[Any]:
    """The offences or days of arrests or charges."""
    if name == "offences":
        most = (1 << len(config.violent_offences)) - 1
        return numbers(arrays.get(kept), kept, np.uint64, shape, 0, most)
    day = numbers(arrays.get(kept), kept, np.int32, shape, NO_DAY, day_number(date.max))
    require(not np.any((day != NO_DAY) & (day < day_number(date.min))), f"{kept} is out of its range")
    return day


def _charges(
    arrays: Mapping[str, NDArray[Any]], arrests: Mapping[str, NDArray[Any]], names: Mapping[str, int], config: Config
) -> Charges | None:
    """The charges of arrests, None if none are stored: there are no tables that tell when they were recorded."""
    of = arrays.get(_CHARGES["arrest"])
    if of is None:
        require(not set(_CHARGES.values()) & set(arrays), "charges are not all there")
        return None
    require(of.ndim == 1, "charges are of another shape")
    shape, n = of.shape, len(arrests["person"])
    arrest = numbers(of, "charge_arrest", np.int32, shape, 0, n - 1)
    require(bool(np.bincount(arrest, minlength=n).all()), "an arrest has no charge")
    recorded = numbers(arrays.get(_CHARGES["recorded"]), "charge_recorded", np.int32, shape, ALWAYS, NEVER)
    found = {name: _values(arrays, name, _CHARGES[name], shape, config) for name in ("offences", "day")}
    found |= {
        name: numbers(arrays.get(_CHARGES[name]), _CHARGES[name], np.int32, shape, -1, names[_CODED[name]] - 1)
        for name in ("district", "beat", "gang")
    }
    row = numbers(arrays.get(_CHARGES["row"]), "charge_row", np.int64, shape, 0, _MOST_ROWS)
    return Charges(arrest, recorded, **found, row=row)


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
