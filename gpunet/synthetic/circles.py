"""Who is arrested with whom: co-arrests of one area, drawn so that the network has the published structure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.synthetic.config import CircleConfig

__all__ = ["Circles", "draw_circles"]


class Circles(NamedTuple):
    """Incidents of two persons and more.

    Attributes
    ----------
    person, incident
        int64[rows], one element for a person in an incident, ordered by incident; a pair occurs once.
    position
        float64[incidents], where on the ring of homes it happens, in [0, 1).
    home
        float64[n], where a person lives, in [0, 1). Persons with more co-arrests have smaller numbers.
    """

    person: Int64
    incident: Int64
    position: Float64
    home: Float64


def draw_circles(rng: np.random.Generator, n: int, config: CircleConfig) -> Circles:
    """Draw the co-arrests of an area of `n` persons, each of whom has a tie.

    Homes lie on a ring. Every co-arrest of a person is a point near home (sometimes far from it); the points are sorted
    along the ring and cut into incidents. So neighbours are arrested together, which makes closed circles, and the far
    points join circles into a large component.

    Parameters
    ----------
    rng
        Source of every random choice.
    n
        Number of persons, at least 2.
    config
        The calibrated parameters.
    """
    weight = rng.gamma(config.extra_shape, 1.0, n)  # a gamma weight makes negative binomial counts of a fixed sum
    co_arrests = np.sort(1 + rng.multinomial(round(config.extra_mean * n), weight / weight.sum()))[::-1]
    home = rng.permutation(n).astype(np.float64) + 0.5
    person = np.repeat(np.arange(n), co_arrests)
    count = len(person)
    scale = np.where(rng.random(count) < config.far_share, config.far_reach * n, config.near)
    key = np.mod(home[person] + rng.laplace(0.0, 1.0, count) * scale, n)
    order = np.argsort(key, kind="stable")
    person, key = person[order], key[order]

    incident = np.searchsorted(np.cumsum(_sizes(rng, count, config)), np.arange(count), side="right")
    first = np.flatnonzero(np.diff(incident, prepend=-1))
    position = key[first]

    person, incident = _distinct(person, incident)
    person, incident, position = _tie_everyone(person, incident, position, home)
    person, incident, position = _repeat(rng, person, incident, position, config)
    return Circles(person, incident, np.mod(position, n) / n, home / n)


def _sizes(rng: np.random.Generator, count: int, config: CircleConfig) -> Int64:
    """Sizes of incidents that hold `count` persons or a few more: a fixed share of each size, in random order.

    Shares that are fixed, not drawn, keep the number of ties near its mean at every seed.
    """
    size = np.arange(2, config.max_size + 1)
    share = (1 - config.pair_share) * config.growth ** (size - 2.0) * (1 - config.growth)
    share[-1] = (1 - config.pair_share) * config.growth ** (config.max_size - 2.0)
    share[0] += config.pair_share
    incidents = int(count / (size @ share)) + 1
    place = (rng.permutation(incidents) + rng.random(incidents)) / incidents
    sizes = size[np.minimum(np.searchsorted(np.cumsum(share), place, side="right"), len(size) - 1)]
    short = max(0, count - int(sizes.sum()))
    return np.concatenate([sizes, np.full((short + 1) // 2, 2)])


def _distinct(person: Int64, incident: Int64) -> tuple[Int64, Int64]:
    """Drop a person's second occurrence in an incident, and then incidents of one person; the order is kept."""
    span = int(person.max()) + 1
    first = np.sort(np.unique(incident * span + person, return_index=True)[1])
    person, incident = person[first], incident[first]
    keep = np.bincount(incident)[incident] > 1
    return person[keep], incident[keep]


def _tie_everyone(person: Int64, incident: Int64, position: Float64, home: Float64) -> tuple[Int64, Int64, Float64]:
    """Arrest persons without a tie in pairs of neighbours, so that exactly all are in the network; renumber."""
    alone = np.setdiff1d(np.arange(len(home)), person)
    alone = alone[np.argsort(home[alone], kind="stable")]
    number = len(position) + np.arange(len(alone)) // 2
    if len(alone) % 2:  # the last one goes with the pair before it, or else with any incident
        number[-1] = number[-2] if len(alone) > 1 else incident[0]
    person = np.concatenate([person, alone])
    incident = np.concatenate([incident, number])
    position = np.concatenate([position, home[alone[:-1:2]]])
    order = np.argsort(incident, kind="stable")
    used, incident = np.unique(incident[order], return_inverse=True)
    return person[order], incident, position[used]


def _repeat(
    rng: np.random.Generator, person: Int64, incident: Int64, position: Float64, config: CircleConfig
) -> tuple[Int64, Int64, Float64]:
    """Append incidents whose persons are among those of an earlier one."""
    count = len(position)
    again = np.sort(rng.integers(0, count, rng.poisson(config.repeats * count)))
    start = np.searchsorted(incident, np.arange(count + 1))
    size = (start[1:] - start[:-1])[again]
    number = np.repeat(np.arange(len(again)), size)
    row = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + start[again][number]
    keep = rng.random(len(row)) < config.repeat_keep
    keep |= np.bincount(number, weights=keep, minlength=len(again))[number] < 2
    return (
        np.concatenate([person, person[row[keep]]]),
        np.concatenate([incident, count + number[keep]]),
        np.concatenate([position, position[again]]),
    )
