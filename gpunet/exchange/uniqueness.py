"""How many persons the tables of an exchange let be told apart by what pseudonyms do not hide: the network, and dates.

Who knows how many others somebody was arrested with, and how many these were arrested with, may know which pseudonym is
theirs (Hay and others, "Resisting structural re-identification in anonymized social networks", VLDB 2008); so may who
knows the day of a rare incident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gpunet.arrests.network import Network, build_network
from gpunet.base.array_types import Int64
from gpunet.config.config import Config
from gpunet.config.input_config import IdColumnRules
from gpunet.exchange.coarse_dates import Step
from gpunet.reading.arrests_table import read_arrests_at
from gpunet.reading.packed import pack
from gpunet.reading.pseudonymised import standard_names
from gpunet.tables.arrays import dense, least_by_code, sort_order
from gpunet.tables.arrow_paths import for_arrow

__all__ = ["FEW", "measured", "neighbourhoods", "written_config"]

#: Persons who share what is known of them with fewer than so many others count as nearly told apart.
FEW = 5


def written_config(config: Config) -> Config:
    """How tables are read that were written: their ids are as they are to be, and hold the force where they need it."""
    plain = replace(
        standard_names(config.input), person_scope="national", id_rules=IdColumnRules(), null_dates=(), ties=(),
        victims=(),
    )  # fmt: skip
    return replace(config, input=plain)


def measured(folder: Path, config: Config, dates: Step, today: date) -> dict[str, Any]:
    """The report on the tables of arrests in a folder.

    Parameters
    ----------
    folder
        With ``arrests``.
    config
        See :func:`written_config`.
    dates
        What the dates were cut to.
    today
        As for reading.

    Returns
    -------
    dict
        ``measures``: for each what is known, how many ``persons`` there are of whom it is, how many of them are
        ``unique`` by it, and how many share it with fewer than :data:`FEW` others.
    """
    arrests = read_arrests_at(None, [str(folder / "arrests")], config, today=today)
    network = build_network(arrests)
    of_degree, of_neighbours = Counter(network.degree.tolist()), Counter(neighbourhoods(network))
    first, rare = _dated(folder / "arrests")
    return {
        "network": "co-arrest",
        "persons": network.n,
        "dates": dates,
        "few": FEW,
        "measures": {
            "degree": _counted(of_degree),
            "degree_and_neighbours_degrees": _counted(of_neighbours),
            "first_date": _counted(Counter(first)),
            "date_and_offence_of_an_arrest": rare,
        },
    }


def neighbourhoods(network: Network) -> Iterable[Hashable]:
    """Of each vertex the degrees of its neighbours, ascending, which tell its own too; equal where these are.

    Examples
    --------
    >>> import gpunet
    >>> network = gpunet.network_from_edges([0, 1, 2], [1, 2, 3], 4)
    >>> known = list(neighbourhoods(network))
    >>> known[0] == known[3], known[0] == known[1]
    (True, False)
    """
    degree = network.degree
    vertex = np.repeat(np.arange(network.n), degree)
    of_neighbour = degree[network.indices].astype(np.int32)
    ordered = of_neighbour[sort_order([of_neighbour, vertex])]
    bounds = network.indptr.tolist()
    for begin, end in pairwise(bounds):
        yield ordered[begin:end].tobytes()


def _dated(folder: Path) -> tuple[list[Any], dict[str, int]]:
    """The first date of each person that has one, and the figures on dates and offences of single arrests."""
    names = ("person_id", "date", "offence")
    parts = []
    for path in sorted(folder.iterdir()):
        with pq.ParquetFile(for_arrow(path)) as file:
            there = [name for name in names if name in file.schema_arrow.names]
            parts.append(file.read(columns=there))
    table = pa.concat_tables(parts, promote_options="default")
    if "date" not in table.column_names:
        return [], {"persons": 0, "unique": 0, "shared_by_few": 0}
    table = table.filter(pc.is_valid(table["date"]))
    first = table.group_by("person_id").aggregate([("date", "min")])["date_min"].to_pylist()
    known = [name for name in names[1:] if name in table.column_names]
    return first, _rarest(table["person_id"], [table[name] for name in known])


def _rarest(persons: Any, known: Sequence[Any]) -> dict[str, int]:
    """By the arrest that each person shares with the fewest others; `known` are columns of what is known of it."""
    person, n = _coded(persons)
    fact, _ = dense(pack(map(_coded, known))[0])
    pairs = np.unique(fact * max(n, 1) + person)
    fact, person = np.divmod(pairs, max(n, 1))
    shared = np.bincount(fact)[fact] if len(fact) else fact
    least = least_by_code(person, shared, n, n)
    return {"persons": n, "unique": int((least == 1).sum()), "shared_by_few": int((least <= FEW).sum())}


def _coded(column: Any) -> tuple[Int64, int]:
    """A column as codes, null among them, and how many there may be."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), len(encoded.dictionary)


def _counted(groups: Counter[Any]) -> dict[str, int]:
    """How many persons are alone in their group, and in one of few."""
    sizes = list(groups.values())
    return {
        "persons": sum(sizes),
        "unique": sum(size for size in sizes if size == 1),
        "shared_by_few": sum(size for size in sizes if size <= FEW),
    }
