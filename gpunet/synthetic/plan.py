"""How the country is divided: forces in regions, areas in regions, and each area's exact share of every total."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gpunet.base.array_types import Int64
from gpunet.base.errors import InputError
from gpunet.synthetic.config import SyntheticConfig

__all__ = ["FEWEST_PERSONS", "FORCES", "Area", "Plan", "Region", "checked_plan", "make_plan"]

#: Fewer persons than this make no area with forces, districts and gangs.
FEWEST_PERSONS = 100

_MOST_PERSONS = int(np.iinfo(np.int32).max)

_FIRST_ID = 1_000_000

#: Names of the forces; they are parts of file names.
FORCES = (
    "north", "south", "east", "west", "central", "harbour", "lakeside", "riverside", "hill", "valley", "forest",
    "moor", "fen", "dale", "coast", "island", "bridge", "castle", "abbey", "mill", "market", "port", "bay", "heath",
    "down", "wold", "marsh", "glen", "meadow", "orchard", "quarry", "ridge", "spring", "summit", "tower", "upland",
    "vale", "ward", "weir", "wharf", "wood", "yard", "croft",
)  # fmt: skip

_REGION_FORCES = 3
_FORCE_EXPONENT = 0.39  # 3 forces at ten thousand persons, all 43 at ten million


@dataclass(frozen=True)
class Area:
    """A part of a region that is made on its own, from its own seed.

    Attributes
    ----------
    index, place
        Its number in the country and in its region.
    persons
        Persons in its network.
    first, capacity
        Its person numbers are ``first`` to ``first + capacity - 1``; those of its network come first.
    records, second_charges, one_time, mass_arrests
        Its share of the rows, of the rows that are second charges, of the persons arrested once, of mass arrests.
    violent
        Its violent arrests, one number a violent set.
    """

    index: int
    place: int
    persons: int
    first: int
    capacity: int
    records: int
    second_charges: int
    one_time: int
    mass_arrests: int
    violent: tuple[int, ...]

    @property
    def often(self) -> int:
        """How many of its first person numbers are of those who may be visitors elsewhere: the most often arrested."""
        return max(1, self.persons // 20)


@dataclass(frozen=True)
class Region:
    """Neighbouring forces and the areas that they police together; persons are arrested across their borders.

    ``forces`` are positions in :data:`FORCES`.
    """

    index: int
    forces: tuple[int, ...]
    areas: tuple[Area, ...]


@dataclass(frozen=True)
class Plan:
    """All regions, and what holds for all of them; ``numbers`` is how many person numbers there are."""

    persons: int
    seed: int
    regions: tuple[Region, ...]
    numbers: int
    config: SyntheticConfig

    @cached_property
    def areas(self) -> tuple[Area, ...]:
        """All areas, by their number in the country."""
        return tuple(area for region in self.regions for area in region.areas)

    @cached_property
    def largest_area(self) -> int:
        """Network persons of the largest area; the others have at most one less."""
        return max(area.persons for area in self.areas)

    @cached_property
    def id_step(self) -> int:
        """A multiplier without a common divisor with ``numbers``: number to person_id is one to one, and mixes."""
        step = int(self.numbers * 0.6180339887) | 1
        while math.gcd(step, self.numbers) > 1:
            step += 2
        return step

    def person_ids(self, number: Int64) -> Int64:
        """The ``person_id`` of each person number."""
        return _FIRST_ID + number * self.id_step % self.numbers


def checked_plan(persons: Any, seed: Any, config: SyntheticConfig | None) -> Plan:
    """:func:`make_plan` of what a caller gives.

    Raises
    ------
    InputError
        If `persons` or `seed` is no whole number, or out of range.
    """
    persons = _whole("persons", persons, FEWEST_PERSONS)
    if persons > _MOST_PERSONS:
        raise InputError(f"persons: a network has at most {_MOST_PERSONS:,}, not {persons:,}")
    return make_plan(persons, _whole("seed", seed, 0), config or SyntheticConfig())


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name}: expected a whole number of at least {least}, not {value!r}")
    return int(value)


def make_plan(persons: int, seed: int, config: SyntheticConfig) -> Plan:
    """Divide `persons` network persons over areas of about equal size, areas over regions, and every total over areas.

    Totals are divided by rounding the running sum, so that the areas' shares add up exactly.
    """
    areas = max(1, round(persons / config.places.area_persons))
    forces = min(len(FORCES), max(_REGION_FORCES, round(_REGION_FORCES * (persons / 10_000) ** _FORCE_EXPONENT)))
    regions = min(areas, forces // _REGION_FORCES)

    def part(total: int, r: int) -> range:
        """The region's part of so many areas or forces."""
        return range(total * r // regions, total * (r + 1) // regions)

    made = []
    for r in range(regions):
        inside = tuple(
            _make_area(k, place, (persons * k // areas, persons * (k + 1) // areas), config)
            for place, k in enumerate(part(areas, r))
        )
        made.append(Region(r, tuple(part(forces, r)), inside))
    last = made[-1].areas[-1]
    return Plan(persons, seed, tuple(made), last.first + last.capacity, config)


def _make_area(index: int, place: int, span: tuple[int, int], config: SyntheticConfig) -> Area:
    start, stop = span

    def share(rate: float) -> int:
        return round(rate * stop) - round(rate * start)

    activity = config.activity
    room = 2 + math.ceil(activity.one_time + activity.repeaters_outside)  # person numbers kept for each of the network
    return Area(
        index=index,
        place=place,
        persons=stop - start,
        first=room * start,
        capacity=room * (stop - start),
        records=share(activity.records),
        second_charges=share(activity.records * activity.second_charges),
        one_time=share(activity.one_time),
        mass_arrests=share(activity.mass_arrests),
        violent=tuple(share(rate) for rate in config.violence.rates.values()),
    )
