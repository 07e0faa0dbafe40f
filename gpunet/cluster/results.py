"""Tasks for each part, and their results when they are there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from time import monotonic
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, wait

from gpunet.base.errors import EngineError, GpunetError, in_words
from gpunet.base.stopping import raise_if_stopped

__all__ = ["connected", "each", "fetched", "finished", "guarded", "in_order", "threads_of"]

# Seconds between looks at whether there is anybody left to wait for, and how long to wait for somebody.
_LOOK, _PATIENCE = 1.0, 60.0

# So often results are asked for, if a worker that has them cannot be reached.
_TRIES = 3


@contextmanager
def connected(client: Client, name: str = "--cluster") -> Iterator[None]:
    """Inside, the cluster is asked for something; `name` is what it is called in messages.

    Dask notices at once that a scheduler is lost, tries for a while to reach it again, and then closes the client. What
    it raises depends on when it is asked, and on for what: errors of connections, of attributes that are gone, its own.

    Raises
    ------
    EngineError
        If the scheduler is lost, whatever is raised inside, unless that is for the user already.
    """
    try:
        yield
    except GpunetError:
        raise
    except Exception as error:
        if client.status == "running":
            raise
        raise EngineError(
            f"{name}: the connection to the scheduler is lost; when it is there again, start this again"
        ) from error


def threads_of(client: Client) -> int:
    """Threads of all workers together, 0 if there is none.

    Raises
    ------
    EngineError
        If the scheduler is lost.
    """
    found: int = guarded(client, lambda: sum(client.nthreads().values()))
    return found


def each(client: Client, name: str, function: Callable[..., Any], *parts: Iterable[Any], **same: Any) -> list[Future]:
    """Futures of ``function(*part, **same)`` for each of the parts, which run parallel; `name` is the dashboard's.

    Raises
    ------
    EngineError
        If the scheduler is lost.
    """
    columns = [list(values) for values in parts]
    run = uuid.uuid4().hex[:12]
    keys = [f"{name}-{run}-{i}" for i in range(len(columns[0]))]
    large = dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"})  # arrays of vertices go along
    with large, connected(client):
        futures: list[Future] = client.map(function, *columns, key=keys, pure=False, **same)
    return futures


def finished(client: Client, futures: Sequence[Future]) -> list[Future]:
    """The futures when all of their results are there, which stay on the workers.

    Raises
    ------
    EngineError
        If the scheduler is lost, workers cannot be reached, none is left, or the same task ends several of them.
    Exception
        What a task raises; of several the first in the order of the futures.
    """
    guarded(client, lambda: _wait(client, futures, None), futures)
    return list(futures)


def fetched(client: Client, futures: Sequence[Future], done: Callable[[int], None] | None = None) -> list[Any]:
    """The results themselves, all at once, in the order of the futures; errors as in :func:`finished`.

    `done` is called with the place of each future whose result is there.
    """
    if not futures:
        return []

    def take() -> list[Any]:
        _wait(client, futures, done)
        found: list[Any] = client.gather(list(futures))
        return found

    found: list[Any] = guarded(client, take, futures)
    return found


def in_order(client: Client, futures: Iterable[Future]) -> Iterator[Any]:
    """The results one after the other; none is fetched before it is asked for."""
    for future in futures:
        yield fetched(client, [future])[0]


def guarded(client: Client, do: Callable[[], Any], futures: Sequence[Future] = (), tries: int = _TRIES) -> Any:
    """What `do` gives, again if the connection to a worker was lost; what Dask raises comes in words for a user.

    Raises
    ------
    EngineError
        If the scheduler is lost, what workers held is lost, or the same task ends several workers.
    Exception
        What else `do`, or a task of `futures`, raises.
    """
    try:
        with connected(client):
            return do()
    except KilledWorker as error:
        raise EngineError(
            "--cluster: several workers in a row have ended while they worked on the same part; most likely they had "
            "too little memory: see [cluster] memory_limit, and use fewer workers or threads"
        ) from error
    except CancelledError as error:
        raise EngineError(f"--cluster: the workers have lost what they held: {error}") from error
    except OSError as error:  # that nobody answers in time is one, too
        if _is_of_task(client, error, futures):
            raise
        if tries == 1:  # and not as it is, or whoever writes results to a file would blame the disk
            raise EngineError(f"--cluster: the workers cannot be reached: {in_words(error)}") from error
    return guarded(client, do, futures, tries - 1)


def _is_of_task(client: Client, error: Exception, futures: Sequence[Future]) -> bool:
    """Whether a task has raised this error, and not Dask on the way to it."""
    with connected(client):
        return any(future.status == "error" and future.exception() is error for future in futures)


def _wait(client: Client, futures: Sequence[Future], done: Callable[[int], None] | None) -> None:
    """Until all are done, or there has been no worker for a while; raises what a task raises."""
    place = {future: i for i, future in enumerate(futures)}
    waiting, failed, last = set(place), list[int](), monotonic()
    while waiting:
        raise_if_stopped()
        now = _done_now(client, waiting)
        waiting -= now
        if now or client.nthreads():
            last = monotonic()
        elif monotonic() - last > _PATIENCE:
            raise EngineError(f"--cluster: no worker for {_PATIENCE:.0f} seconds")
        failed += [place[future] for future in now if future.status == "error"]
        if failed:  # of several errors that of the first task counts, whichever comes first
            waiting = {future for future in waiting if place[future] < min(failed)}
        if done is not None:
            for future in now:
                done(place[future])
    client.gather([futures[i] for i in sorted(failed)[:1]])


def _done_now(client: Client, waiting: set[Future]) -> set[Future]:
    """Those that are done, after a moment's wait; CancelledError if they never will be."""
    try:
        with client.as_current():
            return set(wait(list(waiting), timeout=_LOOK, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return set()
