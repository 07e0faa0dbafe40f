"""Whom a run left out, told by where its tables first name them: who has no table learns nothing of it.

``run.json`` must not hold the id of a person who was erased, nor anything that an id could be tried on. But a run that
is made again has to leave out the same persons once more. So it holds numbers: a table names its persons in some order,
and the first person of it has number 0. Each list of numbers is of a table with a certain SHA-256, and of no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gpunet.base.errors import GpunetError
from gpunet.base.paths import path_named
from gpunet.config.config import Config
from gpunet.config.input_config import BESIDE
from gpunet.reading.named_persons import Named, persons_named
from gpunet.tables.files import sha256_of

__all__ = ["LEFT_OUT", "TableRead", "joined_left_out", "left_out", "persons_left_out", "tables_read", "with_left_out"]

#: The key under ``corrections`` of a manifest.
LEFT_OUT = "left_out_at"


class TableRead(NamedTuple):
    """A table that a run has read: ``"arrests"``, ``"ties"`` or ``"victims"``, where it is, and its hash then."""

    kind: str
    path: str
    sha256: str


def tables_read(read: Mapping[str, Any], elsewhere: Mapping[str, str] | None = None) -> list[TableRead]:
    """The tables that ``input`` of a manifest names; those of `elsewhere` are there, by their hashes."""
    moved = elsewhere or {}
    return [
        TableRead(kind, moved.get(file["sha256"]) or path_named(file["name"]), file["sha256"])
        for kind, of in {"arrests": read, **{name: read[name] for name in BESIDE if name in read}}.items()
        for file in of["files"]
        if file.get("sha256")
    ]


def left_out(persons: frozenset[str], tables: Iterable[TableRead], config: Config) -> list[dict[str, Any]]:
    """For each table the numbers of those persons whom it names; nothing of one that is gone or has changed.

    Parameters
    ----------
    persons
        Who was left out, by the ids that results would have.
    tables
        What was read.
    config
        How.

    Returns
    -------
    list of dict
        ``sha256`` of the table and ``numbers``, ascending; tables that name none of them have no entry.
    """
    return [
        {"sha256": table.sha256, "numbers": numbers}
        for table in (tables if persons else ())
        if (numbers := _named_in(table, config).places_of(persons))
    ]


def persons_left_out(corrections: Mapping[str, Any], tables: Iterable[TableRead], config: Config) -> frozenset[str]:
    """Whom ``corrections`` of a manifest tell that a run left out, as far as its tables are what they were."""
    numbers = {told["sha256"]: set(told["numbers"]) for told in joined_left_out(corrections.get(LEFT_OUT, ()))}
    found: set[str] = set()
    for table in tables:
        if wanted := numbers.get(table.sha256):
            ids, forms = _named_in(table, config)
            found.update(person for at, person in enumerate([*ids, *forms]) if at in wanted)
    return frozenset(found)


def with_left_out(counts: Mapping[str, Any], told: list[dict[str, Any]]) -> dict[str, Any]:
    """The counts of corrections, and what is told of whom they left out, if anything is."""
    return {**counts, **({LEFT_OUT: told} if told else {})}


def joined_left_out(*several: Any) -> list[dict[str, Any]]:
    """What several corrections left out, one after the other; what is nothing of the kind is passed over.

    >>> joined_left_out([{"sha256": "a", "numbers": [3]}], [{"sha256": "a", "numbers": [1]}, "of others"])
    [{'sha256': 'a', 'numbers': [1, 3]}]
    """
    numbers: dict[str, set[int]] = {}
    for told in (one for each in several if isinstance(each, list) for one in each if isinstance(one, dict)):
        if isinstance(told.get("sha256"), str) and isinstance(told.get("numbers"), list):
            numbers.setdefault(told["sha256"], set()).update(at for at in told["numbers"] if isinstance(at, int))
    return [{"sha256": sha256, "numbers": sorted(of)} for sha256, of in numbers.items()]


def _named_in(table: TableRead, config: Config) -> Named:
    """Whom a table names, in order; nobody if it is not what it was."""
    try:
        if sha256_of(Path(table.path)) == table.sha256:
            return persons_named(table.path, config, table.kind)
    except (GpunetError, OSError):
        return Named([], [])
    return Named([], [])
