"""Which pairs of an area the further ties tell of: drawn from what the generator knows, the arrests as they are."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.kernels.cpu.ties import csr_from_ties, incident_pairs
from gpunet.synthetic.activity import period_days
from gpunet.synthetic.area import Hidden
from gpunet.synthetic.further_config import KindConfig
from gpunet.synthetic.plan import Area, Plan

__all__ = ["KINDS", "Pairs", "Surroundings", "adjacency", "draw_pairs", "random_stream"]

#: Every kind; a row's kind is a position here. The random streams go by it, so new ones come last.
KINDS = ("intelligence", "observation", "calls", "social_media")

#: How far apart on the ring those are who live next to each other: 1 and a geometric number more, of this mean.
_STEPS_APART = 4.0


def random_stream(plan: Plan, area: Area, what: int) -> np.random.Generator:
    """A source of random numbers that none of the arrests came from, of a table or a kind that `what` tells."""
    return np.random.default_rng(np.random.SeedSequence([plan.seed, area.index, 1 + what]))


class Pairs(NamedTuple):
    """Distinct pairs, one element each.

    Attributes
    ----------
    a, b
        int64, numbers in the area, a < b; those known from ties alone come after all that are arrested.
    first
        int64, day of the first report.
    true
        bool, whether there is such a tie, or reports are graded as if there was none.
    """

    a: Int64
    b: Int64
    first: Int64
    true: Bool


class Surroundings:
    """An area as its ties are drawn from it: the network of the whole period, homes, and who is known from ties alone.

    Attributes
    ----------
    number
        int64[n], number in the country of each person of the area; those known from ties alone come last.
    arrested
        How many of them are arrested at some time.
    days
        Days of the period.
    a, b, together
        Every pair that is arrested together, sorted, and the day when it first is.
    anchors
        int64[persons known from ties alone, 2], on whom each hangs: a person of the network, and one tied to it.
    """

    def __init__(self, plan: Plan, area: Area, hidden: Hidden) -> None:
        self.area, self.hidden, self.days = area, hidden, period_days(plan.config.activity)
        self.arrested = len(hidden.number)
        free = area.first + np.arange(hidden.residents, area.capacity)
        alone = min(round(plan.config.associations.alone * area.persons), len(free))
        self.number: Int64 = np.concatenate([hidden.number, free[:alone]])
        self.free: Int64 = free[alone:]
        self.a, self.b, self.together = _arrested_together(hidden)
        rng = random_stream(plan, area, 0)
        first = rng.integers(0, area.persons, alone)
        self.anchors: Int64 = np.stack([first, self.neighbour(first, rng.random(alone))], axis=1)

    @property
    def n(self) -> int:
        """Persons of the area, with those known from ties alone."""
        return len(self.number)

    @cached_property
    def keys(self) -> Int64:
        """``a * n + b`` of every pair that is arrested together, ascending."""
        return self.a * self.n + self.b

    @cached_property
    def by_home(self) -> Int64:
        """Those who live in the area and are arrested at some time, along the ring."""
        return np.argsort(self.hidden.home[: self.living], kind="stable")

    @cached_property
    def spreads(self) -> Bool:
        """Whether one of each pair that is arrested together is arrested for violence some day after the other was."""
        incidents, violent = self.hidden.incidents, self.hidden.violent
        person = incidents.person[violent]
        day = np.repeat(incidents.day, np.diff(incidents.indptr))[violent]
        first, last = np.full(self.n, self.days), np.full(self.n, -1)
        np.minimum.at(first, person, day)
        np.maximum.at(last, person, day)
        return np.asarray((first[self.a] < last[self.b]) | (first[self.b] < last[self.a]))

    @property
    def living(self) -> int:
        """How many of those arrested live in the area; visitors come after them."""
        return self.hidden.residents

    def neighbour(self, person: Int64, chance: Float64) -> Int64:
        """Somebody whom each person is arrested with at some time; each must be of the network."""
        start = self.hidden.ties[person]
        degree = self.hidden.ties[person + 1] - start
        found: Int64 = self.hidden.neighbours[start + (chance * degree).astype(np.int64)].astype(np.int64)
        return found

    def tied(self, a: Int64, b: Int64) -> Bool:
        """Whether each pair a < b is arrested together at some time."""
        key = a * self.n + b
        at = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        return np.asarray(self.keys[at] == key)


def _arrested_together(hidden: Hidden) -> tuple[Int64, Int64, Int64]:
    """Each pair that an incident ties, a < b and sorted, and the day of its first one."""
    incidents = hidden.incidents
    size = np.diff(incidents.indptr)
    incident = np.repeat(np.arange(len(size)), size)
    order = np.lexsort((incidents.person, incident))
    order = order[~incidents.mass[incident[order]]]
    start = np.concatenate([[0], np.cumsum(np.where(incidents.mass, 0, size))])
    day = incidents.day[incident[order]].astype(np.int32)
    n = len(hidden.number)
    key, _, first, _ = incident_pairs(start, incidents.person[order].astype(np.int32), day, day, n, -1)
    key, at = np.unique(key, return_index=True)  # incidents ascend by day, so the first of equal keys is the earliest
    return key // n, key % n, first[at].astype(np.int64)


def draw_pairs(plan: Plan, area: Area, around: Surroundings, kind: int) -> Pairs:
    """The pairs of one kind, those of each part after the other."""
    rng = random_stream(plan, area, 1 + kind)
    config: KindConfig = getattr(plan.config.associations, KINDS[kind])
    count = round(round(config.rows * area.persons) / config.repeats)
    tied = _tied(rng, around, config, round(config.tied * count))
    circle = _circle(rng, around, round(config.circle * count))
    near = _near(rng, around, round(config.near * count))
    alone = _alone(rng, around, round(config.alone * count))
    left = count - sum(round(share * count) for share in (config.tied, config.circle, config.near, config.alone))
    anyone = _anyone(rng, around, max(left, 0))
    parts = [(tied, True), (circle, False), (near, False), (alone, True), (anyone, False)]
    a = np.concatenate([part.a for part, _ in parts])
    b = np.concatenate([part.b for part, _ in parts])
    first = np.concatenate([part.first for part, _ in parts])
    true = np.concatenate([np.full(len(part.a), is_true or config.sure) for part, is_true in parts])
    keep = np.sort(np.unique(a * around.n + b, return_index=True)[1])
    return Pairs(a[keep], b[keep], first[keep], true[keep])


def adjacency(pairs: Pairs, n: int) -> tuple[Int64, Int32]:
    """``indptr`` and neighbours of the network of these pairs."""
    order = np.lexsort((pairs.b, pairs.a))
    return csr_from_ties(pairs.a[order].astype(np.int32), pairs.b[order].astype(np.int32), n)


class _Drawn(NamedTuple):
    """Pairs a < b with the days of their first reports."""

    a: Int64
    b: Int64
    first: Int64


def _tied(rng: np.random.Generator, around: Surroundings, config: KindConfig, count: int) -> _Drawn:
    """Pairs that are arrested together: some reported before that, the others after it."""
    lasting = around.hidden.lasting
    weight = np.exp(config.pull * (lasting[around.a] + lasting[around.b]) + config.spread * around.spreads)
    count = min(count, len(weight))
    # Of days before it, the later the first arrest together the more there are to choose from.
    ahead = _weighted(rng, weight * around.together, round(config.ahead * count))
    weight[ahead] = 0.0
    later = _weighted(rng, weight, count - len(ahead))
    before = (rng.random(len(ahead)) * around.together[ahead]).astype(np.int64)
    since = around.together[later]
    after = since + (rng.random(len(later)) * (around.days - since)).astype(np.int64)
    chosen = np.concatenate([ahead, later])
    return _Drawn(around.a[chosen], around.b[chosen], np.concatenate([before, after]))


def _weighted(rng: np.random.Generator, weight: Float64, count: int) -> Int64:
    """`count` distinct positions, drawn one after the other by weight; fewer if fewer have any."""
    with np.errstate(divide="ignore"):
        wait = rng.standard_exponential(len(weight)) / weight  # the earliest of so many clocks, each with its rate
    order = np.argsort(wait, kind="stable")[:count]
    return np.asarray(order[np.isfinite(wait[order])])


def _circle(rng: np.random.Generator, around: Surroundings, count: int) -> _Drawn:
    """Pairs that share somebody whom both are arrested with, but are not themselves."""
    tries = 10 * count  # most such pairs are tied, or are the same person
    middle = rng.choice(around.hidden.neighbours, tries).astype(np.int64)  # by degree
    a, b = (around.neighbour(middle, rng.random(tries)) for _ in range(2))
    return _untied(rng, around, a, b, count)


def _near(rng: np.random.Generator, around: Surroundings, count: int) -> _Drawn:
    """Pairs that live next to each other, whether they are of the network or not."""
    living, tries = around.living, 3 * count
    place = rng.integers(0, living, tries)
    apart = rng.geometric(1.0 / _STEPS_APART, tries)
    return _untied(rng, around, around.by_home[place], around.by_home[(place + apart) % living], count)


def _anyone(rng: np.random.Generator, around: Surroundings, count: int) -> _Drawn:
    """Pairs of any two who live in the area and are arrested at some time."""
    a, b = rng.integers(0, around.living, (2, 2 * count))
    return _untied(rng, around, a, b, count)


def _alone(rng: np.random.Generator, around: Surroundings, count: int) -> _Drawn:
    """Pairs of somebody known from ties alone and one on whom it hangs; mostly the first of the two."""
    if not len(around.anchors):
        nobody = np.zeros(0, dtype=np.int64)
        return _Drawn(nobody, nobody, nobody)
    alone = rng.integers(0, len(around.anchors), count)
    anchor = around.anchors[alone, (rng.random(count) < 0.25).astype(np.int64)]
    return _untied(rng, around, anchor, around.arrested + alone, count)


def _untied(rng: np.random.Generator, around: Surroundings, x: Int64, y: Int64, count: int) -> _Drawn:
    """The first `count` distinct pairs of two persons who are never arrested together; reported at any time."""
    a, b = np.minimum(x, y), np.maximum(x, y)
    keep = (a != b) & ~around.tied(a, b)
    a, b = a[keep], b[keep]
    first = np.sort(np.unique(a * around.n + b, return_index=True)[1])[:count]
    return _Drawn(a[first], b[first], rng.integers(0, around.days, len(first)))
