"""How often people are arrested alone, and on which days."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gpunet.base.array_types import Int64
from gpunet.synthetic.config import ActivityConfig
from gpunet.synthetic.plan import Area

__all__ = ["Solos", "draw_days", "draw_solos", "period_days"]


class Solos(NamedTuple):
    """Arrests alone, and who lives outside the network.

    Attributes
    ----------
    person
        int64[arrests]: numbers below the area's ``persons`` are of the network; then come the repeaters outside it,
        then those who are arrested once.
    outside
        Number of persons outside the network.
    """

    person: Int64
    outside: int


def draw_solos(rng: np.random.Generator, co_arrests: Int64, visits: int, area: Area, config: ActivityConfig) -> Solos:
    """Draw arrests alone so that the area's records and persons arrested once come out exactly.

    Only settings that ask for fewer records than the other totals need give more records.

    Parameters
    ----------
    rng
        Source of every random choice.
    co_arrests
        int64[area.persons], arrests together with others, at least 1. More of them go with more arrests alone.
    visits
        Arrests of visitors, which count as records of the area.
    area, config
        The totals to meet; the settings.
    """
    n = area.persons
    weight = rng.gamma(config.solo_shape, 1.0, n) * np.sqrt(co_arrests)
    inside = rng.multinomial(round(config.solo_mean * n), weight / weight.sum())
    once_inside = int(np.count_nonzero(inside + co_arrests == 1))
    once = max(0, area.one_time - once_inside)
    repeaters = round(config.repeaters_outside * n)
    arrests = area.records - area.second_charges - visits
    left = max(0, arrests - int(co_arrests.sum()) - int(inside.sum()) - once - 2 * repeaters)
    weight = rng.gamma(config.solo_shape_outside, 1.0, repeaters)
    more = rng.multinomial(left, weight / weight.sum()) if repeaters else inside[:0]
    counts = np.concatenate([inside, 2 + more, np.ones(once, dtype=np.int64)])
    return Solos(np.repeat(np.arange(len(counts)), counts), repeaters + once)


def period_days(config: ActivityConfig) -> int:
    """Days of the period, first and last included."""
    return (config.last_day - config.first_day).days + 1


def draw_days(rng: np.random.Generator, count: int, config: ActivityConfig) -> Int64:
    """Draw `count` days of the period, counted from its first, with the weights of their months."""
    dates = np.datetime64(config.first_day, "D") + np.arange(period_days(config))
    month = dates.astype("datetime64[M]").astype(np.int64) % 12
    bound = np.cumsum(np.array(config.months)[month])
    return np.asarray(np.searchsorted(bound[:-1], rng.random(count) * bound[-1], side="right"), dtype=np.int64)
