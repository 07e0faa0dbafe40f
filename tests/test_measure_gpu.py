"""The script for a GPU machine that one has for a while, on one without a GPU: nothing is lost, whatever ends when."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from pretended_rapids import rapids

from benchmarks import systems
from gpunet.cli import first_kernels
from scripts.on_gpu import engine, measure, peers
from scripts.on_gpu.brought import divide
from scripts.on_gpu.command import do_all, main
from scripts.on_gpu.measure import MEASUREMENTS
from scripts.on_gpu.results import Results
from scripts.on_gpu.steps import STEPS, Place, Step, chosen

__all__ = ["rapids"]

ROOT = Path(__file__).parents[1]

LEAVE = "import json, sys; json.dump({'found': %d}, open(sys.argv[1], 'w'))"


def step(name: str, *codes: str, call: str = "a", seconds: float = 0.0, limit: float = 60.0, needs=()) -> Step:
    """A step of programs that are given the file for what they find."""

    def commands(place):
        return [[sys.executable, "-S", "-c", code, str(place.now)] for code in codes]

    return Step(name, call, f"shows {name}", seconds, limit, commands, needs)


def asked(budget: float = 100.0, again: bool = False, rehearse: bool = False) -> argparse.Namespace:
    return argparse.Namespace(budget=budget, again=again, rehearse=rehearse)


def did(steps, out: Path, **options) -> tuple[int, dict]:
    """The exit code, and the steps of call a as they stand in its file."""
    code = do_all(steps, out, out / "work", asked(**options))
    return code, json.loads((out / "gpu-a.json").read_text())["steps"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path


@pytest.fixture
def limit_after(out: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets the limit of a program begin when it has printed such a line, however long a busy machine takes to it."""

    def limit_after(line: str) -> None:
        wait, log = subprocess.Popen.wait, out / "gpu-a.log"

        def patient(self: subprocess.Popen[bytes], timeout: float | None = None) -> int:
            while timeout is not None and self.poll() is None and not re.search(f"(?m)^{line}$", log.read_text()):
                time.sleep(0.02)
            return wait(self, timeout)

        monkeypatch.setattr(subprocess.Popen, "wait", patient)

    return limit_after


def test_a_step_that_fails_does_not_stop_the_next(out: Path, limit_after: Callable[[str], None]) -> None:
    def broken(place):
        raise OSError("no such program")

    steps = [
        step("first", "print('one'); raise SystemExit(3)", "print('two')"),
        step("slow", LEAVE % 7 + "; print('left'); import time; time.sleep(600)", limit=1.0),
        Step("broken", "a", "", 0.0, 9.0, broken),
        step("last", LEAVE % 1),
    ]
    limit_after("left")
    code, found = did(steps, out)
    assert code == 1
    statuses = ["exit code 3", "over limit", "OSError: no such program", "done"]
    assert [found[one.name]["status"] for one in steps] == statuses
    assert [found[one.name]["result"] for one in steps] == [None, {"found": 7}, None, {"found": 1}]
    assert [line for line in found["first"]["log_tail"] if not line.startswith("$")] == ["one"]
    for record in found.values():
        assert {"date", "machine", "versions", "python", "seconds", "shows", "limit"} <= set(record)
        assert "rehearsal" not in record
        assert "gpu" in record["machine"]
        assert "cugraph-cu13" in record["versions"]
    assert not (out / "gpu-a.now.json").exists()


def test_a_benchmark_that_measured_nothing_is_no_success(out: Path) -> None:
    def paths(*statuses: str) -> Step:
        systems = ("gpunet, plain", "cugraph", "cugraph-int64")
        rows = [{"system": s, "measure": "betweenness", "status": st} for s, st in zip(systems, statuses, strict=True)]
        rows.append({"system": "cugraph", "measure": "closeness", "status": "not available"})
        code = f"import json, sys; json.dump({{'results': {rows}}}, open(sys.argv[1], 'w'))"
        return replace(step("paths", code), lacks=next(each for each in STEPS if each.name == "paths-100k").lacks)

    assert did([paths("ok", "disagrees", "over limit")], out)[0] == 0
    code, found = did([paths("ok", "not installed", "failed")], out, again=True)
    assert (code, found["paths"]["status"]) == (1, "not measured: cugraph: not installed, cugraph-int64: failed")
    assert len(found["paths"]["result"]["results"]) == 4
    empty = replace(paths("ok", "ok", "ok"), commands=step("paths", "").commands)
    assert did([empty], out, again=True)[1]["paths"]["status"].startswith("TypeError")


