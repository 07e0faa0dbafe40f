"""Which sources a GPU searches from together, and in which part of the network: groups of eight, in large batches.

The CPU divides a network into many batches, so that threads have something to share. A GPU wants the opposite: a block
of the network, or many small ones, is one batch, with thousands of groups. What a batch is depends on the network and
the sets alone, never on the device or its free memory, and with it every bit of the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Int32, Int64
from gpunet.kernels.cpu.simplicial import rows_within
from gpunet.kernels.cuda.betweenness import TURNS
from gpunet.kernels.cuda.betweenness_workspace import LANES, SHARES, THREADS, Groups, Span, slots_of
from gpunet.kernels.cuda.closeness import BUSY
from gpunet.search.batches import Batch, batches_of, runs_of_blocks
from gpunet.search.graph import SearchGraph
from gpunet.search.samples import bounds_of_region, region_of

__all__ = [
    "SIZES",
    "Collected",
    "Plan",
    "Sizes",
    "Stops",
    "add_leaving",
    "add_shared",
    "bounds_of",
    "plan_closeness",
    "plan_dependencies",
    "plan_samples",
]


@dataclass(frozen=True)
class Sizes:
    """How searches are divided. The host gives them to kernels: a constant that a kernel reads is compiled into it.

    Attributes
    ----------
    positions
        Small blocks share a batch up to so many, or as many as the largest block has: blocks of threads each keep the
        sums of a batch, and these should be no more than what the largest block needs anyway.
    own_groups
        Blocks with fewer sources share groups with others, and nobody leaves them.
    shares
        Sums of a batch that are kept apart, and the most blocks of threads that run at once. The bits of betweenness
        depend on these three.
    steps
        Simplicial sources leave a block in so many, as far as the ends of rows are concerned: rows may be read a little
        too far, which costs time but changes nothing.
    threads
        Of a block, a multiple of 8.
    turns
        Groups of a share that one start of a kernel does if somebody wants to know of the progress.
    busy
        Batches of closeness that keep a device busy: with fewer, they are made smaller.
    """

    positions: int = 1 << 15
    own_groups: int = 64
    shares: int = SHARES
    steps: int = 8
    threads: int = THREADS
    turns: int = TURNS
    busy: int = BUSY


#: As they are for a device.
SIZES = Sizes()


@dataclass(frozen=True, eq=False)
class Plan:
    """What :func:`gpunet.kernels.cuda.betweenness.sums_of_groups` does for a graph.

    Attributes
    ----------
    groups
        The groups, batch by batch.
    stops
        int64: ends of rows, of the whole network or of the parts of it that groups are searched in.
    spans
        The batches.
    """

    groups: Groups
    stops: Int64
    spans: list[Span]

    @property
    def most_groups(self) -> int:
        """The most groups of a batch."""
        return max((span.end - span.begin for span in self.spans), default=0)

    @property
    def vertices(self) -> int:
        """The most vertices of a network that a group is searched in."""
        return int((self.groups.last - self.groups.first).max(initial=0))

    def cells(self, width: int) -> int:
        """The most numbers of a batch's sums, of so many a position."""
        return max((span.last - span.first for span in self.spans), default=0) * width


@dataclass
class Stops:
    """Ends of rows, for the whole network and for parts of it."""

    graph: SearchGraph
    parts: list[Int64] = field(default_factory=list)
    size: int = 0

    @classmethod
    def with_whole(cls, graph: SearchGraph) -> Stops:
        """With those of the whole network first."""
        stops = cls(graph)
        stops._add(graph.indptr[1:])
        return stops

    def up_to(self, first: int, last: int) -> int:
        """Where those of the rows ``first..last-1`` among these positions stand."""
        at = self.size
        self._add(rows_within(self.graph.indptr, self.graph.indices, first, last))
        return at

    def _add(self, part: Int64) -> None:
        self.parts.append(part)
        self.size += len(part)


