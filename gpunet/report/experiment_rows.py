"""The tables of an experiment as a page may show them: nothing of small numbers is left in them for the public."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from gpunet.evaluate.schemas import TABLES, frame_of
from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.source import Source

__all__ = [
    "COUNTS",
    "added_up",
    "all_months_of",
    "calibration_of",
    "known_of",
    "leak_of",
    "months_of",
    "most_persons",
    "trained_months",
    "whole_groups",
]

#: Columns of ``results`` that count persons.
COUNTS = ("persons", "positives", "tp", "fp", "fn", "tn")

_MONTH = ("month", "outcome")
_KEYS = ("protocol", "classifier", "smote", "family", "month", "outcome")
_MEASURES = ("precision", "recall", "f1", "auc", "brier")
_RESULTS = (
    *_KEYS,
    "population",
    *COUNTS,
    *(f"{name}{end}" for name in _MEASURES for end in ("", "_low", "_high")),
    "mean_value",
    "undefined",
)


def known_of(source: Source) -> pl.DataFrame:
    """The rows of ``results`` of the experiment ``known``.

    Who had a violent arrest before and who had none are everybody together: the public is shown both or neither.
    """
    data = source.table("results", _RESULTS)
    everybody = _without_small(source.audience, data.filter(population="all"), COUNTS)
    parts = whole_groups(source.audience, data.filter(pl.col("population") != "all"), COUNTS, _KEYS)
    return pl.concat([everybody, parts])


def months_of(source: Source) -> pl.DataFrame:
    """The rows of ``results`` of the experiment ``emerging`` for everybody.

    Of a month the public is shown what every classifier says or nothing: classifiers are compared over the same months,
    and nothing can be subtracted from what these add up to.
    """
    data = source.table("results", _RESULTS).filter(population="all")
    return whole_groups(source.audience, data, COUNTS, _MONTH)


def all_months_of(source: Source) -> pl.DataFrame:
    """The same months added up, for everybody and for the populations that are a part of it.

    Of everything over the same months: those for which every classifier could be trained.
    """
    data = source.table("results", _RESULTS).join(trained_months(months_of(source)), on=_MONTH, how="semi")
    of = ("classifier", "smote", "outcome", "population")
    summed = added_up(data, of)
    everybody = _without_small(source.audience, summed.filter(population="all"), COUNTS)
    parts = whole_groups(source.audience, summed.filter(pl.col("population") != "all"), COUNTS, of[:-1])
    return pl.concat([everybody, parts])


def trained_months(data: pl.DataFrame) -> pl.DataFrame:
    """The rows of those months in which everything that predicts has named persons, or nobody."""
    return data.join(data.filter(pl.col("tp").is_null()), on=_MONTH, how="anti")


def leak_of(source: Source) -> pl.DataFrame:
    """The rows of ``leak`` for everybody; none where the folder has no such table."""
    names = ("protocol", "classifier", "smote", "family", "population", "persons", "positives", "auc_paper", "auc")
    columns = (*names, "leak", "leak_low", "leak_high", "undefined")
    nothing = frame_of("leak", {column.name: [] for column in TABLES["leak"]}).select(columns)
    data = source.table("leak", columns) if source.has("leak") else nothing
    return _without_small(
        source.audience, _with_negatives(data.filter(population="all")), ("persons", "positives", "negatives")
    )


def calibration_of(source: Source) -> pl.DataFrame:
    """The groups of ``calibration`` for everybody and all features, those of several months added up.

    The public is shown all groups of a prediction or none, since they add up to everybody.
    """
    names = ("persons", "positives", "mean_value", "observed", "observed_low", "observed_high")
    data = source.table("calibration", (*_KEYS, "population", "group", *names)).filter(population="all", family="all")
    of = [name for name in _KEYS if name != "month"]
    if not data["month"].is_null().all():
        data = _months_together(data.join(months_of(source), on=_MONTH, how="semi"), [*of, "group"])
    counts = ("persons", "positives", "negatives")
    return whole_groups(source.audience, _with_negatives(data.drop("month", strict=False)), counts, of)


def _months_together(data: pl.DataFrame, of: Sequence[str]) -> pl.DataFrame:
    """Groups of the same number of all months; draws are of one month, so there is no interval."""
    mean = (pl.col("mean_value") * pl.col("persons")).sum() / pl.col("persons").sum()
    none = pl.lit(None, pl.Float64)
    return (
        data.group_by(of, maintain_order=True)
        .agg(pl.col("persons").sum(), pl.col("positives").sum(), mean.alias("mean_value"))
        .with_columns((pl.col("positives") / pl.col("persons")).alias("observed"))
        .with_columns(none.alias("observed_low"), none.alias("observed_high"))
    )


def most_persons(data: pl.DataFrame) -> int:
    """How many persons a figure is of: those of its largest row, as its rows are of the same persons."""
    return int(data["persons"].max() or 0)  # type: ignore[arg-type]


def whole_groups(
    audience: Audience, data: pl.DataFrame, counts: Collection[str], of: Sequence[str]
) -> pl.DataFrame:  # fmt: skip
    """The rows of those groups of which the audience may see every row.

    >>> data = pl.DataFrame({"of": ["a", "a", "b"], "persons": [4, 90, 30]})
    >>> whole_groups(Audience("public"), data, ["persons"], ["of"]).rows()
    [('b', 30)]
    """
    sized = data.with_columns(pl.len().over(of).alias("_size"))
    return _without_small(audience, sized, counts).filter(pl.len().over(of) == pl.col("_size")).drop("_size")


def _without_small(audience: Audience, data: pl.DataFrame, counts: Collection[str]) -> pl.DataFrame:
    """Rows are of the same persons, of one classifier after another, so each is looked at alone."""
    if not audience.is_public:
        return data
    small = [pl.col(name).is_between(1, MIN_PERSONS - 1).fill_null(value=False) for name in counts]
    return data.filter(~pl.any_horizontal(small))


def added_up(data: pl.DataFrame, of: Sequence[str]) -> pl.DataFrame:
    """Months added up: counts, precision, recall and F1 of all together, and how many months there are.

    Rows without counts are left out. A person counts once in each month.

    >>> rows = {"who": ["a", "a"], "persons": [9, 9], "positives": [4, 6], "tp": [2, 3], "fp": [0, 5], "fn": [2, 3],
    ...         "tn": [5, 0], "month": [1, 2]}
    >>> added_up(pl.DataFrame(rows), ["who"]).select("months", "tp", "precision", "recall", "f1").rows()
    [(2, 5, 0.5, 0.5, 0.5)]
    """
    summed = data.drop_nulls("tp").group_by(of, maintain_order=True).agg(pl.len().alias("months"), pl.col(COUNTS).sum())
    tp, fp, fn = (pl.col(name) for name in ("tp", "fp", "fn"))
    return summed.with_columns(
        _share(tp, tp + fp).alias("precision"), _share(tp, tp + fn).alias("recall"),
        _share(2 * tp, 2 * tp + fp + fn).alias("f1"),
    )  # fmt: skip


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole)


def _with_negatives(data: pl.DataFrame) -> pl.DataFrame:
    return data.with_columns((pl.col("persons") - pl.col("positives")).alias("negatives"))
