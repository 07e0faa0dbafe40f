"""Whether predicted probabilities come true, group by group."""

from __future__ import annotations

from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.experiment_charts import calibration_panels
from gpunet.report.experiment_rows import calibration_of, months_of
from gpunet.report.experiment_words import (
    CLASSIFIERS,
    OUTCOMES,
    PROTOCOLS,
    in_a_sentence,
    in_order,
    most_honest,
    with_intervals,
    with_words,
)
from gpunet.report.figure import Figure, Section
from gpunet.report.source import Source

__all__ = ["emerging_calibration", "known_calibration"]

_TITLE = "Do predicted probabilities come true?"


def known_calibration(source: Source) -> Section | None:
    """Of each classifier that gives probabilities, by protocol."""
    data = with_words(calibration_of(source))
    if not len(data):
        return None
    protocol = most_honest(data["protocol"])
    classifiers = in_order(data["classifier"], CLASSIFIERS)
    chart = calibration_panels(
        data, panel="classifier", panels=classifiers, by="protocol", domain=list(PROTOCOLS.values())
    )
    sentence = (
        "Persons in ten groups by what was predicted: the mean of it, and the share who were violent"
        f"{with_intervals(data, 'observed', ', with approximate 95 % intervals')}; on the dashed line the two agree."
    )
    lead = _lead(data.filter(protocol=protocol), f" with {protocol}")
    return Section("calibration", _TITLE, lead, (_figure(data, chart, sentence),))


def emerging_calibration(source: Source) -> Section | None:
    """Of each classifier that gives probabilities, all months together, for the outcome that was predicted."""
    words = OUTCOMES["horizon"]
    data = with_words(calibration_of(source)).filter(outcome=words)
    if not len(data):
        return None
    classifiers = in_order(data["classifier"], CLASSIFIERS)
    chart = calibration_panels(
        data, panel="classifier", panels=classifiers, by="classifier", domain=list(CLASSIFIERS.values())[:3]
    )
    settings = source.manifest["config"]["evaluate"]
    own = ", with intervals," if settings["bootstrap"] else ""
    days = counted(settings["horizon_days"], "day")
    sentence = (
        "Persons of every month in ten groups by what was predicted, groups of one number together: the mean of it, "
        f"and the share with a violent arrest within {days}; on the dashed line the two agree. A month's own "
        f"groups{own} are in calibration.parquet."
    )
    months = months_of(source).filter(outcome="horizon").drop_nulls("tp")["month"].n_unique()
    return Section("calibration", _TITLE, _lead(data, "", months), (_figure(data, chart, sentence),))


def _figure(data: pl.DataFrame, chart: Any, sentence: str) -> Figure:
    columns = [name for name in data.columns if name not in ("family", "population", "outcome")]
    keys = [name for name in ("protocol", "classifier") if name in columns]
    persons = data.group_by(keys).agg(pl.col("persons").sum()).select(pl.col("persons").max()).item()
    counts = ("persons", "positives", "negatives")
    return Figure("calibration", "Predicted and observed", sentence, persons, data.select(columns), chart, counts)


def _lead(data: pl.DataFrame, under: str, months: int = 1) -> str:
    """Whether a classifier's mean differs from the share that came true by more than chance would make it.

    As far as chance goes: 1.96 standard errors of as many independent persons, those of one month, as most persons are
    the same in all; or what the groups' intervals give together, if that is more, since persons of a network are not
    independent.
    """
    persons = pl.col("persons")
    half = (pl.col("observed_high") - pl.col("observed_low")) / 2
    said = data.group_by("classifier", maintain_order=True).agg(
        ((pl.col("mean_value") * persons).sum() / persons.sum()).alias("predicted"),
        (pl.col("positives").sum() / persons.sum()).alias("observed"),
        (persons.sum() / months).alias("n"),
        ((half * persons).pow(2).sum().sqrt() / persons.sum()).alias("of_groups"),
    )
    error = pl.max_horizontal(_variance("predicted"), _variance("observed")) / pl.col("n")
    said = said.with_columns(pl.max_horizontal(1.96 * error.sqrt(), "of_groups").alias("chance"))
    furthest = (pl.col("predicted") - pl.col("observed")).abs() - pl.col("chance")
    row = said.sort(furthest, descending=True, maintain_order=True).row(0, named=True)
    predicted, observed, chance = row["predicted"], row["observed"], row["chance"]
    name = in_a_sentence(row["classifier"])
    means = f"says {predicted:.1%} on average where {observed:.1%} came true"
    by_chance = f"by chance alone they would differ by up to about {100 * chance:.1f} percentage points"
    if abs(predicted - observed) > chance:
        high = "high" if predicted > observed else "low"
        return f"Not of every classifier{under}: {name} {means}, which is too {high}; {by_chance}."
    return (
        f"On average they do{under}, as far as can be told: no classifier's mean can be told from the share that came "
        f"true. Closest to a difference is {name}, which {means}; {by_chance}."
    )


def _variance(share: str) -> pl.Expr:
    within = pl.col(share).clip(0, 1)
    return within * (1 - within)
