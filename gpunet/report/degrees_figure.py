"""With how many others persons were arrested, and what distribution that follows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from gpunet.base.array_types import Int64
from gpunet.report.audience import MIN_PERSONS, Audience
from gpunet.report.degree_fit import DegreeFit, TailFit, fit_degrees
from gpunet.report.figure import Figure, Paragraph
from gpunet.report.grouped import grouped
from gpunet.report.look import COLOURS, SECOND

__all__ = ["degrees_figure"]

#: Below this it can be told that another distribution is worse (Clauset, Shalizi and Newman).
_TELLS = 0.1

_NAMES = {"power law": "a power law", "exponential": "an exponential distribution", "log-normal": "a log-normal one"}


def degrees_figure(degree: Int64, audience: Audience) -> tuple[Figure, Paragraph]:
    """Draw persons by their number of ties, with the distributions fitted to it.

    The public is shown degrees put together until each group has 10 persons.
    """
    counts = np.bincount(degree)
    fit = fit_degrees(counts)
    kept = pl.DataFrame({"number": np.flatnonzero(counts), "persons": counts[counts > 0]})
    data = grouped(kept, ["persons"], MIN_PERSONS if audience.is_public else 1)
    data = data.select(
        ties=pl.col("first"), up_to=pl.col("last"), persons="persons",
        persons_at_least=pl.col("persons").cum_sum(reverse=True),
    )  # fmt: skip
    if audience.is_public:
        data = data.drop("up_to")  # the last one tells of one person
    if fit is not None:
        data = data.with_columns(_expected(fit, one, data["ties"]).alias(name) for name, one in fit.fits.items())
    figure = Figure(
        "degrees",
        "Number of ties",
        "Each point says how many persons are tied with so many others or more; lines are distributions fitted to it.",
        len(degree),
        data,
        _chart(data, fit),
        counts=("persons",),
    )
    return figure, Paragraph(_said(fit, audience))


def _expected(fit: DegreeFit, one: TailFit, ties: pl.Series) -> pl.Series:
    """How many persons should have so many ties or more; null before the tail."""
    expected = np.full(fit.first + len(one.share_at_least), np.nan)
    expected[fit.first :] = fit.persons * one.share_at_least
    return pl.Series(expected[ties.to_numpy()]).fill_nan(None)


def _said(fit: DegreeFit | None, audience: Audience) -> str:
    if fit is None:
        return "There are too few persons with enough different numbers of ties to say what distribution these follow."
    best, others = fit.fits[fit.best], sorted(fit.doubt, key=lambda name: fit.doubt[name])
    worse = [_NAMES[name] for name in others if fit.doubt[name] < _TELLS]
    as_good = [_NAMES[name] for name in others if fit.doubt[name] >= _TELLS]
    compared = [f"It fits better than {' and '.join(worse)}."] if worse else []
    if as_good:
        compared.append(f"It cannot be told apart from {' and '.join(as_good)}.")
    return (
        f"Of the {audience.count(fit.persons)} persons with {fit.first:,} ties or more, {_NAMES[fit.best]} "
        f"({_shape(best.parameters)}) fits best: the share of them with so many ties or more differs from it by at "
        f"most {100 * best.distance:.1f} percentage points. {' '.join(compared)}"
    )


def _shape(parameters: Mapping[str, float]) -> str:
    """What the parameters come to, in words where there are plain ones."""
    if "rate" in parameters:
        return f"for each further tie there are {-100 * math.expm1(-parameters['rate']):.0f} % fewer persons"
    if "exponent" in parameters:
        fewer = 100 * (1 - 2 ** (1 - parameters["exponent"]))
        return f"exponent {parameters['exponent']:.2f}: with twice as many ties or more there are {fewer:.0f} % fewer"
    return f"the logarithm of the ties has mean {parameters['mu']:.2f} and deviation {parameters['sigma']:.2f}"


def _chart(data: pl.DataFrame, fit: DegreeFit | None) -> Any:
    import altair as alt

    straight = fit is not None and fit.best == "exponential"  # with a plain axis it is a line
    x = alt.X("ties:Q", title="ties", scale=alt.Scale(type="linear" if straight else "log", nice=False))
    y = "persons with so many ties or more"
    tens = alt.Axis(values=[10.0**power for power in range(10)], format=",")
    points = alt.Chart(data).mark_point(filled=True, size=28, color=COLOURS[0], opacity=1).encode(
        x=x, y=alt.Y("persons_at_least:Q", title=y, axis=tens, scale=alt.Scale(type="log", domainMin=0.5, nice=False)),
    )  # fmt: skip
    if fit is None:
        return points
    names = list(fit.fits)
    lines = data.select("ties", *names).unpivot(names, index="ties", variable_name="fit").drop_nulls()
    lines = lines.filter(pl.col("value") > 0.5)
    colour = alt.Color("fit:N", title=None, scale=alt.Scale(domain=names, range=[*COLOURS[1:3], SECOND]))
    dash = alt.StrokeDash("fit:N", title=None, scale=alt.Scale(domain=names, range=[[6, 3], [1, 0], [2, 2]]))
    drawn = alt.Chart(lines).mark_line(strokeWidth=2).encode(
        x=x, y=alt.Y("value:Q", title=y, axis=tens), color=colour, strokeDash=dash
    )  # fmt: skip
    return drawn + points
