"""What can be said of persons without a model: who is near violence, and who was violent before."""

from __future__ import annotations

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network
from gpunet.base.array_types import Bool, Int64
from gpunet.tables.arrays import count_by_code, running_sum, to_host

__all__ = [
    "FROM_OFFENDERS",
    "FROM_VICTIMS",
    "RECENT_DAYS",
    "arrested_within",
    "two_hop_heuristic",
    "violent_within",
]

#: Days of the record that ``past_violent_arrests_180d`` looks at, as in the paper: not the horizon.
RECENT_DAYS = 180

#: What to tell of where the two-hop heuristic starts.
FROM_VICTIMS = "the two-hop heuristic starts from the persons in the table of victims"
FROM_OFFENDERS = (
    "the two-hop heuristic starts from past violent offenders, as no table of victims was given: its figures are not "
    "those of a heuristic that starts from victims"
)


def two_hop_heuristic(network: Network, violent: Bool, seeds: Bool | None = None) -> Bool:
    """Name whoever is within two hops of a seed other than themselves, and has no violent arrest of their own.

    Parameters
    ----------
    network
        From :func:`gpunet.build_network`, of m persons.
    violent
        bool[m], who has a violent arrest, as far as it is known; nobody of them is named.
    seeds
        bool[m], from whom it starts: victims; violent offenders if None.

    Returns
    -------
    bool[m]
        Who is named; nobody outside the network is.

    Notes
    -----
    The paper's Algorithm 1, after Papachristos, Braga and Hureau (2012), who found victims of gunshots close to each
    other in such networks.

    Examples
    --------
    >>> rows = {"person_id": ["ann", "bob", "bob", "cyd", "cyd", "dan"], "incident_id": [1, 1, 2, 2, 3, 3],
    ...         "date": ["2013-05-04"] * 6, "offence": ["robbery", *["theft"] * 5]}
    >>> arrests = gpunet.read_arrests(pl.DataFrame(rows))
    >>> violent = np.array([True, False, False, False])
    >>> two_hop_heuristic(gpunet.build_network(arrests), violent).tolist()  # dan is three hops from ann
    [False, True, True, False]
    """
    network = network.on_host()
    assert network.person is not None  # it was made of arrests
    seed = (violent if seeds is None else seeds)[network.person].astype(np.int64)
    one = _over_neighbours(network, seed)
    two = _over_neighbours(network, one) - network.degree * seed  # less the walks there and back
    named = np.zeros(len(violent), np.bool_)
    named[network.person] = one + two > 0
    return named & ~violent


def _over_neighbours(network: Network, values: Int64) -> Int64:
    """int64[n], the sum of `values` over each vertex's neighbours."""
    total = running_sum(values[network.indices])
    return total[network.indptr[1:]] - total[network.indptr[:-1]]


def violent_within(arrests: Arrests, days: int | None = None) -> Bool:
    """Who has a violent arrest on record, bool[n_persons]; of the last `days` days before the as-of day, if given.

    With all of the past these are the persons whom ``past_violent_arrests`` names, with 180 days those of
    ``past_violent_arrests_180d``.
    """
    return _among(arrests, arrests.offences != 0, days)


def arrested_within(arrests: Arrests, days: int) -> Bool:
    """Who was arrested in the last `days` days before the as-of day, bool[n_persons]."""
    return _among(arrests, np.ones(len(arrests), np.bool_), days)


def _among(arrests: Arrests, which: Bool, days: int | None) -> Bool:
    if days is not None:
        which = which & (arrests.day >= arrests.today - days) & (arrests.day < arrests.today)
    found: Bool = to_host(count_by_code(arrests.person[which], arrests.n_persons)) > 0
    return found