def test_what_is_done_is_not_done_again_unless_that_is_asked_for(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert did([step("one", LEAVE % 1)], out)[0] == 0
    code, found = did([step("one", LEAVE % 2), step("two", LEAVE % 3)], out)
    assert code == 0
    assert "one: done before" in capsys.readouterr().out
    assert [found[name]["result"]["found"] for name in ("one", "two")] == [1, 3]
    assert did([step("one", LEAVE % 2)], out, again=True)[1]["one"]["result"] == {"found": 2}


def test_what_was_brought_is_installed_whatever_was_done_before(
    out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    into = out / "carried"
    monkeypatch.setitem(do_all.__globals__, "Place", partial(Place, carried=into))
    steps = [one for one in STEPS if one.name == "install-first"]
    code, found = did(steps, out)
    assert (code, found) == (0, {"install-first": {"status": "nothing was brought"}})
    own = out / "bring" / "first" / "install"
    own.parent.mkdir(parents=True)
    own.write_text('mkdir "$1" && touch "$1/came.py"\n')
    divide(out / "bring", 8 * 2**20, into)
    for work in ("one", "another"):  # another: a new machine
        assert do_all(steps, out, out / work, asked()) == 0
        assert (out / work / "site" / "first" / "came.py").exists()
        assert "install-first: done\n" in capsys.readouterr().out
    assert do_all(steps, out, out / "one", asked()) == 0
    assert "install-first: done before\n" in capsys.readouterr().out
    assert do_all(steps, out, out / "third", asked(budget=1.0)) == 1  # it was done, but not there


def test_a_rehearsal_is_not_the_real_thing(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = [step("one", LEAVE % 1)]
    for _ in range(2):
        assert did(one, out, rehearse=True)[0] == 0
    assert "one: done before" in capsys.readouterr().out
    code, found = did([step("one", LEAVE % 2)], out)
    assert (code, found["one"]["result"], "rehearsal" in found["one"]) == (0, {"found": 2}, False)
    with pytest.raises(SystemExit):
        main(None, ["device", "--rehearse", "--out", str(out)])
    assert "has results that are no rehearsal's (one)" in " ".join(capsys.readouterr().err.split())


def test_what_cannot_end_in_time_is_not_begun(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = did([step("long", LEAVE % 1, seconds=200.0), step("short", LEAVE % 2)], out)
    assert code == 1
    assert found["long"] == {"status": "not begun: takes 200 s, and 100 s are left"}
    assert found["short"]["status"] == "done"
    assert "long: not begun: takes 200 s" in capsys.readouterr().out
    did([step("failed", LEAVE % 1, "raise SystemExit(1)")], out)
    found = did([step("failed", LEAVE % 2, seconds=200.0)], out)[1]
    assert (found["failed"]["status"], found["failed"]["result"]) == ("exit code 1", {"found": 1})


def test_the_budget_ends_a_step_that_was_begun(out: Path) -> None:
    code, found = did([step("slow", "import time; time.sleep(60)", seconds=1.0)], out, budget=2.0)
    assert (code, found["slow"]["status"]) == (1, "over limit")


def test_what_is_missing_is_named(out: Path) -> None:
    code, found = did([step("one", LEAVE % 1, needs=("json", "no_such_library"))], out)
    assert code == 1
    assert found["one"] == {"status": "not begun: no_such_library cannot be imported"}
    assert did([step("one", LEAVE % 1, needs=("json", "no_such_library"))], out, rehearse=True)[0] == 0


RUNNER = """
import sys
from scripts.on_gpu import command
from scripts.on_gpu.steps import Step
leave = "import json, sys; json.dump({'found': %d}, open(sys.argv[1], 'w'))"
wait = "; import os, time; print(os.getpid(), flush=True); time.sleep(600)"
programs = {"one": leave % 1, "two": leave % 2 + wait}
command.chosen = lambda names: [
    Step(name, "a", "", 0.0, 600.0, lambda place, code=code: [[sys.executable, "-S", "-c", code, str(place.now)]])
    for name, code in programs.items()
]
command.main(None, ["--out", sys.argv[1], "--work", sys.argv[1]])
"""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_lost_of_a_script_that_is_stopped(out: Path, end: signal.Signals) -> None:
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, str(out)], env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        log = out / "gpu-a.log"
        while runner.poll() is None and not (log.exists() and log.read_text().splitlines()[-1].isdigit()):
            time.sleep(0.05)
        child = int(log.read_text().splitlines()[-1])
        runner.send_signal(end)
        runner.wait(60)
    finally:
        runner.kill()
    if end == signal.SIGTERM:
        assert not Path(f"/proc/{child}").exists()
    else:
        os.kill(child, signal.SIGKILL)
    held = Results(out, "a").steps
    assert [held[name]["status"] for name in ("one", "two")] == ["done", "cut short"]
    assert held["two"]["result"] == {"found": 2}
    code, found = did([step("one", LEAVE % 5), step("two", LEAVE % 6)], out)
    assert code == 0
    assert [found[name]["result"]["found"] for name in ("one", "two")] == [1, 6]


def test_a_step_ends_with_all_that_it_has_started(out: Path, limit_after: Callable[[str], None]) -> None:
    child = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-S', '-c', '%s']).pid, flush=True); %s"
    wait = "import time; time.sleep(600)"
    limit_after(r"\d+")
    found = did([step("slow", child % (wait, wait), limit=1.0)], out)[1]
    assert found["slow"]["status"] == "over limit"
    started = Path(f"/proc/{found['slow']['log_tail'][-1]}/stat")
    last = time.monotonic() + 60
    while not _ended(started) and time.monotonic() < last:
        time.sleep(0.05)
    assert _ended(started)


def _ended(process: Path) -> bool:
    """A process that was killed is there until a processor has let it go, and then until its parent has looked."""
    try:
        return process.read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_what_was_installed_meanwhile_is_found(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the script, which looks for what steps need, and by the steps after it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    site = out / "work" / "site" / "first"
    make = f"import pathlib; p = pathlib.Path({str(site)!r}); p.mkdir(parents=True); (p / 'come_later.py').touch()"
    use = "import come_later, sys; " + LEAVE % 1
    steps = [step("before", use, needs=("come_later",)), step("make", make), step("use", use, needs=("come_later",))]
    found = did(steps, out)[1]
    assert [found[one.name]["status"] for one in steps] == [
        "not begun: come_later cannot be imported", "done", "done",
    ]  # fmt: skip
    assert found["use"]["result"] == {"found": 1}


def test_some_steps_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(None, ["--list", "several", "ladder"]) == 0
    said = capsys.readouterr().out
    assert "one-or-all" in said
    assert "ladder" in said
    assert "device" not in said
    assert [one.name for one in chosen(["ladder", "b"])][-1] == "ladder"


def test_unknown_steps_are_usage_errors(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(None, ["ladders", "--out", str(out)])
    assert stop.value.code == 2
    message = " ".join(capsys.readouterr().err.split())
    assert "unknown step 'ladders': any of a, b, c, rest, several, install-first, device, compile," in message


@pytest.mark.parametrize("rehearsal", [False, True])
def test_commands_of_steps_are_understood(out: Path, rehearsal: bool) -> None:
    """Each is given to its own parser; nothing is run."""
    from benchmarks.arguments import parse

    place = Place(out / "work", out / "now.json", rehearsal)
    given = [[*one, ""] for each in STEPS for one in each.commands(place)]
    modules = {one[one.index("-m") + 1] for one in given if "-m" in one}
    assert modules == {"pytest", "gpunet", "benchmarks", "scripts.on_gpu.measure", "scripts.on_gpu.brought"}
    for one in given:
        if "benchmarks" in one:
            assert parse(one[one.index("benchmarks") + 1 : -1]).engine == "gpu"
        if "pytest" in one:
            assert all((ROOT / part).exists() for part in one if part.startswith("tests/"))
        if "scripts.on_gpu.measure" in one:
            assert one[one.index("scripts.on_gpu.measure") + 1] in MEASUREMENTS
    assert sum("scripts/gpu_kernels.py" in one for one in given) == 6
    place.edges("10k").parent.mkdir()
    place.edges("10k").touch()
    kernels = next(each for each in STEPS if each.name == "kernels-10k")
    assert len(kernels.commands(place)) == 1  # networks that were made elsewhere are taken


def test_a_rehearsal_says_that_it_is_none(out: Path) -> None:
    assert main(None, ["device", "--rehearse", "--out", str(out / "results")]) == 0
    found = json.loads((out / "results" / "gpu-a.json").read_text())["steps"]["device"]
    assert found["rehearsal"].startswith("no GPU")
    assert found["result"]["memory"]["copy_bytes_a_second"] > 0
    assert "gpunet.model" not in found["result"]["cannot_be_imported"]


def test_a_measurement_leaves_what_it_has_found_so_far(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(leave, place):
        leave({"first": 1})
        raise RuntimeError("and then")

    monkeypatch.setitem(MEASUREMENTS, "device", broken)
    with pytest.raises(RuntimeError, match="and then"):
        measure.main(["device", "--now", str(out / "now.json"), "--work", str(out)])
    assert json.loads((out / "now.json").read_text()) == {"first": 1}


def test_the_cpus_kernels_are_on_disk_once_they_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_kernels, "FEATURE_KERNELS", first_kernels.FEATURE_KERNELS[-2:])
    found = last(engine.compile_kernels)
    assert found["kernels"] == 2
    assert found["seconds"] > 0
    assert last(engine.compile_kernels)["not_on_disk"] == 0


def test_columns_that_differ_are_counted() -> None:
    one = {"person_id": [1, 2, 3], "closeness__all": [0.5, None, 2.0], "group_size": [1, 2, 3], "k": [1, 2, 3]}
    other = {**one, "closeness__all": [0.5 + 1e-12, None, 2.1], "group_size": [3, 2, 1], "k": [1, 2, None]}
    found, expected = (nw.from_native(pl.DataFrame(each), eager_only=True) for each in (one, other))
    assert engine._differences(found, expected) == {"closeness__all": 1, "k": 1}
    assert engine._differences(found, expected, relative=0.0) == {"closeness__all": 2, "k": 1}
    assert engine._differences(found, found) == {}


def last(work, *given):
    """What a measurement has left at its end."""
    left = []
    work(left.append, *given)
    return left[-1]


@pytest.mark.usefixtures("rapids")
def test_ladders_are_held_against_the_cpu_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(systems._ON_THE_GPU, systems.PLAIN, systems.SYSTEMS[systems.PLAIN])
    rows = last(peers.ladder, (3, 40))["ladders"]
    assert [(row["diamonds"], row["system"]) for row in rows[:3]] == [
        (3, "cugraph"), (3, "cugraph-int64"), (3, "gpunet"),
    ]  # fmt: skip
    assert all(row["agrees"] and row["finite"] for row in rows)  # the pretended cuGraph counts in floats


def refuse(*_):
    raise RuntimeError("no device")


@pytest.mark.usefixtures("rapids")
def test_a_ladder_that_cannot_be_done_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(systems._ON_THE_GPU, systems.PLAIN, systems.System("gpunet", refuse, {}, refuse))
    rows = last(peers.ladder, (3,))["ladders"]
    assert rows[-1] == {"diamonds": 3, "system": "gpunet", "error": "RuntimeError: no device"}


def test_a_machine_on_which_no_ladder_can_be_done_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cudf", None)
    monkeypatch.setitem(systems._ON_THE_GPU, systems.PLAIN, systems.System("gpunet", refuse, {}, refuse))
    with pytest.raises(RuntimeError, match="no system could do any ladder"):
        last(peers.ladder, (3,))


@pytest.mark.usefixtures("rapids")
def test_runs_of_louvain_are_compared() -> None:
    found = last(peers.louvain, 300, 3)
    assert len(found["modularity"]) == len(found["communities"]) == 3
    assert found["pairs_of_runs_that_are_the_same"] == 3  # the pretended cuGraph has a seed
    assert found["adjusted_rand"] == {"min": 1.0, "mean": 1.0, "max": 1.0}
    assert abs(found["modularity_of_gpunet_on_the_cpu"] - found["modularity"][0]) < 0.02
    assert np.isfinite(found["adjusted_rand_with_the_cpu"]).all()
