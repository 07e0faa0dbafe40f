"""What a family of features returns: columns as arrays, with a mask where values can be null."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gpunet.registry import Feature

__all__ = ["Column", "Columns", "spread"]

#: Values, or values with a mask that is True where the value is null (the value beneath is then meaningless).
Column: TypeAlias = "NDArray[Any] | tuple[NDArray[Any], NDArray[np.bool_]]"
Columns: TypeAlias = dict[str, Column]


def spread(column: Column, person: NDArray[np.int32], n_persons: int, feature: Feature) -> Column:
    """A column over vertices as a column over persons: outside the network counts are 0, flags false, ratios null.

    Path features (betweenness, closeness) have no null and are 0 outside.
    """
    values, mask = column if isinstance(column, tuple) else (column, None)
    out = np.zeros(n_persons, np.dtype(feature.dtype))
    out[person] = values
    if not feature.null or feature.dtype != "float64":
        return out
    null = np.ones(n_persons, np.bool_)
    null[person] = False if mask is None else mask
    return out, null
