"""Whether outsiders raise a core with them, searched around each: see :mod:`gpunet.kernels.cuda.cores`."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Int32, Int64
from gpunet.kernels.cuda.rows import lists
from gpunet.kernels.jit_cuda import cuda, device, kernel

__all__ = ["LIST", "LONG", "UNDECIDED", "join_alone", "join_together"]

#: The most candidates that a thread looks at by itself.
LIST = 32

#: Of the numbers in the device's memory: how many are undecided, and how many of them need a block.
UNDECIDED, LONG = range(2)

# Of the few numbers that a block's threads share: how many candidates there are, and how many of them fell out.
_FOUND, _FALLEN, _COUNTERS = range(3)


@kernel
def join_alone(
    indptr: Int64, indices: Int32, core: Int32, undecided: Int32, most: int, out: Int64, long: Int32, counters: Int32
) -> None:
    """A thread a vertex undecided: one more if it joins the next core; those with more than `most` are listed."""
    candidates = cuda.local.array(LIST, np.int32)
    for i in range(cuda.grid(1), counters[UNDECIDED], cuda.gridsize(1)):
        v = undecided[i]
        k = out[v] + 1
        size = _candidates_of(v, k, indptr, indices, core, candidates, most)
        if size > most:
            long[cuda.atomic.add(counters, LONG, 1)] = v
        elif _is_left(v, k, indptr, indices, core, candidates, size):
            out[v] = k


@device
def _candidates_of(v: int, k: int, indptr: Int64, indices: Int32, core: Int32, candidates: Int32, most: int) -> int:
    """List who could rise into the k-core with v, and return how many; ``most + 1`` if there are more than `most`."""
    if most < 1:
        return most + 1
    candidates[0] = v
    size, head = 1, 0
    while head < size:
        u = candidates[head]
        head += 1
        if not _is_hopeful(u, v, k, indptr, indices, core):
            continue
        for e in range(indptr[u], indptr[u + 1]):
            w = indices[e]
            if core[w] == k - 1 and not lists(candidates, size, w):
                if size == most:
                    return most + 1
                candidates[size] = w
                size += 1
    return size


@device
def _is_hopeful(u: int, v: int, k: int, indptr: Int64, indices: Int32, core: Int32) -> bool:
    """Whether k neighbours of u are, or may come to be, in the k-core; what rises is tied to v through such."""
    hopeful = 0
    for e in range(indptr[u], indptr[u + 1]):
        w = indices[e]
        if core[w] >= k - 1 or w == v:
            hopeful += 1
            if hopeful == k:
                return True
    return False


@device
def _is_left(v: int, k: int, indptr: Int64, indices: Int32, core: Int32, candidates: Int32, size: int) -> bool:
    """Take candidates with fewer than k neighbours in the k-core or the list off it, until v goes or nobody does."""
    fresh = True
    while fresh:
        fresh = False
        i = 0
        while i < size:
            u = candidates[i]
            support = 0
            for e in range(indptr[u], indptr[u + 1]):
                w = indices[e]
                if core[w] >= k or ((core[w] == k - 1 or w == v) and lists(candidates, size, w)):
                    support += 1
            if support >= k:
                i += 1
                continue
            if u == v:
                return False
            size -= 1
            candidates[i] = candidates[size]
            fresh = True
    return True


@kernel
def join_together(
    indptr: Int64,
    indices: Int32,
    core: Int32,
    long: Int32,
    n_long: int,
    supports: Int32,
    lists_of_blocks: Int32,
    out: Int64,
) -> None:
    """A block an undecided vertex. A candidate's support is 1 and its neighbours that count; before and after 0.

    Each neighbour that falls out takes 1 away, so that candidates never come to 0, and at k have fallen out.
    """
    counter = cuda.shared.array(_COUNTERS, np.int32)
    block = cuda.blockIdx.x
    tid, threads = cuda.threadIdx.x, cuda.blockDim.x
    support, found, fallen = supports[block], lists_of_blocks[block, 0], lists_of_blocks[block, 1]
    for i in range(block, n_long, cuda.gridDim.x):
        v = long[i]
        k = out[v] + 1
        if tid == 0:
            support[v] = 1
            found[0] = v
            counter[_FOUND] = 1
            counter[_FALLEN] = 0
        cuda.syncthreads()
        head, size = 0, 1
        while head < size:
            for j in range(head + tid, size, threads):
                if _is_hopeful(found[j], v, k, indptr, indices, core):
                    _find_around(found[j], k, indptr, indices, core, support, found, counter)
            cuda.syncthreads()
            head, size = size, counter[_FOUND]
            cuda.syncthreads()
        for j in range(tid, size, threads):
            _count_support(found[j], k, indptr, indices, core, support, fallen, counter)
        cuda.syncthreads()
        head, end, stays = 0, counter[_FALLEN], support[v] > k
        cuda.syncthreads()
        while head < end and stays:
            for j in range(head + tid, end, threads):
                _take_away(fallen[j], k, indptr, indices, support, fallen, counter)
            cuda.syncthreads()
            head, end, stays = end, counter[_FALLEN], support[v] > k
            cuda.syncthreads()
        if tid == 0 and stays:
            out[v] = k
        for j in range(tid, size, threads):
            support[found[j]] = 0
        cuda.syncthreads()


@device
def _find_around(
    u: int, k: int, indptr: Int64, indices: Int32, core: Int32, support: Int32, found: Int32, counter: Int32
) -> None:
    """List the neighbours of u in the (k-1)-shell, each once."""
    for e in range(indptr[u], indptr[u + 1]):
        w = indices[e]
        # Any order: a look that comes too early leaves it to the exchange.
        if core[w] == k - 1 and support[w] == 0 and cuda.atomic.exch(support, w, 1) == 0:
            found[cuda.atomic.add(counter, _FOUND, 1)] = w


@device
def _count_support(
    u: int, k: int, indptr: Int64, indices: Int32, core: Int32, support: Int32, fallen: Int32, counter: Int32
) -> None:
    """Count the neighbours of u in the k-core or among the candidates; list u if they are too few."""
    count = 1
    for e in range(indptr[u], indptr[u + 1]):
        w = indices[e]
        if core[w] >= k or support[w] != 0:  # any order: a candidate has 1 before it is counted, and more afterwards
            count += 1
    support[u] = count  # any order: see above
    if count <= k:
        fallen[cuda.atomic.add(counter, _FALLEN, 1)] = u


@device
def _take_away(u: int, k: int, indptr: Int64, indices: Int32, support: Int32, fallen: Int32, counter: Int32) -> None:
    """Let candidates around u, which has fallen out, do without it; list those that fall out for it."""
    for e in range(indptr[u], indptr[u + 1]):
        w = indices[e]
        # Any order: a candidate counts itself, so that its number stays above 0.
        if support[w] != 0 and cuda.atomic.sub(support, w, 1) == k + 1:
            fallen[cuda.atomic.add(counter, _FALLEN, 1)] = w
