"""Sums over the workers of a cluster, with the bits that one process gives; see :mod:`gpunet.features.adding`."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from itertools import islice
from time import monotonic
from typing import Any, TypeAlias

import dask
from distributed import Client, Future, KilledWorker, wait
from numpy.typing import NDArray

from gpunet.checkpoints import RunningSums
from gpunet.cluster.results import connected, threads_of
from gpunet.cluster.schedule import runs_of_parts
from gpunet.errors import EngineError
from gpunet.features.adding import Part, Spanned, Work, parts_of, sum_of_part, sums_of_parts
from gpunet.features.layout import Layout
from gpunet.progress import ProgressCallback

__all__ = ["Division"]

#: What divides batches, which have weights, into parts; and what finds the sum of a part as ``sum_of_part`` does.
Divide: TypeAlias = Callable[[Sequence[Any], Sequence[float]], list[Part]]
Compute: TypeAlias = Callable[..., NDArray[Any]]

# Tasks under way, for each thread of the workers: one it works on and some to go on with, while the first is awaited.
_AHEAD = 3

# Seconds between looks at whether there is anybody left to wait for, and how long to wait for somebody.
_LOOK, _PATIENCE = 5.0, 60.0

# So often in a row may the network be sent again, because all workers that held it are gone.
_MOST_LOSSES = 3


# Batches of sources, and arrays of vertices, go along with tasks.
_LARGE = {"distributed.admin.large-graph-warning-threshold": "1 TiB"}


class Division:
    """Divides searches over workers: the network is sent to each once, then parts of the work, largest blocks first.

    A task computes a run of parts. Results are fetched and added in the order of the parts, and no more than a few
    tasks a thread are under way, so the memory of workers and of this process is bounded, whatever the amount of work.
    """

    def __init__(self, client: Client, name: str, *, direct: bool) -> None:
        self._client, self._name, self._direct = client, name, direct
        self._held: tuple[Any, Future] | None = None

    @property
    def client(self) -> Client:
        """Of the cluster."""
        return self._client

    @property
    def name(self) -> str:
        """What the cluster is called in messages."""
        return self._name

    def add_up(
        self,
        work: Work,
        layout: Layout,
        batches: Sequence[Spanned],
        weights: Sequence[float],
        total: NDArray[Any],
        stage: str,
        progress: ProgressCallback | None,
        *,
        sums: RunningSums | None = None,
        divide: Divide = parts_of,
        compute: Compute = sum_of_part,
    ) -> None:
        """Add the results of all batches to `total`, see :class:`gpunet.features.adding.Adder`.

        With `sums` it goes on from what was kept, part by part. `divide` makes the parts, and `compute` finds the sum
        of one on a worker; both are those of CPUs.

        Raises
        ------
        EngineError
            If the scheduler is lost, no worker is left, or the same part ends several workers.
        """
        parts = divide(batches, weights)
        added = 0 if sums is None else sums.resume(stage, total, len(parts))
        whole, done, losses = float(sum(weights)), sum(part.weight for part in parts[:added]), 0
        if progress is not None:
            progress(stage, done, whole)
        while added < len(parts):
            try:
                position_bytes = total.nbytes // max(1, total.shape[-2])
                asked = (work, layout, batches, parts[added:], position_bytes, stage, compute)
                with connected(self._client, self._name):
                    for part, found in self._in_order(*asked):
                        total[..., part.first : part.last, :] += found
                        added, done, losses = added + 1, done + part.weight, 0
                        if sums is not None:
                            sums.keep(stage, total, len(parts), added)
                        if progress is not None:
                            progress(stage, whole if added == len(parts) else done, whole)
            except (CancelledError, OSError) as error:
                losses += 1
                self._go_on_after(error, losses)

    def _in_order(
        self,
        work: Work,
        layout: Layout,
        batches: Sequence[Spanned],
        parts: Sequence[Part],
        position_bytes: int,
        stage: str,
        compute: Compute,
    ) -> Iterator[tuple[Part, NDArray[Any]]]:
        """The sums of the parts, in their order."""
        network = self._sent(layout)
        name = f"{stage.partition(',')[0]}-{uuid.uuid4().hex[:12]}"  # before the dash is what the dashboard shows
        slots = max(1, threads_of(self._client))
        runs = [parts[begin:end] for begin, end in runs_of_parts(parts, position_bytes, slots)]
        pending: deque[Future] = deque()
        waiting = iter(enumerate(runs))
        try:
            for run in runs:
                for i, next_run in islice(waiting, _AHEAD * slots - len(pending)):
                    inside = batches[next_run[0].begin : next_run[-1].end]
                    arguments = (compute, work, network, inside, next_run)
                    with dask.config.set(_LARGE):
                        pending.append(self._client.submit(sums_of_parts, *arguments, key=f"{name}-{i}"))
                yield from zip(run, self._result(pending[0]), strict=True)
                pending.popleft()
        finally:
            if pending and self._client.status == "running":
                self._client.cancel(list(pending))

    def once(self, function: Callable[..., Any], network: Any, *arguments: Any) -> Any:
        """What a function of a network finds on any one of the workers, to each of which the network is sent once.

        Raises
        ------
        EngineError
            As for :meth:`add_up`.
        """
        losses = 0
        while True:
            try:
                with connected(self._client, self._name):
                    sent = self._sent(network)
                    with dask.config.set(_LARGE):
                        future = self._client.submit(function, sent, *arguments, pure=False)
                    return self._result(future)
            except (CancelledError, OSError) as error:
                losses += 1
                self._go_on_after(error, losses)

    def release(self) -> None:
        """Let the workers forget the network that they hold; it is sent again when it is needed."""
        self._held = None

    def _sent(self, layout: Any) -> Future:
        """The network where every worker has it."""
        if self._held is None or self._held[0] is not layout:
            self._held = None  # first let go of the other one
            self._patiently(lambda: bool(self._client.nthreads()))
            sent = self._client.scatter(layout, broadcast=True, direct=self._direct, hash=False, timeout=_PATIENCE)
            self._held = layout, sent
        return self._held[1]

    def _result(self, future: Future) -> Any:
        """What the workers found, however often one of them is started again meanwhile."""
        self._patiently(lambda: self._is_done(future), lambda: bool(self._client.nthreads()))
        try:
            found = self._client.gather(future, direct=self._direct)
        except KilledWorker as error:
            raise EngineError(
                f"{self._name}: several workers in a row have ended while they worked on the same part; most likely "
                "they had too little memory: see [cluster] memory_limit, and use fewer workers or threads"
            ) from error
        return found

    def _patiently(self, done: Callable[[], bool], hope: Callable[[], bool] = lambda: False) -> None:
        """Wait until it is done, or there has been no hope for a while."""
        last = monotonic()
        while not done():
            if hope():
                last = monotonic()
            elif monotonic() - last > _PATIENCE:
                raise EngineError(f"{self._name}: no worker for {_PATIENCE:.0f} seconds")

    def _go_on_after(self, error: Exception, losses: int) -> None:
        """Forget what was sent, which is lost with all its workers; or raise if it is not that."""
        if losses > _MOST_LOSSES:
            raise EngineError(f"{self._name}: the workers are lost again and again: {error}") from error
        self._held = None

    def _is_done(self, future: Future) -> bool:
        """Whether the result is there, after a moment's wait; CancelledError if it never will be."""
        try:
            with self._client.as_current():
                wait(future, timeout=_LOOK)
        except TimeoutError:
            return False
        return True
