"""Whom the files of a run are about: by their columns of persons, and by nothing that is merely called as an id is.

A gang, an offence or a key of ``run.json`` may be called as somebody's id is, and stays when the person is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from gpunet.base.errors import InputError
from gpunet.governance.json_parts import part_of
from gpunet.governance.leftovers import own_of_run
from gpunet.governance.runs_under import Held
from gpunet.governance.text_tables import is_about, persons_under_keys
from gpunet.governance.traces import (
    PERSONS,
    Unreadable,
    by_halves,
    holds,
    is_of_rejected,
    persons_in_table,
    rows_about,
    tables_in,
)
from gpunet.governance.wanted import Wanted
from gpunet.tables.parquet import read_parquet_metadata

__all__ = ["about_in", "also_called", "own_files", "said_of_table"]

#: The column of flags with JSON, which may name others.
_EVIDENCE = "evidence"


def own_files(held: Held) -> list[Path]:
    """The files of a complete run or a package: those that its lists name, and that are there.

    Raises
    ------
    InputError
        If a list is damaged.
    """
    return [path for path in sorted(set(own_of_run(held))) if path.is_file() and not path.is_symlink()]


def about_in(paths: Iterable[Path], wanted: Wanted) -> dict[str, str]:
    """Whom of the persons files are about, and where the first trace of each stands, in words without an id.

    Raises
    ------
    Unreadable
        If a table is damaged, and nobody was found before.
    OSError
        If a file cannot be read.
    """
    found: dict[str, str] = {}
    try:
        for path in paths:
            if rest := wanted.persons - found.keys():
                for person, where in _about(path, Wanted(rest)):
                    found.setdefault(person, where)
    except (Unreadable, OSError, pa.ArrowException):
        if not found:
            raise
    return found


def _about(path: Path, wanted: Wanted) -> Iterator[tuple[str, str]]:
    some = False
    for name, table in tables_in(path):
        some, columns = True, [name for name in PERSONS if name in table.column_names]
        if is_of_rejected(table.column_names):
            yield from ((person, f"a rejected row of {name}") for person in _named_in(table, wanted))
        for column in columns:
            ids = persons_in_table(table.select([column])) & wanted.persons
            yield from ((person, f"column {column} of {name}") for person in sorted(ids))
        if _EVIDENCE in table.column_names:
            ids = _in_json(table[_EVIDENCE], wanted) & wanted.persons
            yield from ((person, f"column {_EVIDENCE} of {name}") for person in sorted(ids))
    if not some:
        named = by_halves(path, wanted, lambda path, of: path if is_about(path, of) else None)
        yield from ((person, f"{path.name}, as a person") for person in named)


def _named_in(table: pa.Table, wanted: Wanted) -> Iterator[str]:
    """Whom rows name."""

    def rows(table: pa.Table, of: Wanted) -> pa.Table | None:
        about = rows_about(table, of)
        return table.filter(pa.array(about)) if about.any() else None

    return by_halves(table, wanted, rows)


def _in_json(column: pa.ChunkedArray, wanted: Wanted) -> set[str]:
    """The ids of persons in texts of JSON; only those that have one of the wanted as a word are parsed."""
    near = rows_about(pa.table({_EVIDENCE: column}), wanted, everywhere=True)
    texts: list[Any] = column.filter(pa.array(near)).to_pylist()
    return set().union(*(persons_under_keys(json.loads(text)) for text in texts))


def also_called(paths: Iterable[Path], wanted: Wanted) -> list[str]:
    """Where files have a text that equals an id, if it is unmistakable, and that tells of no person."""
    sure, found = wanted.unmistakable, list[str]()
    for path in paths if sure.persons else ():
        some = False
        for name, table in tables_in(path):
            some = True
            others = (
                [] if is_of_rejected(table.column_names) else [of for of in table.column_names if of not in PERSONS]
            )
            found += [f"column {of} of {name}" for of in others if rows_about(table.select([of]), sure).any()]
        if not some and holds(path, sure):
            found.append(path.name)
    return found


def said_of_table(path: Path, wanted: Wanted) -> dict[str, Any] | None:
    """What a table of persons that gpunet has made, and that has one of them, says of itself; None if it is none.

    So are scores, and results that were copied out of a run. Links between ids and tables of pseudonyms are what runs
    are made of, and are none.
    """
    if not path.is_file():
        return None
    try:
        said = read_parquet_metadata(path) or {}
        if not isinstance(said.get("governance"), dict) or "links" in said or "kind" in part_of(said, "pseudonyms"):
            return None
        return said if about_in([path], wanted) else None
    except (InputError, Unreadable, OSError, pa.ArrowException):
        return None
