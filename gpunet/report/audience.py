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

    def count(self, number: int) -> str:
        """A number of persons, arrests or incidents in words."""
        return f"fewer than {MIN_PERSONS}" if self._is_small(number) else f"{number:,}"

    def shown(self, data: pl.DataFrame, counts: Collection[str]) -> pl.DataFrame:
        """The rows that this audience may see: to the public none in which one of the `counts` is from 1 to 9."""
        if not self.is_public or not counts:
            return data
        small = [pl.col(name).is_between(1, MIN_PERSONS - 1).fill_null(value=False) for name in counts]
        return data.filter(~pl.any_horizontal(small))

    def _is_small(self, number: int) -> bool:
        return self.is_public and 0 < number < MIN_PERSONS
