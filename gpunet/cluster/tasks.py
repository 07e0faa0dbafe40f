"""Waiting for what workers compute, however often one of them ends, and saying in words what cannot be mended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from time import monotonic
from typing import Any

from distributed import Client, Future, KilledWorker, wait

from gpunet.errors import EngineError

__all__ = ["LOOK", "PATIENCE", "killed", "lost", "results"]

#: Seconds between looks at whether there is anybody left to wait for, and how long to wait for somebody.
LOOK, PATIENCE = 5.0, 60.0


def results(
    client: Client, futures: Sequence[Future], name: str, done: Callable[[int], None] | None = None
) -> list[Any]:
    """The results of all futures, in their order; `done` is called with the numbers of those that have finished.

    Parameters
    ----------
    client, name
        The cluster, and what it is called in messages.
    futures
        Of tasks that Dask can compute again if the worker that has the result is lost.

    Raises
    ------
    EngineError
        If the scheduler is lost, there is no worker for a minute, or one task ends several workers in a row.
    Exception
        What a task raises.
    """
    place = {future: i for i, future in enumerate(futures)}
    waiting, failed, last = set(place), list[int](), monotonic()
    try:
        while waiting:
            finished = _finished(client, waiting)
            waiting -= finished
            if finished or client.nthreads():
                last = monotonic()
            elif monotonic() - last > PATIENCE:
                raise EngineError(f"{name}: no worker for {PATIENCE:.0f} seconds")
            failed += [place[future] for future in finished if future.status == "error"]
            if failed:  # of several errors that of the first task counts, whichever comes first
                waiting = {future for future in waiting if place[future] < min(failed)}
            if done is not None:
                for future in finished:
                    done(place[future])
        for number in sorted(failed):
            futures[number].result()  # raises
        found: list[Any] = client.gather(list(futures))
    except KilledWorker as error:
        raise killed(name) from error
    except (CancelledError, OSError) as error:
        if client.status == "running" and isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise  # the task's own
        raise lost(client, name, error) from error
    return found


def _finished(client: Client, waiting: set[Future]) -> set[Future]:
    with client.as_current():
        try:
            return set(wait(list(waiting), timeout=LOOK, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            return set()


def killed(name: str) -> EngineError:
    """What to say when a task has ended several workers."""
    return EngineError(
        f"{name}: several workers in a row have ended while they worked on the same part; most likely "
        "they had too little memory: see [cluster] memory_limit, and use fewer workers or threads"
    )


def lost(client: Client, name: str, error: BaseException) -> EngineError:
    """What to say when results will never come."""
    if client.status != "running":
        return EngineError(f"{name}: the connection to the scheduler is lost; when it is there again, start this again")
    return EngineError(f"{name}: what the workers held is lost: {error or type(error).__name__}")
