"""What a model does to groups of persons: who is selected, who of these rightly, and who wrongly.

Measures are defined in :data:`gpunet.evaluate.audit_schemas.GROUP_MEASURES`; which of them are told, in
:mod:`gpunet.evaluate.suppression`. Intervals are those of :mod:`gpunet.evaluate.bootstrap`: a list of the first hundred
is made anew in every draw, and a group is compared with everybody in the same draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.evaluate.attributes import EVERYBODY, Attribute
from gpunet.evaluate.audit_schemas import GROUP_MEASURES
from gpunet.evaluate.bootstrap import RARE, Draws, interval_of
from gpunet.evaluate.group_grid import HITS, PERSONS, POSITIVES, SELECTED, Grid, Hidden
from gpunet.evaluate.measures import together
from gpunet.evaluate.suppression import suppressed
from gpunet.model.metrics import TOP

__all__ = ["Scored", "cells_of", "fairness_rows", "hidden_of", "why_hidden"]

#: The rule of the model's threshold; the others are lists of the first.
_THRESHOLD = "threshold"

# Draws that are worked on at a time: their weights are doubles then.
_DRAWS = 128

# Of a list, so many times its length are looked at first in each draw.
_AHEAD = 4

#: By measure, what has to be told of a group: its numerator and denominator.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "selection_rate": (SELECTED,),
    "precision": (HITS,),
    "recall": (HITS,),
    "false_positive_rate": (HITS,),
    "mean_score": (PERSONS,),
    "observed": (POSITIVES,),
    "calibration": (POSITIVES,),
}


@dataclass(frozen=True, eq=False)
class Scored:
    """Persons of a test window: arrays of n, which run parallel. ``threshold`` is the model's."""

    probability: Float64
    label: Bool
    threshold: float

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that select somebody or can, from the one that selects fewest."""
        lists = [f"top_{k}" for k in TOP if k <= len(self.label)]
        return tuple(sorted((_THRESHOLD, *lists), key=lambda rule: float(self.share(rule).sum())))

    def share(self, rule: str) -> Float64:
        """float64[n], how far each person is selected: 1, 0, or between where equals share the end of a list."""
        if rule == _THRESHOLD:
            return (self.probability >= self.threshold).astype(np.float64)
        k = _length(rule)
        cut = np.sort(self.probability)[-k]
        above, equal = self.probability > cut, self.probability == cut
        share: Float64 = above + equal * ((k - above.sum()) / equal.sum())
        return share


def _length(rule: str) -> int:
    return int(rule.removeprefix("top_"))


def why_hidden(least: int) -> str:
    """Why a number is not told, in words that do not say which of the reasons it is."""
    return f"not told: fewer than {least} persons, or all of them alike, or it would give such a number away"


def _cell(attributes: Sequence[Attribute]) -> tuple[Grid, Int64]:
    """All combinations of groups, and int64[n], each person's."""
    grid = Grid(tuple(len(attribute) for attribute in attributes))
    codes = [attribute.code.astype(np.int64) for attribute in attributes]
    return grid, np.asarray(np.ravel_multi_index(codes, grid.sizes), dtype=np.int64)


def cells_of(scored: Scored, attributes: Sequence[Attribute]) -> dict[tuple[str, str], Float64]:
    """Numbers of persons by combination of groups, as :func:`gpunet.evaluate.suppression.suppressed` takes them."""
    grid, cell = _cell(attributes)

    def counted(value: Any) -> Float64:
        return np.bincount(cell, np.broadcast_to(value, cell.shape), grid.cells).astype(np.float64)

    found = {(PERSONS, ""): counted(1.0), (POSITIVES, ""): counted(scored.label)}
    for rule in scored.rules:
        share = scored.share(rule)
        found[SELECTED, rule], found[HITS, rule] = counted(share), counted(share * scored.label)
    return found


def hidden_of(scored: Scored, attributes: Sequence[Attribute], least: int) -> Hidden:
    """Which numbers are not told, of each kind and table."""
    return suppressed(_cell(attributes)[0], cells_of(scored, attributes), least, rather=_THRESHOLD)


