"""All rows of a region: its areas one after the other, then numbered and ordered as the region's forces have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gpunet.base.array_types import Int64
from gpunet.synthetic.area import Hidden, Rows, make_area_whole
from gpunet.synthetic.places import district_count
from gpunet.synthetic.plan import Area, Plan, Region

__all__ = ["WithArea", "incident_ids", "region_rows", "running_numbers", "texts"]

_STAGE = "synthetic tables"

#: What is called with each area, its rows, what else the generator knows of it, and the number that the region gives to
#: its incident 0.
WithArea: TypeAlias = Callable[[Area, Rows, Hidden, int], object]


def region_rows(
    plan: Plan,
    region: Region,
    progress: Callable[[str, float, float], None] | None = None,
    with_area: WithArea | None = None,
) -> Rows:
    """All rows of a region ordered by force, day and incident; incidents, districts and beats get its own numbers."""
    districts = district_count(plan.largest_area, len(region.forces), plan.config.places)
    beats = districts * plan.config.places.district_beats
    made, incidents = [], 0
    for area in region.areas:
        rows, hidden = make_area_whole(plan, region, area)
        if with_area is not None:
            with_area(area, rows, hidden, incidents)
        del hidden
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


def running_numbers(force: NDArray[Any], incident: NDArray[Any]) -> Int64:
    """The running number, from 1, of each row's incident among its force's; rows are ordered by force and incident."""
    begins = (np.diff(force, prepend=-1) != 0) | (np.diff(incident, prepend=incident[:1] - 1) != 0)
    count = np.cumsum(begins)
    first = np.searchsorted(force, force)
    number: Int64 = count - (count[first] - 1)
    return number


def incident_ids(date: NDArray[np.datetime64], number: Int64, mark: str = "", width: int = 7) -> pa.Array:
    """``<year>-<mark><number>`` of each date and number."""
    year = pa.array(date.astype("datetime64[Y]").astype(np.int64) + 1970).cast(pa.large_string())
    running = pc.utf8_lpad(pa.array(number).cast(pa.large_string()), width=width, padding="0")
    return pc.binary_join_element_wise(year, running, pa.scalar(f"-{mark}", pa.large_string()))


def texts(codes: NDArray[Any], of: NDArray[np.str_]) -> pa.Array:
    """The text ``of[code]`` of each code, null where a code is below 0."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(of.tolist(), pa.large_string())).dictionary_decode()
