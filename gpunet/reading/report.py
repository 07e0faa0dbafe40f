"""What is told of reading: a count a file, and rejected rows, with the same columns whatever was rejected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from gpunet.arrests.arrests import FileCount
from gpunet.config.config import ALL_COLUMNS, Config
from gpunet.reading.rejections import REPORT_COLUMNS
from gpunet.reading.stream import InputRecord
from gpunet.tables.frames import make_frame

__all__ = ["as_rejected", "column_warnings", "file_count", "rejected_frame", "rejected_schema", "whole_number_ids"]


def whole_number_ids(config: Config, records: Sequence[InputRecord]) -> bool:
    """Whether the person ids come as whole numbers in every input that has any."""
    kinds = {r.integers for r in records}
    return config.input.person_scope == "national" and kinds <= {True, None} and True in kinds


def file_count(record: InputRecord) -> FileCount:
    """What became of the rows of a file that has been read to its end; malformed rows count as rejected."""
    rejected = record.rejected + len(record.malformed)
    rows = record.rows + len(record.malformed)
    return FileCount(
        name=record.name,
        read=rows,
        accepted=rows - rejected - record.duplicate,
        rejected=rejected,
        duplicate=record.duplicate,
        sha256=record.sha256,
        size_bytes=record.size_bytes,
        encoding=record.encoding,
    )


def column_warnings(config: Config, records: Sequence[InputRecord], files: Sequence[FileCount]) -> list[str]:
    """Warnings of columns that the configuration names and no input has, and of inputs without an accepted row."""
    names = {c for record in records for c in record.layout.columns}
    warnings = [
        f'[input] columns.{ours}: no input has a column "{config.input.source_name(ours)}"'
        for ours in config.input.columns
        if ours not in names
    ]
    if not sum(f.accepted for f in files):
        warnings.append("no row was accepted")
    return warnings


def rejected_schema(config: Config, records: Sequence[InputRecord]) -> pa.Schema:
    """The columns of the table of rejected rows."""
    known = (*ALL_COLUMNS, *(c for c in config.input.incident_key if c not in ALL_COLUMNS))
    found = {c for record in records for c in record.layout.columns}
    values = [f"{c}_value" if c in REPORT_COLUMNS else c for c in known if c in found]
    names = [*REPORT_COLUMNS[:3], *values, "line"]
    return pa.schema([(c, pa.int64() if c == "row_number" else pa.large_string()) for c in names])


def as_rejected(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Some rejected rows with the columns of the schema; null where they have none."""
    columns = [
        table.column(name) if name in table.column_names else pa.nulls(len(table), pa.large_string())
        for name in schema.names
    ]
    return pa.table(columns, schema=schema)


def rejected_frame(table: pa.Table, backend: str) -> nw.DataFrame[Any]:
    """The table of rejected rows as a frame of the caller's kind."""
    frame = nw.from_native(table, eager_only=True)
    return nw.from_native(make_frame({c: frame.get_column(c) for c in frame.columns}, backend), eager_only=True)
