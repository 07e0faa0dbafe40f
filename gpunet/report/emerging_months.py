"""Figures 9 to 11 of the method's paper: month by month, beside past violence and the two-hop heuristic."""

from __future__ import annotations

import polars as pl

from gpunet.base.words import counted
from gpunet.report.emerging_page import Verdict, how_sure, outcome_of, verdict_of
from gpunet.report.experiment_charts import curves_with_points, month_lines, month_panels
from gpunet.report.experiment_rows import COUNTS, months_of, most_persons
from gpunet.report.experiment_words import CLASSIFIERS, in_a_sentence, in_order, with_intervals, with_words
from gpunet.report.figure import Figure, Paragraph, Section
from gpunet.report.source import Source

__all__ = ["emerging_ever_after", "emerging_horizon"]

#: What is drawn beside every other in the panels of an outcome of which no best rule can be told.
_RULE = "past_violent_arrests_180d"

#: The names of the experiment, each of which has its colour.
_DOMAIN = [
    CLASSIFIERS[name]
    for name in (
        "random_forest", "xgboost", "filtered_random_forest", "past_violent_arrests", "past_violent_arrests_180d",
        "two_hop_heuristic",
    )
]  # fmt: skip


def emerging_horizon(source: Source) -> Section | None:
    """Months whose horizon lies within the data."""
    days = source.manifest["config"]["evaluate"]["horizon_days"]
    meant = (
        f"Only months count whose {days:,} days lie within the data, so they can be compared. The figures are those of "
        "Figures 9 to 11 of the method's paper, whose outcome is the next section's."
    )
    return _section(source, "horizon", f"Month by month: within {days:,} days", meant)


def emerging_ever_after(source: Source) -> Section | None:
    """The paper's outcome: a violent arrest at any later time."""
    meant = (
        "As in Figures 9 to 11 of the method's paper, whoever is arrested for violence at any later time counts. The "
        "later the month, the less time is left until the data end, so there is less to come true: months cannot be "
        "compared with each other, only what is named in one month."
    )
    return _section(source, "ever_after", "Month by month: at any later time, as in the paper", meant)


def _section(source: Source, outcome: str, title: str, meant: str) -> Section | None:
    raw = months_of(source).filter(outcome=outcome)
    data = with_words(raw).drop("outcome", "protocol", "family", "population")
    told = data.drop_nulls("tp")
    if not len(told):
        return None
    verdict = verdict_of(raw)
    rule = _RULE if verdict is None else verdict.rule["classifier"]
    parts: list[Figure | Paragraph] = [Paragraph(meant)]
    parts += [
        _count(told, outcome, "tp", "Rightly named", "persons who are named and arrested for violence"),
        _count(told, outcome, "fp", "Wrongly named", "persons who are named and not arrested for violence"),
        _panel(
            told, outcome, rule, "precision", "Precision", "the share of persons named who are arrested for violence"
        ),
        _panel(told, outcome, rule, "recall", "Recall", "the share of persons arrested for violence who are named"),
        _panel(told, outcome, rule, "f1", "F1", "precision and recall in one number"),
    ]
    if outcome == outcome_of(months_of(source)) and not source.audience.is_public:
        parts += _curve(source, told, outcome)
    return Section(outcome, title, _lead(verdict), tuple(parts))


def _lead(verdict: Verdict | None) -> str:
    if verdict is None:
        return "No month has both a classifier and a rule about past violence."
    ours, rule = (CLASSIFIERS[row["classifier"]] for row in (verdict.classifier, verdict.rule))
    return (
        f'Beside the rule "{rule}", {in_a_sentence(ours)} has the greater F1 in {verdict.ahead} of '
        f"{counted(verdict.months, 'month')}{how_sure(verdict)}."
    )


def _count(data: pl.DataFrame, outcome: str, column: str, title: str, meaning: str) -> Figure:
    chart = month_lines(data, column, "persons", by="classifier", domain=_DOMAIN)
    sentence = f"By month, {meaning}, of each classifier and rule."
    shown = data.select("month", "classifier", *COUNTS)
    return Figure(f"{column}_{outcome}", title, sentence, most_persons(data), shown, chart, COUNTS)


def _panel(data: pl.DataFrame, outcome: str, rule: str, measure: str, title: str, meaning: str) -> Figure:
    shown = data.select("month", "classifier", *COUNTS, *(f"{measure}{end}" for end in ("", "_low", "_high")))
    beside = CLASSIFIERS[rule]
    chart = month_panels(shown, measure, title, by="classifier", domain=_DOMAIN, beside=beside)
    sentence = (
        f"By month, {meaning}{with_intervals(shown, measure, ', with approximate 95 % intervals')}; the dashed line in "
        f'each panel is that of the rule "{beside}". Gaps are months in which it is not defined.'
    )
    return Figure(f"{measure}_{outcome}", title, sentence, most_persons(data), shown, chart, COUNTS)


def _curve(source: Source, data: pl.DataFrame, outcome: str) -> list[Figure]:
    """Of the last month, every threshold of a classifier, with the rules as points."""
    month = data["month"].sort()[-1]
    columns = ("classifier", "smote", "month", "population", "outcome", "curve", "threshold", "x", "y")
    curves = source.table("curves", columns).filter(
        population="all", outcome=outcome, curve="precision_recall", month=month
    )
    if not len(curves):
        return []
    shown = with_words(curves.rename({"x": "recall", "y": "precision"})).select(
        "classifier", "threshold", "recall", "precision"
    )
    points = data.filter(month=month).drop_nulls("precision")
    names = in_order(shown["classifier"], CLASSIFIERS)
    chart = curves_with_points(shown, points, by="classifier", domain=_DOMAIN)
    sentence = (
        f"Precision and recall of the month {month} at every threshold ({', '.join(names)}), and as points what each "
        "names in fact: a rule whose point lies on a curve or above it is as good as that classifier."
    )
    return [Figure(f"curve_{outcome}", "At every threshold", sentence, most_persons(points), shown, chart)]
