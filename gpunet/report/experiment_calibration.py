"""Whether predicted probabilities come true, group by group."""

from __future__ import annotations

from typing import Any

import polars as pl

from gpunet.report.experiment_charts import calibration_panels
from gpunet.report.experiment_rows import calibration_of
from gpunet.report.experiment_words import CLASSIFIERS, OUTCOMES, PROTOCOLS, in_order, with_words
from gpunet.report.figure import Figure, Section
from gpunet.report.source import Source

__all__ = ["emerging_calibration", "known_calibration"]

_TITLE = "Do predicted probabilities come true?"


def known_calibration(source: Source) -> Section | None:
    """Of each classifier that gives probabilities, by protocol."""
    data = with_words(calibration_of(source))
    if not len(data):
        return None
    tried = in_order(data["protocol"], PROTOCOLS)
    chosen = data.filter(protocol=tried[0])
    classifiers = in_order(data["classifier"], CLASSIFIERS)
    chart = calibration_panels(
        data, panel="classifier", panels=classifiers, by="protocol", domain=list(PROTOCOLS.values())
    )
    sentence = (
        "Persons in ten groups by what was predicted: the mean of it, and the share who were violent, with approximate "
        "95 % intervals; on the dashed line the two agree."
    )
    return _section(chosen, f" with {tried[0]}", _figure(data, chart, sentence))


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
        "Persons of every month in ten groups by what was predicted, groups of one number together: the mean of it, and "
        f"the share with a violent arrest {words}; on the dashed line the two agree. A month's own groups, with "
        "intervals, are in calibration.parquet."
    )
    return _section(data, "", _figure(data, chart, sentence))


def _figure(data: pl.DataFrame, chart: Any, sentence: str) -> Figure:
    columns = [name for name in data.columns if name not in ("family", "population", "outcome")]
    persons = int(data.filter(classifier=data["classifier"][0])["persons"].sum() / max(_predictions(data), 1))
    counts = ("persons", "positives", "negatives")
    return Figure("calibration", "Predicted and observed", sentence, persons, data.select(columns), chart, counts)


def _predictions(data: pl.DataFrame) -> int:
    return data.filter(classifier=data["classifier"][0])["protocol"].n_unique()


def _section(data: pl.DataFrame, under: str, figure: Figure) -> Section:
    said = [_said(data.filter(classifier=name)) for name in in_order(data["classifier"], CLASSIFIERS)]
    off = max(said, key=lambda one: abs(one["predicted"] - one["observed"]))
    direction = "too high" if off["predicted"] > off["observed"] else "too low"
    agree = abs(off["predicted"] - off["observed"]) < 0.005
    lead = (
        f"On average they do, {under.strip() or 'all months together'}: no classifier's mean is off by half a percentage point."
        if agree
        else f"Not of every classifier{under}: the {off['classifier']} says {off['predicted']:.1%} on average where "
        f"{off['observed']:.1%} came true, which is {direction}."
    )
    return Section("calibration", _TITLE, lead, (figure,))


def _said(data: pl.DataFrame) -> dict[str, Any]:
    persons = data["persons"].sum()
    return {
        "classifier": data["classifier"][0],
        "predicted": float((data["mean_value"] * data["persons"]).sum() / persons),
        "observed": float(data["positives"].sum() / persons),
    }
