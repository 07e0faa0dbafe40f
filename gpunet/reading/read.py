"""``read_arrests``: tables in, coded arrests out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.arguments import checked, given
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.progress import ProgressCallback, begun
from gpunet.base.shapes import values_are_shown, values_shown
from gpunet.base.words import shortened
from gpunet.config.config import Config, load_config
from gpunet.reading.alike import alike_ids
from gpunet.reading.arrange import arrange
from gpunet.reading.coded_rows import offence_rows
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.location import HOST, Location
from gpunet.reading.names import check_forces
from gpunet.reading.protected import check_config
from gpunet.reading.reader import Reader
from gpunet.reading.report import as_rejected, columns_of, rejected_schema, report_of, whole_number_ids
from gpunet.reading.skipped import nothing_readable
from gpunet.reading.sources import find_sources
from gpunet.reading.state import ReadState, state_of
from gpunet.reading.stream import Batch, Inputs, Withdrawal, frame_batches, source_batches
from gpunet.tables.frames import as_eager, backend_of, from_arrow, is_frame, without_repeated

__all__ = ["read_arrests", "read_arrests_at"]

_STAGE = "reading"


@checked()
def read_arrests(
    paths_or_frame: Any,
    config: Config | Mapping[str, Any] | str | Path | None = None,
    as_of: date | str | None = None,
    *,
    progress: ProgressCallback | None = None,
    keep_going: bool = False,
    notice: Callable[[str], None] | None = None,
    show_values: bool = False,
) -> Arrests:
    """Read, check and code arrest tables; ``docs/input.md`` has every rule.

    Rows are streamed: what stays in memory are codes, one text for each distinct id, and the rejected rows.

    Parameters
    ----------
    paths_or_frame
        A path, folder or glob, or a list of them: Parquet, text (CSV), Arrow/Feather files and workbooks, also packed.
        A list keeps its order, folders and globs are read by name. Or a data frame that Narwhals takes (Polars, pandas,
        PyArrow, cuDF; a lazy one is collected), or a list of frames.
    config
        A :class:`~gpunet.config.config.Config`, a mapping with its keys, or the path of a TOML file.
    as_of
        Keep only arrests before this day (a date, or ISO text), as they were known before it where the tables have
        ``recorded_at``; undated arrests go.
    progress
        Called as bytes of files, or rows of frames, are read.
    keep_going
        Leave out files that cannot be read, and name them in ``report.skipped`` and a warning. The rest is read as if
        they had not been given: a file that turns out to be damaged after a million rows leaves nothing behind. Of
        frames none is left out.
    notice
        Gets a sentence before more than 1,000 files are read.
    show_values
        Let errors and warnings show what stands in cells. They show its shape alone if not, as a cell may hold a name
        or a number; docs/input.md says what is shown in any case.

    Returns
    -------
    Arrests
        ``report`` says what became of each file's rows. ``person_ids`` are int64 if the person_id column of every
        input is of an integer type, else text.

    Raises
    ------
    UnreadableFile
        If a file is damaged or gone, or has not a required column; an InputError with the name of the file. With
        `keep_going` only if there is no other file.
    InputError
        If there is nothing to read, or it cannot be.
    ConfigError
        If the configuration is not understood or would read a protected column.

    Notes
    -----
    Texts are trimmed and in Unicode's form NFC; integers, and floats that are whole, are the text of their digits. A
    value that is empty, or a word for no value such as NA, is null. Every column of a CSV file is text, so zeros in
    front stay.

    Dates are ISO text, dates or timestamps, or as ``[input] date_format`` says; of a time zone the local date counts.

    A repeat is a row that equals an earlier accepted one, of any file, in every column that is read but recorded_at,
    the time of day included. A row of a CSV file with too few or too many fields is rejected as ``malformed_row``; its
    text is in the column ``line`` of the rejected rows. Empty lines are no rows. A CSV file of no bytes is a table of
    no rows, with a warning; one with a header alone must still have the required columns. CSV that is not valid UTF-8,
    and has no byte order mark of UTF-16, is read as Windows-1252, and a warning says so.

    Examples
    --------
    >>> rows = {"person_id": ["ann", "bob", "bob"], "incident_id": [1, 1, 2], "date": ["2013-05-04"] * 3,
    ...         "offence": ["robbery", "theft", "theft"]}
    >>> arrests = gpunet.read_arrests(pl.DataFrame(rows))
    >>> len(arrests), arrests.n_persons, arrests.report.files[0].accepted
    (3, 2, 3)
    """
    with values_shown(show_values or values_are_shown()):
        return read_arrests_at(
            None, paths_or_frame, config, as_of, progress=progress, keep_going=keep_going, notice=notice
        )


def read_arrests_at(
    location: Location | None,
    paths_or_frame: Any,
    config: Config | Mapping[str, Any] | str | Path | None = None,
    as_of: date | str | None = None,
    *,
    progress: ProgressCallback | None = None,
    keep_going: bool = False,
    notice: Callable[[str], None] | None = None,
    today: date | None = None,
    corrections: Corrections | None = None,
    effect: Effect | None = None,
    begin: ReadState | None = None,
    keep: Callable[[ReadState], None] | None = None,
) -> Arrests:
    """:func:`read_arrests` on the host where `location` is None, else where that lies: ``gpunet.reading.location.GPU``.

    Dates after `today` are none; the present day if None. Rows are changed by `corrections`, whose `effect` is entered.
    Reading goes on from `begin`, what was read before; `keep` gets what is read when all is. Both are of files alone,
    on the host.

    The results are the same. On a GPU the arrays are there, and ``person_ids`` and ``incident_ids`` are series over
    its frames; the other names, and the report, are on the host.
    """
    location = location or HOST
    settings = load_config(config)
    check_config(settings.input)
    cut = _as_day(as_of)
    inputs = Inputs(skipped=[] if keep_going else None)
    items = [] if begin is not None and not paths_or_frame else _items(paths_or_frame)
    if any(is_frame(item) for item in items):
        frames = [(as_eager(frame), repeated) for frame, repeated in map(without_repeated, items)]
        backend, total = backend_of(frames[0][0]), float(sum(len(frame) for frame, _ in frames))
        batches: Iterator[Batch | Withdrawal] = frame_batches(frames, settings.input, inputs, location)
    else:
        sources = find_sources(items, settings.input, inputs.warnings, inputs.skipped, notice) if items else []
        if begin is not None:
            sources = [replace(source, number=source.number + len(begin.records)) for source in sources]
        backend, total = "polars", float(sum(source.size_bytes for source in sources))
        batches = source_batches(sources, settings.input, inputs, location)

    def watched() -> Iterator[Batch | Withdrawal]:
        for batch in batches:
            yield batch
            if progress is not None:
                progress(_STAGE, min(_done(inputs), total * 0.99), total)

    begun(progress, _STAGE)
    reader, of_paths = Reader(settings, location, today), len(inputs.warnings)
    if begin is not None:
        reader.go_on_from(begin)
        inputs.records += begin.records
        inputs.warnings += begin.warnings
    reader.add_all(watched())
    if not inputs.records and inputs.skipped:
        raise nothing_readable(inputs.skipped)
    rows = reader.finish(whole_number_ids(settings, inputs.records))
    if corrections is not None:
        rows = reader.corrected(rows, corrections, effect or Effect())
    check_forces(settings, rows.columns["force"].texts(), len(rows))
    found = reader.found.copy()  # to which the reasons of rejected rows are added now
    rejections = reader.rejections(inputs.records, corrections, effect)
    if keep is not None:
        keep(state_of(rows, reader.pieces, inputs.records, inputs.warnings[of_paths:], found, rejections))
    rejected = as_rejected(rejections, rejected_schema(settings, columns_of(inputs.records)))
    report = report_of(settings, inputs, from_arrow(rejected, backend), reader.found, offence_rows(rows))
    arrests = arrange(rows, settings, report, backend, location)
    alike = alike_ids(arrests.person_ids, arrests.incident_ids, settings.input)
    arrests = replace(arrests, report=report.advised(alike))
    if progress is not None:
        progress(_STAGE, total, total)
    return arrests if cut is None else arrests.before(cut)


def _items(paths_or_frame: Any) -> list[Any]:
    if isinstance(paths_or_frame, str | os.PathLike) or is_frame(paths_or_frame):
        return [paths_or_frame]
    if isinstance(paths_or_frame, Iterable) and not isinstance(paths_or_frame, Mapping | bytes | np.ndarray):
        items = list(paths_or_frame)
        if not items:
            raise InputError("no input: the list of paths is empty")
        framed = [is_frame(item) for item in items]
        if all(framed) or (not any(framed) and all(isinstance(item, str | os.PathLike) for item in items)):
            return items
    kind = type(paths_or_frame).__name__
    raise InputError(f"expected paths, or data frames that Narwhals takes, not {kind}")


def _as_day(as_of: date | str | None) -> date | None:
    if isinstance(as_of, datetime) and as_of == as_of:  # pandas' NaT is a datetime that does not equal itself
        return as_of.date()
    if isinstance(as_of, str):
        try:
            return date.fromisoformat(as_of)
        except ValueError as error:
            raise ConfigError(f'as-of: "{shortened(as_of)}" is not a date such as 2013-02-01') from error
    if as_of is None or (isinstance(as_of, date) and not isinstance(as_of, datetime)):
        return as_of
    raise ConfigError(f"as-of: expected a date, or text such as 2013-02-01, not {given(as_of)}")


def _done(inputs: Inputs) -> float:
    """Bytes of the files, or rows of the frames, that are done with; of what is open the bytes or rows so far."""
    read = sum(r.rows if r.size_bytes is None else r.size_bytes * r.done for r in inputs.records)
    return float(read + inputs.open_bytes + sum(file.size_bytes or 0 for file in inputs.skipped or ()))
