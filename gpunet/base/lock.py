"""Locks that the operating system lets go of when their holder ends, however it ends: one for all that is changed here.

A lock is one on a file, by filelock (``flock``; on Windows a locked file). Processes and threads wait for each other.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from gpunet.base.errors import StorageError, cannot_write
from gpunet.base.private import file_mode, set_mode

__all__ = ["Lock", "held"]

#: How long is waited for somebody who changes a file: this takes them moments.
_MOST_SECONDS = 120.0


class Lock:
    """The right to change something, held by one at a time through a file, which stays when the lock is given back.

    Parameters
    ----------
    path
        The file. It is made if it is not there; a link is not followed.
    seconds
        How long is waited for whoever holds the lock.
    share
        Gets the path of a file that was made, to say who may read it; else :func:`gpunet.base.private.sharing` says.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lock"
    >>> one, other = Lock(path), Lock(path)
    >>> one.take(), other.take()
    (True, False)
    >>> one.give_back()
    >>> other.take()
    True
    """

    def __init__(self, path: Path, seconds: float = 0.0, share: Callable[[Path], object] | None = None) -> None:
        self._path, self._share = path, share
        self._lock = FileLock(path, timeout=seconds, thread_local=False)

    def take(self) -> bool:
        """Take the lock; False if somebody else has it all the time that is waited.

        Raises
        ------
        OSError
            If the file cannot be made or opened, or is a link.
        """
        while not self._lock.is_locked:
            descriptor = self._opened()
            made = os.fstat(descriptor)
            try:
                self._lock.acquire()
                if not _is(self._path, made):  # removed after it was opened here: this is a lock on nothing
                    self._lock.release()
            except Timeout:
                return False
            except FileNotFoundError:  # its last holder has just removed it, or the folder
                continue
            finally:
                set_mode(descriptor, stat.S_IMODE(made.st_mode))  # which early versions of filelock change
                os.close(descriptor)
        return True

    def give_back(self) -> None:
        """Let go; nothing if the lock is not held."""
        self._lock.release()

    def _opened(self) -> int:
        """Open the file, made if it is not there yet."""
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        new = not os.path.lexists(self._path)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if new and self._share is not None:
                self._share(self._path)
            elif new:
                set_mode(descriptor, file_mode())
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _is(path: Path, made: os.stat_result) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.lstat(), made)
    return False


@contextmanager
def held(what: Path, told: str, share: Callable[[Path], object] | None = None) -> Iterator[None]:
    """Wait for the lock of a file, ``NAME.lock`` beside it, and have it inside.

    Parameters
    ----------
    what
        The file that is to be changed.
    told
        What it is in messages: ``the log runs/log.jsonl``.
    share
        As that of :class:`Lock`.

    Raises
    ------
    StorageError
        If somebody has it for minutes.
    GpunetError
        If it cannot be made or opened, or is a link.
    """
    path = what.with_name(f"{what.name}.lock")
    lock = Lock(path, _MOST_SECONDS, share)
    try:
        is_mine = lock.take()
    except OSError as error:
        raise cannot_write(f"cannot use {path}, the lock of {told}, so nothing is done", error) from error
    if not is_mine:
        raise StorageError(
            f"{told} is held by another process for minutes, so nothing is done: wait for it to end, or end it, and "
            "give the command again"
        )
    try:
        yield
    finally:
        lock.give_back()
