"""Forecasts of places: what the highest of them found, beside simple ones and chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.places.cautions import PATROLS
from gpunet.report.audience import MIN_PERSONS
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["places_forecasts", "places_windows"]

_UNITS = {"beat": "beat", "district": "district", "cell": "H3 cell"}

_MODELS = {
    "xgboost": "XGBoost",
    "last_year": "last year's counts",
    "kernel": "kernel of recent arrests",
    "chance": "chance",
}

_HEADS = {
    "flagged": "places flagged", "model": "by", "share_found": "of violent arrests", "pai": "PAI", "pei": "PEI*",
    "recapture": "recapture",
}  # fmt: skip

_SENTENCE = (
    "PAI: the share of violent arrests in flagged places over their share of the area; it rises without end as places "
    "get smaller, so read it beside PEI*: the arrests found over the most that so many places could have held, at most "
    "1. Recapture: the share found over the share that these places held in the year before. In brackets approximate "
    "95 % intervals from draws of windows."
)


def places_forecasts(source: Source) -> Section:
    """PAI, PEI* and recapture of each forecast, always together, and the loop that patrols close."""
    found = source.manifest["places"]
    rows = [row for row in found["results"] if _may_be_shown(row, source)]
    parts: list[Table | Paragraph] = [Paragraph(f"{PATROLS[:1].upper()}{PATROLS[1:]}.", "warning")]
    if rows:
        persons = source.manifest["arrests"]["persons"]
        parts.append(Table("place_results", "What flagged places held", _SENTENCE, persons, _table(rows), _HEADS))
    area = "Areas are those of the cells." if found["unit"] == "cell" else (
        f"Areas of {_UNITS.get(found['unit'], found['unit'])}s are not known: every one counts as one."
    )  # fmt: skip
    parts.append(Paragraph(area))
    return Section("places", "What the highest forecasts found", _lead(found, rows), tuple(parts))


def _may_be_shown(row: Mapping[str, Any], source: Source) -> bool:
    """To the public nothing from which a number of arrests from 1 to 9 would follow."""
    numbers = (row["hits"], row["all_hits"] - row["hits"], row["all_hits"])
    return not source.audience.is_public or not any(0 < number < MIN_PERSONS for number in numbers)


def _table(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "flagged": f"{100 * row['share']:.3g} %",
                "model": _MODELS.get(row["model"], row["model"]),
                "share_found": _percent(row),
                **{name: _with_interval(row, name) for name in ("pai", "pei", "recapture")},
            }
            for row in rows
        ]
    )


def _percent(row: Mapping[str, Any]) -> str:
    return f"{100 * row['hits'] / row['all_hits']:.1f} %" if row["all_hits"] else "none"


def _with_interval(row: Mapping[str, Any], name: str) -> str:
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if value is None:
        return "not defined"
    return f"{value:.2f}" + ("" if low is None or high is None else f" ({low:.2f} to {high:.2f})")


def _lead(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    if not found["results"]:
        return "Nothing could be tried: no window whose days are all known comes after enough others to learn from."
    shares = sorted({row["share"] for row in rows})
    if not shares:
        return "The numbers are too small to be shown on this page."
    share = shares[len(shares) // 2]
    said = ", ".join(
        f"{_percent(row)} by {_MODELS.get(row['model'], row['model'])}"
        for row in rows
        if row["share"] == share and row["all_hits"]
    )
    windows = f"{counted(rows[0]['windows'], 'window')} that no forecast had seen"
    if not said:
        return f"Over {windows}, there was no violent arrest in a known place: nothing can be said."
    return f"Over {windows}, {100 * share:.3g} % of places held of all violent arrests: {said}."


def places_windows(source: Source) -> Section:
    """The windows, and how many violent arrests each had."""
    found = source.manifest["places"]
    names = ("as_of", "until", "places", "violent_arrests", "label_complete")
    data = pl.DataFrame([{name: one[name] for name in names} for one in found["windows"]])
    shown = source.audience.shown(data, ["violent_arrests"])
    persons = source.manifest["arrests"]["persons"]
    sentence = (
        "Violent arrests of each window in places that were known on its first day; of a window that the data do not "
        "cover, some may be missing."
    )
    heads = {
        "as_of": "from", "until": "before", "places": "places", "violent_arrests": "violent arrests",
        "label_complete": "all of it seen",
    }  # fmt: skip
    unit = _UNITS.get(found["unit"], found["unit"])
    return Section(
        "windows",
        "Which windows there were",
        f"Each {unit} was forecast for {counted(len(data), 'window')}, from {data['as_of'][0]} to {data['as_of'][-1]}.",
        (
            Figure(
                "window_arrests", "Violent arrests of each window", sentence, persons, shown, _bars(shown),
                counts=("violent_arrests",),
            ),
            Table("windows", "Window by window", sentence, persons, shown, heads, counts=("violent_arrests",)),
            *(Paragraph(text) for text in _without_place(found, source)),
        ),
    )  # fmt: skip


def _bars(data: pl.DataFrame) -> Any:
    import altair as alt

    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X("as_of:O", title="first day", axis=alt.Axis(labelAngle=-60, labelOverlap=True)),
            y=alt.Y("violent_arrests:Q", title="violent arrests"),
        )
    )


def _without_place(found: Mapping[str, Any], source: Source) -> Iterator[str]:
    number = found["arrests_without_place"]
    if number:
        unit = "coordinates that can be used" if found["unit"] == "cell" else _UNITS.get(found["unit"], found["unit"])
        yield f"Arrests without {unit}: {source.audience.count(number)}. They count for their persons, in no place."
