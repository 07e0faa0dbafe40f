"""Adding up what batches of searches find, in an order and in groups that depend on the network and the sets alone.

Consecutive batches make a *part*: their results are added to each other first, and then the part's sum to the total,
part after part. So the bits of a sum are the same for any number of threads, and for any number of workers of a
cluster, which are given whole parts and send back one sum for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gpunet.parallel import in_batches
from gpunet.progress import ProgressCallback

if TYPE_CHECKING:
    from gpunet.checkpoints import RunningSums
    from gpunet.features.layout import Layout

__all__ = ["Adder", "Part", "Spanned", "Work", "add_up", "parts_of", "sum_of_part", "sums_of_parts"]

# Every part but the last is at least this share of the work. More parts divide better over workers, but each sends the
# sums of all positions it touches; a position of a large block is touched by all of the block's parts.
_MOST_PARTS = 256

# Nor is a part smaller than this, in positions times sources: about a tenth of a second. A cluster's task, which is one
# part or a few, costs some ten milliseconds of a core beside its work.
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
Work: TypeAlias = Callable[["Layout", Any], NDArray[Any]]


class Adder(Protocol):
    """Adds the results of all batches to ``total`` ([..., positions, sets]), part after part."""

    def __call__(
        self,
        work: Work,
        layout: Layout,
        batches: Sequence[Spanned],
        weights: Sequence[float],
        total: NDArray[Any],
        stage: str,
        progress: ProgressCallback | None,
    ) -> None:
        """`weights` are the batches' shares of the work; `progress` is called under the name of `stage`."""


@dataclass(frozen=True, eq=False)
class Part:
    """The batches ``begin..end-1``, which touch the positions ``first..last-1`` and weigh `weight` together."""

    begin: int
    end: int
    first: int
    last: int
    weight: float


def parts_of(batches: Sequence[Spanned], weights: Sequence[float]) -> list[Part]:
    """Divide the batches into parts of about equal weight, in their order, which is that of blocks: largest first."""
    enough = max(_LEAST_WEIGHT, sum(weights) / _MOST_PARTS)
    parts: list[Part] = []
    begin, held = 0, 0.0
    for i, weight in enumerate(weights):
        held += weight
        if held >= enough or i + 1 == len(weights):
            inside = batches[begin : i + 1]
            parts.append(Part(begin, i + 1, min(b.first for b in inside), max(b.last for b in inside), held))
            begin, held = i + 1, 0.0
    return parts


class _Sum:
    """The sum of a part as its batches come."""

    def __init__(self, first: int, last: int) -> None:
        self._first, self._size = first, last - first
        self._sum: NDArray[Any] | None = None

    def add(self, batch: Spanned, found: NDArray[Any]) -> None:
        if self._sum is None:
            self._sum = np.zeros((*found.shape[:-2], self._size, found.shape[-1]), found.dtype)
        self._sum[..., batch.first - self._first : batch.last - self._first, :] += found

    def value(self) -> NDArray[Any]:
        assert self._sum is not None  # no part is empty
        return self._sum


def sum_of_part(work: Work, layout: Layout, batches: Sequence[Spanned], first: int, last: int) -> NDArray[Any]:
    """The sum of a part, on one thread: what a worker does."""
    held = _Sum(first, last)
    for batch in batches:
        held.add(batch, work(layout, batch))
    return held.value()


def sums_of_parts(
    sum_of: Callable[..., NDArray[Any]], work: Work, layout: Layout, batches: Sequence[Spanned], parts: Sequence[Part]
) -> list[NDArray[Any]]:
    """The sums of consecutive parts, each by ``sum_of``, which takes what :func:`sum_of_part` does.

    `batches` are those of these parts alone.
    """
    begin = parts[0].begin
    return [sum_of(work, layout, batches[p.begin - begin : p.end - begin], p.first, p.last) for p in parts]


def add_up(
    work: Work,
    layout: Layout,
    batches: Sequence[Spanned],
    weights: Sequence[float],
    total: NDArray[Any],
    stage: str,
    progress: ProgressCallback | None,
    *,
    threads: int,
    sums: RunningSums | None = None,
) -> None:
    """Add the results of all batches to `total` on so many threads of this process; see :class:`Adder`.

    With `sums` it goes on from what was kept, part by part; the order is the same, so every bit is.
    """
    parts = parts_of(batches, weights)
    done = 0 if sums is None else sums.resume(stage, total, len(parts))
    begin = parts[done].begin if done < len(parts) else len(batches)
    found = in_batches(
        lambda batch: work(layout, batch),
        batches[begin:],
        threads,
        stage=stage,
        weights=weights[begin:],
        progress=progress,
    )
    for number, part in enumerate(parts[done:], done + 1):
        held = _Sum(part.first, part.last)
        for _ in range(part.begin, part.end):
            held.add(*next(found))
        total[..., part.first : part.last, :] += held.value()
        if sums is not None:
            sums.keep(stage, total, len(parts), number)
    for _ in found:  # the last call of progress
        pass
