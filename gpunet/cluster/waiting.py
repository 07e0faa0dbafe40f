"""Waiting for the workers of a cluster, which may end meanwhile: one loop, and what errors of Dask mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic

from distributed import Client, Future, KilledWorker, wait

from gpunet.base.errors import GpunetError, ResourceError
from gpunet.base.stopping import raise_if_stopped

__all__ = ["WorkerLostError", "await_workers", "connected", "missing", "wait_for", "wait_while"]

# Seconds between looks at whether the workers are there, and whether a signal has asked for the end.
_LOOK = 1.0

# Seconds to wait for a worker where there is none.
_PATIENCE = 60.0

# What it means that the scheduler is lost.
_LOST = "the connection to the scheduler is lost; when it is there again, start this again"

# What it means that Dask gives a task up.
_KILLED = (
    "several workers in a row have ended while they worked on the same part; most likely they had too little memory: "
    "see [cluster] memory_limit, and use fewer workers or threads"
)


class WorkerLostError(ResourceError):
    """Workers have ended that something could not do without; their addresses are named."""

    def __init__(self, lost: Sequence[str]) -> None:
        which = f"the worker {lost[0]} has" if len(lost) == 1 else f"the workers {', '.join(lost)} have"
        super().__init__(
            f"--cluster: {which} ended while all workers were needed at once; start this again, or go on with --resume "
            "(if it happens again, there may be too little memory: see [cluster] memory_limit)"
        )


@contextmanager
def connected(client: Client, name: str = "--cluster") -> Iterator[None]:
    """Inside, the cluster is asked for something; `name` is what it is called in messages.

    Dask notices at once that a scheduler is lost, tries for a while to reach it again, and then closes the client. What
    it raises depends on when it is asked, and on for what: errors of connections, of attributes that are gone, its own.

    Raises
    ------
    EngineError
        If the scheduler is lost, whatever is raised inside, unless that is for the user already; or if the same task
        ends several workers.
    """
    try:
        yield
    except GpunetError:
        raise
    except KilledWorker as error:
        raise ResourceError(f"{name}: {_KILLED}") from error
    except Exception as error:
        if client.status == "running":
            raise
        raise ResourceError(f"{name}: {_LOST}") from error


def await_workers(client: Client, wanted: int = 1, name: str = "--cluster") -> list[str]:
    """The addresses of the workers, ascending, when there are as many as wanted, or after a minute of fewer.

    Raises
    ------
    EngineError
        If there is none then.
    """
    begin = monotonic()
    while monotonic() - begin < _PATIENCE:
        raise_if_stopped()
        with suppress(TimeoutError):
            client.wait_for_workers(wanted, timeout=_LOOK)
            break
    if not (there := client.nthreads()):
        raise _nobody(name)
    return sorted(there)


def missing(client: Client, needed: Collection[str]) -> list[str]:
    """Those of the addresses at which there is no worker any more, ascending."""
    there = client.nthreads()
    return sorted(address for address in needed if address not in there)


def wait_while(
    client: Client, unfinished: Callable[[float], bool], needed: Collection[str] = (), name: str = "--cluster"
) -> None:
    """Wait for workers until something is finished, or it is no use to wait any longer.

    Parameters
    ----------
    client
        Of the cluster.
    unfinished
        Waits for so many seconds at most, and says whether to go on.
    needed
        Addresses of workers without any of which it cannot be finished; it may grow meanwhile.
    name
        What the cluster is called in messages.

    Raises
    ------
    WorkerLostError
        If one of the workers `needed` has ended.
    EngineError
        If there has been no worker at all for a minute.
    """
    looked = last = monotonic()
    while unfinished(_LOOK):
        raise_if_stopped()
        if monotonic() - looked < _LOOK:
            continue
        if lost := missing(client, needed):
            raise WorkerLostError(lost)
        looked = monotonic()
        if client.nthreads():
            last = looked
        elif looked - last > _PATIENCE:
            raise _nobody(name)


def wait_for(
    client: Client,
    futures: Sequence[Future],
    needed: Collection[str] = (),
    name: str = "--cluster",
    done: Callable[[int], None] | None = None,
) -> None:
    """Wait until all results are there, and leave them where they are; `done` is called with the index of each.

    Raises
    ------
    WorkerLostError, EngineError
        As :func:`wait_while`.
    CancelledError
        If a result is lost and cannot be computed again.
    Exception
        What a task raises; of several the first in the order of the futures.
    """
    index = {future: i for i, future in enumerate(futures)}
    waiting, failed = set(index), list[int]()

    def unfinished(seconds: float) -> bool:
        nonlocal waiting
        now: set[Future] = set()
        with suppress(TimeoutError), client.as_current():
            now |= wait(list(waiting), timeout=seconds, return_when="FIRST_COMPLETED").done
        waiting -= now
        failed.extend(index[future] for future in now if future.status == "error")
        if failed:  # of several errors that of the first task counts, whichever comes first
            waiting = {future for future in waiting if index[future] < min(failed)}
        if done is not None:
            for future in now:
                done(index[future])
        return bool(waiting)

    if futures:
        wait_while(client, unfinished, needed, name)
    client.gather([futures[i] for i in sorted(failed)[:1]])


def _nobody(name: str) -> ResourceError:
    return ResourceError(f"{name}: no worker for {_PATIENCE:.0f} seconds")
