"""For whom a forecast is good: the same measures for groups of persons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from gpunet.base.words import quoted
from gpunet.evaluate.forecast_intervals import Compared
from gpunet.report.audience import Audience
from gpunet.report.few import FLAGGED, Told
from gpunet.report.figure import Figure, Paragraph, Table
from gpunet.report.forecast_chart import ORDERS, dots, floats, numbers
from gpunet.report.forecast_data import GROUPS, Forecasts, groups_of
from gpunet.report.forecast_words import interval_words
from gpunet.report.outcome import Outcome

__all__ = ["for_whom"]

#: AUC of a random order.
_CHANCE = 0.5

#: What counts persons, so that nobody of a small number is shown to the public.
_COUNTS = ("persons", "positives", "negatives", "flagged", "true_positives", "false_positives", "false_negatives")

#: What is told of those whom the model flags.
_OF_FLAGGED = ("flagged", "true_positives", "false_positives", "false_negatives", "precision", "recall")

#: What tells those apart whom past violence alone flags.
_RECORD = GROUPS[0].told_by

_LEFT_OUT = (
    "Groups with a number of persons from 1 to 9, and those from which such a number could be worked out, are left out."
)


def for_whom(audience: Audience, found: Forecasts, told: Mapping[str, Told]) -> Iterator[Figure | Table | Paragraph]:
    """Words, a figure and a table of the groups that this audience may see; nothing if there are none.

    All groups together tell of those flagged, and those with a violent record are whom past violence alone flags: what
    is not told of these lists is not told by groups either.
    """
    rows = [
        _row(group.words, group.told_by, found.of[group.name])
        for group in groups_of(found.outcome)
        if group.name in found.of
    ]
    if not rows:
        return
    every = floats(pl.DataFrame(rows, infer_schema_length=None), "auc", "past_auc")
    shown = every
    if FLAGGED not in told["model"]:
        shown = shown.with_columns(pl.lit(None, every.schema[name]).alias(name) for name in _OF_FLAGGED)
    if audience.is_public and FLAGGED not in told["past violence"]:
        shown = shown.filter(pl.col("told_by") != _RECORD)
    data = pl.concat(
        [shown.clear(), *(audience.shown(of, _COUNTS) for of in shown.partition_by("told_by", maintain_order=True))]
    )
    if len(data) < len(every):
        yield Paragraph(_LEFT_OUT)
    if data.is_empty():
        return
    yield Paragraph(_unequal(data))
    yield _figure(found, data)
    text = (
        "Groups told apart by what was known when the test window began; precision and recall are those of the persons "
        "whom the model flags."
    )
    if data["precision"].null_count() or data["recall"].null_count():
        text += " An empty cell is left out, or is a share of nobody, as where the model flags nobody of a group."
    yield Table(
        "forecast_group_table", "The forecast by group", text, found.everybody.persons, data, _heads(found.outcome),
        formats={"share": "{:.1%}", "precision": "{:.3f}", "recall": "{:.3f}"},
    )  # fmt: skip


def _heads(outcome: Outcome) -> dict[str, str]:
    happened = outcome.violence_of_many
    return {
        "group": "Group", "persons": "Persons", "positives": happened[0].upper() + happened[1:], "share": "Share",
        "precision": "Precision", "recall": "Recall", "auc_words": "AUC, model",
        "past_auc_words": f"AUC, {outcome.record}",
    }  # fmt: skip


def _row(words: str, told_by: str, of: Compared) -> dict[str, Any]:
    ours, simple = of.model["auc"], of.past_violence["auc"]
    return {
        "group": words,
        "told_by": told_by,
        "persons": of.persons,
        "positives": of.positives,
        "negatives": of.persons - of.positives,
        "share": of.base_rate.value,
        "flagged": of.flagged,
        "true_positives": of.hits,
        "false_positives": of.flagged - of.hits,
        "false_negatives": of.positives - of.hits,
        "precision": of.model["precision"].value,
        "recall": of.model["recall"].value,
        "auc_words": interval_words(ours, "{:.2f}"),
        "past_auc_words": interval_words(simple, "{:.2f}"),
        **numbers("auc", ours),
        **numbers("past_auc", simple),
    }


def _unequal(data: pl.DataFrame) -> str:
    """For whom the forecast is better than for whom, if intervals of groups do not meet, and for whom it is none."""
    known = data.drop_nulls("auc").sort("auc", maintain_order=True)
    if known.is_empty():
        return "For no group by itself can be told how well the model orders persons."
    sure = known.drop_nulls(["auc_low", "auc_high"])
    if len(known) == 1:
        said = "Only one group can be told of, so there is none to compare it with."
    elif len(sure) < 2:
        said = "Whether the forecast is better for some groups than for others cannot be told without intervals."
    else:
        best = sure.sort("auc_low", maintain_order=True).row(-1, named=True)
        worst = sure.sort("auc_high", maintain_order=True).row(0, named=True)
        said = "By AUC no difference between groups is larger than chance: the intervals of any two of them meet."
        if worst["auc_high"] < best["auc_low"]:
            said = (
                "The forecast is not equally good for all. By AUC it orders persons better in the group "
                f'"{best["group"]}" ({best["auc"]:.2f}) than in the group "{worst["group"]}" ({worst["auc"]:.2f}).'
            )
    return said + _no_better_than_a_coin(known)


def _no_better_than_a_coin(known: pl.DataFrame) -> str:
    coin = known.filter(pl.coalesce("auc_low", "auc") <= _CHANCE)["group"].to_list()
    return f" It is not known to be better than tossing a coin for: {quoted(coin)}." if coin else ""


def _figure(found: Forecasts, data: pl.DataFrame) -> Figure:
    outcome = found.outcome
    orders = [outcome.order(order) for order in ORDERS[:2]]
    long = pl.concat(
        data.select(
            "group", "persons", pl.lit(order).alias("order"),
            *(pl.col(f"{of}{end}").alias(f"value{end}") for end in ("", "_low", "_high")),
        )
        for order, of in zip(orders, ("auc", "past_auc"), strict=True)
    )  # fmt: skip
    sentence = (
        f"How often the model, and {outcome.record} alone, rank the right one of two persons of the same group higher: "
        "0.5 is tossing a coin; lines are 95 % intervals."
    )
    return Figure(
        "forecast_groups", "For whom it works", sentence, found.everybody.persons, long, dots(long, "group", orders)
    )