class Collected:
    """Groups as they are made."""

    def __init__(self) -> None:
        self._bounds = [np.zeros((0, 5), np.int64)]
        self._sources = [np.zeros(0, np.int32)]
        self.count = 0

    def add(
        self, sources: Int32, first: Int64 | int, last: Int64 | int, halved: Int64 | int, stops: Int64 | int
    ) -> None:
        """Add the groups of each eight of the sources."""
        each = np.full(-(-len(sources) // LANES), LANES)
        each[-1] -= -len(sources) % LANES
        self._bounds.append(np.stack(np.broadcast_arrays(first, last, halved, stops, each), axis=1))
        self._sources.append(sources)
        self.count += len(each)

    def columns(self) -> tuple[NDArray[Any], ...]:
        """The first fields of :class:`Groups`, up to the sources."""
        bounds, source = np.concatenate(self._bounds), np.concatenate(self._sources)
        begin = np.zeros(len(bounds) + 1, np.int64)
        begin[1:] = np.cumsum(bounds[:, 4])
        return *(np.ascontiguousarray(bounds[:, i]) for i in range(4)), begin, source

    def plan(self, graph: SearchGraph, stops: Stops, spans: list[Span]) -> Plan:
        """Sources that count for all their sets."""
        first, last, halved, stop, begins, sources = self.columns()
        # Who leaves counts for both ends of its pairs, and halves the target weights of those that leave with it.
        both = np.repeat(np.where(halved < last, 2.0, 1.0), np.diff(begins))
        slots = slots_of(graph.weight[sources] * both[:, None], begins)
        groups = Groups(first, last, halved, stop, begins, sources, *slots, np.zeros(0))
        return Plan(groups, np.concatenate([np.zeros(0, np.int64), *stops.parts]), spans)


def plan_dependencies(graph: SearchGraph, sizes: Sizes = SIZES) -> Plan:
    """All sources of a graph.

    Simplicial sources of a block leave it in groups: a group sees the positions before its own last source, and counts
    its pairs with others for both ends, as :meth:`gpunet.search.batches.shrinking_batches` does.
    """
    source = np.flatnonzero(graph.weight.any(axis=1)).astype(np.int32)
    upto = np.searchsorted(source, graph.start)
    stops, made, spans = Stops.with_whole(graph), Collected(), []
    size = np.diff(graph.start)
    for begin, end in runs_of_blocks(size, max(sizes.positions, int(size.max(initial=0)))):
        before = made.count
        small: list[Int32] = []
        for block in range(begin, end):
            here = source[upto[block] : upto[block + 1]]
            if len(here) < sizes.own_groups:
                small.append(here)
            else:
                _add_shared(graph, small, made)
                small = []
                _add_own(graph, block, here, stops, made, sizes.steps)
        _add_shared(graph, small, made)
        if made.count > before:
            spans.append(Span(before, made.count, int(graph.start[begin]), int(graph.start[end])))
    return made.plan(graph, stops, spans)


def _add_own(graph: SearchGraph, block: int, sources: Int32, stops: Stops, made: Collected, steps: int) -> None:
    """Groups of a block that shares none: inner sources search the inner network, then the others leave."""
    first, core = int(graph.start[block]), int(graph.core[block])
    inner, leaving = sources[sources < core], sources[sources >= core]
    if len(inner):
        made.add(inner, first, core, core, stops.up_to(first, core))
    size = -(-len(leaving) // (steps * LANES)) * LANES
    for i in range(0, len(leaving), max(size, 1)):
        add_leaving(first, leaving[i : i + size], stops, made)


def add_leaving(first: int, sources: Int32, stops: Stops, made: Collected) -> None:
    """Groups of simplicial sources, ascending, of the block that begins at `first`, which leave it eight by eight."""
    leaving = sources.astype(np.int64)
    begins = leaving[::LANES]
    ends = np.append(leaving[LANES - 1 :: LANES], leaving[-1])[: len(begins)] + 1
    made.add(sources, first, ends, begins, stops.up_to(first, int(ends[-1])))


def _add_shared(graph: SearchGraph, blocks: list[Int32], made: Collected) -> None:
    """Groups of consecutive blocks with few sources each."""
    sources = np.concatenate([np.zeros(0, np.int32), *blocks])
    if len(sources):
        add_shared(graph, sources[np.argsort(graph.bfs_rank[sources])], 0, made)


def add_shared(graph: SearchGraph, sources: Int32, whole: int, made: Collected) -> None:
    """Groups of sources of several blocks, in their turn; `whole` is where the stops of position 0 would stand."""
    at = np.searchsorted(graph.start, sources, side="right") - 1
    first = graph.start[at[::LANES]]
    last = graph.start[np.append(at[LANES - 1 :: LANES], at[-1])[: len(first)] + 1]
    made.add(sources, first, last, last, first + whole)


def plan_samples(graph: SearchGraph, pairs: Int64, times: Int64) -> Plan:
    """Pairs of drawn sources, four of a region to a group; see :func:`gpunet.search.samples.add_samples`.

    Slots 2k and 2k + 1 of a group are the sources of its pair k. Where there is no second one, the first takes its
    place and counts 0.
    """
    region = region_of(graph)[pairs[:, 0]]  # ascends, as the pairs do
    cuts = [0, *(np.flatnonzero(np.diff(region)) + 1).tolist(), len(pairs)] if len(pairs) else []
    source = np.where(pairs[:, :2] >= 0, pairs[:, :2], pairs[:, :1])
    source_weight = np.zeros((len(pairs), 2))
    stops, made, spans = Stops(graph), Collected(), []
    for begin, end in pairwise(cuts):
        here = slice(begin, end)
        block, simplicial = divmod(int(region[begin]), 2)
        first, last = bounds_of_region(graph, int(region[begin]))
        # A simplicial source takes its pairs with inner ones from both ends: all targets count half but theirs.
        halved = int(graph.core[block]) if simplicial else last
        weight = graph.weight[first:last].astype(np.float64)
        weight[halved - first :] /= 2
        column = pairs[here, 2:]
        source_weight[here] = 1 / (weight.sum(axis=0)[column] - weight[source[here] - first, column])
        spans.append(Span(made.count, made.count - (-2 * (end - begin) // LANES), first, last))
        made.add(source[here].ravel().astype(np.int32), first, last, halved, stops.up_to(first, last))
    source_weight[pairs[:, 1] < 0, 1] = 0.0
    first_of, last_of, halved_of, stop, begins, sources = made.columns()
    lane = np.arange(len(sources)) - np.repeat(begins[:-1], np.diff(begins))
    slots = begins, lane.astype(np.int32), np.repeat(pairs[:, 2], 2).astype(np.int32), source_weight.ravel()
    groups = Groups(first_of, last_of, halved_of, stop, begins, sources, *slots, times.astype(np.float64))
    return Plan(groups, np.concatenate([np.zeros(0, np.int64), *stops.parts]), spans)


def plan_closeness(graph: SearchGraph, words: int) -> tuple[Int32, Int64]:
    """Sources, batch by batch, and int64[batches, 4]: see :class:`gpunet.kernels.cuda.closeness.Batches`.

    A batch has at most ``64 * words`` sources: part of a block's, or those of a run of small blocks.
    """
    return bounds_of(batches_of(graph, 64 * words))


def bounds_of(batches: Sequence[Batch]) -> tuple[Int32, Int64]:
    """The same for given batches."""
    bounds = np.zeros((len(batches), 4), np.int64)
    bounds[:, 1] = np.cumsum([len(batch.sources) for batch in batches])
    bounds[1:, 0] = bounds[:-1, 1]
    for i, batch in enumerate(batches):
        bounds[i, 2:] = batch.first, batch.last
    return np.concatenate([np.zeros(0, np.int32), *(batch.sources for batch in batches)]), bounds
