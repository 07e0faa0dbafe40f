"""Commands with a time limit, ended with everything that they have started in their own process group."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["ROOT", "run", "run_in_turn"]

ROOT = Path(__file__).resolve().parents[2]


def run_in_turn(
    commands: Sequence[Sequence[str]], log: Path, limit: float, environment: Mapping[str, str]
) -> int | None:
    """Commands one after another within one limit: the first exit code that is not 0; None if that was the limit."""
    ends = time.monotonic() + limit
    for command in commands:
        code = run(command, log, max(ends - time.monotonic(), 0.1), environment)
        if code != 0:
            return code
    return 0


def run(command: Sequence[str], log: Path, limit: float, environment: Mapping[str, str]) -> int | None:
    """Exit code of a command whose output is added to a log; None if it was stopped at the limit."""
    path = os.pathsep.join(
        part for part in (environment.get("PYTHONPATH"), str(ROOT), os.environ.get("PYTHONPATH")) if part
    )
    with log.open("ab") as written:
        written.write(f"$ {' '.join(command)}\n".encode())
        written.flush()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment, "PYTHONPATH": path},
            process_group=0,  # not a session of its own, which may outlive the call
        )
        try:
            return process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
