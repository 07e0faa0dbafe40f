"""``gpunet pseudonymise``: tables in, a folder of tables with pseudonyms out, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from gpunet.arrests.joined import check_key
from gpunet.base._version import __version__
from gpunet.base.errors import ConfigError, InputError, cannot_write
from gpunet.base.paths import refuse_inputs
from gpunet.base.private import make_folder
from gpunet.config.config import Config
from gpunet.config.input_config import DATE_PARTS
from gpunet.config.ties_config import check_authority
from gpunet.exchange.coarse_dates import Step
from gpunet.exchange.keys import Key, domain_named
from gpunet.exchange.link_log import entered, not_entered, refuse_unwritable_log
from gpunet.exchange.pseudonyms import Pseudonymiser
from gpunet.exchange.row_order import Rows, rows_by_default, shuffled
from gpunet.exchange.rows import Made, rows_of_arrests, rows_of_ties
from gpunet.exchange.uniqueness import measured, written_config
from gpunet.reading.beside import victims_input
from gpunet.reading.names import check_forces
from gpunet.reading.protected import check_config
from gpunet.reading.pseudonymised import KINDS
from gpunet.reading.sources import LIST, UNIQUENESS, Source, find_sources
from gpunet.reading.ties_columns import as_input
from gpunet.tables.files import sha256_of, write_whole
from gpunet.tables.parquet import write_parquet
from gpunet.tables.partial_files import partial_folder

__all__ = ["LIST", "UNIQUENESS", "Written", "pseudonymise"]

#: Files have numbers in their order, of so many digits at least: names of the inputs may hold anything.
_DIGITS = 4

_Reader = Callable[[Source, Config, Pseudonymiser, Step, date], Made]


@dataclass(eq=False)
class Written:
    """What was written: the lists as they are in the folder, and sentences for the user."""

    listed: dict[str, Any]
    uniqueness: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def pseudonymise(
    inputs: Sequence[str],
    config: Config,
    key: Key,
    domain: str,
    out: Path,
    *,
    dates: Step = "day",
    rows: Rows | None = None,
    today: date | None = None,
    told: Callable[[str, int, int], None] | None = None,
) -> Written:
    """Write tables in which pseudonyms stand for the ids of persons and incidents, for a run in another place.

    Parameters
    ----------
    inputs
        Tables of arrests: files, folders, globs. `config` names those of ties and victims.
    config
        How the tables are read, and what for (``[governance]``).
    key, domain
        Whoever has the same two gets the same pseudonyms for the same ids.
    out
        Folder for ``arrests``, ``ties`` and ``victims``; new or empty.
    dates
        Days as they are, or their week's or month's first.
    rows
        In the order of each file, or in one that the key alone tells; by default that of the file with days as they are
        and the other one with weeks and months, whose days the order of a file may tell.
    today
        Dates after this day are none; the present day if None.
    told
        Called with a kind of tables, and how many of how many files are done.

    Raises
    ------
    InputError
        If a table cannot be read, or `out` is not empty.
    ConfigError
        If the configuration does not fit, or incidents could not be told apart by coarser dates.
    """
    domain, rows = domain_named(domain), rows or rows_by_default(dates)
    today = today or date.today()
    _check(config, dates, today)
    _refuse_full(out)
    paths = {"arrests": list(inputs), "ties": list(config.input.ties), "victims": list(config.input.victims)}
    refuse_inputs(out, [path for of_kind in paths.values() for path in of_kind])
    said = {"fingerprint": key.fingerprint, "domain": domain, "dates": dates, "scope": config.input.person_scope}
    refuse_unwritable_log(config, out)
    try:
        make_folder(out.absolute().parent)
        with partial_folder(out.absolute()) as partial:
            writer = _Writer(partial, config, Pseudonymiser(key, domain), dates, rows, today, said)
            for kind in KINDS:
                if paths[kind]:
                    writer.write(kind, paths[kind], told)
            listed = {
                "gpunet": "pseudonymise",
                "version": __version__,
                "pseudonyms": said,
                "rows": rows,
                "governance": config.governance.stated(),
                "read_with": {"incident_key": list(config.input.incident_key), "absent": _absent(config)},
                "persons": len(writer.persons),
                "tables": writer.tables,
            }
            uniqueness = measured(partial, written_config(config), dates, today)
            _write_json(partial / LIST, listed)
            _write_json(partial / UNIQUENESS, uniqueness)
            writer.warnings += not_entered(config, out)
            entered(config, out, "disclosure", _sha256_of_all(partial), len(writer.persons))
            _put_in_place(partial, out)
    except OSError as error:
        raise cannot_write(f"cannot write into {out}", error) from error
    return Written(listed, uniqueness, writer.warnings)


def _check(config: Config, dates: Step, today: date) -> None:
    check_config(config.input)
    parts = DATE_PARTS.intersection(config.input.incident_key)
    merged = {"day": frozenset[str](), "week": parts, "month": parts - {"year"}}[dates]
    if merged:
        raise ConfigError(
            f"--dates {dates}: the date is a part of [input] incident_key, so incidents of one {dates} would become "
            "one: give --dates day, or another incident_key"
        )
    if config.input.person_links:
        raise ConfigError(
            "[input] person_links: links are of raw ids, and no pseudonyms are made of them: leave it out, and link "
            "persons before, or not at all"
        )
    if config.input.ties:
        check_authority(config.ties, today)
    if config.input.victims:
        check_key(config)


def _absent(config: Config) -> list[str]:
    return [name for name in config.input.columns if config.input.is_absent(name)]


class _Writer:
    """Writes the tables of each kind, a file for each input, in their order."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        of: Pseudonymiser,
        dates: Step,
        rows: Rows,
        today: date,
        said: dict[str, str],
    ) -> None:
        self.tables: list[dict[str, Any]] = []
        self.persons: set[str] = set()
        self.warnings: list[str] = []
        self._folder, self._config, self._of, self._dates = folder, config, of, dates
        self._rows, self._today, self._said = rows, today, said

    def write(self, kind: str, paths: Sequence[str], told: Callable[[str, int, int], None] | None) -> None:
        """Write the tables of a kind."""
        config, read = self._config, _READERS[kind]
        find = as_input(config.input) if kind == "ties" else config.input
        if kind == "victims":
            config = replace(config, input=victims_input(config.input))
            find = config.input
        sources = find_sources(paths, find, self.warnings)
        (self._folder / kind).mkdir(mode=0o700)
        forces: set[str] = set()
        in_order: dict[Sequence[str], list[str]] = {}
        rows = 0
        for number, source in enumerate(sources):
            made = read(source, config, self._of, self._dates, self._today)
            if self._rows == "shuffled":
                table = shuffled(made.table, self._of, f"{kind} {made.sha256}")
                made = replace(made, table=table, in_order=())
            name = f"{kind}/{number + 1:0{max(_DIGITS, len(str(len(sources))))}}.parquet"
            self._write_table(name, kind, made)
            self.warnings += made.warnings
            if made.in_order:
                in_order.setdefault(made.in_order, []).append(name)
            forces |= made.forces
            rows += len(made.table)
            if told is not None:
                told(kind, number + 1, len(sources))
        self.warnings += [_told_by_order(names, len(sources), columns) for columns, names in in_order.items()]
        check_forces(config, forces, rows)

    def _write_table(self, name: str, kind: str, made: Made) -> None:
        path = self._folder / name
        metadata = {"pseudonyms": {**self._said, "kind": kind}, "governance": self._config.governance.stated()}
        write_whole(path, lambda partial: write_parquet(partial, made.table, metadata))
        for column in ("person_id", "person_a", "person_b"):
            if column in made.table.column_names:
                self.persons.update(pc.unique(made.table[column]).to_pylist())
        self.tables.append(
            {
                "name": name,
                "kind": kind,
                "sha256": sha256_of(path),
                "rows": len(made.table),
                "rows_read": made.read,
                "rejected": dict(made.rejected),
                "repeats_left_out": made.repeats,
                "columns": made.table.column_names,
                "dropped_columns": list(made.dropped),
                "in_order_of": list(made.in_order),
            }
        )


