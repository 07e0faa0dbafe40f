"""The device's memory: one pool for all libraries, what stages need of it, and what to do when it does not suffice.

Every library takes its memory from RMM's current resource: cuDF and cuGraph by themselves, CuPy and Numba since
:func:`set_up_memory`. That is CUDA's own stream-ordered pool, which joins pieces behind the scenes and gives unused
memory back to others in the process (XGBoost has no part in RMM), below a limit. The limit is known, and so is what
is taken, so that :func:`free_bytes` can say what is left; how much memory the device has free says little once there
is a pool.

What a stage needs is estimated from below: the arrays that it cannot do without. Whoever asks for more (a search on as
many workspaces as there is room for) takes what there is, and less after an error.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from gpunet.base.errors import ResourceError
from gpunet.config.pool_config import PoolConfig
from gpunet.engines.gpu.search_plan import Plan
from gpunet.kernels.cuda.betweenness_workspace import Workspace
from gpunet.kernels.cuda.closeness import Batches
from gpunet.kernels.jit_cuda import free_bytes, out_of_memory, synchronize, take_memory_from
from gpunet.search.graph import SearchGraph

__all__ = [
    "ADVICE",
    "check_fits",
    "free_bytes",
    "needed_by_betweenness",
    "needed_by_closeness",
    "needed_by_graph",
    "needed_by_network",
    "needed_by_path_features",
    "out_of_memory",
    "set_up_memory",
    "stage",
]

# The pool keeps this much of what it is allowed when nobody uses it, and gives the rest back.
_KEEP = 0.5

# Sizes of RMM's own pool must be multiples of this.
_ALIGNED = 256

#: What a user can do about a stage that does not fit, beside another engine.
ADVICE = {
    "read": "read fewer files at a time",
    "model": "read fewer files at a time",
    "network": "a lower cap on the size of incidents makes fewer ties",
    "betweenness": "ask for fewer sets",
    "closeness": "ask for fewer sets",
}


#: What :func:`set_up_memory` has made.
_POOLS: list[Any] = []


def set_up_memory(config: PoolConfig | None = None, *, adopt: bool = False) -> None:
    """Let all libraries take the device's memory from one pool, at most so much of what is free now.

    To be called before anything is on the device: Numba and CuPy keep what they have begun with. cuDF, when it is
    imported, lets both take their memory from RMM too, so it may come earlier or later. Again and again is as good as
    once.

    Parameters
    ----------
    config
        Kind and size of the pool; nine tenths of the free memory if None.
    adopt
        Keep a resource that somebody else, such as ``dask cuda worker``, has given RMM already, and only count what is
        taken from it: its owner has chosen it, and a second pool would find no memory.

    Raises
    ------
    ConfigError
        If the pool may grow to less than its size.
    """
    if _POOLS:
        return
    import cupy  # noqa: TID251  its allocator belongs to the pool
    import rmm.allocators.cupy
    import rmm.allocators.numba
    import rmm.mr

    config = config or PoolConfig()
    free, _ = rmm.mr.available_device_memory()
    size, limit = config.sizes(free)
    theirs = rmm.mr.get_current_device_resource() if adopt else None
    if theirs is None or isinstance(theirs, rmm.mr.CudaMemoryResource):
        upstream = _upstream(config, size, limit)
    else:  # a pool that holds memory already can hold that, and what it may still take
        held = int(theirs.pool_size()) if hasattr(theirs, "pool_size") else 0
        upstream, limit = theirs, held + free
    pool = rmm.mr.LimitingResourceAdaptor(upstream, limit)

    def free_of_pool() -> int:
        """Bytes that may still be taken; they need not be in one piece."""
        return max(limit - int(pool.get_allocated_bytes()), 0)

    rmm.mr.set_current_device_resource(pool)
    cupy.cuda.set_allocator(rmm.allocators.cupy.rmm_cupy_allocator)
    take_memory_from(rmm.allocators.numba.RMMNumbaManager, free_of_pool)
    _POOLS.append(pool)


def _upstream(config: PoolConfig, size: int, limit: int) -> Any:
    """The pool asked for; where CUDA has none of its own (some virtual GPUs), RMM's, which gives nothing back."""
    import rmm.mr

    if not config.rmm_async:
        managed = config.rmm_managed_memory
        below = rmm.mr.ManagedMemoryResource() if managed else rmm.mr.CudaMemoryResource()
        return _own_pool(below, size, limit)
    try:
        return rmm.mr.CudaAsyncMemoryResource(release_threshold=size if size < limit else int(limit * _KEEP))
    except RuntimeError:
        return _own_pool(rmm.mr.CudaMemoryResource(), limit // 2, limit)


def _own_pool(below: Any, begin: int, most: int) -> Any:
    import rmm.mr

    begin, most = (size // _ALIGNED * _ALIGNED for size in (begin, most))
    return rmm.mr.PoolMemoryResource(below, initial_pool_size=begin, maximum_pool_size=most)


def check_fits(name: str, needed: int) -> None:
    """Refuse a stage that needs more memory than there is.

    Raises
    ------
    EngineError
        With the bytes that are needed and free, and what to do.
    """
    if needed > free_bytes():
        gc.collect()  # what was before may hold memory still
    free = free_bytes()
    if needed > free:
        raise ResourceError(_too_little(name, f"needs at least {needed:,} bytes of GPU memory, and {free:,} are free"))


def _too_little(name: str, what: str) -> str:
    advice = f", or {ADVICE[name]}" if name in ADVICE else ""
    return f"{name} {what}: use a GPU with more memory, or --engine cpu{advice}"


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Wait at the end for all kernels started inside, so that their errors are the stage's own.

    Raises
    ------
    EngineError
        If the device had no memory for something inside.
    """
    try:
        yield
        synchronize()
    except Exception as error:
        if not out_of_memory(error):
            raise
        raise ResourceError(_too_little(name, f"ran out of GPU memory, with {free_bytes():,} bytes free")) from error


def needed_by_network(pairs: int, persons: int, ties: int) -> int:
    """Ties from the pairs of members of all incidents, before equal pairs are merged.

    A pair has its key, its weight and two days, in 24 bytes; while they are sorted, keys and order are there twice. A
    tie has 24 bytes too, and stands in the adjacency twice.
    """
    return pairs * (24 + 2 * 16) + ties * (24 + 2 * 4) + 8 * (persons + 1)


def needed_by_path_features(persons: int, ties: int, sets: int) -> int:
    """Neighbourhood, shell and tipping, whichever is the largest: the adjacency, a library's copy, and results."""
    adjacency = 8 * (persons + 1) + 2 * 4 * ties
    return 3 * adjacency + persons * (8 + 2 * 8 * sets)


def needed_by_graph(graph: SearchGraph) -> int:
    """What searches for betweenness need to have of a network; those for closeness need less."""
    positions, sets = (int(size) for size in graph.weight.shape)
    return _bytes(graph.indptr, graph.indices, graph.inner) + positions * 8 * (sets + 1)


def needed_by_betweenness(graph: SearchGraph, plan: Plan, rows: int = 1, *, placed: bool = False) -> int:
    """A network unless it is `placed`, all groups, their sums (so many rows of all sets a position), and one workspace.

    A workspace is that of a block of threads.
    """
    positions, sets = (int(size) for size in graph.weight.shape)
    network = 0 if placed else needed_by_graph(graph)
    groups = _bytes(plan.stops, *plan.groups.arrays()) + 8 * len(plan.groups)
    width = rows * sets
    return network + groups + positions * 8 * width + Workspace.block_bytes(plan.vertices, plan.cells(width))


def needed_by_closeness(graph: SearchGraph, batches: Batches, *, placed: bool = False) -> int:
    """A network unless it is `placed`, sources and their masks, sums, and the workspace of one block of threads."""
    network = 0 if placed else _bytes(graph.indptr, graph.indices, graph.inner)
    given = _bytes(batches.sources, batches.bounds, batches.mask, batches.digit, batches.mask_begin)
    return network + given + graph.weight.nbytes + batches.block_bytes()


def _bytes(*arrays: NDArray[Any]) -> int:
    return sum(array.nbytes for array in arrays)
