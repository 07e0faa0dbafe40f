"""Everything that there is to find out on a GPU machine that one has for a short while, in one go.

    PYTHONPATH=. python scripts/measure_gpu.py --out runs/gpu              # every step
    PYTHONPATH=. python scripts/measure_gpu.py --out runs/gpu ladder louvain

Each step is a process of its own with a time limit. It leaves STEP.json in the folder, with what came of it, the
device, its driver, versions and date, and STEP.log; a step that fails or takes too long does not stop the next. Steps:

    kernels           our kernels alone: their tests on the device, and seconds beside the CPU's
    test              make test-gpu
    tables            synthetic tables of 100,000 and of a million persons, for the steps below
    run-100k, run-1m  gpunet run --engine gpu: seconds and transfers of each stage
    paths-10k, paths-100k, whole
                      python -m benchmarks --engine gpu, beside cuGraph and our CPU engine
    ladder            do cuGraph's path counts overflow on a ladder of diamonds, with int32 and with int64 ids?
    louvain           ten runs of cuGraph's Louvain on one network: how much do they differ?
    gpus-100k, gpus-1m
                      gpunet run --cluster local-cuda: as run-100k and run-1m, with as many GPUs as there are
    one-or-all        a network's calls on one GPU, and by cugraph.dask on all: results and seconds

Where gpunet's own libraries are missing, `scripts/gpu_kernels.py make` can be run elsewhere and its files be put into
OUT/edges: the step kernels takes those that it finds. Exit code 0 if every step was done, 1 if not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.device import gpu_versions
from benchmarks.machine import machine
from benchmarks.versions import installed_version

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable

#: Persons in the synthetic tables of a step's name.
SIZES = {"100k": 100_000, "1m": 1_000_000}

#: Diamonds in a ladder: 2^k shortest paths from end to end, around what 31 and 63 bits and a double hold, and between.
RUNGS = (20, 30, 31, 32, 40, 62, 63, 64, 200)


def in_turn(*commands: list[str]) -> Callable[[Path, float], int | None]:
    """Work that is commands, one after the other, within one limit; all are tried, and the first bad code is given."""

    def work(out: Path, limit: float) -> int | None:
        ends = time.monotonic() + limit
        first_bad = 0
        for command in commands:
            given = [part.replace("{out}", str(out)) for part in command]
            code = run(given, out, max(ends - time.monotonic(), 0.1))
            if code is None:
                return None
            first_bad = first_bad or code
        return first_bad

    return work


def run(command: list[str], out: Path, limit: float) -> int | None:
    """Exit code of a command that writes to the step's log; None if it was stopped at the limit."""
    with (out / "step.log").open("ab") as log:
        log.write(f"$ {' '.join(command)}\n".encode())
        log.flush()
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        try:
            done = subprocess.run(
                command, stdout=log, stderr=log, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, timeout=limit
            )
        except subprocess.TimeoutExpired:
            return None
        return done.returncode


def tables(name: str) -> list[str]:
    return [PYTHON, "-m", "gpunet", "synth", "--persons", str(SIZES[name]), "--out", f"{{out}}/tables-{name}"]


def forecast(name: str) -> list[str]:
    return [PYTHON, "-m", "gpunet", "run", f"{{out}}/tables-{name}", "--engine", "gpu", "--out", f"{{out}}/run-{name}"]


def on_all_gpus(name: str) -> list[str]:
    """The run with a process for each GPU."""
    what = [PYTHON, "-m", "gpunet", "run", f"{{out}}/tables-{name}", "--cluster", "local-cuda"]
    return [*what, "--out", f"{{out}}/gpus-{name}"]


def benchmark(name: str, *options: str) -> list[str]:
    what = [PYTHON, "-m", "benchmarks", *options, "--engine", "gpu", "--peers", "cugraph,cugraph-int64,nx-cugraph"]
    return [*what, "--out", f"{{out}}/benchmarks-{name}"]


def alone(step: str) -> list[str]:
    """The command of one measurement by this script."""
    return [PYTHON, str(Path(__file__)), "--out", "{out}", "--measure", step]


def kernel_tests() -> list[list[str]]:
    files = sorted((ROOT / "tests").glob("cuda_*.py"))
    plain = ["-q", "-p", "no:cacheprovider", "-o", "addopts="]
    quiet = ["env", "NUMBA_ENABLE_CUDASIM=0", "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS=0"]
    return [[*quiet, PYTHON, "-m", "pytest", *plain, str(path)] for path in files]


_KERNELS = [PYTHON, "scripts/gpu_kernels.py"]

