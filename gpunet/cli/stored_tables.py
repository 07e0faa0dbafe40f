"""Tables of a run folder, read in parts: some columns, the rows about one person, no more rows than are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gpunet.base.errors import InputError
from gpunet.base.paths import check_regular, refuse_files
from gpunet.base.words import quoted, shortened
from gpunet.governance.json_parts import json_in, part_of
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import MANIFEST
from gpunet.runs.sealed import SEALABLE, SEALED, how_sealed
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.parquet import not_parquet

__all__ = ["IDS", "PERSONS", "SCORES", "Asked", "StoredTable", "rows_of", "sealed_in", "table_named", "tables_of"]

#: The table that is ordered by rank where it is cut short.
SCORES = "scores"

#: Columns that say whom a row is about.
PERSONS = ("person_id", "person_a", "person_b")

#: Columns of ids.
IDS = (*PERSONS, "incident_id")

_SUFFIX = ".parquet"
_PANEL = "panel"  # of which the last snapshot is read, unless a day is named: panel/as_of=2013-02-01
_SNAPSHOT = re.compile(rf"{_PANEL}/as_of=\d{{4}}-\d\d-\d\d/part{re.escape(_SUFFIX)}", re.ASCII)

# Of a part of a table: a few megabytes of its widest.
_PART_ROWS = 1 << 15

_MOST_NAMES = 300


@dataclass(frozen=True)
class Asked:
    """What of a table is asked for.

    Attributes
    ----------
    person
        An id: only rows about that person, if not None.
    columns
        In this order; all if None.
    most
        Rows at most, of scores those of highest rank; all, in the file's order, if None.
    """

    person: str | None = None
    columns: tuple[str, ...] | None = None
    most: int | None = None


@dataclass(frozen=True)
class StoredTable:
    """A table of a run by its name without suffix."""

    name: str
    path: Path

    @property
    def rows(self) -> int:
        """How many rows it has; InputError if it cannot be read."""
        return int(self._looked_at().num_rows)

    @property
    def schema(self) -> pa.Schema:
        """Names and types of its columns; InputError if it cannot be read."""
        return self._looked_at().schema.to_arrow_schema()

    def _looked_at(self) -> Any:
        try:
            check_regular(self.path)
            return pq.read_metadata(for_arrow(self.path))
        except (OSError, pa.ArrowException) as error:
            raise not_parquet(self.path, error) from error

    def parts(self, columns: Iterable[str], rows: int = _PART_ROWS) -> Iterator[pa.RecordBatch]:
        """So many of its rows at a time; InputError if it cannot be read."""
        try:
            with pq.ParquetFile(for_arrow(self.path)) as file:
                yield from file.iter_batches(rows, columns=list(columns))
        except (OSError, pa.ArrowException) as error:
            raise not_parquet(self.path, error) from error


def tables_of(folder: Path) -> dict[str, StoredTable]:
    """The tables of a complete run by their names without suffix.

    Raises
    ------
    InputError
        If there is no complete run in the folder.
    """
    refuse_files(folder)
    if not (folder / MANIFEST).is_file():
        from gpunet.runs.resume import stored_request

        unfinished = stored_request(folder)
        if unfinished is None:
            raise InputError(f"{folder} is not the folder of a run: it has no {MANIFEST}")
        raise InputError(f"{folder}: this run is not finished; to go on: gpunet {unfinished.command} --resume {folder}")
    listed = _listed(folder)
    tables = {name.removesuffix(_SUFFIX): folder / name for name in listed if "/" not in name}
    if snapshots := [name for name in listed if _SNAPSHOT.fullmatch(name)]:
        tables[_PANEL] = folder / snapshots[-1]
    return {name: StoredTable(name, path) for name, path in tables.items()}


def _listed(folder: Path) -> list[str]:
    """The tables that ``run.json`` lists and that are there: what somebody has put beside them is not of the run."""
    outputs = part_of(json_in(folder / MANIFEST), "outputs")
    return sorted(name for name in outputs if name.endswith(_SUFFIX) and (folder / name).is_file())


def table_named(folder: Path, name: str | None) -> StoredTable:
    """A table of a complete run by the file's name, with or without its suffix; the scores if it is None.

    ``panel/as_of=DAY`` is one too.

    Raises
    ------
    InputError
        If there is no such table, or no complete run.
    """
    tables = tables_of(folder)
    name = SCORES if name is None else name.removesuffix(_SUFFIX)
    part = f"{name}/part{_SUFFIX}"
    if _SNAPSHOT.fullmatch(part) and part in _listed(folder):
        return StoredTable(name, folder / part)
    if name not in tables:
        if f"{name}{_SUFFIX}" in SEALABLE and (why := sealed_in(folder, name)):
            raise InputError(why)
        from gpunet.cli.running import RUN_FILES  # which takes long to import

        known = any(PurePath(file).stem == name for file in RUN_FILES)  # any other word may be the id of a person
        missing = f'no table "{name}"' if known else "no such table"
        raise InputError(f"{folder} has {missing}; there are {', '.join(tables) or 'none'}")
    return tables[name]


def sealed_in(folder: Path, name: str = SCORES) -> str:
    """What opens a table of a run that is under seal, in a sentence; "" if it is not. For scores flags count too."""
    names = [f"{name}{_SUFFIX}{SEALED}", *([f"flags{_SUFFIX}{SEALED}"] if name == SCORES else [])]
    return how_sealed(folder, read_manifest(folder)) if any((folder / of).is_file() for of in names) else ""


def rows_of(folder: Path, table: StoredTable, asked: Asked) -> Iterator[pa.RecordBatch]:
    """The rows that are asked for, in parts, one at least, which may be empty; of the rest hardly anything is read.

    Raises
    ------
    InputError
        If the table has no such columns or says nothing of persons, if no table of the run knows the person, or if it
        cannot be read.
    """
    schema = table.schema
    by_rank = table.name == SCORES and asked.most is not None
    columns = _columns(table, schema, asked.columns, by_rank)
    about = [name for name in schema.names if name in PERSONS]
    if asked.person is None:
        about = []
    elif not about:
        raise InputError(f"{table.name} says nothing of single persons, so --person has no rows of it to choose")
    found = _chosen(table, schema, [*columns, *about, *(["rank"] if by_rank else [])], asked, about)
    if by_rank:
        found = _ranked(found, asked)
    some, left = False, asked.most
    for part in found:
        kept = part if left is None else part.slice(0, left)
        if len(kept):
            yield kept.select(columns)
            some, left = True, None if left is None else left - len(kept)
        if left == 0:
            return
    if not some and asked.person is not None:
        _check_known(folder, asked.person)
    if not some:
        empty = [schema.field(name) for name in columns]
        yield pa.record_batch([pa.array([], field.type) for field in empty], schema=pa.schema(empty))


def _columns(table: StoredTable, schema: pa.Schema, asked: tuple[str, ...] | None, by_rank: bool) -> list[str]:
    if asked is None:
        return sorted(schema.names, key="rank".__ne__) if by_rank else schema.names
    for name in asked:
        if name not in schema.names:
            near = get_close_matches(name, schema.names, 3)
            there = f"the nearest: {', '.join(near)}" if near else f"there are {', '.join(schema.names)}"
            raise InputError(f'{table.name} has no column "{name}"; {shortened(there, _MOST_NAMES)}')
    if len(set(asked)) < len(asked):
        raise InputError(f"--columns names a column twice: {quoted(asked)}")
    return list(asked)


def _chosen(
    table: StoredTable, schema: pa.Schema, columns: list[str], asked: Asked, about: list[str]
) -> Iterator[pa.RecordBatch]:
    """Columns of the rows about the person; in small parts where few rows are wanted."""
    few = asked.most is not None and asked.person is None and table.name != SCORES
    parts = table.parts(dict.fromkeys(columns), min(_PART_ROWS, asked.most) if few and asked.most else _PART_ROWS)
    if asked.person is None:
        yield from parts
        return
    wanted = {name: _id_as(asked.person, schema.field(name).type) for name in about}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    for part in parts if wanted else ():
        hits = [pc.fill_null(pc.equal(part[name], value), False) for name, value in wanted.items()]
        yield part.filter(hits[0] if len(hits) == 1 else pc.or_(*hits))


def _id_as(person: str, kind: pa.DataType) -> pa.Scalar | None:
    """The id as a column holds it; None if it can hold no such id."""
    if not pa.types.is_integer(kind):
        return pa.scalar(person, kind)
    try:
        return pa.scalar(int(person), kind) if re.fullmatch(r"-?\d{1,20}", person, re.ASCII) else None
    except (OverflowError, pa.ArrowInvalid):
        return None


def _ranked(parts: Iterator[pa.RecordBatch], asked: Asked) -> Iterator[pa.RecordBatch]:
    """Of all parts the rows of highest rank, by rank."""
    if asked.person is None:
        parts = (part.filter(pc.less_equal(part["rank"], asked.most)) for part in parts)
    best = list(parts)
    if best:
        yield from pa.Table.from_batches(best).sort_by("rank").combine_chunks().to_batches()


def _check_known(folder: Path, person: str) -> None:
    """InputError if no table of the run has that person."""
    for table in tables_of(folder).values():
        schema = table.schema
        about = [name for name in schema.names if name in PERSONS]
        if about and any(len(part) for part in _chosen(table, schema, about, Asked(person), about)):
            return
    raise InputError(f"{folder}: no table of this run has a person of that id; ids are to be written as they are there")
