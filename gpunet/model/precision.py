"""Whether a model's features and those it is to score have betweenness of one precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["betweenness_mismatch"]


def betweenness_mismatch(first: Any, second: Any, first_name: str, second_name: str) -> str | None:
    """A sentence if the betweenness of the two was computed to different precision; None if not, or not known.

    Each has `betweenness`. Approximate columns that were computed exactly after all count as exact.
    """
    precisions = [_precision(each.betweenness) for each in (first, second)]
    if None in precisions or precisions[0] == precisions[1]:
        return None
    words = ["exact" if not epsilon else f"approximate, within {epsilon:g}" for epsilon in precisions]
    return f"betweenness is {words[0]} in {first_name} and {words[1]} in {second_name}: scores may differ a little"


def _precision(betweenness: Mapping[str, Any] | None) -> float | None:
    if betweenness is None or betweenness.get("method") not in ("exact", "approx"):
        return None
    if betweenness["method"] == "exact" or betweenness.get("certified_error") == 0:
        return 0.0
    epsilon = betweenness.get("epsilon")
    return float(epsilon) if isinstance(epsilon, int | float) else None