STEPS: dict[str, Callable[[Path, float], int | None]] = {
    "kernels": in_turn(
        *kernel_tests(),
        [*_KERNELS, "make", "--persons", "1e4", "--out", "{out}/edges"],
        [*_KERNELS, "make", "--persons", "1e5", "--out", "{out}/edges"],
        [*_KERNELS, "run", "{out}/edges/edges-10000.npz", "--out", "{out}/kernels"],
        [*_KERNELS, "run", "{out}/edges/edges-100000.npz", "--out", "{out}/kernels"],
    ),
    "test": in_turn([PYTHON, "-m", "pytest", "tests/gpu", "-q", "--junitxml", "{out}/test-gpu.xml"]),
    "tables": in_turn(*(tables(name) for name in SIZES)),
    **{f"run-{name}": in_turn(forecast(name)) for name in SIZES},
    "paths-10k": in_turn(benchmark("paths-10k", "paths", "cores", "--persons", "1e4", "--limit", "20")),
    "paths-100k": in_turn(benchmark("paths-100k", "paths", "--persons", "1e5", "--repeat", "3", "--limit", "100")),
    "whole": in_turn(benchmark("whole", "end-to-end", "--persons", "1e4,1e5", "--repeat", "3", "--limit", "120")),
    "ladder": in_turn(alone("ladder")),
    "louvain": in_turn(alone("louvain")),
    **{f"gpus-{name}": in_turn(on_all_gpus(name)) for name in SIZES},
    "one-or-all": in_turn(alone("one-or-all")),
}


def ladder() -> dict[str, Any]:
    """Betweenness of ladders by cuGraph and by our GPU engine, beside our CPU engine's."""
    import gpunet
    from benchmarks.compare import difference
    from benchmarks.systems import PLAIN, SYSTEMS, system

    rows = []
    for k in RUNGS:
        left = 3 * np.arange(k)
        src = np.concatenate([left, left, left + 1, left + 2])
        dst = np.concatenate([left + 1, left + 2, left + 3, left + 3])
        network = gpunet.network_from_edges(src, dst, 3 * k + 1)
        plain = SYSTEMS[PLAIN]
        expected = plain.values("betweenness", plain.measures["betweenness"]((network, 1)), network)
        for name in ("cugraph", "cugraph-int64", "gpunet"):
            asked = system(PLAIN, "gpu") if name == "gpunet" else SYSTEMS[name]
            row: dict[str, Any] = {"diamonds": k, "system": name}
            try:
                graph = asked.convert(network, 1)
                found = asked.values("betweenness", asked.measures["betweenness"](graph), network)
                off = difference("betweenness", found, expected, asked.relative(network.n))
                row |= {"finite": bool(np.isfinite(found).all()), "agrees": off is None, "differs": off}
            except Exception as error:  # what one of them cannot do is a finding, not the end of the others
                row["error"] = f"{type(error).__name__}: {error}"
            rows.append(row)
            print(row, flush=True)
    if all("error" in row for row in rows):
        raise RuntimeError("no system could do any ladder")
    return {"ladders": rows}


def louvain(persons: int = 100_000, runs: int = 10) -> dict[str, Any]:
    """Modularity of ten runs, and how much their partitions agree."""
    from sklearn.metrics import adjusted_rand_score

    import gpunet
    from benchmarks.compare import check_partition
    from benchmarks.systems import PLAIN, SYSTEMS
    from gpunet.synthetic import make_arrests

    network = gpunet.build_network(gpunet.read_arrests(make_arrests(persons, seed=1)))
    ours, theirs = SYSTEMS[PLAIN], SYSTEMS["cugraph"]
    label = ours.values("louvain", ours.measures["louvain"]((network, 1)), network)
    graph = theirs.convert(network, 1)
    found = [theirs.values("louvain", theirs.measures["louvain"](graph), network) for _ in range(runs)]
    agreement = [float(adjusted_rand_score(a, b)) for a, b in combinations(found, 2)]
    return {
        "persons": network.n,
        "ties": network.n_ties,
        "modularity_of_gpunet_on_the_cpu": check_partition("louvain", "gpunet", network, label),
        "modularity": [check_partition("louvain", "cugraph", network, one) for one in found],
        "communities": [len(np.unique(one)) for one in found],
        "adjusted_rand": {"min": min(agreement), "mean": float(np.mean(agreement)), "max": max(agreement)},
        "pairs_of_runs_that_are_the_same": sum(np.array_equal(a, b) for a, b in combinations(found, 2)),
        "adjusted_rand_with_the_cpu": [float(adjusted_rand_score(label, one)) for one in found],
    }


