"""The page of ``gpunet evaluate emerging``: whether a classifier tells more than past violence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.experiment_rows import COUNTS, added_up, all_months_of, months_of, most_persons, trained_months
from gpunet.report.experiment_words import (
    CLASSIFIERS,
    MEASURES,
    POPULATIONS,
    in_a_sentence,
    ordered,
    with_intervals,
    with_words,
)
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["emerging_experiment", "emerging_result", "how_sure", "outcome_of", "verdict_of"]

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
    "random forest, last 200 days: those of the forest, but nobody without an arrest in the last 200 days",
    "past violent arrests: persons with a violent arrest on record; in a second line those with one in the last 180 "
    "days",
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
    """Compare what months of one outcome say; None where no classifier, or no rule, has an F1.

    `data` has the columns of ``results``; months for which a classifier could not be trained are left out. The best is
    the one with the greatest F1 over all months together; ties go to the first.
    """
    data = trained_months(data)
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
    ahead, apart, behind = (
        both.filter(pl.col(one) > pl.col(other)).height
        for one, other in (("f1", "f1_rule"), ("f1_low", "f1_high_rule"), ("f1_low_rule", "f1_high"))
    )
    return Verdict(ours, rule, len(both), ahead, apart, behind, have_intervals=both.drop_nulls().height > 0)


def _best(summed: pl.DataFrame, names: tuple[str, ...]) -> dict[str, Any] | None:
    rows = sorted(
        summed.filter(pl.col("classifier").is_in(names)).to_dicts(),
        key=lambda row: (-row["f1"], names.index(row["classifier"])),
    )
    return rows[0] if rows else None


def outcome_of(data: pl.DataFrame) -> str:
    """The outcome to judge by: that within the horizon, if a month has it."""
    return "horizon" if (data["outcome"] == "horizon").any() or not len(data) else "ever_after"


def _first_sentence(source: Source) -> str:
    """Whether a classifier beats past violence, and how often it is right."""
    data = months_of(source)
    outcome = outcome_of(data)
    verdict = verdict_of(data.filter(outcome=outcome))
    if verdict is None:
        return _nothing(source)
    when = _when(source, outcome)
    return f"{_verdict_sentence(verdict, when)}{_how_often_right(verdict.classifier, when)}"


def _how_often_right(row: Mapping[str, Any], when: str) -> str:
    if row["precision"] is None or row["recall"] is None:
        return ""
    return (
        f" Of 100 persons whom it names, about {100 * row['precision']:.0f} are arrested for violence {when}, and it "
        f"finds about {100 * row['recall']:.0f} of 100 who are."
    )


def _nothing(source: Source) -> str:
    if source.audience.is_public:
        return "The numbers are too small to be shown on this page."
    return "No month has both a classifier and a rule about past violence to compare: nothing can be said."


def _when(source: Source, outcome: str) -> str:
    days = source.manifest["config"]["evaluate"]["horizon_days"]
    return f"within {counted(days, 'day')}" if outcome == "horizon" else "at any later time in the data"


def _verdict_sentence(verdict: Verdict, when: str) -> str:
    classifier = in_a_sentence(CLASSIFIERS[verdict.classifier["classifier"]])
    rule = _NAMING[verdict.rule["classifier"]]
    f1, of_rule = f"{verdict.classifier['f1']:.3f}", f"{verdict.rule['f1']:.3f}"
    if verdict.is_better:
        said = f"A classifier tells better than past violence who will be arrested for violence {when}"
    elif verdict.is_worse:
        said = f"Nothing is gained over past violence in telling who will be arrested for violence {when}"
    else:
        said = f"No classifier is shown to tell better than past violence who will be arrested for violence {when}"
    return (
        f"{said}: the best classifier, {classifier}, has an F1 of {f1}, and {rule} has {of_rule}. It is ahead in "
        f"{verdict.ahead} of {counted(verdict.months, 'month')}{how_sure(verdict)}."
    )


def how_sure(verdict: Verdict) -> str:
    """The end of a sentence on months in which a classifier is ahead: by how much more than chance would."""
    if not verdict.have_intervals:
        return "; without intervals nobody can say whether that is chance"
    return f", in {verdict.apart} of them by more than the intervals, and as far behind in {verdict.behind}"


def emerging_experiment(source: Source) -> Section:
    """What was tried: months, training, who is named, and what measures mean."""
    settings = source.manifest["config"]["evaluate"]
    data = months_of(source)
    lead = "Who will be arrested for violence, told on the day of each month from what was known on that day alone?"
    days = data["month"].unique().sort()
    many = f" There are {counted(len(days), 'month')}, from {days[0]} to {days[-1]}." if len(days) else ""
    how = (
        f"A classifier is trained on the network as it was {counted(settings['horizon_days'], 'day')} before, with "
        f"what happened since, and judges the persons of the network of the day.{many} Who is named:"
    )
    named = [Paragraph(f"{text}.", "list item") for text in _WHO_IS_NAMED]
    read = Paragraph("How to read the figures (violent: arrested for violence in the time that counts):")
    measures = [Paragraph(f"{text}.", "list item") for text in MEASURES.values()]
    return Section("experiment", "What was tried", lead, (Paragraph(how), *named, read, *measures))


def emerging_result(source: Source) -> Section:
    """All months together: every classifier and rule, and for whom it holds."""
    data = all_months_of(source)
    lead = _first_sentence(source)
    outcome = outcome_of(data)
    chosen = with_words(data.filter(outcome=outcome)).drop("outcome")
    if not len(chosen):
        return Section("emerging", "How good it is, and for whom", lead)
    when = _when(source, outcome)
    monthly = months_of(source).filter(outcome=outcome)
    persons = most_persons(months_of(source))
    intervals = with_intervals(monthly, "f1", " Intervals are those of single months, in the next figures.")
    parts = (
        _everybody(chosen.filter(population=POPULATIONS["all"]), when, persons, intervals),
        *_for_whom(chosen, when, persons),
    )
    return Section("emerging", "How good it is, and for whom", lead, parts)


_BEFORE = {"no_violent_before": "without a violent arrest", "violent_before": "with a violent arrest"}

_HEADS = {
    "classifier": "classifier or rule", "precision": "precision", "recall": "recall", "f1": "F1",
    "tp": "rightly named", "fp": "wrongly named", "positives": "violent", "months": "months",
}  # fmt: skip
_FORMATS = dict.fromkeys(("precision", "recall", "f1"), "{:.3f}")


def _everybody(data: pl.DataFrame, when: str, persons: int, intervals: str) -> Table:
    sentence = f"Violent arrests {when}, all months together: a person counts once in each month.{intervals}"
    rows = ordered(data, "classifier")
    return Table("all_months", "All months together", sentence, persons, rows, _HEADS, _FORMATS, COUNTS)


def _for_whom(data: pl.DataFrame, when: str, persons: int) -> list[Table | Paragraph]:
    found: list[Table | Paragraph] = []
    for name in ("no_violent_before", "violent_before"):
        rows = data.filter(population=POPULATIONS[name])
        if not len(rows):
            continue
        sentence = (
            f"Violent arrests {when} of persons {_BEFORE[name]} before the month's day; precision is empty where "
            "nobody is named."
        )
        title = f"For whom: {POPULATIONS[name]}"
        found.append(Table(name, title, sentence, persons, ordered(rows, "classifier"), _HEADS, _FORMATS, COUNTS))
    new = data.filter(population=POPULATIONS["no_violent_before"])
    return [*_new_persons(ordered(new, "classifier")), *found]


def _new_persons(data: pl.DataFrame) -> list[Paragraph]:
    """How many the classifiers find of those whom past violence cannot point to."""
    trained = data.filter(pl.col("classifier").is_in([CLASSIFIERS[name] for name in _TRAINED]))
    if not len(trained) or not trained["positives"][0]:
        return []
    row = trained.sort("tp", descending=True, maintain_order=True).row(0, named=True)
    if not row["tp"]:
        found = f"no classifier finds any: of {row['positives']:,} arrested for violence it names none"
    else:
        found = (
            f"{in_a_sentence(row['classifier'])} finds most among the classifiers: {row['tp']:,} of the "
            f"{row['positives']:,} who are arrested for violence, beside {row['fp']:,} whom it names wrongly"
        )
    return [
        Paragraph(f"Of persons without a violent arrest before, whom no rule about past violence can name, {found}.")
    ]
