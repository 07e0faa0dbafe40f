"""Scores on the workers of a cluster: each part is explained where it is, and frames come one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from distributed import Client, Future

from gpunet.base.array_types import Bool, Float32, Float64, Int64
from gpunet.base.progress import ProgressCallback, begun
from gpunet.cluster.model.partitions import Snapshot, TablePartition, table_on
from gpunet.cluster.model.workers import gathered
from gpunet.cluster.results import threads_of
from gpunet.config.sides import OFFENDER
from gpunet.model.scoring import Explained, add_contributions, explain, mean_of, ranks, scores_frame
from gpunet.model.tested import own_columns, tested_frame
from gpunet.model.trained import Model, check_finite, model_from_bytes

__all__ = ["DistributedScores", "DistributedTested", "probabilities", "score_distributed"]


@dataclass(frozen=True, eq=False)
class DistributedScores:
    """Scores of all persons, still on the workers but for the ranks.

    Iterating gives the frames that :func:`gpunet.model.score` describes, part after part, by ascending persons: put
    one after the other they are the frame of all. None is fetched before it is asked for. It can be done again.

    Attributes
    ----------
    rank
        int64[n].
    mean_contribution
        float64[p], of each feature, over all persons.
    """

    rank: Int64
    mean_contribution: Float64
    _client: Client = field(repr=False)
    _snapshot: Snapshot = field(repr=False)
    _explained: Sequence[Future] = field(repr=False)
    _features: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.rank)

    def __iter__(self) -> Iterator[Any]:
        for future, rank in zip(self._explained, self._snapshot.split(self.rank), strict=True):
            ((person_ids, backend, found),) = gathered(self._client, [future])
            yield scores_frame(person_ids, found, rank, self._features, backend)


@dataclass(frozen=True, eq=False)
class DistributedTested:
    """What :func:`gpunet.model.tested.tested_frame` makes of all persons of a snapshot, part after part.

    The persons' ids, and what of their features it takes, are on the workers until a part is asked for.
    """

    client: Client = field(repr=False)
    snapshot: Snapshot = field(repr=False)
    probability: Float64
    record: Float64 | None
    new: Bool
    labels: Bool

    def __len__(self) -> int:
        return len(self.probability)

    def __iter__(self) -> Iterator[Any]:
        split = self.snapshot.split
        records = [None] * len(self.snapshot.partitions) if self.record is None else split(self.record)
        parts = zip(split(self.probability), records, split(self.new), split(self.labels), strict=True)
        for partition, (probability, record, new, labels) in zip(self.snapshot.partitions, parts, strict=True):
            ((person_ids, own, backend),) = gathered(
                self.client, [self.client.submit(_of_persons, partition, pure=False)]
            )
            yield tested_frame(person_ids, own, probability, record, new, labels, backend, OFFENDER)


def _of_persons(part: TablePartition) -> tuple[Any, dict[str, Float32 | None], str]:
    return part.table.person_ids, own_columns(part.table), part.table.backend


def score_distributed(
    client: Client, model: Model, snapshot: Snapshot, *, device: str | None, progress: ProgressCallback | None = None
) -> DistributedScores:
    """Do what :func:`gpunet.model.scoring.score_table` does, for parts on workers; equals are ranked as they train.

    Raises
    ------
    EngineError
        If the workers are lost.
    ModelError
        If a score would not be a finite number.
    """
    begun(progress, "score")
    futures = _on_parts(client, _explained, model, snapshot, device)
    outcomes = client.map(_outcome, futures, pure=False)
    probability, contributions, done, not_finite = [], [], 0, 0
    for future in outcomes:
        (found,) = gathered(client, [future])
        probability.append(found[0])
        contributions.append(found[1])
        done += len(found[0])
        not_finite += found[2]
        if progress is not None and len(found[0]):
            progress("score", done, len(snapshot))
    check_finite(not_finite, len(snapshot))
    total = reduce(add_contributions, contributions)
    rank = ranks(np.concatenate(probability), snapshot.order)
    return DistributedScores(rank, mean_of(total, len(snapshot)), client, snapshot, futures, model.features)


def probabilities(client: Client, model: Model, snapshot: Snapshot, *, device: str | None) -> Float64:
    """Calibrated probabilities of all persons, float64[n]."""
    return np.concatenate(gathered(client, _on_parts(client, _probability, model, snapshot, device)))


def _on_parts(client: Client, task: Any, model: Model, snapshot: Snapshot, device: str | None) -> list[Future]:
    file = client.submit(bytes, model.to_bytes(), pure=False)
    threads = max(1, threads_of(client) // len(snapshot.partitions))  # so that all have something to do
    return [client.submit(task, part, file, device, threads, pure=False) for part in snapshot.partitions]


def _explained(part: TablePartition, file: bytes, device: str | None, threads: int) -> tuple[Any, str, Explained]:
    model = model_from_bytes(file)  # its own: the booster of another task may be at work
    found = explain(model, table_on(part, model.features, device), threads=threads)
    return part.table.person_ids, part.table.backend, found


def _outcome(explained: tuple[Any, str, Explained]) -> tuple[Float64, tuple[int, ...], int]:
    found = explained[2]
    return found.probability, found.contributions, found.not_finite


def _probability(part: TablePartition, file: bytes, device: str | None, threads: int) -> Float64:
    model = model_from_bytes(file)
    return model.predict_proba(table_on(part, model.features, device), threads=threads)
