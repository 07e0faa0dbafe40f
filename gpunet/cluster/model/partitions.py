"""Feature tables in parts on the workers of a cluster, and what the process that was started knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from distributed import Client, Future
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Float32, Int64
from gpunet.base.errors import ModelError
from gpunet.base.words import quoted
from gpunet.cluster.model.workers import gathered
from gpunet.model.labels import as_booleans
from gpunet.model.matrix import on_gpu
from gpunet.model.origin import Origin
from gpunet.model.table import FeatureTable, check_same_taxonomy

__all__ = ["Snapshot", "TablePartition", "check_alike", "matrix_of", "read_snapshot", "table_on"]


@dataclass(frozen=True, eq=False)
class TablePartition:
    """Features of one range of persons, on a worker.

    Attributes
    ----------
    table
        The persons' rows, by ascending person_id.
    numbers
        int64[n], the persons' numbers: ascending as the person_ids do over all parts of a snapshot, and the same for
        the same person in every snapshot.
    first_rows
        int64[n], where the persons first appear in the files (:attr:`gpunet.Arrests.first_rows`): by this rows are
        ordered for training, and equal scores for ranks. None: by their numbers.
    """

    table: FeatureTable
    numbers: Int64
    first_rows: Int64 | None = None

    @property
    def places(self) -> Int64:
        """int64[n], by which rows are ordered for training."""
        return self.numbers if self.first_rows is None else self.first_rows


@dataclass(frozen=True, eq=False)
class _Facts:
    """What is known of one part, or of all; as in :class:`Snapshot`."""

    numbers: Int64
    places: Int64
    columns: tuple[str, ...]
    taxonomy: str | None
    sets: Mapping[str, tuple[str, ...]] | None
    betweenness: Mapping[str, Any] | None
    origin: Origin | None
    ids: str
    on_gpu: bool
    arrests: Float32 | None
    since: Float32 | None


@dataclass(frozen=True, eq=False)
class Snapshot(_Facts):
    """What is known of the n persons of all parts together; one value a person, never the matrix.

    Attributes
    ----------
    partitions
        Futures of :class:`TablePartition`, by ascending persons.
    rows
        Persons in each part.
    numbers, places
        int64[n].
    columns, taxonomy, sets, betweenness, origin
        As in :class:`gpunet.model.table.FeatureTable`.
    ids
        The type of person_id.
    on_gpu
        Whether the matrices lie on GPUs.
    arrests, since
        float32[n], `own_violent_arrests` and `days_since_last_violent`, None where the features lack them.
    """

    partitions: tuple[Future, ...]
    rows: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def order(self) -> Int64:
        """int64[n], the persons in the order of training."""
        return np.argsort(self.places, kind="stable")

    def split(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """One value a person, split as the parts are."""
        return np.split(values, np.cumsum(self.rows)[:-1])

    def labels(self, client: Client, futures: Sequence[Future]) -> Bool:
        """Labels of all persons, bool[n], from futures of those of each part; ModelError if they do not fit."""
        if len(futures) != len(self.partitions):
            raise ModelError(f"the labels: {len(futures)} parts, but the features have {len(self.partitions)}")
        found = gathered(client, list(futures))
        return np.concatenate([as_booleans(values, n) for values, n in zip(found, self.rows, strict=True)])


def read_snapshot(client: Client, parts: Sequence[Future], what: str, device: str | None) -> Snapshot:
    """Ask the workers for what :class:`Snapshot` holds; `what` names the snapshot in errors.

    Raises
    ------
    ModelError
        If there is no part, parts do not fit each other, or persons do not ascend.
    EngineError
        If the workers are lost.
    """
    if not parts:
        raise ModelError(f"{what}: there are no parts")
    found = gathered(client, client.map(_facts, parts, device=device, pure=False))
    first = found[0]
    for facts in found[1:]:
        if facts.columns != first.columns:
            raise ModelError(f"{what}: the parts have other columns: {_differing(facts.columns, first.columns)}")
        if facts.ids != first.ids:
            raise ModelError(f"{what}: person_id is {first.ids} in one part and {facts.ids} in another")
        check_same_taxonomy(first, facts, f"one part of {what}", "another")
    numbers = np.concatenate([facts.numbers for facts in found])
    if (np.diff(numbers) <= 0).any():
        raise ModelError(f"{what}: persons do not ascend from row to row over the parts")
    of_persons = {
        "numbers": numbers,
        "places": np.concatenate([facts.places for facts in found]),
        "arrests": _joined([facts.arrests for facts in found]),
        "since": _joined([facts.since for facts in found]),
    }
    rows = tuple(len(facts.numbers) for facts in found)
    return Snapshot(**{**vars(first), **of_persons}, partitions=tuple(parts), rows=rows)


def check_alike(first: Snapshot, second: Snapshot) -> None:
    """Raise ModelError if the two cannot be stacked, as :func:`gpunet.model.table.stack` does."""
    if first.ids != second.ids:
        raise ModelError(f"person_id is {first.ids} in one snapshot and {second.ids} in another")
    check_same_taxonomy(first, second, "one snapshot", "another")


def table_on(part: TablePartition, columns: tuple[str, ...], device: str | None) -> FeatureTable:
    """The part's table with these columns, in the memory of `device`."""
    return part.table.select(columns).to_device(device)


def matrix_of(part: TablePartition, columns: tuple[str, ...], device: str | None) -> Any:
    """The part's matrix with these columns, in the memory of `device`."""
    return table_on(part, columns, device).matrix


def _facts(part: TablePartition, *, device: str | None) -> _Facts:
    table, numbers = part.table, np.asarray(part.numbers)
    if numbers.shape != (len(table),):
        raise ModelError(f"a part has {len(table)} rows, but the shape of its persons' numbers is {numbers.shape}")
    return _Facts(
        numbers=numbers.astype(np.int64, copy=False),
        places=np.asarray(part.places).astype(np.int64, copy=False),
        columns=table.columns,
        taxonomy=table.taxonomy,
        sets=table.sets,
        betweenness=table.betweenness,
        origin=table.origin,
        ids=str(table.ids().type),
        on_gpu=on_gpu(table.matrix) if device is None else device == "gpu",
        arrests=table.column("own_violent_arrests"),
        since=table.column("days_since_last_violent"),
    )


def _differing(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    return quoted(sorted(set(one) ^ set(other))) or "the same in another order"


def _joined(vectors: Sequence[Float32 | None]) -> Float32 | None:
    there = [vector for vector in vectors if vector is not None]
    return np.concatenate(there) if len(there) == len(vectors) else None
