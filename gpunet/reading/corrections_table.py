"""The tables that corrections come in: which rows are left out, and which persons are one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gpunet.base.errors import InputError
from gpunet.config.config import Config, InputConfig
from gpunet.reading.corrections import Corrections
from gpunet.reading.id_tables import WantedColumn, column_of_ids, id_tables, told_of
from gpunet.reading.pseudonymised import CheckIds
from gpunet.reading.values import meaning_of

__all__ = ["read_corrections"]

_OF_INCIDENT = ("incident_id", "force")

#: What the tables have, for messages.
_REMOVED = "such a table has one of the two, or both"
_MERGED = "such a table has the columns person_id and into"


def read_corrections(
    remove: Sequence[str | os.PathLike[str]],
    merge: Sequence[str | os.PathLike[str]],
    config: Config,
    check: CheckIds | None = None,
) -> Corrections:
    """Read tables of corrections, of any kind that is read of arrests.

    Parameters
    ----------
    remove
        Tables with the column ``person_id``, ``incident_id`` or both, and perhaps ``force``. A row with a person alone
        erases the person; with an incident alone, the incident; with both, that person's part in it.
    merge
        Tables with the columns ``person_id`` and ``into``, the id of the same person that stays.
    config
        ``[input]`` says how columns are called, and how ids that are written otherwise become one. Where ids of
        persons are those of a force, they are written as results have them, ``force:id``.
    check
        Called with what each table says of pseudonyms, and its name; InputError if its ids are not those of the run
        that is corrected.

    Raises
    ------
    InputError
        If a table cannot be read or lacks its columns, a row says nothing, or rows contradict each other.
    """
    settings = config.input
    persons, incidents, arrests = set(), set(), set()
    with told_of("--remove"):
        for where, (person, incident, force) in _rows_of(remove, _to_remove(settings), settings, _REMOVED, check):
            if person is None and incident is None:
                raise InputError(f"{where} has neither person_id nor incident_id: leave it out, or fill it in")
            if incident is None:
                persons.add(str(person))
            elif person is None:
                incidents.add((force, incident))
            else:
                arrests.add((person, (force, incident)))
    merged: dict[str, str] = {}
    with told_of("--merge"):
        for where, (person, into) in _rows_of(merge, _to_merge(settings), settings, _MERGED, check):
            if person is None or into is None:
                raise InputError(f"{where} lacks person_id or into: leave it out, or fill it in")
            if merged.setdefault(person, into) != into:
                raise InputError(f"{where} merges a person whom another row merges into somebody else")
    merged = {person: into for person, into in merged.items() if person != into}
    return Corrections(frozenset(persons), frozenset(incidents), frozenset(arrests), merged)


def _to_remove(config: InputConfig) -> tuple[WantedColumn, ...]:
    person = column_of_ids(config, "person_id", *config.source_names("person_id"))
    others = (WantedColumn((name, *config.source_names(name)), meaning_of(config, name)) for name in _OF_INCIDENT)
    return tuple(replace(column, required=False) for column in (person, *others))


def _to_merge(config: InputConfig) -> tuple[WantedColumn, ...]:
    return column_of_ids(config, "person_id", *config.source_names("person_id")), column_of_ids(config, "into")


def _rows_of(
    paths: Sequence[str | os.PathLike[str]],
    wanted: Sequence[WantedColumn],
    config: InputConfig,
    has: str,
    check: CheckIds | None,
) -> Iterator[tuple[str, tuple[str | None, ...]]]:
    """Every row of the tables, with its place in words."""
    for table in id_tables(paths, wanted, config, has):
        if check is not None:
            check(table.file.pseudonyms, table.name)
        if table.columns[:2] == (None, None):
            raise InputError(f"{table.name} has no columns person_id or incident_id; {has}")
        yield from table.told_rows()
