"""What the tests of clusters share. Workers import it, so it imports little."""

from __future__ import annotations

import json
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import numpy as np

import gpunet

# Seconds within which whatever is waited for has come, however busy the machine.
_LONG = 300.0


def network(n: int = 2500, ties: int = 6000) -> Any:
    """One large block and many small ones."""
    rng = np.random.default_rng(n)
    sets = {"violent": rng.random(n) < 0.3, "few": rng.random(n) < 0.02}
    return gpunet.network_from_edges(rng.integers(0, n, ties), rng.integers(0, n, ties), n, sets)


def same_bits(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    assert list(found) == list(expected)
    return all(found[name].tobytes() == expected[name].tobytes() for name in expected)


class Killer:
    """Kills a process once, as soon as some of the work of a stage is done."""

    def __init__(self, pid: int, stage: str) -> None:
        self.pid, self.stage, self.share = pid, stage, 0.0

    def __call__(self, stage: str, done: float, total: float) -> None:
        if stage == self.stage and 0 < done < total and not self.share:
            self.share = done / total
            os.kill(self.pid, signal.SIGKILL)


def lethal(graph: Any, batch: Any) -> Any:
    """Work that ends the worker's process."""
    os._exit(1)


def failing(graph: Any, batch: Any) -> Any:
    """Work that raises an error."""
    raise ZeroDivisionError("as it should")


@contextmanager
def dask_processes(folder: Path, *options: str, **environment: str) -> Iterator[tuple[str, int]]:
    """A scheduler and its worker as a user starts them, without TLS on loopback: the address, the scheduler's pid.

    Options and environment are the worker's. Both are forks of a process that has imported what they need, unless the
    environment is another one.
    """
    from distributed import Client

    file = folder / "scheduler.json"
    place = ["--host", "127.0.0.1", "--no-dashboard"]
    commands = (["distributed.cli.dask_scheduler", "--port", "0", *place, "--scheduler-file", str(file)],
                ["distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1", *place,
                 "--no-nanny", "--death-timeout", "300", "--local-directory", str(folder), *options])  # fmt: skip

    def address() -> str | None:
        """Of the scheduler, when it is written down in full."""
        with suppress(OSError, ValueError):
            return str(json.loads(file.read_text())["address"])
        return None

    with ExitStack() as stack:
        pids = []
        for command in commands:
            pids.append(stack.enter_context(_started(command, folder / "log", environment)))
            wait_until(address)
        with Client(address(), set_as_default=False, timeout=_LONG) as client:
            client.wait_for_workers(1, timeout=_LONG)
        yield str(address()), pids[0]


@contextmanager
def _started(command: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """The pid of a module that runs as a program inside."""
    if environment:
        with log.open("a") as stream, subprocess.Popen(
            [sys.executable, "-m", *command], stdout=stream, stderr=stream, env={**os.environ, **environment}
        ) as program:  # fmt: skip
            try:
                yield program.pid
            finally:
                program.kill()
        return
    fork = multiprocessing.get_context("forkserver").Process(target=_run, args=(command, str(log)))
    fork.start()
    try:
        yield cast(int, fork.pid)
    finally:
        fork.kill()
        fork.join()


def _run(command: list[str], log: str) -> None:
    """What a fork does."""
    stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(stream, number)
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__")


def wait_until(condition: Any, seconds: float = _LONG) -> None:
    """Wait until it is true; an error after a time that suffices on a busy machine too."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds
        time.sleep(0.05)