def one_or_all(persons: int = 100_000) -> dict[str, Any]:
    """What cuGraph finds on one GPU and, as if that were too small, by ``cugraph.dask`` on all; path features too."""
    import gpunet
    from gpunet.cluster import cluster_engine, gpu_graphs
    from gpunet.engines.choice import resolve_engine
    from gpunet.synthetic import make_arrests

    network = gpunet.build_network(gpunet.read_arrests(make_arrests(persons, seed=1)))
    everyone, field = np.ones(network.n, bool), np.zeros(network.n, np.int32)
    calls = {"core_numbers": (everyone,), "triangles": (field,), "component_labels": (), "louvain": (field,)}
    cpu, once, rows = resolve_engine("cpu"), gpu_graphs.call, []
    with cluster_engine("local-cuda") as engine:

        def timed(name: str, where: str, work: Callable[[], Any], expected: Any) -> None:
            begin = time.perf_counter()
            row: dict[str, Any] = {"call": name, "by": where}
            try:
                found = work()
                row["seconds"] = round(time.perf_counter() - begin, 3)
                row["agrees"] = bool(np.array_equal(_first(found), _first(expected))) if expected is not None else None
                if name == "louvain":
                    row["cells"] = len(np.unique(found))
            except Exception as error:  # what one of them cannot do is a finding, not the end of the others
                row["error"] = f"{type(error).__name__}: {error}"
            rows.append(row)
            print(row, flush=True)

        for name, given in calls.items():
            wanted = None if name == "louvain" else getattr(cpu, name)(network.indptr, network.indices, *given)
            for where in ("one GPU", "one GPU again", "cugraph.dask"):
                gpu_graphs.call = _too_large if where == "cugraph.dask" else once
                work = partial(getattr(engine, name), network.indptr, network.indices, *given)
                timed(name, where, work, wanted)
        gpu_graphs.call = once
        for where in ("first", "again"):
            timed("path features", where, lambda: gpunet.path_features(network, engine=engine), None)
        said = dict(engine.describe())
    if all("error" in row for row in rows):
        raise RuntimeError("nothing could be done on the GPUs")
    return {"persons": persons, "ties": network.n_ties, "rows": rows, "cluster": said}


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, tuple) else found


def _too_large(network: Any, setup: Any, name: str, arguments: Any) -> Any:
    """In the place of a call on a worker: as if its GPU were too small."""
    from gpunet.cluster.gpu_worker import Answer

    return Answer(1, 0)


MEASUREMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "ladder": ladder,
    "louvain": louvain,
    "one-or-all": one_or_all,
}


def result_of(step: str, out: Path, since: float) -> Any:
    """What the step left behind: its own figures, or the parts of a run.json that say how it went.

    Files from before the time `since` are of an earlier step, and are left alone.
    """
    read = partial(read_new, since=since)
    if step in MEASUREMENTS:
        return read(out / "measured.json")
    if step == "kernels":
        return {path.stem: found for path in sorted((out / "kernels").glob("*.json")) if (found := read(path))}
    if step == "whole" or step.startswith("paths-"):
        return read(out / f"benchmarks-{step}" / "results.json")
    if step.startswith(("run-", "gpus-")):
        manifest = read(out / step / "run.json")
        kept = ("versions", "engine", "network", "path", "model", "warnings", "execution")
        return manifest and {name: manifest.get(name) for name in kept}
    return None


def read_new(path: Path, since: float) -> Any:
    if not path.exists() or path.stat().st_mtime < since:
        return None
    return json.loads(path.read_text(encoding="utf-8"))


def conditions() -> dict[str, Any]:
    """Machine, device, versions and date, which stand in every file."""
    packages = ("gpunet", "numpy", "numba", "pandas", "xgboost", "networkx", "nx-cugraph-cu13")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {**{name: installed_version(name) for name in packages}, **gpu_versions()},
        "python": sys.version.split()[0],
    }


def do(step: str, out: Path, limit: float) -> str:
    """Do a step, write its file, give its status."""
    for left in ("step.log", "measured.json"):
        (out / left).unlink(missing_ok=True)
    since = time.time() - 1.0  # file systems do not tell the time exactly
    began = time.monotonic()
    record: dict[str, Any] = {"step": step, **conditions()}
    try:
        code = STEPS[step](out, limit)
        record["status"] = "over limit" if code is None else "done" if code == 0 else f"exit code {code}"
        record["result"] = result_of(step, out, since)
    except Exception as error:  # the next step may well work
        record["status"] = f"{type(error).__name__}: {error}"
    record["seconds"] = round(time.monotonic() - began, 1)
    log = out / "step.log"
    if log.exists():
        record["log_tail"] = log.read_text(errors="replace").splitlines()[-20:]
        log.replace(out / f"{step}.log")
    (out / f"{step}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return str(record["status"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"any of {', '.join(STEPS)} [all]")
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    parser.add_argument("--limit", type=float, default=580.0, help="seconds for each step [580]")
    parser.add_argument("--measure", choices=MEASUREMENTS, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    unknown = [step for step in asked.steps if step not in STEPS]
    if unknown:
        parser.error(f"unknown step {unknown[0]!r}: any of {', '.join(STEPS)}")
    out = asked.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if asked.measure is not None:
        (out / "measured.json").write_text(json.dumps(MEASUREMENTS[asked.measure]()) + "\n", encoding="utf-8")
        return 0
    bad = 0
    for step in asked.steps or STEPS:
        print(f"{step} ...", flush=True)
        status = do(step, out, asked.limit)
        print(f"{step}: {status}", flush=True)
        bad += status != "done"
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
