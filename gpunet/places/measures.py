"""How much of the violence the places of the highest forecasts hold: PAI, PEI* and recapture, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from gpunet.base.array_types import Float64, Int64

__all__ = ["CHANCE", "MEASURES", "TriedWindow", "flagged", "found_in", "measures_of", "most_in", "result_rows"]

#: The name of the forecast that knows nothing.
CHANCE = "chance"

#: The measures, in the order in which they are told.
MEASURES = ("pai", "pei", "recapture")

# What is added up over windows, in the order of the columns of the sums.
_HITS, _ALL, _AREA, _WHOLE, _BEST, _BASE, _BASE_ALL = range(7)

#: Of the draws' values, in percent.
_ENDS = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class TriedWindow:
    """A window whose forecasts are tried, over the places that are known as of its first day.

    Attributes
    ----------
    forecasts
        By the model's name, float64[places].
    label
        int64[places], the violent arrests of the window.
    base
        int64[places], those of the 365 days before it.
    area
        float64[places]: square kilometres of cells, 1 where the areas are not known.
    elsewhere
        How many violent arrests of the window were in places that nobody knew of.
    """

    forecasts: Mapping[str, Float64]
    label: Int64
    base: Int64
    area: Float64
    elsewhere: int


def flagged(places: int, share: float) -> int:
    """How many places a share of them is: one at least, and no part of one.

    >>> flagged(3000, 0.01), flagged(7, 0.1)
    (30, 1)
    """
    return min(places, max(1, ceil(round(places * share, 9))))


def found_in(values: Float64, count: int, amounts: Float64) -> Float64:
    """float64[k], the sums of `amounts`, float64[k, places], over the `count` places of the greatest values.

    Places of equal values at the end of the list count by their share: what drawing lots among them gives on average.

    >>> found_in(np.array([3.0, 1.0, 1.0, 0.0]), 2, np.array([[10.0, 4.0, 2.0, 7.0]])).tolist()
    [13.0]
    """
    least = np.partition(values, len(values) - count)[len(values) - count]
    above, equal = values > least, values == least
    share = (count - int(above.sum())) / int(equal.sum())
    return amounts[:, above].sum(axis=1) + share * amounts[:, equal].sum(axis=1)  # type: ignore[no-any-return]


def most_in(label: Int64, count: int) -> int:
    """The most that so many places can hold."""
    return int(np.partition(label, len(label) - count)[len(label) - count :].sum())


def _sums(windows: Sequence[TriedWindow], model: str, share: float) -> Float64:
    """float64[windows, 7]: hits, all, flagged area, whole area, best, and of the year before flagged and all."""
    rows = []
    for window in windows:
        n = len(window.label)
        count = flagged(n, share)
        values = np.zeros(n) if model == CHANCE else window.forecasts[model]
        amounts = np.stack([window.label.astype(np.float64), window.area, window.base.astype(np.float64)])
        hits, area, base = found_in(values, count, amounts).tolist()
        whole = amounts.sum(axis=1).tolist()
        rows.append([hits, whole[0], area, whole[1], float(most_in(window.label, count)), base, whole[2]])
    return np.array(rows, np.float64).reshape(len(rows), 7)


def measures_of(sums: Float64) -> dict[str, Float64]:
    """Each measure of sums, float64[..., 7], NaN where it is not defined.

    * PAI (Chainey, Tompson and Uhlig 2008): (hits in flagged places / all hits) / (flagged area / all area).
    * PEI* (Hunt 2016): hits in flagged places / the most hits that as many places could have had.
    * Recapture (Levine 2008): (hits in flagged places / all hits), over the same share of the 365 days before.
    """
    of = [sums[..., i] for i in range(7)]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = of[_HITS] / of[_ALL]
        found = {
            "pai": rate / (of[_AREA] / of[_WHOLE]),
            "pei": of[_HITS] / of[_BEST],
            "recapture": rate / (of[_BASE] / of[_BASE_ALL]),
        }
    return {name: np.where(np.isfinite(values), values, np.nan) for name, values in found.items()}


def result_rows(
    windows: Sequence[TriedWindow], models: Sequence[str], shares: Sequence[float], draws: int, seed: int
) -> list[dict[str, Any]]:
    """A row a share and model, chance among them: the measures over all windows together, with their intervals.

    Sums are taken over the windows first, and measures of these. An interval is from draws of as many windows, with
    replacement, the same draws for every row: percentiles 2.5 and 97.5. None with fewer than two windows, without
    draws, or where a measure is not defined in more than half of them.
    """
    if not windows:
        return []
    n = len(windows)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)
    rows = []
    for share in shares:
        for model in (*models, CHANCE):
            sums = _sums(windows, model, share)
            of_all = measures_of(sums.sum(axis=0))
            of_draws = measures_of(_drawn_sums(drawn, sums)) if draws and n > 1 else {}
            row: dict[str, Any] = {
                "model": model,
                "share": float(share),
                "windows": n,
                "places": sum(len(window.label) for window in windows),
                "flagged": sum(flagged(len(window.label), share) for window in windows),
                "hits": float(sums[:, _HITS].sum()),
                "all_hits": int(sums[:, _ALL].sum()),
                "best_hits": int(sums[:, _BEST].sum()),
                "hits_elsewhere": sum(window.elsewhere for window in windows),
            }
            for name in MEASURES:
                low, high = _interval(of_draws.get(name))
                value = float(of_all[name])
                known = np.isfinite(value)
                row |= {name: value if known else None, f"{name}_low": low if known else None,
                        f"{name}_high": high if known else None}  # fmt: skip
            rows.append(row)
    return rows


def _drawn_sums(drawn: Float64, sums: Float64) -> Float64:
    """float64[draws, 7]; added window by window, as matrix products do it in an order of their own."""
    total = np.zeros((len(drawn), sums.shape[1]))
    for i, of_window in enumerate(sums):
        total += drawn[:, i, None] * of_window
    return total


def _interval(values: Float64 | None) -> tuple[float | None, float | None]:
    if values is None:
        return None, None
    defined = values[~np.isnan(values)]
    if not len(defined) or 2 * len(defined) < len(values):
        return None, None
    low, high = np.percentile(defined, _ENDS)
    return float(low), float(high)
