"""What the GPU machine has, and gpunet's own engine and model on it beside the CPU's."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from scripts.on_gpu.peers import Leave

__all__ = ["compile_kernels", "copy_speed", "device", "features", "run", "timed", "xgboost"]

#: What is imported on a machine that one has for a short while, so that all that is missing is known at once.
_PARTS = (
    "gpunet", "gpunet.kernels.cuda.betweenness", "gpunet.search.searches", "gpunet.features.path", "gpunet.reading",
    "gpunet.synthetic", "gpunet.model", "gpunet.cli.app", "gpunet.engines.gpu.engine", "benchmarks.systems", "xgboost",
    "cudf", "pylibcugraph", "cugraph", "rmm", "cupy",
)  # fmt: skip

#: Columns that follow Louvain, which varies from run to run on a GPU.
_VARY = ("group", "community")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what comes of it."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def device(leave: Leave, gibibytes: float = 4.0) -> None:
    """What can be imported, then the speed of memory: what copies reach, and what its clock and width come to."""
    found: dict[str, Any] = {"cannot_be_imported": {}}
    for part in _PARTS:
        try:
            import_module(part)
        except Exception as error:  # each is a finding
            found["cannot_be_imported"][part] = f"{type(error).__name__}: {error}"
    leave(found)
    leave({**found, "memory": copy_speed(int(gibibytes * 2**30))})


def compile_kernels(leave: Leave) -> None:
    """The CPU's kernels, compiled side by side or loaded, so that no measurement is of the compiler."""
    from gpunet.base.threads import available_threads
    from gpunet.cli.first_kernels import FEATURE_KERNELS
    from gpunet.kernels.ahead import compilers, not_on_disk

    missing = len(not_on_disk(FEATURE_KERNELS))

    def compile_all() -> None:
        with compilers(FEATURE_KERNELS, available_threads(None)) as others:
            for kernel in FEATURE_KERNELS:
                if others is not None:
                    others.wait_for(kernel.function().py_func)
                kernel.compile()

    seconds, _ = timed(compile_all)
    leave({"kernels": len(FEATURE_KERNELS), "not_on_disk": missing, "seconds": seconds})


def copy_speed(size: int) -> dict[str, Any]:
    """Bytes a second, read and written, of copies of so many bytes within the device's memory; and its peak."""
    from gpunet.kernels.jit_cuda import cuda, synchronize

    here, there = (cuda.device_array(size, np.uint8) for _ in range(2))

    def copy() -> None:
        there.copy_to_device(here)
        synchronize()

    copy()
    best = min(timed(copy)[0] for _ in range(5))
    found: dict[str, Any] = {"copied_bytes": size, "copy_bytes_a_second": 2 * size / best, "peak_bytes_a_second": None}
    try:
        chip = cuda.get_current_device()
        found["peak_bytes_a_second"] = 2 * chip.MEMORY_CLOCK_RATE * 1000 * chip.GLOBAL_MEMORY_BUS_WIDTH / 8
        found["multiprocessors"] = chip.MULTIPROCESSOR_COUNT
    except Exception as error:  # not every device tells
        found["peak_not_known"] = f"{type(error).__name__}: {error}".splitlines()[0]
    return found


def features(leave: Leave, work: Path, persons: int = 100_000) -> None:
    """Every feature by the GPU engine, twice (the first run compiles), and by the CPU engine."""
    import narwhals as nw
    import pyarrow.parquet as pq

    from gpunet.cli.run import RunOptions, run_features

    tables = _tables(work, persons)
    found: dict[str, Any] = {"persons": persons, "runs": []}
    frames = {}
    for name in ("gpu", "gpu again", "cpu"):
        folder = work / f"features-{name.replace(' ', '-')}"
        options = RunOptions(engine=name.split()[0], start_over=True)
        seconds, manifest = timed(
            lambda folder=folder, options=options: run_features(str(tables), folder, options=options)
        )
        found["runs"].append({"engine": name, "seconds": seconds, "execution": manifest["execution"]})
        frames[name] = nw.from_native(pq.read_table(folder / "features.parquet"), eager_only=True)
        leave(found)
    found["differ_between_engines"] = _differences(frames["gpu"], frames["cpu"])
    found["differ_between_runs"] = _differences(frames["gpu"], frames["gpu again"], relative=0.0)
    leave(found)


