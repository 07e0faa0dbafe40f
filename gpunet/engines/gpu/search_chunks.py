"""One chunk of a search (:mod:`gpunet.engines.gpu.chunk_plan`) on this process's GPU: what a worker does.

A network is copied to the device when the first chunk of it comes, and stays there until the worker lets go of the
graph, or somebody needs the memory (:func:`forget`).
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from gpunet.base.array_types import Float64, Int64
from gpunet.engines.gpu import searches
from gpunet.engines.gpu.chunk_plan import plan_part
from gpunet.engines.gpu.memory import check_fits, needed_by_betweenness, needed_by_closeness, needed_by_graph, stage
from gpunet.engines.gpu.search_plan import SIZES, Plan, Sizes, bounds_of, plan_samples
from gpunet.kernels.cuda.betweenness_workspace import OnDevice
from gpunet.kernels.cuda.closeness import batches_of, farness_of_batches
from gpunet.kernels.jit_cuda import on_host
from gpunet.search.batches import Batch
from gpunet.search.graph import SearchGraph
from gpunet.search.samples import SampleBatch

__all__ = ["dependencies", "farness", "forget", "samples"]

_NETWORKS: WeakKeyDictionary[SearchGraph, OnDevice] = WeakKeyDictionary()


def dependencies(
    graph: SearchGraph, batches: Sequence[Batch], first: int, last: int, *, sizes: Sizes = SIZES
) -> Float64:
    """float64[last - first, sets]: what :meth:`dependencies` of consecutive batches adds up to.

    Raises
    ------
    EngineError
        If the device's memory does not hold the network and the workspace of one block of threads.
    """
    found: Float64 = _sums(graph, plan_part(graph, batches, sizes), 1, first, last, sizes)[0]
    return found


def samples(
    graph: SearchGraph, batches: Sequence[SampleBatch], first: int, last: int, *, sizes: Sizes = SIZES
) -> Float64:
    """float64[2, last - first, sets]: sums of values, and of squared differences, of consecutive batches of samples.

    Raises
    ------
    EngineError
        As for :func:`dependencies`.
    """
    pairs, times = (np.concatenate([getattr(batch, name) for batch in batches]) for name in ("pairs", "times"))
    return _sums(graph, plan_samples(graph, pairs, times), 2, first, last, sizes)


def farness(
    graph: SearchGraph, batches: Sequence[Batch], first: int, last: int, *, words: int, sizes: Sizes = SIZES
) -> Int64:
    """int64[last - first, sets]: what :meth:`farness` of batches of at most ``64 * words`` sources adds up to.

    Raises
    ------
    EngineError
        As for :func:`dependencies`.
    """
    sets = graph.weight.shape[1]
    given = batches_of(graph.weight, *bounds_of(batches), words)
    with stage("closeness"):
        network = _placed(graph, "closeness")
        check_fits("closeness", needed_by_closeness(graph, given, placed=True))
        far = farness_of_batches(network.indptr, network.indices, network.inner, sets, given, sizes.threads)
        return on_host(far[first * sets : last * sets]).reshape(last - first, sets)


def forget() -> None:
    """Let go of all networks on the device: they come again when they are needed."""
    _NETWORKS.clear()


def _sums(graph: SearchGraph, plan: Plan, rows: int, first: int, last: int, sizes: Sizes) -> Float64:
    """float64[rows, last - first, sets]."""
    sets = graph.weight.shape[1]
    width = rows * sets
    with stage("betweenness"):
        network = _placed(graph, "betweenness")
        check_fits("betweenness", needed_by_betweenness(graph, plan, rows, placed=True))
        found = searches.sums_of_plan(network, plan, width, sizes)
        host = on_host(found[first * width : last * width]).reshape(last - first, rows, sets)
    return np.ascontiguousarray(host.transpose(1, 0, 2))


def _placed(graph: SearchGraph, name: str) -> OnDevice:
    network = _NETWORKS.get(graph)
    if network is None:
        forget()  # a worker has one graph at a time
        check_fits(name, needed_by_graph(graph))
        network = _NETWORKS[graph] = searches.placed_network(graph)
    return network
