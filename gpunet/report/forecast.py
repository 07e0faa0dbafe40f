"""Section: how good the forecast was and for whom, against past violence alone and chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from gpunet.evaluate.forecast_intervals import Compared, Estimate
from gpunet.report.few import Told, few_are_told, with_measures_shown
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.forecast_chart import ORDERS, dots, floats, numbers
from gpunet.report.forecast_data import Forecasts, forecast_of_all, forecasts_of
from gpunet.report.forecast_found import found_curve
from gpunet.report.forecast_groups import for_whom
from gpunet.report.forecast_lists import told_of
from gpunet.report.forecast_words import (
    MEASURES_SHOWN,
    below_sentence,
    interval_words,
    measure_words,
    order_sentence,
    share,
    top_sentence,
)
from gpunet.report.outcome import Outcome
from gpunet.report.source import Source

__all__ = ["first_sentences", "forecast"]

_TITLE = "How good is the forecast, and for whom?"
_FEW = "How good the forecast is rests on too few persons to be shown: fewer than 10 were, or were not, {violence}."

_DRAWN = (
    "Intervals are approximate 95 % intervals from {draws:,} draws of whole communities of the network, since persons "
    "who are arrested together are not independent; the model is not trained again in a draw."
)
_FEWER = " {asked:,} draws were asked for; of so many communities fewer fit into memory."
_NOT_DRAWN = "There are no intervals: {why}."

_TRIED = (
    "The model was trained on what came before and tried on the window from {window}: {positives} of {persons} persons "
    "({share}) had a {event} in these {days} days. {record} alone ranks persons by the number of their {event}s, "
    "then by how recent the last {recent} is: no model is needed for that. Chance is a random order."
)
_FLAGS = (
    "The model flags {flagged} persons, {record} alone everybody with a {event} on record, which may be far more or "
    "fewer"
)
_TOGETHER = "{flags}: compare precision and recall together, not one of them."
_FLAGS_HIDDEN = (
    "{flags}. Precision, recall and F1 of {whose} are left out, as they would tell of fewer than 10 persons."
)
_DASHES = ' "-": left out, as it would tell of fewer than 10 persons.'

#: Measures that are drawn, in few words.
_DRAWN_MEASURES = {
    "precision_top_100": "First 100",
    "precision_top_500": "First 500",
    "auc": "AUC",
    "average_precision": "Average precision",
}


def first_sentences(source: Source) -> tuple[str, ...]:
    """What to say first of a run: the model's first 100 beside those of past violence alone; then the whole order.

    Where the model is below past violence alone, or below chance, by average precision that comes last.

    Raises
    ------
    InputError
        If a table of the folder cannot be read, or holds what no run writes.
    """
    return _sentences(source, source.once(forecast_of_all))


def _sentences(source: Source, found: Forecasts) -> tuple[str, ...]:
    outcome, everybody = found.outcome, found.everybody
    said = (
        top_sentence(everybody, source.audience, outcome=outcome),
        order_sentence(everybody, outcome),
        below_sentence(everybody, source.audience, outcome),
    )
    return tuple(sentence for sentence in said if sentence)


def forecast(source: Source) -> Section | None:
    """How good the forecast was, and for whom."""
    found = source.once(forecasts_of)
    if few_are_told(found.everybody, source.audience):
        return Section("forecast", _TITLE, _FEW.format(violence=found.outcome.violence_of_many))
    lead, *others = _sentences(source, found)
    told = told_of(found, source.audience)
    parts = [*map(Paragraph, others), *_measures(source, found, told), *found_curve(found, told)]
    return Section("forecast", _TITLE, lead, (*parts, *for_whom(source.audience, found, told)))


def _measures(source: Source, found: Forecasts, told: Mapping[str, Told]) -> Iterator[Figure | Table | Paragraph]:
    everybody, audience, outcome = found.everybody, source.audience, found.outcome
    yield Paragraph(
        _TRIED.format(
            window=found.window,
            positives=audience.out_of(everybody.positives, everybody.persons),
            persons=audience.count(everybody.persons),
            share=share(everybody.base_rate.value or 0.0),
            days=found.horizon_days,
            event=outcome.event,
            record=outcome.record.capitalize(),
            recent=outcome.recent,
        )
    )
    shown = with_measures_shown(everybody, told)
    yield _figure(shown, outcome)
    yield _table(shown, outcome, everybody)
    flagged = audience.out_of(everybody.flagged, everybody.persons)
    flags = _FLAGS.format(flagged=flagged, record=outcome.record, event=outcome.event)
    hidden = [
        whose for whose, of, all_of in _orders(shown, everybody, outcome) if _is_left_out("precision", of, all_of)
    ]
    yield Paragraph((_FLAGS_HIDDEN if hidden else _TOGETHER).format(flags=flags, whose=" and of ".join(hidden)))
    yield Paragraph(_how_sure(found))


def _orders(
    shown: Compared, found: Compared, outcome: Outcome
) -> list[tuple[str, Mapping[str, Estimate], Mapping[str, Estimate]]]:
    """The two orders: in words, their measures as they are shown, and all of them."""
    return [
        ("the model", shown.model, found.model),
        (f"{outcome.record} alone", shown.past_violence, found.past_violence),
    ]


def _is_left_out(name: str, shown: Mapping[str, Estimate], found: Mapping[str, Estimate]) -> bool:
    return shown[name].value is None and found[name].value is not None


def _how_sure(found: Forecasts) -> str:
    if not found.draws:
        return _NOT_DRAWN.format(why=found.everybody.base_rate.reason or "no draws were asked for")
    fewer = _FEWER.format(asked=found.asked) if found.draws < found.asked else ""
    return _DRAWN.format(draws=found.draws) + fewer


def _figure(found: Compared, outcome: Outcome) -> Figure:
    chance = {name: Estimate(value) for name, value in found.chance.items()}
    orders = tuple(map(outcome.order, ORDERS))
    rows = [
        {"measure": words, "order": order, **numbers("value", of[name])}
        for name, words in _DRAWN_MEASURES.items()
        for order, of in zip(orders, (found.model, found.past_violence, chance), strict=True)
    ]
    data = floats(pl.DataFrame(rows, infer_schema_length=None), "value")
    sentence = (
        "Each dot is a measure of the order of all persons, 1 at best, and each line its 95 % interval: of the model, "
        f"of {outcome.record} alone, and of a random order. First 100 is the share of these with a {outcome.event}; "
        "the other measures are explained in the table."
    )
    title = f"The model, {outcome.record} alone and chance"
    return Figure("forecast_measures", title, sentence, found.persons, data, dots(data, "measure", orders))


def _table(found: Compared, outcome: Outcome, whole: Compared) -> Table:
    """The table of what is shown, `found`; `whole` is what there is."""
    data = floats(
        pl.DataFrame([_row(found, name, outcome) for name in MEASURES_SHOWN], infer_schema_length=None),
        "model", "past_violence", "difference",
    ).with_columns(pl.col("chance").cast(pl.Float64))  # fmt: skip
    heads = {
        "measure": "Measure", "model_words": "Model (95 % interval)",
        "past_violence_words": f"{outcome.record.capitalize()} alone (95 % interval)", "chance": "Chance",
        "difference_words": f"Model less {outcome.record} (95 % interval)",
    }  # fmt: skip
    sentence = (
        "Where the interval of the difference lies above 0 the model is better, where it holds 0 it is not known to "
        "be; the difference is taken draw by draw, so its interval is narrower than the two others suggest. Of the "
        f"Brier score the smaller is the better; {outcome.record} alone gives no probabilities to have one of."
    )
    if any(_is_left_out(name, *of) for _, *of in _orders(found, whole, outcome) for name in MEASURES_SHOWN):
        sentence += _DASHES
    return Table("forecast_table", "All measures", sentence, found.persons, data, heads, formats={"chance": "{:.3f}"})


def _row(found: Compared, name: str, outcome: Outcome) -> dict[str, Any]:
    of = {"model": found.model[name], "past_violence": found.past_violence[name], "difference": found.difference[name]}
    row: dict[str, Any] = {"measure": measure_words(name, outcome)}
    for key, estimate in of.items():
        row[f"{key}_words"] = interval_words(estimate, "{:+.3f}" if key == "difference" else "{:.3f}")
        row |= numbers(key, estimate)
    reasons = "; ".join(dict.fromkeys(one.reason for one in of.values() if one.reason))
    return {**row, "chance": found.chance[name], "undefined": reasons or None}
