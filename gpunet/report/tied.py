"""The network of a folder, as its pictures need it: who is tied to whom, in which community, and violent or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gpunet.base.array_types import Int64
from gpunet.report.source import Source

__all__ = ["Tied", "tied"]


@dataclass(frozen=True, eq=False)
class Tied:
    """Persons of the network, and their ties.

    Attributes
    ----------
    persons
        A row a person, in the order of :meth:`Source.communities`: ``person_id``, ``community`` (from 0), ``violent``
        (whether ever arrested for violence).
    first, second
        int64[ties], rows of `persons`: of each tie the earlier and the later, in their order.
    """

    persons: pl.DataFrame
    first: Int64
    second: Int64

    @property
    def degree(self) -> Int64:
        """int64[persons], with how many others each is tied."""
        n = len(self.persons)
        return np.bincount(self.first, minlength=n) + np.bincount(self.second, minlength=n)

    def largest_component(self) -> Tied:
        """The persons and ties of the largest component, of the one with the first person if several are as large.

        Raises
        ------
        ValueError
            If nobody is tied.
        """
        n = len(self.persons)
        ties = coo_array((np.ones(len(self.first), np.int8), (self.first, self.second)), shape=(n, n))
        label = connected_components(ties, directed=False)[1]
        inside = label == np.bincount(label).argmax()
        place, kept = inside.cumsum() - 1, inside[self.first]
        return Tied(self.persons.filter(inside), place[self.first[kept]], place[self.second[kept]])


def tied(source: Source) -> Tied:
    """Read the network of a folder that has ``groups``, ``ties`` and ``features``."""
    community = source.communities().drop_nulls("community")
    violent = source.table("features", ["person_id", "own_violent_arrests"])
    persons = community.join(
        violent.select("person_id", violent=pl.col("own_violent_arrests") > 0), on="person_id", how="left",
        maintain_order="left",
    )  # fmt: skip
    ties = source.table("ties", ["person_a", "person_b"])
    row = persons.select(pl.col("person_id"), pl.int_range(pl.len(), dtype=pl.Int64).alias("row"))
    ends = [
        ties.select(person_id=pl.col(name)).join(row, on="person_id", how="left", maintain_order="left")["row"]
        for name in ("person_a", "person_b")
    ]
    rows = np.sort(np.stack([end.to_numpy() for end in ends]), axis=0)  # which is person_a depends on the ids
    first, second = rows[:, np.lexsort(rows[::-1])]
    return Tied(persons, first, second)
