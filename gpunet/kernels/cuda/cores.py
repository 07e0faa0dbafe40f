"""The shell of a vertex added to a subgraph, on a GPU: what :mod:`gpunet.kernels.cpu.cores` computes.

Core numbers themselves are cuGraph's. An outsider's shell lies between the h-indices that the CPU's kernel says, which
differ by at most one. Where they do, a search around it decides, by a thread with a list of its own, or, when that
grows past 32, by a thread block with 12 bytes a vertex of workspace. In synthetic networks up to 9 in 100 vertices need
a search for a set, over 4 candidates with 40 ties on average, and 40 candidates at most; in a dense network (14 ties a
vertex) up to 16, over 80 candidates, and 500 at most. Candidates are a closed set and taking them out ends at the same
set, in any order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gpunet.base.array_types import Int32, Int64
from gpunet.kernels.cuda.cores_search import LIST, LONG, UNDECIDED, join_alone, join_together
from gpunet.kernels.cuda.rows import filled, grid_size
from gpunet.kernels.jit_cuda import cuda, device, kernel, most_that_fit, on_device, on_host

__all__ = ["shell_of_outsiders_cuda"]

THREADS = 256

#: The most blocks that search at once.
BLOCKS = 512


def shell_of_outsiders_cuda(
    indptr: Any, indices: Any, core: Any, blocks: int | None = None, threads: int = THREADS, most: int = LIST
) -> Any:
    """int64[n] on the device: what :func:`gpunet.kernels.cpu.cores.shell_of_outsiders` returns for 0..n-1.

    Eight bytes cross to the host: how many vertices need a search, and for how many of them a thread's list is too
    short.

    Parameters
    ----------
    indptr, indices
        int64[n + 1] and int32[2m], the adjacency.
    core
        int32[n], the core numbers of the subgraph, -1 outside.
    blocks, threads, most
        The most blocks at once, the threads of each, and the most candidates (up to ``LIST``) that a thread looks at by
        itself. They change no result.

    Raises
    ------
    EngineError
        If the device's memory does not hold the workspace of a block.
    """
    network = (on_device(indptr, np.int64), on_device(indices, np.int32), on_device(core, np.int32))
    n = len(network[2])
    out = cuda.device_array(n, np.int64)
    if not n:
        return out
    grid = grid_size(n, threads, blocks)
    undecided, long, counters = (
        cuda.device_array(n, np.int32),
        cuda.device_array(n, np.int32),
        filled((2,), np.int32, 0, 1, 2),
    )
    _bound[grid, threads](*network, out, undecided, counters)
    join_alone[grid, threads](*network, undecided, min(most, LIST), out, long, counters)
    size = int(on_host(counters)[LONG])
    if size:
        supports, lists = most_that_fit(
            lambda fit: (filled((fit, n), np.int32, 0, blocks, threads), cuda.device_array((fit, 2, n), np.int32)),
            12 * n,
            min(size, blocks or BLOCKS),
        )
        join_together[supports.shape[0], threads](*network, long, size, supports, lists, out)
    return out


@kernel
def _bound(indptr: Int64, indices: Int32, core: Int32, out: Int64, undecided: Int32, counters: Int32) -> None:
    """The lower bound of each outsider, or its shell where that is certain; the others are listed."""
    for v in range(cuda.grid(1), len(core), cuda.gridsize(1)):
        if core[v] >= 0:
            out[v] = core[v]
            continue
        h = _h_index(v, indptr, indices, core)
        if not _has(v, h + 1, h, indptr, indices, core):
            out[v] = h
        elif h == 0:
            out[v] = 1  # a single neighbour inside is enough
        else:
            out[v] = h
            undecided[cuda.atomic.add(counters, UNDECIDED, 1)] = v


@device
def _h_index(v: int, indptr: Int64, indices: Int32, core: Int32) -> int:
    """Largest h such that at least h neighbours of v have core numbers of h or more.

    Doubles h while that holds and halves the gap after: most have small ones, however many neighbours there are.
    """
    low, high = 0, 1
    while _has(v, high, high, indptr, indices, core):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) >> 1
        if _has(v, middle, middle, indptr, indices, core):
            low = middle
        else:
            high = middle
    return low


@device
def _has(v: int, many: int, least: int, indptr: Int64, indices: Int32, core: Int32) -> bool:
    """Whether at least `many` neighbours of v have core numbers of `least` or more."""
    if many > indptr[v + 1] - indptr[v]:
        return False
    for e in range(indptr[v], indptr[v + 1]):
        if core[indices[e]] >= least:
            many -= 1
            if many == 0:
                return True
    return False
