"""What is told of reading tables of ties: a count a file, the rejected rows, and what the accepted ones are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa

from gpunet.arrests.beside import Associations
from gpunet.arrests.read_report import FileCount, ReadReport
from gpunet.base.array_types import Bool
from gpunet.base.words import Advice, counted
from gpunet.config.config import Config
from gpunet.reading.advice import explained_reasons, reading_advice
from gpunet.reading.batches import InputRecord
from gpunet.reading.findings import Findings
from gpunet.reading.pseudonymised import other_dates, stated_pseudonyms
from gpunet.reading.rejections import REPORT_COLUMNS
from gpunet.reading.report import as_rejected, columns_of, file_count, notes_of, null_words_of
from gpunet.reading.skipped import skipped_warnings
from gpunet.reading.tables import Tables
from gpunet.reading.ties_columns import OPTIONAL, REQUIRED
from gpunet.reading.ties_rows import CHOSEN, TieReader
from gpunet.tables.arrays import distinct
from gpunet.tables.frames import from_arrow

__all__ = ["prefixed", "tie_notes", "ties_report"]

#: The columns of grades, and what lets rows without one count.
_GRADES = {"source_grade": "min_source = 3", "information_grade": 'min_information = "E"'}


def ties_report(
    tables: Tables, config: Config, reader: TieReader, rejected: pa.Table, notes: Sequence[str], today: date
) -> ReadReport:
    """The report of tables that `reader` has read to their end, of which `notes` tell what was accepted."""
    inputs, found = tables.inputs, reader.found
    files = tuple(map(file_count, inputs.records))
    columns = {"person_a" if ours == "person_id" else ours: names for ours, names in columns_of(inputs.records).items()}
    dates = {ours: columns.get(ours, [ours])[0] for ours in ("date", "recorded_at")}
    faults = _faults(found, today)
    advice = reading_advice(files, [record.number for record in inputs.records], faults, config.input, dates)
    skipped = inputs.skipped or ()
    reasons = explained_reasons(faults, config.input, dates)
    if "recorded_before_date" in reasons:
        reasons["recorded_before_date"] = reasons["recorded_before_date"].partition(": ")[0]
    report = ReadReport(
        files=files,
        rejected=from_arrow(as_rejected(rejected, _schema(columns)), tables.backend),
        protected_columns=tuple(sorted({c for record in inputs.records for c in record.layout.protected})),
        ignored_columns=tuple(sorted({c for record in inputs.records for c in record.layout.ignored})),
        warnings=(
            *skipped_warnings(skipped),
            *inputs.warnings,
            *other_dates(inputs.records),
            *_of_kinds(config, files, found),
            *_of_grades(reader),
            *_of_recording(inputs.records, found),
            *(advised.sentence for advised in advice),
        ),
        advice=tuple(advice),
        bad_dates=tuple(found.bad_dates),
        skipped=tuple(skipped),
        by_reason=found.by_reason(),
        reasons=reasons,
        null_words=null_words_of(found),
        columns=columns,
        notes=(*notes_of(inputs.records), *notes),
        pseudonyms=stated_pseudonyms(inputs.records),
    )
    return prefixed(report, "ties")


def prefixed(report: ReadReport, of: str) -> ReadReport:
    """The report with warnings that say of which tables they are."""
    advice = tuple(Advice(f"{of}: {one.about}", one.key, one.value) for one in report.advice)
    return replace(report, warnings=tuple(f"{of}: {text}" for text in report.warnings), advice=advice)


def tie_notes(rows: Associations, restricted: Bool) -> list[str]:
    """A sentence for each kind in use; `restricted` are the rows with handling C."""
    found = []
    for i, kind in enumerate(rows.kinds):
        of_kind = rows.kind == i
        n = int(of_kind.sum())
        if not n:
            found.append(f"{kind.name}: no row was accepted")
            continue
        persons = len(distinct(np.concatenate([rows.a[of_kind], rows.b[of_kind]])))
        days = rows.day[of_kind]
        first, last = (np.datetime64(int(day), "D") for day in (days.min(), days.max()))
        found.append(
            f"{kind.name}: {counted(n, 'row')} of {counted(persons, 'person')}, dated {first} to {last}, "
            f"{int((restricted & of_kind).sum()):,} with handling C"
        )
    return found


def _schema(columns: Sequence[str] | dict[str, list[str]]) -> pa.Schema:
    """The columns of the table of rejected rows, where the inputs have these of ours."""
    values = [name for name in (*REQUIRED, *OPTIONAL, "force") if name in columns]
    names = [*REPORT_COLUMNS[:3], *values, "line"]
    return pa.schema([(name, pa.int64() if name == "row_number" else pa.large_string()) for name in names])


def _faults(found: Findings, today: date) -> Findings:
    """What was found less what is as it should be: rows that are left out by choice, and ends that are far off."""
    copy = found.copy()
    copy.reasons = {key: reason for key, reason in found.reasons.items() if key[1] not in CHOSEN}
    for column, day in list(copy.days):
        if column == "until" and day > today.isoformat():
            del copy.days[column, day]
    return copy


def _of_kinds(config: Config, files: Sequence[FileCount], found: Findings) -> list[str]:
    """Warnings of tables of which nothing counts."""
    if not config.kinds:
        named = f"; named are {', '.join(config.ties)}" if config.ties else ""
        return [f"no kind is in use: write use = true below the [ties.KIND] of each that is to count{named}"]
    if sum(file.accepted for file in files):
        return []
    why = found.by_reason()
    return [
        "no row was accepted" + (f": {', '.join(f'{rows:,} {reason}' for reason, rows in why.items())}" if why else "")
    ]


def _of_grades(reader: TieReader) -> list[str]:
    """Warnings of kinds of which no row has a grade, where rows are left out for that: all that is to be written."""
    lacking: dict[str, list[str]] = {}
    for kind, column in sorted(reader.graded.lacking.keys() - reader.graded.given):
        lacking.setdefault(kind, []).append(column)
    kinds: dict[tuple[str, ...], list[str]] = {}
    for kind, missing in lacking.items():
        kinds.setdefault(tuple(column for column in _GRADES if column in missing), []).append(kind)
    return [
        f"no row of {' and '.join(names)} has a value in {' or '.join(columns)}, and rows without a grade count only "
        f"with {' and '.join(_GRADES[column] for column in columns)}: write {'both' if len(columns) > 1 else 'that'} "
        f"below {' and '.join(f'[ties.{name}]' for name in names)} if they are to count, or have the grades written"
        for columns, names in kinds.items()
    ]


def _of_recording(records: Sequence[InputRecord], found: Findings) -> list[str]:
    """Warnings of rows that do not tell when they came to be known, where others do."""
    told = [record for record in records if record.rows and "recorded_at" in record.layout.columns]
    lacking = [record for record in records if record.rows and "recorded_at" not in record.layout.columns]
    warnings = []
    if found.unrecorded:
        warnings.append(
            f"{counted(found.unrecorded, 'row')} without a value in recorded_at: it is not known when they came to be "
            "known, so they do not count where an as-of day is given"
        )
    if told and lacking:
        warnings.append(
            f"{len(lacking):,} of {len(told) + len(lacking):,} inputs have no column recorded_at (the first is "
            f"{lacking[0].name}): where an as-of day is given, their rows count by date alone"
        )
    return warnings
