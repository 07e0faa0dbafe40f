"""``gpunet.panel``: snapshots as of many days as one frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import narwhals as nw
import numpy as np

from gpunet.arrests.arrests import CHECK_ARRESTS, Arrests
from gpunet.arrests.as_of import cut_before
from gpunet.base.arguments import checked, given
from gpunet.base.days import day_number
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.progress import ProgressCallback, labelled
from gpunet.base.words import shortened
from gpunet.config.evaluate_config import UNITS, Unit
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.features import compute_all
from gpunet.panels.days import check_days
from gpunet.panels.snapshots import snapshot_table
from gpunet.panels.units import require_unit
from gpunet.tables.frames import Column, as_eager, make_frame

__all__ = ["panel"]

_MOST_DAYS = 36_525  # of a horizon, a century


def _days(name: str, values: Any) -> tuple[date, ...]:
    """A check that an argument is several days; each once, ascending."""
    if isinstance(values, str | bytes | date) or not isinstance(values, Iterable):
        raise InputError(f"{name}: expected several days, such as [date(2013, 2, 1)], not {given(values)}")
    days = sorted({_day(name, value) for value in values})
    if not days:
        raise InputError(f"{name}: expected one day at least")
    return tuple(days)


def _day(name: str, value: Any) -> date:
    value = value.item() if isinstance(value, np.datetime64) else value
    if isinstance(value, datetime) and value == value:  # pandas' NaT is a datetime that does not equal itself
        return value.date()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise InputError(f'{name}: "{shortened(value)}" is not a date such as 2013-02-01') from error
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise InputError(f"{name}: expected dates, or texts such as 2013-02-01, not {given(value)}")


def _unit(name: str, value: Any) -> Unit:
    if not isinstance(value, str) or value not in UNITS:
        raise ConfigError(f"{name}: expected one of {', '.join(UNITS)}, not {given(value)}")
    return value


def _horizon(name: str, value: Any) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not 1 <= value <= _MOST_DAYS:
        raise ConfigError(f"{name}: expected a whole number of days from 1 to {_MOST_DAYS:,}, not {given(value)}")
    return int(value)


@checked(arrests=CHECK_ARRESTS, dates=_days, unit=_unit, horizon=_horizon)
def panel(
    arrests: Arrests,
    dates: Iterable[date | str],
    unit: Unit = "person",
    horizon: int = 180,
    *,
    families: Iterable[str] | None = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    progress: ProgressCallback | None = None,
) -> Any:
    """Features as of many days, and whether a violent arrest followed: rows that other models can be trained on.

    Each day's rows are what is known before that day, so no feature knows its label. All days are held in memory;
    ``gpunet panel`` writes them one after the other. docs/panels.md says more.

    Parameters
    ----------
    arrests
        From :func:`gpunet.read_arrests`.
    dates
        The days: dates, or texts such as ``"2013-02-01"``. None may be before the day after the first arrest, or more
        than a day after the last one.
    unit
        What a row is: ``"person"``, ``"beat"``, ``"district"``, ``"gang"`` or ``"force"``.
    horizon
        Days to look ahead: the label is true if there is a violent arrest on a day in ``[as_of, as_of + horizon)``, of
        the person, or in the unit.
    families, engine, threads
        As in :func:`gpunet.compute_features`.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`.

    Returns
    -------
    frame
        Of the kind that the arrests came in, a row a day and unit. ``as_of``; the columns that say which unit
        (``person_id``; ``force, beat``; ``force, district``; ``gang``; ``force``); every feature, or of other units
        than persons ``persons``, ``arrests__{C}`` and of every feature ``__sum``, ``__mean`` and ``__max`` over its
        persons; ``label``; and ``label_complete``, whether the whole horizon lies within the data.

    Raises
    ------
    InputError
        If a day cannot be used, the tables have no such unit or no offences, or a family is unknown.
    ConfigError
        If `unit`, `horizon`, `threads` or `progress` cannot be used.
    EngineError
        If the engine is not available.

    Examples
    --------
    >>> rows = {"person_id": ["ann", "bob", "ann"], "incident_id": [1, 1, 2],
    ...         "date": ["2013-01-04", "2013-01-04", "2013-02-10"], "offence": ["theft", "theft", "robbery"]}
    >>> table = gpunet.panel(gpunet.read_arrests(pl.DataFrame(rows)), ["2013-02-01", "2013-02-11"], horizon=10)
    >>> table.select("person_id", "degree__violent", "label", "label_complete").rows()
    [('ann', 0, True, True), ('bob', 0, False, True), ('ann', 0, False, False), ('bob', 1, False, False)]
    """
    days: tuple[date, ...] = tuple(dates)  # type: ignore[arg-type]
    chosen = resolve_engine(engine, threads)
    require_unit(arrests, unit)
    check_days(days, arrests)
    tables = []
    for day in days:
        cut = cut_before(replace(arrests, backend="polars"), day)
        found = compute_all(cut, families, chosen, progress=labelled(progress, f"as of {day}"))
        tables.append(as_eager(snapshot_table(arrests, cut, unit, horizon, found.features)))
    as_of = np.repeat([day_number(day) for day in days], [len(table) for table in tables]).astype(np.int32)
    together = nw.concat(tables)
    columns = {name: _values(together.get_column(name)) for name in together.columns}
    return make_frame({"as_of": as_of, **columns}, arrests.backend, dates=("as_of",))


def _values(series: nw.Series[Any]) -> Column:
    """A column as frames of any kind are made from it."""
    if series.dtype == nw.String:
        return series
    missing = series.is_null().to_numpy()
    return (
        (series.fill_null(False if series.dtype == nw.Boolean else 0).to_numpy(), missing)
        if missing.any()
        else series.to_numpy()
    )
