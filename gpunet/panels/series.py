"""A time series for every place: violent arrests from day to day of the grid, and what was known a horizon before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import narwhals as nw
import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Int64
from gpunet.base.days import day_number
from gpunet.config.config import Config
from gpunet.config.evaluate_config import Unit
from gpunet.config.registry import columns
from gpunet.panels.days import is_complete
from gpunet.tables.arrays import count_by_code, to_host
from gpunet.tables.frames import as_eager, backend_of, make_series

__all__ = ["lagged_days", "series_columns", "series_table"]


def lagged_days(days: Sequence[date], after: date, horizon: int, last_day: int) -> list[tuple[date, date, date]]:
    """``(ds, the next day, the snapshot's day)`` for every day of the series.

    Its period, up to the next day of the grid (`after` the last one), lies within the data; and there is a snapshot at
    least a horizon before it, the latest of which is the one whose features stand beside it.
    """
    found = []
    for ds, following in zip(days, (*days[1:], after), strict=True):
        earlier = [day for day in days if day + timedelta(days=horizon) <= ds]
        if earlier and is_complete(ds, (following - ds).days, last_day):
            found.append((ds, following, earlier[-1]))
    return found


def series_columns(config: Config) -> tuple[str, ...]:
    """The columns of snapshots that stand in a series, in their order: those that are null of no place on no day.

    A place has a person at least, so of features that every person has, mean and maximum are there too.
    """
    counts = ("persons", *(f"arrests__{name}" for name in config.sets))
    declared = columns(config.sets, layers=config.layers).values()
    return counts + tuple(
        f"{feature.name}__{how}"
        for feature in declared
        for how in (("sum",) if feature.null else ("sum", "mean", "max"))
    )


def series_table(
    arrests: Arrests, unit: Unit, horizon: int, days: Sequence[date], after: date, table_of: Callable[[date], Any]
) -> Iterator[Any]:
    """``unique_id, ds, y`` and :func:`series_columns`, a frame for every day of the series.

    A series begins with the first ``ds`` whose snapshot knows the place, and has every day from there on: ``y`` is 0
    where nothing happened, and a place of which later snapshots say nothing any more (its rows were corrected) keeps
    the features that it had.

    Parameters
    ----------
    arrests
        All the data.
    unit
        What has a series: a ``"beat"``, ``"district"`` or ``"force"``.
    horizon, days, after
        As in :func:`lagged_days`.
    table_of
        Gives the table of a snapshot, whatever kind of frame, by its day. No more than two of them are held.

    Yields
    ------
    frame
        Native, of the kind that `table_of` gives; rows ascend by ``unique_id`` within each. One without a row if there
        is no such day.
    """
    lagged = lagged_days(days, after, horizon, arrests.last_day)
    if not lagged:
        yield _of_day(
            _features_of(as_eager(table_of(days[0])), unit, arrests.config)[:0], days[0], np.empty(0, np.int64)
        )
    names = {name: code for code, name in enumerate(getattr(arrests, f"{unit}_names").to_list())}
    before: nw.DataFrame[Any] | None = None
    held: date | None = None
    for ds, following, day in lagged:
        if day != held:
            found = _features_of(as_eager(table_of(day)), unit, arrests.config)
            if before is not None:
                gone = before.join(found.select("unique_id"), on="unique_id", how="anti")
                found = nw.concat([found, gone]).sort("unique_id") if len(gone) else found
            before, held = found, day
        assert before is not None  # the first day is not held
        code = np.array([names[name] for name in before["unique_id"].to_list()], np.int64)
        y = _violent_arrests(arrests, unit, ds, following)[code]
        yield _of_day(before, ds, y)


def _features_of(table: nw.DataFrame[Any], unit: Unit, config: Config) -> nw.DataFrame[Any]:
    """``unique_id`` and the columns of the series."""
    owner, name = nw.col("force"), nw.col(unit)
    named = (
        name
        if unit == "force"
        else nw.when(owner == "").then(name).otherwise(nw.concat_str(owner, name, separator="/"))
    )
    return table.select(named.alias("unique_id"), *series_columns(config))


def _violent_arrests(arrests: Arrests, unit: Unit, start: date, end: date) -> Int64:
    """int64[places], violent arrests in each, by code, on a day in ``[start, end)``."""
    code, day = to_host(getattr(arrests, unit)), to_host(arrests.day)
    within = (day >= day_number(start)) & (day < day_number(end)) & (to_host(arrests.offences) != 0)
    return count_by_code(code[within & (code >= 0)], len(getattr(arrests, f"{unit}_names")))


def _of_day(found: nw.DataFrame[Any], ds: date, y: Int64) -> Any:
    rest = [name for name in found.columns if name != "unique_id"]
    count = make_series("y", y, backend_of(found))
    return (
        found.with_columns(count, nw.lit(ds).cast(nw.Date()).alias("ds"))
        .select("unique_id", "ds", "y", *rest)
        .to_native()
    )
