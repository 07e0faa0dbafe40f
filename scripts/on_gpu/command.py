"""Steps one after another within a time: each is begun only if it can end, and nothing is lost of one that does not."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from datetime import UTC, datetime
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.device import gpu_versions
from benchmarks.machine import machine
from benchmarks.versions import installed_version
from scripts.on_gpu.brought import MIB, bytes_of_tree, carried, divide, sites
from scripts.on_gpu.plan import SECONDS, listing, plan, told
from scripts.on_gpu.processes import ROOT, run_in_turn
from scripts.on_gpu.results import Results
from scripts.on_gpu.steps import CALLS, Place, Step, chosen

__all__ = ["CARRY", "conditions", "main"]

#: MiB that a call takes along.
CARRY = 64

# How much longer than on a GPU machine a step may take in a rehearsal.
_SLOWER = 10

_PACKAGES = ("gpunet", "numpy", "numba", "pandas", "polars", "pyarrow", "scikit-learn", "xgboost", "networkx")


def conditions(rehearsal: bool) -> dict[str, Any]:
    """Machine, device, versions and date, which stand with every result."""
    found: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {**{name: installed_version(name) for name in _PACKAGES}, **gpu_versions()},
        "python": sys.version.split()[0],
    }
    return {**found, "rehearsal": "no GPU: a processor and other libraries in its place"} if rehearsal else found


def environment(step: Step, work: Path, rehearsal: bool) -> dict[str, str]:
    """What of the environment is the step's own: kernels are compiled once for all steps."""
    own = {"NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0", "NUMBA_CACHE_DIR": str(work / "compiled")}
    own["HYPOTHESIS_PROFILE"] = "quick"
    folders = [ROOT / "tests" / name for name in ("rehearsal", "") if rehearsal] + sites(work)
    own["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    if not rehearsal:
        return {**own, "NUMBA_ENABLE_CUDASIM": "0", "GPUNET_TEST_KERNELS": "device"}
    return {**own, "GPUNET_REHEARSAL": " ".join(step.needs), "GPUNET_TEST_BUILD": "fast"}


def do(step: Step, results: Results, place: Place, limit: float) -> str:
    """Do a step, write what came of it, give its status."""
    began = time.monotonic()
    record: dict[str, Any] = {"shows": step.shows, "limit": round(limit, 1), **conditions(place.rehearsal)}
    results.begin(step.name, record)
    since = results.log.stat().st_size if results.log.exists() else 0
    try:
        surroundings = environment(step, place.work, place.rehearsal)
        code = run_in_turn(step.commands(place), results.log, limit, surroundings)
        record["status"] = "over limit" if code is None else "done" if code == 0 else f"exit code {code}"
        found = left_behind(step, results, place)
        if record["status"] == "done" and (lacks := step.lacks(found)):
            record["status"] = f"not measured: {lacks}"
    except Exception as error:  # the next step may well work
        record["status"], found = f"{type(error).__name__}: {error}", results.found()
    record |= {"seconds": round(time.monotonic() - began, 1), "result": found}
    if record["status"] != "done" and results.log.exists():
        record["log_tail"] = results.log.read_bytes()[since:].decode(errors="replace").splitlines()[-20:]
    results.end(step.name, record)
    return str(record["status"])


def left_behind(step: Step, results: Results, place: Place) -> Any:
    """The step's own figures, or the parts of a run.json that say how it went."""
    import json

    path = place.work / (step.leaves or "")
    if step.leaves is None or not path.is_file():
        return results.found()
    found = json.loads(path.read_text(encoding="utf-8"))
    kept = ("versions", "engine", "network", "path", "model", "warnings", "execution")
    return {name: found.get(name) for name in kept} if path.name == "run.json" else found


def main(description: str | None, arguments: list[str] | None = None) -> int:
    """Take the arguments, do the steps."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"calls ({', '.join(CALLS)}) and steps [a b c]")
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"), help="folder for results [runs/gpu]")
    parser.add_argument("--work", type=Path, help="folder for tables, networks and runs [OUT-work]")
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="for all steps [their limits, all in all]")
    parser.add_argument("--again", action="store_true", help="also steps that are done")
    parser.add_argument("--list", action="store_true", help="say what each call and step would show, and what it takes")
    parser.add_argument(
        "--divide", type=Path, metavar="FOLDER", help="divide what is to be brought among calls; --list"
    )
    parser.add_argument("--carry", type=float, default=CARRY, metavar="MIB", help=f"a call takes along [{CARRY}]")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"that one has the machine for [{SECONDS}]")
    parser.add_argument("--rehearse", action="store_true", help="without a GPU, with small networks and stand-ins")
    asked = parser.parse_args(arguments)
    try:
        steps = chosen(asked.steps)
    except ValueError as error:
        parser.error(str(error))
    if asked.list or asked.divide:
        return _listed(parser, steps, asked)
    if asked.budget is None:
        asked.budget = sum(step.limit for step in steps) * (_SLOWER if asked.rehearse else 1)
    out = asked.out.resolve()
    work = (asked.work or out.with_name(f"{out.name}-work")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    if asked.rehearse and (real := [name for call in CALLS for name in Results(out, call).measured()]):
        parser.error(f'"{out}" has results that are no rehearsal\'s ({", ".join(real)}): rehearse with another --out')
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # so that the step's processes end too
    return do_all(steps, out, work, asked)


def _listed(parser: argparse.ArgumentParser, steps: list[Step], asked: argparse.Namespace) -> int:
    """Divide what is to be brought, if that is asked for; say what there is to do."""
    if asked.steps and not asked.divide:
        print(listing(steps))
        return 0
    tree, limit = bytes_of_tree(), int(asked.carry * MIB)
    if asked.divide:
        if tree is None:
            parser.error("what room the working tree leaves is not known: that needs git and a checkout")
        try:
            divide(asked.divide, limit - tree)
        except (ValueError, OSError) as error:
            parser.error(f"{error}")
    calls, work = plan(carried(), asked.seconds), asked.work or f"{asked.out}-work"
    print(told(calls, tree, limit, str(asked.out), str(work), asked.seconds))
    return 0


def do_all(steps: list[Step], out: Path, work: Path, asked: argparse.Namespace) -> int:
    """Do what is not done and can end in time; 1 if anything is left."""
    ends = time.monotonic() + asked.budget
    files = {call: Results(out, call, asked.rehearse) for call in CALLS}
    left_over = False
    for step in steps:
        results = files[step.call]
        place = Place(work, results.now, asked.rehearse)
        _look_into(sites(work))
        left = ends - time.monotonic()
        missing = [] if asked.rehearse else [name for name in step.needs if find_spec(name) is None]
        if results.is_done(step.name) and step.there(place) and not asked.again:
            said = "done before"
        elif said := step.idle(place):
            results.leave_out(step.name, said)
        elif missing:
            said = f"not begun: {', '.join(missing)} cannot be imported"
            results.leave_out(step.name, said)
        elif left < step.seconds:
            said = f"not begun: takes {step.seconds:.0f} s, and {max(left, 0):.0f} s are left"
            results.leave_out(step.name, said)
        else:
            print(f"{step.name} ...", flush=True)
            limit = step.limit * (_SLOWER if asked.rehearse else 1)
            said = do(step, results, place, min(limit, left))
        left_over |= said not in ("done before", "done") and not step.idle(place)
        print(f"{step.name}: {said}", flush=True)
    return int(left_over)


def _look_into(folders: list[Path]) -> None:
    """Let this process, too, find what was installed meanwhile."""
    if new := [str(folder) for folder in folders if str(folder) not in sys.path]:
        sys.path[:0] = new
        invalidate_caches()
