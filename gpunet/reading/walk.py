"""The files below a folder, or that match a pattern: links to folders are followed, and no folder is walked twice."""

from __future__ import annotations

import glob
import os
from collections import deque
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NoReturn

from gpunet.base.errors import InputError, in_words
from gpunet.reading.unpacking import is_hidden

__all__ = ["Walk", "files_matching", "is_pattern"]


class Walk:
    """Walks through folders, each of which it enters once, however many links lead to it.

    ``again`` has the links that it did not follow: their folders were walked already.

    Parameters
    ----------
    passed
        Which folders it passes by, told from their names.
    """

    def __init__(self, passed: Callable[[str], bool] = is_hidden) -> None:
        self.again: list[Path] = []
        self._passed = passed
        self._seen: set[tuple[int, int]] = set()

    def files(self, *folders: Path) -> Iterator[Path]:
        """What is in the folders and all folders in them, but for hidden files; also pipes and their like.

        Folders that are really there come before those that links lead to, so a folder goes by its own name if it can.

        Raises
        ------
        InputError
            If a folder cannot be listed.
        """
        waiting = deque(folders)
        while waiting:
            start = waiting.popleft()
            if not self._is_new(start):
                self.again.append(start)
                continue
            for parent, inside, names in os.walk(start, onerror=_refuse):
                shown = sorted(name for name in inside if not self._passed(name))
                links = [name for name in shown if Path(parent, name).is_symlink()]
                inside[:] = [name for name in shown if name not in links and self._is_new(Path(parent, name))]
                waiting.extend(Path(parent, name) for name in links)
                yield from (Path(parent, name) for name in names if not is_hidden(name))

    def _is_new(self, folder: Path) -> bool:
        try:
            found = folder.stat()
        except OSError as error:
            _refuse(error)
        identity = (found.st_dev, found.st_ino)
        is_new = identity not in self._seen or not found.st_ino  # 0: the file system has no numbers, nor links
        self._seen.add(identity)
        return is_new


def is_pattern(path: str) -> bool:
    """Whether a path is a pattern for many."""
    return glob.has_magic(path)


def files_matching(pattern: str) -> tuple[list[Path], list[Path]]:
    """The files that match a pattern, by name and without hidden ones, and the links that were not followed.

    ``**`` stands for any folders, as in :func:`glob.glob`, but a folder is walked once.
    """
    parts = Path(pattern).parts
    if "**" not in parts:
        matches = map(Path, sorted(glob.glob(pattern)))  # noqa: PTH207 - Path.glob takes no absolute pattern
        return [path for path in matches if not (path.is_dir() or is_hidden(path.name))], []
    cut = parts.index("**")
    starts = sorted(glob.glob(str(Path(*parts[:cut])))) if cut else ["."]  # noqa: PTH207
    folders = [Path(start) for start in starts if Path(start).is_dir()]
    walk = Walk(lambda name: name.startswith("."))
    found = {
        path
        for folder in folders
        for path in walk.files(folder)
        if _matches(path.relative_to(folder).parts, parts[cut:])
    }
    return sorted(found, key=str), walk.again


def _matches(names: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """Whether the parts of a path match those of a pattern."""
    if not patterns:
        return not names
    if patterns[0] == "**":
        if len(patterns) == 1:
            return True
        return _matches(names, patterns[1:]) or (bool(names) and _matches(names[1:], patterns))
    return bool(names) and fnmatch(names[0], patterns[0]) and _matches(names[1:], patterns[1:])


def _refuse(error: OSError) -> NoReturn:
    raise InputError(f"{error.filename}: this folder cannot be listed: {in_words(error)}") from error
