"""What is told of reading: a count a file, and rejected rows, with the same columns whatever was rejected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from gpunet.arrests.arrests import FileCount, ReadReport
from gpunet.config.config import ALL_COLUMNS, Config
from gpunet.reading.columns import in_quotes
from gpunet.reading.rejections import REPORT_COLUMNS
from gpunet.reading.skipped import skipped_warnings
from gpunet.reading.stream import InputRecord, Inputs

__all__ = ["as_rejected", "rejected_schema", "report_of", "whole_number_ids"]


def whole_number_ids(config: Config, records: Sequence[InputRecord]) -> bool:
    """Whether the person ids come as whole numbers in every input that has any."""
    kinds = {r.integers for r in records}
    return config.input.person_scope == "national" and kinds <= {True, None} and True in kinds


def report_of(config: Config, inputs: Inputs, rejected: nw.DataFrame[Any]) -> ReadReport:
    """The report of inputs that were read to their end."""
    files = tuple(map(_file_count, inputs.records))
    skipped = inputs.skipped or ()
    return ReadReport(
        files=files,
        rejected=rejected,
        protected_columns=tuple(sorted({c for r in inputs.records for c in r.layout.protected})),
        ignored_columns=tuple(sorted({c for r in inputs.records for c in r.layout.ignored})),
        warnings=(*skipped_warnings(skipped), *inputs.warnings, *_column_warnings(config, inputs.records, files)),
        skipped=tuple(skipped),
    )


def _file_count(record: InputRecord) -> FileCount:
    return FileCount(
        name=record.name,
        read=record.rows,
        accepted=record.rows - record.rejected - record.duplicate,
        rejected=record.rejected,
        duplicate=record.duplicate,
        sha256=record.sha256,
        size_bytes=record.size_bytes,
        encoding=record.encoding,
    )


def _column_warnings(config: Config, records: Sequence[InputRecord], files: Sequence[FileCount]) -> list[str]:
    """Warnings of columns that the configuration names and no input has, and of inputs without an accepted row."""
    names = {c for record in records for c in record.layout.columns}
    warnings = [
        f"[input] columns.{ours}: no input has a column {in_quotes(config.input.source_names(ours), ' or ')}"
        for ours in config.input.columns
        if ours not in names and not config.input.is_absent(ours)
    ]
    if not sum(f.accepted for f in files):
        warnings.append("no row was accepted")
    return warnings


def rejected_schema(config: Config, records: Sequence[InputRecord]) -> pa.Schema:
    """The columns of the table of rejected rows."""
    known = dict.fromkeys((*ALL_COLUMNS, *config.input.incident_key))
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
