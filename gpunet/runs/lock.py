"""A lock on a folder that the operating system lets go of when its holder ends, however it ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["LOCK_NAME", "FolderLock"]

LOCK_NAME = "lock"


class FolderLock:
    """The right to write into a folder, held by one process at a time through a file ``lock`` in it.

    The file says which process holds the lock, for messages alone: what counts is the lock on it, which ends with the
    process. It is removed when the lock is given back.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._file: int | None = None

    def take(self) -> bool:
        """Take the lock, making the folder if need be; False if somebody has it.

        Raises
        ------
        OSError
            If the folder or the file cannot be made.
        """
        while True:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except FileNotFoundError:  # its last holder has just removed the folder
                continue
            if not _lock(file):
                os.close(file)
                return False
            if self._is_there(file):
                break
            os.close(file)  # its last holder has just removed the file: this is a lock on nothing
        self._file = file
        with suppress(OSError):  # a full disk must not keep a run from going on
            os.ftruncate(file, 0)
            os.write(file, f"{os.getpid()}\n".encode())
        return True

    def holder(self) -> str:
        """Who has the lock, as far as the file tells: ``process 123``, or nothing."""
        with suppress(OSError, ValueError):
            return f"process {int(self._path.read_text())}"
        return ""

    def give_back(self) -> None:
        """Remove the file and let go; nothing if the lock is not held."""
        if self._file is None:
            return
        file, self._file = self._file, None
        if sys.platform == "win32":  # where a file that is open cannot be removed
            os.close(file)
            self._remove()
        else:
            self._remove()  # while it is locked: whoever opened it before sees that it is gone
            os.close(file)

    def _remove(self) -> None:
        with suppress(OSError):
            self._path.unlink()

    def _is_there(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self._path.stat())
        except FileNotFoundError:
            return False


if sys.platform == "win32":
    import msvcrt

    #: Far behind what is written, for Windows keeps others from reading what is locked.
    _LOCKED_BYTE = 1 << 20

    def _lock(file: int) -> bool:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
