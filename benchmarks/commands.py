"""Whole commands as a user runs them, each run a process of its own; figures of stages are those of run.json."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from pyarrow import parquet

from benchmarks.arguments import COMMANDS, Settings
from benchmarks.compare import BenchmarkError
from benchmarks.networks import Case
from benchmarks.process import Outcome, last_line, run_limited, summary
from gpunet.base.errors import InputError
from gpunet.base.threads import available_threads
from gpunet.config.registry import columns

__all__ = ["BUSY", "OUTSIDE", "QUIET", "every_processor_busy", "files_to_compare", "run_command"]

#: The command alone, and while something else wants every processor.
QUIET, BUSY = "gpunet", "gpunet, busy"

#: What a process does outside the stages of its run.json: it starts, imports, and writes a report where there is one.
OUTSIDE = "outside stages"

# It ends with its standard input, which ends with this process, however that ends; and if it is interrupted itself.
_LOOP = [
    sys.executable,
    "-c",
    """
import os, signal, sys, threading
signal.signal(signal.SIGINT, signal.SIG_DFL)
def wait():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=wait).start()
while True:
    pass
""",
]

#: What of a stage adds up over its days and is told of every run.
_SECONDS = ("seconds", "processor_seconds")

Extra = dict[str, Any]


def run_command(
    settings: Settings, benchmark: str, case: Case, warm: Case, folder: Path
) -> dict[str, tuple[Outcome, Extra]]:  # fmt: skip
    """Run it as often as asked, and as the limit allows: alone, with ``settings.busy`` in turn with busy processors.

    Returns
    -------
    dict
        By :data:`QUIET` and :data:`BUSY` what became of it, and what results say of it alone. ``seconds`` of a run are
        of the whole process, from its start to its end. Extra are ``processor_seconds``, user and system, over the
        runs; ``stages``: for each, its seconds and processor seconds over the runs, its share of the whole process, and
        the highest of its peaks of memory; ``peak_memory_is``: whether these peaks are of the stage alone or the
        highest so far; of a panel ``snapshots`` and ``seconds_a_snapshot``; beside busy processors ``times_as_long``,
        pair by pair.

    Raises
    ------
    BenchmarkError
        If two runs write different files.
    InputError
        If the command ends with code 2 on the tables of the case: it cannot do these.
    """
    folder.mkdir(parents=True)
    began = time.perf_counter()
    out = warmed = folder / "warm"
    code = run_limited(_line(settings, benchmark, warm, None, out), settings.threads, _log(out), settings.limit + 600)
    outcomes = {name: Outcome("ok") for name in ((QUIET, BUSY) if settings.busy else (QUIET,))}
    for outcome in outcomes.values():
        outcome.compile_seconds = time.perf_counter() - began  # of what is not yet compiled
    for i in range(settings.repeat):
        if any(_is_spent(outcome, settings.limit) for outcome in outcomes.values()):
            break  # of all: what is set side by side was run side by side
        for name, outcome in outcomes.items():
            if code == 0:
                out = folder / f"{name}_{i}"
                limit = settings.limit - sum(run["seconds"] for run in outcome.runs)
                with every_processor_busy() if name == BUSY else nullcontext():
                    code = _run(outcome, _line(settings, benchmark, case, settings.config, out), settings, out, limit)
    if code == 2 and out != warmed:  # those to warm up with are our own
        raise InputError(f"{benchmark} on {case.name}: {last_line(_log(out))}")
    if code:
        return {name: (Outcome("failed", last_line(_log(out))), {}) for name in outcomes}
    _check_same(settings, f"{benchmark} on {case.name}", outcomes)
    for outcome in outcomes.values():
        _note(outcome, settings)
    found = {name: (outcome, _extra(benchmark, outcome)) for name, outcome in outcomes.items()}
    if settings.busy:
        pairs = zip(outcomes[QUIET].runs, outcomes[BUSY].runs, strict=False)  # the limit may have ended the last
        ratios = [busy["seconds"] / quiet["seconds"] for quiet, busy in pairs]
        found[BUSY][1].update({"times_as_long": summary(ratios)} if ratios else {})
    return found


@contextmanager
def every_processor_busy() -> Iterator[None]:
    """A loop without end on each processor that this process may use."""
    with ExitStack() as loops:  # leaving closes the input of each that was started, and waits for it
        for _ in range(available_threads()):
            loops.enter_context(subprocess.Popen(_LOOP, stdin=subprocess.PIPE))
        yield


def _line(settings: Settings, benchmark: str, case: Case, config: Path | None, out: Path) -> list[str]:
    line = [sys.executable, "-m", "gpunet", COMMANDS[benchmark], *case.inputs, "--out", str(out)]
    line += [] if config is None else ["--config", str(config)]
    if benchmark == "panel":
        line += ["--from", case.days[0].isoformat(), "--to", case.days[1].isoformat(), "--every", "1mo"]
    return [*line, "--threads", str(settings.threads), "--engine", settings.engine]


def _log(out: Path) -> Path:
    return out.with_name(out.name + ".log")


def _is_spent(outcome: Outcome, limit: float) -> bool:
    """Whether one more run, as slow as the slowest, would likely end after the limit."""
    seconds = [run["seconds"] for run in outcome.runs]
    return bool(seconds) and sum(seconds) + max(seconds) > limit


def _run(outcome: Outcome, line: list[str], settings: Settings, out: Path, limit: float) -> int | None:
    """Run it once; the exit code, None if the limit ended it."""
    before, began = _processor_seconds(), time.perf_counter()
    code = run_limited(line, settings.threads, _log(out), limit)
    seconds, processor = time.perf_counter() - began, _processor_seconds() - before
    if code == 0:
        manifest = json.loads((out / "run.json").read_text())
        outcome.runs.append({"seconds": seconds, "processor_seconds": processor, "manifest": manifest, "folder": out})
    return code


def _processor_seconds() -> float:
    """User and system, of every process that was waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _check_same(settings: Settings, what: str, outcomes: dict[str, Outcome]) -> None:
    runs = [(f"{name}, run {i + 1}", run) for name, outcome in outcomes.items() for i, run in enumerate(outcome.runs)]
    files = [(name, files_to_compare(settings.engine, run["folder"], run["manifest"])) for name, run in runs]
    for name, found in files[1:]:
        first, expected = files[0]
        if off := sorted(file for file in {*expected, *found} if found.get(file) != expected.get(file)):
            raise BenchmarkError(f"{what}: {first} and {name} wrote different files: {', '.join(off)}")


