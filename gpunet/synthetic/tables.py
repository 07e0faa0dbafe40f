"""From arrays to tables: one Parquet file a force and month, or one frame. Memory holds one region at a time."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gpunet.base.array_types import Int64
from gpunet.base.errors import InputError, cannot_write
from gpunet.base.paths import named_path
from gpunet.synthetic.area import Rows, make_area
from gpunet.synthetic.charges import OFFENCES, SECOND, VIOLENT
from gpunet.synthetic.config import SyntheticConfig
from gpunet.synthetic.places import district_count
from gpunet.synthetic.plan import FORCES, Plan, Region, make_plan
from gpunet.tables.files import final_name, write_whole
from gpunet.tables.frames import from_arrow
from gpunet.tables.own_files import refuse_foreign, remove_own
from gpunet.tables.parquet import write_parquet

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "FEWEST_PERSONS",
    "SyntheticSummary",
    "clear",
    "fresh_folder",
    "make_arrests",
    "put_in_place",
    "write_tables",
]

#: Fewer persons than this make no area with forces, districts and gangs.
FEWEST_PERSONS = 100

_MOST_PERSONS = int(np.iinfo(np.int32).max)

_STAGE = "synthetic tables"
_PARTIAL = ".partial"
_FIRST_ID = 1_000_000

#: What a run that was killed may have left in the hidden folder: folders and files of these names, and no others.
_FOLDERS = re.compile(r"clean|tables|\.partial|(force|month)=[a-z0-9-]+")
_FILES = re.compile(rf"({'|'.join(FORCES)})_\d{{4}}-\d\d(\.[a-z0-9]+)+|config\.toml|troubles\.json")


@dataclasses.dataclass(frozen=True)
class SyntheticSummary:
    """What was written.

    Attributes
    ----------
    persons
        Persons in the network.
    people
        All persons with an arrest.
    records
        Rows of the tables.
    one_time
        Persons arrested once.
    violent
        Rows for each violent set of the default taxonomy.
    forces, files
        Police forces, and files written.
    seed
        The seed; the same persons, seed and version give the same bytes.
    """

    persons: int
    people: int
    records: int
    one_time: int
    violent: dict[str, int]
    forces: int
    files: int
    seed: int

    def __str__(self) -> str:
        return (
            f"{self.records:,} records of {self.people:,} persons, {self.persons:,} of them in the network, "
            f"{self.one_time:,} arrested once\n{sum(self.violent.values()):,} violent: "
            + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in self.violent.items())
            + f"\n{self.files:,} files of {self.forces:,} forces, seed {self.seed}"
        )


def write_tables(
    out: str | Path,
    persons: int = 10_000,
    seed: int = 1,
    progress: Callable[[str, float, float], None] | None = None,
    config: SyntheticConfig | None = None,
) -> SyntheticSummary:
    """Write synthetic arrest tables to a folder: ``<force>_<year>-<month>.parquet``, rows in the order of their dates.

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

    Returns
    -------
    SyntheticSummary
        Counts, all taken from the rows written.

    Raises
    ------
    InputError
        If the folder holds something or cannot be made, or `persons` or `seed` is out of range.
    """
    plan = make_plan(_persons(persons), _whole("seed", seed, 0), config or SyntheticConfig())
    out = named_path(out, "the folder for the tables")
    hidden = fresh_folder(out) / _PARTIAL
    try:
        hidden.mkdir()
        tally = _Tally()
        for region in plan.regions:
            rows = _region_rows(plan, region, progress)
            tally.add(region, rows)
            for force, month, table in _tables(plan, region, rows):
                write_whole(hidden / f"{force}_{month}.parquet", partial(write_parquet, frame=table))
                tally.files += 1
            del rows
        for file in sorted(hidden.iterdir()):
            put_in_place(file, out)
    except OSError as error:
        raise cannot_write(f"cannot write to {out}", error) from error
    finally:
        clear(hidden)
    return tally.summary(plan)


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
    plan = make_plan(_persons(persons), _whole("seed", seed, 0), config or SyntheticConfig())
    tables = [
        table for region in plan.regions for _, _, table in _tables(plan, region, _region_rows(plan, region, None))
    ]
    frame: pl.DataFrame = from_arrow(pa.concat_tables(tables)).to_native()
    return frame


def _persons(value: Any) -> int:
    persons = _whole("persons", value, FEWEST_PERSONS)
    if persons > _MOST_PERSONS:
        raise InputError(f"persons: a network has at most {_MOST_PERSONS:,}, not {persons:,}")
    return persons


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name}: expected a whole number of at least {least}, not {value!r}")
    return int(value)


def fresh_folder(out: Path) -> Path:
    """Make the folder, or make sure that it is empty but for what a killed run left."""
    if out.is_symlink() and not out.exists():
        raise InputError(f"{out} is a symbolic link that leads nowhere: give another folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
        present = sorted(p.name for p in out.iterdir() if p.name != _PARTIAL)
    except OSError as error:
        raise cannot_write(f"cannot use {out} as the folder for the tables", error) from error
    if present:
        raise InputError(
            f"{out} already holds files ({', '.join(present[:3])}): give a new or empty folder, so that tables of "
            "two runs are never mixed"
        )
    refuse_foreign(out / _PARTIAL, _is_own)
    clear(out / _PARTIAL)
    return out


def clear(hidden: Path) -> None:
    """Remove the hidden folder with what was written into it; anything else stays, and with it the folder."""
    remove_own(hidden, _is_own)
    with suppress(OSError):
        hidden.rmdir()


def put_in_place(path: Path, folder: Path) -> None:
    """Move a file, or a folder, into another folder; OSError if something of its name is there."""
    target = folder / path.name
    if os.path.lexists(target):
        raise OSError(f"there is a {target.name} in it, which was not there before")
    path.replace(target)


def _is_own(parts: tuple[str, ...], is_folder: bool) -> bool:
    """Whether this program has anything of that name in the hidden folder."""
    folders = parts if is_folder else parts[:-1]
    return all(map(_FOLDERS.fullmatch, folders)) and (is_folder or _FILES.fullmatch(final_name(parts[-1])) is not None)


def _region_rows(plan: Plan, region: Region, progress: Callable[[str, float, float], None] | None) -> Rows:
    """All rows of a region ordered by force, day and incident; incidents, districts and beats get its own numbers."""
    districts = district_count(plan.largest_area, len(region.forces), plan.config.places)
    beats = districts * plan.config.places.district_beats
    made, incidents = [], 0
    for area in region.areas:
        rows = make_area(plan, region, area)
        made.append(
            rows._replace(
                incident=rows.incident + np.int32(incidents),
                district=rows.district + np.int32(area.place * districts),
                beat=np.where(rows.beat < 0, -1, rows.beat + area.place * beats).astype(np.int32),
            )
        )
        incidents += int(rows.incident[-1]) + 1
        if progress is not None:
            progress(_STAGE, float(area.index + 1), float(len(plan.areas)))
    rows = Rows.stack(made)
    del made
    key = (rows.force.astype(np.int64) << 16 | rows.day) << 32 | rows.incident
    return rows.take(np.argsort(key, kind="stable"))


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
    for position, force in enumerate(region.forces):
        start, stop = np.searchsorted(rows.force, [position, position + 1])
        of_force = rows.take(slice(start, stop))
        number = np.cumsum(np.diff(of_force.incident, prepend=-1) != 0)
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
    year = pa.array(date.astype("datetime64[Y]").astype(np.int64) + 1970).cast(pa.large_string())
    running = pc.utf8_lpad(pa.array(number).cast(pa.large_string()), width=7, padding="0")
    return pa.table(
        {
            "person_id": _FIRST_ID + rows.person * plan.id_step % plan.numbers,
            "incident_id": pc.binary_join_element_wise(year, running, pa.scalar("-", pa.large_string())),
            "date": pa.array(date),
            "offence": _texts(rows.offence, np.array(OFFENCES)),
            "district": _texts(rows.district, names["district"]),
            "beat": _texts(rows.beat, names["beat"]),
            "gang": _texts(rows.gang, names["gang"]),
            "force": _texts(np.zeros(len(rows.day), dtype=np.int8), names["force"]),
        }
    )


def _texts(codes: NDArray[Any], texts: NDArray[np.str_]) -> pa.Array:
    """The texts of codes, null where a code is below 0."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts.tolist(), pa.large_string())).dictionary_decode()


