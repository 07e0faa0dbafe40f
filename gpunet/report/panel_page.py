"""What a panel holds: its snapshots, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["panel_days"]

_UNITS = {"person": "person", "beat": "beat", "district": "district", "gang": "gang", "force": "police force"}


def panel_days(source: Source) -> Section:
    """Rows of each day, and how many of them were followed by a violent arrest; what was computed again."""
    panel = source.manifest["panel"]
    persons = source.manifest["arrests"]["persons"]
    days = pl.DataFrame(
        [{name: one[name] for name in ("as_of", "rows", "positives", "label_complete")} for one in panel["snapshots"]]
    )
    shown = source.audience.shown(days, ["rows", "positives"])
    unit = _UNITS.get(panel["unit"], panel["unit"])
    heads = {
        "as_of": "day", "rows": f"rows, one a {unit}", "positives": "followed by a violent arrest",
        "label_complete": "all of it seen",
    }  # fmt: skip
    sentence = (
        f"Rows of each day, and those that a violent arrest followed within {counted(panel['horizon_days'], 'day')}; "
        "of a day whose time the data do not cover, some that followed may be missing."
    )
    return Section(
        "panel",
        "What the panel holds",
        f"A row for each {unit} on {counted(len(days), 'day')}, from {days['as_of'][0]} to {days['as_of'][-1]}, with "
        "what was known before that day alone.",
        (
            Figure("days", "Violent arrests that followed", sentence, persons, shown, _bars(shown), counts=_COUNTS),
            Table("snapshots", "Day by day", sentence, persons, shown, heads, counts=_COUNTS),
            *(Paragraph(text) for text in _verified(panel)),
        ),
    )


_COUNTS = ("rows", "positives")

_SEEN = "datum.value ? 'all of its time seen' : 'not all of its time seen'"


def _bars(days: pl.DataFrame) -> Any:
    import altair as alt

    return (
        alt.Chart(days)
        .mark_bar()
        .encode(
            x=alt.X("as_of:O", title="day", axis=alt.Axis(labelAngle=-60, labelOverlap=True)),
            y=alt.Y("positives:Q", title="followed by a violent arrest"),
            opacity=alt.Opacity(
                "label_complete:N", scale=alt.Scale(domain=[True, False], range=[1.0, 0.5]),
                legend=alt.Legend(title=None, labelExpr=_SEEN),
            ),
        )
    )  # fmt: skip


def _verified(panel: Mapping[str, Any]) -> Iterator[str]:
    if panel["verified"]:
        yield (
            f"{counted(len(panel['verified']), 'day')} of these were computed again from tables that end before that "
            "day, and came out the same, byte for byte: nothing that came later is in them."
        )
