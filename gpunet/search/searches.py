"""The searches over a search graph on the CPU: what betweenness and closeness are made of."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.base.progress import ProgressCallback
from gpunet.kernels.cpu.betweenness_lanes import dependencies_lanes
from gpunet.kernels.cpu.closeness import BATCH, farness_batch
from gpunet.kernels.cpu.traversal import rows_among
from gpunet.search.batches import Batch, batches_of, search_work, shrinking_batches
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Reducer

__all__ = [
    "all_dependencies",
    "all_farness",
    "betweenness_batches",
    "dependencies",
    "dependencies_between",
    "farness",
]

# Sources a batch of betweenness. One thread adds up the results of batches: many sources make its share small, few make
# batches enough for every thread.
_SOURCES_A_BATCH = 64

# A batch of closeness takes as long as a search for betweenness from one in so many of its sources.
_CLOSENESS_AT_ONCE = 8.0


def all_dependencies(graph: SearchGraph, reducer: Reducer, progress: ProgressCallback | None) -> Float64:
    """float64[positions, sets]: what all sources together give to betweenness, from both ends of each pair."""
    total = np.zeros(graph.weight.shape)
    batches = betweenness_batches(graph)
    reducer(dependencies, graph, batches, list(map(search_work, batches)), total, "betweenness", progress)
    return total


def betweenness_batches(graph: SearchGraph) -> list[Batch]:
    """The batches of :func:`all_dependencies`."""
    return shrinking_batches(graph, _SOURCES_A_BATCH)


def dependencies(graph: SearchGraph, batch: Batch) -> Float64:
    """float64[last - first, sets]: what a batch's sources have to give to betweenness, from one end of each pair.

    Of sources that are there for the last time, from both ends.
    """
    source_weight = graph.weight[batch.sources].astype(np.float64)
    target_weight = graph.weight[batch.first : batch.last].astype(np.float64)
    if batch.last_time:
        source_weight *= 2.0
        target_weight[batch.sources - batch.first] /= 2.0  # pairs within the batch are met from both ends
    return dependencies_between(graph, batch, source_weight, target_weight)


def dependencies_between(graph: SearchGraph, batch: Batch, source_weight: Float64, target_weight: Float64) -> Float64:
    """As :func:`dependencies`, with sources that count `source_weight` (float64[sources, sets]).

    `target_weight` (float64[last - first, sets]) is how much the batch's positions count as targets.
    """
    first, last = batch.first, batch.last
    indptr, indices = rows_among(graph.indptr, graph.indices, first, last)
    return dependencies_lanes(
        indptr,
        indices,
        source_weight,
        target_weight,
        graph.twins[first:last].astype(np.float64),
        graph.inner[first:last],
        batch.sources - np.int32(first),
    )


def all_farness(graph: SearchGraph, reducer: Reducer, progress: ProgressCallback | None) -> Int64:
    """int64[positions, sets]: sums of distances to the members of the position's block."""
    total = np.zeros(graph.weight.shape, np.int64)
    batches = batches_of(graph, BATCH)
    weights = [search_work(batch) / _CLOSENESS_AT_ONCE for batch in batches]
    reducer(farness, graph, batches, weights, total, "closeness", progress)
    return total


def farness(graph: SearchGraph, batch: Batch) -> Int64:
    """int64[last - first, sets]: sums of distances to the members that a batch's sources stand for."""
    return farness_batch(graph.indptr, graph.indices, graph.weight, graph.inner, batch.sources, batch.first, batch.last)
