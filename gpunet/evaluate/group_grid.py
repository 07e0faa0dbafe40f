"""Numbers of persons by groups of several attributes: of everybody, by group, by pair of groups."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from gpunet.base.array_types import Bool, Float64
from gpunet.base.errors import InputError

__all__ = ["HITS", "MOST_CELLS", "PERSONS", "POSITIVES", "SELECTED", "TOLERANCE", "Grid", "Hidden", "Kind", "Table"]

#: Kinds of numbers: the last two are of a rule, as ``("selected", "top_100")``.
PERSONS, POSITIVES, SELECTED, HITS = "persons", "positives", "selected", "hits"

#: So many combinations of groups are checked in about half a minute of one processor; more are refused.
MOST_CELLS = 120

#: Selected persons may be fractions, where equals share the end of a list.
TOLERANCE = 1e-6

Kind = tuple[str, str]
Table = tuple[int, ...]


@dataclass(frozen=True)
class Grid:
    """All combinations of the groups of some attributes, of which there are `sizes`; tables are of two at most.

    A table is a tuple of positions of attributes. Its numbers have the shape of its attributes' sizes; that of no
    attribute is everybody.

    >>> Grid((3, 2)).tables
    ((), (0,), (1,), (0, 1))
    """

    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.cells > MOST_CELLS:
            raise InputError(
                f"--by: {self.cells:,} combinations of groups are more than {MOST_CELLS:,}: name fewer attributes at "
                "once, or put values together"
            )

    @property
    def cells(self) -> int:
        """How many combinations there are."""
        return int(np.prod(self.sizes))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Everybody, each attribute, and each pair."""
        positions = range(len(self.sizes))
        return ((), *((i,) for i in positions), *combinations(positions, 2))

    def numbers(self, cells: Float64, table: Table) -> Float64:
        """The numbers of a table, from those of all combinations, float64[cells]."""
        others = tuple(i for i in range(len(self.sizes)) if i not in table)
        return np.asarray(cells.reshape(self.sizes).sum(axis=others))

    def incidence(self, table: Table) -> Float64:
        """float64[numbers, cells], which combinations each number of a table is the sum of."""
        if not table:
            return np.ones((1, self.cells))
        at = np.unravel_index(np.arange(self.cells), self.sizes)
        item = np.ravel_multi_index([at[i] for i in table], [self.sizes[i] for i in table])
        found = np.zeros((int(item.max()) + 1, self.cells))
        found[item, np.arange(self.cells)] = 1.0
        return found


Hidden = dict[tuple[Kind, Table], Bool]