def _told_by_order(names: Sequence[str], files: int, columns: Sequence[str]) -> str:
    """What the order of rows tells in some of so many files of a kind."""
    told = [f"the k-th pseudonym is that of the k-th id of {column}" for column in columns if column != "date"]
    if "date" in columns:
        told.append("which days of a week or month come first is to be seen")
    which = names[0]
    if len(names) > 1:
        which = f"{len(names):,} of {files:,} files of {which.split('/')[0]} ({LIST} names them)"
    return (
        f"{which}: the rows are in the order of {' and of '.join(columns)}, or nearly, so {' and '.join(told)}: give "
        "--rows shuffled, or tables in another order"
    )


_READERS: dict[str, _Reader] = {"arrests": rows_of_arrests, "victims": rows_of_arrests, "ties": rows_of_ties}


def _refuse_full(out: Path) -> None:
    if out.is_symlink() or (os.path.lexists(out) and not out.is_dir()):
        raise InputError(f"--out {out}: there is something of that name that is no folder: give a new or empty one")
    try:
        present = out.is_dir() and any(out.iterdir())
    except OSError as error:
        raise cannot_write(f"cannot use {out} as the folder for the tables", error) from error
    if present:
        raise InputError(f"--out {out}: this folder holds files already: give a new or empty one")


def _put_in_place(partial: Path, out: Path) -> None:
    """Rename the folder; if somebody has filled the other meanwhile, that stays as it is."""
    if out.is_dir():
        out.rmdir()
    partial.rename(out)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def _sha256_of_all(folder: Path) -> str:
    """One hash for all files: of their names and hashes, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