def fairness_rows(
    scored: Scored, attributes: Sequence[Attribute], draws: Draws, hidden: Hidden, least: int
) -> list[dict[str, Any]]:
    """Rows of the table ``fairness``: everybody, each attribute's groups, each pair's; by rule.

    Parameters
    ----------
    scored
        n persons.
    attributes
        Of them.
    draws
        Of their communities; ``code`` has n elements.
    hidden
        From :func:`hidden_of`.
    least
        No number below this is told.
    """
    grid, cell = _cell(attributes)
    once = Draws(draws.code, np.ones((len(draws.weights), 1), np.uint8))
    sums = [_sums(scored, cell, grid, of) for of in (once, draws)]
    rows = []
    for table in grid.tables:
        names = [attributes[i].name for i in table]
        for group in np.ndindex(*(grid.sizes[i] for i in table)):
            if table and not _of_group(sums[0][_THRESHOLD], table, group)[0, 0]:
                continue  # nobody
            values = [attributes[i].groups[code] for i, code in zip(table, group, strict=True)]
            keys = {
                "by": " x ".join(names) or EVERYBODY,
                "group": " x ".join(values) or EVERYBODY,
                "group_a": values[0] if values else None,
                "group_b": values[1] if len(values) > 1 else None,
            }
            for rule in sorted(scored.rules, key=lambda rule: (rule != _THRESHOLD, len(rule), rule)):
                kinds = {PERSONS: "", POSITIVES: "", SELECTED: rule, HITS: rule}
                numbers = [(_of_group(of, table, group), _of_group(of, (), ())) for of in (each[rule] for each in sums)]
                kept_back = {kind for kind, of in kinds.items() if hidden[(kind, of), table][group]}
                rows.append({**keys, "rule": rule, **_row(numbers, kept_back, bool(table), least)})
    return rows


def _of_group(sums: Float64, table: tuple[int, ...], group: tuple[int, ...]) -> Float64:
    """float64[5, d], the sums of one group of a table; `sums` is float64[5, *sizes, d]."""
    at: list[Any] = [slice(None)] * sums.ndim
    for i, code in zip(table, group, strict=True):
        at[i + 1] = code
    of = sums[tuple(at)]
    total: Float64 = of.sum(axis=tuple(range(1, of.ndim - 1)))
    return total


def _row(numbers: list[tuple[Float64, Float64]], kept_back: set[str], compared: bool, least: int) -> dict[str, Any]:
    """Numbers and measures of a group; `numbers` are its sums and everybody's, once and in the draws."""
    once, drawn = ([_measures(of_group), _measures(of_all)] for of_group, of_all in numbers)
    persons, positives, selected = (float(number) for number in numbers[0][0][:3, 0])
    row: dict[str, Any] = {
        "persons": None if PERSONS in kept_back else round(persons),
        "positives": None if POSITIVES in kept_back else round(positives),
        "selected": None if SELECTED in kept_back else round(selected, 6),
    }
    reasons = {name: why_hidden(least) for name in row if row[name] is None}
    for name in GROUP_MEASURES:
        why = why_hidden(least) if kept_back.intersection(_NEEDS[name]) else _why_undefined(name, once[0][name][0])
        value, difference = float(once[0][name][0]), float(once[0][name][0] - once[1][name][0])
        row |= {name: None if why else value, f"{name}_difference": None if why or not compared else difference}
        ends: dict[str, tuple[float | None, float | None]] = {name: (None, None), f"{name}_difference": (None, None)}
        if why:
            reasons[name] = why
        else:
            ends[name] = _interval(drawn[0][name], f"{name} interval", reasons)
            if compared:
                of = f"{name} difference interval"
                ends[f"{name}_difference"] = _interval(drawn[0][name] - drawn[1][name], of, reasons)
        row |= {
            f"{column}_{end}": at
            for column, both in ends.items()
            for end, at in zip(("low", "high"), both, strict=True)
        }
    return {**row, "undefined": together(reasons)}


def _why_undefined(name: str, value: float) -> str:
    if not np.isnan(value):
        return ""
    return {"precision": "nobody is selected", "recall": "no positives"}.get(name, "no negatives")


