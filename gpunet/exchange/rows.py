"""Rows of a file of arrests, victims or ties as they are given on: pseudonyms for ids, coarse dates, nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.arrests.beside import ALWAYS, NEVER
from gpunet.base.array_types import Bool, Int64
from gpunet.base.words import plain_name
from gpunet.config.config import Config
from gpunet.config.input_config import DATE_COLUMNS, DATE_PARTS, DETAILS, REQUIRED_COLUMNS
from gpunet.exchange.coarse_dates import Step, ends_of, lasts_of, starts_of
from gpunet.exchange.pseudonyms import PERSON, Pseudonymiser
from gpunet.exchange.row_order import ids_in_order, in_order
from gpunet.reading.batches import InputRecord, Inputs
from gpunet.reading.dates import DAY_US, NO_TIMESTAMP
from gpunet.reading.location import HOST, Column
from gpunet.reading.partition import read_partition
from gpunet.reading.pseudonymised import check_plain
from gpunet.reading.sources import Source
from gpunet.reading.stream import source_batches
from gpunet.reading.ties_columns import as_input, ties_layout
from gpunet.reading.ties_kinds import check_kinds
from gpunet.reading.ties_rows import TieBatch, TieReader
from gpunet.tables.frames import series_to_arrow

__all__ = ["Made", "rows_of_arrests", "rows_of_ties"]

_ENDS = ("person_a", "person_b")

_INCIDENT, _RECORD = "incident", "record of a tie"

_LETTERS = {"information": "ABCDE", "handling": "PC"}


@dataclass(frozen=True, eq=False)
class Made:
    """The table of one file, and what became of its rows.

    ``dropped``: columns of the file of which nothing is given on. ``rejected``: rows by the reason why they are not.
    ``repeats``: rows that are not, for they repeat others. ``forces``: those that rows have. ``in_order``: columns in
    whose order the rows are, or nearly: of ids, and ``date`` where dates are cut. ``sha256``: of the file.
    """

    table: pa.Table
    read: int
    rejected: Mapping[str, int]
    repeats: int
    dropped: tuple[str, ...]
    warnings: tuple[str, ...]
    forces: frozenset[str]
    in_order: tuple[str, ...]
    sha256: str | None


def rows_of_arrests(source: Source, config: Config, of: Pseudonymiser, step: Step, today: date) -> Made:
    """The rows of a file of arrests, or of victims where `config` reads these, in their order.

    Raises
    ------
    InputError
        If the file cannot be read, or holds pseudonyms already.
    """
    part = read_partition(0, (source,), config, today)
    (record,) = part.note.records
    check_plain(record)
    rows, key = part.rows, config.input.incident_key
    there = set(record.layout.columns) or _required(config)  # a file of no bytes has no columns
    ids = {name: kind_of_ids(name) for name in key if name in config.input.id_columns}
    columns: dict[str, Any] = {"person_id": _ids(rows.columns["person_id"], PERSON, of)}
    columns |= {name: _ids(rows.columns[name], kind, of) for name, kind in ids.items()}
    days = rows.timestamps // DAY_US
    if "date" in there:
        columns["date"] = _dates(starts_of(days, step), rows.timestamps != NO_TIMESTAMP)
    for name in dict.fromkeys((*DETAILS, "force", *key)):
        if name in there and name not in columns and name not in DATE_PARTS:
            columns[name] = _texts(rows.columns[name])
    if "recorded_at" in there:
        recorded, _ = rows.told()
        columns["recorded_at"] = _recorded(recorded, step)
    read = {theirs for ours, theirs in record.layout.columns.items() if ours in columns or ours in DATE_COLUMNS}
    reasons, forces = Counter(part.rejected["reason"].to_pylist()), frozenset(rows.columns["force"].texts())
    texts = {name: _texts(rows.columns[name]) for name in ("person_id", *ids)}
    ordered = _in_order(texts, days, rows.timestamps != NO_TIMESTAMP, step)
    return _made(record, columns, reasons, read, part.note.warnings, forces, ordered)


def _required(config: Config) -> set[str]:
    """Columns that a table of arrests must have."""
    return {name for name in (*REQUIRED_COLUMNS, *config.input.incident_key) if not config.input.is_absent(name)}


def kind_of_ids(name: str) -> str:
    """What the ids of a column of the incident key are known as: two columns have different pseudonyms for one id."""
    return _INCIDENT if name == "incident_id" else f"{_INCIDENT} {plain_name(name)}"


def rows_of_ties(source: Source, config: Config, of: Pseudonymiser, step: Step, today: date) -> Made:
    """The rows of a file of ties that the configuration uses, in their order.

    ``basis`` is given on as a pseudonym of the whole record, so that what repeats another still does.

    Raises
    ------
    InputError
        As :func:`rows_of_arrests`.
    ConfigError
        If there are kinds of ties that the configuration does not name.
    """
    reader, inputs = TieReader(config, today), Inputs()
    reader.add_all(source_batches([source], as_input(config.input), inputs, HOST, of=ties_layout(config.input)))
    (record,) = inputs.records
    check_plain(record)
    reasons = Counter(reader.rejections(inputs.records)["reason"].to_pylist())
    check_kinds(reader.unknown, config.ties)
    kinds, there = list(config.ties), record.layout.columns
    parts = [_of_ties(batch, kinds, of, step) for batch in [*reader.parts, TieBatch.empty()]]
    table = pa.concat_tables(parts)
    recorded = np.concatenate([batch.recorded for batch in reader.parts]) if reader.parts else np.empty(0, np.int32)
    columns: dict[str, Any] = dict(zip(table.column_names, table.columns, strict=True))
    for name in ("until", "source_grade", "information_grade", "handling"):
        if name not in there:
            del columns[name]
    if "recorded_at" in there:
        columns["recorded_at"] = _recorded(recorded, step)
    read = {theirs for ours, theirs in there.items() if ours not in ("basis", "force")}
    texts = {name: _joined([_texts(getattr(batch, name[-1])) for batch in reader.parts]) for name in _ENDS}
    stamps = np.concatenate([batch.date for batch in reader.parts]) if reader.parts else np.empty(0, np.int64)
    ordered = _in_order(texts, stamps // DAY_US, stamps != NO_TIMESTAMP, step)
    return _made(record, columns, reasons, read, inputs.warnings, frozenset(reader.forces), ordered)


def _joined(texts: list[pa.Array]) -> Any:
    return pa.chunked_array(texts, pa.string())


def _in_order(texts: Mapping[str, Any], days: Int64, known: Bool, step: Step) -> tuple[str, ...]:
    """The columns in whose order the rows are that are not given on as they are."""
    found = [name for name, of in texts.items() if ids_in_order(of)]
    return (*found, *(["date"] if step != "day" and in_order(days, known) else []))


def _of_ties(batch: TieBatch, kinds: list[str], of: Pseudonymiser, step: Step) -> pa.Table:
    a, b, basis = _texts(batch.a), _texts(batch.b), _texts(batch.basis)
    until = batch.until != NO_TIMESTAMP
    grades = {name: _letters(getattr(batch, name), letters) for name, letters in (("source", "123"), *_LETTERS.items())}
    kind = pa.array([kinds[code] for code in batch.kind.tolist()], pa.string())
    raw = [column.to_pylist() for column in (a, b, kind, *grades.values(), basis)]
    records = zip(*raw, batch.date.tolist(), batch.until.tolist(), strict=True)
    return pa.table(
        {
            "person_a": _ids(batch.a, PERSON, of),
            "person_b": _ids(batch.b, PERSON, of),
            "kind": kind,
            "date": _dates(starts_of(batch.date // DAY_US, step), batch.date != NO_TIMESTAMP),
            "until": _dates(ends_of(batch.until // DAY_US, step), until),
            **{f"{name}_grade" if name != "handling" else name: column for name, column in grades.items()},
            "basis": pa.array([of.pseudonym(_RECORD, _record(values)) for values in records], pa.string()),
        }
    )


def _record(values: tuple[Any, ...]) -> str:
    """All that tells one record of a tie from another, as one text; who of the two comes first does not."""
    return repr((*sorted(values[:2]), *values[2:]))


def _made(
    record: InputRecord,
    columns: Mapping[str, Any],
    reasons: Mapping[str, int],
    read: set[str],
    warnings: Any,
    forces: frozenset[str],
    ordered: tuple[str, ...],
) -> Made:
    layout = record.layout
    dropped = sorted({*layout.ignored, *layout.protected, *(set(layout.columns.values()) - read)})
    table = pa.table(dict(columns))
    rows = record.rows - record.first_row
    rejected = {reason: n for reason, n in sorted(reasons.items()) if n}
    repeats = rows - sum(rejected.values()) - len(table)
    return Made(table, rows, rejected, repeats, tuple(dropped), tuple(warnings), forces, ordered, record.sha256)


def _ids(column: Column, kind: str, of: Pseudonymiser) -> pa.Array:
    return _at(of.of_texts(kind, _values(column)), column)


def _texts(column: Column) -> pa.Array:
    return _at(_values(column), column)


def _values(column: Column) -> pa.Array:
    return series_to_arrow(column.values).cast(pa.large_string()).cast(pa.string())


def _at(values: pa.Array, column: Column) -> pa.Array:
    codes = np.asarray(column.codes, np.int64)
    return values.take(pa.array(codes, mask=codes < 0))


def _dates(days: Int64, known: Bool) -> pa.Array:
    return pa.array(np.where(known, days, 0).astype(np.int32), pa.int32(), mask=~known).cast(pa.date32())


def _recorded(days: Any, step: Step) -> pa.Array:
    """When rows came to be known: late rather than early, and never later than the latest of all."""
    known = (days != NEVER) & (days != ALWAYS)
    last = lasts_of(np.where(known, days, 0), step)
    latest = int(days[known].max()) if known.any() else 0
    return _dates(np.minimum(last, latest), known)


def _letters(grades: Any, letters: str) -> pa.Array:
    """Grades from 1 as they are written, null for 0."""
    return pa.array([letters[grade - 1] if grade else None for grade in grades.tolist()], pa.string())
