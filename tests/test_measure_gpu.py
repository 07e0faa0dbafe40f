"""The script for a borrowed GPU machine, on one without a GPU: every step leaves its file, and none stops the next."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest
from pretended_rapids import rapids

from benchmarks import systems

__all__ = ["rapids"]

ROOT = Path(__file__).parents[1]


@pytest.fixture
def script():
    return runpy.run_path(str(ROOT / "scripts" / "measure_gpu.py"), run_name="measure_gpu")


def read(path: Path) -> dict:
    return json.loads(path.read_text())


def test_a_step_that_fails_does_not_stop_the_next(script, tmp_path, monkeypatch):
    command, in_turn = [sys.executable, "-c"], script["in_turn"]

    def broken(out, limit):
        raise OSError("no such program")

    def measure(out, limit):
        (out / "measured.json").write_text('{"found": 1}')
        return 0

    steps = {
        "tables": in_turn([*command, "print('first'); raise SystemExit(3)"], [*command, "print('second')"]),
        "test": in_turn([*command, "import time; time.sleep(60)"]),
        "whole": broken,
        "ladder": measure,
    }
    monkeypatch.setitem(script["main"].__globals__, "STEPS", steps)
    assert script["main"](["--out", str(tmp_path), "--limit", "3"]) == 1
    found = {name: read(tmp_path / f"{name}.json") for name in steps}
    statuses = [found[name]["status"] for name in steps]
    assert statuses == ["exit code 3", "over limit", "OSError: no such program", "done"]
    assert found["ladder"]["result"] == {"found": 1}
    assert [line for line in found["tables"]["log_tail"] if not line.startswith("$")] == ["first", "second"]
    for name in steps:
        assert {"date", "machine", "versions", "python", "seconds", "step"} <= set(found[name])
        assert "gpu" in found[name]["machine"]
        assert "cugraph-cu13" in found[name]["versions"]
    assert script["main"](["ladder", "--out", str(tmp_path)]) == 0


def test_an_earlier_result_is_not_taken_for_a_new_one(script, tmp_path, monkeypatch):
    (tmp_path / "measured.json").write_text('{"found": "long ago"}')
    monkeypatch.setitem(script["main"].__globals__, "STEPS", {"ladder": lambda out, limit: 1})
    assert script["main"](["ladder", "--out", str(tmp_path)]) == 1
    assert read(tmp_path / "ladder.json")["result"] is None


def test_unknown_steps_are_usage_errors(script, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        script["main"](["ladders", "--out", str(tmp_path)])
    assert stop.value.code == 2
    message = " ".join(capsys.readouterr().err.split())
    assert "unknown step 'ladders': any of kernels, test, tables, run-100k, run-1m, paths-10k, paths-100k," in message


def test_commands_of_steps_are_understood(script, monkeypatch, tmp_path):
    """Each is given to its own parser; nothing is run."""
    from benchmarks.arguments import parse

    given = []
    monkeypatch.setitem(script["in_turn"].__globals__, "run", lambda command, out, limit: given.append(command) or 0)
    for step in script["STEPS"].values():
        assert step(tmp_path, 10.0) == 0
    modules = {command[command.index("-m") + 1] for command in given if "-m" in command}
    assert modules == {"pytest", "gpunet", "benchmarks"}
    for command in given:
        assert "{out}" not in " ".join(command)
        if command[1:3] == ["-m", "benchmarks"]:
            assert parse(command[3:]).engine == "gpu"
        if "pytest" in command:
            assert any((ROOT / part).exists() for part in command if "tests/" in part)
    assert sum("gpu_kernels.py" in part for command in given for part in command) == 4


@pytest.mark.usefixtures("rapids")
def test_ladders_are_held_against_the_cpu_engine(script, monkeypatch):
    monkeypatch.setitem(script["ladder"].__globals__, "RUNGS", (3, 40))
    monkeypatch.setitem(systems._ON_THE_GPU, systems.PLAIN, systems.SYSTEMS[systems.PLAIN])
    rows = script["ladder"]()["ladders"]
    assert [(row["diamonds"], row["system"]) for row in rows[:3]] == [
        (3, "cugraph"), (3, "cugraph-int64"), (3, "gpunet"),
    ]  # fmt: skip
    assert all(row["agrees"] and row["finite"] for row in rows)  # the pretended cuGraph counts in floats


@pytest.mark.usefixtures("rapids")
def test_a_ladder_that_cannot_be_done_is_told(script, monkeypatch):
    monkeypatch.setitem(script["ladder"].__globals__, "RUNGS", (3,))

    def refuse(*_):
        raise RuntimeError("no device")

    monkeypatch.setitem(systems._ON_THE_GPU, systems.PLAIN, systems.System("gpunet", refuse, {}, refuse))
    rows = script["ladder"]()["ladders"]
    assert rows[-1] == {"diamonds": 3, "system": "gpunet", "error": "RuntimeError: no device"}


def test_a_machine_on_which_no_ladder_can_be_done_is_no_success(script, monkeypatch):
    monkeypatch.setitem(script["ladder"].__globals__, "RUNGS", (3,))
    monkeypatch.setitem(sys.modules, "cudf", None)

    def refuse(*_):
        raise RuntimeError("no device")

    monkeypatch.setitem(systems._ON_THE_GPU, systems.PLAIN, systems.System("gpunet", refuse, {}, refuse))
    with pytest.raises(RuntimeError, match="no system could do any ladder"):
        script["ladder"]()


@pytest.mark.usefixtures("rapids")
def test_runs_of_louvain_are_compared(script):
    found = script["louvain"](persons=300, runs=3)
    assert len(found["modularity"]) == len(found["communities"]) == 3
    assert found["pairs_of_runs_that_are_the_same"] == 3  # the pretended cuGraph has a seed
    assert found["adjusted_rand"] == {"min": 1.0, "mean": 1.0, "max": 1.0}
    assert abs(found["modularity_of_gpunet_on_the_cpu"] - found["modularity"][0]) < 0.02
