"""A card's first parts: the score as a frequency, and what became of persons with such a score when it was tried."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.report.figure import Paragraph, Section
from gpunet.report.forecast_words import window_words
from gpunet.report.outcome import Outcome, outcome_of
from gpunet.report.source import Source
from gpunet.report.subject import Subject

__all__ = ["frequency", "score_section"]

#: So many persons of the test window or more, those with the probability nearest the person's, are looked at.
_NEAREST = 200

#: The probability is far above those of a tenth of the persons if it is so many times their mean.
_FAR = 1.5

#: The normal distribution's, of a 95% interval.
_Z = 1.959963984540054


def frequency(probability: float) -> str:
    """A probability as a frequency among persons scored alike.

    >>> frequency(0.1249), frequency(0.004)
    ('of 100 persons scored like this, about 12', 'of 1,000 persons scored like this, about 4')
    >>> frequency(0.0001), frequency(0.999)
    ('of 1,000 persons scored like this, fewer than 1', 'of 100 persons scored like this, more than 99')
    """
    if probability >= 0.995:
        return "of 100 persons scored like this, more than 99"
    if probability >= 0.0095:
        return f"of 100 persons scored like this, about {int(100 * probability + 0.5)}"
    in_thousand = int(1000 * probability + 0.5)
    return "of 1,000 persons scored like this, " + (f"about {in_thousand}" if in_thousand else "fewer than 1")


def score_section(source: Source, subject: Subject) -> Section:
    """The score, its rank, and how such scores fared."""
    model, outcome = source.manifest["model"], outcome_of(source.manifest)
    low = subject.persons - subject.rank
    often = frequency(subject.probability)
    lead = (
        f"{often[0].upper()}{often[1:]}, the model expects, will be {outcome.offence} within "
        f"{counted(model['horizon_days'], 'day')} from {model['days']['T']}; the others will not."
    )
    return Section(
        "score",
        "What the score says",
        lead,
        (
            Paragraph(
                f"The probability is {subject.probability:.3f}. Rank {subject.rank:,} of {subject.persons:,} persons "
                f"scored: {subject.rank - 1:,} have a higher score or come before it among equals, {low:,} come after."
            ),
            Paragraph(_in_test(source, subject.probability)),
            Paragraph(_base_rate(model, outcome)),
            Paragraph(
                f"A frequency is of a group. Which of these persons will be {outcome.befallen}, nobody can tell from "
                "the score."
            ),
        ),
    )


def _in_test(source: Source, probability: float) -> str:
    """What was observed of persons with such a probability, when the model was tried on a time that is over."""
    test, outcome = source.manifest["model"]["test"], outcome_of(source.manifest)
    tried = (
        f"The method was tried on the past: a model that knew only what lay before {test['window'][1:11]} forecast who "
        f"would be {outcome.offence} in the days {window_words(test['window'])}."
    )
    observed = _nearest(source, probability) if source.has("predictions") else _tenth(source, probability)
    return f"{tried} {observed} The model that made this score learned from that time too, and was not tried itself."


def _nearest(source: Source, probability: float) -> str:
    found = source.table("predictions", ["probability", "label"])
    far = (found["probability"] - probability).abs()
    near = found.filter(far <= far.sort()[min(_NEAREST, len(found)) - 1])  # and those who are as near as the last
    hits, n = int(near["label"].sum()), len(near)
    low, high = _interval(hits, n)
    least, most = _extremes(near["probability"])
    forecast = float(near["probability"].mean() or 0.0)  # type: ignore[arg-type]  # of numbers it is one
    said = (
        f"Of the {n:,} persons with the probability nearest this one ({least:.3f} to {most:.3f}), {hits:,} were: "
        f"{100 * hits / n:.0f} of 100, where {100 * forecast:.0f} of 100 were forecast. By chance alone such a number "
        f"could stand for {100 * low:.0f} to {100 * high:.0f} of 100 (95% interval)."
    )
    if not low <= forecast <= high:
        said += f" The forecast was too {'high' if forecast > high else 'low'} for these persons."
    if not least <= probability <= most:
        said += " This person's probability lies outside theirs, so the comparison says little."
    return said


def _tenth(source: Source, probability: float) -> str:
    tenths = source.manifest["model"]["calibration"]
    tenth = min(tenths, key=lambda one: abs(one["mean_probability"] - probability))
    mean, observed = tenth["mean_probability"], tenth["observed"]
    said = (
        f"Of the tenth of persons with the mean probability nearest this one ({tenth['persons']:,} persons, mean "
        f"{mean:.3f}), {100 * observed:.1f} of 100 were, where {100 * mean:.1f} were forecast."
    )
    if probability > _FAR * mean:
        said += " This person's probability lies far above that mean, so the comparison says little."
    return said


def _base_rate(model: dict[str, Any], outcome: Outcome) -> str:
    results = model["results"]
    rate, flagged = results["base_rate"], results["model"]
    said = f"Of all {results['persons']:,} persons of that trial {100 * rate:.1f} of 100 were."
    if flagged["precision"] is not None:
        said += (
            f" At the model's own threshold ({results['threshold']:.3f}) {flagged['flagged']:,} persons were flagged, "
            f"of whom {100 * (1 - flagged['precision']):.0f} of 100 were not {outcome.offence_of_many}."
        )
    return said


def _interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share (1927)."""
    share, z2 = hits / n, _Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return middle - half, middle + half


def _extremes(values: pl.Series) -> tuple[float, float]:
    return float(values.sort()[0]), float(values.sort()[-1])
