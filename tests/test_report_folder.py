"""The files of a report in a run folder: replaced by the next report alone, and named by a list when one is killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from gpunet.base.errors import InputError
from gpunet.runs.folder import RunFolder
from gpunet.runs.report_folder import ReportFolder, is_current
from gpunet.runs.report_list import REPORT_LIST
from tests.run_processes import killed_at

NAMES = {"features.parquet": "features"}
FIRST = {"report.html": b"first", "figures/one.csv": b"a\n1\n", "figures/two.csv": b"b\n2\n"}
SECOND = {"report.html": b"second, longer", "figures/one.csv": b"a\n3\n", "figures/three.csv": b"c\n"}


def complete_run(folder: Path) -> Path:
    with RunFolder(folder, NAMES) as run:
        run.write_file("features.parquet", lambda path: path.write_bytes(b"features"))
        run.finish({"gpunet": "features"})
    return folder


def make_report(folder: Path, files: dict[str, bytes], audience: str = "analyst") -> None:
    with ReportFolder(folder, NAMES) as place:
        place.replace(files, {"audience": audience})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def files_of_report(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(folder).items() if name in FIRST or name in SECOND}


def test_a_report_replaces_the_one_before_and_no_result(tmp_path: Path) -> None:
    run = complete_run(tmp_path / "run")
    before = contents(run)
    assert not is_current(run)
    make_report(run, FIRST)
    assert is_current(run)
    assert is_current(run, "analyst")
    assert not is_current(run, "public")
    assert files_of_report(run) == FIRST
    make_report(run, SECOND, "public")
    assert is_current(run, "public")
    assert files_of_report(run) == SECOND
    assert {name: data for name, data in contents(run).items() if name in before} == before
    assert contents(run).keys() == before.keys() | SECOND.keys() | {REPORT_LIST}


def test_a_new_run_removes_the_report_of_the_last_one(tmp_path: Path) -> None:
    run = complete_run(tmp_path / "run")
    make_report(run, FIRST)
    complete_run(run)
    assert contents(run).keys() == {"features.parquet", "run.json"}


def test_a_report_of_another_run_is_not_current(tmp_path: Path) -> None:
    run = complete_run(tmp_path / "run")
    make_report(run, FIRST)
    (run / "run.json").write_text(json.dumps(json.loads((run / "run.json").read_text()) | {"more": 1}))
    assert not is_current(run)


@pytest.mark.parametrize("name", ["report.html", "figures/one.csv", "figures/mine.csv", "figures/notes.txt"])
def test_what_somebody_else_has_written_is_left_alone(tmp_path: Path, name: str) -> None:
    run = complete_run(tmp_path / "run")
    make_report(run, FIRST)
    (run / name).write_bytes(b"mine")
    before = contents(run)
    for work in (lambda: make_report(run, SECOND), lambda: complete_run(run)):
        with pytest.raises(InputError, match=Path(name).name):
            work()
        assert contents(run) == before


@pytest.mark.parametrize("text", ["", "[]", '{"gpunet": "run"}', '{"gpunet": "report", "outputs": {"report.html": 1}}'])
def test_a_list_that_no_report_has_written_is_left_alone(tmp_path: Path, text: str) -> None:
    run = complete_run(tmp_path / "run")
    (run / REPORT_LIST).write_text(text)
    with pytest.raises(InputError, match=r"report\.json is not that of a report"):
        make_report(run, FIRST)
    assert (run / REPORT_LIST).read_text() == text


def test_a_link_among_figures_is_refused(tmp_path: Path) -> None:
    run = complete_run(tmp_path / "run")
    victim = tmp_path / "victim"
    victim.mkdir()
    (run / "figures").symlink_to(victim)
    with pytest.raises(InputError, match="figures is a symbolic link"):
        make_report(run, FIRST)
    assert not list(victim.iterdir())


def test_there_is_no_report_of_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run\.json"):
        make_report(tmp_path, FIRST)
    assert not list(tmp_path.iterdir())


def _killed(folder: str, moment: int, replaced_by_run: bool) -> None:
    exec(killed_at(Path(folder), moment), {})
    if replaced_by_run:
        complete_run(Path(folder))
    else:
        make_report(Path(folder), SECOND)
    os._exit(0)


@pytest.mark.parametrize("replaced_by_run", [False, True])
def test_what_is_killed_anywhere_can_be_done_again(tmp_path: Path, replaced_by_run: bool) -> None:
    """After every moment each file is the old one or the new one, and the next report, or run, replaces them all."""
    forks, killed = multiprocessing.get_context("fork"), 0
    first = complete_run(tmp_path / "first")
    make_report(first, FIRST)
    for moment in range(1, 200):
        run = Path(shutil.copytree(first, tmp_path / str(moment)))
        process = forks.Process(target=_killed, args=(str(run), moment, replaced_by_run))
        process.start()
        process.join()
        there = files_of_report(run)
        assert all(data in (FIRST.get(name), SECOND.get(name)) for name, data in there.items())
        if not replaced_by_run:
            assert {"features.parquet", "run.json", REPORT_LIST, "report.html"} <= contents(run).keys()
            if moment % 2:
                make_report(run, SECOND)
                assert files_of_report(run) == SECOND
                assert is_current(run)
        complete_run(run)
        assert contents(run).keys() == {"features.parquet", "run.json"}
        if process.exitcode == 0:
            break
        killed += 1
    assert process.exitcode == 0
    assert killed > 10
