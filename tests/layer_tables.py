"""Small tables of arrests, ties of other kinds and victims, by Hypothesis or by hand, and arrests of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from comparison import frame_of, row
from hypothesis import strategies as st
from layer_reference import Picture
from reference import was_recorded
from strategies import OFFENCES, SETS, TableCase, arrest_tables, recording_days

from gpunet import read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.arrests.beside import ALWAYS, NEVER, Associations, Kind
from gpunet.arrests.joined import TieRows, with_tables
from gpunet.base.days import day_number

#: A short memory, a long one, and a kind of which there is often no row.
KINDS = {"calls": (9.0, 20), "intelligence": (36_525.0, 36_525), "observation": (30.0, 10)}

_FIRST = dt.date(2012, 2, 20)


@dataclass(frozen=True)
class LayerCase:
    """Tables of arrests, of ties and of victims; None where there is no such table."""

    arrests: TableCase
    ties: list[dict[str, Any]] | None
    victims: list[dict[str, Any]] | None
    kinds: Mapping[str, tuple[float, int]]
    recent_days: int = 10

    @property
    def config(self) -> dict[str, Any]:
        return {**self.arrests.config, "victims": {"recent_days": self.recent_days}}

    def picture(self, as_of: dt.date | None = None) -> Picture:
        """What the reference knows, as of the case's day or another."""
        return Picture(
            self.arrests.rows, self.ties, self.victims, SETS, self.kinds, self.arrests.max_incident_size,
            self.recent_days, as_of or self.arrests.as_of,
        )  # fmt: skip

    def uncut(self) -> Arrests:
        """The arrests with both tables, of all days."""
        arrests = read_arrests(frame_of(self.arrests.rows), self.config)
        victims = None if not self.victims else read_arrests(frame_of(self.victims), self.config)
        return with_tables(arrests, None if self.ties is None else tie_rows(self.ties, self.kinds), victims)

    def read(self) -> Arrests:
        """The arrests as the features take them."""
        return self.uncut().current() if self.arrests.as_of is None else self.uncut().before(self.arrests.as_of)


def tie_rows(ties: Sequence[Mapping[str, Any]], kinds: Mapping[str, tuple[float, int]]) -> TieRows:
    """What reading makes of rows that it takes."""
    ids = sorted({str(t[end]) for t in ties for end in ("person_a", "person_b")})
    code = {name: i for i, name in enumerate(ids)}
    numbers = {
        "a": [code[str(t["person_a"])] for t in ties],
        "b": [code[str(t["person_b"])] for t in ties],
        "kind": [list(kinds).index(t["kind"]) for t in ties],
        "day": [day_number(t["date"]) for t in ties],
        "until": [NEVER if t["until"] is None else day_number(t["until"]) for t in ties],
        "recorded": [_recorded(t) for t in ties],
    }
    arrays = {name: np.array(values, np.int32) for name, values in numbers.items()}
    of_kinds = tuple(Kind(name, *numbers) for name, numbers in kinds.items())
    return TieRows(
        nw.from_native(pl.Series("id", ids, pl.String), series_only=True), Associations(**arrays, kinds=of_kinds)
    )


def _recorded(row: Mapping[str, Any]) -> int:
    if "recorded_at" not in row:
        return ALWAYS
    return NEVER if row["recorded_at"] is None else day_number(row["recorded_at"])


def tie(
    a: Any, b: Any, date: dt.date, kind: str = "calls", until: dt.date | None = None, **more: Any
) -> dict[str, Any]:
    """A row of ties."""
    return {"person_a": a, "person_b": b, "kind": kind, "date": date, "until": until, **more}


@st.composite
def layer_cases(draw: st.DrawFn, *, forces_told: bool = False) -> LayerCase:
    """Ties between persons with arrests and others, some over, late or of a day to come; victims of known incidents."""
    of_arrests = draw(arrest_tables(max_incidents=6))
    rows = of_arrests.rows
    known = sorted({r["person_id"] for r in rows})
    text = isinstance(known[0], str)
    pool = [*known[: draw(st.integers(1, 6))], *([f"P{i}" for i in (13, 2, 7)] if text else [13, 2, 7])]
    person, day = st.sampled_from(pool), st.integers(0, 50).map(lambda n: _FIRST + dt.timedelta(days=n))
    kinds = {name: KINDS[name] for name in draw(st.sampled_from([list(KINDS), ["calls"], ["intelligence", "calls"]]))}
    ties = victims = None
    if draw(st.sampled_from([True, True, True, False])):
        ties = []
        recorded = draw(st.booleans())
        for _ in range(draw(st.integers(0, 12))):
            a, b = draw(st.lists(person, min_size=2, max_size=2, unique=True))
            date = draw(day)
            until = draw(st.sampled_from([None, None, None, 1, 5, 30]))
            ties.append(tie(a, b, date, draw(st.sampled_from(list(kinds)))))
            ties[-1]["until"] = None if until is None else date + dt.timedelta(days=until)
            if recorded:
                ties[-1]["recorded_at"] = draw(recording_days(date))
    if ties is None or draw(st.booleans()):
        victims = draw(_victims(rows, person, day, forces_told))
    return LayerCase(of_arrests, ties, victims, kinds, draw(st.sampled_from([5, 20, 400])))


@st.composite
def _victims(draw: st.DrawFn, rows: Any, person: Any, day: Any, forces_told: bool) -> list[dict[str, Any]]:
    incidents = sorted({(r["force"] or "", r["incident_id"]) for r in rows}, key=str)
    incidents += [("North", 777 if isinstance(incidents[0][1], int) else "i777")]
    recorded, told = draw(st.booleans()), forces_told or draw(st.booleans())
    found = []
    for _ in range(draw(st.integers(1, 8))):
        force, incident = draw(st.sampled_from(incidents))
        date = draw(st.one_of(day, day, day, st.none()))
        one = row(
            draw(person), incident, date, draw(st.sampled_from(OFFENCES)), force=(force or None) if told else None
        )
        found.append({**one, "recorded_at": draw(recording_days(date))} if recorded else one)
    return found


def cut_case(case: LayerCase, day: dt.date) -> LayerCase:
    """The tables as they stood on a day: what was recorded before it, of arrests and ties that are dated before it."""
    arrests, ties, victims = (
        None if rows is None else _stood(rows, day) for rows in (case.arrests.rows, case.ties, case.victims)
    )
    assert arrests is not None  # there are always some
    return replace(case, arrests=replace(case.arrests, rows=arrests, as_of=day), ties=ties, victims=victims)


def _stood(rows: list[dict[str, Any]], day: dt.date) -> list[dict[str, Any]]:
    recorded = [r for r in rows if was_recorded(r, day)]
    first: dict[Any, dt.date] = {}
    for r in recorded:
        if r["date"] is not None:
            first[_whose(r)] = min(r["date"], first.get(_whose(r), r["date"]))
    return [r for r in recorded if _whose(r) in first and first[_whose(r)] < day]


def _whose(row: Mapping[str, Any]) -> Any:
    """What the row is of: an arrest, a victimisation, or a tie, which no two rows are of."""
    return (row["person_id"], row["force"] or "", row["incident_id"]) if "incident_id" in row else id(row)


def tells_forces(rows: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether any row has a force."""
    return any(r["force"] for r in rows or [])
