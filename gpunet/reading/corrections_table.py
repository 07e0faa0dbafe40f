"""The tables that corrections come in: which rows are left out, and which persons are one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import narwhals as nw

from gpunet.base.errors import InputError
from gpunet.base.words import plain_name
from gpunet.config.config import Config, InputConfig
from gpunet.reading.column_texts import texts_of_column
from gpunet.reading.corrections import Corrections
from gpunet.reading.files import open_file
from gpunet.reading.sources import find_sources
from gpunet.reading.values import Meaning, meaning_of

__all__ = ["ids_of", "read_corrections"]

_REMOVED, _MERGED = ("person_id", "incident_id", "force"), ("person_id", "into")


def read_corrections(
    remove: Sequence[str | os.PathLike[str]], merge: Sequence[str | os.PathLike[str]], config: Config
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

    Raises
    ------
    InputError
        If a table cannot be read or lacks its columns, a row says nothing, or rows contradict each other.
    """
    persons, incidents, arrests = set(), set(), set()
    for where, row in _rows_of(remove, _REMOVED, "--remove", config.input):
        person, incident, force = (row.get(name) for name in _REMOVED)
        if person is None and incident is None:
            raise InputError(f"--remove: {where} has neither person_id nor incident_id: leave it out, or fill it in")
        if incident is None:
            persons.add(str(person))
        elif person is None:
            incidents.add((force, incident))
        else:
            arrests.add((person, (force, incident)))
    merged: dict[str, str] = {}
    for where, row in _rows_of(merge, _MERGED, "--merge", config.input):
        person, into = row.get("person_id"), row.get("into")
        if person is None or into is None:
            raise InputError(f"--merge: {where} lacks person_id or into: leave it out, or fill it in")
        if merged.setdefault(person, into) != into:
            raise InputError(f"--merge: {where} merges a person whom another row merges into somebody else")
    merged = {person: into for person, into in merged.items() if person != into}
    return Corrections(frozenset(persons), frozenset(incidents), frozenset(arrests), merged)


def _rows_of(
    paths: Sequence[str | os.PathLike[str]], wanted: Sequence[str], option: str, config: InputConfig
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Every row of the tables, with its place in words."""
    if not paths:
        return
    try:
        for source in find_sources(paths, config, []):
            file = open_file(source, config)
            columns = _columns(source.name, list(file.types), wanted, option, config)
            number = 0
            for table in file.batches(columns):
                frame = nw.from_native(table, eager_only=True)
                texts = {name: ids_of(frame.get_column(name), name, source.name, config) for name in columns}
                for at in range(len(table)):
                    yield f"row {number + at + 1} of {source.name}", {name: of[at] for name, of in texts.items()}
                number += len(table)
            if file.malformed:
                raise InputError(f"row {file.malformed[0][0]} of {source.name} has too few or too many fields")
    except InputError as error:
        raise error if str(error).startswith(option) else InputError(f"{option}: {error}") from error


def _columns(
    table: str, present: list[str], wanted: Sequence[str], option: str, config: InputConfig
) -> Mapping[str, str]:
    """The columns of the table by our names: those of the arrest tables', and our own."""
    found = {}
    for name in wanted:
        names = {plain_name(name), *(map(plain_name, config.source_names(name)) if name != "into" else ())}
        matching = [theirs for theirs in present if plain_name(theirs) in names]
        if len(matching) > 1:
            raise InputError(f'{option}: {table} has {len(matching)} columns that could be "{name}": leave one')
        if matching:
            found[name] = matching[0]
    lacking = "person_id or incident_id" if wanted is _REMOVED else "person_id and into"
    if not {"person_id", "incident_id"} & set(found) or (wanted is _MERGED and len(found) < len(_MERGED)):
        raise InputError(f"{option}: {table} has no columns {lacking}")
    return found


def ids_of(series: Any, name: str, where: str, config: InputConfig) -> list[str | None]:
    """The ids of a column as the reader of arrests has them; InputError if some have lost digits."""
    meaning = meaning_of(config, "person_id" if name == "into" else name)
    if config.person_scope == "force" and name in ("person_id", "into"):
        meaning = Meaning(meaning.null_words)
    return texts_of_column(series, f'{where}: column "{name}"', meaning, config)
