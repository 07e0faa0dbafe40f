"""The sections of a page of flags: which runs, how many persons each flag points at, and what it was worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.governance.statement import sealed_sentences
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.named import named_list
from gpunet.report.source import Source

__all__ = ["flags_asked", "flags_raised", "flags_worth"]

_EVIDENCE = (
    "A flag is a rule that was written down beforehand. The evidence about a person is what other persons were "
    "arrested for; the own offences have no part in it. It lies beside each flag in flags.parquet, without the others' "
    "ids unless the configuration asks for them, and is void when the flag expires."
)

_SEALED = "Whom the flags point at is sealed until somebody has reviewed them."

_EVIDENCE_VICTIMS = (
    "Where a flag looks for victims too, its evidence is also what other persons were victims of, never what the "
    "person was; of these others no ids are given at all."
)

_TWO_LISTS = (
    "Flags are of one side. Those of the victims' side point at persons who may need protection, those of the "
    "offenders' side at persons who may be arrested: tables of their own, and never one list."
)

#: What tables of flags say of their side, where there are flags of both.
_LISTS = {"offender": "the offenders' list", "victim": "the victims' list"}

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
    names = [Path(run["folder"]).name or run["folder"] for run in runs]  # where they lie is nobody else's business
    folders = "" if audience.is_public else f" The runs are {named_list(names)}."
    warnings = [] if audience.is_public else source.manifest["warnings"]
    sealed = sealed_sentences(source.manifest)
    return Section(
        "asked",
        "What was asked, and of which data",
        f"At whom do declared triggers point as of {span}? The flags, {len(of['declared'])} of them, are of the "
        f"{audience.count(runs[-1]['persons'])} persons who were on record on the last day.{folders}",
        (
            Paragraph(_EVIDENCE),
            *([Paragraph(" ".join([_SEALED, *sealed]))] if sealed else []),
            *([Paragraph(_EVIDENCE_VICTIMS)] if _looks_for_victims(of) else []),
            *(Paragraph(text, "warning") for text in warnings),
        ),
    )


def _looks_for_victims(of: Mapping[str, Any]) -> bool:
    """Whether a flag counts that others became a victim."""
    return any("victims" in flag.get("sources", ()) for flag in of["declared"].values())


def _sides(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, list[Mapping[str, Any]]]]:
    """The rows of each side that there is: an ending of names of tables, of their titles, the rows."""
    by_side = {side: [row for row in rows if row["side"] == side] for side in _LISTS}
    if not by_side["victim"]:
        return [("", "", list(rows))]
    ending = {"offender": "", "victim": "_victims"}
    return [(ending[side], f": {_LISTS[side]}", of) for side, of in by_side.items() if of]


def flags_raised(source: Source) -> Section:
    """How many persons each flag points at, day by day."""
    of = source.manifest["flags"]
    sentence = "Persons whom each flag points at as of a day; one person may have several flags."
    sides = _sides(of["raised"])
    tables = []
    for ending, title, lines in sides:
        data = pl.DataFrame([{name: line[name] for name in ("as_of", "flag", "side", "persons")} for line in lines])
        shown = source.audience.shown(data, ["persons"])
        tables.append(
            Table(
                f"raised{ending}", f"Persons by flag{title}", sentence + _left_out(data, shown),
                of["runs"][-1]["persons"], shown,
                {"as_of": "as of", "flag": "flag", "side": "side", "persons": "persons"}, counts=("persons",),
            )
        )  # fmt: skip
    return Section(
        "raised",
        "Whom flags point at",
        "How many persons each flag is about: a list to look at, and no order of persons.",
        (*([Paragraph(_TWO_LISTS)] if sides[-1][0] else []), *tables),
    )


#: What is said of flags that were not better than chance, and how their verdicts begin.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "Worth nothing, worse than chance: {}.": ("was worth nothing",),
    "Worth little, hardly better than chance or no better: {}.": ("was worth little",),
    "Not shown to be better than chance, as the alerts are too few to tell: {}.": ("not shown",),
    "Of {} nothing is known.": ("not known", "cannot be raised"),
}


def flags_worth(source: Source) -> Section:
    """What each flag was worth in the past, beside chance; first how many were not better, and which."""
    of = source.manifest["flags"]
    rows = of["worth"]
    of_kind = {
        words: [row["flag"] for row in rows if row["worth"].startswith(verdicts)] for words, verdicts in _KINDS.items()
    }
    better = len(rows) - sum(map(len, of_kind.values()))
    sentences = [f"{better} of {counted(len(rows), 'flag')} did better than chance in the past."]
    sentences += [words.format(named_list(flags)) for words, flags in of_kind.items() if flags]
    parts: list[Paragraph | Table] = [Paragraph(_WHY_WIDE)]
    for ending, title, lines in _sides(rows):
        parts += [_worth_table(source, lines, ending, title), *_words(source, lines)]
    return Section(
        "worth",
        "What each flag was worth",
        " ".join(sentences),
        tuple(parts),
    )


_HEADS = {
    "flag": "flag", "alerts": "alerts", "alerts_a_week": "alerts a week", "precision": "followed by an arrest",
    "interval": "95 % interval", "chance": "by chance", "lift": "times chance",
    "median_lead_days": "median days of lead", "new_persons": "share of new persons",
}  # fmt: skip


def _worth_table(source: Source, rows: list[Mapping[str, Any]], ending: str, title: str) -> Table:
    """The figures of one side's flags; `ending` and `title`: what its name and title say of the side."""
    of, victims = source.manifest["flags"], bool(ending)
    days = rows[0]["days"] if victims else len(of["snapshots"])
    event = "violent victimisation" if victims else "violent arrest"
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
        f"Alerts on {counted(days, 'day')} of the past, and the share that a {event} of the person followed "
        f"within {counted(of['horizon_days'], 'day')}, beside that of as many persons drawn at random. A cell is empty "
        f"where a flag was never raised, or no alert was followed by one.{_left_out(data, shown)}"
    )
    formats = {
        "alerts_a_week": "{:,.1f}", "precision": "{:.1%}", "chance": "{:.1%}", "lift": "{:.1f}",
        "median_lead_days": "{:.0f}", "new_persons": "{:.0%}",
    }  # fmt: skip
    persons = of["runs"][-1]["persons"]
    heads = {**_HEADS, "precision": "followed by a victimisation"} if victims else _HEADS
    name, heading = f"worth{ending}", f"Alerts of the past{title}"
    return Table(name, heading, sentence, persons, shown, heads, formats, counts=_COUNTS)


_COUNTS = ("alerts", "hits", "misses")


def _left_out(data: pl.DataFrame, shown: pl.DataFrame) -> str:
    """That rows are missing which this audience may not see; "" if none is."""
    return " Rows from which a number from 1 to 9 could be worked out are left out." if len(shown) < len(data) else ""


def _interval(row: Mapping[str, Any]) -> str:
    if row["precision_low"] is None:
        return ""
    return f"{row['precision_low']:.1%} to {row['precision_high']:.1%}"


def _words(source: Source, rows: Sequence[Mapping[str, Any]]) -> list[Paragraph]:
    """The verdicts, whose figures are not for the public."""
    if source.audience.is_public:
        return []
    return [Paragraph(f"{row['flag']}: {row['worth']}.", "list item") for row in rows]
