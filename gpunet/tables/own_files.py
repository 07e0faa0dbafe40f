"""What of a folder is this program's own: told by names, and removed file by file. Nothing else is ever touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from gpunet.base.errors import InputError
from gpunet.base.paths import kind_of

__all__ = ["IsOwn", "refuse_foreign", "remove_own"]

#: Whether something in a folder is of this program: the parts of its path from there, and whether it is a folder.
#: Names are what the program has before it writes, so they also tell of what was half written when it was killed.
IsOwn: TypeAlias = Callable[[tuple[str, ...], bool], bool]

#: What lies in a folder, the parts of its path from there, and whether it is ours.
_Entry: TypeAlias = tuple[os.DirEntry[str], tuple[str, ...], bool]


def refuse_foreign(folder: Path, is_own: IsOwn) -> list[str]:
    """Look through a folder, which need not be there; the names of what is in it.

    Raises
    ------
    InputError
        If it, or anything in it, is not this program's own, or is a link, whatever its name.
    """
    if not os.path.lexists(folder):
        return []
    if not _is_folder(folder):
        raise _refusal(folder, kind_of(folder.lstat().st_mode))
    names: list[str] = []
    for entry, parts, own in _entries(folder, is_own):
        if not (entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)):
            raise _refusal(entry.path, kind_of(entry.stat(follow_symlinks=False).st_mode))
        if not own:
            raise _refusal(entry.path, "not gpunet's")
        names += parts[:1] * (len(parts) == 1)
    return names


def remove_own(folder: Path, is_own: IsOwn) -> None:
    """Remove what is this program's own from a folder, one file after the other, and folders that are empty then.

    Links are not followed, and nothing else is removed, whatever has come into the folder meanwhile.
    """
    if not _is_folder(folder):
        return
    folders = []
    for entry, _, own in list(_entries(folder, is_own)):
        if own and entry.is_dir(follow_symlinks=False):
            folders.append(entry.path)
        elif own and entry.is_file(follow_symlinks=False):
            Path(entry.path).unlink(missing_ok=True)
    for path in reversed(folders):
        with suppress(OSError):  # somebody else's file is in it
            os.rmdir(path)  # noqa: PTH106


def _entries(folder: Path, is_own: IsOwn, above: tuple[str, ...] = ()) -> Iterator[_Entry]:
    """What lies in a folder, and in folders of ours in it, each folder before what it holds."""
    try:
        with os.scandir(folder) as listing:
            found = sorted(listing, key=lambda entry: entry.name)
    except FileNotFoundError:  # another process has just removed it
        return
    for entry in found:
        parts, is_folder = (*above, entry.name), entry.is_dir(follow_symlinks=False)
        own = is_own(parts, is_folder)
        yield entry, parts, own
        if own and is_folder:
            yield from _entries(Path(entry.path), is_own, parts)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _refusal(path: str | Path, what: str) -> InputError:
    return InputError(f"{path} is {what}, and is left alone: move it away, or give another folder")
