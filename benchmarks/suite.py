"""The order of things: inputs, then each benchmark on each network, each system in turn, compared, then reported."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.arguments import Settings
from benchmarks.compare import BenchmarkError, check_equal, check_partition
from benchmarks.features_run import run_features_command
from benchmarks.machine import machine
from benchmarks.networks import Case, load_network, prepare_cases
from benchmarks.patience import Patience
from benchmarks.process import Outcome, run_worker, summary
from benchmarks.systems import OURS, PEERS, PLAIN, SYSTEMS, Values, installed_version
from gpunet.manifest import versions
from gpunet.synthetic import FEWEST_PERSONS, write_tables

__all__ = ["BenchmarkError", "run_suite"]

Result = dict[str, Any]

_MEASURES = {"paths": ("betweenness", "closeness"), "cores": ("cores",), "louvain": ("louvain",)}


def run_suite(settings: Settings) -> dict[str, Any]:
    """Run every benchmark asked for.

    Returns
    -------
    dict
        What results.json holds, but for the command.

    Raises
    ------
    BenchmarkError
        If systems disagree, or gpunet fails.
    GpunetError
        If the input or configuration cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as name:
        folder = Path(name)
        print("making networks", flush=True)
        cases = prepare_cases(settings, folder)
        warm = folder / "warm"
        write_tables(warm, persons=FEWEST_PERSONS, seed=1)
        runner = _Runner(settings, folder, warm)
        for benchmark in settings.benchmarks:
            for case in cases:
                runner.run(benchmark, case)
    return {
        "format": 1,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {**versions(), **{peer: installed_version(peer) for peer in PEERS}},
        "settings": {
            "benchmarks": list(settings.benchmarks),
            "peers": list(settings.peers),
            "threads": settings.threads,
            "repeat": settings.repeat,
            "limit_seconds": settings.limit,
            "seed": None if settings.inputs else settings.seed,
        },
        "networks": [case.as_dict() for case in cases],
        "results": runner.results,
    }


class _Runner:
    """The results so far, and what they say of the time that larger networks would take."""

    def __init__(self, settings: Settings, folder: Path, warm: Path) -> None:
        self.settings = settings
        self.results: list[Result] = []
        self._folder = folder
        self._warm = warm
        self._jobs = 0
        self._patience = Patience(settings.limit)

    def run(self, benchmark: str, case: Case) -> None:
        """Run a benchmark on one input."""
        print(f"{benchmark}, {case.name}:", flush=True)
        if benchmark == "ingest":
            self._one(benchmark, case, "ingest", self._ingest)
        elif benchmark == "end-to-end":
            work = partial(run_features_command, self.settings, warm=self._warm)
            self._one(benchmark, case, "end-to-end", lambda c: work(c, self._next_folder()))
        else:
            for measure in _MEASURES[benchmark]:
                self._compared(benchmark, case, measure)

    def _compared(self, benchmark: str, case: Case, measure: str) -> None:
        """Every system on one measure; nothing is kept unless all of them agree."""
        ours = [name for name in (OURS, PLAIN) if measure in SYSTEMS[name].measures]
        outcomes = {name: self._outcome(case, measure, name) for name in (*ours, *self.settings.peers)}
        for name in ours:
            if outcomes[name].status == "failed":
                raise BenchmarkError(f"{measure} on {case.name}: {name} failed, {outcomes[name].note}")
        values = {name: outcome.values for name, outcome in outcomes.items() if outcome.values}
        extra: dict[str, Result] = {}
        if measure == "louvain":
            extra = self._modularities(case, values)
        else:
            check_equal(measure, case.name, values)
            print(f"  {measure}: {len(values)} systems agree", flush=True)
        for name, outcome in outcomes.items():
            threads = self.settings.threads if measure in SYSTEMS[name].threaded else 1
            self.results.append(_result(benchmark, case, measure, name, threads, outcome) | extra.get(name, {}))

    def _modularities(self, case: Case, values: dict[str, list[Values]]) -> dict[str, Result]:
        """Of each system the median over its runs: some find another partition every time."""
        network = load_network(case.network)
        return {
            name: {"modularity": statistics.median(check_partition(case.name, name, network, run) for run in runs)}
            for name, runs in values.items()
        }

    def _outcome(self, case: Case, measure: str, name: str) -> Outcome:
        print(f"  {measure}: {name}", flush=True)
        system = SYSTEMS[name]
        if measure not in system.measures:
            return Outcome("not available", f"{name} has no such function")
        if name in PEERS and installed_version(system.package) is None:
            return Outcome("not installed", f"pip install {system.package}")
        refusal = self._patience.refusal(name, measure, case)
        if refusal is not None:
            print(f"    over limit: {refusal}", flush=True)
            return Outcome("over limit", refusal)
        job = {
            "system": name,
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

    def _one(self, benchmark: str, case: Case, measure: str, work: Callable[[Case], tuple[Outcome, Result]]) -> None:
        """A benchmark that no peer takes part in."""
        outcome, extra = work(case)
        if outcome.status == "failed":
            raise BenchmarkError(f"{benchmark} on {case.name}: gpunet failed, {outcome.note}")
        self.results.append(_result(benchmark, case, measure, "gpunet", self.settings.threads, outcome) | extra)

    def _ingest(self, case: Case) -> tuple[Outcome, Result]:
        job = {
            "measure": "ingest",
            "inputs": case.inputs,
            "config": None if self.settings.config is None else str(self.settings.config),
            "warm": str(self._warm),
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
        "added_memory_bytes": None if peak is None or base is None else peak - base,
    }
