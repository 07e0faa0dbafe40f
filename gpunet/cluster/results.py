"""Tasks for each part, and their results when they are there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any

from distributed import Client, Future

from gpunet.base.errors import ResourceError, in_words
from gpunet.cluster.waiting import connected, wait_for

__all__ = ["each", "fetched", "finished", "guarded", "in_order", "threads_of"]

# So often results are asked for, if a worker that has them cannot be reached.
_TRIES = 3


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
    with connected(client):
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
    guarded(client, lambda: wait_for(client, futures), futures)
    return list(futures)


def fetched(client: Client, futures: Sequence[Future], done: Callable[[int], None] | None = None) -> list[Any]:
    """The results themselves, all at once, in the order of the futures; errors as in :func:`finished`.

    `done` is called with the index of each future whose result is there.
    """
    if not futures:
        return []

    def take() -> list[Any]:
        wait_for(client, futures, done=done)
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
    except CancelledError as error:
        raise ResourceError(f"--cluster: the workers have lost what they held: {error}") from error
    except OSError as error:  # that nobody answers in time is one, too
        if _is_of_task(client, error, futures):
            raise
        if tries == 1:  # and not as it is, or whoever writes results to a file would blame the disk
            raise ResourceError(f"--cluster: the workers cannot be reached: {in_words(error)}") from error
    return guarded(client, do, futures, tries - 1)


def _is_of_task(client: Client, error: Exception, futures: Sequence[Future]) -> bool:
    """Whether a task has raised this error, and not Dask on the way to it."""
    with connected(client):
        return any(future.status == "error" and future.exception() is error for future in futures)
