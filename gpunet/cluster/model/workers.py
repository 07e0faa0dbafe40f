"""What workers compute for a model, in the face of their end, with errors in words for a user."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from distributed import Client, Future

from gpunet.base.errors import GpunetError, ResourceError
from gpunet.base.progress import ProgressCallback
from gpunet.cluster.waiting import WorkerLostError, await_workers, connected, missing, wait_for, wait_while

__all__ = ["explained", "finished", "gathered", "losses_seen", "run_tasks", "team"]

# What it is called in messages.
_NAME = "the model"

# Seconds within which the scheduler notices that a worker has ended, unless the machine is busy.
_TO_NOTICE = 2.0

# Seconds that a result may be on its way before it is looked whether its worker is still there.
_TO_FETCH = 60.0

# What errors of libraries, of XGBoost above all, say when memory does not suffice.
_NO_MEMORY = ("bad_alloc", "cudaErrorMemoryAllocation", "CUDA_ERROR_OUT_OF_MEMORY", "out of memory")


def gathered(client: Client, futures: Sequence[Future]) -> list[Any]:
    """The results in the order of the futures, however often a worker is started again meanwhile.

    Raises
    ------
    EngineError
        If the scheduler is lost, no worker is left, what a worker held cannot be computed again, the same part ends
        several workers, or the memory of one or XGBoost fails. Whatever else a task raises is passed on.
    """
    finished(client, futures)
    with explained(client):
        found: list[Any] = client.gather(list(futures))
    return found


def finished(client: Client, futures: Sequence[Future], needed: Sequence[str] = ()) -> None:
    """Wait until all are computed, and leave them where they are; errors are those of :func:`gathered`.

    Raises
    ------
    WorkerLostError
        If one of the workers `needed` has ended, without which they cannot be computed.
    """
    with explained(client):
        wait_for(client, futures, needed, _NAME)


def team(client: Client, wanted: int = 1) -> list[str]:
    """The addresses of so many workers or more, ascending; of fewer, if more do not come within a minute.

    Raises
    ------
    EngineError
        If there is none, or the scheduler is lost.
    """
    with explained(client):
        return await_workers(client, wanted, _NAME)


@contextmanager
def losses_seen(client: Client, addresses: Sequence[str]) -> Iterator[None]:
    """Inside, an error that comes of the end of one of the workers is a WorkerLostError."""
    try:
        yield
    except Exception as error:
        if client.status == "running" and (lost := _soon_missing(client, addresses)):
            raise WorkerLostError(lost) from error
        raise


def run_tasks(
    client: Client,
    submit: Callable[[str], Sequence[Future]],
    needed: Sequence[str],
    progress: ProgressCallback | None,
) -> list[Any]:
    """Results of tasks, whose progress is passed on by this thread.

    Parameters
    ----------
    submit
        Is given a topic to which the tasks log events ``[stage, done, total]``, and returns their futures.
    needed
        Addresses of workers without any of which they cannot be finished.

    Raises
    ------
    WorkerLostError
        If one of the workers has ended.
    EngineError
        If the scheduler is lost, or a task failed: a worker is gone, its memory did not suffice, or XGBoost gave up.
    """
    events: queue.SimpleQueue[Any] = queue.SimpleQueue()
    failed: list[Exception] = []
    with explained(client), _reports(client, events.put) as topic:
        futures = list(submit(topic))
        running = set(futures)
        for future in futures:
            future.add_done_callback(events.put)

        def unfinished(seconds: float) -> bool:
            try:
                event = events.get(timeout=seconds)
            except queue.Empty:
                return True
            if not isinstance(event, list):  # a future
                running.discard(event)
                return bool(running) and event.status == "finished"
            try:
                if progress is not None:
                    progress(*event)
            except Exception as error:  # the caller's, and not to be explained
                failed.append(error)
            return not failed

        try:
            wait_while(client, unfinished, needed, _NAME)
            if not failed:
                return _fetched(client, futures, needed)
        finally:
            if client.status == "running":
                client.cancel([future for future in futures if not future.done()])
    raise failed[0]


def _fetched(client: Client, futures: Sequence[Future], needed: Sequence[str]) -> list[Any]:
    """The results of tasks; a worker that ends after them and before this takes its own with it."""
    for future in futures:
        if future.status == "error":
            future.result()
    found: list[Any] = []

    def unfinished(_: float) -> bool:
        with suppress(TimeoutError):
            found.append(futures[len(found)].result(timeout=_TO_FETCH))
        return len(found) < len(futures)

    wait_while(client, unfinished, needed, _NAME)
    return found


@contextmanager
def _reports(client: Client, put: Callable[[Any], None]) -> Iterator[str]:
    """A topic: what workers log as events of it, goes to `put`."""
    topic = f"gpunet-{uuid4().hex}"
    client.subscribe_topic(topic, lambda event: put(list(event[1])))
    try:
        yield topic
    finally:
        if client.status == "running":
            client.unsubscribe_topic(topic)


@contextmanager
def explained(client: Client) -> Iterator[None]:
    """Inside, an error that comes of the cluster or of its memory, not of the code, is an EngineError with advice."""
    try:
        with connected(client, _NAME):
            yield
    except GpunetError:
        raise
    except CancelledError as error:
        raise ResourceError(f"{_NAME}: what a worker held is lost, and cannot be computed again") from error
    except Exception as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)  # XGBoost's go on with its calls
        if _is_of_memory(error):
            reason = (
                f"a worker had too little memory ({first}): see [cluster] memory_limit, and use fewer workers or "
                "threads, or GPUs with more memory"
            )
        elif isinstance(error, OSError) or type(error).__name__ == "XGBoostError":
            reason = f"the training failed on the cluster: {first}"
        else:
            raise
        raise ResourceError(f"{_NAME}: {reason}") from error


def _is_of_memory(error: BaseException) -> bool:
    """Whether a worker's memory, or its GPU's, did not suffice. By names: not all libraries of workers are here."""
    named = any(each.__name__ == "OutOfMemoryError" for each in type(error).__mro__)
    return isinstance(error, MemoryError) or named or any(text in str(error) for text in _NO_MEMORY)


def _soon_missing(client: Client, addresses: Sequence[str]) -> list[str]:
    """Workers that are gone: errors come before the scheduler notices an end, so they are asked as well."""
    begin = monotonic()
    with explained(client):
        while not (lost := missing(client, addresses)) and monotonic() - begin < _TO_NOTICE:
            sleep(0.1)
        answers = {} if lost else client.run(os.getpid, workers=list(addresses), on_error="return")
    return lost or [address for address in addresses if not isinstance(answers.get(address), int)]
