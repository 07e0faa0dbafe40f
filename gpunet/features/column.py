"""What a family of features returns: columns as arrays, with a mask where values can be null."""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.config.registry import Feature
from gpunet.tables.arrays import namespace, put_at

__all__ = ["Column", "Columns", "ratio", "spread"]

#: Values, or values with a mask that is True where the value is null (the value beneath is then meaningless).
Column: TypeAlias = "NDArray[Any] | tuple[NDArray[Any], Bool]"
Columns: TypeAlias = dict[str, Column]


def spread(column: Column, person: Int32, n_persons: int, feature: Feature) -> Column:
    """A column over vertices as a column over persons: outside the network counts are 0, flags false, ratios null.

    Path features (betweenness, closeness) have no null and are 0 outside.
    """
    xp = namespace(person)
    values, mask = column if isinstance(column, tuple) else (column, xp.zeros(person.shape, dtype=xp.bool))
    out = put_at(xp.astype(values, getattr(xp, feature.dtype), copy=False), person, n_persons, 0)
    if not feature.null or feature.dtype != "float64":
        return out
    return out, put_at(mask, person, n_persons, True)


def ratio(part: Int64, whole: Int64) -> tuple[Float64, Bool]:
    """Quotients of whole numbers, null where the divisor is 0."""
    xp = namespace(part, whole)
    none = whole == 0
    return xp.astype(part, xp.float64) / xp.astype(xp.where(none, 1, whole), xp.float64), none
