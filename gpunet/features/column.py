"""What a family of features returns: columns as arrays, with a mask where values can be null."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gpunet.config.registry import Feature
from gpunet.tables.arrays import namespace, spread_over

__all__ = ["Column", "Columns", "ratio", "spread"]

#: Values, or values with a mask that is True where the value is null (the value beneath is then meaningless).
Column: TypeAlias = "NDArray[Any] | tuple[NDArray[Any], NDArray[np.bool_]]"
Columns: TypeAlias = dict[str, Column]


def spread(column: Column, person: NDArray[np.int32], n_persons: int, feature: Feature) -> Column:
    """A column over vertices as a column over persons: outside the network counts are 0, flags false, ratios null.

    Path features (betweenness, closeness) have no null and are 0 outside.
    """
    xp = namespace(person)
    values, mask = column if isinstance(column, tuple) else (column, xp.zeros(person.shape, dtype=xp.bool))
    out = spread_over(xp.astype(values, getattr(xp, feature.dtype), copy=False), person, n_persons, 0)
    if not feature.null or feature.dtype != "float64":
        return out
    return out, spread_over(mask, person, n_persons, True)


def ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Quotients of whole numbers, null where the divisor is 0."""
    xp = namespace(part, whole)
    none = whole == 0
    return xp.astype(part, xp.float64) / xp.astype(xp.where(none, 1, whole), xp.float64), none
