"""The kernels that go through a network once or a few times: ties, neighbourhood, shells, tipping; beside the CPU's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.days import NO_DAY
from gpunet.base.parallel import in_batches, spans
from gpunet.kernels.cpu.cores import core_numbers, shell_of_outsiders
from gpunet.kernels.cpu.neighbourhood import hop_counts
from gpunet.kernels.cpu.ties import csr_from_ties, incident_pairs, reduce_pairs
from gpunet.kernels.cpu.tipping import tipping, tipping_without_own_seed
from gpunet.kernels.cuda.cores import shell_of_outsiders_cuda
from gpunet.kernels.cuda.neighbourhood import hop_counts_cuda
from gpunet.kernels.cuda.ties import csr_from_ties_cuda, incident_pairs_cuda, merge_pairs_cuda
from gpunet.kernels.cuda.tipping import tipping_cuda, tipping_without_own_seed_cuda
from gpunet.kernels.jit_cuda import on_device, on_host, synchronize
from scripts.on_gpu.engine import timed

__all__ = ["network_kernels"]

Arrays = tuple[NDArray[Any], ...]


def network_kernels(
    a: NDArray[np.int32], b: NDArray[np.int32], member: NDArray[np.bool_], threads: int, block: int
) -> Iterator[dict[str, Any]]:
    """A row for each kernel: whether its numbers are the CPU's, seconds of both, and bytes a second at least.

    Parameters
    ----------
    a, b
        The ties, ``a < b``, sorted.
    member
        bool[n, sets].
    threads, block
        Threads of the CPU, and of a block on the GPU.
    """
    n, sets = member.shape
    indptr, indices = csr_from_ties(a, b, n)
    bits = (member.astype(np.uint64) << np.arange(sets, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    seed = np.ascontiguousarray(member[:, 0] if sets else np.zeros(n, bool))
    core = core_numbers(indptr, indices, seed)
    rows, columns = on_device(indptr, np.int64), on_device(indices, np.int32)
    on_gpu = {each.dtype.name: on_device(each, each.dtype) for each in (bits, seed, core)}
    neighbours = 36 * len(indices)

    def over(work: Callable[[int, int], NDArray[Any]]) -> Arrays:
        """All vertices, shared out over threads."""
        parts = [part for _, part in in_batches(lambda span: work(*span), spans(n, 4096), threads)]
        return (np.concatenate(parts, axis=-1),)

    def tipped() -> Arrays:
        rank = tipping(indptr, indices, seed, 2)
        return over(lambda first, last: tipping_without_own_seed(indptr, indices, seed, rank, 2, first, last))

    def tipped_cuda() -> tuple[Any, ...]:
        rank = tipping_cuda(rows, columns, on_gpu["bool"], 2, None, block)
        return (tipping_without_own_seed_cuda(rows, columns, on_gpu["bool"], rank, 2, None, block),)

    yield _compared("ties", 100 * len(a), *_ties(a, b, n, block))
    yield _compared(
        "neighbourhood",
        900 * n * sets // 7,
        lambda: over(lambda first, last: hop_counts(indptr, indices, bits, sets, first, last)),
        lambda: (hop_counts_cuda(rows, columns, on_gpu["uint64"], sets, None, block),),
    )
    yield _compared(
        "shell",
        neighbours,
        lambda: over(lambda first, last: shell_of_outsiders(indptr, indices, core, first, last)),
        lambda: (shell_of_outsiders_cuda(rows, columns, on_gpu["int32"], None, block),),
    )
    yield _compared("tipping", neighbours, tipped, tipped_cuda)


def _ties(
    a: NDArray[np.int32], b: NDArray[np.int32], n: int, block: int
) -> tuple[Callable[[], Arrays], Callable[[], tuple[Any, ...]]]:
    """Every tie as an incident of two, twice: pairs, merged, and the adjacency; on the CPU and on the GPU."""
    both = np.tile(np.stack([a, b], axis=1), (2, 1))
    incidents, members = np.arange(0, both.size + 1, 2), both.ravel()
    first = np.arange(both.size, dtype=np.int32) % 1000
    begin, order = np.arange(len(both) + 1), np.argsort(a.astype(np.int64) * n + b, kind="stable")
    merged = np.stack([order, order + len(a)], axis=1).ravel()
    starts, by_b = np.arange(0, len(both), 2), np.argsort(b, kind="stable")

    def cpu() -> Arrays:
        key, *rest = incident_pairs(incidents, members, first, first, n, NO_DAY)
        return (*reduce_pairs(key, merged, *rest, NO_DAY), *csr_from_ties(a, b, n))

    def gpu() -> tuple[Any, ...]:
        pairs = incident_pairs_cuda(incidents, members, first, first, n, NO_DAY, begin, len(both), None, block)
        key, *rest = pairs
        ties = merge_pairs_cuda(key, merged, *rest, NO_DAY, starts, None, block)
        return (*ties, *csr_from_ties_cuda(a, b, n, by_b, None, block))

    return cpu, gpu


def _compared(name: str, moved: int, cpu: Callable[[], Arrays], gpu: Callable[[], tuple[Any, ...]]) -> dict[str, Any]:
    def to_the_end() -> tuple[Any, ...]:
        found = gpu()
        synchronize()
        return found

    cpu()  # compiles
    cpu_seconds, expected = timed(cpu)
    first, found = timed(to_the_end)
    equal = all(np.array_equal(on_host(mine), theirs) for mine, theirs in zip(found, expected, strict=True))
    best = min(timed(to_the_end)[0] for _ in range(3))
    return {
        "kernel": name, "equal": equal, "cpu_seconds": cpu_seconds, "first_seconds": first, "seconds": best,
        "least_bytes": moved, "bytes_a_second": moved / best,
    }  # fmt: skip
