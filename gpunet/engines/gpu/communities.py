"""Counts inside and around communities: :mod:`gpunet.kernels.cpu.communities` as array code for the device."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.tables.arrays import namespace, row_numbers, running_sum

__all__ = ["inner_degree", "out_members"]


def inner_degree(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], community: NDArray[np.int32]
) -> NDArray[np.int64]:  # fmt: skip
    """int64[n], neighbours in one's own community (0 where community < 0)."""
    own, other = _ends(indptr, indices, community)
    return _row_sums(indptr, (own >= 0) & (own == other))


def out_members(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], community: NDArray[np.int32]
) -> NDArray[np.bool_]:  # fmt: skip
    """bool[n], whether a vertex of a community has a neighbour outside it."""
    own, other = _ends(indptr, indices, community)
    return _row_sums(indptr, (own >= 0) & (own != other)) > 0


def _row_sums(indptr: NDArray[np.int64], flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    xp = namespace(flags)
    running = running_sum(xp.astype(flags, xp.int64))
    return running[indptr[1:]] - running[indptr[:-1]]


def _ends(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], community: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The communities at both ends of every entry of the adjacency."""
    xp = namespace(indptr, indices, community)
    rows = row_numbers(indptr, indices.shape[0])
    return xp.take(community, rows, axis=0), xp.take(community, indices, axis=0)
