"""Which files are read, and in which order: paths, folders and globs to a list of files, each once."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from gpunet.arrests.arrests import SkippedFile
from gpunet.base.errors import InputError, UnreadableFile, in_words

__all__ = ["Source", "find_sources"]

_KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".arrow": "ipc",
    ".arrows": "ipc",
    ".feather": "ipc",
    ".ipc": "ipc",
}

#: Kinds of file that may well hold a table, so leaving one in a folder aside is worth a warning.
_OTHER_TABLES = (
    ".tsv", ".txt", ".xls", ".xlsx", ".ods", ".zip", ".gz", ".bz2", ".xz", ".zst", ".avro", ".orc", ".json", ".jsonl",
)  # fmt: skip

#: The file that makes a folder the results of a run.
_MANIFEST = "run.json"


@dataclass(frozen=True)
class Source:
    """One file: its path, the name that it goes by in messages and counts, and "parquet", "csv" or "ipc".

    ``number`` is its place among all files. ``groups`` are the row groups of a Parquet file that are to be read, None
    for all; ``first_row`` is the number of rows before them.
    """

    path: Path
    name: str
    kind: str
    size_bytes: int
    number: int
    groups: range | None = None
    first_row: int = 0


def find_sources(
    paths: Iterable[str | os.PathLike[str]], warnings: list[str], skipped: list[SkippedFile] | None = None
) -> list[Source]:
    """List the files behind `paths`, in their order; those of a folder (with all folders in it) or glob by name.

    Hidden files (names that start with "." or "_") are left out of folders and globs. A folder below a given one that
    holds a ``run.json`` is the result of an earlier run, and is left out. A file that is met again is read once; that,
    results, and files of a folder that look like tables of another kind, are said in `warnings`.

    A file that is gone when it is looked at, or a link to one, is entered into `skipped`. So is a file that was given
    by its own name and is not there, if the name is one of a table; any other path may be a folder, or mistyped.

    Raises
    ------
    UnreadableFile
        If a file is gone, or was never there, and `skipped` is None.
    InputError
        If another path leads to no file, or names a file of another kind, or a folder cannot be listed.
    """
    sources: list[Source] = []
    seen: set[Path] = set()
    again = 0
    for path in paths:
        for file in _expand(str(os.fspath(path)), warnings):
            try:
                size = file.stat().st_size
            except OSError as error:
                reason = "there is no such file" if isinstance(error, FileNotFoundError) else in_words(error)
                if skipped is None:
                    raise UnreadableFile(file.as_posix(), reason) from error
                skipped.append(SkippedFile(file.as_posix(), reason, None))
                continue
            resolved = file.resolve()
            if resolved in seen:
                again += 1
                continue
            seen.add(resolved)
            kind = _kind(file)
            if kind is None:
                raise InputError(f"{file}: not a kind of table that is read; there are {', '.join(_KINDS)}")
            sources.append(Source(file, file.as_posix(), kind, size, len(sources)))
    if again:
        warnings.append(f"{again} file(s) were given more than once (overlapping paths) and were read once")
    if not sources and not skipped:
        raise InputError("no input: the list of paths is empty")
    return sources


def _expand(path: str, warnings: list[str]) -> list[Path]:
    plain = Path(path)
    if plain.is_dir():
        return _files_of(plain, warnings)
    if plain.exists() or (_kind(plain) is not None and not glob.has_magic(path)):
        return [plain]
    if not glob.has_magic(path):
        raise InputError(f"{path}: there is no such file or folder")
    matches = map(Path, sorted(glob.glob(path, recursive=True)))  # noqa: PTH207 - Path.glob takes no absolute pattern
    found = [match for match in matches if not (match.is_dir() or _hidden(match) or _kind(match) is None)]
    if not found:
        raise InputError(f"{path}: no file of a known kind ({', '.join(_KINDS)}) matches this pattern")
    return found


def _files_of(folder: Path, warnings: list[str]) -> list[Path]:
    found, others = [], []
    inside = sorted(_visible(folder), key=Path.as_posix)
    runs = {path.parent for path in inside if path.name == _MANIFEST} - {folder}
    warnings.extend(
        f"{run}: this folder holds a {_MANIFEST}: it was taken for the results of a run and left out; "
        "to have it read, give it by its own name"
        for run in sorted(path.as_posix() for path in runs)
    )
    for file in inside:
        if not runs.isdisjoint(file.parents) or not (file.is_file() or file.is_symlink()):
            continue  # a link that leads nowhere is a file that is gone
        if _kind(file) is not None:
            found.append(file)
        elif file.name.lower().endswith(_OTHER_TABLES):
            others.append(file.name)
    if not found:
        but = f", apart from folders with a {_MANIFEST}, which are left out" if runs else ""
        raise InputError(f"{folder}: this folder holds no file of a known kind ({', '.join(_KINDS)}){but}")
    if others:
        shown = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        warnings.append(f"{folder.as_posix()}: {len(others)} file(s) of kinds that are not read were left out: {shown}")
    return found


def _visible(folder: Path) -> Iterator[Path]:
    """The files in a folder and all folders in it, but for hidden ones; InputError if one cannot be listed."""

    def refuse(error: OSError) -> NoReturn:
        raise InputError(f"{error.filename}: this folder cannot be listed: {in_words(error)}") from error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not _hidden(Path(name))]
        yield from (Path(parent, name) for name in files if not _hidden(Path(name)))


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "_"))


def _kind(path: Path) -> str | None:
    name = path.name.lower()
    return next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), None)
