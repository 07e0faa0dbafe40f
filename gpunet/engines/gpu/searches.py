"""Betweenness, its samples, and closeness of a whole graph on a GPU, each with one copy to the device and one back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.base.progress import ProgressCallback
from gpunet.engines.gpu.memory import check_fits, needed_by_betweenness, needed_by_closeness, stage
from gpunet.engines.gpu.search_plan import SIZES, Plan, Sizes, plan_closeness, plan_dependencies, plan_samples
from gpunet.kernels.cuda.betweenness import sums_of_groups
from gpunet.kernels.cuda.betweenness_workspace import OnDevice, Workspace
from gpunet.kernels.cuda.closeness import batches_of, farness_of_batches, words_for
from gpunet.kernels.jit_cuda import on_device, on_host
from gpunet.search.graph import SearchGraph

__all__ = ["add_samples", "all_dependencies", "farness", "placed_network", "sums_of_plan"]


def all_dependencies(graph: SearchGraph, progress: ProgressCallback | None, sizes: Sizes = SIZES) -> Float64:
    """float64[positions, sets]: what all sources together give to betweenness, from both ends of each pair.

    The same bits for any number of blocks of threads that run at once, and so for any free memory.

    Raises
    ------
    EngineError
        If the device's memory does not hold the network and the workspace of one block of threads.
    """
    with stage("betweenness"):
        return _sums(graph, plan_dependencies(graph, sizes), 1, "betweenness", progress, sizes)[:, 0]


def add_samples(
    graph: SearchGraph,
    pairs: Int64,
    times: Int64,
    total: Float64,
    square: Float64,
    label: str,
    progress: ProgressCallback | None,
    sizes: Sizes = SIZES,
) -> None:
    """Do as :func:`gpunet.search.samples.add_samples`, all pairs at once; the same bits for any free memory.

    Raises
    ------
    EngineError
        If the device's memory does not hold the network and the workspace of one block of threads.
    """
    with stage("betweenness"):
        found = _sums(graph, plan_samples(graph, pairs, times), 2, label, progress, sizes)
    total += found[:, 0]
    square += found[:, 1]


def farness(graph: SearchGraph, progress: ProgressCallback | None, sizes: Sizes = SIZES) -> Int64:
    """int64[positions, sets]: sums of distances to the members of the position's block.

    Raises
    ------
    EngineError
        If the device's memory does not hold the network and the workspace of one block of threads.
    """
    words = words_for(int(np.count_nonzero(graph.weight.any(axis=1))), sizes.busy)
    sources, bounds = plan_closeness(graph, words)
    if not len(sources):
        return np.zeros(graph.weight.shape, np.int64)
    batches = batches_of(graph.weight, sources, bounds, words)
    check_fits("closeness", needed_by_closeness(graph, batches))
    done = _counting("closeness", len(bounds), progress)
    sets = graph.weight.shape[1]
    with stage("closeness"):
        far = farness_of_batches(graph.indptr, graph.indices, graph.inner, sets, batches, sizes.threads, done=done)
        return on_host(far).reshape(graph.weight.shape)


def _sums(
    graph: SearchGraph, plan: Plan, rows: int, label: str, progress: ProgressCallback | None, sizes: Sizes
) -> Float64:
    """float64[positions, rows, sets]: what all groups of a plan add up to."""
    positions, sets = graph.weight.shape
    if not len(plan.groups):
        return np.zeros((positions, rows, sets))
    check_fits("betweenness", needed_by_betweenness(graph, plan, rows))
    found = sums_of_plan(placed_network(graph), plan, rows * sets, sizes, _counting(label, len(plan.groups), progress))
    return on_host(found).reshape(positions, rows, sets)


def placed_network(graph: SearchGraph) -> OnDevice:
    """A graph's network on the device, which has no stops yet."""
    return OnDevice(
        indptr=on_device(graph.indptr, np.int64),
        indices=on_device(graph.indices, np.int32),
        stops=None,
        target_weight=on_device(graph.weight, np.float64),
        copies=on_device(graph.twins, np.float64),
        inner=on_device(graph.inner, np.bool_),
    )


def sums_of_plan(
    network: OnDevice, plan: Plan, width: int, sizes: Sizes, done: Callable[[int], None] | None = None
) -> Any:
    """float64[positions * width] on the device: what all groups of a plan, of which there are some, add up to."""
    workspace = Workspace.make(plan.vertices, plan.cells(width), plan.most_groups, sizes.threads, sizes.shares)
    network = replace(network, stops=on_device(plan.stops, np.int64))
    return sums_of_groups(
        network, plan.groups, plan.spans, workspace, sizes.threads, done=done, shares=sizes.shares, turns=sizes.turns
    )


def _counting(label: str, total: int, progress: ProgressCallback | None) -> Callable[[int], None] | None:
    """What to call with the numbers of what has been done, so that `progress` hears of it."""
    if progress is None:
        return None
    finished = 0

    def done(more: int) -> None:
        nonlocal finished
        finished += more
        progress(label, float(finished), float(total))

    progress(label, 0.0, float(total))
    return done
