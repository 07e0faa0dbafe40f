"""Shortest paths from up to 64 sources at once: who stands at each distance, and which ties lead further out.

A vertex has one bit a source (MS-BFS, Then et al., VLDB 2014): a level goes twice over the ties of the vertices that
some source has just reached, whatever the number of sources. First bits are handed on; then, where a neighbour's new
bits are also the vertex's own, the tie lies on shortest paths from these sources, and each of them notes it. So every
source gets the ties of its shortest paths and no others, one level after another, and nothing that follows has to look
at a tie that leads nowhere.

Parameters of one name are the same in all functions here:

bits
    :class:`Bits`, what is known while searches go on; zero before and after but for `frontier`, `reached`.
paths
    :class:`Paths`, what is found.
count
    How many vertices the frontier has: ``bits.frontier[:count]``, reached at this level.
passed_on
    Whether these pass paths on only if they are `inner`: all but the sources do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gpunet.base.array_types import Bool, Int32, Int64, UInt64
from gpunet.kernels.jit import njit
from gpunet.kernels.path_lanes import lowest_bit

__all__ = ["AT_ONCE", "HEAD", "Bits", "Paths", "room_for_bits", "room_for_paths", "shortest_paths"]

#: Sources at once: bits of a word.
AT_ONCE = 64

#: The bits of a tie that are the end further out; the other end is in the bits above them.
HEAD = np.uint64(0xFFFFFFFF)

_ABOVE, _NEAR, _FAR = np.uint64(32), np.uint64(4), np.uint64(10)
_ONE = np.uint64(1)


class Bits(NamedTuple):
    """What is known of the vertices while searches go on.

    Attributes
    ----------
    seen, now, fresh, offered
        uint64[n], a bit a source: those that have reached a vertex, that did at this level, at the next one, and that
        neighbours offer for the next one.
    frontier, reached
        int32[n], the vertices of this level and of the next, ascending: what stands side by side is read side by side.
    near, far
        bool, whether one of 16, and of 1,024, vertices has an offer: where to look for the next level's.
    """

    seen: UInt64
    now: UInt64
    fresh: UInt64
    offered: UInt64
    frontier: Int32
    reached: Int32
    near: Bool
    far: Bool


class Paths(NamedTuple):
    """Vertices by distance and the ties of shortest paths, of each source.

    Attributes
    ----------
    order
        int32[sources, n], level after level: level d of source i is ``order[i, begin[i, d]:begin[i, d + 1]]``.
    begin
        int32[sources, n + 2].
    levels
        int64[sources], how many levels there are, that of the source itself included.
    ties
        uint64[sources, ties]: from level d, ``ties[i, tie_begin[i, d]:tie_begin[i, d + 1]]`` lead to d + 1: the vertex
        further out in the lower half of the bits, the nearer one above.
    tie_begin
        int32[sources, n + 2].
    """

    order: Int32
    begin: Int32
    levels: Int64
    ties: UInt64
    tie_begin: Int32


def room_for_bits(n: int) -> Bits:
    """Room for searches in a network of n vertices."""
    seen, now, fresh, offered = np.zeros((4, n), np.uint64)
    frontier, reached = np.empty((2, n), np.int32)
    near, far = np.zeros((n >> 4) + 1, np.bool_), np.zeros((n >> 10) + 1, np.bool_)
    return Bits(seen, now, fresh, offered, frontier, reached, near, far)


def room_for_paths(sources: int, n: int, ties: int) -> Paths:
    """Room for what so many sources find in a network of n vertices and so many ties. Memory comes when it is used."""
    return Paths(
        order=np.empty((sources, n), np.int32),
        begin=np.empty((sources, n + 2), np.int32),
        levels=np.empty(sources, np.int64),
        ties=np.empty((sources, ties), np.uint64),
        tie_begin=np.empty((sources, n + 2), np.int32),
    )


@njit
def shortest_paths(indptr: Int64, indices: Int32, inner: Bool, sources: Int32, bits: Bits, paths: Paths) -> None:
    """Search from at most ``AT_ONCE`` sources; the first rows of `paths` become theirs.

    The neighbours of v are ``indices[indptr[v]:indptr[v + 1]]``. ``inner`` (bool[n]) may be False for vertices that no
    shortest path leads through. Within a level vertices ascend, and ties by their nearer end, then as in the adjacency.
    """
    length = np.zeros(len(sources), np.int64)
    ties = np.zeros(len(sources), np.int64)
    count = _start(sources, bits, paths, length)
    passed_on = False
    while count > 0:
        _offer(indptr, indices, inner, count, passed_on, bits)
        count_next = _take(bits, paths.order, length)
        if count_next > 0:
            _note_ties(indptr, indices, inner, count, passed_on, bits, paths.ties, ties)
        _end_level(paths, length, ties)
        for i in range(count):
            bits.now[bits.frontier[i]] = 0
        # The next level becomes this one: what is listed in `reached`, with the bits in `fresh`.
        count, passed_on = count_next, True
        for i in range(count):
            w = bits.reached[i]
            bits.frontier[i] = w
            bits.now[w], bits.fresh[w] = bits.fresh[w], 0
    for i in range(len(sources)):
        for j in range(length[i]):
            bits.seen[paths.order[i, j]] = 0


@njit
def _start(sources: Int32, bits: Bits, paths: Paths, length: Int64) -> int:
    """Level 0, the sources themselves; returns how many vertices they are."""
    count = 0
    for i in range(len(sources)):
        s = np.int64(sources[i])
        if bits.seen[s] == 0:
            bits.frontier[count] = s
            count += 1
        bits.seen[s] |= _ONE << np.uint64(i)
        bits.now[s] = bits.seen[s]
        paths.order[i, 0] = s
        paths.begin[i, 0], paths.begin[i, 1] = 0, 1
        paths.tie_begin[i, 0] = 0
        paths.levels[i] = length[i] = 1
    return count


@njit
def _offer(indptr: Int64, indices: Int32, inner: Bool, count: int, passed_on: bool, bits: Bits) -> None:
    """Hand the frontier's bits on to its neighbours."""
    now, offered, near, far = bits.now, bits.offered, bits.near, bits.far
    for i in range(count):
        u = np.uint64(bits.frontier[np.uint64(i)])  # unsigned positions: Numba lets signed ones count from the end
        if passed_on and not inner[u]:
            continue
        here = now[u]
        for e in range(np.uint64(indptr[u]), np.uint64(indptr[u + _ONE])):
            w = np.uint64(indices[e])
            offered[w] |= here
            near[w >> _NEAR] = True
            far[w >> _FAR] = True


