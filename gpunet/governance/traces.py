"""Where a person stands in files: in columns of ids, in rows that name persons, in words of texts."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gpunet.base.paths import open_regular
from gpunet.governance.runs_under import members_of
from gpunet.governance.wanted import Wanted
from gpunet.reading.rejected_persons import pattern_of, rows_naming
from gpunet.runs.checkpoint_file import frames_in
from gpunet.runs.read_back import Damaged
from gpunet.runs.sealed import SEALED, opened_bytes
from gpunet.tables.arrow_paths import for_arrow

__all__ = [
    "MOST_BYTES",
    "PERSONS",
    "Unreadable",
    "found_in",
    "held_in",
    "holds",
    "ids_in",
    "is_of_rejected",
    "persons_in_table",
    "rows_about",
    "tables_in",
]

#: Columns of our tables that say whom a row is about.
PERSONS = ("person_id", "person_a", "person_b", "into", "person_ids")

#: Columns that tables of rejected rows have, and no other table of ours.
_OF_REJECTED = frozenset({"source_file", "reason"})

#: Files that are larger are not looked into, unless they are tables.
MOST_BYTES = 1 << 28

_PARQUET, _ZIP, _CHECKPOINT = b"PAR1", b"PK\x03\x04", b"gpunet checkpoint"


_What = TypeVar("_What")


class Unreadable(Exception):  # noqa: N818 - it says what the file is
    """A file that cannot be looked into; its text says why."""


def rows_about(table: pa.Table, wanted: Wanted, *, everywhere: bool = False) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """bool[n], which rows of a table are about a person who is looked for, or name one.

    In columns of persons an id has to be equal, and of texts it is looked for as a word if it is unmistakable, or
    `everywhere`. Of rejected rows, whose values are those of the input, :func:`rows_naming` tells.
    """
    found = np.zeros(len(table), np.bool_)
    if not wanted.persons:
        return found
    if is_of_rejected(table.column_names):
        found |= rows_naming(table, wanted.forms)
        if not everywhere:
            return found
    words = wanted if everywhere else wanted.unmistakable
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in PERSONS:
            found |= _equal(column, wanted.persons)
        elif name not in _OF_REJECTED and words.persons:
            found |= _worded(column, words)
        if everywhere and name not in PERSONS and pa.types.is_integer(column.type) and "person" in name.lower():
            found |= _equal(column, wanted.forms)
    return found


def is_of_rejected(columns: Iterable[str]) -> bool:
    """Whether a table is one of rejected rows, by the names of its columns."""
    return _OF_REJECTED.issubset(columns)


def _equal(column: pa.ChunkedArray, ids: Iterable[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_integer(kind) or _is_text(kind)):
        return np.zeros(len(column), np.bool_)
    texts = column.cast(pa.large_string())
    return np.asarray(pc.is_in(texts, value_set=pa.array(sorted(ids), pa.large_string())).fill_null(False))


def _worded(column: pa.ChunkedArray, wanted: Wanted) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether one stands in a text, or in one of a list of texts."""
    n = len(column)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        if not _is_text(column.type.value_type):
            return np.zeros(n, np.bool_)
        parents = np.asarray(pc.list_parent_indices(column.combine_chunks()))
        inside = _worded(pa.chunked_array([pc.list_flatten(column.combine_chunks())]), wanted)
        found = np.zeros(n, np.bool_)
        found[parents[inside]] = True
        return found
    if not _is_text(column.type):
        return np.zeros(n, np.bool_)
    hits = pc.match_substring_regex(column.cast(pa.large_string()), pattern_of(wanted.forms))
    return np.asarray(hits.fill_null(False))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def persons_in_table(table: pa.Table) -> set[str]:
    """The ids in the columns of persons."""
    found: set[str] = set()
    for name in PERSONS:
        if name in table.column_names:
            found.update(table[name].cast(pa.large_string()).drop_null().unique().to_pylist())
    return found


