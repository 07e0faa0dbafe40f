"""How often values agree, of one person and by chance, as a model of Splink has it: drawn to starting values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["share_of", "smoothed"]

#: How often values of one person are equal, before anything is learnt.
_EQUAL = 0.8

#: Starting values count as so many pairs of one person.
_WEIGHT = 10.0

_DIGITS = 9


def smoothed(
    model: dict[str, Any], names: Sequence[str], expected: float, pairs: int, notes: list[str]
) -> dict[str, Any]:
    """The model with shares that are drawn to starting values, so that nothing rules a pair in or out by itself.

    Parameters
    ----------
    model
        As Splink writes it: comparisons with levels, of which some have no share.
    names
        Of the columns, a comparison each.
    expected
        How many pairs of one person there may be.
    pairs
        How many pairs there are.
    notes
        Gets a sentence for each column that seems to agree more often by chance than of one person.
    """
    for name, comparison in zip(names, model["comparisons"], strict=True):
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        start = _starting(len(levels))
        by_chance = _floored([_share(level, "u_probability", 0.0) for level in levels], 0.5 / pairs)
        learnt = [_share(level, "m_probability", 0.0) for level in levels]
        total = sum(learnt)
        of_one = start
        if total > 0:
            of_one = [
                (expected * share / total + _WEIGHT * first) / (expected + _WEIGHT)
                for share, first in zip(learnt, start, strict=True)
            ]
        if of_one[0] <= by_chance[0]:
            of_one = start
            notes.append(f"{name} seems to agree no more often of one person than by chance: starting values are used")
        for level, m, u in zip(levels, of_one, by_chance, strict=True):
            level["m_probability"], level["u_probability"] = round(m, _DIGITS), max(round(u, 12), 1e-12)
            level.pop("tf_adjustment_column", None)
    return model


def share_of(name: str, comparison: dict[str, Any]) -> list[dict[str, Any]]:
    """The levels of the comparison of a column: how often pairs of one person are at each, and pairs of two persons."""
    return [
        {
            "level": level["label_for_charts"].replace(comparison["output_column_name"], name),
            "of_one_person": level["m_probability"],
            "by_chance": level["u_probability"],
        }
        for level in comparison["comparison_levels"]
        if not level.get("is_null_level")
    ]


def _share(level: dict[str, Any], name: str, otherwise: float) -> float:
    value = level.get(name)
    return float(value) if isinstance(value, int | float) else otherwise


def _starting(levels: int) -> list[float]:
    """Equal values have most, and each level less than the one before.

    >>> [round(share, 3) for share in _starting(3)]
    [0.8, 0.133, 0.067]
    """
    weights = [2.0**-at for at in range(levels - 1)]
    rest = [(1 - _EQUAL) * weight / sum(weights) for weight in weights]
    return [_EQUAL, *rest]


def _floored(shares: Sequence[float], least: float) -> list[float]:
    """Shares of no less than `least`, which add up to 1."""
    found = [max(share, least) for share in shares]
    return [share / sum(found) for share in found]
