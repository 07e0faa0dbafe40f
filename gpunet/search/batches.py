"""The sources of a search graph in batches: what is searched from together, and in which part of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gpunet.base.array_types import Int32, Int64
from gpunet.base.parallel import spans
from gpunet.search.graph import SearchGraph

__all__ = ["Batch", "batches_of", "runs_of_blocks", "search_work", "shrinking_batches"]


@dataclass(frozen=True, eq=False)
class Batch:
    """Sources to search from, in the network of the positions ``first..last-1`` and the ties among these.

    `last_time` says that later batches do not have these sources any more: pairs with others count twice, for both
    their ends.
    """

    first: int
    last: int
    sources: Int32
    last_time: bool = False


def batches_of(graph: SearchGraph, sources: int) -> list[Batch]:
    """Whole blocks and at most `sources` of their vertices.

    A large block comes in several batches, of vertices near each other, small blocks together in one. Vertices
    without weight are no sources. The batches, and with them every sum, depend on the network and the sets alone.
    """
    runs = runs_of_blocks(_sources_per_block(graph), sources)
    return [batch for begin, end in runs for batch in _by_rank(graph, begin, end, sources)]


def shrinking_batches(graph: SearchGraph, sources: int) -> list[Batch]:
    """As :func:`batches_of`, but simplicial sources of a large block leave it when they have been searched from.

    They come last in their block, so that each batch's network is a shorter part of it.
    """
    batches: list[Batch] = []
    for begin, end in runs_of_blocks(_sources_per_block(graph), sources):
        batches += _shrinking(graph, begin, sources) if end == begin + 1 else _by_rank(graph, begin, end, sources)
    return batches


def search_work(batch: Batch) -> float:
    """Estimated work of a batch: a search a source, over the positions."""
    return float((batch.last - batch.first) * len(batch.sources))


def runs_of_blocks(sizes: Int64, most: int) -> Iterator[tuple[int, int]]:
    """``(begin, end)`` for runs of blocks whose `sizes` add up to at most `most`, or of a single block."""
    begin, held = 0, 0
    for block, here in enumerate(sizes.tolist()):
        if held == 0:
            begin = block  # blocks of no size are passed over
        if held and held + here > most:
            yield begin, block
            begin, held = block, 0
        held += here
    if held:
        yield begin, len(sizes)


def _sources_per_block(graph: SearchGraph) -> Int64:
    source = graph.weight.any(axis=1)
    return np.diff(np.concatenate([[0], np.cumsum(source)])[graph.start])


def _shrinking(graph: SearchGraph, b: int, size: int) -> list[Batch]:
    first, core, reach = int(graph.start[b]), int(graph.core[b]), int(graph.reach[b])
    sources = _sources(graph, b, b + 1)
    inner, simplicial = sources[sources < core], sources[sources >= core]
    batches = []
    for end in range(reach, core, -size):
        leaving = simplicial[(simplicial >= end - size) & (simplicial < end)]
        if len(leaving):
            batches.append(Batch(first, end, leaving, last_time=True))
    return batches + [Batch(first, core, inner[i:j]) for i, j in spans(len(inner), size)]


def _by_rank(graph: SearchGraph, begin: int, end: int, size: int) -> list[Batch]:
    sources = _sources(graph, begin, end)
    sources = sources[np.argsort(graph.bfs_rank[sources])]
    first, last = int(graph.start[begin]), int(graph.start[end])
    return [Batch(first, last, sources[i:j]) for i, j in spans(len(sources), size)]


def _sources(graph: SearchGraph, begin: int, end: int) -> Int32:
    first, last = int(graph.start[begin]), int(graph.start[end])
    return np.flatnonzero(graph.weight[first:last].any(axis=1)).astype(np.int32) + np.int32(first)
