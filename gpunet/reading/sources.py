"""Which files are read, and in which order: paths, folders and globs to a list of files, each once."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gpunet.arrests.read_report import SkippedFile
from gpunet.base.errors import InputError, UnreadableFile, in_words
from gpunet.base.paths import check_regular, is_mere_word, name_of, named_path, open_regular
from gpunet.config.config import InputConfig
from gpunet.reading.encodings import known_encoding
from gpunet.reading.file_bytes import FileBytes
from gpunet.reading.folder_keys import keys_of
from gpunet.reading.header import has_header
from gpunet.reading.unpacking import (
    KINDS,
    PACKINGS,
    READ_ERRORS,
    contents_of,
    may_be_prose,
    named,
    tables_among,
    unpacked,
)
from gpunet.reading.walk import Walk, files_matching, is_pattern

__all__ = ["LIST", "OWN_NOTES", "UNIQUENESS", "Source", "find_sources"]

#: Kinds of file that may well hold a table, so leaving one in a folder aside is worth a warning.
_OTHER_TABLES = (
    *PACKINGS, ".avro", ".orc", ".json", ".jsonl", ".7z", ".rar", ".tar", ".tgz", ".txt", ".mdb", ".accdb", ".numbers",
)  # fmt: skip

#: Beside tables of pseudonyms: the list of what was written, and how many persons the tables let be told apart.
LIST, UNIQUENESS = "pseudonyms.json", "uniqueness.json"

#: What this program itself writes beside tables, and reads no tables from: it goes without a word.
OWN_NOTES = (LIST, UNIQUENESS, "troubles.json", "log.jsonl")

#: What is read, in words.
_READ = f"{', '.join(KINDS)}; also packed: {', '.join(PACKINGS)}"

#: The file that makes a folder the results of a run.
_MANIFEST = "run.json"

#: More files than this are announced.
_MANY_FILES = 1_000

#: How much of a text file is searched for a header.
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True)
class Source:
    """One file: its path, the name that it goes by in messages and counts, and "parquet", "csv", "ipc" or "workbook".

    ``kind`` is what the file's name says, until it is opened; "" if nothing. ``number`` is its place among all files.
    ``keys`` are those in the names of its folders. ``groups`` are the row groups of a Parquet file that are to be read,
    None for all; ``first_row`` is the number of rows before them. ``packing`` and ``member`` are those of
    :class:`~gpunet.reading.unpacking.Contents`, and ``data`` are the bytes of a small file: known when it is opened.
    """

    path: Path
    name: str
    kind: str
    size_bytes: int
    number: int
    keys: tuple[tuple[str, str | None], ...] = ()
    groups: range | None = None
    first_row: int = 0
    packing: str = ""
    member: str = ""
    data: bytes | None = field(default=None, repr=False)

    @property
    def file(self) -> FileBytes:
        """Where its bytes are."""
        return FileBytes(self.path, self.data)

    @property
    def is_in_memory(self) -> bool:
        """Whether its table is in memory as it is read: one that is packed may be a thousand times its bytes."""
        return self.data is not None and not self.packing


def find_sources(
    paths: Iterable[str | os.PathLike[str]],
    config: InputConfig,
    warnings: list[str],
    skipped: list[SkippedFile] | None = None,
    notice: Callable[[str], None] | None = None,
) -> list[Source]:
    """List the files behind `paths`, in their order; those of a folder (with all folders in it) or glob by name.

    Hidden files (names that start with "." or "_") are left out of folders and globs. A folder below a given one that
    holds a ``run.json`` is the result of an earlier run, and is left out. So are text files (.txt) in folders and globs
    that have no header with the columns that `config` needs, and zip archives there without a table. Links to folders
    are followed, but no folder is walked twice. A file that is met again is read once; that, links that were not
    followed, results, and files of a folder that look like tables of another kind, are said in `warnings`.

    A file that is gone when it is looked at, or a link to one, is entered into `skipped`. So is a file that was given
    by its own name and is not there, if the name is one of a table; any other path may be a folder, or mistyped.

    `notice` gets a sentence if there are more than 1,000 files, which may be more than were meant.

    Raises
    ------
    UnreadableFile
        If a file is gone, or was never there, or is no regular file, and `skipped` is None.
    InputError
        If another path is empty or leads to no file, or names a file of another kind, or a folder cannot be listed.
    """
    sources: list[Source] = []
    seen: set[tuple[int, int] | Path] = set()
    again = 0
    for path in paths:
        for file in _expand(named_path(path, "the input"), os.fspath(path), config, warnings):
            name = name_of(file.as_posix())
            try:
                looked_at = check_regular(file)
            except OSError as error:
                reason = in_words(error)
                if isinstance(error, FileNotFoundError):
                    reason = "a link that leads nowhere" if file.is_symlink() else "there is no such file"
                if skipped is None:
                    raise UnreadableFile(name, reason) from error
                skipped.append(SkippedFile(name, reason, None))
                continue
            identity = (looked_at.st_dev, looked_at.st_ino) if looked_at.st_ino else file.resolve()
            if identity in seen:
                again += 1
                continue
            seen.add(identity)
            kind, packing = named(file.name)
            if not (kind or packing or _is_certain(file)):
                raise InputError(f"{file}: not a kind of table that is read; there are {_READ}")
            sources.append(Source(file, name, kind, looked_at.st_size, len(sources), keys_of(file)))
    if again:
        warnings.append(
            f"{again} file(s) were given more than once (overlapping paths, or several names of one file) and read once"
        )
    if notice is not None and len(sources) > _MANY_FILES:
        size = sum(source.size_bytes for source in sources)
        notice(f"{len(sources):,} files are read, {size / 1e6:,.0f} MB: {sources[0].name} to {sources[-1].name}")
    if not sources and not skipped:
        raise InputError("no input: the list of paths is empty")
    return sources


def _expand(plain: Path, path: str, config: InputConfig, warnings: list[str]) -> list[Path]:
    if plain.is_dir():
        return _files_of(plain, config, warnings)
    if plain.exists() or (any(named(plain.name)) and not is_pattern(path)):
        return [plain]
    if not is_pattern(path):
        if is_mere_word(path):  # which is not repeated
            raise InputError("a word that was given for a table is no file or folder: name files, folders or globs")
        why = "nothing is read from standard input; name a file" if path == "-" else "there is no such file or folder"
        raise InputError(f"{path}: {why}")
    files, again = files_matching(path)
    warnings.extend(_not_followed(again))
    found = _tables_of(files, path, config, warnings)
    if not found:
        raise InputError(f"{path}: no file of a known kind ({_READ}) matches this pattern")
    return found


def _files_of(folder: Path, config: InputConfig, warnings: list[str]) -> list[Path]:
    walk = Walk()
    inside = sorted(walk.files(folder), key=Path.as_posix)
    warnings.extend(_not_followed(walk.again))
    runs = {path.parent for path in inside if path.name == _MANIFEST} - {folder}
    warnings.extend(
        f"{run}: this folder holds a {_MANIFEST}: it was taken for the results of a run and left out; "
        "to have it read, give it by its own name"
        for run in sorted(path.as_posix() for path in runs)
    )
    files = [file for file in inside if runs.isdisjoint(file.parents)] if runs else inside
    found = _tables_of(files, folder.as_posix(), config, warnings)
    if not found:
        but = f", apart from folders with a {_MANIFEST}, which are left out" if runs else ""
        raise InputError(f"{folder}: this folder holds no file of a known kind ({_READ}){but}")
    return found


def _not_followed(again: list[Path]) -> list[str]:
    if not again:
        return []
    shown = ", ".join(path.as_posix() for path in again[:3]) + (", ..." if len(again) > 3 else "")
    return [f"{len(again)} link(s) to folders that are read already were not followed: {shown}"]


def _tables_of(files: Iterable[Path], where: str, config: InputConfig, warnings: list[str]) -> list[Path]:
    """Those of the files that are read: text files without a table's header only where there is nothing else.

    That others look like tables is said.
    """
    found, others = [], []
    files = list(files)
    for file in files:
        if _is_table(file, config):
            found.append(file)
        elif file.name.lower().endswith(_OTHER_TABLES) and file.name not in OWN_NOTES:
            others.append(file.name)
    if not found:  # then text files are what is meant, and whoever reads them says what they lack
        return [file for file in files if named(file.name)[0]]
    if others:
        shown = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        warnings.append(
            f"{where}: {len(others)} file(s) of kinds that are not read, or without a table's header, were left out: "
            f"{shown}"
        )
    return found


def _is_table(file: Path, config: InputConfig) -> bool:
    """Whether a file that was not given by its own name is read; one that is damaged is, and refused then."""
    kind, packing = named(file.name)
    try:
        if kind and may_be_prose(file.name):
            return _has_header(file, config)
        return bool(kind) or (packing == "zip" and _holds_table(file))
    except (UnreadableFile, LookupError, *READ_ERRORS):
        return True


def _holds_table(archive: Path) -> bool:
    with open_regular(archive) as raw, zipfile.ZipFile(raw) as opened:
        return bool(tables_among(opened.namelist()))


def _has_header(file: Path, config: InputConfig) -> bool:
    """Whether one of the first lines names all columns that are needed, or it is no text."""
    contents = contents_of(FileBytes(file), file.name)
    if contents.kind != "csv":
        return True
    with open_regular(file) as raw, unpacked(raw, contents.packing, contents.member) as data:
        start = data.read(_HEAD_BYTES)
    encoding, _ = known_encoding(start, config.encoding)
    text = io.StringIO(start.decode(encoding or "utf-8", errors="replace").lstrip("\ufeff"), newline="")
    return has_header(list(text), config, [key for key, _ in keys_of(file)])


def _is_certain(file: Path) -> bool:
    """Whether a file is a table, though its name does not say so."""
    try:
        return bool(contents_of(FileBytes(file), file.name).kind)
    except UnreadableFile:
        return False
