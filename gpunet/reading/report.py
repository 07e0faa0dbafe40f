"""What is told of reading: a count a file, and rejected rows, with the same columns whatever was rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa

from gpunet.arrests.read_report import FileCount, ReadReport
from gpunet.base.words import counted
from gpunet.config.config import ALL_COLUMNS, Config
from gpunet.config.input_config import DATE_COLUMNS
from gpunet.config.offences import charges_in, compile_taxonomy, offence_mask
from gpunet.reading.advice import explained_reasons, reading_advice, unread_recorded_at
from gpunet.reading.batches import InputRecord, Inputs
from gpunet.reading.columns import in_quotes
from gpunet.reading.findings import Findings
from gpunet.reading.pseudonymised import other_dates, stated_pseudonyms
from gpunet.reading.rejections import REPORT_COLUMNS
from gpunet.reading.several_charges import several_charges
from gpunet.reading.skipped import skipped_warnings
from gpunet.tables.frames import from_arrow

__all__ = [
    "as_rejected",
    "columns_of",
    "file_count",
    "notes_of",
    "null_words_of",
    "offences_table",
    "rejected_schema",
    "report_of",
    "whole_number_ids",
]


#: What to tell where the configuration says that tables have no such column.
_ABSENT = {
    "date": 'no dates ([input] columns.date = ""): every arrest is undated, and interval_days, days_since_* and the '
    "dates of ties are null",
    "offence": 'no offences ([input] columns.offence = ""): the columns that follow from offences, as those of every '
    "set but all, are null",
}


def whole_number_ids(config: Config, records: Sequence[InputRecord]) -> bool:
    """Whether the person ids come as whole numbers in every input that has any."""
    kinds = {r.integers for r in records}
    return config.input.person_scope == "national" and kinds <= {True, None} and True in kinds


def report_of(
    config: Config, inputs: Inputs, rejected: nw.DataFrame[Any], found: Findings, offences: Mapping[str | None, int]
) -> ReadReport:
    """The report of inputs that were read to their end; `offences` are the accepted rows by text."""
    files = tuple(map(file_count, inputs.records))
    skipped = inputs.skipped or ()
    columns = columns_of(inputs.records)
    dates = {ours: columns.get(ours, [ours])[0] for ours in DATE_COLUMNS}
    table = offences_table(offences, config)
    advised = [
        *reading_advice(files, [r.number for r in inputs.records], found, config.input, dates),
        *several_charges(table, config),
    ]
    return ReadReport(
        files=files,
        rejected=rejected,
        protected_columns=tuple(sorted({c for r in inputs.records for c in r.layout.protected})),
        ignored_columns=tuple(sorted({c for r in inputs.records for c in r.layout.ignored})),
        warnings=(
            *skipped_warnings(skipped),
            *inputs.warnings,
            *other_dates(inputs.records),
            *_column_warnings(config, inputs.records, files),
            *_recording_warnings(inputs.records, found),
            *(advice.sentence for advice in advised),
        ),
        advice=tuple(advised),
        bad_dates=tuple({**found.bad_dates, **dict.fromkeys(unread_recorded_at(found, config.input))}),
        skipped=tuple(skipped),
        by_reason=found.by_reason(),
        reasons=explained_reasons(found, config.input, dates),
        null_words=null_words_of(found),
        columns=columns,
        notes=notes_of(inputs.records),
        offences=table,
        pseudonyms=stated_pseudonyms(inputs.records),
    )


def null_words_of(found: Findings) -> dict[str, dict[str, int]]:
    """How many rows of each column had which word, or day, that stands for no value."""
    words: dict[str, dict[str, int]] = {}
    for (column, word), rows in sorted(found.words.items(), key=lambda item: (item[0][0], -item[1], item[0][1])):
        words.setdefault(column, {})[word] = rows
    for (column, day), rows in sorted(found.null_days.items()):
        words.setdefault(column, {})[day] = rows
    return words


def notes_of(records: Sequence[InputRecord]) -> tuple[str, ...]:
    """What was found out of how files are written, once for all files of which it is the same."""
    files: dict[str, dict[str, None]] = {}
    for record in records:
        for note in record.notes:
            files.setdefault(note, {})[record.name] = None
    return tuple(
        f"{next(iter(names))}: {note}" if len(names) == 1 else f"{len(names):,} files, as {next(iter(names))}: {note}"
        for note, names in files.items()
    )


def columns_of(records: Sequence[InputRecord]) -> dict[str, list[str]]:
    """The names that each of our columns has in the inputs."""
    names: dict[str, dict[str, None]] = {}
    layouts = {id(record.layout): record.layout for record in records}  # which thousands of records may share
    for layout in layouts.values():
        for ours, theirs in layout.columns.items():
            names.setdefault(ours, {})[theirs] = None
    return {ours: list(found) for ours, found in names.items()}


def offences_table(offences: Mapping[str | None, int], config: Config) -> nw.DataFrame[Any]:
    """``text, rows, sets``: each distinct offence, the most frequent first, and which of the configured sets it is in.

    `offences` are rows by text, None where there is none. With ``[input] offence_separator`` a row of several charges
    is one of each.
    """
    compiled, names = compile_taxonomy(config.violent_offences), list(config.violent_offences)
    charges: Counter[str | None] = Counter()
    for text, rows in offences.items():
        for charge in dict.fromkeys([None] if text is None else charges_in(text, config.input.offence_separators)):
            charges[charge] += rows
    ordered = sorted(((t, n) for t, n in charges.items() if n), key=lambda item: (-item[1], item[0] or ""))
    masks = [0 if text is None else offence_mask(text, compiled) for text, _ in ordered]
    table = pa.table(
        {
            "text": pa.array([text for text, _ in ordered], pa.large_string()),
            "rows": pa.array([rows for _, rows in ordered], pa.int64()),
            "sets": pa.array(
                [[name for i, name in enumerate(names) if mask >> i & 1] for mask in masks],
                pa.large_list(pa.large_string()),
            ),
        }
    )
    return from_arrow(table)


def file_count(record: InputRecord) -> FileCount:
    """What became of an input's rows."""
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
    warnings = [_ABSENT[ours] for ours in _ABSENT if config.input.is_absent(ours)]
    warnings += [
        f"[input] columns.{ours}: no input has a column {in_quotes(config.input.source_names(ours), ' or ')}"
        for ours in config.input.columns
        if ours not in names and not config.input.is_absent(ours)
    ]
    if not sum(f.accepted for f in files):
        warnings.append("no row was accepted")
    return warnings


