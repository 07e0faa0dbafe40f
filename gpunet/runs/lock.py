"""The lock of a run's folder: who has it, and that nothing of it is left when it is given back."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from gpunet.base.lock import Lock
from gpunet.base.paths import read_regular
from gpunet.base.private import make_folder
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


class FolderLock(Lock):
    """The right to write into a folder, held by one process at a time through a file ``lock`` in it.

    ``lock.holder`` says which process holds it, for messages alone: what counts is the lock, which ends with the
    process. Both files are removed when the lock is given back.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / _LOCK)
        self._holder = folder / _HOLDER

    def take(self) -> bool:
        """Take the lock, making the folder if need be; False if somebody has it.

        Raises
        ------
        OSError
            If the folder or the file cannot be made.
        """
        while not self._lock.is_locked:
            make_folder(self._path.parent)
            with suppress(FileNotFoundError):  # its last holder has just removed the folder
                if not super().take():
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
            super().give_back()
        with suppress(OSError):
            self._path.unlink()  # elsewhere while it is locked: whoever opened it before sees that it is gone
        super().give_back()
