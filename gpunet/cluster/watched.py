"""Waiting for what needs every one of some workers, and would wait for ever if one of them ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread
from time import monotonic, sleep
from typing import Any

from distributed import Client, Future

from gpunet.base.errors import EngineError
from gpunet.base.stopping import raise_if_stopped
from gpunet.cluster.results import guarded

__all__ = ["WorkerLostError", "on_each_worker", "with_all_workers"]

# Seconds between looks at whether all workers are there, and how long one that has ended may take to come again.
_LOOK, _TO_COME = 1.0, 60.0

# Seconds that a thread which is given up may take to end; inside of a library it need not.
_TO_END = 5.0

# So often are workers asked again because one of them has ended.
_MOST_LOSSES = 3


class WorkerLostError(EngineError):
    """A worker has ended that something could not do without; it is named."""


def with_all_workers(client: Client, do: Callable[[], Any]) -> Any:
    """What `do` gives, unless a worker ends before it is done.

    `do` runs in a thread of its own, so that it may block as it likes. If it has to be given up, all futures that came
    to be meanwhile are cancelled, which ends whoever waits for them.

    Raises
    ------
    WorkerLostError
        If a worker has ended.
    EngineError
        If the scheduler is lost, or the same task ends several workers.
    Exception
        What `do` raises.
    """
    return guarded(client, lambda: _watched(client, do, _workers(client)), tries=1)


def on_each_worker(client: Client, function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """What a function gives on every worker, as a task of its own; by address.

    If a worker ends meanwhile, all are asked again as soon as another has come in its place, or none has for a minute.

    Raises
    ------
    WorkerLostError
        If workers end again and again.
    EngineError
        If no worker is left, or the scheduler is lost.
    Exception
        What the function raises.
    """
    expected, losses = 1, 0
    while True:
        guarded(client, partial(_await_workers, client, expected))
        workers = guarded(client, partial(_workers, client))
        expected = max(expected, len(workers))
        try:
            ask = partial(_ask, client, list(workers), function, arguments)
            found: dict[str, Any] = guarded(client, partial(_watched, client, ask, workers))
        except WorkerLostError:
            losses += 1
            if losses > _MOST_LOSSES:
                raise
        else:
            return found


def _ask(client: Client, workers: list[str], function: Callable[..., Any], arguments: Sequence[Any]) -> dict[str, Any]:
    asked = [
        client.submit(function, *arguments, workers=[worker], allow_other_workers=False, pure=False)
        for worker in sorted(workers)
    ]
    return dict(zip(sorted(workers), client.gather(asked), strict=True))


def _await_workers(client: Client, expected: int) -> None:
    """Until there are as many workers as expected, or have not been for a while; EngineError if there is none."""
    begin = monotonic()
    while (there := len(_workers(client))) < expected and monotonic() - begin < _TO_COME:
        raise_if_stopped()
        sleep(0.1)
    if not there:
        raise EngineError(f"--cluster: no worker for {_TO_COME:.0f} seconds")


def _watched(client: Client, do: Callable[[], Any], seen: set[str]) -> Any:
    found: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(do())
        except BaseException as error:  # raised again by who waits
            failed.append(error)

    before = set(client.futures)
    thread = Thread(target=run, name="gpunet-with-all-workers", daemon=True)
    thread.start()
    try:
        while True:
            thread.join(_LOOK)
            raise_if_stopped()
            if found:
                thread.join()
                return found[0]
            now = _workers(client)
            if lost := sorted(seen - now):
                raise WorkerLostError(_words(lost)) from (failed[0] if failed else None)
            if failed:
                raise failed[0]
            seen = seen | now
    finally:
        _set_free(client, thread, before)


def _set_free(client: Client, thread: Thread, before: set[Any]) -> None:
    """End what a thread waits for; it may begin to wait for more when it comes round."""
    begin = monotonic()
    while thread.is_alive() and client.status == "running" and monotonic() - begin < _TO_END:
        client.cancel([Future(key, client) for key in set(client.futures) - before])
        thread.join(0.2)


def _workers(client: Client) -> set[str]:
    """Addresses of the workers; ``client.scheduler_info`` may leave some out, as Dask asks for a few meanwhile."""
    if client.status != "running":
        raise OSError("the scheduler does not answer")
    return set(client.nthreads())


def _words(lost: list[str]) -> str:
    which = f"the worker {lost[0]} has" if len(lost) == 1 else f"the workers {', '.join(lost)} have"
    return (
        f"--cluster: {which} ended while all workers were needed at once; start this again, or go on with --resume "
        "(if it happens again, there may be too little memory: see [cluster] memory_limit)"
    )
