"""Intervals from draws of the network's communities, since persons of a network are not independent.

A draw takes as many communities as there are, with replacement; everybody outside the network is a community alone. A
person counts as often as the own community was drawn. Intervals are percentiles of what the draws give: approximate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from gpunet.base.array_types import Float64, Int32, Int64, UInt8
from gpunet.evaluate.measures import Ordered
from gpunet.evaluate.schemas import MEASURES
from gpunet.tables.arrays import dense, to_host
from gpunet.tables.frames import numbers_of

__all__ = [
    "RARE",
    "Draws",
    "Interval",
    "communities_of",
    "draw_communities",
    "interval_of",
    "why_no_interval",
    "with_those_alone",
]

#: (low, high), or None where there is none.
Interval = tuple[float, float] | None

#: Of the draws' values, in percent.
_ENDS = (2.5, 97.5)

#: Whose communities must be two at least, for draws of communities to say anything of a measure.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "precision": ("positives", "persons named"),
    "recall": ("positives",),
    "f1": ("positives",),
    "auc": ("positives", "negatives"),
    "average_precision": ("positives",),
    "brier": ("persons",),
    "observed": ("positives", "negatives"),
}

#: Why a measure that could have an interval has none.
RARE = "not defined in more than half of the draws"


@dataclass(frozen=True, eq=False)
class Draws:
    """The draws of an experiment, the same for all its rows.

    Attributes
    ----------
    code
        int32[n_persons], the community of each person of the arrests; -1 for who is not in the experiment.
    weights
        uint8[communities, draws], how often each community was drawn.
    """

    code: Int32
    weights: UInt8

    @property
    def number(self) -> int:
        """How many draws there are."""
        return int(self.weights.shape[1])


def communities_of(groups: Any) -> Int64:
    """int64[n], each person's community in a table of groups (``FeatureSet.groups``), -1 outside the network.

    >>> communities_of(pl.DataFrame({"community": [4, None, 4]})).tolist()
    [4, -1, 4]
    """
    community = to_host(numbers_of(nw.from_native(groups, eager_only=True).get_column("community")))
    return np.where(np.isnan(community), -1, community).astype(np.int64)


def with_those_alone(community: Int64, first_rows: Int64) -> Int64:
    """The same with a community of their own for those who are in none, numbered as the files first name them.

    `first_rows` (int64[n_persons]) tells where: so draws do not depend on how persons are called.

    >>> with_those_alone(np.array([0, -1, 0, -1]), np.array([3, 9, 5, 4])).tolist()
    [0, 2, 0, 1]
    """
    (alone,) = np.nonzero(community < 0)
    found = community.copy()
    found[alone[np.argsort(first_rows[alone], kind="stable")]] = community.max(initial=-1) + 1 + np.arange(len(alone))
    return found


def draw_communities(community: Int64, persons: Int64, number: int, seed: int) -> Draws:
    """Draw communities.

    Parameters
    ----------
    community
        int64[n_persons], -1 for a person who is a community alone.
    persons
        Positions of the persons of the experiment: only their communities are drawn.
    number
        How many draws; they take that many bytes for each community, and twice as many while they are made.
    seed
        Decides what is drawn.
    """
    known = community[persons]
    alone = known < 0
    known[alone] = community.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    found, n = dense(known)
    code = np.full(len(community), -1, np.int32)
    code[persons] = found
    # A community would have to be drawn 256 times not to fit: for n above 255 that has a chance below 1e-500.
    drawn = np.zeros((number, n), np.uint8)
    rng = np.random.default_rng(seed)
    for j in range(number if n else 0):
        drawn[j] = np.bincount(rng.integers(0, n, n), minlength=n)
    return Draws(code, np.ascontiguousarray(drawn.T))


def why_no_interval(persons: Ordered, draws: int, names: Iterable[str] = MEASURES) -> dict[str, str]:
    """``{measure: why it can have no interval}`` from so many draws; those that can have one are not in it.

    `names` are measures or ``observed``, the share of positives.
    """
    if not draws:
        return dict.fromkeys(names, "no draws (bootstrap = 0)")
    of = {
        "positives": persons.positive,
        "negatives": ~persons.positive,
        "persons named": persons.named,
        "persons": np.ones(len(persons), np.bool_),
    }
    few = {name for name, flags in of.items() if not _in_two(persons.community[flags])}
    return {
        name: f"{lacking[0]} in fewer than 2 communities"
        for name in names
        if (lacking := [needed for needed in _NEEDS.get(name, ("positives",)) if needed in few])
    }


def _in_two(community: Int32) -> bool:
    return len(community) > 1 and bool((community != community[0]).any())


def interval_of(values: Float64) -> Interval:
    """The 2.5 and 97.5 percentiles of the draws' values, NaN left out; None if more than half of them are NaN.

    >>> interval_of(np.arange(101.0))
    (2.5, 97.5)
    """
    defined = values[~np.isnan(values)]
    if not len(defined) or 2 * len(defined) < len(values):
        return None
    low, high = np.percentile(defined, _ENDS)
    return float(low), float(high)
