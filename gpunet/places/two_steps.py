"""Who stands within two steps of violence in the co-arrest network."""

from __future__ import annotations

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network, build_network
from gpunet.base.array_types import Bool, Int64
from gpunet.tables.arrays import row_numbers, to_host

__all__ = ["near_violence", "persons_near_violence"]


def near_violence(network: Network) -> Bool:
    """bool[n], whether somebody else who is violent is at most two steps away.

    The first step finds violent neighbours. Of two steps the one in the middle has a violent neighbour other than the
    vertex: all of its violent neighbours but the vertex itself, if that is violent.

    Examples
    --------
    >>> network = gpunet.network_from_edges([0, 1, 2], [1, 2, 3], 4, {"violent": [True, False, False, False]})
    >>> near_violence(network).tolist()
    [False, True, True, False]
    """
    violent = to_host(network.sets["violent"])
    indices = to_host(network.indices)
    row = row_numbers(to_host(network.indptr), len(indices))
    count = _sums(row, violent[indices], network.n)
    behind = count[indices] > violent[row]  # by way of this neighbour there is somebody else
    return (count > 0) | (_sums(row, behind, network.n) > 0)


def _sums(row: Int64, flags: Bool, n: int) -> Int64:
    """int64[n], how many flags are set in each row."""
    return np.bincount(row[flags], minlength=n)


def persons_near_violence(cut: Arrests) -> Bool:
    """bool[persons], whether somebody else with a violent arrest is within two steps, in the network of `cut`."""
    network = build_network(cut)
    assert network.person is not None  # it was made of arrests
    found = np.zeros(cut.n_persons, np.bool_)
    found[to_host(network.person)] = near_violence(network)
    return found
