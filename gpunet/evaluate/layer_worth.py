"""What each layer is worth: how much better a model orders persons with it than the same model without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Float64
from gpunet.base.parallel import in_batches
from gpunet.evaluate.ablation import Ablated
from gpunet.evaluate.bootstrap import RARE, Draws, Interval, interval_of, why_no_interval
from gpunet.evaluate.layer_schemas import RANKING
from gpunet.evaluate.measures import measures_of, order_of, reasons_of
from gpunet.evaluate.predicted import Predicted
from gpunet.evaluate.schemas import MEASURES

__all__ = ["CANNOT", "HELPS", "NO_BETTER", "WORSE", "worth_rows"]

#: How the sentence on a layer's worth begins.
HELPS, NO_BETTER, WORSE, CANNOT = "helps", "no better than without", "makes it worse", "cannot be told"

_AT = [list(MEASURES).index(name) for name in RANKING]


@dataclass(frozen=True, eq=False)
class _Measured:
    """One prediction: ``once`` float64[ranking], ``drawn`` float64[ranking, draws], and why any of it is not there."""

    once: Float64
    drawn: Float64
    undefined: Mapping[str, str]
    no_interval: Mapping[str, str]


def worth_rows(ablated: Sequence[Ablated], draws: Draws, seed: int, threads: int = 1) -> list[dict[str, Any]]:
    """Rows of the table ``layers``: by protocol and outcome, layer and measure; of everybody, all months together.

    Both models of a month are held against the same persons and in the same draws, so their difference is taken draw by
    draw, and its mean over the months in which the measure is defined. Each draw draws of these months too, with
    replacement: every month has trainings of its own, whose luck communities alone would not show.

    Parameters
    ----------
    ablated
        The model with every layer and without each, months ascending.
    draws
        Of communities.
    seed
        Decides which months are drawn, the same for every layer.
    threads
        Number of threads; the rows do not depend on it.
    """
    told: dict[int, Predicted] = {id(one): one for each in ablated for one in (each.complete, each.without)}
    found = in_batches(lambda key: _measured(told[key], draws), list(told), threads)
    measured = dict(found)
    groups: dict[tuple[Any, ...], list[Ablated]] = {}
    for each in ablated:
        groups.setdefault((each.complete.protocol, each.complete.outcome, each.layer), []).append(each)
    return [row for of in groups.values() for row in _rows(of, measured, seed)]


def _measured(predicted: Predicted, draws: Draws) -> _Measured:
    persons = order_of(predicted, draws.code[predicted.person])
    reasons = reasons_of(persons)
    once, _ = measures_of(persons, np.ones((len(draws.weights), 1), np.uint8))
    drawn, _ = measures_of(persons, draws.weights)
    no_interval = why_no_interval(persons, draws.number, RANKING)
    return _Measured(once[_AT, 0], drawn[_AT], reasons, no_interval)


def _rows(of: Sequence[Ablated], measured: Mapping[int, _Measured], seed: int) -> Iterator[dict[str, Any]]:
    """A row for each measure of one layer, of which there is one prediction, or one for each month."""
    first = of[0].complete
    pairs = [(each.complete, measured[id(each.complete)], measured[id(each.without)]) for each in of]
    for i, name in enumerate(RANKING):
        defined = [pair for pair in pairs if name not in pair[1].undefined and name not in pair[2].undefined]
        row: dict[str, Any] = {
            "experiment": first.experiment,
            "protocol": first.protocol,
            "layer": of[0].layer,
            "outcome": first.outcome,
            "measure": name,
            "months": None if first.month is None else len(defined),
            "persons": sum(len(one.label) for one, _, _ in defined),
            "positives": sum(int(one.label.sum()) for one, _, _ in defined),
        }
        if not defined:
            why = pairs[0][1].undefined.get(name) or pairs[0][2].undefined[name]
            nothing = dict.fromkeys(("with", "without", "difference", "low", "high"))
            yield {**row, **nothing, "worth": f"{CANNOT}: {why}"}
            continue
        whole = float(np.mean([with_it.once[i] for _, with_it, _ in defined]))
        less = float(np.mean([without.once[i] for _, _, without in defined]))
        why, interval = _interval(defined, i, name, seed)
        low, high = interval or (None, None)
        row |= {"with": whole, "without": less, "difference": whole - less, "low": low, "high": high}
        yield {**row, "worth": _sentence(whole - less, interval, why)}


def _interval(
    defined: Sequence[tuple[Predicted, _Measured, _Measured]], i: int, name: str, seed: int
) -> tuple[str, Interval]:
    """Why there is no interval of the difference, "" if there is one; and that."""
    reasons = [one.no_interval.get(name, "") for _, one, _ in defined]
    if all(reasons):
        return reasons[0], None
    differences = np.stack([whole.drawn[i] - less.drawn[i] for _, whole, less in defined])
    months, n = differences.shape
    often = np.random.default_rng(seed).multinomial(months, np.full(months, 1 / months), n).T
    counted = np.where(np.isnan(differences), 0, often)
    total = counted.sum(axis=0)
    mean = (counted * np.nan_to_num(differences)).sum(axis=0) / np.where(total, total, np.nan)
    interval = interval_of(mean)
    return ("" if interval else RARE), interval


def _sentence(difference: float, interval: Interval, why: str) -> str:
    """What a layer is worth, in words."""
    if interval is None:
        return f"{CANNOT}: no interval, {why}"
    low, high = interval
    between = f"({low:+.3f} to {high:+.3f})"
    if low > 0:
        return f"{HELPS}: {difference:+.3f} {between}"
    if high < 0:
        return f"{WORSE}: {difference:+.3f} {between}"
    return f"{NO_BETTER}: the interval of the difference {between} includes 0"
