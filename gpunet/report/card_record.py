"""A card's lists: own arrests on a time line, the network around with its ties, the places."""

from __future__ import annotations

from typing import Any

import polars as pl

from gpunet.base.array_types import Bool
from gpunet.base.words import counted
from gpunet.report.evidence import Evidence
from gpunet.report.figure import Figure, Section, Table
from gpunet.report.look import COLOURS, LINES, SECOND
from gpunet.report.record import Record, incident_pairs
from gpunet.report.two_steps import TwoSteps, picture

__all__ = ["arrests_section", "network_section", "places_section"]

#: Rows of a table on the page, for whoever reads it on paper too.
_MOST_ROWS = 500

_KINDS = ("violent offence", "other offence")


def arrests_section(record: Record, as_of: str) -> Section:
    """The person's own arrests."""
    own = record.own
    if not len(own):
        lead = f"No arrest before {as_of}: the person is known from other tables of the run."
        return Section("arrests", "The person's own arrests", lead)
    violent, dated = int(own["violent"].sum()), own.drop_nulls("date")
    days = record.dates()
    between = f" from {days[0]} to {days[-1]}" if len(days) > 1 else f" on {days[0]}" if days else ""
    parts: list[Figure | Table] = []
    if len(dated):
        parts.append(_time_line(dated, as_of))
    heads = {
        "number": "No.", "date": "Date", "force": "Force", "incident": "Incident", "offences": "Violent offences",
        "others": "Others arrested", "others_violent": "of them for violence", "ties": "Makes ties",
        "beat": "Beat", "district": "District", "gang": "Gang recorded",
    }  # fmt: skip
    sentence = (
        f"Every arrest of the person that counts, the earliest first. An incident makes ties if 2 to "
        f"{record.arrests.config.network.max_incident_size} persons were arrested in it."
    )
    parts.append(Table("arrests", "The arrests", sentence, None, own, _filled(own, heads), rows=_MOST_ROWS))
    lead = f"{counted(len(own), 'arrest')}{between} before {as_of}, {violent or 'none'} of them for a violent offence."
    return Section("arrests", "The person's own arrests", lead, tuple(parts))


def _filled(own: pl.DataFrame, heads: dict[str, str]) -> dict[str, str]:
    """The columns that have something to show; the district, of which a beat is a part, only where no beat is told."""
    some = {name for name in heads if own[name].cast(pl.String).fill_null("").ne("").any()}
    return {name: head for name, head in heads.items() if name in some and not (name == "district" and "beat" in some)}


def _time_line(dated: pl.DataFrame, as_of: str) -> Figure:
    import altair as alt

    kind = pl.when("violent").then(pl.lit(_KINDS[0])).otherwise(pl.lit(_KINDS[1])).alias("kind")
    data = dated.select("number", "date", kind)
    drawn = data.select(pl.col("date").cast(pl.String), "kind").to_dicts()
    end = alt.Chart(_values([{"date": as_of}])).mark_rule(color=SECOND, strokeDash=[4, 3])
    axis = alt.Axis(format="%Y-%m", tickCount=5)
    day = alt.X("date:T", title="day of arrest", scale=alt.Scale(type="utc", padding=12), axis=axis)
    points = (
        alt.Chart(_values(drawn), width=560, height=90)
        .mark_point(size=90, strokeWidth=2)
        .encode(
            x=day,
            y=alt.Y(
                "kind:N", title=None, scale=alt.Scale(domain=list(_KINDS)), axis=alt.Axis(gridColor=LINES, grid=True)
            ),
            color=alt.Color(
                "kind:N", legend=None, scale=alt.Scale(domain=list(_KINDS), range=[COLOURS[1], COLOURS[0]])
            ),
            shape=alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=list(_KINDS), range=["square", "circle"])),
        )
    )
    chart: Any = points + end.encode(x=day)
    sentence = f"Each mark is an arrest, by its day; the broken line is {as_of}, the day of the score."
    return Figure("time_line", "Arrests on a time line", sentence, None, data, chart)


