"""Folders for a while: a killed process leaves one, and the next command of the same user removes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpunet.base.lock import Lock
from gpunet.base.passing_folder import passing_folder, remove_dead
from tests.run_processes import finish, start

_HOLDS = """
import sys
from gpunet.base.passing_folder import passing_folder
with passing_folder() as folder:
    (folder / "runs").mkdir()
    (folder / "runs" / "table").write_text("rows")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder(place: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a folder until its input ends."""
    started = subprocess.Popen(
        [sys.executable, "-c", _HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    yield started
    started.kill()
    started.communicate()


def _folder_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_is_removed_and_no_sooner(holder: subprocess.Popen[str], place: Path) -> None:
    folder = _folder_of(holder)
    remove_dead()
    assert (folder / "runs" / "table").read_text() == "rows"
    assert (folder.parent.stat().st_mode & 0o777, (folder.parent / "alive.lock").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (folder / "runs" / "table").exists()
    remove_dead()
    assert not list(place.iterdir())


def test_the_next_command_removes_it_whichever_it_is(holder: subprocess.Popen[str], place: Path) -> None:
    folder = _folder_of(holder)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert finish(start("--version")).returncode == 0  # a fork has the environment of the first one
    assert not folder.parent.exists()


def test_a_folder_is_gone_at_the_end_and_after_an_error(place: Path) -> None:
    with passing_folder() as folder:
        assert folder.is_dir()

    def fails() -> None:
        with passing_folder() as folder:
            (folder / "table").write_text("rows")
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert not list(place.iterdir())


def test_one_that_is_not_yet_locked_is_left(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks between a lock's file and its lock would have the lock, and its owner would go on without."""
    take = Lock.take

    def looked_at(lock: Lock) -> bool:
        monkeypatch.setattr(Lock, "take", take)
        lock._path.touch()
        remove_dead()
        assert lock._path.exists()
        return lock.take()

    monkeypatch.setattr(Lock, "take", looked_at)
    with passing_folder() as folder:
        (folder / "table").write_text("rows")
        remove_dead()
        assert (folder / "table").exists()


def test_nothing_else_is_touched(place: Path) -> None:
    (place / "gpunet-notes").mkdir()
    (place / "gpunet-notes" / "held").mkdir()
    (place / "other").mkdir()
    (place / "other" / "held").mkdir()
    (place / "other" / "alive.lock").touch()
    (place / "gpunet-link").symlink_to(place / "other")
    (place / "gpunet-file").touch()
    before = sorted(place.rglob("*"))
    remove_dead()
    assert sorted(place.rglob("*")) == before
