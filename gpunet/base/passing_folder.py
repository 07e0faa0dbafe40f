"""Folders for what is written for a while: removed at the end, and by a later command where the process was killed.

They lie where the system has such folders (``TMPDIR``), for their owner alone. A lock in each says that its process
lives.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["passing_folder", "remove_dead"]

_PREFIX, _LOCK, _INSIDE = "gpunet-", "alive.lock", "held"


@contextmanager
def passing_folder() -> Iterator[Path]:
    """A new folder inside, which is gone afterwards; before it, what killed processes of the same user have left goes.

    Raises
    ------
    OSError
        If it cannot be made.

    Examples
    --------
    >>> with passing_folder() as folder:
    ...     (folder / "table").write_text("rows")
    4
    >>> folder.exists()
    False
    """
    from gpunet.base.lock import Lock

    remove_dead()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        lock = Lock(Path(name) / _LOCK)
        lock.take()  # before the folder inside is there: without it nobody removes anything
        inside = Path(name) / _INSIDE
        inside.mkdir(0o700)
        try:
            yield inside
        finally:
            shutil.rmtree(inside, ignore_errors=True)  # while the lock is held
            lock.give_back()


def remove_dead() -> None:
    """Remove the folders of this user whose processes have ended without removing them; what cannot be is left."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as listing:
        for entry in listing:
            if entry.name.startswith(_PREFIX) and _is_ours(entry):
                with suppress(OSError):
                    _remove_if_dead(Path(entry.path))


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder of this user with the file of a lock and a folder inside, and not a link to one."""
    try:
        folder, lock = entry.stat(follow_symlinks=False), (Path(entry.path) / _LOCK).lstat()
        (Path(entry.path) / _INSIDE).lstat()  # made under the lock
    except OSError:
        return False
    user = os.geteuid() if hasattr(os, "geteuid") else folder.st_uid
    return stat.S_ISDIR(folder.st_mode) and stat.S_ISREG(lock.st_mode) and folder.st_uid == user and lock.st_uid == user


def _remove_if_dead(folder: Path) -> None:
    from gpunet.base.lock import Lock  # which takes a while to load, and seldom has anything to do here

    lock = Lock(folder / _LOCK)
    if not lock.take():
        return
    try:
        shutil.rmtree(folder / _INSIDE, ignore_errors=True)
    finally:
        lock.give_back()
    if not (folder / _INSIDE).exists():
        (folder / _LOCK).unlink()
        folder.rmdir()
