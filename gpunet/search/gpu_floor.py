"""What betweenness and closeness cost an NVIDIA GPU at least: counted, never measured.

Searches on a GPU wait for memory. So the floor is the bytes that the kernels must move, over what an H200's memory
moves a second; docs/performance.md has the account of the bytes, level by level, and what may keep a GPU from it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.kernels.cpu.simplicial import rows_within
from gpunet.search.graph import SearchGraph

__all__ = ["GPU", "GpuFloor", "bytes_moved", "gpu_floor"]

GPU = "NVIDIA H200"

_BYTES_A_SECOND = 4.8e12

# Sources of a group, which are searched from together, and of a batch of closeness.
_LANES, _WORD = 8, 64

# Means over the synthetic networks of 100,000 and a million persons: levels at which a vertex is active for a group,
# levels at which it may be reached, and passes back, with seven sets.
_ACTIVE, _REACHABLE, _PASSES = 3.65, 5.6, 2.85

# Bytes that a group moves for a position, and for an entry of the adjacency: forward (its row, and 160 bytes to reach
# it and 64 to clear it at each level; 40 where it may be reached), and in each pass back (237, 32 of an inner one, and
# two rows of 64). The two networks' own counts are met within a tenth.
_POSITION_BYTES = _ACTIVE * (64 + 160 + 64) + _REACHABLE * 40 + _PASSES * _ACTIVE * (237 + 32 + 128)
_ENTRY_BYTES = _ACTIVE * 8 + _REACHABLE * 4 + _PASSES * _ACTIVE * 4

_CLOSENESS_BYTES = 1850  # of a position, in each batch

# As gpunet.kernels.cuda.betweenness_workspace takes memory: blocks of threads that run side by side at most, and bytes
# of each for a position of the largest block, with what a set adds.
_MOST_WORKSPACES, _WORKSPACE_BYTES, _SET_BYTES = 512, 364, 8


@dataclass(frozen=True)
class GpuFloor:
    """The least that exact betweenness and closeness of one network cost one GPU.

    Attributes
    ----------
    bytes_moved
        Between the GPU's memory and its processors.
    seconds
        What an H200 needs to move them: no search is faster, and real ones are slower.
    memory_bytes
        Of the GPU's memory, to run as many searches side by side as the kernels can; with less they run in turns.
    """

    bytes_moved: int
    seconds: float
    memory_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def gpu_floor(graph: SearchGraph) -> GpuFloor:
    """Count what a GPU must move for a search graph.

    Examples
    --------
    >>> import gpunet
    >>> from gpunet.features.pairs import Blocks, PairWork
    >>> ring = gpunet.network_from_edges([0, 1, 2, 3, 4], [1, 2, 3, 4, 0], 5)
    >>> gpu_floor(PairWork(Blocks(ring), ("all",)).graph).bytes_moved
    37207
    """
    betweenness, closeness = bytes_moved(graph)
    moved = betweenness + closeness
    side_by_side = min(int(sum(groups.sum() for groups in _groups(graph))), _MOST_WORKSPACES)
    position = _WORKSPACE_BYTES + _SET_BYTES * graph.weight.shape[1]
    held = sum(array.nbytes for array in (graph.indptr, graph.indices, graph.weight))
    return GpuFloor(
        bytes_moved=int(float(f"{moved:.5g}")),  # the last bits of a sum may differ between machines
        seconds=float(f"{moved / _BYTES_A_SECOND:.4g}"),
        memory_bytes=held + side_by_side * position * int(np.diff(graph.start).max(initial=0)),
    )


def bytes_moved(graph: SearchGraph) -> tuple[float, float]:
    """What betweenness must move, and what closeness, by the counts above."""
    first, whole = graph.start[:-1], graph.start[1:]
    inner = _bytes(graph, first, graph.core)
    leaving = (inner + _bytes(graph, first, graph.reach)) / 2  # each leaves when it has been searched from
    inner_groups, leaving_groups = _groups(graph)
    batches = np.ceil(_within(_sources(graph), first, whole) / _WORD)
    return (
        float((inner_groups * inner + leaving_groups * leaving).sum()),
        float((batches * (whole - first) * _CLOSENESS_BYTES).sum()),
    )


def _sources(graph: SearchGraph) -> Bool:
    return np.asarray((graph.weight > 0).any(axis=1))


def _groups(graph: SearchGraph) -> tuple[Float64, Float64]:
    """Groups of the inner sources of each block, and of those that leave it."""
    source = _sources(graph)
    return (
        np.ceil(_within(source, graph.start[:-1], graph.core) / _LANES),
        np.ceil(_within(source, graph.core, graph.reach) / _LANES),
    )


def _bytes(graph: SearchGraph, first: Int64, last: Int64) -> Float64:
    """What a group moves in the network of the positions from `first` to `last`, of each block."""
    entries = [
        int((rows_within(graph.indptr, graph.indices, begin, end) - graph.indptr[begin:end]).sum())
        for begin, end in zip(first.tolist(), last.tolist(), strict=True)
    ]
    return (last - first) * _POSITION_BYTES + np.array(entries, np.float64) * _ENTRY_BYTES


def _within(source: Bool, first: Int64, last: Int64) -> Int64:
    upto = np.concatenate([[0], np.cumsum(source)]).astype(np.int64)
    return np.asarray(upto[last] - upto[first])
