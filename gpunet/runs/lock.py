"""A lock on a folder that the operating system lets go of when its holder ends, however it ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from gpunet.base.paths import read_regular
from gpunet.base.private import file_mode, make_folder, set_mode
from gpunet.tables.files import write_new

__all__ = ["LOCK_NAMES", "FolderLock", "is_lock_file"]

_LOCK, _HOLDER = "lock", "lock.holder"

#: The files of a lock.
LOCK_NAMES = (_LOCK, _HOLDER)

_MOST_BYTES = 1 << 10


def is_lock_file(path: Path) -> bool:
    """Whether a file holds what the files of a lock do: nothing, or a process in digits; true of one that is gone."""
    try:
        text = read_regular(path, _MOST_BYTES)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return not text.strip() or text.split()[0].isdigit()


class FolderLock:
    """The right to write into a folder, held by one process at a time through a file ``lock`` in it.

    ``lock.holder`` says which process holds it, for messages alone: what counts is the lock, which ends with the
    process. Both files are removed when the lock is given back.
    """

    def __init__(self, folder: Path) -> None:
        self._path, self._holder = folder / _LOCK, folder / _HOLDER
        self._lock = FileLock(self._path, timeout=0, mode=file_mode(), thread_local=False)

    def take(self) -> bool:
        """Take the lock, making the folder if need be; False if somebody has it.

        Raises
        ------
        OSError
            If the folder or the file cannot be made.
        """
        while not self._lock.is_locked:
            make_folder(self._path.parent)
            try:
                before = _made(self._path)
                self._lock.acquire()
                # Its last holder may have removed the file after it was opened here: then this is a lock on nothing.
                if not os.path.samestat(before, self._path.lstat()):
                    self._lock.release()
            except FileNotFoundError:  # its last holder has just removed the file, or the folder
                self._lock.release()
            except Timeout:
                return False
        with suppress(OSError):  # a full disk must not keep a run from going on
            self._holder.unlink(missing_ok=True)  # and not written through, whatever it is
            write_new(self._holder, f"{os.getpid()}\n")
        return True

    def holder(self) -> str:
        """Who has the lock, as far as the file tells: ``process 123``, or nothing."""
        with suppress(OSError, ValueError):
            return f"process {int(read_regular(self._holder, _MOST_BYTES))}"
        return ""

    def give_back(self) -> None:
        """Remove the files and let go; nothing if the lock is not held."""
        if not self._lock.is_locked:
            return
        with suppress(OSError):
            self._holder.unlink()
        if sys.platform == "win32":  # where a file that is open cannot be removed
            self._lock.release()
        with suppress(OSError):
            self._path.unlink()  # elsewhere while it is locked: whoever opened it before sees that it is gone
        self._lock.release()


def _made(path: Path) -> os.stat_result:
    """Make a file that is not there yet, and look at it; a link is not followed."""
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        set_mode(descriptor, file_mode())
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)
