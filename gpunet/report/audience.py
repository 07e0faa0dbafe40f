"""For whom a page is, and what of small numbers that audience is shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

__all__ = ["AUDIENCES", "MIN_PERSONS", "Audience", "AudienceName"]

AudienceName = Literal["analyst", "public"]
AUDIENCES: tuple[AudienceName, ...] = get_args(AudienceName)

#: The public is told of no group of persons smaller than this.
MIN_PERSONS = 10


@dataclass(frozen=True)
class Audience:
    """Who reads. An analyst sees everything; the public no ids, no single persons, and no number of persons under 10.

    >>> Audience("analyst").count(3), Audience("public").count(3), Audience("public").count(1234)
    ('3', 'fewer than 10', '1,234')
    """

    name: AudienceName = "analyst"

    @property
    def is_public(self) -> bool:
        """Whether the page is for everybody."""
        return self.name == "public"

    def count(self, number: float) -> str:
        """A number of persons, arrests or incidents in words."""
        return f"fewer than {MIN_PERSONS}" if self._is_small(number) else f"{number:,}"

    def out_of(self, part: float, whole: int) -> str:
        """A part of a whole in words; to the public neither the part nor the rest is told if it is below 10 and not 0.

        >>> public = Audience("public")
        >>> public.out_of(49, 100), public.out_of(9.8, 100), public.out_of(97, 100)
        ('49', 'fewer than 10', 'more than 90')
        """
        if self._is_small(part) or whole < MIN_PERSONS:
            return self.count(part)
        return f"more than {whole - MIN_PERSONS:,}" if self._is_small(whole - part) else f"{part:,}"

    def shown(self, data: pl.DataFrame, counts: Collection[str]) -> pl.DataFrame:
        """The rows that this audience may see: to the public none in which one of the `counts` is from 1 to 9.

        Where a column's total is known, what is left out could be found by subtraction. So further rows, those with
        the smallest counts, are left out until those left out hold none or at least 10 of every count. Rows are groups
        that do not overlap; a row for all of them does not belong in `data`.

        >>> data = pl.DataFrame({"place": ["a", "b", "c"], "persons": [3, 20, 500]})
        >>> Audience("public").shown(data, ["persons"])["place"].to_list()
        ['c']
        """
        if not self.is_public or not counts:
            return data
        of = data.select(pl.col(list(counts)).fill_null(0))
        hidden = of.select(pl.any_horizontal(pl.all().is_between(0, MIN_PERSONS, closed="none"))).to_series()
        while (column := _told_by_subtraction(of, hidden)) is not None:
            rest = pl.select(pl.when(~hidden & (of[column] > 0)).then(of[column])).to_series()
            if (next_one := rest.arg_min()) is None:
                break  # nothing of it is shown
            hidden[next_one] = True
        return data.filter(~hidden)

    def _is_small(self, number: float) -> bool:
        return self.is_public and 0 < number < MIN_PERSONS


def _told_by_subtraction(counts: pl.DataFrame, hidden: pl.Series) -> str | None:
    """A column of whose total the rows left out hold from 1 to 9."""
    held = counts.filter(hidden).sum()
    return next((name for name in counts.columns if 0 < held[name][0] < MIN_PERSONS), None)
