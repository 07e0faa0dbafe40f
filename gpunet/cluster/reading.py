"""Files read by the workers of a cluster, a partition a task; ids are coded without anybody holding all rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa
from distributed import Client, Future

from gpunet.arrests.read_report import ReadReport, SkippedFile
from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback, begun
from gpunet.base.words import Advice
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests, sizes_of
from gpunet.cluster.results import each, fetched, threads_of
from gpunet.cluster.shuffle import BUCKET, bounds_of, frame_of, range_of, range_of_texts, shuffled, table_of
from gpunet.config.config import Config, InputConfig
from gpunet.reading.alike import alike_among, candidates, canonical, texts_of
from gpunet.reading.batches import InputRecord, Inputs
from gpunet.reading.findings import Findings
from gpunet.reading.names import Names, check_forces
from gpunet.reading.partition import PartNote, ReadPart, plan_partitions, read_partition
from gpunet.reading.persons import PersonRange, arrests_of_range, columns_of_part, names_of_parts
from gpunet.reading.protected import check_config
from gpunet.reading.pseudonymised import check_alike, check_kind
from gpunet.reading.report import as_rejected, columns_of, rejected_schema, report_of, whole_number_ids
from gpunet.reading.skipped import nothing_readable
from gpunet.reading.sources import Source, find_sources
from gpunet.tables.frames import from_arrow, hashes_of

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
    notice: Callable[[str], None] | None = None,
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
    notice
        Gets a sentence before more than 1,000 files are read.
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
    found = find_sources(paths, config.input, warnings, skipped if keep_going else None, notice)
    if not found and skipped:
        raise nothing_readable(skipped)
    wanted = parts or _PARTS_A_THREAD * max(1, threads_of(client))
    plan = _planned(found, wanted)
    read, notes = _read(client, plan, config, today or date.today(), keep_going, progress)
    skipped += _all_skipped(notes)
    if skipped and not any(note.records for note in notes):
        raise nothing_readable(skipped)
    _check_slices(notes)
    _check_pseudonyms(notes, config)
    wanted = max(wanted, -(-sum(note.rows for note in notes) // _MOST_ROWS))
    warnings += [text for note in notes for text in note.warnings]
    names = names_of_parts(notes, config)
    check_forces(config, names.texts["force"], sum(note.rows for note in notes))
    (sent,) = each(client, "names", _same, [names])  # and not scattered: what is lost with a worker can come again
    ranges = _by_person(client, read, notes, names, sent, config, wanted)
    arranged = each(client, "arrests", _arranged, ranges, names=sent, config=config)
    persons, arrests, last_days = zip(*fetched(client, each(client, "sizes", sizes_of, arranged)), strict=True)
    first = np.concatenate([[0], np.cumsum(persons)]).tolist()
    facts = fetched(client, each(client, "repeats", attrgetter("repeats", "offence_rows"), arranged))
    records = _whole_files(notes, [repeats for repeats, _ in facts])
    schema = rejected_schema(config, columns_of(records))
    inputs = Inputs(records, warnings, skipped)
    report = _report(config, inputs, notes, [rows for _, rows in facts], schema)
    return DistributedArrests(
        client=client,
        partitions=tuple(each(client, "numbered", _numbered, arranged, first[:-1])),
        persons=persons,
        arrests=arrests,
        n_numbers=first[-1],
        force_names=tuple(names.texts["force"]),
        gang_names=tuple(names.texts["gang"]),
        district_names=names.places["district"],
        beat_names=names.places["beat"],
        last_day=max(last_days),
        config=config,
        report=report.advised(_alike(client, arranged, config.input)),
        rejected=tuple(each(client, "rejected", _rejected, read, notes, schema=schema)),
    )


def _report(
    config: Config,
    inputs: Inputs,
    notes: Sequence[PartNote],
    offence_rows: Iterable[Mapping[str | None, int]],
    rejected: pa.Schema,
) -> ReadReport:
    """The report of all partitions; rejected rows stay on the workers."""
    offences: Counter[str | None] = sum(map(Counter, offence_rows), Counter())
    findings = sum((note.found for note in notes), Findings())
    return report_of(config, inputs, from_arrow(rejected.empty_table()), findings, offences)


def _planned(found: Sequence[Source], wanted: int) -> list[tuple[Source, ...]]:
    """The files in about so many partitions, or more, so that none is too large."""
    sources = [replace(source, path=source.path.absolute()) for source in found]  # workers start in other folders
    total = sum(source.size_bytes for source in sources)
    return plan_partitions(sources, max(1, min(_MOST_BYTES, -(-total // wanted))))


def _read(
    client: Client,
    plan: Sequence[tuple[Source, ...]],
    config: Config,
    today: date,
    keep_going: bool,
    progress: ProgressCallback | None,
) -> tuple[list[Future], list[PartNote]]:
    """Read all partitions, and what is known of them."""
    begun(progress, _STAGE)
    same: dict[str, Any] = {"config": config, "today": today, "keep_going": keep_going}
    read = each(client, "read", read_partition, range(len(plan)), plan, **same)
    sizes = [sum(piece.size_bytes for piece in pieces if piece.first_row == 0) for pieces in plan]
    total, done = float(sum(sizes)), 0.0

    def finished(i: int) -> None:
        nonlocal done
        done += sizes[i]
        if progress is not None:
            progress(_STAGE, done, total)

    notes = fetched(client, each(client, "notes", attrgetter("note"), read), finished)
    plan = list(plan)
    while True:
        gone = {file.name for file in _all_skipped(notes)}
        again = [i for i, note in enumerate(notes) if any(record.name in gone for record in note.records)]
        if not again:
            return read, notes
        for i in again:  # another slice of a file was read well, but a file counts whole or not at all
            elsewhere = gone - {file.name for file in notes[i].skipped}
            plan[i] = tuple(piece for piece in plan[i] if piece.name not in elsewhere)
        afresh = each(client, "read", read_partition, again, [plan[i] for i in again], **same)
        new_notes = fetched(client, each(client, "notes", attrgetter("note"), afresh))
        for i, future, note in zip(again, afresh, new_notes, strict=True):
            read[i], notes[i] = future, note


def _all_skipped(notes: Sequence[PartNote]) -> list[SkippedFile]:
    """Every file that could not be read, once, in the order of the files."""
    return list({file.name: file for note in reversed(notes) for file in reversed(note.skipped)}.values())[::-1]


def _check_slices(notes: Sequence[PartNote]) -> None:
    """All slices of a file have to be of the same file."""
    known: dict[str, tuple[str, int, int]] = {}
    for seen in (found for note in notes for found in note.seen):
        if known.setdefault(seen[0], seen) != seen:
            raise InputError(f"{seen[0]} has changed while it was read: start again")


def _check_pseudonyms(notes: Sequence[PartNote], config: Config) -> None:
    """The files of all partitions have to be such as can be joined."""
    records = [record for note in notes for record in note.records]
    for record in records[1:]:
        check_alike(records[0], record)
    check_kind(records, "arrests", config.input.person_scope)


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
    recorded = any(note.recorded for note in notes)
    frames = each(client, "rows", _ranged, read, notes, names=sent, whole=whole, recorded=recorded, bounds=bounds)
    return shuffled(client, frames, len(bounds) + 1)


def _ranged(part: ReadPart, note: PartNote, names: Names, whole: bool, recorded: bool, bounds: Any) -> Any:
    note.check_again(part.note)
    columns, person = columns_of_part(part, names, whole, recorded), part.rows.columns["person_id"]
    if whole:
        return frame_of({BUCKET: range_of(columns["person_id"], bounds), **columns})
    return frame_of({BUCKET: range_of_texts(person.values.to_arrow(), person.codes, bounds), **columns})


def _arranged(frame: Any, names: Names, config: Config) -> PersonRange:
    return arrests_of_range(table_of(frame), names, config)


def _numbered(found: PersonRange, first: int) -> ArrestPartition:
    return ArrestPartition(found.arrests, first, found.incident_key)


def _rejected(part: ReadPart, note: PartNote, schema: pa.Schema) -> pa.Table:
    note.check_again(part.note)
    return as_rejected(part.rejected, schema)


def _whole_files(notes: Sequence[PartNote], repeats: Sequence[Mapping[int, int]]) -> list[InputRecord]:
    """One record a file, from those of its slices, and the repeats in each range of persons by place of the file."""
    whole: dict[int, InputRecord] = {}
    for record in (found for note in notes for found in note.records):
        if record.number not in whole:
            whole[record.number] = replace(record)
        else:
            whole[record.number].rows += record.rows
            whole[record.number].rejected += record.rejected
            whole[record.number].duplicate += record.duplicate
    for number, record in whole.items():
        record.duplicate += sum(of_range.get(number, 0) for of_range in repeats)
    return [whole[number] for number in sorted(whole)]


def _alike(client: Client, ranges: Sequence[Future], config: InputConfig) -> list[Advice]:
    """As :func:`gpunet.reading.alike.alike_ids`. Of most ids only a number comes here; of those alike, texts."""
    found: list[Advice] = []
    for column in ("person_id", "incident_id"):
        hashes = fetched(client, each(client, "alike", _hashes, ranges, column=column))
        known, counts = np.unique(np.concatenate(hashes), return_counts=True)
        wanted = each(client, "alike-ids", _of_hashes, ranges, column=column, hashes=known[counts > 1])
        texts = pa.concat_arrays(fetched(client, wanted)).unique()
        found += alike_among(candidates(texts), column, config)
    return found


def _distinct_ids(found: PersonRange, column: str) -> Any:
    arrests = found.arrests
    return texts_of(arrests.person_ids if column == "person_id" else arrests.incident_ids)


def _hashes(found: PersonRange, column: str) -> Any:
    return hashes_of(canonical(_distinct_ids(found, column)))


def _of_hashes(found: PersonRange, column: str, hashes: Any) -> Any:
    texts = _distinct_ids(found, column)
    return texts.filter(pa.array(np.isin(hashes_of(canonical(texts)), hashes)))
