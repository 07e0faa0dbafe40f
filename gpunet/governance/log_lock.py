"""The right to write into a log, held by one process at a time; the others wait."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from gpunet.base.errors import StorageError

__all__ = ["held", "refused_to_group", "share"]

_LOCK = ".lock"
_MOST_SECONDS = 120


@contextmanager
def held(log: Path, group: bool) -> Iterator[None]:
    """Wait for the lock of a log, and have it. Its file stays; the lock ends with the process, however it ends.

    Raises
    ------
    StorageError
        If somebody has it for minutes.
    OSError
        If its file cannot be made or opened, or is a link.
    """
    path = log.with_name(log.name + _LOCK)
    lock = FileLock(path, timeout=_MOST_SECONDS, thread_local=False)
    try:
        while True:
            made = _made(path, group)
            lock.acquire()
            if _is(path, made):
                break
            lock.release()  # somebody removed the file meanwhile: this is a lock on nothing
        yield
    except Timeout as error:
        raise StorageError(f"the log {log} is held by another process for minutes, so nothing is done") from error
    finally:
        lock.release()


def share(path: Path) -> None:
    """Let the group of the folder that a file lies in read and write it."""
    with suppress(OSError, AttributeError):  # who is not of that group keeps their own
        os.chown(path, -1, path.parent.stat().st_gid)
    path.chmod(0o660)


def refused_to_group(log: Path) -> str:
    """Why others of the group cannot write a log that is there, in words with what to do; "" if they can."""
    if os.name != "posix":
        return ""
    try:
        modes = log.parent.stat().st_mode, log.stat().st_mode
    except OSError:
        return ""
    if all(mode & stat.S_IWGRP for mode in modes):
        return ""
    what = str(log.parent) if not modes[0] & stat.S_IWGRP else f"{log}*"
    return (
        f"the results are for the group, and the log {log} cannot be written by it, so colleagues cannot do what is "
        f"logged: chmod g+w {what}, or name another log in [governance] log"
    )


def _made(path: Path, group: bool) -> os.stat_result:
    """Make a file that is not there yet, and look at it; a link is not followed."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    new = not os.path.lexists(path)
    descriptor = os.open(path, flags, 0o600)
    try:
        if new and group:
            share(path)
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _is(path: Path, made: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.lstat(), made)
    except FileNotFoundError:
        return False
