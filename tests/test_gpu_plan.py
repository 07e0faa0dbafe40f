"""What a GPU machine is brought, and the plan of its calls."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.on_gpu.brought import MIB, bytes_of_tree, carried, divide, install, installed, sites
from scripts.on_gpu.command import main
from scripts.on_gpu.plan import COPIES, END, SECONDS, START, plan, seconds_for, told
from scripts.on_gpu.steps import CALLS, STEPS, Place

BYTES = bytes(range(256)) * 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is to be brought: a wheel and a network first, later something large that has its own script."""
    folder = tmp_path / "bring"
    (folder / "first" / "work" / "edges").mkdir(parents=True)
    (folder / "first" / "work" / "edges" / "edges-10000.npz").write_bytes(BYTES)
    with zipfile.ZipFile(folder / "first" / "brought_first-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("brought_first.py", "IS = 'first'\n")
        wheel.writestr(
            "brought_first-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: brought-first\nVersion: 1.0"
        )
        wheel.writestr("brought_first-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any")
        wheel.writestr("brought_first-1.0.dist-info/RECORD", "")
    (folder / "later").mkdir()
    (folder / "later" / "brought_later.py").write_bytes(b"# " + BYTES.hex().encode() * 3500 + b"\nIS = 'later'\n")
    (folder / "later" / "install").write_text('mkdir "$1" && cp brought_later.py "$1"\n')
    return folder


def test_what_is_divided_is_put_together_again(folder: Path, tmp_path: Path) -> None:
    into, work = tmp_path / "carried", tmp_path / "work"
    room = 3 * MIB
    divide(folder, room, into)
    sizes = carried(into)
    assert len(sizes) == 4
    assert all(size <= room - MIB + 4096 for size in sizes)
    assert sites(work) == []
    assert not installed("first", work, into)
    assert install("first", work, into) == "installed"
    assert installed("first", work, into)
    assert installed("first", work, tmp_path / "nowhere")  # the pieces may be gone
    assert not installed("later", work, into)
    assert (work / "site" / "first" / "brought_first.py").read_text() == "IS = 'first'\n"
    assert (work / "edges" / "edges-10000.npz").read_bytes() == BYTES
    assert Place(work, work).edges("10k").exists()
    kernels = [work / "compiled" / name for name in ("cpu_1/ties.nbi", "cuda_2/ties.nbi", "model_3/loops_cuda.nbi")]
    for kernel in kernels:
        kernel.parent.mkdir(parents=True)
        kernel.touch()
    assert install("later", work, into) == "installed"
    assert [kernel.exists() for kernel in kernels] == [True, False, False]  # numba-cuda may be another now
    there = work / "site" / "later" / "brought_later.py"
    assert there.read_bytes() == (folder / "later" / "brought_later.py").read_bytes()
    assert sites(work) == [work / "site" / "later", work / "site" / "first"]
    assert install("later", work, into) == "installed"  # once more
    divide(folder, 64 * MIB, into)
    assert len(carried(into)) == 1  # nothing is left of what was there
    assert not installed("later", work, into)  # other pieces came


@pytest.mark.parametrize("damage", [lambda piece: piece.unlink(), lambda piece: piece.write_bytes(b"?")])
def test_pieces_that_did_not_come_are_named(folder: Path, tmp_path: Path, damage) -> None:
    into = tmp_path / "carried"
    divide(folder, 3 * MIB, into)
    damage(into / "2" / "later")
    with pytest.raises(RuntimeError, match=r'carried/2/later" is missing or damaged: bring it again, by the call of'):
        install("later", tmp_path / "work", into)
    assert install("later", tmp_path / "work", tmp_path / "nowhere") == "nothing was brought"


def test_what_cannot_be_divided_is_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into = tmp_path / "carried"
    divide(folder, 3 * MIB, into)
    before = carried(into)
    (folder / "first" / "large").write_bytes(BYTES * 2048)
    with pytest.raises(ValueError, match=r'first" has more than the 1 MiB for which one call has room'):
        divide(folder, 2 * MIB, into)
    for room in (-5 * MIB, 0, MIB, 2 * MIB - 1):
        with pytest.raises(ValueError, match="there is no room for what is to be brought"):
            divide(folder, room, into)
    assert carried(into) == before  # what was there still is, and nothing else
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bring", "carried"]
    with pytest.raises(SystemExit) as stop:
        main(None, ["--divide", str(tmp_path / "nothing")])
    assert stop.value.code == 2
    assert 'nothing" has no folder "first" and no folder "later"' in " ".join(capsys.readouterr().err.split())


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_tree_is_what_git_does_not_ignore(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    git = ["git", "-C", str(tree)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    (tree / ".gitignore").write_text("build/\n")
    (tree / "build").mkdir()
    for name in ("build/ignored", "added", "gone", "new"):
        (tree / name).write_bytes(BYTES)
    subprocess.run([*git, "add", "added", "gone"], check=True)
    (tree / "gone").unlink()
    assert bytes_of_tree(tree) == 2 * (len(BYTES) + 1024) + len("build/\n") + 1024


def test_a_tree_without_git_has_no_known_size(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("scripts.on_gpu.command.carried", lambda: [MIB])
    assert bytes_of_tree() is None
    assert main(None, ["--list"]) == 0
    said = capsys.readouterr().out
    assert "takes along 1.0 MiB at most, and the working tree, whose size is not known: may fit into 64.0 MiB" in said
    with pytest.raises(SystemExit):
        main(None, ["--divide", str(folder)])
    assert "that needs git and a checkout" in " ".join(capsys.readouterr().err.split())


def test_the_plan_is_told_with_its_commands(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = 5 * MIB
    monkeypatch.setattr("scripts.on_gpu.command.bytes_of_tree", lambda: tree)
    monkeypatch.setattr("scripts.on_gpu.command.divide", lambda *given: divide(*given, tmp_path / "carried"))
    monkeypatch.setattr("scripts.on_gpu.command.carried", lambda: carried(tmp_path / "carried"))
    assert main(None, ["--divide", str(folder), "--carry", "8", "--out", "$OUT", "--work", "build/gpu-work"]) == 0
    said = capsys.readouterr().out
    for number in (1, 2, 3, 4):
        assert f"takes along build/gpu-carried/{number} (" in said
    assert "$ PYTHONPATH=. python3 scripts/measure_gpu.py a --budget 200 --out $OUT --work build/gpu-work\n" in said
    assert "$ ls build/gpu-carried/2\n" in said
    for step in STEPS:
        assert (f"  {step.name} " in said) == (step.call != "several")
        assert (step.shows in said) == (step.call != "several")
    assert "nothing is brought" not in said
    assert "fits into 900 s" in said
    assert "the working tree included: fits into 8.0 MiB" in said
    assert main(None, ["--list", "--carry", "7", "--seconds", "240"]) == 0
    said = capsys.readouterr().out
    assert "DOES NOT FIT into 240 s" in said
    assert "DOES NOT FIT into 7.0 MiB" in said
    with pytest.raises(SystemExit):
        main(None, ["--divide", str(folder), "--carry", "4"])
    assert "there is no room for what is to be brought" in " ".join(capsys.readouterr().err.split())


def test_calls_as_they_are_meant_leave_no_step_out_beside_what_rapids_takes() -> None:
    calls = plan([58 * MIB, 58 * MIB, 58 * MIB, 50 * MIB])
    assert [call.names for call in calls] == [("a",), (), (), ("b",), ("c", "rest")]
    assert [call.brings and call.brings[0] for call in calls] == [1, 2, 3, 4, None]
    assert not any(call.left_out for call in calls)
    assert START >= 180
    assert calls[0].seconds <= 240
    assert [step.name for step in calls[0].steps][:3] == ["install-first", "device", "compile"]
    assert "left out, for" not in told(calls, 6 * MIB, 64 * MIB, "out", "work")


@given(st.lists(st.integers(1, 60 * MIB), max_size=40), st.integers(1, 3600))
def test_any_plan_fits_and_no_call_is_full(sizes: list[int], seconds: int) -> None:
    calls = plan(sizes, seconds)
    used = START + END + sum(call.seconds + COPIES for call in calls)
    assert used <= seconds or not any(call.seconds for call in calls)
    assert sorted(call.brings for call in calls if call.brings) == [(i + 1, size) for i, size in enumerate(sizes)]
    for call in calls:
        assert sum(step.seconds for step in call.steps) <= 0.85 * call.seconds + 1e-9
        assert len(call.command('"$OUT"', "build/gpu-work")) < 2000
    told_of = [step for call in calls for step in (*call.steps, *call.left_out)]
    assert told_of == [step for step in STEPS if step.call in ("a", "b", "c")]
    text = told(calls, 0, 64 * MIB, "out", "work", seconds)
    assert ("left out, for" in text) == any(call.left_out for call in calls)
    assert ("DOES NOT FIT" in text) == (used > seconds)


def test_steps_and_calls_have_names_of_their_own() -> None:
    assert len({step.name for step in STEPS} | set(CALLS)) == len(STEPS) + len(CALLS)
    for step in STEPS:
        assert step.seconds <= step.limit <= SECONDS
    for call in ("a", "b", "c", "rest"):
        assert seconds_for([step for step in STEPS if step.call == call]) <= 240
