"""Intervals from draws of the network's communities, since persons of a network are not independent.

A draw takes as many communities as there are, with replacement; everybody outside the network is a community alone. A
person counts as often as the own community was drawn. Intervals are percentiles of what the draws give: approximate.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np

from gpunet.base.array_types import Int64

__all__ = ["communities_of"]


def communities_of(groups: Any) -> Int64:
    """int64[n], each person's community in a table of groups (``FeatureSet.groups``), -1 outside the network.

    >>> communities_of(pl.DataFrame({"community": [4, None, 4]})).tolist()
    [4, -1, 4]
    """
    community = nw.from_native(groups, eager_only=True).get_column("community")
    return np.asarray(community.cast(nw.Int64).fill_null(-1).to_numpy(), np.int64)
