"""The workers of a cluster: waiting for what they compute, in the face of their end; and who takes part in a training.

Dask is imported when a function is called, so that the package can be imported without it.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from gpunet.base.errors import EngineError, GpunetError
from gpunet.base.progress import ProgressCallback
from gpunet.base.stopping import raise_if_stopped

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["LostWorkerError", "awaited", "gathered", "losses_seen", "reports", "team", "threads_a_task", "watched"]

# Seconds between looks at whether the workers are all there, and for how long one that is gone is waited for.
_LOOK, _PATIENCE = 1.0, 60.0

# What errors of libraries, of XGBoost above all, say when memory does not suffice.
_NO_MEMORY = ("bad_alloc", "cudaErrorMemoryAllocation", "CUDA_ERROR_OUT_OF_MEMORY", "out of memory")


class LostWorkerError(Exception):
    """A worker that took part in a training is gone, and the training with it."""


def gathered(client: Client, futures: Sequence[Future], places: Sequence[str] = ()) -> list[Any]:
    """The results in the order of the futures, however often a worker is started again meanwhile.

    Raises
    ------
    LostWorkerError
        If one of the workers `places` is gone, without which they cannot be computed.
    EngineError
        If the scheduler is lost, no worker is left, what a worker held cannot be computed again, the same part ends
        several workers, or the memory of one or XGBoost fails. Whatever else a task raises is passed on.
    """
    awaited(client, futures, places)
    with _explained(client):
        found: list[Any] = client.gather(list(futures))
    return found


def awaited(client: Client, futures: Sequence[Future], places: Sequence[str] = ()) -> None:
    """Wait until all are computed, and leave them where they are; errors are those of :func:`gathered`."""
    from distributed import wait

    with _explained(client), client.as_current():
        last = monotonic()
        while True:
            try:
                wait(list(futures), timeout=_LOOK)
                break
            except TimeoutError as error:
                raise_if_stopped()
                there = client.nthreads()
                if any(place not in there for place in places):
                    raise LostWorkerError from error
                if there:
                    last = monotonic()
                elif monotonic() - last > _PATIENCE:
                    raise EngineError(f"the model: no worker for {_PATIENCE:.0f} seconds") from error
        for future in futures:
            if future.status == "error":
                future.result()


def team(client: Client, wanted: int) -> list[str]:
    """So many workers or more; after a minute's wait for them as many as there are, if any.

    Their addresses are in the order in which XGBoost numbers the workers: by its name of each, as text.

    Raises
    ------
    EngineError
        If there is none, or the scheduler is lost.
    """
    begin = monotonic()
    while True:
        try:
            workers = client.scheduler_info()["workers"]
        except (CancelledError, OSError) as error:
            raise EngineError(f"the model: {_reason(client, error)}") from error
        if len(workers) >= wanted or (workers and monotonic() - begin > _PATIENCE):
            return sorted(workers, key=lambda address: f"[xgboost.dask-{workers[address]['name']}]:{address}")
        if monotonic() - begin > _PATIENCE:
            raise EngineError(f"the model: no worker for {_PATIENCE:.0f} seconds")
        raise_if_stopped()
        sleep(0.1)


def threads_a_task(client: Client, tasks: int) -> int:
    """Threads for each of so many tasks, so that all threads of the workers have something to do."""
    from gpunet.cluster.results import threads_of

    return max(1, threads_of(client) // max(1, tasks))


@contextmanager
def losses_seen(client: Client, places: Sequence[str]) -> Iterator[None]:
    """Inside, an error that comes of the end of one of the workers is a LostWorkerError."""
    try:
        yield
    except Exception as error:
        if client.status == "running" and _soon_gone(client, places):
            raise LostWorkerError from error
        with _explained(client):
            raise


@contextmanager
def reports(client: Client, put: Callable[[Any], None]) -> Iterator[str]:
    """A topic: what workers log as events of it, goes to `put`."""
    topic = f"gpunet-{uuid4().hex}"
    client.subscribe_topic(topic, lambda event: put(event[1]))
    try:
        yield topic
    finally:
        if client.status == "running":
            client.unsubscribe_topic(topic)


def watched(
    client: Client,
    places: Sequence[str],
    work: Callable[[str], Coroutine[Any, Any, Any]],
    progress: ProgressCallback | None,
) -> Any:
    """Run `work` to its end beside this thread, which passes on progress and watches over the workers.

    Parameters
    ----------
    places
        Addresses of workers without any of which it cannot be finished.
    work
        Is given the topic of events ``[stage, done, total]``; runs where the client's own work does.

    Raises
    ------
    LostWorkerError
        If one of the workers has been gone for a while.
    EngineError
        If the scheduler is lost, or the work failed: a worker is gone, its memory did not suffice, or XGBoost gave up.
    """
    events: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with reports(client, events.put) as topic:
        running = asyncio.run_coroutine_threadsafe(work(topic), client.loop.asyncio_loop)
        running.add_done_callback(lambda _: events.put(None))
        try:
            _follow(client, places, events, progress)
        finally:
            running.cancel()
    with _explained(client):
        return running.result()


@contextmanager
def _explained(client: Client) -> Iterator[None]:
    """Inside, an error that comes of the cluster or of its memory, not of the code, is an EngineError with advice."""
    from distributed import KilledWorker

    try:
        yield
    except GpunetError:
        raise
    except Exception as error:
        ours = isinstance(error, CancelledError | KilledWorker | OSError)
        if ours or _is_of_memory(error) or type(error).__name__ == "XGBoostError":
            raise EngineError(f"the model: {_reason(client, error)}") from error
        raise


def _is_of_memory(error: BaseException) -> bool:
    """Whether a worker's memory, or its GPU's, did not suffice. By names: not all libraries of workers are here."""
    named = any(each.__name__ == "OutOfMemoryError" for each in type(error).__mro__)
    return isinstance(error, MemoryError) or named or any(text in str(error) for text in _NO_MEMORY)


def _follow(
    client: Client, places: Sequence[str], events: queue.SimpleQueue[Any], progress: ProgressCallback | None
) -> None:
    """Pass on events until there is an empty one; raise LostWorkerError if a worker stays away."""
    missing_since = None
    while True:
        try:
            event = events.get(timeout=_LOOK)
        except queue.Empty:
            raise_if_stopped()
            if not _missing(client, places):
                missing_since = None
                continue
            missing_since = missing_since or monotonic()
            if places and monotonic() - missing_since > 2 * _LOOK:
                raise LostWorkerError from None
            if monotonic() - missing_since > _PATIENCE:
                raise EngineError(f"the model: no worker for {_PATIENCE:.0f} seconds") from None
            continue
        if event is None:
            return
        if progress is not None:
            progress(*event)


def _missing(client: Client, places: Sequence[str]) -> bool:
    """Whether one of these workers is gone; of none, whether all workers are."""
    try:
        there = client.nthreads()
    except (CancelledError, OSError) as error:
        raise EngineError(f"the model: {_reason(client, error)}") from error
    return any(place not in there for place in places) if places else not there


def _soon_gone(client: Client, places: Sequence[str]) -> bool:
    """Whether one of the workers is gone, or is within a moment: errors come before the scheduler notices an end."""
    begin = monotonic()
    while monotonic() - begin < _LOOK:
        if _missing(client, places):
            return True
        sleep(0.1)
    return False


def _reason(client: Client, error: BaseException) -> str:
    """In words, what an error of Dask or of a worker means."""
    from distributed import KilledWorker

    if client.status != "running":
        return "the connection to the scheduler is lost; when it is there again, start this again"
    if isinstance(error, KilledWorker):
        return (
            "several workers in a row have ended while they worked on the same part; most likely they had too little "
            "memory: see [cluster] memory_limit, and use fewer workers or threads"
        )
    if isinstance(error, CancelledError):
        return "what a worker held is lost, and cannot be computed again"
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)  # XGBoost's go on with its calls
    if _is_of_memory(error):
        return (
            f"a worker had too little memory ({first}): see [cluster] memory_limit, and use fewer workers or threads, "
            "or GPUs with more memory"
        )
    return f"the training failed on the cluster: {first}"
