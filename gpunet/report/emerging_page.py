"""The page of ``gpunet evaluate emerging``: does a classifier tell more than past violence does?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.experiment_rows import COUNTS, added_up, all_months_of, months_of
from gpunet.report.experiment_words import CLASSIFIERS, MEASURES, POPULATIONS, in_order, with_words
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["emerging_experiment", "emerging_result", "emerging_summary"]

_TRAINED = ("random_forest", "xgboost", "filtered_random_forest")
_RULES = ("past_violent_arrests", "past_violent_arrests_180d")

#: The rules as part of a sentence.
_NAMING: Mapping[str, str] = {
    "past_violent_arrests": "naming whoever has a violent arrest on record",
    "past_violent_arrests_180d": "naming whoever had a violent arrest in the last 180 days",
}

_WHO_IS_NAMED = (
    "random forest and XGBoost: persons whose predicted probability reaches the month's threshold, which was chosen on "
    "the past alone",
    "random forest, arrested in the last 200 days: those of the forest, but nobody without an arrest in these days",
    "past violent arrests: persons with a violent arrest on record; and those with one in the last 180 days",
    "two-hop heuristic: persons without a violent arrest on record who are within two ties of a victim, or, where no "
    "table of victims was given, of a violent offender",
)


@dataclass(frozen=True)
class Verdict:
    """The best classifier beside the best rule about past violence, over the same months.

    ``ahead``, ``apart``, ``behind``: months in which the classifier's F1 is greater, and its interval wholly above the
    rule's, or wholly below. ``have_intervals``: whether any month has both.
    """

    classifier: Mapping[str, Any]
    rule: Mapping[str, Any]
    months: int
    ahead: int
    apart: int
    behind: int
    have_intervals: bool

    @property
    def is_better(self) -> bool:
        """Whether the classifier beats the rule by more than chance would, in most months."""
        return self.classifier["f1"] > self.rule["f1"] and 2 * self.apart > self.months

    @property
    def is_worse(self) -> bool:
        """Whether the rule is at least as good all months together."""
        return bool(self.rule["f1"] >= self.classifier["f1"])


def verdict_of(data: pl.DataFrame) -> Verdict | None:
    """Compare what months of one outcome say; None where a classifier or a rule has no F1.

    `data` has the columns of ``results``. The best is the one with the greatest F1 over all months together; ties go to
    the first.
    """
    summed = added_up(data, ["classifier"]).drop_nulls("f1")
    best = [_best(summed, names) for names in (_TRAINED, _RULES)]
    if None in best:
        return None
    ours, rule = best
    assert ours is not None
    assert rule is not None
    columns = ("month", "f1", "f1_low", "f1_high")
    one, other = (data.filter(classifier=each["classifier"]).drop_nulls("f1").select(columns) for each in (ours, rule))
    both = one.join(other, on="month", suffix="_rule")
    return Verdict(
        ours, rule, len(both), int((both["f1"] > both["f1_rule"]).sum()), int((both["f1_low"] > both["f1_high_rule"]).sum()),
        int((both["f1_high"] < both["f1_low_rule"]).sum()), both.drop_nulls().height > 0,
    )  # fmt: skip


def _best(summed: pl.DataFrame, names: tuple[str, ...]) -> dict[str, Any] | None:
    rows = sorted(
        summed.filter(pl.col("classifier").is_in(names)).to_dicts(),
        key=lambda row: (-row["f1"], names.index(row["classifier"])),
    )
    return rows[0] if rows else None


def outcome_of(data: pl.DataFrame) -> str:
    """The outcome to judge by: that within the horizon, if a month has it."""
    return "horizon" if (data["outcome"] == "horizon").any() or not len(data) else "ever_after"


def emerging_summary(source: Source) -> tuple[str, ...]:
    """What stands before everything else: whether a classifier beats past violence."""
    data = months_of(source)
    outcome = outcome_of(data)
    verdict = verdict_of(data.filter(outcome=outcome))
    if verdict is None:
        return (_nothing(source),)
    when = _when(source, outcome)
    row = verdict.classifier
    said = (
        f"Of 100 persons whom the {CLASSIFIERS[row['classifier']]} names, about {100 * (row['precision'] or 0):.0f} are "
        f"arrested for violence {when}, and it finds about {100 * row['recall']:.0f} of 100 who are."
    )
    return (_verdict_sentence(verdict, when), said)


def _nothing(source: Source) -> str:
    if source.audience.is_public:
        return "The numbers are too small to be shown on this page."
    return "No month has both a classifier and a rule about past violence to compare: nothing can be said."


def _when(source: Source, outcome: str) -> str:
    days = source.manifest["config"]["evaluate"]["horizon_days"]
    return f"within {counted(days, 'day')}" if outcome == "horizon" else "at any later time in the data"


def _verdict_sentence(verdict: Verdict, when: str) -> str:
    classifier, rule = CLASSIFIERS[verdict.classifier["classifier"]], _NAMING[verdict.rule["classifier"]]
    f1 = f"F1 {verdict.classifier['f1']:.3f} and {verdict.rule['f1']:.3f}"
    months = counted(verdict.months, "month")
    if not verdict.have_intervals:
        sure = f"it is ahead in {verdict.ahead} of {months}, and without intervals nobody can say whether that is chance"
    else:
        sure = (
            f"it is ahead in {verdict.ahead} of {months}; farther than both intervals in {verdict.apart}, and as far "
            f"behind in {verdict.behind}"
        )
    if verdict.is_better:
        return (
            f"The best classifier, the {classifier}, beats past violence in saying who will be arrested for violence {when}: "
            f"{f1} for {rule}; {sure}."
        )
    if verdict.is_worse:
        return (
            f"No classifier beats past violence in saying who will be arrested for violence {when}: {rule} is as good as "
            f"the best of them, the {classifier} ({f1} for the rule); {sure}."
        )
    return (
        f"The best classifier, the {classifier}, is not clearly better than past violence in saying who will be arrested "
        f"for violence {when}: {f1} for {rule}; {sure}."
    )


def emerging_experiment(source: Source) -> Section:
    """What was tried: months, training, who is named, and what measures mean."""
    settings = source.manifest["config"]["evaluate"]
    data = months_of(source)
    lead = "Who will be arrested for violence, told on the day of each month from what was known on that day alone?"
    days = data["month"].unique().sort()
    many = f" There are {counted(len(days), 'month')}, from {days[0]} to {days[-1]}." if len(days) else ""
    how = (
        f"A classifier is trained on the network as it was {counted(settings['horizon_days'], 'day')} before, with what "
        f"happened since, and judges the persons of the network of the day.{many} Who is named:"
    )
    named = [Paragraph(f"{text}.", "list item") for text in _WHO_IS_NAMED]
    read = Paragraph("How to read the figures (violent: arrested for violence in the time that counts):")
    measures = [Paragraph(f"{text}.", "list item") for text in MEASURES.values()]
    warnings = [Paragraph(f"{text}.", "warning") for text in source.manifest["warnings"]]
    return Section("experiment", "What was tried", lead, (Paragraph(how), *named, read, *measures, *warnings))


def emerging_result(source: Source) -> Section:
    """All months together: every classifier and rule, and for whom it holds."""
    data = all_months_of(source)
    lead = emerging_summary(source)[0]
    outcome = outcome_of(data)
    chosen = with_words(data.filter(outcome=outcome)).drop("outcome")
    if not len(chosen):
        return Section("result", "How good it is, and for whom", lead)
    when = _when(source, outcome)
    persons = int(months_of(source)["persons"].max() or 0)  # type: ignore[arg-type]
    parts = (
        _everybody(chosen.filter(population=POPULATIONS["all"]), when, persons),
        *_for_whom(chosen, when, persons),
    )
    return Section("result", "How good it is, and for whom", lead, parts)


_HEADS = {
    "classifier": "classifier or rule", "months": "months", "positives": "violent", "tp": "rightly named",
    "fp": "wrongly named", "precision": "precision", "recall": "recall", "f1": "F1",
}  # fmt: skip
_FORMATS = dict.fromkeys(("precision", "recall", "f1"), "{:.3f}")


def _everybody(data: pl.DataFrame, when: str, persons: int) -> Table:
    names = in_order(data["classifier"], CLASSIFIERS)
    ordered = data.sort(pl.col("classifier").replace_strict(names, range(len(names))), maintain_order=True)
    sentence = (
        f"Violent arrests {when}, all months together: a person counts once in each month. Intervals are those of single "
        "months, in the next figures."
    )
    return Table("all_months", "All months together", sentence, persons, ordered, _HEADS, _FORMATS, COUNTS)


def _for_whom(data: pl.DataFrame, when: str, persons: int) -> list[Table | Paragraph]:
    parts = data.filter(pl.col("population") != POPULATIONS["all"])
    if not len(parts):
        return []
    heads = {"classifier": _HEADS["classifier"], "population": "who", **_HEADS}
    sentence = f"The same for persons without a violent arrest before the month's day and for those with one: {when}."
    table = Table("populations", "For whom", sentence, persons, parts, heads, _FORMATS, COUNTS)
    new = parts.filter(population=POPULATIONS["no_violent_before"])
    found = new.filter(pl.col("classifier").is_in([CLASSIFIERS[name] for name in _TRAINED])).sort("tp", descending=True)
    if not len(found) or not found["positives"][0]:
        return [table]
    row = found.row(0, named=True)
    said = (
        f"Of persons without a violent arrest before, whom no rule about past violence can name, the {row['classifier']} "
        f"finds most: {row['tp']:,} of the {row['positives']:,} who are arrested for violence, beside {row['fp']:,} "
        "whom it names wrongly."
    )
    return [table, Paragraph(said)]
