"""Small tables of ids beside the arrests: found, opened and read row by row, as texts under our names of columns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from gpunet.base.errors import InputError
from gpunet.base.words import plain_name
from gpunet.config.input_config import InputConfig
from gpunet.reading.column_texts import texts_of_column
from gpunet.reading.files import InputFile, open_file
from gpunet.reading.protected import is_protected
from gpunet.reading.sources import find_sources
from gpunet.reading.values import Meaning, meaning_of

__all__ = ["IdTable", "WantedColumn", "column_of_ids", "column_of_texts", "id_tables", "told_of"]


@dataclass(frozen=True)
class WantedColumn:
    """A column that is read.

    Attributes
    ----------
    names
        What it may be called, its first name in messages; case, blanks, underscores and hyphens do not count.
    meaning
        What its values mean.
    required
        Whether a table has to have it.
    """

    names: tuple[str, ...]
    meaning: Meaning
    required: bool = True


def column_of_ids(config: InputConfig, *names: str) -> WantedColumn:
    """A column of ids of persons as results have them; those of a force are ``force:id``, which no rule changes."""
    meaning = meaning_of(config, "person_id")
    return WantedColumn(names, Meaning(meaning.null_words) if config.person_scope == "force" else meaning)


def column_of_texts(config: InputConfig, name: str, *, required: bool = True) -> WantedColumn:
    """A column of texts of which nothing is known but which words stand for no value."""
    return WantedColumn((name,), Meaning(meaning_of(config, "offence").null_words), required)


@dataclass(frozen=True, eq=False)
class IdTable:
    """A table whose columns were found.

    Attributes
    ----------
    file
        What it is in.
    wanted, columns
        The columns, and their names in it; None for one that it has not.
    config
        How it is written.
    number, of
        Which table it is of how many, from 1.
    """

    file: InputFile
    wanted: Sequence[WantedColumn]
    columns: tuple[str | None, ...]
    config: InputConfig
    number: int
    of: int

    @property
    def name(self) -> str:
        """Its name."""
        return self.file.source.name

    def rows(self) -> Iterator[tuple[str | None, ...]]:
        """The values of each row, in the order of the columns that are wanted; None where there is none.

        Raises
        ------
        InputError
            If the table turns out to be damaged, or ids have lost digits.
        """
        there = {f"{at}": theirs for at, theirs in enumerate(self.columns) if theirs is not None}
        for table in self.file.batches(there):
            frame = nw.from_native(table, eager_only=True)
            none = [None] * len(table)
            texts = [
                none if theirs is None else self._texts(frame.get_column(f"{at}"), theirs, self.wanted[at].meaning)
                for at, theirs in enumerate(self.columns)
            ]
            yield from zip(*texts, strict=True)
        if self.file.malformed:
            raise InputError(f"row {self.file.malformed[0][0]} of {self.name} has too few or too many fields")

    def told_rows(self) -> Iterator[tuple[str, tuple[str | None, ...]]]:
        """:meth:`rows`, each with its place in words that name no id: ``row 3 of links.parquet``."""
        for number, row in enumerate(self.rows(), 1):
            yield f"row {number} of {self.name}", row

    def _texts(self, series: Any, theirs: str, meaning: Meaning) -> list[str | None]:
        return texts_of_column(series, f'{self.name}: column "{theirs}"', meaning, self.config)


def id_tables(
    paths: Sequence[str | os.PathLike[str]], wanted: Sequence[WantedColumn], config: InputConfig, has: str = ""
) -> Iterator[IdTable]:
    """Open the tables one after the other.

    Parameters
    ----------
    paths
        Files, folders or globs of tables of any kind that is read of arrests; none if there are none.
    wanted
        The columns.
    config
        How tables and ids are written.
    has
        What such a table has, for messages: ``a table of reviews has the columns person_id and review_due``; not said
        if empty.

    Raises
    ------
    InputError
        If one cannot be read, lacks a column, or has two that could be one of them.
    """
    sources = find_sources(paths, config, []) if paths else []
    for number, source in enumerate(sources, 1):
        file = open_file(source, config)
        columns = tuple(_found(file, column, has) for column in wanted)
        yield IdTable(file, wanted, columns, config, number, len(sources))


def _found(file: InputFile, wanted: WantedColumn, has: str) -> str | None:
    """The name that a column has in a table."""
    table, plain = file.source.name, {plain_name(name) for name in wanted.names}
    matching = [theirs for theirs in file.types if plain_name(theirs) in plain]
    if len(matching) > 1 or set(matching) & file.repeated:
        raise InputError(f'{table}: more than one column could be "{wanted.names[0]}": leave one')
    if not matching:
        if wanted.required:
            raise InputError(f'{table}: there is no column "{wanted.names[0]}"{f"; {has}" if has else ""}')
        return None
    if is_protected(matching[0]):
        raise InputError(f'{table}: "{matching[0]}" is a protected column, which is never read')
    return matching[0]


@contextmanager
def told_of(what: str) -> Iterator[None]:
    """Inside, the text of an InputError begins with what it is about.

    >>> with told_of("--merge"):
    ...     raise InputError("row 1 lacks into")
    Traceback (most recent call last):
    gpunet.base.errors.InputError: --merge: row 1 lacks into
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{what}: {error}") from error
