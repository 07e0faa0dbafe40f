"""Searches from drawn sources on the CPU: what :mod:`gpunet.features.sampling` asks of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.base.parallel import spans
from gpunet.base.progress import ProgressCallback
from gpunet.kernels.cpu.sampling import add_pairs
from gpunet.search.batches import Batch
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Reducer
from gpunet.search.searches import dependencies_between

__all__ = [
    "SampleBatch",
    "add_samples",
    "batches_of_samples",
    "block_of",
    "bounds_of_region",
    "region_of",
    "search_samples",
]

# Pairs that one call of the kernel takes, and pairs whose results come back as one.
_PAIRS_A_CALL, _PAIRS_A_BATCH = 8, 64


@dataclass(frozen=True, eq=False)
class SampleBatch:
    """Pairs of one region, which is searched in the network of the positions ``first..last-1``."""

    region: int
    first: int
    last: int
    pairs: Int64
    times: Int64


def block_of(graph: SearchGraph) -> Int64:
    """int64[positions], the block of each."""
    return np.repeat(np.arange(len(graph.start) - 1), np.diff(graph.start))


def region_of(graph: SearchGraph) -> Int64:
    """The regions of positions: ``2 * block``, plus one for simplicial vertices. Those are searched from otherwise."""
    return 2 * block_of(graph) + ~graph.inner


def bounds_of_region(graph: SearchGraph, region: int) -> tuple[int, int]:
    """What is searched from a region's sources: the block less its vertices without weight, or its inner ones alone."""
    block, simplicial = divmod(region, 2)
    return int(graph.start[block]), int((graph.reach if simplicial else graph.core)[block])


def add_samples(
    graph: SearchGraph,
    pairs: Int64,
    times: Int64,
    total: Float64,
    square: Float64,
    reducer: Reducer,
    stage: str,
    progress: ProgressCallback | None,
) -> None:
    """Search from pairs of drawn sources; add their values to `total` and their squared differences to `square`.

    Parameters
    ----------
    graph
        Where sources are drawn from.
    pairs
        int64[pairs, 3], ascending, each once: two positions of one region, or one and -1, and the set.
    times
        int64[pairs], how often each was drawn.
    total, square
        float64[positions, sets], changed in place.
    reducer
        What adds up the results of batches; the bits of the sums do not depend on it.
    stage, progress
        As in :func:`gpunet.base.parallel.in_batches`.
    """
    batches = batches_of_samples(graph, pairs, times)
    weights = [float(len(batch.pairs) * (batch.last - batch.first)) for batch in batches]
    found = np.zeros((2, *total.shape))
    reducer(_values_of, graph, batches, weights, found, stage, progress)
    total += found[0]
    square += found[1]


def batches_of_samples(graph: SearchGraph, pairs: Int64, times: Int64) -> list[SampleBatch]:
    """The pairs in batches of one region each."""
    region = region_of(graph)[pairs[:, 0]]
    cuts = [0, *(np.flatnonzero(np.diff(region)) + 1).tolist(), len(pairs)]
    return [
        SampleBatch(here, *bounds_of_region(graph, here), pairs[begin + i : begin + j], times[begin + i : begin + j])
        for begin, end in pairwise(cuts)
        for here in region[begin : begin + 1].tolist()
        for i, j in spans(end - begin, _PAIRS_A_BATCH)
    ]


def _values_of(graph: SearchGraph, batch: SampleBatch) -> Float64:
    """float64[2, last - first, sets]: sums of values, and of squared differences."""
    sums, squares = out = np.zeros((2, batch.last - batch.first, graph.weight.shape[1]))
    for i, j in spans(len(batch.pairs), _PAIRS_A_CALL):
        search_samples(graph, batch.region, batch.pairs[i:j], batch.times[i:j], sums, squares)
    return out


def search_samples(
    graph: SearchGraph, region: int, pairs: Int64, times: Int64, sums: Float64, squares: Float64
) -> None:
    """One call of the kernel, in which every sample is a set of its own."""
    first, last = bounds_of_region(graph, region)
    drawn = np.concatenate([pairs[:, [0, 2]], pairs[pairs[:, 1] >= 0][:, 1:]])
    samples, place = np.unique(drawn, axis=0, return_inverse=True)
    place = place.ravel()
    other = np.full(len(pairs), -1, np.int64)
    other[pairs[:, 1] >= 0] = place[len(pairs) :]
    sources, source = np.unique(samples[:, 0], return_inverse=True)
    target_weight = np.ascontiguousarray(graph.weight[first:last, samples[:, 1]], np.float64)
    if region % 2:
        target_weight[: graph.core[region // 2] - first] *= 2.0  # see ordered_pairs
    column = np.arange(len(samples))
    source_weight = np.zeros((len(sources), len(samples)))
    source_weight[source, column] = 1 / (target_weight.sum(axis=0) - target_weight[samples[:, 0] - first, column])
    value = dependencies_between(graph, Batch(first, last, sources.astype(np.int32)), source_weight, target_weight)
    add_pairs(value, place[: len(pairs)], other, times.astype(np.float64), pairs[:, 2].copy(), sums, squares)
