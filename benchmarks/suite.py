"""The order of things: inputs, then each benchmark on each network, each system in turn, compared, then reported."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.arguments import Settings
from benchmarks.commands import run_command
from benchmarks.compare import BenchmarkError, check_equal, check_partition, difference
from benchmarks.device import engine_error, gpu, gpu_versions
from benchmarks.machine import machine
from benchmarks.networks import Case, load_network, prepare_cases, warm_case
from benchmarks.patience import Patience
from benchmarks.process import TRANSFERS, Outcome, run_worker, summary
from benchmarks.system import RELATIVE, System, Values
from benchmarks.systems import ON_THE_CPU, OURS, PEERS, PLAIN, SYSTEMS, system
from benchmarks.versions import installed_version
from gpunet.base.errors import EngineError
from gpunet.base.threads import available_threads
from gpunet.runs.manifest import versions

__all__ = ["BenchmarkError", "run_suite"]

Result = dict[str, Any]

_MEASURES = {"paths": ("betweenness", "closeness"), "cores": ("cores",), "louvain": ("louvain",)}


def run_suite(settings: Settings, report: Callable[[dict[str, Any]], None]) -> None:
    """Run every benchmark asked for, and report what was measured, also if something ends them early.

    `report` is called with what results.json holds, but for the command, unless nothing was measured.

    Raises
    ------
    BenchmarkError
        If systems disagree, or gpunet fails.
    GpunetError
        If the input or configuration cannot be used, or the GPU engine is asked for and cannot.
    """
    if settings.engine == "gpu" and (text := engine_error()) is not None:
        raise EngineError(text)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as name:
        folder = Path(name)
        print("making networks", flush=True)
        cases = prepare_cases(settings, folder)
        runner = _Runner(settings, folder, warm_case(folder))
        ended_by: str | None = "interrupted"
        try:
            for benchmark in settings.benchmarks:
                for case in cases:
                    runner.run(benchmark, case)
            ended_by = None
        except Exception as error:
            ended_by = str(error)
            raise
        finally:
            if runner.results:
                report(_results(settings, cases, runner.results, ended_by))


def _results(settings: Settings, cases: list[Case], results: list[Result], ended_by: str | None) -> Result:
    return {
        "format": 1,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": _versions(settings),
        "settings": {
            "benchmarks": list(settings.benchmarks),
            "engine": settings.engine,
            "peers": list(settings.peers),
            "threads": settings.threads,
            "repeat": settings.repeat,
            "limit_seconds": settings.limit,
            "seed": None if settings.inputs else settings.seed,
            "busy_processors": available_threads() if settings.busy else None,
        },
        "networks": [case.as_dict() for case in cases],
        "ended_by": ended_by,
        "results": results,
    }


def _versions(settings: Settings) -> dict[str, str | None]:
    """Of gpunet and what it rests on, and of the peers' packages under the peers' names."""
    others = [peer for peer in PEERS if peer in settings.peers and peer != ON_THE_CPU]
    peers = {peer: installed_version(SYSTEMS[peer].package) for peer in others}
    return {**versions(), **(gpu_versions() if settings.engine == "gpu" else {}), **peers}


class _Runner:
    """The results so far, and what they say of the time that larger networks would take."""

    def __init__(self, settings: Settings, folder: Path, warm: Case) -> None:
        self.settings = settings
        self.results: list[Result] = []
        self._folder = folder
        self._warm = warm
        self._jobs = 0
        self._patience = Patience(settings.limit)

    def run(self, benchmark: str, case: Case) -> None:
        """Run a benchmark on one input."""
        print(f"{benchmark}, {case.name}:", flush=True)
        if benchmark in _MEASURES:
            for measure in _MEASURES[benchmark]:
                self._compared(benchmark, case, measure)
        elif benchmark == "ingest":
            self._alone(benchmark, case, {"gpunet": self._ingest(case)})
        else:
            folder = self._next_folder()
            self._alone(benchmark, case, run_command(self.settings, benchmark, case, self._warm, folder))

    def _compared(self, benchmark: str, case: Case, measure: str) -> None:
        """Every system on one measure; nothing is kept unless all of them agree."""
        ours = [name for name in (OURS, PLAIN) if measure in self._system(name).measures]
        outcomes = {name: self._outcome(case, measure, name) for name in (*ours, *self.settings.peers)}
        for name in ours:
            if outcomes[name].status == "failed":
                raise BenchmarkError(f"{measure} on {case.name}: {name} failed, {outcomes[name].note}")
        if measure != "louvain":
            self._mark_the_imprecise(case, measure, outcomes)
        values = {name: outcome.values for name, outcome in outcomes.items() if outcome.values}
        extra: dict[str, Result] = {}
        if measure == "louvain":
            extra = self._modularities(case, values)
        else:
            exact = {name: runs for name, runs in values.items() if self._relative(name, case) <= RELATIVE}
            check_equal(measure, case.name, exact)
            print(f"  {measure}: {len(values)} systems agree", flush=True)
        for name, outcome in outcomes.items():
            threads = self.settings.threads if measure in self._system(name).threaded else 1
            self.results.append(_result(benchmark, case, measure, name, threads, outcome) | extra.get(name, {}))

    def _system(self, name: str) -> System:
        return system(name, self.settings.engine)

    def _relative(self, name: str, case: Case) -> float:
        return self._system(name).relative(case.persons)

    def _mark_the_imprecise(self, case: Case, measure: str, outcomes: dict[str, Outcome]) -> None:
        """Take the times of systems without double precision that are off by more than that explains."""
        rough = {name: relative for name in outcomes if (relative := self._relative(name, case)) > RELATIVE}
        known = [outcome.values[0] for name, outcome in outcomes.items() if name not in rough and outcome.values]
        for name, relative in rough.items():
            runs = outcomes[name].values
            if runs and not known:
                outcomes[name] = Outcome("not compared", "gpunet has no result within the limit")
                continue
            found = (difference(measure, run, known[0], relative) for run in runs)
            off = next((text for text in found if text is not None), None)
            if off is not None:
                note = f"differs from gpunet by more than {relative:.1e}{off}"
                print(f"    disagrees: {note}", flush=True)
                outcomes[name] = Outcome("disagrees", note)

    def _modularities(self, case: Case, values: dict[str, list[Values]]) -> dict[str, Result]:
        """Of each system the median over its runs: some find another partition every time."""
        network = load_network(case.network)
        return {
            name: {"modularity": statistics.median(check_partition(case.name, name, network, run) for run in runs)}
            for name, runs in values.items()
        }

    def _outcome(self, case: Case, measure: str, name: str) -> Outcome:
        print(f"  {measure}: {name}", flush=True)
        measured = self._system(name)
        if measure not in measured.measures:
            return Outcome("not available", f"{name} has no such function")
        if name in PEERS and installed_version(measured.package) is None:
            return Outcome("not installed", f"pip install {measured.package}")
        if measured.needs_gpu and gpu() is None:
            return Outcome("not available", "needs an NVIDIA GPU")
        refusal = self._patience.refusal(name, measure, case)
        if refusal is not None:
            print(f"    over limit: {refusal}", flush=True)
            return Outcome("over limit", refusal)
        job = {
            "system": name,
            "engine": self.settings.engine,
            "measure": measure,
            "network": str(case.network),
            "threads": self.settings.threads,
            "repeat": self.settings.repeat,
            "limit": self.settings.limit,
        }
        outcome = run_worker(job, self._next_folder())
        if outcome.status != "ok":
            print(f"    {outcome.status}: {outcome.note}", flush=True)
        self._patience.learn(name, measure, case, outcome)
        return outcome

    def _alone(self, benchmark: str, case: Case, found: dict[str, tuple[Outcome, Result]]) -> None:
        """A benchmark that no peer takes part in."""
        for name, (outcome, extra) in found.items():
            if outcome.status == "failed":
                raise BenchmarkError(f"{benchmark} on {case.name}: gpunet failed, {outcome.note}")
            self.results.append(_result(benchmark, case, benchmark, name, self.settings.threads, outcome) | extra)

    def _ingest(self, case: Case) -> tuple[Outcome, Result]:
        job = {
            "measure": "ingest",
            "inputs": case.inputs,
            "config": None if self.settings.config is None else str(self.settings.config),
            "warm": self._warm.inputs,
            "threads": self.settings.threads,
            "repeat": self.settings.repeat,
            "limit": self.settings.limit,
        }
        outcome = run_worker(job, self._next_folder())
        if not outcome.runs:
            return outcome, {}
        counts = [{**run["rows"], "arrests": run["arrests"]} for run in outcome.runs]
        first = counts[0]
        if any(other != first for other in counts):
            raise BenchmarkError(f"ingest on {case.name}: two readings differ: {counts}")
        if first["read"] != first["accepted"] + first["rejected"] + first["duplicate"]:
            raise BenchmarkError(f"ingest on {case.name}: rows read are not accepted + rejected + duplicate: {first}")
        rate = first["read"] / statistics.median(_seconds(outcome.runs))
        return outcome, {"rows": first["read"], "arrests": first["arrests"], "rows_per_second": round(rate)}

    def _next_folder(self) -> Path:
        self._jobs += 1
        return self._folder / f"job_{self._jobs}"


def _seconds(runs: Iterable[Result]) -> list[float]:
    return [run["seconds"] for run in runs]


def _result(benchmark: str, case: Case, measure: str, system: str, threads: int, outcome: Outcome) -> Result:
    """One entry of ``results``; keys are the same for every benchmark, None where there is nothing to say."""
    seconds = _seconds(outcome.runs)
    back = [run["values_seconds"] for run in outcome.runs if "values_seconds" in run]
    peak, base = outcome.peak_memory_bytes, outcome.base_memory_bytes
    return {
        "benchmark": benchmark,
        "measure": measure,
        "network": case.name,
        "persons": case.persons,
        "ties": case.ties,
        "system": system,
        "threads": threads,
        "status": outcome.status,
        "note": outcome.note,
        "runs": len(seconds),
        "seconds": summary(seconds) if seconds else None,
        "compile_seconds": outcome.compile_seconds,
        "convert_seconds": outcome.convert_seconds,
        "values_seconds": statistics.median(back) if back else None,
        "peak_memory_bytes": peak,
        # What was given back to the system meanwhile may be more than was added.
        "added_memory_bytes": None if peak is None or base is None else max(peak - base, 0),
        **{key: outcome.runs[-1].get(key) if outcome.runs else None for key in TRANSFERS},
    }
