"""What there is to find out on a GPU machine, call by call, in the order in which it is worth the time.

Seconds are guesses for one H200 and 16 processors until a step has been measured: a step is begun only if so many are
left. Those of a call come to 85 % of the call's at most.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.on_gpu.brought import CARRIED, installed, nothing

__all__ = ["CALLS", "STEPS", "Command", "Place", "Step", "chosen"]

Command = list[str]

#: What the calls are for.
CALLS = {
    "a": "our kernels, with nothing but CuPy's and Numba's packages and what gpunet itself needs",
    "b": "the GPU engine, with RAPIDS",
    "c": "beside cuGraph and XGBoost, and a million persons",
    "rest": "in the time that is left: further tests, cuGraph's limits",
    "several": "a machine with several GPUs; not within the time of the others",
}

_PERSONS = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
_FEW = {"10k": 100, "100k": 150, "1m": 200}


@dataclass(frozen=True)
class Place:
    """Where a step works.

    Attributes
    ----------
    work
        Folder for tables, networks and runs, which are no results.
    now
        File for what the step has found so far, as JSON.
    rehearsal
        Whether sizes are small, and a processor stands for the GPU.
    carried
        Folder with what was brought along, see :mod:`scripts.on_gpu.brought`.
    """

    work: Path
    now: Path
    rehearsal: bool = False
    carried: Path = CARRIED

    def persons(self, size: str) -> int:
        """How many persons tables of this size have."""
        return (_FEW if self.rehearsal else _PERSONS)[size]

    def edges(self, size: str) -> Path:
        """The file with a network."""
        return self.work / "edges" / f"edges-{self.persons(size)}.npz"


@dataclass(frozen=True)
class Step:
    """Something to find out, by commands that are run one after another.

    Attributes
    ----------
    name, call
        Its name, and one of :data:`CALLS`.
    shows
        What it would show.
    seconds, limit
        What it takes, presumably, and what it may take.
    commands
        Which, for a place.
    needs
        Modules without which it is left out.
    leaves
        A JSON file within the work folder that has the result, if no command writes :attr:`Place.now`.
    lacks
        What a result lacks, nothing if it has what it is for: a command may well end without an error and be of no use.
    there
        Whether what it has left for others is still there: without it, it is not done.
    idle
        Why it has nothing to do, if so.
    """

    name: str
    call: str
    shows: str
    seconds: float
    limit: float
    commands: Callable[[Place], list[Command]]
    needs: tuple[str, ...] = ()
    leaves: str | None = None
    lacks: Callable[[Any], str] = lambda result: ""
    there: Callable[[Place], bool] = lambda place: True
    idle: Callable[[Place], str] = lambda place: ""


# What gpunet needs of what is seldom there; the kernels' tests do without Polars.
_LITTLE = ("pydantic", "array_api_compat", "narwhals")
_TESTED = (*_LITTLE, "hypothesis", "networkx")
_OURS = ("polars", "pydantic", "array_api_compat")
_RAPIDS = (*_OURS, "cudf", "pylibcugraph", "rmm", "cupy", "xgboost")
_CUGRAPH = (*_OURS, "cudf", "cugraph", "rmm", "cupy")


# Which tests of limits there is time for, each with processes of its own; and which can be rehearsed.
_LIMITS, _REHEARSED_LIMITS = "268435456 or much or no_gpu or rmm", "536870912 or much"


def _python(*arguments: str) -> Command:
    return [sys.executable, *arguments]


def _pytest(*arguments: str) -> Command:
    """Other versions than we know may warn."""
    return _python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "-W", "default", *arguments)


def _measured(name: str) -> Callable[[Place], list[Command]]:
    def commands(place: Place) -> list[Command]:
        small = ["--rehearsal"] * place.rehearsal
        return [
            _python("-m", "scripts.on_gpu.measure", name, "--now", str(place.now), "--work", str(place.work), *small)
        ]

    return commands


def _install(part: str, call: str, shows: str, seconds: float, limit: float) -> Step:
    def commands(place: Place) -> list[Command]:
        carried = str(place.carried)
        return [_python("-m", "scripts.on_gpu.brought", part, "--work", str(place.work), "--carried", carried)]

    return Step(
        f"install-{part}", call, shows, seconds, limit, commands,
        there=lambda place: installed(part, place.work, place.carried),
        idle=lambda place: nothing(part, place.carried),
    )  # fmt: skip


def _tests(*files: str, one: str) -> Callable[[Place], list[Command]]:
    """Tests of the kernels on the device; in a rehearsal one of them."""

    def commands(place: Place) -> list[Command]:
        few = ["-k", one] * place.rehearsal
        return [_pytest(*files, *few)]

    return commands


def _kernels(size: str, *options: str) -> Callable[[Place], list[Command]]:
    def commands(place: Place) -> list[Command]:
        script, edges = "scripts/gpu_kernels.py", place.edges(size)
        make = _python(script, "make", "--persons", str(place.persons(size)), "--out", str(edges.parent))
        small = ["--threads-of-a-block", "16", "--threads", "1", "--copy", "1000", "--seconds", "1"] * place.rehearsal
        run = _python(script, "run", str(edges), "--out", str(place.now), *options, *small)
        return [*[make] * (not edges.exists()), run]

    return commands


def _tables(size: str, place: Place) -> list[Command]:
    """The command that makes tables, unless they are there."""
    folder = place.work / f"tables-{place.persons(size)}"
    part = f"{folder}.part"
    make = _python("-m", "gpunet", "synth", "--persons", str(place.persons(size)), "--out", part)
    return [["rm", "-rf", part], make, ["mv", part, str(folder)]] if not folder.exists() else []


def _on_all_gpus(size: str, name: str) -> Callable[[Place], list[Command]]:
    def commands(place: Place) -> list[Command]:
        folders = str(place.work / f"tables-{place.persons(size)}"), "--out", str(place.work / name)
        short = ["--horizon", "365"] * place.rehearsal
        run = _python("-m", "gpunet", "run", *folders, "--start-over", "--no-report", "--cluster", "local-cuda", *short)
        return [*_tables(size, place), run]

    return commands


def _benchmark(name: str, size: str, *options: str) -> Callable[[Place], list[Command]]:
    def commands(place: Place) -> list[Command]:
        what = ["paths", "--engine", "gpu", "--peers", "cugraph,cugraph-int64", "--persons", str(place.persons(size))]
        short = ["--repeat", "1", "--threads", "1"] * place.rehearsal
        return [_python("-m", "benchmarks", *what, *options, *short, "--out", str(place.work / name))]

    return commands


def _not_measured(result: Any) -> str:
    """Which systems have no betweenness, because something is missing or they fail."""
    found = {row["system"]: row["status"] for row in result["results"] if row["measure"] == "betweenness"}
    without = ("not available", "not installed", "failed")
    return ", ".join(f"{system}: {status}" for system, status in found.items() if status in without)


def _contract(file: str, persons: int, rehearsed: str, one: str = "") -> Callable[[Place], list[Command]]:
    """Tests of the engine, all or some; a rehearsal does what it can without RAPIDS."""

    def commands(place: Place) -> list[Command]:
        size = f"GPUNET_TEST_PERSONS={100 if place.rehearsal else persons}"
        some = rehearsed if place.rehearsal else one
        return [["env", size, *_pytest(file, *(["-k", some] if some else []))]]

    return commands


STEPS = (
    _install("first", "a", "whether what the first call was brought is whole, and how long it takes to install", 6, 30),
    Step("device", "a", "what the machine has, what cannot be imported, and how fast its memory copies", 8, 30,
         _measured("device")),
    Step("compile", "a", "how long the CPU's kernels take to compile, side by side; later steps find them on disk", 15,
         60, _measured("compile"), _LITTLE, there=lambda place: any((place.work / "compiled").rglob("*.nbi"))),
    Step("test-kernels", "a", "whether betweenness and closeness are right at all", 25, 60,
         _tests("tests/cuda_kernels.py", one="several_batches"), _TESTED),
    Step("kernels-10k", "a", "every kernel beside the CPU's at 10,000 persons: numbers, seconds, bandwidth", 32, 60,
         _kernels("10k", "--seconds", "5")),
    Step("kernels-100k", "a", "the same at 100,000 persons", 22, 50, _kernels("100k", "--seconds", "8")),
    Step("kernels-1m", "a", "the same at a million persons, with a twentieth of the CPU's searches", 42, 90,
         _kernels("1m", "--share", "0.05", "--seconds", "20")),
    Step("test-feature-kernels", "a", "whether ties, neighbourhood, shells and tipping are right", 20, 50,
         _tests("tests/cuda_feature_kernels.py", one="set_63"), _TESTED),
    _install("later", "b", "whether what all calls were brought is whole, and how long it takes to install", 55, 120),
    Step("compile-again", "b", "the same; nothing, if the kernels that call a compiled are still known", 4, 60,
         _measured("compile"), _LITTLE),
    Step("features-100k", "b", "every feature of 100,000 persons by the GPU engine beside the CPU's: values, seconds",
         50, 100, _measured("features"), _RAPIDS),
    Step("contract", "b", "whether the GPU engine keeps its contract: every feature, runs, scores", 61, 120,
         _contract("tests/gpu/test_contract.py", 3000, "paths and one"), _RAPIDS),
    Step("paths-100k", "c", "path features beside cuGraph and our CPU engine at 100,000 persons", 40, 80,
         _benchmark("paths-100k", "100k", "--repeat", "2", "--limit", "20"), _CUGRAPH, "paths-100k/results.json",
         _not_measured),
    Step("xgboost", "c", "XGBoost on the device beside the CPU: seconds, and how good both models are", 24, 50,
         _measured("xgboost"), (*_OURS, "xgboost", "cupy")),
    Step("run-1m", "c", "a run of a million persons by the GPU engine, without its page: seconds, transfers", 110, 180,
         _measured("run"), _RAPIDS),
    Step("test-searches", "rest", "whether whole searches are the CPU's, for any free memory", 25, 60,
         _tests("tests/cuda_searches.py", one="plans"), _TESTED),
    Step("ladder", "rest", "whether cuGraph's path counts overflow on a ladder of diamonds, and ours do not", 20, 40,
         _measured("ladder"), _CUGRAPH),
    Step("test-others", "rest", "whether parts of searches add up, and the model's loops have the CPU's bits", 40, 80,
         _tests("tests/cuda_parts.py", "tests/cuda_model.py", one="nobody or does_not_fit"),
         (*_OURS, "xgboost", "distributed")),
    Step("louvain", "rest", "how much ten runs of cuGraph's Louvain differ, and from the CPU's", 20, 45,
         _measured("louvain"), _CUGRAPH),
    Step("limits", "rest", "whether little memory and missing parts give the same numbers or one clear message", 60,
         120, _contract("tests/gpu/test_limits.py", 3000, _REHEARSED_LIMITS, _LIMITS), _RAPIDS),
    Step("gpus-100k", "several", "gpunet run --cluster local-cuda, with as many GPUs as there are", 60, 300,
         _on_all_gpus("100k", "gpus-100k"), (*_RAPIDS, "dask_cuda"), "gpus-100k/run.json"),
    Step("gpus-1m", "several", "the same of a million persons", 120, 580,
         _on_all_gpus("1m", "gpus-1m"), (*_RAPIDS, "dask_cuda"), "gpus-1m/run.json"),
    Step("one-or-all", "several", "a network's calls on one GPU, and by cugraph.dask on all", 60, 300,
         _measured("one-or-all"), (*_RAPIDS, "dask_cuda")),
)  # fmt: skip


def chosen(names: list[str]) -> list[Step]:
    """The steps of calls, and steps by their names; without any, those of calls a, b and c.

    Raises
    ------
    ValueError
        If there is no such call or step.
    """
    known = [*CALLS, *(step.name for step in STEPS)]
    for name in names:
        if name not in known:
            raise ValueError(f"unknown step {name!r}: any of {', '.join(known)}")
    return [step for step in STEPS if {step.name, step.call} & set(names or ("a", "b", "c"))]