def tables_in(path: Path, columns: Collection[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
    """The tables in a file of a run, each with its name: Parquet, sealed or not, checkpoints, what was read, packages.

    Files that hold no table give none. A table in Parquet comes with the `columns` that are named or, without any, with
    those in which persons may stand.

    Raises
    ------
    Unreadable
        If it is one of these and damaged.
    OSError
        If it cannot be read.
    """
    with open_regular(path) as file:
        head = file.read(32)
    try:
        if head.startswith(_PARQUET):
            yield path.name, _parquet(for_arrow(path), columns)
        elif head.startswith(_CHECKPOINT):
            with open_regular(path) as file:
                yield from _of_checkpoint(file)
        elif head.startswith(_ZIP):
            for name, data in members_of(path, MOST_BYTES):
                if data is None:
                    raise Unreadable(f"{name} in it is too large, or cannot be unpacked")
                yield from _of_bytes(name, data, columns)
        elif path.name.endswith(SEALED):
            with open_regular(path) as file:
                yield from _of_bytes(path.name, file.read(), columns)
    except (Damaged, ValueError, pa.ArrowException, zipfile.BadZipFile) as error:
        raise Unreadable(f"it is damaged ({' '.join(str(error).split())})") from error


def _parquet(source: Any, columns: Collection[str] | None) -> pa.Table:
    with pq.ParquetFile(source) as file:
        return file.read(columns=[field.name for field in file.schema_arrow if _may_name(field, columns)])


def _may_name(field: pa.Field, columns: Collection[str] | None) -> bool:
    """Whether a column is asked for, or without that, whether persons may stand in it: most are numbers of features."""
    if columns is not None:
        return field.name in columns
    if pa.types.is_integer(field.type):
        return "person" in field.name.lower() or field.name == "into"
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    return _is_text(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _of_bytes(name: str, data: bytes, columns: Collection[str] | None) -> Iterator[tuple[str, pa.Table]]:
    if name.endswith(SEALED):
        yield from _of_bytes(name.removesuffix(SEALED), opened_bytes(data), columns)
    elif data.startswith(_PARQUET):
        yield name, _parquet(pa.BufferReader(data), columns)
    elif data.startswith(_CHECKPOINT):
        yield from _of_checkpoint(BytesIO(data))


def _of_checkpoint(file: BinaryIO) -> Iterator[tuple[str, pa.Table]]:
    for name, frame in frames_in(file).items():
        if name == "person_ids":
            yield name, frame.rename_columns(["person_ids"])
        else:
            yield name, frame


def ids_in(path: Path) -> set[str]:
    """The ids of all persons in a file's tables; errors are those of :func:`tables_in`."""
    found: set[str] = set()
    for _, table in tables_in(path, PERSONS):
        found |= persons_in_table(table)
    return found


def holds(path: Path, wanted: Wanted, *, everywhere: bool = False) -> bool:
    """Whether a file of a run is about one of the persons, or names one: see :func:`found_in`."""
    return next(found_in(path, wanted, everywhere=everywhere), None) is not None


def held_in(paths: Iterable[Path], wanted: Wanted) -> frozenset[str]:
    """Whom of the persons files are about or name; each is looked into once, whatever their number.

    Errors are those of :func:`tables_in`, unless somebody was found before.
    """
    found: set[str] = set()
    try:
        for path in paths:
            if rest := wanted.persons - found:
                found.update(found_in(path, Wanted(rest)))
    except (Unreadable, OSError, pa.ArrowException):
        if not found:
            raise
    return frozenset(found)


def found_in(path: Path, wanted: Wanted, *, everywhere: bool = False) -> Iterator[str]:
    """The persons whom a file of a run is about or names, as they are found; errors are those of :func:`tables_in`.

    Texts that are no tables are looked through for ids that are unmistakable, or `everywhere` for all.
    """

    def rows(table: pa.Table, of: Wanted) -> pa.Table | None:
        about = rows_about(table, of, everywhere=everywhere)
        return table.filter(pa.array(about)) if about.any() else None

    some = False
    for _, table in tables_in(path):
        some = True
        yield from by_halves(table, wanted, rows)
    words = wanted if everywhere else wanted.unmistakable
    if some or not words.persons:
        return
    for data in _texts_in(path):
        yield from by_halves(data, words, lambda data, of: data if of.in_bytes(data) else None)


def by_halves(what: _What, wanted: Wanted, part: Callable[[_What, Wanted], _What | None]) -> Iterator[str]:
    """Who is found: each half of the persons is looked for where all of them are, and so on until it is one."""
    if (there := part(what, wanted)) is None:
        return
    if len(wanted.persons) == 1:
        yield from wanted.persons
        return
    ids = sorted(wanted.persons)
    for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
        yield from by_halves(there, replace(wanted, persons=frozenset(half)), part)


def _texts_in(path: Path) -> Iterator[bytes]:
    """The bytes of a file that is no table, or of those in an archive."""
    with open_regular(path) as file:
        head = file.read(4)
    if head == _ZIP:
        yield from (data for _, data in members_of(path, MOST_BYTES) if data is not None)
        return
    with open_regular(path) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Unreadable("it is too large to be looked through")
    yield opened_bytes(data) if path.name.endswith(SEALED) else data
