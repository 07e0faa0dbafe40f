"""Parts of searches for the GPUs of a cluster: how large they are, and how a worker finds the sum of one.

The worker's side, :mod:`gpunet.engines.gpu.search_chunks`, is imported there alone, so that this process needs no CUDA.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from gpunet.cluster.gpu_worker import DEVICE_LOCK, Setup, engine_here
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Chunk, Spanned, divided

__all__ = ["chunks_for_gpus", "sum_on_gpu", "words_for"]

# Every chunk but the last keeps so many blocks of threads busy (two for each of an H200's 132 multiprocessors, nearly),
# is at least this share of the work, and does at least so many searches of a position. By the floor in
# docs/performance.md an H200 does these in a twentieth of a second, and a chunk costs some hundredths beside its work.
_BLOCKS = 256
_MOST_CHUNKS = 128
_LEAST_WEIGHT = 5e8


def chunks_for_gpus(batches: Sequence[Spanned], weights: Sequence[float], blocks: Sequence[int]) -> list[Chunk]:
    """Divide batches into chunks for GPUs, in their order; `blocks` says how many blocks of threads each keeps busy.

    Parts depend on the batches alone, so sums have the same bits for any number of GPUs.
    """
    return divided(batches, weights, max(_LEAST_WEIGHT, sum(weights) / _MOST_CHUNKS), blocks, _BLOCKS)


def words_for(sources: int) -> int:
    """As many words a vertex for so many sources that there are eight chunks or more, or one."""
    return next((words for words in (8, 4, 2) if sources >= 64 * words * _BLOCKS * 8), 1)


def sum_on_gpu(
    setup: Setup, work: Any, graph: SearchGraph, batches: Sequence[Any], first: int, last: int
) -> NDArray[Any]:  # fmt: skip
    """The sum of a chunk, on the GPU of the worker that this runs on; `work` is a name and options."""
    with DEVICE_LOCK:
        engine_here(setup)
        from gpunet.engines.gpu import search_chunks

        name, options = work
        found: NDArray[Any] = getattr(search_chunks, name)(graph, batches, first, last, **options)
    return found
