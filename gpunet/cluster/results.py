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

__all__ = ["each", "fetched", "finished", "in_order"]

# Seconds between looks at whether there is anybody left to wait for, and how long to wait for somebody.
_LOOK, _PATIENCE = 5.0, 60.0

# So often results are asked for, if a worker that has them cannot be reached.
_TRIES = 3


def each(client: Client, name: str, function: Callable[..., Any], *parts: Iterable[Any], **same: Any) -> list[Future]:
    """Futures of ``function(*part, **same)`` for each of the parts, which run parallel; `name` is the dashboard's."""
    columns = [list(values) for values in parts]
    run = uuid.uuid4().hex[:12]
    keys = [f"{name}-{run}-{i}" for i in range(len(columns[0]))]
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):  # arrays of vertices go along
        futures: list[Future] = client.map(function, *columns, key=keys, pure=False, **same)
    return futures


def finished(client: Client, futures: Sequence[Future]) -> list[Future]:
    """The futures when all of their results are there, which stay on the workers; errors are raised.

    Raises
    ------
    EngineError
        If the scheduler is lost, no worker is left, or the same task ends several workers.
    """
    _told(client, lambda: _wait(client, futures))
    failed = [future for future in futures if future.status == "error"]
    _told(client, lambda: client.gather(failed))
    return list(futures)


def fetched(client: Client, futures: Sequence[Future]) -> list[Any]:
    """The results themselves, all at once, in the order of the futures; errors as in :func:`finished`."""
    if not futures:
        return []

    def take() -> list[Any]:
        _wait(client, futures)
        found: list[Any] = client.gather(list(futures))
        return found

    found: list[Any] = _told(client, take)
    return found


def in_order(client: Client, futures: Iterable[Future]) -> Iterator[Any]:
    """The results one after the other; none is fetched before it is asked for."""
    for future in futures:
        yield fetched(client, [future])[0]


def _told(client: Client, do: Callable[[], Any], tries: int = _TRIES) -> Any:
    """Do it, again if the connection to a worker was lost, and say what a user can make of what Dask raises."""
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
        if tries == 1:
            raise
    return _told(client, do, tries - 1)


def _wait(client: Client, futures: Sequence[Future]) -> None:
    """Until all are done, or there has been no worker for a while."""
    last = monotonic()
    while not _all_done(client, futures):
        if client.nthreads():
            last = monotonic()
        elif monotonic() - last > _PATIENCE:
            raise EngineError(f"--cluster: no worker for {_PATIENCE:.0f} seconds")


def _all_done(client: Client, futures: Sequence[Future]) -> bool:
    """Whether the results are there, after a moment's wait; CancelledError if they never will be."""
    try:
        with client.as_current():
            wait(list(futures), timeout=_LOOK)
    except TimeoutError:
        return False
    return True