def _recording_warnings(records: Sequence[InputRecord], found: Findings) -> list[str]:
    """Warnings of rows that do not tell when they came to be known, where others do."""
    told = [record for record in records if record.rows and "recorded_at" in record.layout.columns]
    warnings = []
    if found.unrecorded:
        warnings.append(
            f"{counted(found.unrecorded, 'row')} without a value in recorded_at: it is not known when they came to be "
            "known, so they do not count where an as-of day is given"
        )
    lacking = [record for record in records if record.rows and "recorded_at" not in record.layout.columns]
    if told and lacking:
        warnings.append(
            f"{len(lacking):,} of {len(told) + len(lacking):,} inputs have no column recorded_at (the first is "
            f"{lacking[0].name}): where an as-of day is given, their rows count by date alone"
        )
    return warnings


def rejected_schema(config: Config, columns: Collection[str]) -> pa.Schema:
    """The columns of the table of rejected rows, where the inputs have these of ours."""
    known = dict.fromkeys((*ALL_COLUMNS, *config.input.incident_key))
    values = [f"{c}_value" if c in REPORT_COLUMNS else c for c in known if c in columns]
    names = [*REPORT_COLUMNS[:3], *values, "line"]
    return pa.schema([(c, pa.int64() if c == "row_number" else pa.large_string()) for c in names])


def as_rejected(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Some rejected rows with the columns of the schema; null where they have none."""
    columns = [
        table.column(name) if name in table.column_names else pa.nulls(len(table), pa.large_string())
        for name in schema.names
    ]
    return pa.table(columns, schema=schema)
