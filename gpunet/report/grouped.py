"""Persons by a number, such as their arrests, with numbers put together until each group is large enough."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

__all__ = ["grouped"]


def grouped(data: pl.DataFrame, watched: Sequence[str], least: int) -> pl.DataFrame:
    """Put rows together with those before them, from the last on, until each of the counts is at least so large.

    Parameters
    ----------
    data
        ``number``, rising, and columns of whole numbers, which are added up.
    watched
        The columns that must be large enough in each group. None at all is large enough too.
    least
        How large.

    Returns
    -------
    polars.DataFrame
        ``first, last`` (numbers of the group), ``group`` (them in words) and the counts. The last group is called
        "or more". If all rows together are too few, they are one group.

    Examples
    --------
    >>> arrests = pl.DataFrame({"number": [1, 2, 3, 4], "persons": [50, 20, 8, 3]})
    >>> grouped(arrests, ["persons"], 10).rows()
    [(1, 1, '1', 50), (2, 2, '2', 20), (3, 4, '3 or more', 11)]
    """
    counts = [name for name in data.columns if name != "number"]
    checked = [counts.index(name) for name in watched]
    groups: list[tuple[int, int, list[int]]] = []  # first and last number, counts

    def is_small(found: list[int]) -> bool:
        return any(0 < found[i] < least for i in checked)

    for number, *found in data.select("number", *counts).reverse().iter_rows():
        if groups and is_small(groups[-1][2]):
            groups.append(_together(groups.pop(), (number, number, found)))
        else:
            groups.append((number, number, found))
    if len(groups) > 1 and is_small(groups[-1][2]):
        few = groups.pop()
        groups.append(_together(groups.pop(), few))
    rows = [(first, last, _words(first, last, not i), *found) for i, (first, last, found) in enumerate(groups)]
    whole = {"first": pl.Int64, "last": pl.Int64, "group": pl.String, **dict.fromkeys(counts, pl.Int64)}
    return pl.DataFrame(rows[::-1], whole, orient="row")


def _together(after: tuple[int, int, list[int]], before: tuple[int, int, list[int]]) -> tuple[int, int, list[int]]:
    return before[0], after[1], [a + b for a, b in zip(before[2], after[2], strict=True)]


def _words(first: int, last: int, is_end: bool) -> str:
    if first == last:
        return f"{first:,}"
    return f"{first:,} or more" if is_end else f"{first:,} to {last:,}"
