"""Approximate betweenness: sources of large blocks are drawn, with a bound of the error that holds for every vertex.

docs/approximation.md has the method, the proof and its sources. In short: for a set C, sources x of the sampled blocks
are drawn with a chance proportional to w(x) (W - w(x)), w(x) the members of C that x stands for and W those of its
block. What a sample says of a vertex lies in [0, 1], and its expectation is the vertex's betweenness but for a known
factor. Samples come in pairs from strata, neighbouring sources of equal mass; the differences within pairs bound the
variance, and that bounds the error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.base.progress import ProgressCallback
from gpunet.engines.protocol import Engine
from gpunet.search.bounds import error_bound
from gpunet.search.graph import SearchGraph
from gpunet.search.sample_plan import SamplePlan, ordered_pairs
from gpunet.search.samples import block_of, region_of

__all__ = ["Sampled", "sample", "search_the_rest"]


@dataclass(frozen=True, eq=False)
class Sampled:
    """What sampling gave.

    Attributes
    ----------
    total
        float64[positions, sets]: estimates of the dependencies summed over the sources of the sampled blocks; 0 for
        sets that are to be computed exactly.
    approximate
        bool[sets]: sets whose guarantee was reached.
    samples, checks
        int64[sets], those of the other sets too.
    error
        float64[sets]: with probability 1 - delta no normalised betweenness of the set is further off than this.
    """

    total: Float64
    approximate: Bool
    samples: Int64
    checks: Int64
    error: Float64


def sample(
    graph: SearchGraph,
    vertex: Int32,
    plan: SamplePlan,
    names: Sequence[str],
    seed: int,
    engine: Engine,
    progress: ProgressCallback | None,
) -> Sampled:
    """Draw until every set's bound is within epsilon, or exact work is cheaper.

    `vertex` (int32[nodes of the graph]) says which vertex each node is; `names` are those of the sets, which go into
    the seeds. Results do not depend on the engine's number of threads.
    """
    shape = graph.weight.shape
    total, square = np.zeros(shape), np.zeros(shape)
    samples, checks = np.zeros((2, shape[1]), np.int64)
    error = np.zeros(shape[1])
    approximate = np.zeros(shape[1], np.bool_)
    drawers = {c: _Drawer(graph, plan, c, names[c], seed) for c in range(shape[1]) if plan.mass[c] > 0}
    shared = _shared_vertices(graph, vertex, plan)
    most, check = plan.most_samples(), 0
    while open_sets := [c for c in drawers if 2 * plan.pairs(c, check) <= most[c]]:
        pairs = np.concatenate([drawers[c].draw_pairs(plan.pairs(c, check) - int(samples[c]) // 2) for c in open_sets])
        pairs, times = np.unique(pairs, axis=0, return_counts=True)  # sorted as well: neighbours go together
        engine.add_samples(graph, pairs, times, total, square, f"betweenness, samples {check + 1}", progress)
        for c in open_sets:
            samples[c], checks[c] = 2 * plan.pairs(c, check), check + 1
            bound = _worst(square[:, c], int(samples[c]), plan.log_term(check), shared.get(c))
            error[c] = plan.factor[c] * bound
            approximate[c] = error[c] <= plan.epsilon
        drawers = {c: drawers[c] for c in open_sets if not approximate[c]}
        check += 1
    mean = total / np.maximum(samples, 1)
    return Sampled(
        np.where(approximate, mean * plan.mass, 0.0), approximate, samples, checks, np.where(approximate, error, 0.0)
    )


class _Drawer:
    """Samples sources of one set."""

    def __init__(self, graph: SearchGraph, plan: SamplePlan, which: int, name: str, seed: int) -> None:
        mass = np.zeros(len(graph.weight), np.int64)
        for block in np.flatnonzero(plan.sampled[:, which]).tolist():
            mass[graph.start[block] : graph.reach[block]] = ordered_pairs(graph, block)[:, which]
        self._region, self._which = region_of(graph), which
        self._source = np.flatnonzero(mass)
        self._upto = np.cumsum(mass[self._source]).astype(np.float64)
        self._random = np.random.Generator(np.random.PCG64([seed, crc32(name.encode())]))

    def draw_pairs(self, pairs: int) -> Int64:
        """int64[pairs or more, 3]: two positions (the second -1 if it lies in another region) and the set.

        Each pair comes from a stratum of its own; positions stand in an order that keeps neighbours together, so the
        two are much alike. A pair across regions is taken apart, into two rows.
        """
        at = (np.arange(pairs)[:, None] + self._random.random((pairs, 2))) * (self._upto[-1] / pairs)
        found = np.searchsorted(self._upto, at, side="right")
        source = self._source[np.minimum(found, len(self._source) - 1)]  # rounding can pass the end
        apart = self._region[source[:, 0]] != self._region[source[:, 1]]
        single = source[apart].ravel()
        one = np.concatenate([source[~apart, 0], single])
        other = np.concatenate([source[~apart, 1], np.full(len(single), -1)])
        return np.stack([one, other, np.full(len(one), self._which)], axis=1)


def _shared_vertices(graph: SearchGraph, vertex: Int32, plan: SamplePlan) -> dict[int, tuple[Int64, Int64]]:
    """For each set, the positions of vertices that lie in several sampled blocks, and where each vertex's begin."""
    block = block_of(graph)[graph.position_of]
    shared = {}
    for c in np.flatnonzero(plan.sampled.sum(axis=0) > 1).tolist():
        inside = np.flatnonzero(plan.sampled[block, c])
        _, which, count = np.unique(vertex[inside], return_inverse=True, return_counts=True)
        several = inside[count[which] > 1]
        several = several[np.argsort(vertex[several], kind="stable")]
        if len(several):
            shared[c] = graph.position_of[several], np.flatnonzero(np.diff(vertex[several], prepend=-1))
    return shared


def _worst(square: Float64, samples: int, log_term: float, shared: tuple[Int64, Int64] | None) -> float:
    """Largest error bound of any vertex's mean; those of a vertex in several blocks add up."""
    bound = error_bound(square.max(keepdims=True) / (samples / 2), samples, log_term)[0]
    if shared is None:
        return float(bound)
    positions, begin = shared
    several = np.add.reduceat(error_bound(square[positions] / (samples / 2), samples, log_term), begin)
    return float(max(bound, several.max()))


def search_the_rest(
    graph: SearchGraph, plan: SamplePlan, sampled: Sampled, engine: Engine, progress: ProgressCallback | None
) -> Float64:
    """float64[positions, sets]: dependencies summed over the sources that were not sampled, exactly."""
    done = plan.sampled[block_of(graph)] & sampled.approximate
    rest = replace(graph, weight=np.where(done, 0, graph.weight))
    return engine.all_dependencies(rest, progress)
