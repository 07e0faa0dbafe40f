"""Rejected rows: why, which, and their values as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Int8, Int64
from gpunet.reading.batches import Batch, InputRecord
from gpunet.reading.dialects import as_text
from gpunet.tables.frames import on_host, rows_of

__all__ = ["FILE", "REASONS", "REPORT_COLUMNS", "in_file_order", "malformed_rows", "rejected_rows"]

#: Why a row is rejected; the first that applies is given. A malformed row has too few or too many fields.
REASONS = (
    "missing_person",
    "missing_incident",
    "bad_id",
    "bad_date",
    "bad_recorded_at",
    "recorded_before_date",
    "malformed_row",
)

#: Columns of the table of rejected rows that are not columns of the input; ``line`` is a malformed row's whole text.
REPORT_COLUMNS = ("source_file", "row_number", "reason", "line")

#: The place of a row's file, as no column of a table can be called.
FILE = ":file"

_KNOWN = pa.schema(
    {FILE: pa.int32(), "source_file": pa.large_string(), "row_number": pa.int64(), "reason": pa.large_string()}
)


def rejected_rows(batch: Batch, rows: Int64, reasons: Int8, among: Sequence[str] = REASONS) -> pa.Table:
    """The rows of `batch` at these ascending positions, of which there are some, rejected for these reasons."""
    values = on_host(rows_of(batch.frame, rows))
    counts = batch.by_piece(rows)
    parts = np.split(rows, np.cumsum(counts)[:-1])
    pieces = [(piece, part) for piece, part in zip(batch.pieces, parts, strict=True) if len(part)]
    where = batch.where
    columns = {
        f"{name}_value" if name in REPORT_COLUMNS else name: as_text(
            values.get_column(name), f'{where}: column "{name}"'
        )
        for name in values.columns
    }
    records = [piece.record for piece, part in pieces for _ in range(len(part))]
    numbers = np.concatenate([piece.row_numbers(part) for piece, part in pieces])
    return _table(records, numbers, [among[reason] for reason in reasons], columns)


def malformed_rows(record: InputRecord) -> pa.Table:
    """The rows of a CSV file that have a wrong number of fields."""
    lines = pa.array([text for _, text in record.malformed], pa.large_string())
    numbers = [number for number, _ in record.malformed]
    return _table([record] * len(lines), numbers, ["malformed_row"] * len(lines), {"line": lines})


def _table(
    records: Sequence[InputRecord], numbers: Any, reasons: Sequence[str], columns: Mapping[str, pa.Array]
) -> pa.Table:
    known = {
        FILE: [record.number for record in records],
        "source_file": [record.name for record in records],
        "row_number": numbers,
        "reason": reasons,
    }
    table = pa.table(known, schema=_KNOWN)
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table


def in_file_order(tables: Iterable[pa.Table]) -> pa.Table:
    """All rejected rows, with ``FILE``, by that and their number; a column that a file lacks is null there."""
    together = pa.concat_tables([_KNOWN.empty_table(), *tables], promote_options="default")
    return together.sort_by([(FILE, "ascending"), ("row_number", "ascending")])
