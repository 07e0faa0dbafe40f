"""Files read by the workers of a cluster, a partition a task; ids are coded without anybody holding all rows."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from distributed import Client, Future
from numpy.typing import NDArray

from gpunet.arrests.arrests import ReadReport, SkippedFile
from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests, DistributedReport
from gpunet.cluster.results import each, fetched, threads_of
from gpunet.cluster.shuffle import BUCKET, Texts, frame_of, shuffled, table_of
from gpunet.config.config import Config
from gpunet.reading.location import Column
from gpunet.reading.names import Names
from gpunet.reading.partition import PartNote, ReadPart, plan_partitions, read_partition
from gpunet.reading.persons import PersonRange, arrests_of_range, columns_of_part, names_of_parts
from gpunet.reading.protected import check_config
from gpunet.reading.report import as_rejected, rejected_schema, report_of, whole_number_ids
from gpunet.reading.skipped import nothing_readable
from gpunet.reading.sources import Source, find_sources
from gpunet.reading.stream import InputRecord, Inputs
from gpunet.tables.frames import from_arrow

__all__ = ["read_distributed"]

_STAGE = "reading"

# Partitions are of this many bytes at most, and there are so many for each thread of the workers where files are small:
# enough to keep all busy to the end, and few enough that a partition is worth its task.
_MOST_BYTES, _PARTS_A_THREAD = 64 << 20, 3

# A range of persons has about so many rows at most: it is one task, and a part of a table that this process writes.
_MOST_ROWS = 1 << 20


def read_distributed(
    client: Client,
    paths: Sequence[str],
    config: Config,
    *,
    today: date | None = None,
    keep_going: bool = False,
    progress: ProgressCallback | None = None,
    parts: int | None = None,
) -> DistributedArrests:
    """Do as :func:`gpunet.read_arrests`, on workers; the arrests stay there.

    Parameters
    ----------
    client
        Of the cluster.
    paths
        Files, folders and globs, which all workers have to see under these names.
    config
        The configuration.
    today
        Dates after this day are none; the present day if None.
    keep_going
        Leave out files that cannot be read, as :func:`gpunet.read_arrests` does.
    progress
        Called as bytes of files are read.
    parts
        Partitions of files and ranges of persons; three for each thread of the workers if None. Time and memory alone
        depend on it.

    Raises
    ------
    InputError, ConfigError
        As :func:`gpunet.read_arrests`.
    EngineError
        If the cluster is lost.
    """
    check_config(config.input)
    warnings: list[str] = []
    skipped: list[SkippedFile] = []
    found = find_sources(paths, warnings, skipped if keep_going else None)
    sources = [replace(source, path=source.path.absolute()) for source in found]  # workers start in other folders
    wanted = parts or _PARTS_A_THREAD * max(1, threads_of(client))
    total = sum(source.size_bytes for source in sources)
    plan = plan_partitions(sources, max(1, min(_MOST_BYTES, -(-total // wanted))))
    if not sources and skipped:
        raise nothing_readable(skipped)
    read, notes = _read(client, plan, config, today or date.today(), keep_going, progress)
    skipped += _all_skipped(notes)
    if skipped and not any(note.records for note in notes):
        raise nothing_readable(skipped)
    _check_slices(notes)
    wanted = max(wanted, -(-sum(note.rows for note in notes) // _MOST_ROWS))
    warnings += [text for note in notes for text in note.warnings]
    names = names_of_parts(notes, config)
    (sent,) = each(client, "names", _same, [names])  # and not scattered: what is lost with a worker can come again
    ranges = _by_person(client, read, notes, names, sent, config, wanted)
    arranged = each(client, "arrests", _arranged, ranges, names=sent, config=config)
    range_notes: list[_RangeNote] = fetched(client, each(client, "sizes", _range_note, arranged))
    first = np.concatenate([[0], np.cumsum([of_range.persons for of_range in range_notes])]).tolist()
    records = _whole_files(notes, range_notes)
    schema = rejected_schema(config, records)
    report = report_of(config, Inputs(records, warnings, skipped), from_arrow(schema.empty_table()))
    return DistributedArrests(
        client=client,
        partitions=tuple(each(client, "numbered", _numbered, arranged, first[:-1])),
        persons=tuple(of_range.persons for of_range in range_notes),
        arrests=tuple(of_range.arrests for of_range in range_notes),
        n_numbers=first[-1],
        force_names=tuple(names.texts["force"]),
        gang_names=tuple(names.texts["gang"]),
        district_names=names.places["district"],
        beat_names=names.places["beat"],
        last_day=max(of_range.last_day for of_range in range_notes),
        config=config,
        report=_report(report, notes),
        rejected=tuple(each(client, "rejected", _rejected, read, notes, schema=schema)),
    )


def _read(
    client: Client,
    plan: Sequence[tuple[Source, ...]],
    config: Config,
    today: date,
    keep_going: bool,
    progress: ProgressCallback | None,
) -> tuple[list[Future], list[PartNote]]:
    """Read all partitions, and what is known of them."""
    same: dict[str, Any] = {"config": config, "today": today, "keep_going": keep_going}
    read = each(client, "read", read_partition, range(len(plan)), plan, **same)
    sizes = [sum(piece.size_bytes for piece in pieces if piece.first_row == 0) for pieces in plan]
    total, done = float(sum(sizes)), 0.0

    def finished(i: int) -> None:
        nonlocal done
        done += sizes[i]
        if progress is not None:
            progress(_STAGE, done, total)

    notes = fetched(client, each(client, "notes", _note, read), finished)
    plan = list(plan)
    while again := _with_slices_of(gone := {file.name for file in _all_skipped(notes)}, notes):
        for i in again:  # another slice of a file was read well, but a file counts whole or not at all
            elsewhere = gone - {file.name for file in notes[i].skipped}
            plan[i] = tuple(piece for piece in plan[i] if piece.name not in elsewhere)
        afresh = each(client, "read", read_partition, again, [plan[i] for i in again], **same)
        new_notes = fetched(client, each(client, "notes", _note, afresh))
        for i, future, note in zip(again, afresh, new_notes, strict=True):
            read[i], notes[i] = future, note
    return read, notes


def _all_skipped(notes: Sequence[PartNote]) -> list[SkippedFile]:
    """Every file that could not be read, once, in the order of the files."""
    return list({file.name: file for note in reversed(notes) for file in reversed(note.skipped)}.values())[::-1]


def _with_slices_of(gone: set[str], notes: Sequence[PartNote]) -> list[int]:
    """The partitions that have read something of a file that could not be read elsewhere."""
    return [i for i, note in enumerate(notes) if any(record.name in gone for record in note.records)]


def _check_slices(notes: Sequence[PartNote]) -> None:
    """All slices of a file have to be of the same file."""
    known: dict[str, tuple[str, int, int]] = {}
    for seen in (found for note in notes for found in note.seen):
        if known.setdefault(seen[0], seen) != seen:
            raise InputError(f"{seen[0]} has changed while it was read: start again")


def _note(part: ReadPart) -> PartNote:
    return part.note


def _same(names: Names) -> Names:
    return names


def _by_person(
    client: Client,
    read: Sequence[Future],
    notes: Sequence[PartNote],
    names: Names,
    sent: Future,
    config: Config,
    wanted: int,
) -> list[Future]:
    """The rows of all partitions by ranges of persons: all of a person's rows are in one."""
    whole = whole_number_ids(config, [record for note in notes for record in note.records])
    whole = whole and all(note.whole for note in notes)
    examples = [text for note in notes for text in note.ids]
    bounds = bounds_of(map(int, examples) if whole else examples, wanted)
    frames = each(client, "rows", _ranged, read, notes, names=sent, whole=whole, bounds=bounds)
    nothing = read_partition(0, (), config, date.today())
    return shuffled(client, frames, _ranged(nothing, nothing.note, names, whole, bounds), len(bounds) + 1)


