"""Neighbourhood features (Table 3): how many of one's neighbours, and of theirs, are in each set."""

from __future__ import annotations

from gpunet.arrests.network import Network
from gpunet.engines.protocol import Engine
from gpunet.features.column import Columns, ratio

__all__ = ["neighbourhood_features"]


def neighbourhood_features(network: Network, engine: Engine) -> Columns:
    """Degree, shares and majorities of every vertex, for every set of the network."""
    names = tuple(network.sets)
    counts = engine.hop_counts(network.indptr, network.indices, network.members(names), len(names))
    everyone = names.index("all")
    one_hop, two_hop = counts[0, everyone, :], counts[1, everyone, :]
    out: Columns = {}
    for i, name in enumerate(names):
        near, far = counts[0, i, :], counts[1, i, :]
        out[f"degree__{name}"] = near
        if name == "all":
            continue
        # |U ∩ C| >= 0.5 |U| in whole numbers; U2 is everyone within two steps.
        majority_1 = 2 * near >= one_hop
        majority_2 = 2 * (near + far) >= one_hop + two_hop
        out[f"share_1hop__{name}"] = ratio(near, one_hop)
        out[f"share_2hop__{name}"] = ratio(far, two_hop)
        out[f"majority_1_and_2hop__{name}"] = majority_1 & majority_2
        out[f"minority_1_majority_2hop__{name}"] = ~majority_1 & majority_2
    return out
