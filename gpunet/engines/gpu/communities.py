"""Counts inside and around communities: :mod:`gpunet.kernels.cpu.communities` as array code for the device."""

from __future__ import annotations

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.tables.arrays import namespace, row_numbers, running_sum

__all__ = ["inner_degree", "out_members"]


def inner_degree(indptr: Int64, indices: Int32, community: Int32) -> Int64:
    """int64[n], neighbours in one's own community (0 where community < 0)."""
    own, other = _ends(indptr, indices, community)
    return _row_sums(indptr, (own >= 0) & (own == other))


def out_members(indptr: Int64, indices: Int32, community: Int32) -> Bool:
    """bool[n], whether a vertex of a community has a neighbour outside it."""
    own, other = _ends(indptr, indices, community)
    return _row_sums(indptr, (own >= 0) & (own != other)) > 0


def _row_sums(indptr: Int64, flags: Bool) -> Int64:
    xp = namespace(flags)
    running = running_sum(xp.astype(flags, xp.int64))
    return running[indptr[1:]] - running[indptr[:-1]]


def _ends(indptr: Int64, indices: Int32, community: Int32) -> tuple[Int32, Int32]:
    """The communities at both ends of every entry of the adjacency."""
    xp = namespace(indptr, indices, community)
    rows = row_numbers(indptr, indices.shape[0])
    return xp.take(community, rows, axis=0), xp.take(community, indices, axis=0)
