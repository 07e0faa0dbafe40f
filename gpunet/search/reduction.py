"""Adding up what batches of searches find, in an order and in groups that depend on the network and the sets alone.

Consecutive batches make a *chunk*: their results are added to each other first, and then the chunk's sum to the total,
chunk after chunk. So the bits of a sum are the same for any number of threads, and for any number of workers of a
cluster, which are given whole chunks and send back one sum for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Bool
from gpunet.base.parallel import in_batches
from gpunet.base.progress import ProgressCallback
from gpunet.kernels.cpu.betweenness_lanes import forget_room
from gpunet.search.graph import SearchGraph

__all__ = [
    "Chunk",
    "Reducer",
    "RunningSums",
    "Spanned",
    "Work",
    "add_up",
    "chunks_of",
    "divided",
    "passing_over",
    "sum_of_chunk",
    "sums_of_chunks",
]

# Every chunk but the last is at least this share of the work. More chunks divide better over workers, but each sends
# the sums of all positions it touches; a position of a large block is touched by all of the block's chunks.
_MOST_CHUNKS = 256

# Nor is a chunk smaller than this, in positions times sources: about a tenth of a second. A cluster's task, which is
# one chunk or a few, costs some ten milliseconds of a core beside its work.
_LEAST_WEIGHT = 2e6


class Spanned(Protocol):
    """A batch of searches in the network of the positions ``first..last-1``."""

    @property
    def first(self) -> int:
        """The first position."""

    @property
    def last(self) -> int:
        """One more than the last position."""


#: What finds the result of one batch: an array [..., last - first, sets].
Work: TypeAlias = Callable[[SearchGraph, Any], NDArray[Any]]


class Reducer(Protocol):
    """Adds the results of all batches to ``total`` ([..., positions, sets]), chunk after chunk."""

    def __call__(
        self,
        work: Work,
        graph: SearchGraph,
        batches: Sequence[Spanned],
        weights: Sequence[float],
        total: NDArray[Any],
        stage: str,
        progress: ProgressCallback | None,
    ) -> None:
        """`weights` are the batches' shares of the work; `progress` is called under the name of `stage`."""


class RunningSums(Protocol):
    """Keeps a sum that grows chunk by chunk, so that it can go on where it was."""

    def resume(self, stage: str, graph: SearchGraph, chunks: Sequence[Chunk], total: NDArray[Any]) -> int:
        """Put what was kept of these chunks into `total`; return the number of the next one, 0 if nothing was."""

    def keep(self, stage: str, total: NDArray[Any], following: int) -> None:
        """Keep `total`, to which all chunks before number `following` have been added, if it is time to."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """The batches ``begin..end-1``, which touch the positions ``first..last-1`` and weigh `weight` together."""

    begin: int
    end: int
    first: int
    last: int
    weight: float


def chunks_of(batches: Sequence[Spanned], weights: Sequence[float]) -> list[Chunk]:
    """Divide the batches into chunks of about equal weight, in their order, which is that of blocks: largest first."""
    return divided(batches, weights, max(_LEAST_WEIGHT, sum(weights) / _MOST_CHUNKS))


def divided(
    batches: Sequence[Spanned],
    weights: Sequence[float],
    least_weight: float,
    blocks: Sequence[int] | None = None,
    least_blocks: int = 0,
) -> list[Chunk]:
    """Chunks of consecutive batches, each but the last of so much weight, and so many of the batches' `blocks`."""
    chunks: list[Chunk] = []
    begin, held, busy = 0, 0.0, 0
    for i, weight in enumerate(weights):
        held, busy = held + weight, busy + (0 if blocks is None else blocks[i])
        if (held >= least_weight and busy >= least_blocks) or i + 1 == len(batches):
            inside = batches[begin : i + 1]
            chunks.append(Chunk(begin, i + 1, min(b.first for b in inside), max(b.last for b in inside), held))
            begin, held, busy = i + 1, 0.0, 0
    return chunks


def _sum_of(results: Iterable[tuple[Spanned, NDArray[Any]]], first: int, last: int) -> NDArray[Any]:
    """The sum of a chunk from its batches with their results, as they come."""
    total: NDArray[Any] | None = None
    for batch, found in results:
        if total is None:
            total = np.zeros((*found.shape[:-2], last - first, found.shape[-1]), found.dtype)
        total[..., batch.first - first : batch.last - first, :] += found
    assert total is not None  # no chunk is empty
    return total


def sum_of_chunk(work: Work, graph: SearchGraph, batches: Sequence[Spanned], first: int, last: int) -> NDArray[Any]:
    """The sum of a chunk, on one thread: what a worker does."""
    try:
        return _sum_of(((batch, work(graph, batch)) for batch in batches), first, last)
    finally:
        forget_room()  # a worker's threads live on


def sums_of_chunks(
    sum_of: Callable[..., NDArray[Any]],
    work: Work,
    graph: SearchGraph,
    batches: Sequence[Spanned],
    chunks: Sequence[Chunk],
) -> list[NDArray[Any]]:
    """The sums of consecutive chunks, each by ``sum_of``, which takes what :func:`sum_of_chunk` does.

    `batches` are those of these chunks alone.
    """
    begin = chunks[0].begin
    return [sum_of(work, graph, batches[p.begin - begin : p.end - begin], p.first, p.last) for p in chunks]


def passing_over(reducer: Reducer, unsearched: Bool) -> Reducer:
    """A reducer that passes over batches of positions whose sums nobody asks for: bool[positions], true where not.

    The batches and chunks stay those of the whole graph, so every other sum has the bits that it would have. The sums
    of positions that are `unsearched` are meaningless.
    """

    def reduce(
        work: Work,
        graph: SearchGraph,
        batches: Sequence[Spanned],
        weights: Sequence[float],
        total: NDArray[Any],
        stage: str,
        progress: ProgressCallback | None,
    ) -> None:
        def asked_for(graph: SearchGraph, batch: Spanned) -> NDArray[Any]:
            if unsearched[batch.first : batch.last].all():
                return np.zeros((*total.shape[:-2], batch.last - batch.first, total.shape[-1]), total.dtype)
            return work(graph, batch)

        reducer(asked_for, graph, batches, weights, total, stage, progress)

    return reduce


def add_up(
    work: Work,
    graph: SearchGraph,
    batches: Sequence[Spanned],
    weights: Sequence[float],
    total: NDArray[Any],
    stage: str,
    progress: ProgressCallback | None,
    *,
    threads: int,
    sums: RunningSums | None = None,
) -> None:
    """Add the results of all batches to `total` on so many threads of this process; see :class:`Reducer`.

    With `sums` it goes on from what was kept, chunk by chunk; the order is the same, so every bit is.
    """
    chunks = chunks_of(batches, weights)
    done = 0 if sums is None else sums.resume(stage, graph, chunks, total)
    begin = chunks[done].begin if done < len(chunks) else len(batches)
    found = in_batches(
        lambda batch: work(graph, batch),
        batches[begin:],
        threads,
        stage=stage,
        weights=weights[begin:],
        progress=progress,
    )
    for number, chunk in enumerate(chunks[done:], done + 1):
        of_chunk = islice(found, chunk.end - chunk.begin)
        total[..., chunk.first : chunk.last, :] += _sum_of(of_chunk, chunk.first, chunk.last)
        if sums is not None:
            sums.keep(stage, total, number)
    for _ in found:  # the last call of progress
        pass