class _Tally:
    """Counts over regions, for the summary. A person is counted in the region where it lives."""

    def __init__(self) -> None:
        self.once_at_home: list[Int64] = []
        self.elsewhere: list[Int64] = []
        self.people = self.records = self.one_time = self.files = 0
        self.offences = np.zeros(len(OFFENCES), dtype=np.int64)

    def add(self, region: Region, rows: Rows) -> None:
        first, last = region.areas[0].first, region.areas[-1].first + region.areas[-1].capacity
        resident = (rows.person >= first) & (rows.person < last)
        arrests = np.bincount(rows.person[resident & (rows.offence != SECOND)] - first)
        self.people += int(np.count_nonzero(arrests))
        once = first + np.flatnonzero(arrests == 1)
        self.one_time += len(once)
        # A person arrested once here and once as a visitor of another region was arrested twice.
        starts = np.array([area.first for area in region.areas])
        often = starts + np.array([area.often for area in region.areas])
        self.once_at_home.append(once[once < often[np.searchsorted(starts, once, side="right") - 1]])
        self.elsewhere.append(rows.person[~resident])
        self.records += len(rows.person)
        self.offences += np.bincount(rows.offence[rows.offence >= 0], minlength=len(OFFENCES))

    def summary(self, plan: Plan) -> SyntheticSummary:
        violent = {
            name: sum(int(self.offences[OFFENCES.index(text)]) for text, _ in texts) for name, texts in VIOLENT.items()
        }
        forces = sum(len(region.forces) for region in plan.regions)
        twice = np.intersect1d(np.concatenate(self.once_at_home), np.concatenate(self.elsewhere))
        counts = (self.people, self.records, self.one_time - len(twice))
        return SyntheticSummary(plan.persons, *counts, violent, forces, self.files, plan.seed)
