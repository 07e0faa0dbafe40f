"""One system, one measure, one network, in a process of its own: ``python -m benchmarks.worker JOB.json``.

The job's folder receives ``events.jsonl``, a line for each thing done, and ``values_I.npy``, the result of run I, which
is written before its line. So whoever stops this process early still has every finished run.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.device import copy_seconds, synchronise
from benchmarks.networks import load_network
from benchmarks.system import System
from benchmarks.systems import system
from gpunet.base.memory import peak_since_reset, reset_peak
from gpunet.base.transfers import transfers_of_part

__all__: list[str] = []


class _Events:
    """Appends to the event file; counts time and, where the platform can, the highest memory from ``ready``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "events.jsonl"
        self._began = time.perf_counter()

    def tell(self, event: str, **values: Any) -> None:
        if event == "ready":
            reset_peak()  # a compiler needs more than many a network
            self._began = time.perf_counter()
        line = {"event": event, "elapsed": self.elapsed(), "peak_memory_bytes": peak_since_reset(), **values}
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def elapsed(self) -> float:
        """Seconds since ``ready``."""
        return time.perf_counter() - self._began


def _measure(job: dict[str, Any], folder: Path, events: _Events) -> None:
    measured, measure = system(job["system"], job["engine"]), job["measure"]
    network = load_network(Path(job["network"]))
    began = time.perf_counter()
    importlib.import_module(measured.module or measured.package)
    if measured.warm_up is not None:
        measured.warm_up(measure, network)
    events.tell("ready", compile_seconds=time.perf_counter() - began if measured.warm_up else None)
    began = time.perf_counter()
    graph = measured.convert(network, job["threads"])
    events.tell("converted", seconds=time.perf_counter() - began)
    for i in _runs(job, events):
        returned, figures = _timed(measured, measure, graph)
        began = time.perf_counter()
        values = measured.values(measure, returned, network)
        back = time.perf_counter() - began
        np.save(folder / f"values_{i}.npy", values)
        events.tell("run", values_seconds=back, **figures)


def _timed(measured: System, measure: str, graph: Any) -> tuple[Any, dict[str, Any]]:
    """What was returned, and its seconds. On a GPU they end when the device has done its work, copies included."""
    if not measured.needs_gpu:
        began = time.perf_counter()
        returned = measured.measures[measure](graph)
        return returned, {"seconds": time.perf_counter() - began}
    synchronise()
    with transfers_of_part() as crossed:
        began = time.perf_counter()
        returned = measured.measures[measure](graph)
        synchronise()
        seconds = time.perf_counter() - began
    figures = {"seconds": seconds, "bytes_to_device": crossed.to_device, "bytes_to_host": crossed.to_host}
    return returned, {**figures, "copy_seconds": copy_seconds(crossed.to_device, crossed.to_host)}


def _ingest(job: dict[str, Any], events: _Events) -> None:
    reading = importlib.import_module("gpunet.reading")
    began = time.perf_counter()
    reading.read_arrests(job["warm"])
    events.tell("ready", compile_seconds=time.perf_counter() - began)
    for _ in _runs(job, events):
        began = time.perf_counter()
        arrests = reading.read_arrests(job["inputs"], job["config"])
        seconds = time.perf_counter() - began
        files = arrests.report.files
        counts = {key: sum(getattr(f, key) for f in files) for key in ("read", "accepted", "rejected", "duplicate")}
        events.tell("run", seconds=seconds, rows=counts, arrests=len(arrests), persons=arrests.n_persons)


def _runs(job: dict[str, Any], events: _Events) -> Any:
    """0, 1, ...: as many runs as are asked for, but none that would likely end after the limit."""
    slowest = 0.0
    for i in range(job["repeat"]):
        began = events.elapsed()
        if i and began + slowest > job["limit"]:
            return
        yield i
        slowest = max(slowest, events.elapsed() - began)


def main() -> None:
    path = Path(sys.argv[1])
    job = json.loads(path.read_text())
    events = _Events(path.parent)
    if job["measure"] == "ingest":
        _ingest(job, events)
    else:
        _measure(job, path.parent, events)
    events.tell("done")


if __name__ == "__main__":
    main()
