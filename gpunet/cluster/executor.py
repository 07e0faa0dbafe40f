"""What is computed on workers from a network that each of them holds: sums of chunks, with the bits of one process.

See :mod:`gpunet.search.reduction`.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing
from itertools import islice
from typing import Any, TypeAlias

from distributed import Client, Future
from numpy.typing import NDArray

from gpunet.base.errors import ResourceError
from gpunet.base.progress import ProgressCallback
from gpunet.cluster.results import threads_of
from gpunet.cluster.schedule import runs_of_chunks
from gpunet.cluster.waiting import await_workers, connected, missing, wait_for
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Chunk, RunningSums, Spanned, Work, chunks_of, sum_of_chunk, sums_of_chunks

__all__ = ["ClusterExecutor"]

#: What finds the sum of a chunk as ``sum_of_chunk`` does.
Compute: TypeAlias = Callable[..., NDArray[Any]]

# Tasks under way, for each thread of the workers: one it works on and some to go on with, while the first is awaited.
_AHEAD = 3

# Seconds that sending the network to the workers may take.
_TO_SEND = 60.0

# So often in a row may the network be sent again, because all workers that held it are gone.
_MOST_LOSSES = 3


class ClusterExecutor:
    """Distributes searches: the network is sent to each worker once, then chunks of the work, largest blocks first.

    A task computes a run of chunks. Results are fetched and added in the order of the chunks, and no more than a few
    tasks a thread are under way, so the memory of workers and of this process is bounded, whatever the amount of work.
    """

    def __init__(self, client: Client, name: str, *, direct: bool) -> None:
        self.client, self._name, self.direct = client, name, direct
        self._held: tuple[Any, Future] | None = None

    def add_up(
        self,
        work: Work,
        graph: SearchGraph,
        batches: Sequence[Spanned],
        weights: Sequence[float],
        total: NDArray[Any],
        stage: str,
        progress: ProgressCallback | None,
        *,
        sums: RunningSums | None = None,
        chunks: Sequence[Chunk] | None = None,
        compute: Compute = sum_of_chunk,
    ) -> None:
        """Add the results of all batches to `total`; a :class:`gpunet.search.reduction.Reducer`.

        Parameters
        ----------
        work
            What is computed from a batch, as `compute` understands it.
        graph
            What is searched; every worker gets it once.
        batches
            What `work` is given, one after the other; each touches the positions ``first..last-1``.
        weights
            The share of the work that each batch is.
        total
            The sums so far, [..., positions, sets], to which is added in the order of the chunks.
        stage, progress
            `progress` is called with the name of the stage, the weight that is done and that of all.
        sums
            Keeps `total` after each chunk, and says from which one to go on.
        chunks
            Of the batches; those of CPUs if None.
        compute
            Finds the sum of a chunk on a worker, as :func:`gpunet.search.reduction.sum_of_chunk` does.

        Raises
        ------
        EngineError
            If the scheduler is lost, no worker is left, or the same chunk ends several workers.
        """
        chunks = chunks_of(batches, weights) if chunks is None else chunks
        added = 0 if sums is None else sums.resume(stage, graph, chunks, total)
        whole, done = float(sum(weights)), sum(chunk.weight for chunk in chunks[:added])
        position_bytes = total.nbytes // max(1, total.shape[-2])
        if progress is not None:
            progress(stage, done, whole)

        def add_rest() -> None:
            nonlocal added, done
            rest = (work, graph, batches, chunks[added:], position_bytes, stage, compute)
            with closing(self._in_order(*rest)) as found_in_order:  # an error in here ends the tasks under way
                for chunk, found in found_in_order:
                    total[..., chunk.first : chunk.last, :] += found
                    added, done = added + 1, done + chunk.weight
                    if sums is not None:
                        sums.keep(stage, total, added)
                    if progress is not None:
                        progress(stage, whole if added == len(chunks) else done, whole)

        self._persistently(add_rest, lambda: added)

    def _in_order(
        self,
        work: Work,
        graph: SearchGraph,
        batches: Sequence[Spanned],
        chunks: Sequence[Chunk],
        position_bytes: int,
        stage: str,
        compute: Compute,
    ) -> Generator[tuple[Chunk, NDArray[Any]], None, None]:
        """The sums of the chunks, in their order."""
        if not chunks:
            return
        network = self._sent(graph)
        name = f"{stage.partition(',')[0]}-{uuid.uuid4().hex[:12]}"  # before the dash is what the dashboard shows
        slots = max(1, threads_of(self.client))
        runs = [chunks[begin:end] for begin, end in runs_of_chunks(chunks, position_bytes, slots)]
        pending: deque[Future] = deque()
        waiting = iter(enumerate(runs))
        try:
            for run in runs:
                for i, next_run in islice(waiting, _AHEAD * slots - len(pending)):
                    inside = batches[next_run[0].begin : next_run[-1].end]
                    arguments = (compute, work, network, inside, next_run)
                    pending.append(self.client.submit(sums_of_chunks, *arguments, key=f"{name}-{i}"))
                found = self._result(pending[0])
                pending.popleft()
                yield from zip(run, found, strict=True)
                del found  # before the next are fetched
        finally:
            if pending and self.client.status == "running":
                self.client.cancel(list(pending))

    def call(self, function: Callable[..., Any], network: Any, *arguments: Any) -> Any:
        """What a function of a network finds on any one of the workers, to each of which the network is sent once.

        Raises
        ------
        EngineError
            As for :meth:`add_up`.
        """
        return self._persistently(
            lambda: self._result(self.client.submit(function, self._sent(network), *arguments, pure=False))
        )

    def release(self) -> None:
        """Let the workers forget the network that they hold; it is sent again when it is needed."""
        held, self._held = self._held, None
        if held is not None and self.client.status == "running":
            held[1].release()

    def _sent(self, graph: Any) -> Future:
        """The network where every worker has it."""
        if self._held is None or self._held[0] is not graph:
            self.release()  # first let go of the other one
            self._held = graph, self._send(graph)
        return self._held[1]

    def _send(self, graph: Any) -> Future:
        """Send the network to a worker, from which the others get it.

        Dask's own way to send to all would ask a worker for ever that ends meanwhile.
        """
        there = await_workers(self.client, name=self._name)
        try:
            sent = self.client.scatter(graph, direct=self.direct, hash=False, timeout=_TO_SEND)
            pinned = [self.client.submit(_received, sent, workers=[worker], pure=False) for worker in there]
            wait_for(self.client, pinned, there, self._name)
            self.client.gather(pinned, direct=self.direct)
        except Exception as error:  # Dask raises whatever comes of asking a worker that has ended
            if self.client.status == "running" and missing(self.client, there):
                raise ConnectionError(str(error)) from error
            raise
        return sent

    def _result(self, future: Future) -> Any:
        """What the workers found, however often one of them is started again meanwhile."""
        wait_for(self.client, [future], name=self._name)
        found = self.client.gather(future, direct=self.direct)
        future.release()  # at once, and not when Python has found all that refers to it
        return found

    def _persistently(self, do: Callable[[], Any], progress: Callable[[], int] = lambda: 0) -> Any:
        """What `do` gives, again if what was sent is lost with all its workers; not for ever without `progress`."""
        losses, before = 0, progress()
        while True:
            try:
                with connected(self.client, self._name):
                    return do()
            except (CancelledError, OSError) as error:
                losses, before = (losses + 1 if progress() == before else 1), progress()
                if losses > _MOST_LOSSES:
                    raise ResourceError(f"{self._name}: the workers are lost again and again: {error}") from error
                self._held = None


def _received(network: Any) -> None:
    """What a worker does that is to have the network: nothing more."""
