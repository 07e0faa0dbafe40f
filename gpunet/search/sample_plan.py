"""Which sources approximate betweenness samples, and how many; see :mod:`gpunet.features.sampling`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.search.bounds import least_samples, log_events
from gpunet.search.graph import SearchGraph

__all__ = ["SamplePlan", "ordered_pairs", "plan_sampling"]

# The first check comes after this many times the samples that any guarantee needs, each later one after more by a
# factor. Networks like the paper's need 1.1 to 1.5 times the least.
_FIRST, _GROWTH = 1.4, 4 / 3

# Costs in forward passes of exact work, where sources lie side by side and one pass serves all sets: a set's way back,
# and a sample, which goes forth and back for one set, from a source with no other beside it.
_BACK_COST, _SAMPLE_COST = 0.4, 2.1

# A set is computed exactly after all if its next check would need more samples than this share of its sources.
_MOST_DRAWS_A_SOURCE = 0.5

# Blocks with fewer sources cost next to nothing, and the errors of a vertex's sampled blocks add up.
_FEWEST_SOURCES = 256


@dataclass(frozen=True, eq=False)
class SamplePlan:
    """What is sampled, and how finely; fixed by the graph, the sets, epsilon and delta.

    Attributes
    ----------
    sampled
        bool[blocks, sets]: blocks whose sources are drawn for a set.
    mass_of_region
        float64[2 * blocks, sets]: ordered pairs of members behind different positions that the sources of a region
        answer for, 0 if not sampled. Regions are a block's inner positions, then its simplicial ones.
    mass
        float64[sets]: the sum of these.
    factor
        float64[sets]: an error of a mean times this is an error of normalised betweenness.
    sources
        int64[sets]: sources of the sampled blocks.
    epsilon, delta
        As asked for.
    estimates
        Number of means that the guarantee covers, for all sets together.
    """

    sampled: Bool
    mass_of_region: Float64
    mass: Float64
    factor: Float64
    sources: Int64
    epsilon: float
    delta: float
    estimates: int

    def log_term(self, check: int) -> float:
        """The logarithm in the bounds at check 0, 1, 2, ..."""
        return log_events(self.estimates, self.delta, check)

    def pairs(self, which: int, check: int) -> int:
        """Pairs of samples for set number `which` up to a check."""
        least = least_samples(self.epsilon / self.factor[which], self.log_term(0))
        return math.ceil(_FIRST * _GROWTH**check * least / 2)

    def first_samples(self) -> Int64:
        """int64[sets]: samples up to the first check, 0 for sets that are not sampled."""
        return np.array([2 * self.pairs(c, 0) if self.mass[c] > 0 else 0 for c in range(len(self.mass))], np.int64)

    def most_samples(self) -> Int64:
        """int64[sets]: samples beyond which exact work is cheaper."""
        return (_MOST_DRAWS_A_SOURCE * self.sources).astype(np.int64)


def plan_sampling(graph: SearchGraph, members: Int64, epsilon: float, delta: float) -> SamplePlan:
    """Decide which blocks are sampled for which sets; `members` (int64[sets]) is the size of each."""
    sets = graph.weight.shape[1]
    estimates = sets * int(np.count_nonzero(graph.inner))
    # The pairs of a member of C are those of the others; the fewest possible, so that the guarantee holds for each.
    pairs = np.maximum((members - 1) * (members - 2), 1).astype(np.float64)
    least = least_samples(epsilon, log_events(estimates, delta, 0))
    sampled = np.zeros((len(graph.start) - 1, sets), np.bool_)
    masses, counted = np.zeros((2 * len(sampled), sets)), np.zeros(sets, np.int64)
    for block in range(len(sampled)):
        if graph.reach[block] - graph.start[block] < _FEWEST_SOURCES:
            continue
        mass = ordered_pairs(graph, block)
        core = graph.core[block] - graph.start[block]
        here = np.stack([mass[:core].sum(axis=0), mass[core:].sum(axis=0)]).astype(np.float64)
        sampled[block] = _worth_sampling(mass > 0, _FIRST * least * here.sum(axis=0) / pairs)
        masses[2 * block : 2 * block + 2] = np.where(sampled[block], here, 0.0)
        counted += np.where(sampled[block], (mass > 0).sum(axis=0), 0)
    total = masses.sum(axis=0)
    return SamplePlan(sampled, masses, total, total / pairs, counted, epsilon, delta, estimates)


def _worth_sampling(source: Bool, samples: Float64) -> Bool:
    """bool[sets]: which sets of a block to sample, given its sources (bool[positions, sets]) and the samples they need.

    The sets with the most sources are the first to gain. So those are sampled, as many as make all the work least.
    """
    sources = source.sum(axis=0)
    best, cheapest = np.zeros(len(sources), np.bool_), math.inf
    chosen = best.copy()
    for which in [-1, *np.argsort(-sources, kind="stable").tolist()]:
        if which >= 0:
            if sources[which] < _FEWEST_SOURCES:
                break
            chosen[which] = True
        exact = source[:, ~chosen]
        cost = exact.any(axis=1).sum() + _BACK_COST * exact.sum() + _SAMPLE_COST * samples[chosen].sum()
        if cost < cheapest:
            best, cheapest = chosen.copy(), cost
    return best


def ordered_pairs(graph: SearchGraph, block: int) -> Int64:
    """int64[reach - start, sets]: pairs of members that a block's positions answer for as sources.

    A pair is of members behind different positions, and counts twice. A simplicial position takes its pairs with inner
    ones from both ends, so that these need only be searched from among themselves, in a smaller network.
    """
    first, core = graph.start[block], graph.core[block]
    weight = graph.weight[first : graph.reach[block]]
    inner, rest = weight[: core - first], weight[core - first :]
    within = inner.sum(axis=0)
    return np.concatenate([inner * (within - inner), rest * (2 * within + rest.sum(axis=0) - rest)])
