"""The files of public records beside a run's results: replaced by the next ones alone, and left by everything else."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from gpunet.base.errors import InputError
from gpunet.runs.file_lists import ALL_LISTED, CARDS, FILE_LISTS, REPORT
from gpunet.runs.folder import RunFolder
from gpunet.runs.listed_folder import ListedFolder, current_list
from tests.run_processes import killed_at

NAMES = {"features.parquet": "features"}
PAGE = {"report.html": b"page", "figures/one.csv": b"a\n1\n"}
FIRST = {"atrs.md": b"first", "model_card.md": b"card", "algo_care.md": b"care"}
SECOND = {"atrs.md": b"second, longer", "model_card.md": b"card", "algo_care.md": b"other"}
RESULTS = {"features.parquet", "run.json"}


def complete_run(folder: Path) -> Path:
    with RunFolder(folder, NAMES) as run:
        run.write_file("features.parquet", lambda path: path.write_bytes(b"features"))
        run.finish({"gpunet": "features"})
    return folder


def make(folder: Path, files: dict[str, bytes]) -> None:
    with ListedFolder(folder, NAMES, REPORT if "report.html" in files else CARDS) as place:
        place.replace(files, {"version": "1"})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def records(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(folder).items() if name in FIRST}


def test_no_file_is_in_two_lists() -> None:
    assert len(set(ALL_LISTED)) == len(ALL_LISTED) == sum(len(of.names) for of in FILE_LISTS)


def test_report_and_records_leave_each_other_and_the_results(tmp_path: Path) -> None:
    run = complete_run(tmp_path / "run")
    before = contents(run)
    make(run, FIRST)
    make(run, PAGE)
    make(run, SECOND)
    assert current_list(run, CARDS) is not None
    assert current_list(run, REPORT) is not None
    assert contents(run) == {**contents(run), **before, **PAGE, **SECOND}
    assert contents(run).keys() == before.keys() | PAGE.keys() | SECOND.keys() | {REPORT.name, CARDS.name}
    complete_run(run)
    assert contents(run).keys() == RESULTS


def test_a_record_that_was_edited_is_kept_and_hinders_no_report(tmp_path: Path) -> None:
    run = complete_run(tmp_path / "run")
    make(run, FIRST)
    (run / "atrs.md").write_bytes(b"completed by the force")
    before = contents(run)
    assert current_list(run, CARDS) is None
    for work in (lambda: make(run, SECOND), lambda: complete_run(run)):
        with pytest.raises(InputError, match=r"atrs\.md is not what cards\.json lists"):
            work()
        assert contents(run) == before
    make(run, PAGE)
    assert contents(run) == before | PAGE | {REPORT.name: contents(run)[REPORT.name]}


@pytest.mark.parametrize("text", ["", "[]", '{"gpunet": "report"}', '{"gpunet": "cards", "outputs": {"atrs.md": 1}}'])
def test_a_list_that_no_records_have_written_is_left_alone(tmp_path: Path, text: str) -> None:
    run = complete_run(tmp_path / "run")
    (run / CARDS.name).write_text(text)
    with pytest.raises(InputError, match=r"cards\.json is not that of public records"):
        make(run, FIRST)
    assert (run / CARDS.name).read_text() == text


def _killed(folder: str, moment: int, replaced_by_run: bool) -> None:
    exec(killed_at(Path(folder), moment), {})
    if replaced_by_run:
        complete_run(Path(folder))
    else:
        make(Path(folder), SECOND)
    os._exit(0)


@pytest.mark.parametrize("replaced_by_run", [False, True])
def test_what_is_killed_anywhere_can_be_done_again(tmp_path: Path, replaced_by_run: bool) -> None:
    """After every moment each file is the old one or the new one; what comes next replaces what it makes."""
    forks, killed = multiprocessing.get_context("fork"), 0
    first = complete_run(tmp_path / "first")
    make(first, FIRST)
    make(first, PAGE)
    for moment in range(1, 200):
        run = Path(shutil.copytree(first, tmp_path / str(moment)))
        process = forks.Process(target=_killed, args=(str(run), moment, replaced_by_run))
        process.start()
        process.join()
        assert all(data in (FIRST[name], SECOND[name]) for name, data in records(run).items())
        if not replaced_by_run:
            assert {*RESULTS, *PAGE, *FIRST, CARDS.name} <= contents(run).keys()
            make(run, PAGE)
            if moment % 2:
                make(run, SECOND)
                assert records(run) == SECOND
                assert current_list(run, CARDS) is not None
        complete_run(run)
        assert contents(run).keys() == RESULTS
        if process.exitcode == 0:
            break
        killed += 1
    assert process.exitcode == 0
    assert killed > 10
