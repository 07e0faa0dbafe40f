"""Synthetic tables as forces would send them: each file written in its own way, and the configuration that reads them.

They have the persons, offences and network of :func:`~gpunet.synthetic.write_tables`; docs/synthetic.md lists how they
differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from pyarrow import parquet

from gpunet.base.errors import cannot_write
from gpunet.base.paths import named_path
from gpunet.base.private import make_folder
from gpunet.synthetic import writing as choices
from gpunet.synthetic.config import SyntheticConfig
from gpunet.synthetic.dirty_files import write_table
from gpunet.synthetic.folder import PARTIAL, clear, fresh_folder, put_in_place
from gpunet.synthetic.tables import SyntheticSummary, write_tables
from gpunet.synthetic.writing import Writing, fitting, input_settings
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.files import write_new

__all__ = ["DirtySummary", "draw_writings", "write_dirty_tables"]

#: What a run has for all of its files, as the configuration has one line for it.
_ORDERS = (choices.DAY_FIRST, choices.MONTH_FIRST)


@dataclass(frozen=True)
class DirtySummary:
    """What was written: the clean tables' figures, and how many files have which trouble."""

    clean: SyntheticSummary
    troubles: dict[str, int]

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {n:,}" for name, n in self.troubles.items())
        return f"{self.clean}\nfiles not written plainly, by what of them is not: {listed}"


def write_dirty_tables(
    out: str | Path,
    persons: int = 1_000,
    seed: int = 1,
    progress: Callable[[str, float, float], None] | None = None,
    config: SyntheticConfig | None = None,
) -> DirtySummary:
    """Write synthetic tables, a file a force and month, each in its own way.

    ``tables/`` in the folder has the files, ``config.toml`` reads them to the network of
    ``write_tables(persons=persons, seed=seed)``, and ``troubles.json`` says what was done to each.

    Parameters
    ----------
    out
        Folder that does not exist yet, or is empty.
    persons, seed, progress, config
        As for :func:`~gpunet.synthetic.write_tables`; the seed also draws how files are written.

    Raises
    ------
    InputError
        If the folder holds something or cannot be made, or `persons` or `seed` is out of range.

    Examples
    --------
    >>> summary = write_dirty_tables(folder / "dirty", persons=100, seed=1)
    >>> sorted(path.name for path in (folder / "dirty").iterdir())
    ['config.toml', 'tables', 'troubles.json']
    """
    out = named_path(out, "the folder for the tables")
    hidden = fresh_folder(out) / PARTIAL
    try:
        clean = write_tables(hidden / "clean", persons, seed, progress, config)
        files = sorted((hidden / "clean").iterdir())
        writings = draw_writings(len(files), seed)
        told = [_written(hidden, file, one) for file, one in zip(files, writings, strict=True)]
        settings = input_settings(writings)
        write_new(hidden / "config.toml", _toml(settings))
        troubles = json.dumps({"persons": persons, "seed": seed, "files": told}, indent=1, ensure_ascii=False)
        write_new(hidden / "troubles.json", f"{troubles}\n")
        for name in ("tables", "config.toml", "troubles.json"):
            put_in_place(hidden / name, out)
    except OSError as error:
        raise cannot_write(f"cannot write to {out}", error) from error
    finally:
        clear(hidden)
    changed = [name for one in writings for name in one.changed()]
    return DirtySummary(clean, {name: changed.count(name) for name in sorted(set(changed))})


def _written(folder: Path, clean: Path, writing: Writing) -> dict[str, Any]:
    """Write one file anew; what there is to tell of it."""
    table = parquet.read_table(for_arrow(clean))
    force, _, month = clean.stem.rpartition("_")
    keys = {"force": force, "month": month}
    path = PurePath("tables", *(f"{key}={keys[key]}" for key in writing.folders), clean.stem + writing.file_ending)
    make_folder((folder / path).parent)
    rows = write_table(table, writing, folder / path)
    return {"file": path.as_posix(), **rows, "writing": writing.changed() | {"names": dict(writing.names)}}


def draw_writings(n: int, seed: int) -> list[Writing]:
    """How so many files are written, so that one configuration reads all of them.

    Each choice comes round and round, in another order each time, so few files have many.
    """
    rng = np.random.default_rng([seed, 0xD127])
    order = _ORDERS[int(rng.integers(len(_ORDERS)))]
    restarting, sentinel = bool(rng.integers(2)), ("UNKNOWN PERSON", "X0")[int(rng.integers(2))]
    decks = {name: _dealt(rng, options) for name, options in _decks(order, sentinel).items()}
    names = {ours: _dealt(rng, ("", *theirs)) for ours, theirs in choices.NAMES.items()}
    writings = []
    for _ in range(n):
        drawn = {name: next(deck) for name, deck in decks.items()}
        others = tuple((ours, theirs) for ours, deck in names.items() if (theirs := next(deck)))
        writings.append(fitting(Writing(**drawn, names=others, restarting=restarting)))
    return writings


def _decks(order: Sequence[str], sentinel: str) -> dict[str, Sequence[Any]]:
    """What is dealt for each choice; what is there often is dealt often."""
    flag, rarely = (False, True), (False, False, False, True)
    return {
        "kind": ("csv", "csv", "csv", "csv", "parquet", "feather", "xlsx"),
        "packing": ("", "", "", *choices.PACKINGS),
        "ending": ("", "", "", "", "csv"),
        "folders": ((), (), (), ("force",), ("force", "month"), ("month", "force")),
        "separator": choices.FOUND_SEPARATORS,
        "encoding": choices.FOUND_ENCODINGS,
        "line_end": ("\n", "\r\n", "\n", "\r\n", "\r"),
        "separator_at_end": rarely,
        "blanks": rarely,
        "quoted": rarely,
        "sep_line": rarely,
        "titles": (0, 0, 1, 2, 3),
        "total": ("", "", *choices.TOTALS),
        "two_sheets": flag,
        "spelling": tuple(choices.SPELLINGS),
        "protected": ((), *((name,) for name in choices.PROTECTED), choices.PROTECTED[:3]),
        "others": ((), choices.OTHER_COLUMNS, choices.OTHER_COLUMNS[:1]),
        "date": (*choices.DATES, *order),
        "null": choices.NULL_WORDS,
        "ids": ("as they are", "number", "float", "zeros", "hyphens", "suffix"),
        "padded": flag,
        "decomposed": rarely,
        "repeats": flag,
        "nobody": flag,
        "sentinel": ("", sentinel, ""),
        "placeholder": ("", "", "1970-01-01", "1900-01-01"),
    }


def _dealt(rng: np.random.Generator, options: Sequence[Any]) -> Iterator[Any]:
    """The options, all of them again and again, each time in another order."""
    while True:
        yield from (options[i] for i in rng.permutation(len(options)).tolist())


def _toml(settings: dict[str, Any]) -> str:
    """The configuration file."""
    lines = ["# What reads the tables beside this file.", "[input]"]
    return "\n".join([*lines, *(f"{key} = {_value(value)}" for key, value in settings.items())]) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(of)}" for key, of in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)  # texts, lists of them and truth are written alike in both
