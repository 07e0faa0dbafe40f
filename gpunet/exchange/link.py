"""``gpunet link``: which ids in two tables of persons may be one person, with probabilities, for somebody to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base._version import __version__
from gpunet.base.array_types import Int64
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.paths import refuse_taken
from gpunet.base.progress import ProgressCallback
from gpunet.base.versions import package_versions
from gpunet.config.config import load_config
from gpunet.exchange.comparisons import IN_WORDS, Compared, compared
from gpunet.exchange.link_file import SCHEMA, write_links
from gpunet.exchange.link_log import entered, not_entered, refuse_unwritable_log
from gpunet.exchange.link_model import Scored, scored_pairs
from gpunet.exchange.persons_table import Persons, asked_columns, pseudonyms_of_both, read_persons

__all__ = ["LinkSummary", "link"]

_DIGITS = 6

_LIBRARIES = ("splink", "duckdb")


@dataclass(frozen=True)
class LinkSummary:
    """What came of linking: counts, how columns were compared, and what could not be learnt."""

    persons: tuple[int, int]
    records: tuple[int, int]
    without_id: tuple[int, int]
    compared: dict[str, str]
    links: int
    notes: tuple[str, ...]


def link(
    a: str,
    b: str,
    on: Sequence[str],
    out: Path,
    config: Any = None,
    *,
    min_probability: float = 0.5,
    seed: int = 1,
    progress: ProgressCallback | None = None,
) -> LinkSummary:
    """Write the links between ids of table `a` and ids of table `b` that may be one person.

    Parameters
    ----------
    a, b
        Tables of persons, each a file, a folder or a glob, with ``person_id`` and the columns that are compared. A
        person may have several rows: the pair of rows that is most likely one person counts.
    on
        The columns that are compared, two or more; none that is protected.
    out
        The new file.
    config
        ``[input]`` says how ids are called and written, ``[governance]`` what the links are for.
    min_probability
        Pairs below are left out.
    seed
        Of the random pairs from which it is learnt how often values agree by chance.
    progress
        Called as it goes on.

    Returns
    -------
    LinkSummary
        Nothing in it names a person.

    Raises
    ------
    InputError
        If a table or a column cannot be used, the two tables have pseudonyms of different keys, or `out` is there.
    EngineError
        If Splink is not installed.
    """
    settings, names = load_config(config), asked_columns(on)
    if not 0 < min_probability <= 1:
        raise ConfigError(f"--min-probability {min_probability}: give a number above 0 and up to 1")
    refuse_taken(out, "--out")
    refuse_unwritable_log(settings, out)
    first, second = (read_persons(path, names, settings, what, progress) for path, what in ((a, "A"), (b, "B")))
    pseudonyms = pseudonyms_of_both(first, second)
    columns = [compared(name, first.values[at], second.values[at], settings.input) for at, name in enumerate(names)]
    if empty := [column.name for column in columns if not any(column.a) or not any(column.b)]:
        raise InputError(f'--on: "{empty[0]}" has no value that can be used in one of the tables: leave it out')

    scored = scored_pairs(columns, min_probability, seed, progress)
    table = _table(first, second, columns, scored)
    metadata = {
        "governance": settings.governance.stated(),
        "versions": {"gpunet": __version__, **package_versions(_LIBRARIES)},
        "links": {
            "on": {column.name: IN_WORDS[column.kind] for column in columns},
            "min_probability": min_probability,
            "seed": seed,
            "a": _files(first),
            "b": _files(second),
            "notes": list(scored.notes),
            "model": scored.parameters,
        },
        **({} if pseudonyms is None else {"pseudonyms": pseudonyms}),
    }
    persons = len(set(first.ids)), len(set(second.ids))
    unlogged = not_entered(settings, out)
    write_links(out, table, metadata, lambda sha256: entered(settings, out, "combination", sha256, sum(persons)))
    return LinkSummary(
        persons,
        (len(first), len(second)),
        (first.without_id, second.without_id),
        metadata["links"]["on"],
        len(table),
        (*scored.notes, *unlogged),
    )


def _files(persons: Persons) -> list[dict[str, str | None]]:
    return [{"name": file.name, "sha256": file.sha256} for file in persons.files]


def _table(first: Persons, second: Persons, columns: Sequence[Compared], scored: Scored) -> pa.Table:
    """A row for each two ids that differ: the most likely pair of their records, the most likely links first."""
    rows: dict[frozenset[str], tuple[float, str, str, int]] = {}
    probability = np.round(scored.probability, _DIGITS)
    order = np.lexsort((scored.b, scored.a, -scored.levels.sum(axis=0), -probability))
    for at in order.tolist():
        person_a, person_b = first.ids[scored.a[at]], second.ids[scored.b[at]]
        if person_a != person_b:
            rows.setdefault(frozenset((person_a, person_b)), (-float(probability[at]), person_a, person_b, at))
    found = sorted(rows.values())
    nothing = [None] * len(found)
    names = [column.name for column in columns]
    told = [_agreement(names, scored.levels[:, at], scored.best) for *_, at in found]
    values = [[row[1] for row in found], [row[2] for row in found], [-row[0] for row in found], told]
    return pa.table([*values, *(nothing for _ in SCHEMA.names[len(values) :])], schema=SCHEMA)


def _agreement(names: Sequence[str], levels: Int64, best: Sequence[int]) -> str:
    """Which columns agree; one that is alike and not equal has ``~`` behind it."""
    agree = [
        name if level == most else f"{name}~"
        for name, level, most in zip(names, levels.tolist(), best, strict=True)
        if level > 0
    ]
    return ",".join(agree)
