"""Temporary files: those of killed writers go with the next writer, and those of writers at work stay."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from gpunet.tables import partial_files
from gpunet.tables.files import write_whole
from gpunet.tables.partial_files import Partial, at_work, partial_folder, remove_dead, remove_dead_of


def _killed(path: str) -> None:
    write_whole(Path(path), lambda partial: (partial.write_text("half"), os.kill(os.getpid(), signal.SIGKILL)))


def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path: Path) -> None:
    table, other = tmp_path / "a.zip", tmp_path / "b.zip"
    for path in (table, other):
        process = multiprocessing.get_context("fork").Process(target=_killed, args=(str(path),))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    left = sorted(path.name[:6] for path in tmp_path.iterdir())
    assert left == ["a.zip.", "b.zip."]
    write_whole(table, lambda partial: partial.write_text("whole"))
    assert sorted(path.name[:6] for path in tmp_path.iterdir()) == ["a.zip", "b.zip."]
    assert table.read_text() == "whole"


def test_writers_of_one_file_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    table, met = tmp_path / "a.zip", threading.Barrier(8)

    def write(partial: Path) -> None:
        met.wait()  # all are at work
        remove_dead_of(table)
        met.wait()
        partial.write_text("whole")

    faults = list[BaseException]()

    def job() -> None:
        try:
            write_whole(table, write)
        except BaseException as error:
            faults.append(error)

    writers = [threading.Thread(target=job) for _ in range(8)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert faults == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        write_whole(tmp_path / "a", lambda partial: 1 // 0)
    assert list(tmp_path.iterdir()) == []


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    link = tmp_path / "a.zip.0123abcd.partial"
    link.symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="symbolic"):
        remove_dead(link)
    remove_dead_of(tmp_path / "a.zip")
    assert link.is_symlink()


def test_folders_too(tmp_path: Path) -> None:
    left = tmp_path / ".out.0123abcd.partial"
    left.mkdir()
    (left / "a.parquet").touch()
    with partial_folder(tmp_path / "out") as one, partial_folder(tmp_path / "out") as other:
        assert {*tmp_path.iterdir()} == {one, other}
        (one / "a.parquet").touch()
        one.rename(tmp_path / "out")
        assert not remove_dead(other)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.parquet"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("moment", ["before it is open", "while it is locked"])
def test_a_folder_that_another_takes_for_dead_before_it_is_locked_is_made_again(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, opened, lock = list[Path](), os.open, partial_files._lock

    def opens(path: Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if dir_fd is None and path not in made:
            made.append(path)
            if moment == "before it is open" and len(made) == 1:
                path.rmdir()
        return opened(path, flags, mode, dir_fd=dir_fd)

    def locks(descriptor: int) -> bool | None:
        if moment == "while it is locked" and len(made) == 1:
            made[0].rmdir()
            return False
        return lock(descriptor)

    monkeypatch.setattr(os, "open", opens)
    monkeypatch.setattr(partial_files, "_lock", locks)
    with partial_folder(tmp_path / "out") as folder:
        assert [*tmp_path.iterdir()] == [folder] == made[1:]
    assert not list(tmp_path.iterdir())


def test_one_that_is_looked_at_stays(tmp_path: Path) -> None:
    partial = Partial(tmp_path / "a.zip")
    assert at_work(partial.path) is True
    partial.close()
    assert at_work(partial.path) is False
    assert partial.path.exists()
