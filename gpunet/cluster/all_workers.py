"""Waiting for what needs every one of some workers, and would wait for ever if one of them ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread
from time import monotonic
from typing import Any

from distributed import Client, Future

from gpunet.cluster.results import guarded
from gpunet.cluster.waiting import WorkerLostError, await_workers, missing, wait_while

__all__ = ["on_each_worker", "with_all_workers"]

# Seconds that a thread which is given up may take to end; inside of a library it need not.
_TO_END = 5.0

# So often are workers asked again because one of them has ended.
_MOST_LOSSES = 3


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
    return guarded(client, lambda: _watched(client, do, set(client.nthreads())), tries=1)


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
        workers = guarded(client, partial(await_workers, client, expected))
        expected = max(expected, len(workers))
        ask = partial(_ask, client, workers, function, arguments)
        try:
            return guarded(client, partial(_watched, client, ask, set(workers)))  # type: ignore[no-any-return]
        except WorkerLostError:
            losses += 1
            if losses > _MOST_LOSSES:
                raise


def _ask(client: Client, workers: list[str], function: Callable[..., Any], arguments: Sequence[Any]) -> dict[str, Any]:
    asked = {
        worker: client.submit(function, *arguments, workers=[worker], allow_other_workers=False, pure=False)
        for worker in workers
    }
    return client.gather(asked)  # type: ignore[no-any-return]


def _watched(client: Client, do: Callable[[], Any], needed: set[str]) -> Any:
    found: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(do())
        except BaseException as error:  # raised again by who waits
            failed.append(error)

    def unfinished(seconds: float) -> bool:
        thread.join(seconds)
        needed.update(client.nthreads())
        return thread.is_alive()

    before = set(client.futures)
    thread = Thread(target=run, name="gpunet-with-all-workers", daemon=True)
    thread.start()
    try:
        wait_while(client, unfinished, needed)
    finally:
        _set_free(client, thread, before)
    if failed:
        if lost := missing(client, needed):
            raise WorkerLostError(lost) from failed[0]
        raise failed[0]
    return found[0]


def _set_free(client: Client, thread: Thread, before: set[Any]) -> None:
    """End what a thread waits for; it may begin to wait for more when it comes round."""
    begin = monotonic()
    while thread.is_alive() and client.status == "running" and monotonic() - begin < _TO_END:
        client.cancel([Future(key, client) for key in set(client.futures) - before])
        thread.join(0.2)
