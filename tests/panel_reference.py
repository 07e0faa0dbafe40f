"""Tables with a day, and a slow, literal reference of panels from arrests and features that are known otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from reference import Arrest, reference_arrests, reference_gang, set_names
from strategies import SETS, TableCase, arrest_tables

Row = dict[str, Any]


@st.composite
def dated_tables(draw: st.DrawFn) -> tuple[TableCase, dt.date, int]:
    """A table, a day as of which there is a snapshot, and a horizon."""
    case = draw(arrest_tables(max_incidents=10))
    arrests = reference_arrests(case.rows, SETS)
    days = [a.date for a in arrests if a.date is not None]
    assume(days)
    ahead = draw(st.integers(1, (max(days) - min(days)).days + 1))
    return case, min(days) + dt.timedelta(days=ahead), draw(st.sampled_from([1, 8, 20, 100]))


def unit_of(arrest: Arrest, unit: str) -> tuple[str, ...] | None:
    """The unit that an arrest is recorded with, as the values of its id columns; None for none."""
    if unit == "force":
        return (arrest.force,)
    name = getattr(arrest, unit)
    if name is None:
        return None
    return (name,) if unit == "gang" else (arrest.force, name)


def name_of(unit: tuple[str, ...]) -> str:
    """Its name: the force is left out where there is none."""
    return "/".join(unit if unit[0] or len(unit) == 1 else unit[1:])


def persons_of(arrests: Sequence[Arrest], unit: str) -> dict[tuple[str, ...], set[Any]]:
    """Of every unit known the persons: ever arrested there, or with it as their most recent gang."""
    found: dict[tuple[str, ...], set[Any]] = {}
    for arrest in arrests:
        if (of := unit_of(arrest, unit)) is not None:
            found.setdefault(of, set()).add(arrest.person)
    if unit != "gang":
        return found
    gangs = {
        person: reference_gang([a for a in arrests if a.person == person]) for person in {a.person for a in arrests}
    }
    return {of: {person for person, gang in gangs.items() if (gang,) == of} for of in found}


def reference_units(
    arrests: Sequence[Arrest], unit: str, features: Mapping[str, Mapping[Any, Any]], sets: Sequence[str]
) -> dict[str, Row]:
    """``{name: row}`` of every unit known of the arrests of a cut; `features` are ``{column: {person: value}}``."""
    rows = {}
    for of, persons in persons_of(arrests, unit).items():
        own = [a for a in arrests if unit_of(a, unit) == of]
        row: Row = {"persons": len(persons)}
        row |= {f"arrests__{name}": sum(a.is_in(name) for a in own) for name in set_names(sets)}
        for name, values in features.items():
            some = [values[person] for person in sorted(persons) if values[person] is not None]
            row[f"{name}__sum"] = sum(some)
            row[f"{name}__mean"] = sum(some) / len(some) if some else None
            row[f"{name}__max"] = max(some, default=None)
        rows[name_of(of)] = row
    return rows


def violent_in(arrests: Sequence[Arrest], start: dt.date, end: dt.date) -> list[Arrest]:
    return [a for a in arrests if a.is_in("violent") and a.date is not None and start <= a.date < end]


def reference_series(
    arrests: Sequence[Arrest],
    unit: str,
    grid: Sequence[dt.date],
    horizon: int,
    snapshots: Mapping[dt.date, Mapping[str, Row]],
) -> dict[tuple[str, dt.date], Row]:
    """``{(unique_id, ds): row}``; `grid` has the day after the last one too, `snapshots` the units known as of each."""
    last = max(a.date for a in arrests if a.date is not None)
    rows = {}
    for ds, following in pairwise(grid):
        lagged = [day for day in grid[:-1] if (ds - day).days >= horizon]
        if not lagged or (following - last).days > 1:
            continue
        for name, known in snapshots[max(lagged)].items():
            there = [a for a in violent_in(arrests, ds, following) if unit_of(a, unit) is not None]
            rows[name, ds] = {"y": sum(name_of(unit_of(a, unit)) == name for a in there), **known}
    return rows
