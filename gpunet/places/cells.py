"""H3 cells as places: coordinates read where beats and districts are, and each arrest put into its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import scipy.sparse as sp

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.charges import first_known
from gpunet.arrests.read_report import ReadReport
from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.base.errors import ConfigError, InputError
from gpunet.config.config import Config
from gpunet.config.places_config import PlacesConfig
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import make_series

__all__ = ["as_read", "cell_areas", "neighbour_weights", "with_cells"]

#: The columns whose place coordinates take while tables are read: latitude and longitude.
_LATITUDE, _LONGITUDE = "beat", "district"

#: Why an arrest has no cell.
_WHY = ("missing", "not a number", "out of range", "at 0, 0")


def as_read(config: Config) -> Config:
    """What tables are read with where cells are places: coordinates stand where beat and district would.

    Raises
    ------
    ConfigError
        If an incident is told from others by its beat or district, or a column of coordinates is one of another use.
    """
    for name in (_LATITUDE, _LONGITUDE):
        if name in config.input.incident_key:
            raise ConfigError(
                f"[input] incident_key: {name} is a part of it, and places by coordinates are read without beats and "
                "districts: name its column as it is called in the files"
            )
    columns = {**config.input.columns, _LATITUDE: config.places.latitude, _LONGITUDE: config.places.longitude}
    return replace(config, input=replace(config.input, columns=columns))


def with_cells(arrests: Arrests, config: Config) -> tuple[Arrests, dict[str, int]]:
    """The arrests with their H3 cell as beat, and no district; and how many have no cell, by reason.

    A cell is one within its force, as a beat is. Coordinates are degrees, with a decimal point or comma.

    Parameters
    ----------
    arrests
        Read with :func:`as_read` of `config`.
    config
        Says the resolution.

    Raises
    ------
    InputError
        If no arrest has coordinates that can be used.
    """
    grid = _Grid.of(arrests, config.places.resolution)
    charges, none = arrests.charges, np.full(len(arrests), -1, np.int32)
    if charges is None:
        cell = grid.cells(*(to_host(array) for array in (arrests.force, arrests.beat, arrests.district)))
    else:
        force = to_host(arrests.force)[to_host(charges.arrest)]
        of_charge = grid.cells(force, to_host(charges.beat), to_host(charges.district))
        cell = to_host(first_known(of_charge, to_host(charges.arrest), len(arrests))).astype(np.int32)
        charges = replace(charges, beat=of_charge, district=np.full(len(charges), -1, np.int32))
    if not (cell >= 0).any():
        names = config.places
        raise InputError(
            "no arrest has coordinates that can be used: name the columns of latitude and longitude, in degrees, under "
            f'[places] latitude and longitude, "{names.latitude}" and "{names.longitude}" now, or take --unit beat'
        )
    reasons = grid.reasons(to_host(arrests.beat)[cell < 0], to_host(arrests.district)[cell < 0])
    placed = replace(
        arrests,
        beat=cell,
        district=none,
        beat_names=make_series("beat", grid.names),
        district_names=make_series("district", []),
        charges=charges,
        config=config,
        report=_as_told(arrests.report, config.places),
    )
    return placed, reasons


@dataclass(eq=False)
class _Grid:
    """Cells of the coordinates that stand as texts where beats and districts do.

    ``names``: of the cells, ascending, as of beats; known once :meth:`cells` was called.
    """

    latitude: Float64
    longitude: Float64
    forces: Sequence[str]
    resolution: int
    names: list[str]

    @classmethod
    def of(cls, arrests: Arrests, resolution: int) -> _Grid:
        forces = [text or "" for text in arrests.force_names.to_list()]
        return cls(_degrees(arrests, _LATITUDE, forces), _degrees(arrests, _LONGITUDE, forces), forces, resolution, [])

    def cells(self, force: Int32, latitude: Int32, longitude: Int32) -> Int32:
        """int32[k], codes of the cells of rows from their codes; -1 for none."""
        both = (latitude >= 0) & (longitude >= 0)
        pairs, pair_of = np.unique(
            latitude[both].astype(np.int64) * len(self.longitude) + longitude[both], return_inverse=True
        )
        north, east = np.divmod(pairs, max(len(self.longitude), 1))
        usable = self._why(north, east) == 0
        at = zip(self.latitude[north[usable]].tolist(), self.longitude[east[usable]].tolist(), strict=True)
        cell = np.full(len(pairs), -1, np.int64)
        cell[usable] = [h3.latlng_to_cell(*each, self.resolution) for each in at]
        of_row = np.full(len(force), -1, np.int64)
        of_row[both] = cell[pair_of]
        return self._coded(force, of_row)

    def _coded(self, force: Int32, cell: Int64) -> Int32:
        """int32[k], codes of pairs of a force and a cell, by the names of these; -1 where there is no cell."""
        there = cell >= 0
        numbers, number_of = np.unique(cell[there], return_inverse=True)
        pairs, pair_of = np.unique(force[there].astype(np.int64) * len(numbers) + number_of, return_inverse=True)
        names = [
            _named(self.forces[i // len(numbers)], h3.int_to_str(int(numbers[i % len(numbers)])))
            for i in pairs.tolist()
        ]
        order = sorted(range(len(names)), key=names.__getitem__)
        self.names = [names[i] for i in order]
        code = np.empty(len(names), np.int32)
        code[order] = np.arange(len(names), dtype=np.int32)
        found = np.full(len(force), -1, np.int32)
        found[there] = code[pair_of]
        return found

    def _why(self, latitude: Any, longitude: Any) -> Any:
        """int64[k], why coordinates of these codes are none: position in :data:`_WHY`, 0 if they are some."""
        north, east = self.latitude[latitude], self.longitude[longitude]
        why = np.zeros(len(north), np.int64)
        why[(north == 0) & (east == 0)] = _WHY.index("at 0, 0")
        why[(np.abs(north) > 90) | (np.abs(east) > 180)] = _WHY.index("out of range")
        why[np.isnan(north) | np.isnan(east)] = _WHY.index("not a number")
        return why

    def reasons(self, latitude: Int32, longitude: Int32) -> dict[str, int]:
        """How many of the arrests without a cell are so for which reason; those of half a pair are missing it."""
        both = (latitude >= 0) & (longitude >= 0)
        count = np.bincount(self._why(latitude[both], longitude[both]), minlength=len(_WHY))
        count[0] += int((~both).sum())  # what is in order of an arrest, and of none of its rows, is half a pair twice
        return {why: number for why, number in zip(_WHY, count.tolist(), strict=True) if number}


def _named(force: str, name: str) -> str:
    return f"{force}/{name}" if force else name


def _degrees(arrests: Arrests, column: str, forces: Sequence[str]) -> Float64:
    """float64[codes], the numbers that the names of places are, without their force; NaN for what is none."""
    names = getattr(arrests, f"{column}_names").to_list()
    code, force = to_host(getattr(arrests, column)), to_host(arrests.force)
    if arrests.charges is not None:
        code, force = to_host(getattr(arrests.charges, column)), force[to_host(arrests.charges.arrest)]
    owner = np.zeros(len(names), np.int64)
    owner[code[code >= 0]] = force[code >= 0]
    of = [forces[i] for i in owner.tolist()] if forces else []
    return np.array([_number(text[len(own) + 1 :] if own else text) for own, text in zip(of, names, strict=True)])


def _number(text: str) -> float:
    try:
        found = float(text.replace(",", ".") if "." not in text else text)
    except ValueError:
        return nan
    return found if isfinite(found) else nan


def _as_told(report: ReadReport | None, asked: PlacesConfig) -> ReadReport | None:
    """The report with coordinates under their names."""
    if report is None:
        return None
    names = {_LATITUDE: "latitude", _LONGITUDE: "longitude"}

    def renamed(of: Mapping[str, Any]) -> dict[str, Any]:
        return {names.get(name, name): value for name, value in of.items()}

    there = {ours: theirs for ours, theirs in names.items() if ours in report.rejected.columns}
    return replace(
        report,
        columns=renamed(report.columns),
        null_words=renamed(report.null_words),
        rejected=report.rejected.rename(there),
    )


def _number_of(name: str) -> int:
    return int(h3.str_to_int(name.rpartition("/")[2]))


def cell_areas(names: Sequence[str]) -> Float64:
    """float64[places], the areas of cells in square kilometres, by the names of places."""
    return np.array([h3.cell_area(_number_of(name), "km^2") for name in names], np.float64)


def neighbour_weights(names: Sequence[str], rings: int) -> Any:
    """How much an arrest in one cell counts in another of the same force: sparse float64[places, places].

    The cell itself has 1, a ring around it half as much as the one within it, divided evenly over its cells, and all
    together 1; what falls on cells where nobody was ever arrested is lost.
    """
    at = {(name.rpartition("/")[0], _number_of(name)): i for i, name in enumerate(names)}
    whole = sum(0.5**ring for ring in range(rings + 1))
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for (force, cell), i in at.items():
        within: set[int] = set()
        for ring in range(rings + 1):
            disk = set(h3.grid_disk(cell, ring))
            around = sorted(disk - within)
            found = [j for other in around if (j := at.get((force, other))) is not None]
            rows += found
            columns += [i] * len(found)
            values += [0.5**ring / whole / len(around)] * len(found)
            within = disk
    return sp.csr_array((values, (rows, columns)), shape=(len(names), len(names)))
