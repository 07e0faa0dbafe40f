"""Neighbourhood features (Table 3): how many of one's neighbours, and of theirs, are in each set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gpunet.engine import Engine
from gpunet.features.column import Columns
from gpunet.network import Network

__all__ = ["neighbourhood_features"]


def neighbourhood_features(network: Network, engine: Engine) -> Columns:
    """Degree, shares and majorities of every vertex, for every set of the network."""
    names = tuple(network.sets)
    counts = engine.hop_counts(network.indptr, network.indices, network.members(names), len(names))
    one_hop, two_hop = counts[0, names.index("all")], counts[1, names.index("all")]
    out: Columns = {}
    for i, name in enumerate(names):
        near, far = counts[0, i], counts[1, i]
        out[f"degree__{name}"] = near
        if name == "all":
            continue
        # |U ∩ C| >= 0.5 |U| in whole numbers; U2 is everyone within two steps.
        majority_1 = 2 * near >= one_hop
        majority_2 = 2 * (near + far) >= one_hop + two_hop
        out[f"share_1hop__{name}"] = _share(near, one_hop)
        out[f"share_2hop__{name}"] = _share(far, two_hop)
        out[f"majority_1_and_2hop__{name}"] = majority_1 & majority_2
        out[f"minority_1_majority_2hop__{name}"] = ~majority_1 & majority_2
    return out


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    none = whole == 0
    return part / np.where(none, 1, whole), none
