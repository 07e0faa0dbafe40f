"""The arrests of one area, made on its own from its own seed: everything of them as arrays of small integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int8, Int16, Int32, Int64
from gpunet.kernels.cpu.ties import csr_from_ties, incident_pairs
from gpunet.synthetic.activity import draw_days, draw_solos, period_days
from gpunet.synthetic.charges import NULL, SECOND, petty_offences, violent_offences
from gpunet.synthetic.circles import Circles, draw_circles
from gpunet.synthetic.config import SyntheticConfig
from gpunet.synthetic.places import Map, district_count, draw_gangs, draw_map, gang_count
from gpunet.synthetic.plan import Area, Plan, Region
from gpunet.synthetic.violence import Events, draw_violence, share_types

__all__ = ["Hidden", "Incidents", "Rows", "make_area", "make_area_whole"]


class Rows(NamedTuple):
    """One element a row of the tables, ordered by incident; -1 stands for null.

    Attributes
    ----------
    person
        int64, number of the person in the country.
    incident
        int32, number of the incident in its area; they ascend with the day.
    day
        int16, days since the first of the period.
    force, district, beat, gang
        Position of the force in its region; numbers of the district and the beat in their area; of the gang in its
        region.
    offence
        int8, position in :data:`gpunet.synthetic.charges.OFFENCES`.
    """

    person: Int64
    incident: Int32
    day: Int16
    force: Int8
    district: Int32
    beat: Int32
    gang: Int32
    offence: Int8

    def take(self, index: Int64 | slice) -> Rows:
        """The rows at `index`: a copy for positions, a view for a slice."""
        columns: tuple[NDArray[Any], ...] = self
        return Rows(*[column[index] for column in columns])

    @staticmethod
    def stack(parts: Sequence[Rows]) -> Rows:
        """All rows of all parts."""
        columns: list[tuple[NDArray[Any], ...]] = list(zip(*parts, strict=True))
        return Rows(*[np.concatenate(column) for column in columns])


class Incidents(NamedTuple):
    """All incidents of an area: participants ordered by incident, and where each incident happens.

    Attributes
    ----------
    person, indptr
        The participants of incident e are ``person[indptr[e]:indptr[e + 1]]``, by their numbers in the area.
    day
        int64[incidents], days since the first of the period; they ascend.
    position
        float64[incidents], where on the ring of homes, in [0, 1).
    mass
        bool[incidents], mass arrests: over the default cap, so that they tie nobody.
    """

    person: Int64
    indptr: Int64
    day: Int64
    position: Float64
    mass: Bool


class Hidden(NamedTuple):
    """What the generator knows of an area and its arrests do not tell. Persons have their numbers in the area.

    Attributes
    ----------
    number
        int64[persons of the area]: number of each in the country. First comes the network, then those outside it, then
        visitors from ``residents`` on.
    home
        float64, where on the ring each lives, in [0, 1).
    lasting
        float64, the lasting effect of each on violence, with that of its gang.
    residents
        How many live here; the numbers of the area from here on belong to nobody who is arrested.
    incidents
        All incidents, in the order of their days.
    violent
        bool[participants] of ``incidents``, who is arrested for violence.
    force
        int64[incidents], position of the force in its region.
    ties, neighbours
        The network of all co-arrests of the whole period, along which violence spreads: ``indptr`` and neighbours.
    """

    number: Int64
    home: Float64
    lasting: Float64
    residents: int
    incidents: Incidents
    violent: Bool
    force: Int64
    ties: Int64
    neighbours: Int32


class _Violence(NamedTuple):
    """What was drawn of violence: offences and violence of each participant, and the lasting effects of persons."""

    offence: Int8
    violent: Bool
    lasting: Float64


def make_area(plan: Plan, region: Region, area: Area) -> Rows:
    """Make all rows of one area. The same plan and area give the same rows, whatever else is made.

    Persons of the area are numbered: its network, repeaters outside it, those arrested once, then visitors.
    """
    return make_area_whole(plan, region, area)[0]


def make_area_whole(plan: Plan, region: Region, area: Area) -> tuple[Rows, Hidden]:
    """:func:`make_area`, and what else the generator knows of the area."""
    config = plan.config
    rng = np.random.default_rng(np.random.SeedSequence([plan.seed, area.index]))
    circles = draw_circles(rng, area.persons, config.circles)
    foreign = _visitors(rng, plan, area)
    co_arrests = np.bincount(circles.person, minlength=area.persons)
    solos = draw_solos(rng, co_arrests, len(foreign), area, config.activity)
    residents = area.persons + solos.outside
    hosted = _host(rng, circles, residents + np.arange(len(foreign)), area.often)
    local = residents + len(foreign)
    number = np.concatenate([area.first + np.arange(residents), foreign])

    home = np.concatenate([circles.home, rng.random(local - area.persons)])
    incidents = _gather(rng, hosted, solos.person, home, area, config)
    districts = district_count(plan.largest_area, len(region.forces), config.places)
    places = draw_map(rng, districts, len(region.forces), area.place, config.places)
    member = np.full(local, config.places.member_outside)
    member[: area.persons] = config.places.member_network
    member[residents:] = 0.0
    numbering = (gang_count(plan.largest_area, config.places), area.place)
    gangs = draw_gangs(rng, home, member, period_days(config.activity), numbering, config.places)

    ties = _adjacency(hosted, local)
    drawn = _offences(rng, incidents, places, gangs.before, ties, (area, config))
    row_incident = np.repeat(np.arange(len(incidents.day)), np.diff(incidents.indptr))
    day = incidents.day[row_incident]
    gang = gangs.at(incidents.person, day)
    gang[rng.random(len(gang)) >= config.places.gang_recorded] = -1
    district = places.district(incidents.position)
    beat = places.beat(incidents.position, district)
    beat[rng.random(len(beat)) >= config.places.place_recorded] = -1
    rows = Rows(
        person=number[incidents.person],
        incident=row_incident.astype(np.int32),
        day=day.astype(np.int16),
        force=places.force[district][row_incident].astype(np.int8),
        district=district[row_incident].astype(np.int32),
        beat=beat[row_incident].astype(np.int32),
        gang=gang.astype(np.int32),
        offence=drawn.offence,
    )
    hidden = Hidden(number, home, drawn.lasting, residents, incidents, drawn.violent, places.force[district], *ties)
    return _with_second_charges(rng, rows, area.second_charges), hidden


def _visitors(rng: np.random.Generator, plan: Plan, area: Area) -> Int64:
    """Person numbers of visitors: often-arrested persons of other areas, whose numbers are the first of their area."""
    areas = plan.areas
    count = round(plan.config.circles.visitors * area.persons)
    if len(areas) < 2 or count == 0:
        return np.zeros(0, dtype=np.int64)
    origin = (area.index + rng.integers(1, len(areas), count)) % len(areas)
    first = np.array([a.first for a in areas])[origin]
    often = np.array([a.often for a in areas])[origin]
    return np.unique(first + (rng.random(count) * often).astype(np.int64))


def _host(rng: np.random.Generator, circles: Circles, visitors: Int64, often: int) -> Circles:
    """Add each visitor to an incident of its own in which an often-arrested resident takes part."""
    open_to = np.unique(circles.incident[circles.person < often])
    person = np.concatenate([circles.person, visitors])
    incident = np.concatenate(
        [circles.incident, rng.choice(open_to, len(visitors), replace=len(visitors) > len(open_to))]
    )
    order = np.argsort(incident, kind="stable")
    return circles._replace(person=person[order], incident=incident[order])


def _gather(
    rng: np.random.Generator, circles: Circles, alone: Int64, home: Float64, area: Area, config: SyntheticConfig
) -> Incidents:
    """Put co-arrests, arrests alone and mass arrests together, date them, and order them by day."""
    spread = rng.laplace(0.0, 1.0, len(alone)) * config.circles.near / area.persons
    position = np.where(rng.random(len(alone)) < config.places.away, rng.random(len(alone)), home[alone] + spread)
    incident, first, mass = _mass_arrests(rng, alone, area.mass_arrests, config.activity.mass_size)
    shared = len(circles.position)
    person = np.concatenate([circles.person, alone])
    incident = np.concatenate([circles.incident, shared + incident])
    total = shared + len(mass)
    position = np.concatenate([circles.position, np.mod(position[first], 1.0)])
    day = draw_days(rng, total, config.activity)

    rank = np.empty(total, dtype=np.int64)
    by_day = np.argsort(day, kind="stable")
    rank[by_day] = np.arange(total)
    order = np.argsort(rank[incident], kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rank[incident], minlength=total))])
    mass = np.concatenate([np.zeros(shared, dtype=np.bool_), mass])
    return Incidents(person[order], indptr, day[by_day], position[by_day], mass[by_day])


def _mass_arrests(
    rng: np.random.Generator, alone: Int64, count: int, sizes: tuple[int, int]
) -> tuple[Int64, Int64, Bool]:
    """Let some arrests alone be in `count` mass arrests instead.

    Returns
    -------
    incident, first, mass
        The incident of each arrest; for each incident its first arrest, and whether it is a mass arrest.
    """
    group = -1 - np.arange(len(alone))  # below zero: alone
    someone = rng.permutation(len(alone))
    someone = someone[np.sort(np.unique(alone[someone], return_index=True)[1])]  # no person twice
    start = 0
    for number in range(count):
        size = int(rng.integers(sizes[0], sizes[1] + 1))
        if start + size > len(someone):
            break
        group[someone[start : start + size]] = number
        start += size
    values, first, incident = np.unique(group, return_index=True, return_inverse=True)
    return incident, first, values >= 0


def _offences(
    rng: np.random.Generator,
    incidents: Incidents,
    places: Map,
    gang: Int64,
    ties: tuple[Int64, Int32],
    totals: tuple[Area, SyntheticConfig],
) -> _Violence:
    """The offence of each participant: violence first, everything else after it."""
    area, config = totals
    violence = config.violence
    district = places.district(incidents.position)
    gang_effect = rng.normal(0.0, violence.gang, int(gang.max(initial=0)) + 2)
    gang_effect[-1] = 0.0  # the gang -1: none
    events = Events(
        day=incidents.day,
        beat=places.beat(incidents.position, district),
        indptr=incidents.indptr,
        person=incidents.person,
        peaceful=incidents.mass,
        lasting=rng.normal(0.0, violence.person, len(gang)) + gang_effect[gang],
        beat_effect=rng.normal(0.0, violence.beat, len(places.bounds) * places.beats),
        ties=ties[0],
        neighbours=ties[1],
    )
    violent, _ = draw_violence(rng, events, sum(area.violent), violence)
    types = share_types(rng, incidents.indptr, violent, area.violent)
    size = np.diff(incidents.indptr)
    row_types = np.repeat(types, size)
    offence = petty_offences(rng, size, types >= 0, incidents.mass)
    offence[rng.random(len(offence)) < config.activity.null_offence] = NULL
    violent_rows = np.flatnonzero(violent)
    offence[violent_rows] = violent_offences(rng, row_types[violent_rows], tuple(violence.rates))
    return _Violence(offence, violent, events.lasting)


def _with_second_charges(rng: np.random.Generator, rows: Rows, count: int) -> Rows:
    """Charge `count` of the arrested with resisting, too: a second row of the same arrest."""
    count = min(count, len(rows.person))
    row = np.concatenate([np.arange(len(rows.person)), rng.choice(len(rows.person), count, replace=False)])
    order = np.argsort(rows.incident[row], kind="stable")
    doubled = rows.take(row)
    doubled.offence[len(rows.person) :] = SECOND
    return doubled.take(order)


def _adjacency(circles: Circles, n: int) -> tuple[Int64, Int32]:
    """``indptr`` (int64[n + 1]) and neighbours of the network that these incidents make; rows ascend."""
    members = circles.person[np.lexsort((circles.person, circles.incident))].astype(np.int32)
    start = np.flatnonzero(np.diff(circles.incident, prepend=-1, append=-1))
    undated = np.zeros(len(members), np.int32)
    pairs = np.unique(incident_pairs(start, members, undated, undated, n, 0)[0])
    a, b = (end.astype(np.int32) for end in np.divmod(pairs, n))
    return csr_from_ties(a, b, n)