@njit
def _take(bits: Bits, order: Int32, length: Int64) -> int:
    """Keep the bits that are new to a vertex; each source appends it to its order. Returns how many have any."""
    count = int(np.int64(0))  # a literal would be a type of its own, for which Numba compiles again
    for group in range(len(bits.far)):
        if not bits.far[group]:
            continue
        bits.far[group] = False
        for part in range(group << 6, min((group + 1) << 6, len(bits.near))):
            if bits.near[part]:
                bits.near[part] = False
                count = _take_from(part << 4, min((part + 1) << 4, len(bits.seen)), count, bits, order, length)
    return count


@njit
def _take_from(first: int, last: int, count: int, bits: Bits, order: Int32, length: Int64) -> int:
    """As :func:`_take`, of the vertices ``first..last-1``, appended to the `count` that there are."""
    for w in range(np.uint64(first), np.uint64(last)):
        fresh = bits.offered[w] & ~bits.seen[w]
        bits.offered[w] = 0
        if fresh == 0:
            continue
        bits.seen[w] |= fresh
        bits.fresh[w] = fresh
        bits.reached[count] = w
        count += 1
        while fresh:
            source = lowest_bit(fresh)
            fresh &= fresh - _ONE
            at = np.uint64(length[source])
            order[source, at] = w
            length[source] = at + _ONE
    return count


@njit
def _note_ties(
    indptr: Int64, indices: Int32, inner: Bool, count: int, passed_on: bool, bits: Bits, ties: UInt64, found: Int64
) -> None:
    """Every source appends the ties that lead from the frontier to what it has just reached; `found` counts them."""
    now, fresh = bits.now, bits.fresh
    for i in range(count):
        u = np.uint64(bits.frontier[np.uint64(i)])
        if passed_on and not inner[u]:
            continue
        here = now[u]
        for e in range(np.uint64(indptr[u]), np.uint64(indptr[u + _ONE])):
            w = np.uint64(indices[e])
            common = here & fresh[w]
            while common:
                source = lowest_bit(common)
                common &= common - _ONE
                at = np.uint64(found[source])
                ties[source, at] = u << _ABOVE | w
                found[source] = at + _ONE


@njit
def _end_level(paths: Paths, length: Int64, ties: Int64) -> None:
    for i in range(len(length)):
        level = paths.levels[i]
        if length[i] > paths.begin[i, level]:
            paths.tie_begin[i, level] = ties[i]
            paths.begin[i, level + 1] = length[i]
            paths.levels[i] = level + 1
