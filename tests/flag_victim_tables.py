"""Busy arrests with victims and ties of other kinds, and a slow reference of what flags make of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from flags_reference import Past, busy_tables
from hypothesis import strategies as st
from layer_reference import Picture
from layer_tables import KINDS, LayerCase, tie
from reference import Arrest, shortest_paths
from strategies import recording_days

#: (what, date, incident, offences, steps); who it was is told of arrests alone.
Piece = tuple[str, Any, str, str, tuple[str, ...], int]

_NEVER_ARRESTED = (10, 11, 12)


@st.composite
def busy_layers(draw: st.DrawFn) -> tuple[LayerCase, dt.date]:
    """As :func:`flags_reference.busy_tables`: also persons and incidents without arrests, ties soon over."""
    case, as_of, _ = draw(busy_tables())
    first = min(row["date"] for row in case.rows)
    day = st.integers(0, 32).map(lambda n: first + dt.timedelta(days=n))
    person = st.sampled_from([*range(10), *range(10), *_NEVER_ARRESTED])
    told, victims, ties = draw(st.booleans()), [], []
    offences = st.sampled_from(["murder", "robbery", "robbery", "theft"])
    for _ in range(draw(st.integers(1, 14))):
        row = {"person_id": draw(person), "incident_id": draw(st.integers(0, 20)), "date": draw(day)}
        row |= {"offence": draw(offences), "force": None}
        victims.append({**row, **({"recorded_at": draw(recording_days(row["date"]))} if told else {})})
    for _ in range(draw(st.integers(0, 6))):
        a, b = draw(st.lists(person, min_size=2, max_size=2, unique=True))
        date = draw(day)
        ties.append(tie(a, b, date, until=draw(st.sampled_from([None, date + dt.timedelta(days=4)]))))
    return LayerCase(case, ties or None, victims, {"calls": KINDS["calls"]}), as_of


def piece(record: Arrest, steps: int, what: str) -> Piece:
    person = record.person if what == "arrested" else None
    assert record.date is not None
    offences = tuple(sorted(record.offences))
    return what, person, record.date.isoformat(), str(record.incident_id), offences, steps


def nearby_of(
    picture: Picture, days: int, sets: Sequence[str], steps: int, sources: Sequence[str]
) -> dict[Any, tuple[set[Piece], set[Any]]]:
    """``{person: (evidence, the other persons)}`` of ``violence_nearby``."""
    assert picture.as_of is not None
    past = Past(picture.arrests, picture.as_of, days, picture.max_incident_size)
    graph = past.graph()
    records = [(a, "arrested") for a in picture.arrests] if "arrests" in sources else []
    records += [(e, "victim") for e in picture.events] if "victims" in sources else []
    found = {}
    for v in past.persons:
        away = shortest_paths(graph, v)[0]
        near = [
            (r, what)
            for r, what in records
            if r.person != v and away.get(r.person, 99) <= steps and past.recent(r)
            and (r.offences & set(sets) or ("violent" in sets and r.offences))
        ]  # fmt: skip
        if near:
            found[v] = {piece(r, away[r.person], what) for r, what in near}, {r.person for r, _ in near}
    return found


def victim_worth(
    case: LayerCase, end: dt.date, days: Sequence[dt.date], flag: Mapping[str, Any], horizon: int
) -> dict[str, Any]:
    """What a flag of the victims' side was worth: of everybody who was known, judged by what was known at the end."""
    until: dict[Any, dt.date] = {}
    leads, news, chances, sizes = [], [], [], []
    later = [e for e in case.picture(end).events if e.offences]
    for day in days:
        picture = case.picture(day)
        after = {
            v: min(
                ((e.date - day).days for e in later if e.person == v and 0 <= (e.date - day).days < horizon),
                default=None,
            )
            for v in picture.persons
        }
        chances.append(sum(lead is not None for lead in after.values()) / max(len(after), 1))
        sizes.append(0)
        for v in nearby_of(picture, flag["days"], ("violent",), 2, flag["sources"]):
            if until.get(v, day) <= day:
                until[v] = day + dt.timedelta(days=flag["expires_days"])
                leads.append(after[v])
                news.append(not any(e.person == v and e.offences for e in picture.events))
                sizes[-1] += 1
    hits, alerts = [lead for lead in leads if lead is not None], len(leads)
    chance = sum(c * n for c, n in zip(chances, sizes, strict=True)) / alerts if alerts else None
    return {
        "days": len(days),
        "alerts": alerts,
        "hits": len(hits),
        "precision": len(hits) / alerts if alerts else None,
        "chance": chance if alerts else sum(chances) / len(chances),
        "median_lead_days": median(hits) if hits else None,
        "new_persons": sum(news) / alerts if alerts else None,
    }
