"""Further tables beside the arrests: ties of other kinds, victims, and the configuration that reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from gpunet.base.errors import InputError
from gpunet.base.private import make_file, make_folder
from gpunet.synthetic.area import Hidden, Rows
from gpunet.synthetic.associations import KINDS, Surroundings
from gpunet.synthetic.charges import OFFENCES
from gpunet.synthetic.config import SyntheticConfig
from gpunet.synthetic.plan import FORCES, Area, Plan, Region, checked_plan
from gpunet.synthetic.region import incident_ids, region_rows, running_numbers, texts
from gpunet.synthetic.reports import draw_reports, ties_table
from gpunet.synthetic.victims import Victimisations, draw_victims
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.files import write_new, write_whole
from gpunet.tables.frames import from_arrow
from gpunet.tables.parquet import write_parquet, write_parquet_parts

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FURTHER", "FurtherTables", "check_further", "make_ties", "make_victims"]

#: The further tables that there are.
FURTHER = ("ties", "victims")

#: What the configuration says of a kind that it has to say more of than how good reports must be.
_SOCIAL_MEDIA = {
    "social_media": "true",
    "task_ref": '"SYNTHETIC-1"',
    "authority": '"nobody: these people are made up"',
}


def check_further(further: Collection[str]) -> tuple[str, ...]:
    """The names of further tables, each once and in our order.

    Raises
    ------
    InputError
        If one is unknown.
    """
    names = [further] if isinstance(further, str) else list(further)
    for name in names:
        if name not in FURTHER:
            raise InputError(
                f"there is no further table called {name!r}: those to make with the arrests are {', '.join(FURTHER)}"
            )
    return tuple(name for name in FURTHER if name in names)


def make_ties(persons: int = 1_000, seed: int = 1, config: SyntheticConfig | None = None) -> pl.DataFrame:
    """Return the rows of the ``ties.parquet`` that belongs to ``make_arrests(persons, seed, config)``.

    The persons are those of the arrests, and some known from ties alone; docs/synthetic.md has the columns, and what
    the kinds are worth.

    Parameters
    ----------
    persons, seed, config
        As for :func:`~gpunet.synthetic.make_arrests`, which makes the same arrests whether or not this is called.

    Raises
    ------
    InputError
        As :func:`~gpunet.synthetic.make_arrests`.

    Examples
    --------
    >>> make_ties(persons=100, seed=1)["kind"].unique().sort().to_list()
    ['calls', 'intelligence', 'observation', 'social_media']
    """
    return _made("ties", checked_plan(persons, seed, config))


def make_victims(persons: int = 1_000, seed: int = 1, config: SyntheticConfig | None = None) -> pl.DataFrame:
    """Return the rows of the ``victims.parquet`` that belongs to ``make_arrests(persons, seed, config)``.

    An incident is the same as one of the arrests where force and incident_id are; those with a ``U`` in their
    incident_id have no arrest.

    Parameters
    ----------
    persons, seed, config
        As for :func:`~gpunet.synthetic.make_arrests`.

    Raises
    ------
    InputError
        As :func:`~gpunet.synthetic.make_arrests`.

    Examples
    --------
    >>> make_victims(persons=100, seed=1).columns
    ['person_id', 'incident_id', 'date', 'offence', 'recorded_at', 'force']
    """
    return _made("victims", checked_plan(persons, seed, config))


def _made(name: str, plan: Plan) -> pl.DataFrame:
    tables = FurtherTables(plan, (name,))
    for region in plan.regions:
        tables.end_region(region, region_rows(plan, region, with_area=tables.add_area))
    frame: pl.DataFrame = from_arrow(pa.concat_tables(tables.kept)).to_native()
    return frame


class FurtherTables:
    """Makes further tables while the arrests are made, an area after the other.

    Without a folder the parts are kept. With one each is written as a piece of its own, so that they need no memory,
    and :meth:`finish` makes one file of the pieces.

    Attributes
    ----------
    rows
        Rows so far of each table.
    kept
        The parts, if there is no folder.
    """

    def __init__(self, plan: Plan, names: tuple[str, ...]) -> None:
        self.plan, self.names = plan, names
        self.rows = dict.fromkeys(names, 0)
        self.kept: list[pa.Table] = []
        self._folder: Path | None = None
        self._pieces: dict[str, list[Path]] = {name: [] for name in names}
        self._victims: list[Victimisations] = []
        self._unsolved = 0

    def begin(self, folder: Path) -> None:
        """Write into this folder."""
        self._folder = folder
        if self.names:
            make_folder(folder / "pieces")

    def add_area(self, area: Area, rows: Rows, hidden: Hidden, first_incident: int) -> None:
        """Make what belongs to an area, whose incidents have the numbers from `first_incident` on in its region."""
        if not self.names:
            return
        around = Surroundings(self.plan, area, hidden)
        if "ties" in self.names:
            self._add("ties", ties_table(self.plan, draw_reports(self.plan, area, around)))
        if "victims" in self.names:
            found = draw_victims(self.plan, area, rows, around)
            incident = np.where(found.incident >= 0, found.incident + first_incident, found.incident - self._unsolved)
            self._victims.append(found._replace(incident=incident))
            self._unsolved = -min(int(incident.min(initial=0)), -self._unsolved)

    def end_region(self, region: Region, rows: Rows) -> None:
        """Make what needs all areas of a region; `rows` are its arrests."""
        if "victims" in self.names:
            self._add("victims", _victims_table(self.plan, region, rows, Victimisations.stack(self._victims)))
            self._victims, self._unsolved = [], 0

    def finish(self) -> None:
        """Make the files of the pieces, and the configuration."""
        if self._folder is None or not self.names:
            return
        for name, pieces in self._pieces.items():
            write_whole(self._folder / f"{name}.parquet", partial(write_parquet_parts, frames=_taken(pieces)))
        (self._folder / "pieces").rmdir()
        if "ties" in self.names:
            write_new(self._folder / "config.toml", _configuration(self.plan))

    def _add(self, name: str, table: pa.Table) -> None:
        self.rows[name] += len(table)
        if self._folder is None:
            self.kept.append(table)
            return
        pieces = self._pieces[name]
        pieces.append(self._folder / "pieces" / f"{name}-{len(pieces)}.parquet")
        make_file(pieces[-1])
        write_parquet(pieces[-1], table)


def _taken(pieces: list[Path]) -> Iterator[pa.Table]:
    """The tables of the pieces, which are removed one after the other."""
    for piece in pieces:
        yield parquet.read_table(for_arrow(piece))
        piece.unlink()


def _victims_table(plan: Plan, region: Region, rows: Rows, victims: Victimisations) -> pa.Table:
    """The victims of a region in the columns of a table of victims: by force, then by date."""
    number = np.zeros(int(rows.incident.max()) + 1, dtype=np.int64)
    number[rows.incident] = running_numbers(rows.force, rows.incident)
    victims = victims.take(np.lexsort((victims.incident, victims.day, victims.force)))
    solved = victims.incident >= 0
    day = np.datetime64(plan.config.activity.first_day, "D") + victims.day
    running = number[np.maximum(victims.incident, 0)]
    running[~solved] = running_numbers(victims.force[~solved], victims.incident[~solved])
    arrested, nobody = incident_ids(day, running), incident_ids(day, running, "U", width=6)
    forces = np.array([FORCES[force] for force in region.forces])
    return pa.table(
        {
            "person_id": plan.person_ids(victims.person),
            "incident_id": pc.if_else(pa.array(solved), arrested, nobody),
            "date": pa.array(day),
            "offence": texts(victims.offence, np.array(OFFENCES)),
            "recorded_at": pa.array(day + (victims.recorded - victims.day)),
            "force": texts(victims.force, forces),
        }
    )


def _configuration(plan: Plan) -> str:
    """The configuration that reads the ties: its sections of kinds."""
    # A task in social media ends some day; this one long after the data, whatever day it is read on.
    expires = date(min(plan.config.activity.last_day.year + 100, date.max.year), 12, 31)
    lines = ["# What reads the ties beside this file.", ""]
    for kind in KINDS:
        lines += [f"[ties.{kind}]", "use = true", "min_source = 2", 'min_information = "C"']
        if kind == "social_media":
            lines += [*(f"{key} = {value}" for key, value in _SOCIAL_MEDIA.items()), f"expires = {expires.isoformat()}"]
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"
