"""The names that a run's files can have, and what of a folder has such names."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gpunet.tables.partial_files import final_name

__all__ = ["DAY", "NAME", "Found", "ResultNames"]

#: In a name it stands for a day.
DAY = "<day>"

#: In a name it stands for a word of small letters, digits and underscores.
NAME = "<name>"

_STAND_FOR = {DAY: r"\d{4}-\d\d-\d\d", NAME: r"[a-z0-9_]{1,80}"}


@dataclass
class Found:
    """What lies in a folder: results, and folders of results, by their names from there, and the names of all else."""

    files: dict[str, Path] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    """Of a result's name, or that of a folder of results, and no regular file or no folder: links among them."""
    foreign: list[str] = field(default_factory=list)


class ResultNames:
    """Names of files, with "/" between a folder's and what lies in it; ``<day>`` is any day, ``<name>`` any word.

    Examples
    --------
    >>> from gpunet.runs.result_names import ResultNames
    >>> names = ResultNames(["run.json", "panel/as_of=<day>/part.parquet"])
    >>> names.is_file(("panel", "as_of=2013-02-01", "part.parquet")), names.is_folder(("panel",))
    (True, True)
    >>> names.is_file(("panel", "as_of=soon", "part.parquet")), names.is_file(("panel",))
    (False, False)
    """

    def __init__(self, names: Iterable[str]) -> None:
        files = [tuple(map(_pattern, name.split("/"))) for name in names]
        self._files = set(files)
        self._folders = {parts[:depth] for parts in files for depth in range(1, len(parts))}

    def is_file(self, parts: tuple[str, ...]) -> bool:
        """Whether a result can have that name."""
        return _any_fits(parts, self._files)

    def any_of(self, names: Iterable[str]) -> bool:
        """Whether one of these names, with "/" between a folder's and what lies in it, is that of a result."""
        return any(self.is_file(tuple(name.split("/"))) for name in names)

    def is_temporary(self, parts: tuple[str, ...]) -> bool:
        """Whether a result that is half written can, or a whole one."""
        return self.is_file((*parts[:-1], final_name(parts[-1])))

    def is_folder(self, parts: tuple[str, ...]) -> bool:
        """Whether a folder of results can have that name."""
        return _any_fits(parts, self._folders)

    def find(self, folder: Path, but: str) -> Found:
        """What lies in a folder, and in those of results in it; no link is followed. `but` is a name to pass over."""
        found = Found()
        if folder.is_dir():
            self._look(folder, (), but, found)
        return found

    def _look(self, folder: Path, above: tuple[str, ...], but: str, found: Found) -> None:
        for path in sorted(folder.iterdir()):
            parts = (*above, path.name)
            name, mode = "/".join(parts), path.lstat().st_mode
            if name == but:
                continue
            if self.is_folder(parts) and stat.S_ISDIR(mode):
                found.folders[name] = path
                self._look(path, parts, but, found)
            elif self.is_file(parts) and stat.S_ISREG(mode):
                found.files[name] = path
            elif self.is_folder(parts) or self.is_file(parts):
                found.odd.append(name)
            else:
                found.foreign.append(name)


def _pattern(part: str) -> re.Pattern[str]:
    pattern = re.escape(part)
    for word, stands_for in _STAND_FOR.items():
        pattern = pattern.replace(re.escape(word), stands_for)
    return re.compile(pattern, re.ASCII)


def _any_fits(parts: tuple[str, ...], patterns: Iterable[tuple[re.Pattern[str], ...]]) -> bool:
    return any(
        len(parts) == len(each) and all(of.fullmatch(part) for of, part in zip(each, parts, strict=True))
        for each in patterns
    )
