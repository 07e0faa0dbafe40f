"""Batches over threads, with results in the order of the batches.

Kernels release the GIL, so plain threads do. The caller fixes the batches without looking at the number of threads
and adds results up as they come, in order: so every bit of a sum is the same for any number of threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from gpunet.base.progress import ProgressCallback
from gpunet.base.stopping import raise_if_stopped

__all__ = ["in_batches", "spans"]

T = TypeVar("T")
B = TypeVar("B")


def spans(n: int, size: int) -> list[tuple[int, int]]:
    """``(first, last)`` for consecutive spans of at most `size` that cover 0..n-1."""
    return [(i, min(i + size, n)) for i in range(0, n, size)]


def in_batches(
    work: Callable[[B], T],
    batches: Sequence[B],
    threads: int,
    *,
    stage: str = "",
    weights: Sequence[float] | None = None,
    progress: ProgressCallback | None = None,
) -> Iterator[tuple[B, T]]:
    """Yield ``(batch, work(batch))`` in the order of `batches`, computing at most ``threads + 2`` ahead.

    After a signal (:mod:`gpunet.base.stopping`) the batches in work are finished, and nothing new is begun.

    `weights` are the batches' shares of the work for `progress`, equal if not given.
    """
    shares = [1.0] * len(batches) if weights is None else [float(w) for w in weights]
    total, done = sum(shares), 0.0
    if progress is not None:
        progress(stage, 0.0, total)
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            submitted = 0
            for i, batch in enumerate(batches):
                raise_if_stopped()
                while submitted < len(batches) and len(pending) < threads + 2:
                    pending.append(pool.submit(work, batches[submitted]))
                    submitted += 1
                yield batch, pending.popleft().result()
                done += shares[i]
                if progress is not None:
                    progress(stage, total if i + 1 == len(batches) else done, total)
        finally:
            for future in pending:
                future.cancel()
