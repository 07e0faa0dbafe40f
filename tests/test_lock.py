"""The one lock of files: between threads and processes, let go of by a kill, and not waited for without an end."""

from __future__ import annotations

import multiprocessing
import os
import stat
import threading
from pathlib import Path

import pytest

from gpunet.base import lock as lock_module
from gpunet.base.errors import InputError, StorageError
from gpunet.base.lock import Lock, held
from gpunet.base.private import sharing


def test_threads_wait_for_each_other(tmp_path):
    path = tmp_path / "count"
    path.write_text("0")

    def count() -> None:
        for _ in range(5):
            with held(path, "the count"):
                path.write_text(str(int(path.read_text()) + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert int(path.read_text()) == 20


def _holds(path: Path, told: int) -> None:
    lock = Lock(path)  # which would be let go of if nothing named it
    assert lock.take()
    os.write(told, b"x")
    threading.Event().wait()


def test_a_kill_lets_go(tmp_path):
    ours, theirs = os.pipe()
    process = multiprocessing.get_context("fork").Process(target=_holds, args=(tmp_path / "lock", theirs))
    process.start()
    assert os.read(ours, 1) == b"x"
    waiting = Lock(tmp_path / "lock", 60)
    assert not Lock(tmp_path / "lock").take()
    process.kill()
    process.join()
    assert waiting.take()
    waiting.give_back()
    os.close(ours)
    os.close(theirs)


def test_who_waits_too_long_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(lock_module, "_MOST_SECONDS", 0.01)
    with (
        held(tmp_path / "a", "the file a"),
        pytest.raises(StorageError, match=r"the file a is held by another process .* give the command again"),
        held(tmp_path / "a", "the file a"),
    ):
        pass
    with held(tmp_path / "a", "the file a"):
        assert [path.name for path in tmp_path.iterdir()] == ["a.lock"]


def test_a_lock_on_a_file_that_was_removed_is_taken_anew(tmp_path, monkeypatch):
    path = tmp_path / "lock"
    one, other = Lock(path), Lock(path)
    acquire = one._lock.acquire
    removed = []

    def made_anew() -> object:
        found = acquire()
        if not removed:
            removed.append(path.stat().st_ino)
            (tmp_path / "new").touch()
            (tmp_path / "new").rename(path)
        return found

    monkeypatch.setattr(one._lock, "acquire", made_anew)
    assert one.take()
    assert path.stat().st_ino != removed[0]
    assert not other.take()


@pytest.mark.parametrize("kind", ["link", "folder", "no folder"])
def test_where_no_lock_can_be(tmp_path, kind):
    if kind == "link":
        (tmp_path / "mine").write_text("mine")
        (tmp_path / "a.lock").symlink_to(tmp_path / "mine")
    elif kind == "folder":
        (tmp_path / "a.lock").mkdir()
    place = tmp_path / "none" / "a" if kind == "no folder" else tmp_path / "a"
    with pytest.raises(InputError, match=r"a\.lock, the lock of a, so nothing is done"), held(place, "a"):
        pass
    if kind == "link":
        assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_who_may_read_it(tmp_path):
    modes = {"owner": 0o600, "group": 0o640}
    for share, mode in modes.items():
        with sharing(share):
            Lock(tmp_path / share).take()
        assert stat.S_IMODE((tmp_path / share).stat().st_mode) == mode
    Lock(tmp_path / "own", share=lambda path: path.chmod(0o660)).take()
    Lock(tmp_path / "owner", share=lambda path: path.chmod(0o660)).take()  # which was there
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o660
    assert stat.S_IMODE((tmp_path / "owner").stat().st_mode) == 0o600