def run(leave: Leave, work: Path, persons: int = 1_000_000, model: Any = None) -> None:
    """A whole run by the GPU engine, without its page: when which stage was done, and what run.json says."""
    from gpunet.cli.run import RunOptions, run_forecast

    tables = _tables(work, persons)
    began = time.perf_counter()
    found: dict[str, Any] = {"persons": persons, "seconds_at_the_end_of": {}}

    def progress(stage: str, done: float, total: float) -> None:
        if done >= total:
            found["seconds_at_the_end_of"][stage] = round(time.perf_counter() - began, 2)
            leave(found)

    options = RunOptions(engine="gpu", start_over=True, progress=progress)
    config = {"model": model or {}}
    manifest = run_forecast(str(tables), work / f"run-{persons}", config, options=options)
    kept = ("versions", "engine", "network", "path", "model", "warnings", "execution")
    leave({**found, "seconds": time.perf_counter() - began, **{name: manifest.get(name) for name in kept}})


def _tables(work: Path, persons: int) -> Path:
    """Synthetic tables, made unless they are there."""
    from gpunet.synthetic import write_tables

    tables = work / f"tables-{persons}"
    if not tables.exists():
        part = work / f"tables-{persons}.part"
        shutil.rmtree(part, ignore_errors=True)
        write_tables(part, persons=persons, seed=1)
        part.rename(tables)
    return tables


def _differences(found: Any, expected: Any, relative: float = 1e-9) -> dict[str, int]:
    """In how many rows each column differs, but for those that follow Louvain; only those in which any does."""
    wrong = {}
    for name in expected.columns:
        if name.startswith(_VARY) and name != "gang_out_members":
            continue
        mine, theirs = found[name], expected[name]
        off = (mine.is_null() != theirs.is_null()).to_numpy()
        if theirs.dtype.is_float():
            a, b = (column.fill_null(0.0).to_numpy() for column in (mine, theirs))
            off |= ~(np.abs(a - b) <= relative * np.maximum(np.abs(a), np.abs(b)))
        else:
            off |= (mine != theirs).fill_null(False).to_numpy()
        if off.any():
            wrong[name] = int(np.count_nonzero(off))
    return wrong


def xgboost(leave: Leave, persons: int = 100_000, config: Any = None) -> None:
    """The model trained on the rows of one day and tried on those of a later day, on the device and on the CPU."""
    from sklearn.metrics import average_precision_score, log_loss

    import gpunet
    from gpunet.synthetic import make_arrests

    arrests = gpunet.read_arrests(make_arrests(persons, seed=1))
    families = ("neighbourhood", "temporal", "history", "geographic")
    rows = gpunet.panel(arrests, ["2013-06-01", "2014-01-01"], horizon=180, families=families)
    parts = rows.sort("as_of", "person_id").partition_by("as_of", maintain_order=True)  # scores stand by person_id
    days = [part.drop("as_of", "label", "label_complete") for part in parts]
    labels = [part["label"].to_numpy() for part in parts]
    found: dict[str, Any] = {"rows": [len(day) for day in days], "columns": days[0].width - 1, "models": []}
    for where in ("gpu", "gpu again", "cpu"):
        name = where.split()[0]
        trained, model = timed(lambda name=name: gpunet.train(days[0], labels[0], config=config, device=name))
        scored, scores = timed(lambda name=name, model=model: gpunet.score(model, days[1], device=name))
        given = scores["probability"].to_numpy()
        found["models"].append(
            {
                "device": where, "train_seconds": trained, "score_seconds": scored,
                "log_loss": float(log_loss(labels[1], np.clip(given, 1e-9, 1 - 1e-9), labels=[False, True])),
                "average_precision": float(average_precision_score(labels[1], given)),
            }
        )  # fmt: skip
        print(found["models"][-1], flush=True)
        leave(found)
