"""Section: how sure one can be of what the page says of the forecast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from gpunet.base.words import counted
from gpunet.evaluate.forecast_intervals import Estimate
from gpunet.report.audience import Audience
from gpunet.report.few import few_are_told, is_few, lists_of, measures_shown, told_lists, with_measures_shown
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.forecast_data import Forecasts, forecasts_of
from gpunet.report.forecast_lists import told_of
from gpunet.report.forecast_words import (
    MEASURES_SHOWN,
    first_hundred_told,
    interval_words,
    measure_words,
    number_words,
    share,
    window_words,
)
from gpunet.report.named import named
from gpunet.report.outcome import VICTIMISATION, Outcome
from gpunet.report.source import Source

__all__ = ["certainty"]

_LIST = 100
_TOP = f"precision_top_{_LIST}"

_NOT_IN_THEM = (
    "The intervals say what other persons would have changed. They do not hold what another training, another horizon, "
    "another way of recording or of policing would change: the difference between the two windows says a little of "
    "that, and only another test on later data would say more."
)


def certainty(source: Source) -> Section | None:
    """How wide the intervals are and what they leave out, how much two windows differ, on whom the first 100 rest."""
    found = source.once(forecasts_of)
    if few_are_told(found.everybody, source.audience):
        return None
    parts: list[Figure | Table | Paragraph] = [Paragraph(_NOT_IN_THEM)]
    parts += [*_two_windows(source, found), *_of_communities(found, source.audience)]
    parts += _of_data(source.manifest.get("completeness"), source.audience, found.outcome)
    return Section("certainty", "How sure one can be", _lead(found, source.audience), tuple(parts))


def _lead(found: Forecasts, audience: Audience) -> str:
    everybody, event = found.everybody, found.outcome.event
    first = (
        "What this page says of how good the forecast is rests on "
        f"{audience.out_of(everybody.positives, everybody.persons)} persons with a {event} in one window of "
        f"{found.horizon_days} days"
    )
    top = everybody.model[_TOP]
    told = first_hundred_told(top.value, everybody.persons, everybody.positives, audience)
    if top.interval is None or top.value is None or not told:
        return f"{first}."
    low, high = (number_words(_LIST * end) for end in top.interval)
    return (
        f"{first}: with other persons like these, of the model's first {_LIST} it could as well have been {low} as "
        f"{high} with a {event}."
    )


def _two_windows(source: Source, found: Forecasts) -> Iterator[Paragraph | Table]:
    """The measures of the test window beside those of persons held out in the window before."""
    model = source.manifest["model"]
    before, test = model["held_out"], model["results"]
    window = window_words(model["past"]["window"])
    flagged = [_flagged(results, source.audience) for results in (before, test)]
    if flagged[0] is not None and flagged[1] is not None:
        yield Paragraph(
            f"One threshold was used in both windows: in the one before the test ({window}) it flags "
            f"{share(flagged[0])} of persons, who were held out of training, in the test window ({found.window}) "
            f"{share(flagged[1])}. It was chosen on the former, which makes precision and recall there look a little "
            "better than they are."
        )
    rows = [
        _row(f"Share with a {found.outcome.event}", _base_rate(before, source.audience), Estimate(test["base_rate"])),
        _row("Share flagged by the model", flagged[0], Estimate(flagged[1])),
    ]
    held_out = measures_shown(before["model"], told_lists(_lists(before), source.audience))
    shown = with_measures_shown(found.everybody, told_of(found, source.audience)).model
    rows += [_row(measure_words(name, found.outcome), held_out.get(name), shown[name]) for name in MEASURES_SHOWN]
    data = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("before", "test").cast(pl.Float64))
    heads = {
        "measure": "Measure", "before": "Window before, persons held out", "test_words": "Test window (95 % interval)",
        "change": "Change",
    }  # fmt: skip
    yield Table(
        "certainty_windows", "The same measures in two windows",
        f"The model's measures in the window before the test ({window}), on persons who were held out "
        f"of training, and in the test window ({found.window}): what changes between two windows has to be expected.",
        found.everybody.persons, data.with_columns((pl.col("test") - pl.col("before")).alias("change")), heads,
        formats={"before": "{:.3f}", "change": "{:+.3f}"},
    )  # fmt: skip


def _row(words: str, before: float | None, test: Estimate) -> dict[str, Any]:
    return {"measure": words, "before": before, "test": test.value, "test_words": interval_words(test)}


def _lists(results: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    model = results["model"]
    return lists_of(model, results["persons"], results["positives"], model["flagged"])


def _flagged(results: Mapping[str, Any], audience: Audience) -> float | None:
    """The share of persons that the model flags."""
    flagged, persons = results["model"]["flagged"], results["persons"]
    hidden = audience.is_public and is_few(flagged, persons)
    return None if hidden or not persons else flagged / persons


def _base_rate(results: Mapping[str, Any], audience: Audience) -> float | None:
    rate: float | None = results["base_rate"]
    return None if audience.is_public and is_few(results["positives"], results["persons"]) else rate


def _of_communities(found: Forecasts, audience: Audience) -> Iterator[Paragraph]:
    """On how many communities the model's first 100 rest, and how sharply the list ends."""
    persons = found.persons
    if persons is None or len(persons) < _LIST:
        return
    order = np.argsort(-persons["probability"].to_numpy(), kind="stable")
    top = persons[order[:_LIST]]
    within = top.filter(pl.col("community") >= 0)
    of = within.group_by("community").agg(pl.len().alias("persons"), pl.col("label").sum().alias("hits"))
    alone = _LIST - len(within)
    words = f"The model's first {_LIST} persons come from {_communities(len(of))} of the network" + (
        f"; {audience.out_of(alone, _LIST)} are outside it" if alone else ""
    )
    if len(of):
        largest = of.sort("persons", "hits", "community", descending=[True, True, False]).row(0, named=True)
        rest, hits = _LIST - largest["persons"], int(top["label"].sum()) - largest["hits"]
        words += f". The one with most of them has {audience.count(largest['persons'])}"
        if not audience.is_public and rest:
            words += f"; without it {hits} of {rest} had a {found.outcome.event} ({share(hits / rest)})"
    yield Paragraph(f"{words}. Intervals rest on communities: a list from few of them is less sure than one from many.")
    if not audience.is_public and len(order) >= 2 * _LIST:
        at, far = (float(persons["probability"][int(order[place - 1])]) for place in (_LIST, 2 * _LIST))
        yield Paragraph(
            f"The list has no sharp end: the person on place {_LIST} had a predicted probability of {share(at)}, the "
            f"one on place {2 * _LIST} one of {share(far)}."
        )


