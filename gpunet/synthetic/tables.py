"""From arrays to tables: one Parquet file a force and month, or one frame. Memory holds one region at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gpunet.base.array_types import Int64
from gpunet.base.errors import cannot_write
from gpunet.base.paths import named_path
from gpunet.base.private import make_folder
from gpunet.synthetic.area import Rows
from gpunet.synthetic.charges import OFFENCES
from gpunet.synthetic.config import SyntheticConfig
from gpunet.synthetic.folder import PARTIAL, clear, fresh_folder, put_in_place
from gpunet.synthetic.further import FurtherTables, check_further
from gpunet.synthetic.plan import FEWEST_PERSONS, FORCES, Plan, Region, checked_plan
from gpunet.synthetic.region import incident_ids, region_rows, running_numbers, texts
from gpunet.synthetic.summary import SyntheticSummary, Tally
from gpunet.tables.files import write_whole
from gpunet.tables.frames import from_arrow
from gpunet.tables.parquet import write_parquet

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FEWEST_PERSONS", "SyntheticSummary", "make_arrests", "write_tables"]


def write_tables(
    out: str | Path,
    persons: int = 10_000,
    seed: int = 1,
    progress: Callable[[str, float, float], None] | None = None,
    config: SyntheticConfig | None = None,
    further: Collection[str] = (),
) -> SyntheticSummary:
    """Write synthetic arrest tables to a folder: ``<force>_<year>-<month>.parquet``, rows in the order of their dates.

    With further tables the arrests are in the folder ``arrests`` of it, the same bytes, and beside them lie
    ``ties.parquet`` with the ``config.toml`` that reads it, and ``victims.parquet``.

    Parameters
    ----------
    out
        Folder that does not exist yet, or is empty. The files appear in it together, at the end.
    persons
        Persons in the network, at least :data:`FEWEST_PERSONS`. Rows are about 6.9 times as many.
    seed
        The same persons, seed, settings and version give the same bytes.
    progress
        Called with what is done, how much of it is done, and how much there is.
    config
        Other settings than the calibrated ones.
    further
        Which further tables to write: ``ties``, ``victims``; docs/synthetic.md says what is in them.

    Returns
    -------
    SyntheticSummary
        Counts, all taken from the rows written.

    Raises
    ------
    InputError
        If the folder holds something or cannot be made, `persons` or `seed` is out of range, or a further table is
        none that there is.
    """
    plan = checked_plan(persons, seed, config)
    others = FurtherTables(plan, check_further(further))
    out = named_path(out, "the folder for the tables")
    hidden = fresh_folder(out) / PARTIAL
    try:
        make_folder(hidden)
        others.begin(hidden)
        arrests = hidden / "arrests" if others.names else hidden
        make_folder(arrests)
        tally = Tally()
        for region in plan.regions:
            rows = region_rows(plan, region, progress, others.add_area)
            tally.add(region, rows)
            for force, month, table in _tables(plan, region, rows):
                write_whole(arrests / f"{force}_{month}.parquet", partial(write_parquet, frame=table))
                tally.files += 1
            others.end_region(region, rows)
            del rows
        others.finish()
        for file in sorted(hidden.iterdir()):
            put_in_place(file, out)
    except OSError as error:
        raise cannot_write(f"cannot write to {out}", error) from error
    finally:
        clear(hidden)
    return tally.summary(plan, others.rows)


def make_arrests(persons: int = 1_000, seed: int = 1, config: SyntheticConfig | None = None) -> pl.DataFrame:
    """Return the rows that :func:`write_tables` would write, as one Polars frame: by force, then by date.

    Parameters
    ----------
    persons, seed, config
        As for :func:`write_tables`. Everything is in memory at once: for small tables.

    Raises
    ------
    InputError
        As :func:`write_tables`.
    """
    plan = checked_plan(persons, seed, config)
    tables = [table for region in plan.regions for _, _, table in _tables(plan, region, region_rows(plan, region))]
    frame: pl.DataFrame = from_arrow(pa.concat_tables(tables)).to_native()
    return frame


def _tables(plan: Plan, region: Region, rows: Rows) -> Iterator[tuple[str, str, pa.Table]]:
    """Each force and month of a region that has rows: names of force and month, and the table."""
    first = np.datetime64(plan.config.activity.first_day, "D")
    last = np.datetime64(plan.config.activity.last_day, "D")
    months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1)
    month_starts = np.append((months.astype("datetime64[D]") - first).astype(np.int64), np.iinfo(np.int16).max)
    places = plan.config.places
    gangs = np.array([f"G{region.index + 1:02d}{k:04d}" for k in range(int(rows.gang.max(initial=-1)) + 1)], dtype=str)
    districts = np.array([f"{k + 1:04d}" for k in range(int(rows.district.max()) + 1)])
    beats = np.array([f"{d}{b + 1:02d}" for d in districts for b in range(places.district_beats)])
    running = running_numbers(rows.force, rows.incident)
    for position, force in enumerate(region.forces):
        start, stop = np.searchsorted(rows.force, [position, position + 1])
        of_force, number = rows.take(slice(start, stop)), running[start:stop]
        cuts = np.searchsorted(of_force.day, month_starts)
        for month, begin, end in zip(months, cuts[:-1], cuts[1:], strict=True):
            if begin == end:
                continue
            part = of_force.take(slice(begin, end))
            names = {"district": districts, "beat": beats, "gang": gangs, "force": np.array([FORCES[force]])}
            yield FORCES[force], str(month), _table(plan, part, number[begin:end], names)


def _table(plan: Plan, rows: Rows, number: Int64, names: dict[str, NDArray[np.str_]]) -> pa.Table:
    """One table in the columns of the input contract."""
    date = np.datetime64(plan.config.activity.first_day, "D") + rows.day.astype("timedelta64[D]")
    return pa.table(
        {
            "person_id": plan.person_ids(rows.person),
            "incident_id": incident_ids(date, number),
            "date": pa.array(date),
            "offence": texts(rows.offence, np.array(OFFENCES)),
            "district": texts(rows.district, names["district"]),
            "beat": texts(rows.beat, names["beat"]),
            "gang": texts(rows.gang, names["gang"]),
            "force": texts(np.zeros(len(rows.day), dtype=np.int8), names["force"]),
        }
    )
