"""A share of the hostile uses of ``scripts/hostile.py``, and that it sees the faults that it looks for."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.hostile.case import Step, command
from scripts.hostile.groups import GROUPS, all_cases
from scripts.hostile.judge import faults
from scripts.hostile.snapshot import changes, half_written, look
from scripts.hostile.tables import SECRET, parquet, rows

SCRIPT = Path(__file__).parents[1] / "scripts" / "hostile.py"

TRACEBACK = "Traceback (most recent call last):\n  File x, line 1\nKeyError: 'a'\n"


@pytest.mark.parametrize("share", [0.005, pytest.param(0.02, marks=pytest.mark.slow)])
def test_a_share_of_all_cases(share: float) -> None:
    command = [sys.executable, str(SCRIPT), "--share", str(share), "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-2].split()[0] == "all"


def test_there_are_enough_cases_and_each_has_a_name() -> None:
    names = [case.name for case in all_cases()]
    assert len(names) == len(set(names)) >= 1000
    assert {name.split("/")[0] for name in names} == set(GROUPS)


PLAIN = Step(argv=("check", "a.csv"), secret=SECRET)


@pytest.mark.parametrize(
    ("step", "code", "peak", "ended_by", "error", "fault"),
    [
        (PLAIN, -11, 100, "", "", "killed by SIGSEGV"),
        (PLAIN, 1, 100, "", "gpunet: no\n", "exit 1 where 0 or 2 is due: gpunet: no"),
        (PLAIN, 120, 100, "", "gpunet: no\n", "exit 120 where 0 or 2 is due: gpunet: no"),
        (PLAIN, 2, 100, "", "", "exit 2 without a word"),
        (PLAIN, 1, 100, "", TRACEBACK, "traceback: KeyError: 'a'"),
        (PLAIN, -15, 100, "waits for ever", "", "waits for ever"),
        (PLAIN, 0, 5000, "", "", "memory: 5000 MiB where 1024 are enough"),
        (PLAIN, 2, 100, "", "gpunet: \x1b[2J\n", "steers the terminal"),
        (PLAIN, 2, 100, "", f"gpunet: {SECRET} is no date\n", "a message has the content of a cell"),
        (PLAIN, 2, 100, "", "x" * 4000 + "\n", "message of more than 3,000 characters"),
        (replace(PLAIN, signal=(9, 0.1)), -11, 100, "", "", "killed by SIGSEGV"),
    ],
)
def test_faults_of_a_process(step: Step, code: int, peak: int, ended_by: str, error: str, fault: str) -> None:
    assert list(faults(step, code, peak, ended_by, "", error)) == [fault]


def test_no_fault() -> None:
    assert not list(faults(PLAIN, 2, 100, "", "", "gpunet: a.csv: no such file\n"))
    assert not list(faults(replace(PLAIN, signal=(9, 0.1)), -9, 100, "", "", ""))
    assert command("features", "a.csv").argv[-2:] == ("--threads", 1)


def test_changes_of_what_is_not_the_commands(tmp_path: Path) -> None:
    """Contents, times, links, inodes; removed and new; the command's own does not count, but what is guarded in it."""
    for name in ("kept", "changed", "touched", "replaced", "gone", "out/own", "out/mine"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("kept")
    before = look(tmp_path)
    (tmp_path / "changed").write_text("another")
    os.utime(tmp_path / "touched", (1, 1))
    (tmp_path / "again").write_text("replaced")
    (tmp_path / "again").rename(tmp_path / "replaced")
    (tmp_path / "gone").unlink()
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "new").write_text("left behind")
    (tmp_path / "out" / "own").unlink()
    (tmp_path / "out" / "mine").unlink()
    found = sorted(changes(before, look(tmp_path), [tmp_path / "out"], [tmp_path / "out" / "mine"]))
    assert [fault.split(" (")[0] for fault in found] == [
        "changed: changed",
        "changed: link",
        "changed: replaced",
        "changed: touched",
        "left behind: new",
        "removed: gone",
        "removed: mine",
    ]


def test_half_written_outputs(tmp_path: Path) -> None:
    before = look(tmp_path)
    whole = parquet(rows())
    (tmp_path / "ties.parquet").write_bytes(whole[:-20])
    (tmp_path / "features.parquet").write_bytes(whole)
    (tmp_path / "a.parquet.partial").write_bytes(b"")
    after = look(tmp_path)
    found = [fault.split(": ")[:2] for fault in half_written(before, after, tmp_path, 1)]
    assert ["half-written", "ties.parquet"] in found
    assert ["temporary file left", "a.parquet.partial"] in found
    assert ["result without run.json", "features.parquet"] in found
    (tmp_path / "run.json").write_text('{"outputs": {"features.parquet": {"sha256": "0"}}}')
    assert "half-written: features.parquet is not what run.json says" in half_written(
        before, look(tmp_path), tmp_path, 0
    )