def files_to_compare(engine: str, run: Path, manifest: Extra) -> Extra:
    """By name what must be equal in two runs of a command.

    On the CPU SHA-256 of every file; with a GPU the values of features.parquet, but for columns that follow its
    Louvain, which varies.
    """
    if engine == "cpu":
        return {name: file["sha256"] for name, file in manifest["outputs"].items()}
    varies = {name for name in columns(manifest["network"]["members"], ["community"]) if name != "gang_out_members"}
    table = parquet.read_table(run / "features.parquet")
    return {"features.parquet": table.select([name for name in table.column_names if name not in varies])}


def _note(outcome: Outcome, settings: Settings) -> None:
    """Say so if the limit has ended the runs early."""
    if not outcome.runs:
        outcome.status, outcome.note = "over limit", f"no run within {settings.limit:g} s"
    elif len(outcome.runs) < settings.repeat:
        outcome.note = f"{len(outcome.runs)} of {settings.repeat} runs within {settings.limit:g} s"


def _extra(benchmark: str, outcome: Outcome) -> Extra:
    if not outcome.runs:
        return {}
    manifests = [run["manifest"] for run in outcome.runs]
    executions = [manifest["execution"] for manifest in manifests]
    outcome.peak_memory_bytes = max(execution["peak_memory_bytes"] for execution in executions)
    found = {
        "processor_seconds": summary([run["processor_seconds"] for run in outcome.runs]),
        "peak_memory_is": executions[0]["peak_memory_is"],
        "stages": _stages([execution["stages"] for execution in executions], outcome.runs),
    }
    if benchmark == "panel":
        days = len(manifests[0]["panel"]["snapshots"])
        work = next(stage for stage in found["stages"] if stage["stage"] == "snapshots")["seconds"]["all"]
        found |= {"snapshots": days, "seconds_a_snapshot": summary([seconds / days for seconds in work])}
    return found


def _stages(executed: list[list[Extra]], runs: list[Extra]) -> list[Extra]:
    """Each stage over the runs, ``network as of T`` and ``network as of T-H`` together as ``network``."""
    by_name = [_by_name(stages) for stages in executed]
    for stages, run in zip(by_name, runs, strict=True):
        # A stage is told to the millisecond, so that all of them may seem to take longer than the process.
        rest = {key: max(0.0, run[key] - sum(of[key] for of in stages.values())) for key in _SECONDS}
        stages[OUTSIDE] = {**rest, "peak_memory_bytes": None}
    return [
        {
            "stage": name,
            **{key: summary([stages[name][key] for stages in by_name]) for key in _SECONDS},
            "share": statistics.median(
                stages[name]["seconds"] / run["seconds"] for stages, run in zip(by_name, runs, strict=True)
            ),
            **{
                key: None if name == OUTSIDE else max(stages[name][key] for stages in by_name)
                for key in by_name[0][name]
                if key not in _SECONDS
            },
        }
        for name in by_name[0]
    ]


def _by_name(stages: list[Extra]) -> dict[str, Extra]:
    """Seconds, peak memory and bytes that crossed, by the stage's name without its day."""
    found: dict[str, Extra] = {}
    for stage in stages:
        of = found.setdefault(
            stage["stage"].partition(" as of ")[0], {**dict.fromkeys(_SECONDS, 0.0), "peak_memory_bytes": 0}
        )
        of["seconds"] += stage["seconds"]
        of["processor_seconds"] += stage["cpu_seconds"]
        of["peak_memory_bytes"] = max(of["peak_memory_bytes"], stage["peak_memory_bytes"])
        for key in ("bytes_to_device", "bytes_to_host"):  # where there is a GPU
            if key in stage:
                of[key] = of.get(key, 0) + stage[key]
    return found