def _interval(values: Float64, name: str, reasons: dict[str, str]) -> tuple[float | None, float | None]:
    """Both ends; where there are none the reason is entered."""
    if not len(values):
        reasons[name] = "no draws (bootstrap = 0)"
        return None, None
    interval = interval_of(values)
    if interval is None:
        reasons[name] = RARE
    elif interval[0] == interval[1]:  # it would pretend to be certain
        reasons[name] = "the same in nearly every draw"
    else:
        return interval
    return None, None


def _measures(sums: Float64) -> dict[str, Float64]:
    """The measures from float64[5, d]: persons, positives, selected, hits, and the sum of probabilities."""
    persons, positives, selected, hits, score = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "selection_rate": selected / persons,
            "precision": hits / selected,
            "recall": hits / positives,
            "false_positive_rate": (selected - hits) / (persons - positives),
            "mean_score": score / persons,
            "observed": positives / persons,
        }
    found["calibration"] = found["mean_score"] - found["observed"]
    return {name: np.where(np.isfinite(values), values, np.nan) for name, values in found.items()}


def _sums(scored: Scored, cell: Int64, grid: Grid, draws: Draws) -> dict[str, Float64]:
    """By rule float64[5, *sizes, d]: persons, positives, selected, hits, and the sum of probabilities in each draw.

    Where there are fewer persons in a draw than a list is long, nobody can say whom it selects: NaN.
    """
    chosen = scored.share(_THRESHOLD)
    fixed = [np.ones(len(cell)), scored.label.astype(np.float64), chosen, chosen * scored.label, scored.probability]
    adder = _adder(fixed, cell, grid.cells, draws)
    found = {rule: np.empty((len(fixed), grid.cells, draws.number)) for rule in scored.rules}
    for part in _parts(draws.number):
        weights = draws.weights[:, part].astype(np.float64)
        sums = (adder @ weights).reshape(len(fixed), grid.cells, -1)
        for rule, of_rule in found.items():
            of_rule[:, :, part] = sums
            if rule != _THRESHOLD:
                of_rule[2:4, :, part] = _listed(scored, rule, cell, grid.cells, draws, weights)
    return {rule: of_rule.reshape(len(fixed), *grid.sizes, draws.number) for rule, of_rule in found.items()}


def _parts(number: int) -> Iterator[slice]:
    for start in range(0, number, _DRAWS):
        yield slice(start, min(start + _DRAWS, number))


def _adder(values: Sequence[Float64], cell: Int64, cells: int, draws: Draws) -> Any:
    """Sparse [values * cells, communities]: times the weights of communities it gives the sums of each combination."""
    from scipy.sparse import coo_array

    rows = np.concatenate([cell + i * cells for i in range(len(values))])
    entries = np.concatenate(values), (rows, np.tile(draws.code, len(values)))
    return coo_array(entries, shape=(len(values) * cells, len(draws.weights))).tocsr()


def _listed(scored: Scored, rule: str, cell: Int64, cells: int, draws: Draws, weights: Float64) -> Float64:
    """float64[2, cells, d], the selected and the hits of a list that is made anew under each weighting."""
    from scipy.sparse import coo_array

    k, n = _length(rule), len(cell)
    order = np.argsort(-scored.probability, kind="stable")
    ordered = scored.probability[order]
    m = min(n, _AHEAD * k)
    while True:
        m = int(np.searchsorted(-ordered, -ordered[m - 1], side="right"))  # with all who are equal to the last
        counted = weights[draws.code[order[:m]]]
        reached = np.cumsum(counted, axis=0)
        if m == n or reached[-1].min() >= k:
            break
        m = min(n, 2 * m)
    last = np.flatnonzero(np.append(ordered[1:m] != ordered[: m - 1], True))  # of each run of equals
    until = reached[last]
    before = np.vstack([np.zeros(until.shape[1]), until[:-1]])
    with np.errstate(invalid="ignore"):
        share = np.nan_to_num(np.clip(k - before, 0.0, until - before) / (until - before))
    counted *= np.repeat(share, np.diff(last, prepend=-1), axis=0)
    here = order[:m]
    found = np.empty((2, cells, counted.shape[1]))
    for i, value in enumerate((np.ones(m), scored.label[here].astype(np.float64))):
        found[i] = coo_array((value, (cell[here], np.arange(m))), shape=(cells, m)).tocsr() @ counted
    found[:, :, reached[-1] < k] = np.nan
    return found
