"""The tables that links between ids of persons come in: which two ids, how likely, and what somebody decided."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import narwhals as nw

from gpunet.base.errors import InputError
from gpunet.base.words import plain_name
from gpunet.config.config import Config
from gpunet.config.input_config import InputConfig
from gpunet.reading.column_texts import texts_of_column
from gpunet.reading.files import InputFile, open_file
from gpunet.reading.sources import find_sources
from gpunet.reading.values import Meaning, meaning_of

__all__ = ["Decision", "LinkFile", "LinkRow", "read_link_rows"]

Decision: TypeAlias = Literal["yes", "no"]

#: The columns that are read; a table has to have the first two.
_COLUMNS = ("person_a", "person_b", "probability", "decision")

_WHAT = "person_links"


@dataclass
class LinkFile:
    """A file that was read, of links or of whom they link, and what it says of pseudonyms."""

    name: str
    sha256: str | None
    pseudonyms: Mapping[str, str] | None = None


@dataclass(frozen=True)
class LinkRow:
    """A link between two ids that differ.

    Attributes
    ----------
    where
        Its place in words that name no id: ``row 3 of links.parquet``.
    a, b
        The ids as results show them.
    probability
        That both are one person; None if the table does not tell.
    decision
        What somebody decided, None if nobody has.
    """

    where: str
    a: str
    b: str
    probability: float | None
    decision: Decision | None


def read_link_rows(
    paths: Sequence[str | os.PathLike[str]], config: Config
) -> tuple[tuple[LinkRow, ...], tuple[LinkFile, ...]]:
    """Read tables of links, of any kind that is read of arrests: what ``gpunet link`` writes, or a list of one's own.

    Parameters
    ----------
    paths
        Files, folders or globs. Tables have the columns ``person_a`` and ``person_b``, and may have ``probability``
        (0 to 1) and ``decision`` (``yes``, ``no``, or nothing).
    config
        ``[input]`` says how ids that are written otherwise become one. Where ids of persons are those of a force, they
        are written as results have them, ``force:id``.

    Returns
    -------
    tuple
        The rows in the order of the files, less those of two ids that are the same, and the files.

    Raises
    ------
    InputError
        If a table cannot be read or lacks its columns, or a row lacks an id or has values that are none; ids are not
        told.
    """
    rows: list[LinkRow] = []
    files: list[LinkFile] = []
    try:
        for source in find_sources(paths, config.input, []):
            file = open_file(source, config.input)
            rows += _rows_of(file, source.name, config.input)
            files.append(LinkFile(source.name, file.sha256, file.pseudonyms))
    except InputError as error:
        raise error if str(error).startswith(_WHAT) else InputError(f"{_WHAT}: {error}") from error
    return tuple(rows), tuple(files)


def _rows_of(file: InputFile, name: str, config: InputConfig) -> Iterator[LinkRow]:
    columns, number = _columns(file, name), 0
    for table in file.batches(columns):
        frame = nw.from_native(table, eager_only=True)
        texts = {ours: _texts(frame.get_column(ours), ours, name, config) for ours in columns}
        for at in range(len(table)):
            number += 1
            found = _link(f"row {number} of {name}", {ours: of[at] for ours, of in texts.items()})
            if found.a != found.b:
                yield found
    if file.malformed:
        raise InputError(f"{_WHAT}: row {file.malformed[0][0]} of {name} has too few or too many fields")


def _link(where: str, row: Mapping[str, str | None]) -> LinkRow:
    a, b, decision = row["person_a"], row["person_b"], row.get("decision")
    if a is None or b is None:
        raise InputError(f"{_WHAT}: {where} lacks person_a or person_b: leave it out, or fill it in")
    probability = _probability(row.get("probability"), where)
    if decision is None:
        return LinkRow(where, a, b, probability, None)
    if decision.lower() not in ("yes", "no"):
        raise InputError(f"{_WHAT}: {where} has a decision that is neither yes nor no: correct it, or leave it empty")
    return LinkRow(where, a, b, probability, "yes" if decision.lower() == "yes" else "no")


def _probability(text: str | None, where: str) -> float | None:
    if text is None:
        return None
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise InputError(f"{_WHAT}: {where} has a probability that is no number from 0 to 1: correct it")
    return found


def _columns(file: InputFile, table: str) -> Mapping[str, str]:
    """The columns of the table by our names."""
    found = {}
    for name in _COLUMNS:
        matching = [theirs for theirs in file.types if plain_name(theirs) == plain_name(name)]
        if len(matching) > 1 or set(matching) & file.repeated:
            raise InputError(f'{_WHAT}: {table} has more than one column that could be "{name}": leave one')
        if matching:
            found[name] = matching[0]
    if not set(_COLUMNS[:2]) <= set(found):
        raise InputError(f"{_WHAT}: {table} has no columns person_a and person_b: make it with gpunet link")
    return found


def _texts(series: Any, name: str, table: str, config: InputConfig) -> list[str | None]:
    """The values of a column as texts; ids as the reader of arrests has them."""
    meaning = meaning_of(config, "person_id")
    if name not in _COLUMNS[:2] or config.person_scope == "force":
        meaning = Meaning(meaning.null_words)
    where = f'{_WHAT}: {table}: column "{name}"'
    return texts_of_column(series, where, meaning, config)
