"""End to end: ``gpunet features`` as a user runs it, each run a process of its own; figures are those of run.json."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from pyarrow import parquet

from benchmarks.arguments import Settings
from benchmarks.compare import BenchmarkError
from benchmarks.networks import Case
from benchmarks.process import Outcome, last_line, run_limited, summary
from gpunet.config.registry import columns

__all__ = ["run_features_command"]

#: What a stage of a run tells in bytes; of the latter two only with a GPU.
_BYTES = ("peak_memory_bytes", "bytes_to_device", "bytes_to_host")


def run_features_command(
    settings: Settings, case: Case, folder: Path, warm: Path
) -> tuple[Outcome, dict[str, Any]]:  # fmt: skip
    """Run it as often as asked, and as the limit allows.

    Returns
    -------
    outcome
        ``seconds`` of a run are of the whole process, from its start to its end.
    extra
        ``stages``: for each, its seconds over the runs and the highest of its peaks of memory; ``peak_memory_is``:
        whether these peaks are of the stage alone or the highest so far.

    Raises
    ------
    BenchmarkError
        If two runs write different features.
    """
    folder.mkdir(parents=True)
    outcome = Outcome("ok")
    began = time.perf_counter()
    code = _command(settings, [str(warm)], None, folder / "warm", settings.limit + 600)  # compiles what is not yet
    outcome.compile_seconds = time.perf_counter() - began
    manifests: list[dict[str, Any]] = []
    spent = slowest = 0.0
    for i in range(settings.repeat):
        if code != 0 or (i and spent + slowest > settings.limit):
            break
        began = time.perf_counter()
        code = _command(settings, case.inputs, settings.config, folder / str(i), settings.limit - spent)
        seconds = time.perf_counter() - began
        if code is None:
            code = 0
            break
        if code == 0:
            manifests.append(json.loads((folder / str(i) / "run.json").read_text()))
            outcome.runs.append({"seconds": seconds})
            spent, slowest = spent + seconds, max(slowest, seconds)
    if code != 0:
        latest = max(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
        return Outcome("failed", last_line(latest)), {}
    if not manifests:
        outcome.status, outcome.note = "over limit", f"no run within {settings.limit:g} s"
        return outcome, {}
    if len(manifests) < settings.repeat:
        outcome.note = f"{len(manifests)} of {settings.repeat} runs within {settings.limit:g} s"
    _check_same(settings, case, folder, len(manifests))
    executions = [manifest["execution"] for manifest in manifests]
    outcome.peak_memory_bytes = max(execution["peak_memory_bytes"] for execution in executions)
    return outcome, {"peak_memory_is": executions[0]["peak_memory_is"], "stages": _stages(executions)}


def _command(settings: Settings, inputs: list[str], config: Path | None, out: Path, limit: float) -> int | None:
    options = [] if config is None else ["--config", str(config)]
    command = [sys.executable, "-m", "gpunet", "features", *inputs, "--out", str(out), *options]
    command += ["--threads", str(settings.threads), "--engine", settings.engine]
    return run_limited(command, settings.threads, out.with_name(out.name + ".log"), limit)


def _check_same(settings: Settings, case: Case, folder: Path, runs: int) -> None:
    """The same bytes; with a GPU the same values, but for columns that follow its Louvain, which varies."""
    first = _features(settings, folder / "0")
    for i in range(1, runs):
        if _features(settings, folder / str(i)) != first:
            raise BenchmarkError(f"end-to-end on {case.name}: runs 1 and {i + 1} wrote different features.parquet")


def _features(settings: Settings, run: Path) -> Any:
    """What must be equal in two runs."""
    path = run / "features.parquet"
    if settings.engine == "cpu":
        return path.read_bytes()
    sets = json.loads((run / "run.json").read_text())["network"]["members"]
    varies = {name for name in columns(sets, ["community"]) if name != "gang_out_members"}
    table = parquet.read_table(path)
    return table.select([name for name in table.column_names if name not in varies])


def _stages(executions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "stage": same[0]["stage"],
            "seconds": summary([stage["seconds"] for stage in same]),
            **{key: max(stage[key] for stage in same) for key in _BYTES if key in same[0]},
        }
        for same in zip(*(execution["stages"] for execution in executions), strict=True)
    ]
