"""Weighted sums of distances on a GPU: bit-parallel breadth-first search, a thread block a batch of sources.

The same sums as in :mod:`gpunet.kernels.cpu.closeness`: 64 sources are the bits of a word, a vertex has up to eight
words, and a level is one pass over the neighbours of the vertices that some source has just reached. Here vertices
that may be reached take their neighbours' bits, a thread a word, so that no word is written by two threads. Weights
are taken apart into binary digits, as on the CPU, and a thread counts the bits of a vertex for one set. All sums are
integers, so they are exact however batches are shared out; blocks add to one result.

A batch is searched in the network of the positions ``first..last-1`` of all that are on the device: one start of the
kernel does batches of different networks side by side. A block's workspace is, for each vertex of the largest of them,
24 bytes a word and 16 more: 21 MB for 100,000 vertices and eight words, so that 512 of them take 11 GB.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.kernels.cuda.closeness_search import LISTS, ROWS, search
from gpunet.kernels.jit_cuda import cuda, most_that_fit, on_device, on_host, synchronize, zeros

__all__ = ["BUSY", "WORDS", "Batches", "batches_of", "farness_cuda", "farness_of_batches", "words_for"]

#: Words of a vertex, at most.
WORDS = 8

#: The most blocks that run at once.
BLOCKS = 512

#: Batches that keep a device busy: sources take fewer words a batch until there are so many.
BUSY = 256

THREADS = 256

# Batches of a block that one start of the kernel does when somebody wants to know of the progress.
_TURNS_A_START = 2


def farness_cuda(
    indptr: Int64,
    indices: Int32,
    weight: Int64,
    inner: Bool,
    sources: Int32,
    first: int,
    last: int,
    words: int | None = None,
    threads: int = THREADS,
    blocks: int | None = None,
) -> Int64:
    """int64[last - first, sets]: what :func:`gpunet.kernels.cpu.closeness.farness_batch` returns, for any sources.

    Parameters
    ----------
    indptr, indices, weight, inner, sources, first, last
        As there, but there may be any number of sources. Much is gained from many: thousands.
    words
        A batch has 64 sources a word: a power of two; if not given, 1, 2, 4 or 8, so that there are batches enough.
    threads, blocks
        Threads of a block; and how many blocks run at once at most.

    Raises
    ------
    EngineError
        If the device's memory does not hold the workspace of a block.
    """
    n, sets = last - first, weight.shape[1]
    if indptr[first] == indptr[last] or not weight[sources].any():
        return np.zeros((n, sets), np.int64)
    words = words or words_for(len(sources))
    if words.bit_count() != 1:
        raise ValueError(f"the words of a vertex must be a power of two, not {words}")
    bounds = [(i, min(i + 64 * words, len(sources)), first, last) for i in range(0, len(sources), 64 * words)]
    batches = batches_of(weight, sources, np.array(bounds, np.int64).reshape(-1, 4), words)
    far = farness_of_batches(indptr, indices, inner, sets, batches, threads, blocks)
    return on_host(far).reshape(len(inner), sets)[first:last]


def words_for(sources: int, busy: int = BUSY) -> int:
    """As many words for so many sources that there are batches enough to keep a device busy, or one."""
    return next((words for words in (8, 4, 2) if sources >= 64 * words * busy), 1)


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches of at most ``64 * words`` sources.

    Attributes
    ----------
    words
        Words of a vertex.
    sources
        int32, all of them.
    bounds
        int64[batches, 4]: where a batch's sources begin and end (one batch after another, and all of them), and the
        network's first position and the one after its last.
    mask, digit, mask_begin
        Masks of the sources that have a binary digit in their weight: batch by batch, set by set, where there are any.
        Mask m is ``mask[words * m:words * (m + 1)]`` for the digit ``digit[m]``; those of batch b and set c are
        ``mask_begin[b * sets + c]..mask_begin[b * sets + c + 1] - 1``.
    """

    words: int
    sources: Int32
    bounds: Int64
    mask: UInt64
    digit: Int64
    mask_begin: Int64

    @property
    def vertices(self) -> int:
        """The most vertices of a network."""
        return int((self.bounds[:, 3] - self.bounds[:, 2]).max(initial=0))

    def block_bytes(self) -> int:
        """How many bytes of the device's memory a workspace takes."""
        return self.vertices * (8 * ROWS * self.words + 4 * LISTS)

    def workspaces(self, blocks: int) -> tuple[Any, Any]:
        """Rows and lists for so many blocks."""
        rows = cuda.device_array((blocks, ROWS, self.vertices * self.words), np.uint64)
        return rows, cuda.device_array((blocks, LISTS, self.vertices), np.int32)


def batches_of(weight: Int64, sources: Int32, bounds: Int64, words: int) -> Batches:
    """Make the masks of batches, see :class:`Batches`; ``weight`` is int64[positions, sets]."""
    count, sets = len(bounds), weight.shape[1]
    each = bounds[:, 1] - bounds[:, 0]
    slot = np.arange(len(sources)) + np.repeat(np.arange(count) * 64 * words - bounds[:, 0], each)
    digits = range(int(weight[sources].max(initial=0)).bit_length())
    masks = np.zeros((count, sets, len(digits), words), "<u8")
    held = np.zeros((count * 64 * words, sets), np.bool_)
    for d in digits:
        held[slot] = weight[sources] >> d & 1
        by_batch = held.reshape(count, 64 * words, sets).transpose(0, 2, 1)
        masks[:, :, d] = np.packbits(np.ascontiguousarray(by_batch), axis=2, bitorder="little").view("<u8")
    some = masks.any(axis=3)
    begin = np.zeros(count * sets + 1, np.int64)
    begin[1:] = np.cumsum(some.sum(axis=2).ravel())
    return Batches(words, sources, bounds, masks[some].ravel(), np.nonzero(some)[2].astype(np.int64), begin)


def farness_of_batches(
    indptr: Int64,
    indices: Int32,
    inner: Bool,
    sets: int,
    batches: Batches,
    threads: int = THREADS,
    blocks: int | None = None,
    done: Callable[[int], None] | None = None,
) -> Any:
    """int64[positions * sets], on the device: weighted sums of distances from the sources of all batches.

    `done` is called now and then with the number of batches that are done.

    Raises
    ------
    EngineError
        If the device's memory does not hold the workspace of a block.
    """
    count = len(batches.bounds)
    far = zeros(len(inner) * sets, np.int64)
    about = (
        on_device(indptr, np.int64), on_device(indices, np.int32), on_device(inner, np.bool_),
        on_device(batches.sources, np.int32), on_device(batches.bounds, np.int64), batches.words.bit_length() - 1, sets,
        on_device(batches.mask, np.uint64), on_device(batches.digit, np.int64), on_device(batches.mask_begin, np.int64),
    )  # fmt: skip
    if count:
        most = min(count, BLOCKS) if blocks is None else blocks
        rows, lists = most_that_fit(batches.workspaces, batches.block_bytes(), most)
        size = count if done is None else _TURNS_A_START * int(rows.shape[0])
        for start in range(0, count, size):
            stop = min(start + size, count)
            search[min(int(rows.shape[0]), stop - start), threads](*about, start, stop, rows, lists, far)
            if done is not None:
                synchronize()
                done(stop - start)
    synchronize()  # an error of these kernels is to be seen here
    return far