def network_section(evidence: Evidence) -> Section:
    """The network two steps around, and the direct ties."""
    around, record = evidence.around, evidence.record
    n, two = len(around.direct), len(around.two)
    if not n:
        lead = f"{_alone(record)}, as far as the tables tell, and has no tie."
        return Section("network", "Who was arrested with the person", lead)
    lead = (
        f"{counted(n, 'person')} {_were(n)} arrested together with this person; {counted(two, 'person')} {_were(two)} "
        "arrested together with one of these, and not with the person."
    )
    together = incident_pairs(record, around.drawn)
    violent = record.arrested_for("violent", around.drawn)
    cut = (
        f" Only {len(around.drawn):,} of {1 + n + two:,} persons are drawn, those with the strongest ties."
        if around.is_cut
        else ""
    )
    sentence = (
        "P is the person, around it who was arrested with P (numbers as below), outside who was arrested with one of "
        "these. A square has an arrest for a violent offence, a circle has none. A thin tie is a shared arrest; a "
        f"thick one is a shared incident in which one of the two was arrested for a violent offence.{cut}"
    )
    drawn = picture(around, violent, together)
    data = _drawn_ties(around, violent, together)
    figure = Figure("network", "The network two steps around", sentence, len(around.drawn), data, drawn)
    return Section("network", "Who was arrested with the person", lead, (figure, _ties(evidence)))


def _alone(record: Record) -> str:
    """Why a person has no tie."""
    if not (record.own["others"] > 0).any():
        return "The person was never arrested together with anyone"
    return (
        "The person was arrested together with others only in incidents of more than "
        f"{record.arrests.config.network.max_incident_size:,} persons, which tie nobody"
    )


def _drawn_ties(around: TwoSteps, violent: Bool, together: set[tuple[int, int]]) -> pl.DataFrame:
    """The ties of the picture, with what it shows of their ends; everyone drawn has one."""
    step = [0] + [1] * around.direct_drawn + [2] * (len(around.drawn) - 1 - around.direct_drawn)
    ends: dict[str, list[Any]] = {}
    for end, which in enumerate("ab"):
        at = [pair[end] for pair in around.ties]
        ends |= {
            f"person_{which}": [str(around.drawn[one]) for one in at],
            f"steps_{which}": [step[one] for one in at],
            f"violent_offence_on_record_{which}": [bool(violent[one]) for one in at],
        }
    return pl.DataFrame({**ends, "violent_incident_together": [pair in together for pair in around.ties]})


def _ties(evidence: Evidence) -> Table:
    """The table of direct ties."""
    record, direct = evidence.record, evidence.around.direct
    ids = direct["person"].to_list()
    shared = record.shared(ids)
    pairs = incident_pairs(record, [evidence.subject.person_id, *ids])
    data = direct.with_columns(
        pl.Series("number", range(1, len(ids) + 1), dtype=pl.Int64),
        pl.col("person").cast(pl.String),
        pl.Series("arrests", [", ".join(map(str, numbers)) for numbers in shared], dtype=pl.String),
        pl.Series("violent_together", [(0, at) in pairs for at in range(1, len(ids) + 1)], dtype=pl.Boolean),
        pl.Series("violent_offence_on_record", record.arrested_for("violent", ids)),
    )
    heads = {
        "number": "No.", "person": "Person", "incidents": "Shared incidents",
        "violent_together": "A violent one of them", "arrests": "Own arrests (No.)",
        "first_date": "First", "last_date": "Last", "violent_offence_on_record": "Violent offence on record",
    }  # fmt: skip
    sentence = (
        "Everyone arrested together with the person, the strongest tie first: each shared incident counts 1 / (persons "
        "in it - 1). A violent one is one in which one of the two was arrested for a violent offence. Own arrests are "
        "those of the person above, by number."
    )
    return Table("ties", "The direct ties", sentence, len(ids), data, heads, rows=_MOST_ROWS)


def places_section(record: Record) -> Section:
    """Where the person was arrested, and how many arrests there were there."""
    places = record.places
    if not len(places):
        return Section("places", "The places", "The tables tell no district and no beat of the person's arrests.")
    districts, beats = (int((places["kind"] == kind).sum()) for kind in ("district", "beat"))
    heads = {
        "kind": "Kind", "place": "Place", "own": "Arrests of the person", "anyone": "Arrests of anyone",
        "others_violent": "Arrests of others for violence",
    }  # fmt: skip
    sentence = "Arrests in each district and beat in which the person was ever arrested, over all the time of the data."
    lead = f"The person was arrested in {counted(districts, 'district')} and {counted(beats, 'beat')}."
    return Section(
        "places", "The places", lead, (Table("places", "The places", sentence, None, places, heads, rows=_MOST_ROWS),)
    )


def _values(rows: list[dict[str, Any]]) -> Any:
    from altair import InlineData

    return InlineData(values=rows)


def _were(n: int) -> str:
    return "was" if n == 1 else "were"
