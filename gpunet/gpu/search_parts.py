"""One part of a search on this process's GPU, see :mod:`gpunet.gpu.part_plan`; what a worker of a cluster does.

A network is copied to the device when the first part of it comes, and stays there until the worker lets go of the
layout, or somebody needs the memory (:func:`forget`).
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from gpunet.features.draws import Draws
from gpunet.features.layout import Batch, Layout
from gpunet.gpu import searches
from gpunet.gpu.memory import check_fits, needed_by_betweenness, needed_by_closeness, needed_by_layout, stage
from gpunet.gpu.part_plan import plan_part
from gpunet.gpu.search_plan import Plan, bounds_of, plan_draws
from gpunet.kernels.betweenness_room_cuda import OnDevice
from gpunet.kernels.closeness_cuda import batches_of, farness_of_batches
from gpunet.kernels.jit_cuda import on_host

__all__ = ["dependencies", "draws", "farness", "forget"]

_NETWORKS: WeakKeyDictionary[Layout, OnDevice] = WeakKeyDictionary()


def dependencies(layout: Layout, batches: Sequence[Batch], first: int, last: int) -> NDArray[np.float64]:
    """float64[last - first, sets]: what :meth:`Layout.dependencies` of consecutive batches adds up to.

    Raises
    ------
    EngineError
        If the device's memory does not hold the network and the workspace of one block of threads.
    """
    found: NDArray[np.float64] = _sums(layout, plan_part(layout, batches), 1, first, last)[0]
    return found


def draws(layout: Layout, batches: Sequence[Draws], first: int, last: int) -> NDArray[np.float64]:
    """float64[2, last - first, sets]: the sums of values, and of squared differences, of consecutive batches of draws.

    Raises
    ------
    EngineError
        As for :func:`dependencies`.
    """
    pairs, times = (np.concatenate([getattr(batch, name) for batch in batches]) for name in ("pairs", "times"))
    return _sums(layout, plan_draws(layout, pairs, times), 2, first, last)


def farness(layout: Layout, batches: Sequence[Batch], first: int, last: int, *, words: int) -> NDArray[np.int64]:
    """int64[last - first, sets]: what :meth:`Layout.farness` of batches of at most ``64 * words`` sources adds up to.

    Raises
    ------
    EngineError
        As for :func:`dependencies`.
    """
    sets = layout.weight.shape[1]
    given = batches_of(layout.weight, *bounds_of(batches), words)
    with stage("closeness"):
        network = _placed(layout, "closeness")
        check_fits("closeness", needed_by_closeness(layout, given, placed=True))
        far = farness_of_batches(network.indptr, network.indices, network.inner, sets, given, searches.THREADS)
        return on_host(far[first * sets : last * sets]).reshape(last - first, sets)


def forget() -> None:
    """Let go of all networks on the device: they come again when they are needed."""
    _NETWORKS.clear()


def _sums(layout: Layout, plan: Plan, rows: int, first: int, last: int) -> NDArray[np.float64]:
    """float64[rows, last - first, sets]."""
    sets = layout.weight.shape[1]
    width = rows * sets
    with stage("betweenness"):
        network = _placed(layout, "betweenness")
        check_fits("betweenness", needed_by_betweenness(layout, plan, rows, placed=True))
        found = searches.sums_of_plan(network, plan, width)
        host = on_host(found[first * width : last * width]).reshape(last - first, rows, sets)
    return np.ascontiguousarray(host.transpose(1, 0, 2))


def _placed(layout: Layout, name: str) -> OnDevice:
    network = _NETWORKS.get(layout)
    if network is None:
        forget()  # a worker has one layout at a time
        check_fits(name, needed_by_layout(layout))
        network = _NETWORKS[layout] = searches.placed_network(layout)
    return network
