"""Betweenness on a GPU: a thread block does eight neighbouring sources at a time, level by level.

The same sums as in :mod:`gpunet.kernels.cpu.betweenness`: a vertex has eight path counts side by side, one for each
source, or *lane*, and going back eight *slots*, each a lane with one of its sets, so that sources in few sets share
passes. Eight threads do a vertex, a thread a lane: each sums its neighbours' elements in the order of the
adjacency. Nothing is added atomically but places in lists, whose order changes no sum.

Every group of eight sources belongs to one of ``shares`` shares of its batch. A share has its own sum, to which its
groups add in their order, and the sums of shares are added in their order. So the bits of the result do not depend on
how many blocks run at once, which is what memory allows; a block of threads does a share after another. See
:class:`Workspace` for the memory. Groups in which a path count passes 2^900 are done again, after all the others, with
a binary exponent beside each count.

The network and all groups are on the device before the first batch begins (:class:`OnDevice`), what is found stays
there until the last one ends, and the host has nothing to do in between but to start kernels.

A group's reads are, each time a vertex is active, 64 bytes for each of its neighbours (two sectors of the device's
memory), and as much again for each eight slots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.kernels.cpu.betweenness import LIMIT
from gpunet.kernels.cuda.betweenness_search import add_sums, search
from gpunet.kernels.cuda.betweenness_steps import LANES
from gpunet.kernels.cuda.betweenness_workspace import (
    SHARES,
    THREADS,
    Groups,
    OnDevice,
    Span,
    Workspace,
    slots_of,
)
from gpunet.kernels.jit_cuda import on_device, on_host, synchronize, zeros

__all__ = ["TURNS", "dependencies_cuda", "sums_of_groups"]

#: Groups of a share that one start of the kernel does when somebody wants to know of the progress.
TURNS = 8


def dependencies_cuda(
    indptr: Int64,
    indices: Int32,
    source_weight: Float64,
    target_weight: Float64,
    copies: Float64,
    inner: Bool,
    sources: Int32,
    workspace: Workspace | None = None,
    threads: int = THREADS,
    limit: float = LIMIT,
) -> Float64:
    """float64[n, sets]: what :func:`gpunet.kernels.cpu.betweenness_lanes.dependencies_lanes` returns.

    A `workspace` for as many vertices and sums, or more, saves making one. Much is gained from many sources: thousands.
    ``threads`` (a multiple of 8) are those of a block and do not change a bit of the result; path counts beyond
    ``limit`` are done with exponents.

    Raises
    ------
    EngineError
        If the device's memory does not hold the workspace of a block.
    """
    n, sets = target_weight.shape
    if not n * sets or not len(sources):
        return np.zeros((n, sets))
    count = -(-len(sources) // LANES)
    nothing, end = np.zeros(count, np.int64), np.full(count, n, np.int64)
    source_begin = np.minimum(np.arange(count + 1, dtype=np.int64) * LANES, len(sources))
    groups = Groups(
        nothing,
        end,
        end,
        nothing,
        source_begin,
        sources.astype(np.int32),
        *slots_of(source_weight, source_begin),
        np.zeros(0),
    )
    if workspace is None:
        workspace = Workspace.make(n, n * sets, count, threads)
    network = OnDevice.take(indptr, indices, indptr[1:], target_weight, copies, inner)
    found = sums_of_groups(network, groups, [Span(0, count, 0, n)], workspace, threads, limit)
    return on_host(found).reshape(n, sets)


def sums_of_groups(
    network: OnDevice,
    groups: Groups,
    spans: Sequence[Span],
    workspace: Workspace,
    threads: int = THREADS,
    limit: float = LIMIT,
    done: Callable[[int], None] | None = None,
    shares: int = SHARES,
    turns: int = TURNS,
) -> Any:
    """What all groups add up to, on the device: float64[positions * sets], or twice as many for samples, sums first.

    Parameters
    ----------
    network, groups
        What to search.
    spans
        The batches. Their order and extent and `shares` fix every bit of the result, and nothing else does.
    workspace
        For the largest network and the largest batch at least.
    threads
        Of a block, a multiple of 8.
    limit
        Path counts beyond are done with exponents.
    done
        Called now and then with the number of groups that are done; without it, kernels are started ahead of the
        device's work.
    shares
        Sums that are kept apart.
    turns
        Groups of a share that one start of the kernel does where there is `done`.
    """
    sets = network.target_weight.shape[1]
    width = sets * (2 if len(groups.times) else 1)
    _check(groups, spans, width, workspace, threads)
    total = zeros(int(network.target_weight.shape[0]) * width, np.float64)
    over = zeros(len(groups), np.int32)
    about = (
        network.indptr, network.stops, network.indices, network.target_weight, network.copies, network.inner,
        *(on_device(array, array.dtype) for array in groups.arrays()),
    )  # fmt: skip
    everyone = np.arange(len(groups), dtype=np.int32)
    at_once = len(groups) if done is None else shares * turns
    for scaled in (False, True):
        todo = np.flatnonzero(on_host(over)).astype(np.int32) if scaled else everyone
        some = on_device(todo, np.int32)
        for span in spans:
            begin, end = np.searchsorted(todo, (span.begin, span.end)).tolist()
            where = (span.first, span.last - span.first)
            for share, blocks in _turns(min(end - begin, shares), workspace.blocks):
                for start, stop in _starts(begin, end, at_once):
                    search[blocks, threads](
                        *about, some, start, stop, share, shares, start == begin, *where, scaled, limit,
                        workspace.rows, workspace.marks, workspace.lists, workspace.sums, over,
                    )  # fmt: skip
                    if done is not None and not scaled:
                        synchronize()
                        done(sum(len(range(start + share + block, stop, shares)) for block in range(blocks)))
                cells = where[1] * width
                add_sums[-(-cells // threads), threads](workspace.sums, blocks, total, where[0] * width, cells)
    synchronize()  # an error of these kernels is to be seen here
    return total


def _check(groups: Groups, spans: Sequence[Span], width: int, workspace: Workspace, threads: int) -> None:
    vertices = int((groups.last - groups.first).max(initial=0))
    cells = max((span.last - span.first for span in spans), default=0) * width
    if workspace.vertices < vertices or workspace.cells < cells:
        raise ValueError(
            f"the workspace is for {workspace.vertices} vertices and {workspace.cells} sums, "
            f"not for {vertices} and {cells}"
        )
    if threads % LANES:
        raise ValueError(f"the threads of a block must be a multiple of {LANES}, not {threads}")


def _turns(shares: int, blocks: int) -> Iterator[tuple[int, int]]:
    """The shares that run at once: the first, and how many."""
    for first in range(0, shares, blocks):
        yield first, min(blocks, shares - first)


def _starts(begin: int, end: int, size: int) -> list[tuple[int, int]]:
    """Parts of ``begin..end-1`` for one start of the kernel each; every share goes on where it has stopped."""
    return [(i, min(i + size, end)) for i in range(begin, end, size)]
