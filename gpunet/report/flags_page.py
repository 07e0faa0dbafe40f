"""The sections of a page of flags: which runs, how many persons each flag points at, and what it was worth."""

from __future__ import annotations

from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.named import named_list
from gpunet.report.source import Source

__all__ = ["flags_asked", "flags_raised", "flags_worth"]

_EVIDENCE = (
    "A flag is a rule that was written down beforehand. The evidence about a person is what other persons were "
    "arrested for; the own offences have no part in it. It lies beside each flag in flags.parquet, without the others' "
    "ids unless the configuration asks for them, and is void when the flag expires."
)

_WHY_WIDE = (
    "Each flag was raised on days of the past with what was known then, and held against what followed. Intervals are "
    "approximate 95 % intervals: the wider of Wilson's, and of draws of the network's communities."
)


def flags_asked(source: Source) -> Section:
    """Of which runs and days the flags are."""
    of, audience = source.manifest["flags"], source.audience
    runs = of["runs"]
    days = [run["as_of"] for run in runs]
    span = days[0] if len(days) == 1 else f"{counted(len(days), 'day')} from {days[0]} to {days[-1]}"
    folders = "" if audience.is_public else f" The runs are {named_list([run['folder'] for run in runs])}."
    warnings = [] if audience.is_public else source.manifest["warnings"]
    return Section(
        "asked",
        "What was asked, and of which data",
        f"At whom do declared triggers point as of {span}? The flags, {len(of['declared'])} of them, are of the "
        f"{audience.count(runs[-1]['persons'])} persons who were on record on the last day.{folders}",
        (Paragraph(_EVIDENCE), *(Paragraph(text, "warning") for text in warnings)),
    )


def flags_raised(source: Source) -> Section:
    """How many persons each flag points at, day by day."""
    of = source.manifest["flags"]
    data = pl.DataFrame([{name: line[name] for name in ("as_of", "flag", "side", "persons")} for line in of["raised"]])
    shown = source.audience.shown(data, ["persons"])
    sentence = "Persons whom each flag points at as of a day; one person may have several flags."
    return Section(
        "raised",
        "Whom flags point at",
        "How many persons each flag is about: a list to look at, and no order of persons.",
        (
            Table(
                "raised", "Persons by flag", sentence, of["runs"][-1]["persons"], shown,
                {"as_of": "as of", "flag": "flag", "side": "side", "persons": "persons"}, counts=("persons",),
            ),
        ),
    )  # fmt: skip


def flags_worth(source: Source) -> Section:
    """What each flag was worth in the past, beside chance; one that was worth nothing first of all."""
    of = source.manifest["flags"]
    rows = of["worth"]
    nothing = [row["flag"] for row in rows if row["worth"].startswith("was worth nothing")]
    unknown = [row["flag"] for row in rows if row["worth"].startswith(("not known", "cannot be raised"))]
    better = len(rows) - len(nothing) - len(unknown)
    sentences = [f"{better} of {counted(len(rows), 'flag')} did better than chance in the past."]
    if nothing:
        sentences.append(f"Worth nothing, no better than chance: {named_list(nothing)}.")
    if unknown:
        sentences.append(f"Of {named_list(unknown)} nothing is known.")
    return Section(
        "worth",
        "What each flag was worth",
        " ".join(sentences),
        (Paragraph(_WHY_WIDE), _worth_table(source, rows), *_words(source, rows)),
    )


_HEADS = {
    "flag": "flag", "alerts": "alerts", "alerts_a_week": "alerts a week", "precision": "followed by an arrest",
    "interval": "95 % interval", "chance": "by chance", "lift": "times chance",
    "median_lead_days": "median days of lead", "new_persons": "share of new persons",
}  # fmt: skip


def _worth_table(source: Source, rows: list[dict[str, Any]]) -> Table:
    of = source.manifest["flags"]
    numbers = ("precision", "precision_low", "precision_high", "chance", "lift", "median_lead_days", "new_persons")
    data = pl.DataFrame(
        [
            {
                "flag": row["flag"],
                "side": row["side"],
                "alerts": row["alerts"],
                "hits": row["hits"],
                "misses": None if row["hits"] is None else row["alerts"] - row["hits"],
                "alerts_a_week": row["alerts_a_week"],
                **{name: row[name] for name in numbers},
                "interval": _interval(row),
            }
            for row in rows
        ],
        schema_overrides={"hits": pl.Int64, "misses": pl.Int64, "alerts_a_week": pl.Float64}
        | dict.fromkeys(numbers, pl.Float64),
    )
    shown = source.audience.shown(data, _COUNTS)
    sentence = (
        f"Alerts on {counted(len(of['snapshots']), 'day')} of the past, and the share that a violent arrest of the "
        f"person followed within {counted(of['horizon_days'], 'day')}, beside that of as many persons drawn at random."
    )
    formats = {
        "alerts_a_week": "{:,.1f}", "precision": "{:.1%}", "chance": "{:.1%}", "lift": "{:.1f}",
        "median_lead_days": "{:.0f}", "new_persons": "{:.0%}",
    }  # fmt: skip
    persons = of["runs"][-1]["persons"]
    return Table("worth", "Alerts of the past", sentence, persons, shown, _HEADS, formats, counts=_COUNTS)


_COUNTS = ("alerts", "hits", "misses")


def _interval(row: dict[str, Any]) -> str:
    if row["precision_low"] is None:
        return ""
    return f"{row['precision_low']:.1%} to {row['precision_high']:.1%}"


def _words(source: Source, rows: list[dict[str, Any]]) -> list[Paragraph]:
    """The verdicts, whose figures are not for the public."""
    if source.audience.is_public:
        return []
    return [Paragraph(f"{row['flag']}: {row['worth']}.", "list item") for row in rows]
