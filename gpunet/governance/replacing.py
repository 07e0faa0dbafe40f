"""A run's folder put in place of another: by two renames, so that one of the two is there whenever the power fails.

``.NAME.erasing`` beside a folder NAME is the new one while it is made, ``.NAME.erased`` the old one while its files are
removed. Whoever is killed leaves one or both, and :func:`recover` goes on from there.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gpunet.base.errors import InputError
from gpunet.base.private import make_folder
from gpunet.governance.erased_folder import ErasedFolder
from gpunet.runs.folder import MANIFEST

__all__ = ["begin", "drop", "is_of_erasure", "new_of", "put_in_place", "recover", "refuse_changed"]

_HIDDEN = re.compile(r"\.(?P<name>.+)\.(erasing|erased)", re.DOTALL)


def new_of(folder: Path) -> Path:
    """Where the folder is made that is to be put in place of another."""
    return folder.parent / f".{folder.name}.erasing"


def _old_of(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.erased"


def is_of_erasure(name: str) -> bool:
    """Whether a folder of that name is one of the two.

    >>> is_of_erasure(".run.erasing"), is_of_erasure("run.erased")
    (True, False)
    """
    return _HIDDEN.fullmatch(name) is not None


def begin(folder: Path) -> Path:
    """Make the empty folder, for its owner alone, that is to be put in place of another; OSError if that fails."""
    place = new_of(folder)
    place.mkdir(mode=stat.S_IRWXU)
    place.chmod(stat.S_IRWXU)  # whatever the umask is
    return place


def put_in_place(folder: Path, names: Iterable[str]) -> list[str]:
    """Put the new folder in place of `folder`, whose own files are removed; say what of them is left.

    What lies there and is not of a run is moved into the new folder.
    """
    mode = stat.S_IMODE(folder.stat().st_mode)
    folder.rename(_old_of(folder))
    new_of(folder).rename(folder)
    folder.chmod(mode)
    return _remove_old(folder, names)


def drop(folder: Path, names: Iterable[str]) -> None:
    """Remove the new folder, which is not used."""
    new = new_of(folder)
    if new.is_dir() and not new.is_symlink():
        with ErasedFolder(new, names) as place:
            place.remove()
        with suppress(OSError):  # somebody else's file is in it
            os.rmdir(new)  # noqa: PTH106


def recover(root: Path, names: Iterable[str]) -> list[str]:
    """Go on from where an erasure was killed, in `root` and everywhere under it; say what could not be removed."""
    names, left = list(names), list[str]()
    begun = {root}
    for place, folders, _ in os.walk(root, followlinks=False):
        for name in folders:
            if (found := _HIDDEN.fullmatch(name)) is not None:
                begun.add(Path(place) / found["name"])
    for folder in sorted(begun):
        old, new = _old_of(folder), new_of(folder)
        if _is_folder(old) and not os.path.lexists(folder):
            (new if (new / MANIFEST).is_file() else old).rename(folder)
        if _is_folder(old):
            left += _remove_old(folder, names)
        if _is_folder(new):
            drop(folder, names)
    return left


def _remove_old(folder: Path, names: Iterable[str]) -> list[str]:
    old = _old_of(folder)
    with ErasedFolder(old, names) as place:
        for name in place.foreign():
            target = folder / name
            make_folder(target.parent)
            if not os.path.lexists(target):
                shutil.move(old / name, target)
        kept = place.remove()
    try:
        os.rmdir(old)  # noqa: PTH106
    except OSError:
        kept = kept or ["what was in it"]
    return [f"{old / name} is left: look at it and remove it" for name in kept]


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def refuse_changed(folder: ErasedFolder) -> None:
    """InputError if a file that has the name of a run's is not what its lists say: it would be lost."""
    if changed := folder.changed():
        raise InputError(f"{folder.path / changed[0]} is not what the run's lists say: move it away")
