"""Tasks for each part, and their results when they are there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from time import monotonic
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, wait

from gpunet.errors import EngineError

__all__ = ["each", "fetched", "finished", "in_order", "told"]

# Seconds between looks at whether there is anybody left to wait for, and how long to wait for somebody.
_LOOK, _PATIENCE = 5.0, 60.0


def each(client: Client, name: str, function: Callable[..., Any], *parts: Iterable[Any], **same: Any) -> list[Future]:
    """Futures of ``function(*part, **same)`` for each of the parts, which run parallel; `name` is the dashboard's."""
    columns = [list(values) for values in parts]
    run = uuid.uuid4().hex[:12]
    keys = [f"{name}-{run}-{i}" for i in range(len(columns[0]))]
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):  # arrays of vertices go along
        futures: list[Future] = client.map(function, *columns, key=keys, pure=False, **same)
    return futures


def finished(client: Client, futures: Sequence[Future]) -> list[Future]:
    """The futures when all of their results are there, which stay on the workers.

    Raises
    ------
    EngineError
        If the scheduler is lost, no worker is left, or the same task ends several workers.
    Exception
        What a task raises; of several the first in the order of the futures.
    """
    told(client, lambda: _wait(client, futures, None))
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

    found: list[Any] = told(client, take)
    return found


def in_order(client: Client, futures: Iterable[Future]) -> Iterator[Any]:
    """The results one after the other; none is fetched before it is asked for."""
    for future in futures:
        yield fetched(client, [future])[0]


def told(client: Client, do: Callable[[], Any]) -> Any:
    """What `do` gives, with what Dask raises in words that a user can make something of.

    Raises
    ------
    EngineError
        If the scheduler is lost, what workers held is lost, or the same task ends several workers.
    Exception
        What else `do` raises.
    """
    try:
        return do()
    except KilledWorker as error:
        raise EngineError(
            "--cluster: several workers in a row have ended while they worked on the same part; most likely they had "
            "too little memory: see [cluster] memory_limit, and use fewer workers or threads"
        ) from error
    except (CancelledError, TimeoutError, OSError) as error:
        if client.status != "running":
            raise EngineError(
                "--cluster: the connection to the scheduler is lost; when it is there again, start this again"
            ) from error
        if isinstance(error, CancelledError):
            raise EngineError(f"--cluster: the workers have lost what they held: {error}") from error
        raise


def _wait(client: Client, futures: Sequence[Future], done: Callable[[int], None] | None) -> None:
    """Until all are done, or there has been no worker for a while; raises what a task raises."""
    place = {future: i for i, future in enumerate(futures)}
    waiting, failed, last = set(place), list[int](), monotonic()
    while waiting:
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