def _communities(number: int) -> str:
    return f"{number:,} {'community' if number == 1 else 'communities'}"


def _of_data(completeness: Mapping[str, Any] | None, audience: Audience, outcome: Outcome) -> Iterator[Paragraph]:
    """What seems to be missing at the end of the data."""
    if completeness is None:
        return
    beyond, late = completeness["days_beyond"], completeness["late"]
    if not beyond and not late:
        yield Paragraph(
            f"Nothing seems to be missing at the end of the data ({completeness['last_date']}): the last weeks hold as "
            "many arrests as were to be expected."
        )
    if beyond:
        yield Paragraph(
            f"The data end on {completeness['last_date']}, {counted(beyond, 'day')} before the day of the forecast: "
            "who was arrested in between counts as not arrested.", "warning",
        )  # fmt: skip
    more = ", and the test window would then hold more violent arrests than are counted here"
    if outcome is VICTIMISATION:  # whose days are those of other tables
        more = ""
    for one in late:
        of = "" if one["force"] is None else f" of force {named(one['force'])}"
        yield Paragraph(
            f"The last {one['days']:,} days of the data hold {audience.count(one['arrests'])} arrests{of}, where about "
            f"{one['expected']:,} were to be expected: arrests may be recorded late{more}.", "warning",
        )  # fmt: skip
