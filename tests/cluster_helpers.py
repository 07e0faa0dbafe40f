"""What the tests of clusters share. Workers import it, so it imports little."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

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

    Options and environment are the worker's.
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

    started = []
    with (folder / "log").open("w") as log:
        try:
            for command in commands:
                given = {**os.environ, **environment}
                started.append(subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log, env=given))
                wait_until(address)
            with Client(address(), set_as_default=False, timeout=_LONG) as client:
                client.wait_for_workers(1, timeout=_LONG)
            yield str(address()), started[0].pid
        finally:
            for process in started:
                process.kill()
                process.wait()


def wait_until(condition: Any, seconds: float = _LONG) -> None:
    """Wait until it is true; an error after a time that suffices on a busy machine too."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds
        time.sleep(0.05)
