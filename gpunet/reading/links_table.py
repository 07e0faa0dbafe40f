"""The tables that links between ids of persons come in: which two ids, how likely, and what somebody decided."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gpunet.base.errors import InputError
from gpunet.config.config import Config
from gpunet.reading.id_tables import column_of_ids, column_of_texts, id_tables, told_of

__all__ = ["Decision", "LinkFile", "LinkRow", "read_link_rows"]

Decision: TypeAlias = Literal["yes", "no"]

#: What the tables have, for messages.
_HAS = "a table of links has the columns person_a and person_b: make it with gpunet link"


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
    settings = config.input
    wanted = (
        *(column_of_ids(settings, name) for name in ("person_a", "person_b")),
        *(column_of_texts(settings, name, required=False) for name in ("probability", "decision")),
    )
    rows: list[LinkRow] = []
    files: list[LinkFile] = []
    with told_of("person_links"):
        for table in id_tables(paths, wanted, settings, _HAS):
            found = (_link(where, row) for where, row in table.told_rows())
            rows += (link for link in found if link.a != link.b)
            files.append(LinkFile(table.name, table.file.sha256, table.file.pseudonyms))
    return tuple(rows), tuple(files)


def _link(where: str, row: tuple[str | None, ...]) -> LinkRow:
    a, b, probability, decision = row
    if a is None or b is None:
        raise InputError(f"{where} lacks person_a or person_b: leave it out, or fill it in")
    likely = _probability(probability, where)
    if decision is None:
        return LinkRow(where, a, b, likely, None)
    if decision.lower() not in ("yes", "no"):
        raise InputError(f"{where} has a decision that is neither yes nor no: correct it, or leave it empty")
    return LinkRow(where, a, b, likely, "yes" if decision.lower() == "yes" else "no")


def _probability(text: str | None, where: str) -> float | None:
    if text is None:
        return None
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise InputError(f"{where} has a probability that is no number from 0 to 1: correct it")
    return found
