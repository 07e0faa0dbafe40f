"""How sure the figures of an experiment are, and which are not defined."""

from __future__ import annotations

import polars as pl

from gpunet.report.experiment_rows import known_of, months_of
from gpunet.report.figure import Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["experiment_certainty"]

_WHAT = (
    "Intervals are approximate. Persons of a network are not independent: those who are arrested together resemble "
    "each other. So whole communities of the network are drawn, with replacement, and a measure is computed of the "
    "persons drawn; the interval holds 95 % of what the draws give.",
    "They tell how far a figure depends on who happens to be in the data. They do not tell how another training would "
    "turn out, and nothing of other places, of later years, or of what was never recorded: arrests measure policing as "
    "well as conduct.",
)
_MONTHS = (
    "Months are not independent either: most of their persons are the same, and the days that they look ahead overlap. "
    "That a classifier is ahead in every month is less than it seems."
)


def experiment_certainty(source: Source) -> Section:
    """What intervals say and do not say, and why some measures have no value."""
    draws = source.manifest["config"]["evaluate"]["bootstrap"]
    lead = (
        f"Every interval on this page comes of {draws:,} draws of the network's communities, and is approximate."
        if draws
        else "No interval was asked for (bootstrap = 0), so nothing here says how far a figure depends on chance."
    )
    monthly = source.kind == "evaluate emerging"
    texts = [*(_WHAT if draws else _WHAT[1:]), *([_MONTHS] if monthly else [])]
    data = months_of(source) if monthly else known_of(source)
    return Section("certainty", "How sure one can be", lead, (*map(Paragraph, texts), *_undefined(data)))


def _undefined(data: pl.DataFrame) -> list[Table]:
    """The reasons, with the number of rows of ``results`` that have each."""
    said = (
        data.select(pl.col("undefined").drop_nulls().str.split("; "))
        .explode("undefined")
        .with_columns(pl.col("undefined").str.split_exact(": ", 1).struct.rename_fields(["what", "why"]))
        .unnest("undefined")
    )
    counted = said.group_by("why", "what").len("rows").sort("rows", "why", "what", descending=[True, False, False])
    if not len(counted):
        return []
    words = pl.col("what").str.replace_all("_", " ")
    heads = {"what": "what has no value", "why": "why", "rows": "results"}
    sentence = (
        f"A measure without a value is not 0; these are the reasons, and how many of {len(data):,} results have each."
    )
    return [Table("undefined", "What is not defined", sentence, None, counted.with_columns(words), heads)]
