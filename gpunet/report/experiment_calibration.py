"""Whether predicted probabilities come true, group by group."""

from __future__ import annotations

from typing import Any

import polars as pl

from gpunet.report.experiment_charts import calibration_panels
from gpunet.report.experiment_rows import calibration_of
from gpunet.report.experiment_words import (
    CLASSIFIERS,
    OUTCOMES,
    PROTOCOLS,
    in_a_sentence,
    in_order,
    most_honest,
    with_words,
)
from gpunet.report.figure import Figure, Section
from gpunet.report.source import Source

__all__ = ["emerging_calibration", "known_calibration"]

#: Means that differ by less are said to agree.
_CLOSE = 0.005

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
        "Persons in ten groups by what was predicted: the mean of it, and the share who were violent, with approximate "
        "95 % intervals; on the dashed line the two agree."
    )
    return _section(data.filter(protocol=protocol), f" with {protocol}", _figure(data, chart, sentence))


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
    sentence = (
        "Persons of every month in ten groups by what was predicted, groups of one number together: the mean of it, "
        f"and the share with a violent arrest {words}; on the dashed line the two agree. A month's own groups, with "
        "intervals, are in calibration.parquet."
    )
    return _section(data, "", _figure(data, chart, sentence))


def _figure(data: pl.DataFrame, chart: Any, sentence: str) -> Figure:
    columns = [name for name in data.columns if name not in ("family", "population", "outcome")]
    keys = [name for name in ("protocol", "classifier") if name in columns]
    persons = data.group_by(keys).agg(pl.col("persons").sum()).select(pl.col("persons").max()).item()
    counts = ("persons", "positives", "negatives")
    return Figure("calibration", "Predicted and observed", sentence, persons, data.select(columns), chart, counts)


def _section(data: pl.DataFrame, under: str, figure: Figure) -> Section:
    said = data.group_by("classifier", maintain_order=True).agg(
        (pl.col("mean_value") * pl.col("persons")).sum() / pl.col("persons").sum(),
        pl.col("positives").sum() / pl.col("persons").sum(),
    )
    name, predicted, observed = max(said.rows(), key=lambda row: abs(row[1] - row[2]))
    lead = (
        f"On average they do{under}: no classifier's mean is off by half a percentage point."
        if abs(predicted - observed) < _CLOSE
        else f"Not of every classifier{under}: {in_a_sentence(name)} says {predicted:.1%} on average where "
        f"{observed:.1%} came true, which is too {'high' if predicted > observed else 'low'}."
    )
    return Section("calibration", _TITLE, lead, (figure,))
