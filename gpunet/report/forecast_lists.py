"""Every list of first persons that a page on a forecast tells of, and which of them its audience may be told of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.evaluate.forecast_intervals import Compared
from gpunet.report.audience import Audience
from gpunet.report.few import EVERYBODY, Told, lists_of, told_lists
from gpunet.report.forecast_data import Forecasts

__all__ = ["TENTH", "curve_of", "end_of_group", "found_on_lists", "tenth_of", "told_of"]

#: The name of the list of the first tenth of all persons.
TENTH = "tenth"

#: Points of a curve, evenly apart in the logarithm of the list's length.
_POINTS = 60

#: The shortest list that is drawn.
_SHORTEST = 10

#: Lists by name: length, and positives among them.
Lists = Mapping[str, tuple[float, float]]


def told_of(found: Forecasts, audience: Audience) -> dict[str, Told]:
    """The lists that may be told of, by order: the model's, that of past violence alone, and a random one.

    What matters most goes first: everybody, the first 100 and 500, those flagged, the groups of the calibration, the
    first tenth, and the points of the curve.
    """
    everybody, curve = found.everybody, curve_of(found)
    whole = {EVERYBODY: (everybody.persons, everybody.positives)}
    before = found.of.get("violent_before")  # whom past violence alone flags
    lists: dict[str, Lists] = {
        "model": {
            **_measured(everybody, "model", everybody.flagged),
            **_groups(everybody),
            **tenth_of(found),
            **curve.get("model", {}),
        },
        "past violence": {
            **_measured(everybody, "past_violence", before.persons if before else None),
            **curve.get("past violence", {}),
        },
        "chance": {**whole, **curve.get("chance", {})},
    }
    return {order: told_lists(of, audience) for order, of in lists.items()}


def curve_of(found: Forecasts) -> dict[str, Lists]:
    """The points of the curve of each order, by name; none where persons are not known or nobody was arrested."""
    persons, positives = found.persons, found.everybody.positives
    if persons is None or not positives:
        return {}
    n, label = len(persons), persons["label"].to_numpy()
    lengths = np.unique(np.geomspace(min(_SHORTEST, n), n, _POINTS).round().astype(np.int64))
    hits: dict[str, Float64] = {"model": found_on_lists(persons["probability"].to_numpy(), label, lengths)}
    if not persons["past"].null_count():
        hits["past violence"] = found_on_lists(persons["past"].to_numpy(), label, lengths)
    hits["chance"] = lengths.astype(np.float64) * (positives / n)
    return {
        order: {f"first {k}": (k, of) for k, of in zip(lengths.tolist(), found_here.tolist(), strict=True)}
        for order, found_here in hits.items()
    }


def tenth_of(found: Forecasts) -> Lists:
    """The model's first tenth of all persons; nothing where persons are not known."""
    persons = found.persons
    if persons is None:
        return {}
    length = max(len(persons) // 10, 1)
    hits = found_on_lists(persons["probability"].to_numpy(), persons["label"].to_numpy(), np.array([length]))
    return {TENTH: (length, float(hits[0]))}


def end_of_group(group: int) -> str:
    """The name of the list that ends with a group of the calibration; greater probabilities are in later groups."""
    return f"group {group}"


def found_on_lists(value: Float64, label: Bool, lengths: Int64) -> Float64:
    """Positives on the lists of the greatest values, of these lengths; equals at a list's end count by their share.

    >>> found_on_lists(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]), np.array([1, 2, 4]))
    array([1. , 1.5, 2. ])
    """
    order = np.argsort(-value, kind="stable")
    hits, ordered = np.append(0, np.cumsum(label[order])), value[order]
    ends = np.append(0, np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)) + 1)
    found: Float64 = np.interp(lengths, ends, hits[ends])
    return found


def _measured(found: Compared, order: str, flagged: int | None) -> Lists:
    values = {name: estimate.value for name, estimate in getattr(found, order).items()}
    return lists_of(values, found.persons, found.positives, flagged)


def _groups(found: Compared) -> Lists:
    length = hits = 0
    lists = {}
    for of in reversed(found.calibration):
        length, hits = length + of["persons"], hits + of["positives"]
        lists[end_of_group(of["group"])] = (length, hits)
    return lists
