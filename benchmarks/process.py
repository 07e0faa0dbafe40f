"""Start a worker, watch its time limit, and gather what it did."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.system import Values

__all__ = ["TRANSFERS", "Outcome", "environment", "last_line", "run_limited", "run_worker", "summary"]

#: What a worker tells of a run on a GPU: bytes that crossed, and seconds that copying as many takes by itself.
TRANSFERS = ("bytes_to_device", "bytes_to_host", "copy_seconds")

_ROOT = Path(__file__).resolve().parent.parent
_LOOK = 0.02  # seconds between two looks at a process


@dataclass
class Outcome:
    """What a worker did. ``status`` is ``ok``, ``over limit`` or ``failed``; ``values`` has an array for each run."""

    status: str
    note: str = ""
    runs: list[dict[str, Any]] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)
    compile_seconds: float | None = None
    convert_seconds: float | None = None
    peak_memory_bytes: int | None = None
    base_memory_bytes: int | None = None


def environment(threads: int) -> dict[str, str]:
    """The environment of a worker: this one, with every library's own setting for threads."""
    names = ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, **dict.fromkeys(names, str(threads))}


def run_limited(command: list[str], threads: int, log: Path, limit: float, ready: Path | None = None) -> int | None:
    """Run a command; its exit code, or None if it was stopped at the limit.

    The limit counts from the start or, with `ready`, from when that file exists.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment(threads))
        began = None if ready is not None else time.perf_counter()
        try:
            while True:
                try:
                    return process.wait(_LOOK)
                except subprocess.TimeoutExpired:
                    if began is None and ready is not None and ready.exists():
                        began = time.perf_counter()
                    if began is not None and time.perf_counter() - began > limit:
                        return None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def run_worker(job: dict[str, Any], folder: Path) -> Outcome:
    """Run one job in a process of its own; runs that ended after the limit do not count."""
    folder.mkdir(parents=True)
    path, events = folder / "job.json", folder / "events.jsonl"
    path.write_text(json.dumps(job))
    command = [sys.executable, "-m", "benchmarks.worker", str(path)]
    code = run_limited(command, job["threads"], folder / "log.txt", job["limit"], ready=events)
    # A line is complete once its end is there; a process that was stopped may have left half of one.
    lines = events.read_text().split("\n")[:-1] if events.exists() else []
    outcome = Outcome("ok")
    for line in lines:
        event = json.loads(line)
        outcome.peak_memory_bytes = event["peak_memory_bytes"]
        if event["event"] == "ready":
            outcome.compile_seconds = event["compile_seconds"]
            outcome.base_memory_bytes = event["peak_memory_bytes"]
        elif event["event"] == "converted":
            outcome.convert_seconds = event["seconds"]
        elif event["event"] == "run" and event["elapsed"] <= job["limit"]:
            outcome.runs.append(event)
    if code is not None and code != 0:
        return Outcome("failed", f"exit code {code}: {last_line(folder / 'log.txt')}")
    if not outcome.runs:
        outcome.status = "over limit"
        outcome.note = f"no run within {job['limit']:g} s"
        outcome.peak_memory_bytes = None
        return outcome
    if len(outcome.runs) < job["repeat"]:
        outcome.note = f"{len(outcome.runs)} of {job['repeat']} runs within {job['limit']:g} s"
    if job["measure"] != "ingest":
        outcome.values = [np.load(folder / f"values_{i}.npy") for i in range(len(outcome.runs))]
    return outcome


def summary(seconds: list[float]) -> dict[str, Any]:
    """What results say of the times of several runs."""
    return {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds), "all": seconds}


def last_line(log: Path) -> str:
    """The last line with text that a process wrote."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
