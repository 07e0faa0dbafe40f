"""Chunks of searches for GPUs: what one GPU does at a time where several share the sources of a network.

The batches are those of :mod:`gpunet.search.graph` and :mod:`gpunet.search.samples`, and a chunk is a run of them, as
on the CPU. But a GPU searches from thousands of sources at once, so its chunks are larger, and the sources of a chunk
are put together again into groups of eight. Chunks follow from the batches alone, never from the number of GPUs or
their memory, and with them every bit of the sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from gpunet.engines.gpu.search_plan import SIZES, Collected, Plan, Sizes, Stops, add_leaving, add_shared
from gpunet.kernels.cuda.betweenness_workspace import Span
from gpunet.search.batches import Batch
from gpunet.search.graph import SearchGraph

__all__ = ["plan_part"]


def plan_part(graph: SearchGraph, batches: Sequence[Batch], sizes: Sizes = SIZES) -> Plan:
    """The groups of consecutive :meth:`gpunet.search.batches.shrinking_batches`."""
    stops, made, spans = Stops(graph), Collected(), []
    for first, last, together in _sharing_sums(batches, sizes.positions):
        before = made.count
        for (begin, last_time), run in groupby(together, lambda batch: (batch.first, batch.last_time)):
            if last_time:
                add_leaving(begin, np.sort(np.concatenate([batch.sources for batch in run])), stops, made)
            else:
                _add_staying(graph, list(run), stops, made)
        spans.append(Span(before, made.count, first, last))
    return made.plan(graph, stops, spans)


def _add_staying(graph: SearchGraph, batches: Sequence[Batch], stops: Stops, made: Collected) -> None:
    """Batches that begin at the same position, of one block's inner vertices or of a run of small blocks."""
    first, last = batches[0].first, batches[0].last
    at, sources = stops.up_to(first, last), np.concatenate([batch.sources for batch in batches])
    if last <= graph.start[np.searchsorted(graph.start, first, side="right")]:
        made.add(sources, first, last, last, at)
    else:
        add_shared(graph, sources, at - first, made)


def _sharing_sums(batches: Sequence[Batch], positions: int) -> Iterator[tuple[int, int, list[Batch]]]:
    """``(first, last, batches)`` of runs that share their sums: of one large block, or of small ones together."""
    most = max(positions, *(batch.last - batch.first for batch in batches))
    held: list[Batch] = []
    first = last = 0
    for batch in batches:
        if held and max(last, batch.last) - min(first, batch.first) > most:
            yield first, last, held
            held = []
        first = min(first, batch.first) if held else batch.first
        last = max(last, batch.last) if held else batch.last
        held.append(batch)
    yield first, last, held
