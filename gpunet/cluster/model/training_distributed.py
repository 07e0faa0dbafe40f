"""XGBoost trained by several workers of a cluster together, on parts of the rows that stay where they are.

Its workers listen on every interface while they train, so all of this happens only where that is allowed.

XGBoost's cut points, its draws of rows and the order of its sums depend on which rows are on which worker, and on the
workers' ranks. So both are fixed: parts go to ranks in contiguous groups by their numbers of rows alone, whatever the
workers' names and addresses are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import uuid4

import numpy as np
from distributed import Client, Future, MultiLock

from gpunet.base.array_types import Bool, Int32
from gpunet.base.errors import EngineError
from gpunet.base.progress import ProgressCallback, begun
from gpunet.cluster.model.partitions import Snapshot, matrix_of
from gpunet.cluster.model.workers import explained, finished, losses_seen, run_tasks, team
from gpunet.cluster.waiting import WorkerLostError, missing
from gpunet.config.config import ModelConfig
from gpunet.model.boosting import DEVICE, PARAMETERS, TREES, base_rate
from gpunet.model.boosting_rounds import PATIENCE, Grown
from gpunet.model.classifier import Fitted
from gpunet.model.folds import NO_FOLD

__all__ = ["fit_distributed", "groups_of"]

# So often may a training begin again, because a worker is lost.
_MOST_LOSSES = 3


def groups_of(rows: Sequence[int], count: int) -> list[int]:
    """The group of each part, 0..count-1, ascending: contiguous, with as nearly equal numbers of rows as parts allow.

    Follows from the arguments alone.
    """
    ends = np.cumsum(rows, dtype=np.int64)
    total = max(1, int(ends[-1])) if len(ends) else 1
    # By the middle of each part; that of an empty one at the end is the end itself.
    return [min((2 * int(end) - n) * count // (2 * total), count - 1) for end, n in zip(ends, rows, strict=True)]


def fit_distributed(
    client: Client,
    snapshots: Sequence[Snapshot],
    labels: Bool,
    folds: Int32 | None,
    *,
    workers: int,
    config: ModelConfig,
    device: str,
    rounds: int | None = None,
    progress: ProgressCallback | None = None,
) -> Fitted:
    """Do on a cluster what :func:`gpunet.model.boosting.fit` does in one process.

    Parameters
    ----------
    snapshots
        Whose rows are trained on, one after the other, with the columns of the first.
    labels, folds
        bool[n] and int32[n], over all rows of all snapshots. Without folds nobody is held out, and there are so many
        `rounds`.
    workers
        How many take part; they are waited for up to a minute.
    device
        ``"cpu"``, or ``"gpu"``: on each worker's GPU.

    Raises
    ------
    EngineError
        If workers are lost again and again, none is left, or one has too little memory.
    """
    begun(progress, "cross-fit" if rounds is None else "train on all")
    fold_of = np.zeros(len(labels), dtype=np.int32) if folds is None else folds
    training = _Training(client, snapshots, labels, fold_of, config, device, rounds)
    wanted = left = workers
    for _ in range(_MOST_LOSSES + 1):
        addresses = team(client, left)[:left]
        left = len(addresses)  # whoever has been waited for in vain is not waited for again
        try:
            with losses_seen(client, addresses):
                booster, grown = training.by(addresses, progress)
            break
        except WorkerLostError as error:
            loss = error
    else:
        raise EngineError(
            "the model: workers are lost again and again during the training; most likely they have too little memory: "
            "see [cluster] memory_limit, and use fewer or larger workers"
        ) from loss
    ranks, absent = training.ranks(left), training.ranks(wanted) - training.ranks(left)
    warnings = grown.warnings
    if absent > 0:
        warnings += (
            f"{absent} of {training.ranks(wanted)} workers were missing in the training and did not come within a "
            "minute: the model may not be the one that all would have trained",
        )
    parameters = {**PARAMETERS, "device": DEVICE[device], "patience": PATIENCE}
    if ranks > 1:
        parameters["workers"] = ranks
    held_out = grown.margins if rounds is None else np.empty(0)
    return Fitted(TREES(booster), held_out, grown.rounds, parameters, warnings)


@dataclass(frozen=True, eq=False)
class _Training:
    """Of a booster on the rows of some snapshots, with labels bool[n] and folds int32[n].

    With `rounds` nobody is held out.
    """

    client: Client
    snapshots: Sequence[Snapshot]
    labels: Bool
    folds: Int32
    config: ModelConfig
    device: str
    rounds: int | None

    def ranks(self, workers: int) -> int:
        """How many of so many workers have rows."""
        return len({group for group, n in self._groups(workers) if n})

    def by(self, addresses: Sequence[str], progress: ProgressCallback | None) -> tuple[Any, Grown]:
        """The booster of all rows, and what those of the folds found, with the held-out margins float64[n]."""
        import xgboost as xgb

        from gpunet.cluster.model.training_worker import train

        groups = self._groups(len(addresses))
        ranked = sorted({group for group, n in groups if n})
        rows_group = np.repeat([group for group, _ in groups], [n for _, n in groups])
        rows = [np.flatnonzero(rows_group == group) for group in ranked]
        at = [addresses[group] for group in ranked]
        held_out = range(int(self.folds.max()) + 1) if self.rounds is None else range(0)
        rates = [base_rate(self.labels, self.folds, k) for k in (*held_out, NO_FOLD)]
        matrices = [self._matrices(groups, group, addresses[group]) for group in ranked]
        finished(self.client, list(chain.from_iterable(matrices)), addresses)  # XGBoost waits for nobody who comes late

        def submit(topic: str) -> list[Future]:
            same = {
                "tracker": tracker,
                "rates": rates,
                "config": self.config,
                "rounds": self.rounds,
                "device": self.device,
                "topic": topic,
            }
            return [
                self.client.submit(train, matrices[rank], *held, rank=rank, **same, workers=[address], pure=False)
                for rank, (address, held) in enumerate(zip(at, sent, strict=True))
            ]

        with explained(self.client):
            sent = [
                self.client.scatter([self.labels[mine], self.folds[mine]], workers=[address], hash=False)
                for address, mine in zip(at, rows, strict=True)
            ]
            # XGBoost's own trainings take these locks too: of two at once, each could wait for workers of the other.
            with MultiLock(at, client=self.client), _tracker(self.client, at) as tracker:
                found = run_tasks(self.client, submit, at, progress)
        margins = np.empty(len(self.labels))
        for mine, (grown, _) in zip(rows, found, strict=True):
            margins[mine] = grown.margins
        booster = xgb.Booster()
        booster.load_model(bytearray(found[0][1]))
        return booster, Grown(margins, found[0][0].rounds, found[0][0].warnings)

    def _groups(self, workers: int) -> list[tuple[int, int]]:
        """The group and the number of rows of each part of each snapshot."""
        return [pair for each in self.snapshots for pair in zip(groups_of(each.rows, workers), each.rows, strict=True)]

    def _matrices(self, groups: Sequence[tuple[int, int]], group: int, address: str) -> list[Future]:
        """The matrices of a group's parts, on its worker; a part is sent only if it is elsewhere."""
        parts = chain.from_iterable(snapshot.partitions for snapshot in self.snapshots)
        columns = self.snapshots[0].columns
        return [
            self.client.submit(matrix_of, part, columns, self.device, workers=[address], pure=False)
            for part, (its, n) in zip(parts, groups, strict=True)
            if its == group and n
        ]


@contextmanager
def _tracker(client: Client, addresses: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Inside, a tracker of XGBoost is open on the first worker; what the others have to know of it."""
    from gpunet.cluster.model.training_worker import close_tracker, open_tracker

    name = uuid4().hex
    (known,) = client.run(open_tracker, name, len(addresses), workers=[addresses[0]]).values()
    try:
        yield known
    finally:
        if client.status == "running" and not missing(client, addresses[:1]):
            client.run(close_tracker, name, workers=[addresses[0]], on_error="ignore")
