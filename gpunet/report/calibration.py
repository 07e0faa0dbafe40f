"""Section: whether predicted probabilities can be taken at their word."""

from __future__ import annotations

from typing import Any

import polars as pl

from gpunet.evaluate.forecast_intervals import Compared
from gpunet.report.audience import Audience
from gpunet.report.few import Told, few_are_told
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.forecast_data import forecasts_of
from gpunet.report.forecast_lists import end_of_group, told_of
from gpunet.report.forecast_words import share
from gpunet.report.look import COLOURS, SECOND
from gpunet.report.outcome import Outcome
from gpunet.report.source import Source

__all__ = ["calibration"]

_ADVICE = (
    "A probability of 12 % is right if of 100 persons who are given it about 12 are {violence}. Where "
    "groups lie off the line, read a score as a place in an order rather than as a chance. The scores of this run are "
    "of a model that was trained again on both windows, so they may be off by something else."
)

_NO_INTERVALS = "No group has an interval: {why}."


def calibration(source: Source) -> Section | None:
    """Predicted probabilities beside what happened, in groups of about one size."""
    forecasts = source.once(forecasts_of)
    found = forecasts.everybody
    if not found.calibration or found.base_rate.value is None or few_are_told(found, source.audience):
        return None
    data = _groups(found)
    shown = _told(data, told_of(forecasts, source.audience)["model"])
    outcome = forecasts.outcome
    parts: list[Figure | Table | Paragraph] = [Paragraph(_ADVICE.format(violence=outcome.violence_of_many))]
    if data["observed_low"].null_count() == len(data):
        parts.append(Paragraph(_NO_INTERVALS.format(why=found.calibration[-1]["undefined"])))
    if len(shown) < len(data):
        parts.append(Paragraph("Groups from which a small number of persons could be worked out are left out."))
    if len(shown):
        parts += [_figure(found, shown, outcome), _table(found, shown, outcome)]
    return Section(
        "calibration", "Are the probabilities right?", _lead(found, data, source.audience, outcome), tuple(parts)
    )


def _lead(found: Compared, data: pl.DataFrame, audience: Audience, outcome: Outcome) -> str:
    """How many were expected, how many it were, and whether that is more than chance."""
    expected = float((data["persons"] * data["predicted"]).sum())
    words = (
        f"In all, the model expected {audience.count(round(expected))} persons with a {outcome.event} in the test "
        f"window, and {audience.out_of(found.positives, found.persons)} had one"
    )
    if found.base_rate.interval is None:
        return f"{words}; whether that is a difference or chance cannot be told: {found.base_rate.reason}."
    low, high = found.base_rate.interval
    mean = expected / found.persons
    side = "too high" if mean > high else "too low" if mean < low else "about right"
    known = data.drop_nulls("verdict")
    off = known.filter(pl.col("verdict") != "about right").height
    if not len(known):
        by_group = "whether they are off in any group by probability cannot be told, as no group has an interval"
    elif len(known) < len(data):
        by_group = (
            f"{len(known)} of {len(data)} groups by probability have an interval, and in {off or 'none'} of these are "
            "they off by more than chance"
        )
    else:
        which = f"{off} of {len(data)}" if off else "none of the"
        by_group = f"in {which} groups by probability are they off by more than chance"
    return (
        f"{words}: the probabilities are {side} on average ({share(mean)} expected, 95 % interval of what happened "
        f"{share(low)} to {share(high)}); {by_group}."
    )


def _told(data: pl.DataFrame, told: Told) -> pl.DataFrame:
    """The groups whose both ends are those of lists that may be told of; the last one begins with the first person."""
    ends = pl.Series([end_of_group(group) in told for group in data["group"]])
    return data.filter(ends & ends.shift(-1, fill_value=True))


def _groups(found: Compared) -> pl.DataFrame:
    rows = [
        {
            "group": of["group"],
            "persons": of["persons"],
            "positives": of["positives"],
            "negatives": of["persons"] - of["positives"],
            "predicted": of["mean_value"],
            "observed": of["observed"],
            "observed_low": of["observed_low"],
            "observed_high": of["observed_high"],
            "verdict": _verdict(of),
        }
        for of in found.calibration
    ]
    return pl.DataFrame(rows, infer_schema_length=None).cast({"observed_low": pl.Float64, "observed_high": pl.Float64})


def _verdict(of: Any) -> str | None:
    if of["observed_low"] is None:
        return None
    return (
        "too high"
        if of["mean_value"] > of["observed_high"]
        else "too low"
        if of["mean_value"] < of["observed_low"]
        else "about right"
    )


def _figure(found: Compared, data: pl.DataFrame, outcome: Outcome) -> Figure:
    import altair as alt

    last = data.row(-1, named=True)
    top = max(
        float(
            pl.select(
                pl.max_horizontal(data["predicted"].max(), data["observed"].max(), data["observed_high"].max())
            ).item()
        ),
        0.01,
    )
    # A root makes room for small probabilities, of which there are most, and keeps the line straight.
    scale = alt.Scale(type="sqrt", domain=[0, top], nice=True)
    axis = alt.Axis(format="~%", tickCount=6)
    line = alt.Chart(pl.DataFrame({"predicted": [0.0, top], "observed": [0.0, top]})).mark_line(
        color=SECOND, strokeDash=[4, 4]
    )
    base = alt.Chart(data)
    x = alt.X("predicted:Q", scale=scale, axis=axis, title="Predicted probability (mean of the group)")
    y = alt.Y("observed:Q", scale=scale, axis=axis, title=f"Had a {outcome.event}")
    ends = base.mark_rule(strokeWidth=2, color=COLOURS[0]).encode(
        x=x, y=alt.Y("observed_low:Q", scale=scale, axis=axis, title=f"Had a {outcome.event}"), y2="observed_high:Q"
    )
    dots = base.mark_point(filled=True, size=60, opacity=1, color=COLOURS[0]).encode(x=x, y=y)
    chart = alt.layer(line.encode(x=x, y=y), ends, dots).properties(width=420, height=300)
    sentence = (
        f"Each dot is a group of persons by predicted probability: on the dashed line what was predicted is what "
        f"happened, above it more happened, below it less; of the highest group shown {share(last['predicted'])} were "
        f"expected and {share(last['observed'])} happened."
    )
    return Figure("calibration_groups", "Predicted and observed", sentence, found.persons, data, chart)


def _table(found: Compared, data: pl.DataFrame, outcome: Outcome) -> Table:
    heads = {
        "group": "Group", "persons": "Persons", "predicted": "Predicted", "observed": f"Had a {outcome.event}",
        "observed_low": "95 % from", "observed_high": "to", "verdict": "Probabilities are",
    }  # fmt: skip
    groups, hidden = len(found.calibration), len(found.calibration) - len(data)
    sentence = (
        f"Groups of about one size, {groups} in all, the lowest probabilities first; persons of one probability are in "
        "one group."
    )
    if hidden:
        are = "is" if hidden == 1 else "are"
        sentence += f" {hidden} of {groups} groups {are} not shown, as that would tell of fewer than 10 persons."
    if data["verdict"].null_count():
        sentence += " Where a group has no interval, whether its probabilities are right cannot be told."
    return Table(
        "calibration_table", "Groups by predicted probability", sentence, found.persons, data, heads,
        formats=dict.fromkeys(("predicted", "observed", "observed_low", "observed_high"), "{:.1%}"),
    )  # fmt: skip
