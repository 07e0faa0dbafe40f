"""What a run leaves of reading, ``state.arrests``: an update need not read the old files again.

The file is a checkpoint (:mod:`gpunet.runs.checkpoint_file`) whose label tells of which files, configuration and
versions it is. Coming back, everything is checked: what cannot be such rows is damaged.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from gpunet.arrests.charges import ALWAYS, NEVER
from gpunet.base.days import NO_DAY
from gpunet.base.errors import InputError, in_words
from gpunet.base.stored_numbers import Count
from gpunet.config.config import Config
from gpunet.config.input_config import DATE_PARTS
from gpunet.reading.batches import InputRecord
from gpunet.reading.coded_rows import CodedRows
from gpunet.reading.columns import Layout, coded_columns
from gpunet.reading.findings import Findings
from gpunet.reading.location import HOST, Column
from gpunet.reading.rejections import FILE
from gpunet.reading.state import ReadState
from gpunet.runs.checkpoint_file import Contents, read_contents, write_contents
from gpunet.runs.manifest import versions
from gpunet.runs.read_back import Damaged, numbers, require, valid
from gpunet.tables.frames import series_to_arrow

__all__ = ["STATE", "read_state", "write_state"]

#: The name of the file.
STATE = "state.arrests"

_TIMES = np.iinfo(np.int64)


@checked(config=ConfigDict(extra="forbid"))
class _Record:
    name: str
    number: Count
    layout: Count
    integers: bool | None
    sha256: str | None
    size_bytes: Count | None
    encoding: str | None
    notes: list[str]
    rows: Count
    rejected: Count
    duplicate: Count
    kept: Count
    pseudonyms: dict[str, str] | None = None


@checked(config=ConfigDict(extra="forbid"))
class _Layout:
    columns: dict[str, str]
    protected: list[str]
    ignored: list[str]


@checked(config=ConfigDict(extra="forbid"))
class _Values:
    today: str
    layouts: list[_Layout]
    records: list[_Record]
    warnings: list[str]
    words: list[tuple[str, str, Count]]
    days: list[tuple[str, str, Count]]
    null_days: list[tuple[str, str, Count]]
    unrecorded: Count


_VALUES = TypeAdapter(_Values)


def _label(config: Config, files: Sequence[Mapping[str, Any]]) -> str:
    """Of which run it is: a hash of configuration, versions, and names and hashes of files."""
    told = [config.as_dict()["input"], versions(), [[file["name"], file["sha256"]] for file in files]]
    return "state " + hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def write_state(path: Path, state: ReadState, config: Config, today: str) -> None:
    """Write the state of a run that read on a day (ISO text)."""
    layouts = {id(record.layout): record.layout for record in state.records}
    distinct = list({json.dumps(asdict(layout), sort_keys=True): layout for layout in layouts.values()}.values())
    place = {key: distinct.index(layout) for key, layout in layouts.items()}
    records = [
        {
            **{name: getattr(record, name) for name in ("name", "number", "integers", "sha256", "size_bytes")},
            **{name: getattr(record, name) for name in ("encoding", "notes", "rows", "rejected", "duplicate")},
            "layout": place[id(record.layout)],
            "kept": kept,
            **({} if record.pseudonyms is None else {"pseudonyms": dict(record.pseudonyms)}),
        }
        for record, kept in zip(state.records, state.counts, strict=True)
    ]
    found = state.found
    values = {
        "today": today,
        "layouts": [asdict(layout) for layout in distinct],
        "records": records,
        "warnings": state.warnings,
        **{name: _counts(getattr(found, name)) for name in ("words", "days", "null_days")},
        "unrecorded": found.unrecorded,
    }
    rows = state.rows
    arrays = {f"code {name}": column.codes.astype(np.int32) for name, column in rows.columns.items()}
    arrays["timestamps"] = rows.timestamps
    if rows.recorded is not None:
        arrays |= {"recorded": rows.recorded, "again": rows.again}
    frames = {name: pa.table({name: series_to_arrow(column.values)}) for name, column in rows.columns.items()}
    contents = Contents(values, arrays, {**frames, FILE: state.rejected.combine_chunks()})
    write_contents(path, contents, _label(config, records))


def _counts(found: Counter[tuple[str, str]]) -> list[tuple[str, str, int]]:
    return sorted((column, word, rows) for (column, word), rows in found.items())


def read_state(path: Path, config: Config, files: Sequence[Mapping[str, Any]]) -> tuple[ReadState, str]:
    """The state of a run of these `files`, as its manifest lists them, and the day on which it read.

    Raises
    ------
    InputError
        If it is not there or damaged, or of another run, configuration or version.
    """
    try:
        return _state(read_contents(path, _label(config, files)), config)
    except (Damaged, OSError) as error:
        why = str(error) if isinstance(error, Damaged) else in_words(error)
        raise InputError(f"{path} cannot be used ({why}): give --read-again, or make this run anew") from error


def _state(contents: Contents, config: Config) -> tuple[ReadState, str]:
    values = valid(_VALUES, contents.values, "its values")
    require(all(record.layout < len(values.layouts) for record in values.records), "a file has no layout")
    layouts = [Layout(of.columns, tuple(of.protected), tuple(of.ignored)) for of in values.layouts]
    records = [
        InputRecord(
            of.name, of.number, layouts[of.layout], of.integers, of.sha256, of.size_bytes, of.encoding,
            notes=of.notes, rows=of.rows, rejected=of.rejected, duplicate=of.duplicate, done=True,
            pseudonyms=of.pseudonyms,
        )
        for of in values.records
    ]  # fmt: skip
    counts = [of.kept for of in values.records]
    rejected = contents.frames.get(FILE)
    require(isinstance(rejected, pa.Table) and FILE in rejected.column_names, "rejected rows are missing")
    words, days, null_days = (
        Counter({(column, word): rows for column, word, rows in of})
        for of in (values.words, values.days, values.null_days)
    )
    found = Findings(words, days, null_days, unrecorded=values.unrecorded)
    rows = _rows(contents, config, sum(counts))
    return ReadState(rows, counts, records, values.warnings, found, rejected), values.today


def _rows(contents: Contents, config: Config, n: int) -> CodedRows:
    """The coded rows, every code of which has a value."""
    columns = {}
    for name in (name for name in coded_columns(config.input) if name not in DATE_PARTS):
        table = contents.frames.get(name)
        require(isinstance(table, pa.Table) and table.column_names == [name], f"{name} is missing")
        values = table.column(0)  # type: ignore[union-attr]
        kinds = (pa.large_string(), pa.int64()) if name == "person_id" else (pa.large_string(),)
        require(values.type in kinds and not values.null_count, f"{name} is of another type")
        codes = numbers(contents.arrays.get(f"code {name}"), name, np.int32, (n,), -1, len(values) - 1)
        columns[name] = Column(HOST.series(name, values), codes)
    times = numbers(contents.arrays.get("timestamps"), "timestamps", np.int64, (n,), _TIMES.min, _TIMES.max)
    recorded, again = (contents.arrays.get(name) for name in ("recorded", "again"))
    require((recorded is None) == (again is None), "when rows were recorded is not all there")
    if recorded is not None:
        numbers(recorded, "recorded", np.int32, (n,), min(ALWAYS, NO_DAY), NEVER)
        numbers(again, "again", np.bool_, (n,), False, True)
    return CodedRows(columns, times, recorded, again)
