"""The two simple forecasts that police use: last year's counts, and a kernel of recent events."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.places.counts import Events, Known
from gpunet.places.windows import YEAR, Window

__all__ = ["kernel", "last_year"]


def last_year(known: Known, window: Window, first_day: int) -> Float64:
    """float64[places], violent arrests of the last 365 days in the place, as so many as fit into the window.

    `first_day` is that of the data: where they begin later than 365 days before, the days there are count.
    """
    days = max(1, min(YEAR, window.first - first_day))
    return known.column("violent_arrests_365d").astype(np.float64) * (window.days / days)


def kernel(known: Known, window: Window, half_life: int, n: int, neighbours: Any = None) -> Float64:
    """float64[places], violent arrests to come in the window if they went on at the rate of the recent ones.

    Every violent arrest before the window counts 2^(-age / half-life), age in days, in its place and, if there are
    `neighbours` (:func:`gpunet.places.cells.neighbour_weights`), by their weights in those around. Times ln 2 /
    half-life that is a rate a day. `n` is the number of codes of places.

    Self-exciting and kernel estimates of this kind: Bowers, Johnson and Pease (2004), Mohler et al. (2011).
    """
    mass = weight_by_place(known.events, window.first, half_life, n)
    if neighbours is not None:
        mass = neighbours @ mass
    return mass[known.code] * (log(2) / half_life * window.days)


def weight_by_place(events: Events, today: int, half_life: int, n: int) -> Float64:
    """float64[n], what the events before a day weigh, by place."""
    before = events.day < today
    age = (today - events.day[before]).astype(np.float64)
    code: Int64 = events.place[before]
    return np.bincount(code, weights=np.exp2(-age / half_life), minlength=n).astype(np.float64)
