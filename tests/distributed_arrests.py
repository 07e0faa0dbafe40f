"""Arrests of one process in partitions on workers, without a reader. Workers import it, so it imports little."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.arrests.arrests import Arrests
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests
from gpunet.cluster.results import each
from gpunet.tables.frames import make_series
from gpunet.tables.gather import gather

NAMES = ("force", "gang", "district", "beat")
_CODES = ("force", "day", "offences", "district", "beat", "gang", "row")


def itself(part: ArrestPartition) -> ArrestPartition:
    return part


def bounds_of(n: int, parts: int, seed: int) -> list[int]:
    """Where parts begin and end: some are large, some small, and some perhaps empty."""
    inner = np.random.default_rng(seed).integers(0, n + 1, parts - 1)
    return [0, *sorted(inner.tolist()), n]


def part_of(arrests: Arrests, first: int, last: int) -> ArrestPartition:
    """The arrests of the persons first..last-1."""
    rows = np.flatnonzero((arrests.person >= first) & (arrests.person < last))
    incidents, code = np.unique(arrests.incident[rows], return_inverse=True)
    # Texts that sort as incidents do; after the number comes what has more bytes than characters.
    keys = [f"{i:06d}\u00e9\U0001f600" for i in incidents.tolist()]
    charges = arrests.charges
    if charges is not None:
        where = np.flatnonzero(np.isin(charges.arrest, rows))
        charges = charges.with_arrays(lambda values: values[where])
        charges = dataclasses.replace(charges, arrest=np.searchsorted(rows, charges.arrest).astype(np.int32))
    none = {f"{name}_names": make_series(name, []) for name in NAMES}
    of_part = dataclasses.replace(
        arrests,
        person_ids=gather(arrests.person_ids, np.arange(first, last), "person_id"),
        person=(arrests.person[rows] - first).astype(np.int32),
        incident=code.astype(np.int32),
        incident_ids=gather(arrests.incident_ids, incidents, "incident_id"),
        report=None,
        charges=charges,
        **{name: getattr(arrests, name)[rows] for name in _CODES},
        **none,
    )
    return ArrestPartition(of_part, first, pa.array(keys, pa.large_string()))


def distributed(client: Any, arrests: Arrests, parts: int, seed: int = 0) -> DistributedArrests:
    """The arrests in so many parts, each made by a task, so that it can be made again."""
    bounds = bounds_of(arrests.n_persons, parts, seed)
    pieces = [part_of(arrests, *span) for span in itertools.pairwise(bounds)]
    names: dict[str, Any] = {f"{name}_names": tuple(getattr(arrests, f"{name}_names").to_list()) for name in NAMES}
    return DistributedArrests(
        client=client,
        partitions=tuple(each(client, "part", itself, pieces)),
        persons=tuple(piece.arrests.n_persons for piece in pieces),
        arrests=tuple(len(piece.arrests) for piece in pieces),
        n_numbers=arrests.n_persons,
        last_day=arrests.last_day,
        config=arrests.config,
        report=arrests.report,
        **names,
    )


def bytes_of(write: Any, folder: Path) -> bytes:
    """The file that `write` makes of a path."""
    path = folder / "table.parquet"
    write(path)
    return path.read_bytes()
