"""Temporary files of files that are written whole: their names, and whether anybody is still at work on them.

Whoever writes one holds a lock of the operating system on it, which ends with the process. So one that is not locked
was left by a process that was killed, and anybody may remove it: the next writer of the same file does.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from gpunet.base.private import make_file

__all__ = ["Partial", "final_name", "is_partial", "is_partial_of", "remove_dead", "remove_dead_of"]

#: How names of temporary files end; those of earlier versions without the digits.
_TEMPORARY = re.compile(r"(\.[0-9a-f]{8})?\.partial\Z")
_NUMBERED = re.compile(r".\.[0-9a-f]{8}\.partial\Z", re.DOTALL)

_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

# Of the part that a temporary name takes over: all of it has to fit into the 255 bytes of a file's name.
_LONGEST_NAME, _LONGEST_ASCII = 50, 200


def final_name(name: str) -> str:
    """The name that a temporary file was to have; of any other file its name."""
    return _TEMPORARY.sub("", name)


def is_partial(path: Path) -> bool:
    """Whether a regular file has a temporary name, of whatever file.

    >>> is_partial(Path("a.head.backup.partial"))
    False
    """
    return _NUMBERED.search(path.name) is not None and path.is_file() and not path.is_symlink()


def is_partial_of(path: Path, final: Path) -> bool:
    """Whether a regular file has a temporary name of `final`.

    >>> is_partial_of(Path("a.head.backup.partial"), Path("a.head"))
    False
    """
    wanted = re.escape(_begin_of(final)) + r"\.[0-9a-f]{8}\.partial"
    return re.fullmatch(wanted, path.name) is not None and path.is_file() and not path.is_symlink()


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
            self._descriptor = self._locked()

    def _locked(self) -> int | None:
        """The open file; None if somebody took it for a dead one before it was locked."""
        with suppress(FileNotFoundError):
            descriptor = os.open(self.path, _FLAGS)
            if _lock(descriptor) is not False and _is(self.path, descriptor):
                return descriptor
            os.close(descriptor)
            self.path.unlink(missing_ok=True)
        return None

    def close(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def remove_dead_of(final: Path) -> None:
    """Remove the temporary files of a file whose writers were killed; what cannot be removed stays."""
    with suppress(OSError):
        for path in final.parent.glob("*.partial"):
            if is_partial_of(path, final):
                with suppress(OSError):  # another user's, in a folder where each may remove their own alone
                    remove_dead(path)


def remove_dead(path: Path, *, remove: bool = True) -> bool:
    """Remove a temporary file on which nobody is at work; whether it is such a one, as far as can be told.

    Parameters
    ----------
    path
        The file.
    remove
        Whether it goes; else it is looked at.

    Raises
    ------
    OSError
        If it cannot be opened or removed.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        if _lock(descriptor) is not True or not _is(path, descriptor):
            return False
        if remove:
            path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


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
