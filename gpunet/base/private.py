"""Who may read the files and folders that are made: their owner alone, unless a run says that its group may too.

Modes are set explicitly, so that whoever has a permissive umask, or a folder with a default access list, gives nothing
away by it; the group, and the bit that hands it on to new files, are left as the system makes them. Windows has no such
modes: there a folder's own access list decides.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Literal

__all__ = ["Share", "file_mode", "make_file", "make_folder", "open_to_group", "set_mode", "share_of", "sharing"]

#: Who may read: the owner, or the group as well.
Share = Literal["owner", "group"]

_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_GROUP_READS, _GROUP_ENTERS = 0o040, 0o050

_share: ContextVar[Share] = ContextVar("share", default="owner")


@contextmanager
def sharing(share: Share) -> Iterator[None]:
    """Inside, the group may read what is made, or not.

    Examples
    --------
    >>> with sharing("group"):
    ...     oct(file_mode())
    '0o640'
    >>> oct(file_mode())
    '0o600'
    """
    token = _share.set(share)
    try:
        yield
    finally:
        _share.reset(token)


def share_of(manifest: Mapping[str, Any]) -> Share:
    """Who may read a complete run, by its ``run.json``, whatever else that holds: what is added to it is for the same.

    Examples
    --------
    >>> share_of({"config": {"output": {"share": "group"}}}), share_of({}), share_of({"config": None})
    ('group', 'owner', 'owner')
    """
    try:
        return "group" if manifest["config"]["output"]["share"] == "group" else "owner"
    except (KeyError, TypeError):
        return "owner"


def file_mode() -> int:
    """The mode of finished files."""
    return _PRIVATE_FILE | (_GROUP_READS if _share.get() == "group" else 0)


def set_mode(descriptor: int, mode: int) -> None:
    """Give an open file this mode, where the file system has modes."""
    if hasattr(os, "fchmod"):
        with suppress(PermissionError, NotImplementedError):  # FAT, some network shares
            if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
                os.fchmod(descriptor, mode)


def make_file(path: Path) -> None:
    """Make an empty file, for its owner alone until it is finished.

    Raises
    ------
    FileExistsError
        If anything has that name, be it a link that leads nowhere.
    OSError
        If it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, _PRIVATE_FILE)
    try:
        set_mode(descriptor, _PRIVATE_FILE)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder, and those that it lies in, with modes that :func:`sharing` says; one that is there stays as it is.

    Raises
    ------
    OSError
        If it cannot be made, or something of that name is no folder.
    """
    try:
        path.mkdir(_PRIVATE_FOLDER)
    except FileNotFoundError:
        if path.parent == path:
            raise
        make_folder(path.parent)
        path.mkdir(_PRIVATE_FOLDER, exist_ok=True)
    except OSError:
        if not path.is_dir():
            raise
        return
    _set_folder_mode(path, _PRIVATE_FOLDER | (_GROUP_ENTERS if _share.get() == "group" else 0))


def open_to_group(folder: Path) -> None:
    """Let the group read a folder that was there before, if :func:`sharing` says so and it is this user's."""
    if _share.get() == "group" and hasattr(os, "geteuid"):
        found = folder.stat()
        if found.st_uid == os.geteuid():
            _set_folder_mode(folder, stat.S_IMODE(found.st_mode) | _GROUP_ENTERS)


def _set_folder_mode(path: Path, mode: int) -> None:
    if os.name != "posix":
        return
    with suppress(PermissionError, FileNotFoundError):  # a file system without modes; whoever made it too removed it
        there = stat.S_IMODE(path.lstat().st_mode)
        wanted = mode | there & stat.S_ISGID  # as the system has handed it on from the folder above
        if there != wanted:
            path.chmod(wanted)
