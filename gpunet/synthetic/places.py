"""Where people live and are arrested, along a ring of homes: forces, districts, beats, and gangs with territories."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.synthetic.config import PlaceConfig

__all__ = ["Gangs", "Map", "district_count", "draw_gangs", "draw_map", "gang_count"]

#: Gangs of an area, the first few, that are the same in all areas of its region.
_SHARED_GANGS = 3


class Map(NamedTuple):
    """An area's division. A district belongs to one force.

    Attributes
    ----------
    bounds
        float64[districts], where on the ring each district ends.
    force
        int64[districts], position of its force among the region's.
    beats
        Beats in each district.
    """

    bounds: Float64
    force: Int64
    beats: int

    def district(self, position: Float64) -> Int64:
        """District of each position in [0, 1)."""
        return np.asarray(np.searchsorted(self.bounds[:-1], position, side="right"), dtype=np.int64)

    def beat(self, position: Float64, district: Int64) -> Int64:
        """Beat of each position: ``district * beats`` and its place in the district."""
        end = self.bounds[district]
        length = np.diff(self.bounds, prepend=0.0)[district]
        inside = 1.0 - (end - position) / np.maximum(length, 1e-12)
        within: Int64 = np.clip((inside * self.beats).astype(np.int64), 0, self.beats - 1)
        return district * self.beats + within


def district_count(persons: int, forces: int, config: PlaceConfig) -> int:
    """Districts of an area of this many persons."""
    return max(forces, round(persons / (config.beat_persons * config.district_beats)))


def draw_map(rng: np.random.Generator, districts: int, forces: int, place: int, config: PlaceConfig) -> Map:
    """Divide the ring into `districts` of uneven length, and these among `forces` forces.

    The main force has ``config.main_force`` of them, the others share the rest; which is the main one changes with the
    area's `place` in its region.
    """
    widths = rng.gamma(6.0, 1.0, districts)
    shares = np.full(forces, (1 - config.main_force) / max(forces - 1, 1))
    shares[0] = config.main_force if forces > 1 else 1.0
    arc = np.searchsorted(np.cumsum(shares)[:-1] * districts, np.arange(districts) + 0.5)
    return Map(np.cumsum(widths) / widths.sum(), (arc + place) % forces, config.district_beats)


class Gangs(NamedTuple):
    """Affiliation of persons over time: -1 for none, else a gang's number in the region.

    Attributes
    ----------
    before, after
        int64[persons], the gang until and from ``switch_day``; equal for nearly all.
    switch_day
        int64[persons], day of the period.
    """

    before: Int64
    after: Int64
    switch_day: Int64

    def at(self, person: Int64, day: Int64) -> Int64:
        """Gang of each person on each day."""
        return np.where(day < self.switch_day[person], self.before[person], self.after[person])


def gang_count(persons: int, config: PlaceConfig) -> int:
    """Gangs of an area of this many persons."""
    return max(2, round(persons / max(config.gang_persons, 1.0)))


def draw_gangs(
    rng: np.random.Generator,
    home: Float64,
    member_chance: Float64,
    days: int,
    numbering: tuple[int, int],
    config: PlaceConfig,
) -> Gangs:
    """Divide the ring into territories and let persons join the gang of their home.

    Parameters
    ----------
    rng
        Source of every random choice.
    home, member_chance
        Of each person: home in [0, 1) and chance to be a member.
    days
        Length of the period.
    numbering
        Gangs of this area, and the place of the area in its region: a few gangs are shared by all areas of a region,
        the others have numbers of their own.
    config
        The settings.
    """
    gangs, place = numbering
    widths = rng.gamma(max(config.gang_tail, 1e-3), 1.0, gangs)
    local = np.minimum(np.searchsorted(np.cumsum(widths) / widths.sum(), home, side="right"), gangs - 1)
    member = rng.random(len(home)) < member_chance
    switches = rng.random(len(home)) < config.gang_switch

    def number(gang: Int64) -> Int64:
        return np.where(member, np.where(gang < _SHARED_GANGS, gang, gang + place * gangs), -1)

    later = np.where(switches, (local + 1) % gangs, local)
    return Gangs(number(local), number(later), rng.integers(0, days, len(home)))
