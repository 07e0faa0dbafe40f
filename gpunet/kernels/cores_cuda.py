"""Core numbers, and the shell of a vertex added to a subgraph, on a GPU: what :mod:`gpunet.kernels.cores_cpu` computes.

Core numbers by levels: those left with k neighbours are taken out, which may leave others with k, until nobody is;
then k + 1. A thread that leaves a vertex with k neighbours takes it out itself, from a chain of its own through an
array of all vertices, and after ``_CHASE`` of them hands the rest to other threads. So a path of any length is no
problem for either: neither one thread nor one launch a vertex.

An outsider's shell lies between the h-indices that the CPU's kernel says, which differ by at most one. Where they do, a
search around it decides, by a thread with a list of its own, or, when that grows past 32, by a thread block with 12
bytes a vertex of workspace. In synthetic networks up to 9 in 100 vertices need a search for a set, over 4 candidates
with 40 ties on average, and 40 candidates at most; in a dense network (14 ties a vertex) up to 16, over 80 candidates,
and 500 at most. Candidates are a closed set and taking them out ends at the same set, in any order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.kernels.cores_search_cuda import IN_DOUBT, LIST, LONG, join_alone, join_together
from gpunet.kernels.jit_cuda import cuda, device, kernel, most_that_fit, on_device, on_host
from gpunet.kernels.rows_cuda import filled, grid_size

__all__ = ["core_numbers_cuda", "shell_of_outsiders_cuda"]

THREADS = 256

#: The most blocks that search at once.
BLOCKS = 512

#: Vertices that a thread takes out before it hands on those that it has left with too few.
_CHASE = 64

# Of the numbers in the device's memory: how long the list of vertices to take out is, and how many are left.
_TAIL, _LEFT = range(2)


def core_numbers_cuda(indptr: Any, indices: Any, inside: Any, blocks: int | None = None, threads: int = THREADS) -> Any:
    """int32[n] on the device: what :func:`gpunet.kernels.cores_cpu.core_numbers` returns.

    Eight bytes a level, and eight for every further ``_CHASE`` vertices of the longest chain, cross to the host.

    Parameters
    ----------
    indptr, indices
        int64[n + 1] and int32[2m], the adjacency.
    inside
        bool[n], the vertices that induce the subgraph.
    blocks, threads
        The most blocks at once, and the threads of each. They change no result.
    """
    rows, columns = on_device(indptr, np.int64), on_device(indices, np.int32)
    members = on_device(inside, np.bool_)
    n = len(members)
    core = cuda.device_array(n, np.int32)
    if not n:
        return core
    queue, link = cuda.device_array(n, np.int32), cuda.device_array(n, np.int32)
    cells = filled((2,), np.int32, 0, 1, 2)
    grid = grid_size(n, threads, blocks)
    _degrees[grid, threads](rows, columns, members, core, cells)
    head, k, left = 0, 0, int(on_host(cells)[_LEFT])
    while left:
        _list_level[grid, threads](core, k, queue, cells)
        tail = int(on_host(cells)[_TAIL])
        while head < tail:
            some = grid_size(tail - head, threads, blocks)
            _take_out[some, threads](rows, columns, head, tail, k, core, link, queue, cells)
            head = tail
            tail, left = (int(x) for x in on_host(cells))
        k += 1
    return core


@kernel
def _degrees(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    inside: NDArray[np.bool_],
    core: NDArray[np.int32],
    cells: NDArray[np.int32],
) -> None:
    """Neighbours inside of each vertex inside, -1 for the others; and how many are inside."""
    members = 0
    for v in range(cuda.grid(1), len(inside), cuda.gridsize(1)):
        if not inside[v]:
            core[v] = -1
            continue
        degree = 0
        for e in range(indptr[v], indptr[v + 1]):
            degree += inside[indices[e]]
        core[v] = degree
        members += 1
    cuda.atomic.add(cells, _LEFT, members)


@kernel
def _list_level(core: NDArray[np.int32], k: int, queue: NDArray[np.int32], cells: NDArray[np.int32]) -> None:
    """List who has k neighbours left; those taken out before have fewer."""
    for v in range(cuda.grid(1), len(core), cuda.gridsize(1)):
        if core[v] == k:
            queue[cuda.atomic.add(cells, _TAIL, 1)] = v


@kernel
def _take_out(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    head: int,
    tail: int,
    k: int,
    core: NDArray[np.int32],
    link: NDArray[np.int32],
    queue: NDArray[np.int32],
    cells: NDArray[np.int32],
) -> None:
    """Take the listed vertices out of level k, and those that this leaves with k neighbours.

    Only the thread that takes a vertex from k + 1 neighbours to k has it in its chain. A neighbour that another thread
    has brought to k meanwhile is given back what was taken from it.
    """
    for i in range(head + cuda.grid(1), tail, cuda.gridsize(1)):
        top, done = queue[i], 0
        link[top] = -1
        while top >= 0 and done < _CHASE:
            u = top
            top = link[u]
            done += 1
            for e in range(indptr[u], indptr[u + 1]):
                w = indices[e]
                if core[w] > k:
                    before = cuda.atomic.sub(core, w, 1)
                    if before == k + 1:
                        link[w] = top
                        top = w
                    elif before <= k:
                        cuda.atomic.add(core, w, 1)
        cuda.atomic.sub(cells, _LEFT, done)
        while top >= 0:
            queue[cuda.atomic.add(cells, _TAIL, 1)] = top
            top = link[top]


def shell_of_outsiders_cuda(
    indptr: Any, indices: Any, core: Any, blocks: int | None = None, threads: int = THREADS, most: int = LIST
) -> Any:
    """int64[n] on the device: what :func:`gpunet.kernels.cores_cpu.shell_of_outsiders` returns for 0..n-1.

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
    doubts, long, cells = (
        cuda.device_array(n, np.int32),
        cuda.device_array(n, np.int32),
        filled((2,), np.int32, 0, 1, 2),
    )
    _bound[grid, threads](*network, out, doubts, cells)
    join_alone[grid, threads](*network, doubts, min(most, LIST), out, long, cells)
    size = int(on_host(cells)[LONG])
    if size:
        supports, lists = most_that_fit(
            lambda fit: (filled((fit, n), np.int32, 0, blocks, threads), cuda.device_array((fit, 2, n), np.int32)),
            12 * n,
            min(size, blocks or BLOCKS),
        )
        join_together[supports.shape[0], threads](*network, long, size, supports, lists, out)
    return out


@kernel
def _bound(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    core: NDArray[np.int32],
    out: NDArray[np.int64],
    doubts: NDArray[np.int32],
    cells: NDArray[np.int32],
) -> None:
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
            doubts[cuda.atomic.add(cells, IN_DOUBT, 1)] = v


@device
def _h_index(v: int, indptr: NDArray[np.int64], indices: NDArray[np.int32], core: NDArray[np.int32]) -> int:
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
def _has(
    v: int, many: int, least: int, indptr: NDArray[np.int64], indices: NDArray[np.int32], core: NDArray[np.int32]
) -> bool:
    """Whether at least `many` neighbours of v have core numbers of `least` or more."""
    if many > indptr[v + 1] - indptr[v]:
        return False
    for e in range(indptr[v], indptr[v + 1]):
        if core[indices[e]] >= least:
            many -= 1
            if many == 0:
                return True
    return False
