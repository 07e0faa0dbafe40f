"""XGBoost trained on the workers of a cluster, on parts of the rows that stay where they are.

Its workers listen on every interface while they train, so all of this happens only where that is allowed.

XGBoost's cut points, its draws of rows and the order of its sums depend on which rows are on which worker, and on the
workers' ranks. So both are fixed: parts go to workers in contiguous groups by their numbers of rows alone, the first
group to the worker of the first rank and so on, whatever the workers' names and addresses are.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from gpunet.base.errors import EngineError
from gpunet.base.progress import ProgressCallback
from gpunet.cluster.model.parts import Snapshot, matrix_of
from gpunet.cluster.model.workers import (
    LostWorkerError,
    awaited,
    gathered,
    losses_seen,
    team,
    threads_a_task,
    watched,
)
from gpunet.config.config import ModelConfig
from gpunet.model.boosting import DEVICE, PARAMETERS, TREES, base_rate, fitted
from gpunet.model.boosting_rounds import PATIENCE
from gpunet.model.classifier import Fitted

if TYPE_CHECKING:
    from distributed import Client, Future

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
    labels: NDArray[np.bool_],
    folds: NDArray[np.int32],
    *,
    workers: int,
    config: ModelConfig,
    device: str | None,
    progress: ProgressCallback | None = None,
) -> Fitted:
    """Do on a cluster what :func:`gpunet.model.boosting.fit` does in one process.

    Parameters
    ----------
    snapshots
        Whose rows are trained on, one after the other, with the columns of the first.
    labels, folds
        bool[n] and int32[n], over all rows of all snapshots.
    workers
        How many take part; they are waited for up to a minute.
    device
        ``"gpu"``: on each worker's GPU.

    Raises
    ------
    EngineError
        If workers are lost again and again, none is left, or one has too little memory.
    """
    training = _Training(client, snapshots, labels, folds, workers, config, device)
    (grown, held_out), few = training.steadily(lambda places: training.cross_fit(places, progress))
    booster, fewer = training.steadily(lambda places: training.on_all_rows(places, grown.rounds, progress))
    least = min(few, fewer)
    where = DEVICE["gpu" if device == "gpu" else "cpu"]
    parameters = {**PARAMETERS, "device": where, "patience": PATIENCE, **({"workers": least} if least > 1 else {})}
    warnings = grown.warnings
    if least < training.wanted:
        warnings += (
            f"{training.wanted - least} of {training.wanted} workers were missing in the training and did not come "
            "within a minute: the model may not be the one that all would have trained",
        )
    return fitted(TREES(booster), held_out, grown.rounds, parameters, snapshots[0].columns, warnings)


@dataclass(frozen=True, eq=False)
class _Pinned:
    """Where the rows are: futures of matrices, and of labels and folds as one number, each on its worker alone."""

    places: list[str]
    rows: list[int]
    matrices: list[Future]
    encoded: list[Future]


class _Training:
    """One training on the rows of some snapshots."""

    def __init__(
        self,
        client: Client,
        snapshots: Sequence[Snapshot],
        labels: NDArray[np.bool_],
        folds: NDArray[np.int32],
        workers: int,
        config: ModelConfig,
        device: str | None,
    ) -> None:
        self._client, self._snapshots, self._labels, self._folds = client, snapshots, labels, folds
        self._config, self._device, self._workers = config, device, workers
        self._rows = [n for snapshot in snapshots for n in snapshot.rows]
        self._pinned: _Pinned | None = None
        self.wanted = self._ranks(workers)

    def _groups(self, workers: int) -> list[int]:
        return list(chain.from_iterable(groups_of(snapshot.rows, workers) for snapshot in self._snapshots))

    def _ranks(self, workers: int) -> int:
        """How many of so many workers have rows."""
        return len({group for group, n in zip(self._groups(workers), self._rows, strict=True) if n})

    def steadily(self, attempt: Callable[[list[str]], Any]) -> tuple[Any, int]:
        """Attempt it until no worker is lost on the way; return what it does, and how many workers it had."""
        for _ in range(_MOST_LOSSES + 1):
            places = team(self._client, self._workers)[: self._workers]
            self._workers = len(places)  # whoever has been waited for in vain is not waited for again
            try:
                with losses_seen(self._client, places):
                    return attempt(places), self._ranks(len(places))
            except LostWorkerError as error:
                self._pinned, loss = None, error
        raise EngineError(
            "the model: workers are lost again and again during the training; most likely they have too little memory: "
            "see [cluster] memory_limit, and use fewer or larger workers"
        ) from loss

    def cross_fit(self, places: list[str], progress: ProgressCallback | None) -> tuple[Any, NDArray[np.float64]]:
        """The round, and the held-out margins at it, float64[n]."""
        from gpunet.cluster.model.folds import FoldsTogether, held_out_margins, unpack

        n_folds = int(self._folds.max()) + 1
        rates = [base_rate(self._labels, self._folds, k) for k in range(n_folds)]

        async def work(topic: str) -> Any:
            together = FoldsTogether(self._params(), rates, self._config.max_rounds, topic)
            return await self._train(pinned, 1, together)

        pinned = self._pin(places)
        carrier = watched(self._client, places, work, progress)
        grown, boosters = unpack(carrier)
        threads = threads_a_task(self._client, len(pinned.matrices))
        packed = self._client.submit(list, boosters, pure=False)
        tasks = [
            self._client.submit(held_out_margins, matrix, encoded, packed, threads, pure=False)
            for matrix, encoded in zip(pinned.matrices, pinned.encoded, strict=True)
        ]
        margins = np.concatenate(gathered(self._client, tasks, places))
        return grown, margins

    def on_all_rows(self, places: list[str], rounds: int, progress: ProgressCallback | None) -> Any:
        """The booster of all rows."""
        from gpunet.cluster.model.folds import AllRows

        async def work(topic: str) -> Any:
            return await self._train(pinned, rounds, AllRows(rounds, topic), base_rate(self._labels, self._folds, -1))

        pinned = self._pin(places)
        return watched(self._client, places, work, progress)

    def _params(self) -> dict[str, Any]:
        return {**PARAMETERS, "device": DEVICE["gpu" if self._device == "gpu" else "cpu"], "seed": self._config.seed}

    async def _train(self, pinned: _Pinned, rounds: int, callback: Any, rate: float = 0.5) -> Any:
        """The booster of ``xgboost.dask.train`` with this callback, which is its objective too."""
        from xgboost import dask as xgboost_dask

        with self._client.as_current():
            data = await self._matrix(pinned)
            found = await xgboost_dask.train(
                self._client,
                {**self._params(), "base_score": rate},
                data,
                rounds,
                obj=callback.objective,
                callbacks=[callback],
                verbose_eval=False,
            )
        return found["booster"]

    async def _matrix(self, pinned: _Pinned) -> Any:
        """XGBoost's matrix, with each piece where it is planned.

        Dask would move small pieces to idle workers while XGBoost puts them together; it does so for each worker alone.
        """
        import dask
        from xgboost import dask as xgboost_dask

        async def at(place: str) -> Any:
            pieces = [i for i, each in enumerate(pinned.places) if each == place]
            rows = [pinned.rows[i] for i in pieces]
            with dask.annotate(workers=[place], allow_other_workers=False):
                return await xgboost_dask.DaskQuantileDMatrix(
                    self._client,
                    _array([pinned.matrices[i] for i in pieces], rows, len(self._snapshots[0].columns)),
                    _array([pinned.encoded[i] for i in pieces], rows),
                    max_bin=PARAMETERS["max_bin"],
                )

        first, *others = await asyncio.gather(*(at(place) for place in dict.fromkeys(pinned.places)))
        for other in others:
            first.worker_map.update(other.worker_map)
        if {place: len(parts) for place, parts in first.worker_map.items()} != Counter(pinned.places):
            raise EngineError("the parts of the features are not on the workers that they were given to")
        return first

    def _pin(self, places: list[str]) -> _Pinned:
        """The rows where they are to be trained on; kept from one call to the next while the workers are the same."""
        wanted = [
            (places[group], part, values)
            for group, part, values in zip(
                self._groups(len(places)),
                chain.from_iterable(snapshot.parts for snapshot in self._snapshots),
                np.split(self._encoded(), np.cumsum(self._rows)[:-1]),
                strict=True,
            )
            if len(values)
        ]
        at = [place for place, _, _ in wanted]
        if self._pinned is None or self._pinned.places != at:
            self._pinned = None  # first let go of the other ones
            columns = self._snapshots[0].columns
            self._pinned = _Pinned(
                places=at,
                rows=[len(values) for _, _, values in wanted],
                matrices=[
                    self._client.submit(matrix_of, part, columns, self._device, workers=[place], pure=False)
                    for place, part, _ in wanted
                ],
                encoded=[self._client.scatter(values, workers=[place], hash=False) for place, _, values in wanted],
            )
        # XGBoost does not say why a part is not there.
        awaited(self._client, self._pinned.matrices, places)
        return self._pinned

    def _encoded(self) -> NDArray[np.float32]:
        from gpunet.cluster.model.folds import encode

        return encode(self._labels, self._folds)


def _array(futures: Sequence[Future], rows: Sequence[int], columns: int | None = None) -> Any:
    """A Dask array of pieces that are there already: float32[n, columns], or float32[n]."""
    import dask.array as da

    name = f"gpunet-{uuid4().hex}"
    across = () if columns is None else (0,)
    graph = {(name, i, *across): future for i, future in enumerate(futures)}
    chunks = (tuple(rows),) if columns is None else (tuple(rows), (columns,))
    return da.Array(graph, name, chunks=chunks, dtype=np.float32, meta=np.empty((0,) * len(chunks), np.float32))