def _ranged(part: ReadPart, note: PartNote, names: Names, whole: bool, bounds: Any) -> Any:
    note.check_again(part.note)
    columns, person = columns_of_part(part, names, whole), part.rows.columns["person_id"]
    if whole:
        return frame_of({BUCKET: range_of_values(columns["person_id"], bounds), **columns})
    return frame_of({BUCKET: range_of_texts(person, bounds), **columns})


def bounds_of(examples: Iterable[str] | Iterable[int], n: int) -> list[str] | list[int]:
    """At most n - 1 distinct bounds, ascending, that cut the examples into about equal ranges.

    Texts are ordered as UTF-8 orders their bytes, which is Python's order of texts too.
    """
    ordered = sorted(examples)
    places = (len(ordered) * k // n for k in range(1, n)) if ordered else ()
    return sorted({ordered[place] for place in places})  # type: ignore[return-value]


def range_of_values(values: Any, bounds: Sequence[int]) -> NDArray[np.int64]:
    """int64[n], how many bounds are not greater than each number."""
    return np.searchsorted(np.array(bounds, np.int64), values, side="right")  # type: ignore[no-any-return]


def range_of_texts(column: Column, bounds: Sequence[str]) -> NDArray[np.int64]:
    """int64[n], how many bounds are not greater than each row's text, by the place of bounds among the column's."""
    texts = Texts(column.values.to_arrow())
    starts = [bisect_left(texts, bound) for bound in bounds]
    return np.searchsorted(np.array(starts, np.int64), column.codes, side="right")  # type: ignore[no-any-return]


def _arranged(frame: Any, names: Names, config: Config) -> PersonRange:
    return arrests_of_range(table_of(frame), names, config)


@dataclass(frozen=True)
class _RangeNote:
    """What is known of a range; ``repeats`` by the index of the file."""

    persons: int
    arrests: int
    last_day: int
    repeats: dict[int, int]


def _range_note(found: PersonRange) -> _RangeNote:
    arrests = found.arrests
    return _RangeNote(arrests.n_persons, len(arrests), arrests.last_day, dict(found.repeats))


def _numbered(found: PersonRange, first: int) -> ArrestPartition:
    return ArrestPartition(found.arrests, first, found.incident_key)


def _rejected(part: ReadPart, note: PartNote, schema: pa.Schema) -> pa.Table:
    note.check_again(part.note)
    return as_rejected(part.rejected, schema)


def _whole_files(notes: Sequence[PartNote], range_notes: Sequence[_RangeNote]) -> list[InputRecord]:
    """One record a file, from those of its slices."""
    whole: dict[int, InputRecord] = {}
    for record in (found for note in notes for found in note.records):
        if record.number not in whole:
            whole[record.number] = replace(record)
        else:
            whole[record.number].rows += record.rows
            whole[record.number].rejected += record.rejected
            whole[record.number].duplicate += record.duplicate
    for number, record in whole.items():
        record.duplicate += sum(of_range.repeats.get(number, 0) for of_range in range_notes)
    return [whole[number] for number in sorted(whole)]


def _report(report: ReadReport, notes: Sequence[PartNote]) -> DistributedReport:
    reasons: Counter[str] = Counter()
    for note in notes:
        reasons.update(note.reasons)
    return DistributedReport(
        **vars(report),
        by_reason=dict(sorted(reasons.items())),
        first_bad_date=next((note.bad_date for note in notes if note.bad_date is not None), None),
    )
