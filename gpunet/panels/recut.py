"""Tables that end before a day: the rows that were known then, as they stand in the input, for reading anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

import narwhals as nw
import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.base.days import NO_DAY, day_number
from gpunet.config.config import Config
from gpunet.config.input_config import ALL_COLUMNS, IdColumnRules, InputConfig
from gpunet.reading.batches import Batch, Inputs
from gpunet.reading.corrections import Corrections
from gpunet.reading.location import HOST
from gpunet.reading.read import read_arrests_at
from gpunet.reading.sources import find_sources
from gpunet.reading.stream import frame_batches, source_batches
from gpunet.runs.described import paths_of
from gpunet.tables.arrays import dense, least_by_code
from gpunet.tables.frames import as_eager, backend_of, is_frame, make_series, rows_of, without_repeated

__all__ = ["InputRows", "input_rows"]

#: A column that tells rows apart, and how its values begin: no word for no value does, and no rule for ids changes it.
_ROW, _ROW_ID = "gpunet_row", "gpunet row "

#: After all days.
_NEVER = int(np.iinfo(np.int32).max)


@dataclass(frozen=True, eq=False)
class InputRows:
    """Every row of the input as it stands there, and what the reader makes of it.

    Attributes
    ----------
    frames
        The rows, with the columns that are read but for ``recorded_at``: of rows that are known it says nothing more.
    accepted
        int64[k], the rows that are not rejected, ascending over all frames.
    arrest
        int64[k], a code of the arrest that each is of.
    day, recorded
        int32[k], the days of its date, ``NO_DAY`` if it has none, and of its becoming known, before all days where the
        tables do not tell.
    config
        What they are read with.
    today
        The day after which there are no dates.
    corrections
        Rows that are left out when what is left is read.
    """

    frames: tuple[nw.DataFrame[Any], ...]
    accepted: Int64
    arrest: Int64
    day: Int32
    recorded: Int32
    config: Config
    today: date | None
    corrections: Corrections | None = None

    def known_before(self, day: date) -> Bool:
        """bool[k], whether a row counts as of a day: recorded before it, and of an arrest that is dated before it."""
        limit, n = day_number(day), len(self.accepted)
        known = self.recorded < limit
        dated = np.where(known & (self.day != NO_DAY), self.day, _NEVER)
        known &= least_by_code(self.arrest, dated, n, _NEVER)[self.arrest] < limit
        return known

    def read_before(self, day: date) -> Arrests:
        """The arrests that reading gives, as of the day, from tables of the rows that count."""
        rows = self.accepted[self.known_before(day)]
        starts = np.cumsum([0, *map(len, self.frames)])
        parts = [
            rows_of(frame, rows[(rows >= start) & (rows < stop)] - start)
            for frame, (start, stop) in zip(self.frames, pairwise(starts.tolist()), strict=True)
        ]
        return read_arrests_at(None, parts, self.config, day, today=self.today, corrections=self.corrections)


def input_rows(
    inputs: Any,
    config: Config,
    today: date | None = None,
    *,
    keep_going: bool = False,
    corrections: Corrections | None = None,
) -> InputRows:
    """The rows of tables, as :func:`gpunet.read_arrests` takes them; all are in memory then.

    Which rows are accepted, which arrest one is of, and its days are found out by the reader's own rules: it is made to
    read the tables with every row as an incident of its own, and with every row as a person of its own.
    """
    frames = [_named_as_given(frame, config) for frame in _frames(inputs, config, keep_going)]
    stops = np.cumsum([0, *map(len, frames)]).tolist()
    ids = [[f"{_ROW_ID}{row}" for row in range(*bounds)] for bounds in pairwise(stops)]
    alone = _read(frames, ids, _ROW, replace(config.input, incident_key=(_ROW,)), config, today)
    rules = IdColumnRules(incident_id=config.input.id_rules.incident_id)
    nobody = replace(config.input, person_scope="national", id_rules=rules)
    together = _read(frames, ids, config.input.source_names("person_id")[0], nobody, config, today)
    accepted, one, other = np.intersect1d(
        _numbers(alone.incident_ids)[alone.incident],
        _numbers(together.person_ids)[together.person],
        assume_unique=True,
        return_indices=True,
    )
    key = dense(alone.person[one].astype(np.int64) * together.n_incidents + together.incident[other])[0]
    key = dense(key * len(together.force_names) + together.force[other])[0]
    return InputRows(
        tuple(frame.drop(_given_name(config, "recorded_at"), strict=False) for frame in frames),
        accepted,
        key,
        alone.day[one],
        _recorded(alone)[one],
        config,
        today,
        corrections,
    )


def _read(
    frames: Sequence[nw.DataFrame[Any]],
    ids: list[list[str]],
    column: str,
    reading: InputConfig,
    config: Config,
    today: date | None,
) -> Arrests:
    """The arrests of all rows where `column` tells each row from every other."""
    told = [
        frame.with_columns(make_series(column, of_frame, backend_of(frame)))
        for frame, of_frame in zip(frames, ids, strict=True)
    ]
    return read_arrests_at(None, told, replace(config, input=reading), today=today)


def _numbers(ids: nw.Series[Any]) -> Int64:
    return np.array([int(text[len(_ROW_ID) :]) for text in ids.to_list()], np.int64)


def _recorded(arrests: Arrests) -> Int32:
    """int32[a], the day on which each arrest, of one row, came to be known."""
    recorded = np.full(len(arrests), NO_DAY, np.int32)
    if arrests.charges is not None:
        recorded[arrests.charges.arrest] = arrests.charges.recorded
    return recorded


def _frames(inputs: Any, config: Config, keep_going: bool) -> list[nw.DataFrame[Any]]:
    """All rows of files or frames, with our column names."""
    known = Inputs(skipped=[] if keep_going else None)
    paths = paths_of(inputs)
    if paths is None:
        items = [inputs] if is_frame(inputs) else list(inputs)
        given = [(as_eager(frame), repeated) for frame, repeated in map(without_repeated, items)]
        return [batch.frame for batch in frame_batches(given, config.input, known, HOST)]
    sources = find_sources(paths, config.input, known.warnings, known.skipped)
    batches: list[Batch] = []
    for batch in source_batches(sources, config.input, known, HOST):
        if isinstance(batch, Batch):
            batches.append(batch)
            continue
        while not batches.pop().begins:
            pass
    return [batch.frame for batch in batches]


def _given_name(config: Config, ours: str) -> str:
    return next(iter(config.input.source_names(ours)), ours)


def _named_as_given(frame: nw.DataFrame[Any], config: Config) -> nw.DataFrame[Any]:
    """The frame with the names that the configuration says its columns have: it is read by the same one again."""
    return frame.rename({ours: _given_name(config, ours) for ours in frame.columns if ours in ALL_COLUMNS})
