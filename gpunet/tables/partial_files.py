"""Temporary files, and folders, of what is written whole: their names, and whether anybody is at work on them.

Whoever writes one holds a lock of the operating system on it, which ends with the process. So one that is not locked
was left by a process that was killed, and anybody may remove it: the next writer of the same file does.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gpunet.base.private import make_file

__all__ = [
    "Partial",
    "at_work",
    "final_name",
    "is_partial",
    "partial_folder",
    "remove_dead",
    "remove_dead_of",
]

#: How names of temporary files end; those of earlier versions without the digits.
_TEMPORARY = re.compile(r"(\.[0-9a-f]{8})?\.partial\Z")
_NUMBERED = re.compile(r".\.[0-9a-f]{8}\.partial\Z", re.DOTALL)

#: Those of folders begin with a dot, and earlier versions have drawn other letters too.
_FOLDER = re.compile(r"\..+\.[a-z0-9_]{8}\.partial", re.DOTALL)

_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)

# Of the part that a temporary name takes over: all of it has to fit into the 255 bytes of a file's name.
_LONGEST_NAME, _LONGEST_ASCII = 50, 200


def final_name(name: str) -> str:
    """The name that a temporary file was to have; of any other file its name."""
    return _TEMPORARY.sub("", name)


def is_partial(path: Path) -> bool:
    """Whether a regular file, or a folder, has a temporary name, of whatever file or folder.

    >>> is_partial(Path("a.head.backup.partial"))
    False
    """
    if path.is_symlink():
        return False
    is_folder = path.is_dir() and _FOLDER.fullmatch(path.name) is not None
    return is_folder or (path.is_file() and _NUMBERED.search(path.name) is not None)


def _is_partial_of(path: Path, final: Path) -> bool:
    """Whether a regular file, or a folder, has a temporary name of `final`.

    >>> _is_partial_of(Path("a.head.backup.partial"), Path("a.head"))
    False
    """
    dot = r"\." if path.is_dir() else ""
    wanted = dot + re.escape(_begin_of(final)) + r"\.[0-9a-f]{8}\.partial"
    return re.fullmatch(wanted, path.name) is not None and is_partial(path)


class Partial:
    """A new empty file of a temporary name beside a file, locked as long as this process has it open.

    Attributes
    ----------
    path
        Where it is.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> partial = Partial(folder / "a.csv")
    >>> remove_dead(partial.path)
    False
    >>> partial.close()
    >>> remove_dead(partial.path)
    True
    """

    path: Path

    def __init__(self, final: Path) -> None:
        self._descriptor: int | None = None
        while self._descriptor is None:
            self.path = final.with_name(f"{_begin_of(final)}.{secrets.token_hex(4)}.partial")
            try:
                make_file(self.path)
            except FileExistsError:
                continue
            self._descriptor = _locked(self.path, _FLAGS)
            if self._descriptor is None:
                self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


@contextmanager
def partial_folder(final: Path) -> Iterator[Path]:
    """A new folder of a temporary name beside another, for its owner alone; gone afterwards unless it was renamed.

    What was left by processes that were killed while they made the same folder is removed before.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    remove_dead_of(final)
    descriptor: int | None = None
    while descriptor is None:
        path = final.with_name(f".{_begin_of(final)}.{secrets.token_hex(4)}.partial")
        try:
            path.mkdir(0o700)
        except FileExistsError:
            continue
        if sys.platform == "win32":
            break  # no locks of folders: none is taken for dead there
        descriptor = _locked(path, _FOLDER_FLAGS)
        if descriptor is None:
            shutil.rmtree(path, ignore_errors=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def remove_dead_of(final: Path) -> None:
    """Remove the temporary files, or folders, of one whose writers were killed; what cannot be removed stays."""
    with suppress(OSError):
        for path in final.parent.glob("*.partial"):
            if _is_partial_of(path, final):
                with suppress(OSError):  # another user's, in a folder where each may remove their own alone
                    remove_dead(path)


def at_work(path: Path) -> bool | None:
    """Whether somebody is at work on a temporary file or folder, or holds a lock; None if that cannot be told.

    It cannot on Windows, on file systems without locks, and of another user's file. On one that is gone nobody is.

    >>> at_work(Path("gone.csv.0123abcd.partial"))
    False
    """
    if (is_folder := path.is_dir()) and sys.platform == "win32":
        return None
    try:
        descriptor = os.open(path, _FOLDER_FLAGS if is_folder else _FLAGS)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        is_free = _lock(descriptor)
        return None if is_free is None else not is_free
    finally:
        os.close(descriptor)


def remove_dead(path: Path) -> bool:
    """Remove a temporary file or folder on which nobody is at work; whether it is such a one, as far as can be told.

    Raises
    ------
    OSError
        If it cannot be opened or removed.
    """
    if (is_folder := path.is_dir()) and sys.platform == "win32":
        return False
    descriptor = os.open(path, _FOLDER_FLAGS if is_folder else _FLAGS)
    try:
        if _lock(descriptor) is not True or not _is(path, descriptor):
            return False
        if is_folder:
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _locked(path: Path, flags: int) -> int | None:
    """A new file or folder, open and locked; None if somebody took it for a dead one before it was locked."""
    with suppress(FileNotFoundError):
        descriptor = os.open(path, flags)
        if _lock(descriptor) is not False and _is(path, descriptor):
            return descriptor
        os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool | None:
    """Whether this process now holds the lock of an open file; None where there are no such locks."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True


def _is(path: Path, descriptor: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    return False


def _begin_of(path: Path) -> str:
    """What the temporary names of a file begin with."""
    return path.name[: _LONGEST_ASCII if path.name.isascii() else _LONGEST_NAME]
