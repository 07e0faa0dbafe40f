"""What can be had of numbers that are not told from those that are: least and greatest values, by linear programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64
from gpunet.evaluate.group_grid import HITS, PERSONS, POSITIVES, SELECTED, TOLERANCE, Grid, Kind, Table

__all__ = ["Ranges", "ranges_of"]

# Solutions for many numbers at once that bring none of them far enough, before they are looked at one by one.
_IDLE = 3


def ranges_of(
    grid: Grid, cells: Mapping[Kind, Float64], hidden: Mapping[tuple[Kind, Table], Bool]
) -> dict[tuple[Kind, Table], Float64]:
    """What can be had of every number from those that are told: ``{(kind, table): float64[numbers, 2]}``.

    The least and the greatest value that agree with all numbers that are told; of a number that is
    told both are it.
    """
    problem = Ranges(grid, cells, hidden, {}, [])
    for item in problem.hidden.tolist():
        problem.widen_alone(item)
    return {(kind, table): problem.ranges[problem.parts[kind, table, ""]] for kind, table in hidden}


class Ranges:
    """Everything that is told, as equations and bounds over the unknown numbers of all kinds and combinations.

    Attributes
    ----------
    parts
        Which numbers are those of each table, and of each band in it.
    hidden
        Positions of the numbers that are hidden, and of small bands.
    ranges
        float64[numbers, 2], the least and greatest value found for each; at first its own, and those of `solutions`,
        to which what is found is added.
    """

    def __init__(
        self,
        grid: Grid,
        cells: Mapping[Kind, Float64],
        hidden: Mapping[tuple[Kind, Table], Bool],
        bands: Mapping[tuple[Kind, Table, str], Bool],
        solutions: list[Float64],
    ) -> None:
        from scipy.sparse import csr_array, kron, vstack

        kinds, n = list(cells), grid.cells
        of_kind = np.eye(len(kinds))
        bounds = np.cumsum([0, *(of.size for of in (*hidden.values(), *bands.values()))]).tolist()
        keys = (*((kind, table, "") for kind, table in hidden), *bands)
        self.parts = {key: slice(*bound) for key, bound in zip(keys, pairwise(bounds), strict=True)}
        is_hidden = np.concatenate([of.reshape(-1) for of in hidden.values()])
        self.hidden = np.flatnonzero(np.concatenate([is_hidden, *(of.reshape(-1) for of in bands.values())]))
        rows = [(of_kind[kinds.index(kind)], table) for kind, table in hidden]
        rows += [
            (of_kind[kinds.index(kind)] - of_kind[kinds.index((kind[0], other))], table) for kind, table, other in bands
        ]
        self._items = csr_array(vstack([kron(factors[None, :], grid.incidence(table)) for factors, table in rows]))
        x = np.concatenate([cells[kind] for kind in kinds])
        self.ranges = np.column_stack([self._items @ x] * 2)
        self._equal = self._items[np.flatnonzero(~is_hidden)]
        self._totals = self._equal @ x
        factors = np.array([[bound.get(kind, 0.0) for kind in kinds] for bound in _bounds(kinds)])
        self._less = csr_array(kron(factors.reshape(-1, len(kinds)), np.eye(n)))
        self._solutions = solutions
        for solution in solutions:
            self._see(solution)

    def is_narrow(self, item: int, wanted: Float64) -> bool:
        """Whether a number's range is not as wide as is `wanted`."""
        return bool(self.ranges[item, 1] - self.ranges[item, 0] < wanted[item] - TOLERANCE)

    def widen_alone(self, item: int) -> None:
        """Find the range of one number, and with it something of those of the others."""
        direction = self._items[[item]].toarray()[0]
        for sign in (1.0, -1.0):
            none = np.zeros(self._less.shape[0])
            self._widen(_least(sign * direction, self._less, none, self._equal, self._totals, (0, None)))

    def _widen(self, solution: Float64 | None) -> None:
        if solution is not None:
            self._see(solution)
            self._solutions.append(solution)

    def _see(self, solution: Float64) -> None:
        number, at = (self._items @ solution)[self.hidden], self.hidden
        self.ranges[at, 0] = np.minimum(self.ranges[at, 0], number)
        self.ranges[at, 1] = np.maximum(self.ranges[at, 1], number)

    def widen_together(self, wanted: Float64) -> None:
        """Widen many ranges by few solutions: each moves as many as it can of half of the numbers."""
        from scipy.sparse import block_array, eye_array

        rng = np.random.default_rng(1)  # what is found to be wide enough is so, whichever halves are drawn
        left, idle = np.array([item for item in self.hidden.tolist() if self.is_narrow(item, wanted)], np.int64), 0
        while len(left) and idle < _IDLE:
            half = left[rng.random(len(left)) < 0.5] if len(left) > 1 else left
            k, n, narrow = len(half), self._less.shape[1], len(left)
            sign, end = ((-1.0, 0), (1.0, 1))[int(rng.integers(2))]  # above the least value so far, below the greatest
            less = block_array([[self._less, None], [sign * self._items[half], eye_array(k)]]).tocsr()
            most = np.append(np.zeros(self._less.shape[0]), sign * self.ranges[half, end])
            equal = block_array([[self._equal, np.zeros((len(self._totals), k))]]).tocsr()
            bounds = [(0.0, None)] * n + [(0.0, float(enough)) for enough in wanted[half]]
            direction = np.append(np.zeros(n), -np.ones(k))
            solution = _least(direction, less, most, equal, self._totals, bounds)
            self._widen(None if solution is None else solution[:n])
            left = np.array([item for item in left.tolist() if self.is_narrow(item, wanted)], np.int64)
            idle = idle + 1 if len(left) == narrow else 0


def _least(direction: Float64, less: Any, most: Float64, equal: Any, totals: Float64, bounds: Any) -> Float64 | None:
    from scipy.optimize import linprog

    found = linprog(direction, A_ub=less, b_ub=most, A_eq=equal, b_eq=totals, bounds=bounds, method="highs")
    return np.asarray(found.x) if found.status == 0 else None


def _bounds(kinds: Sequence[Kind]) -> list[dict[Kind, float]]:
    """Sums over kinds that are never above 0, in any combination of groups: each is ``{kind: factor}``."""
    persons, positives = (PERSONS, ""), (POSITIVES, "")
    found: list[dict[Kind, float]] = [{positives: 1, persons: -1}] if positives in kinds else []
    rules = [rule for name, rule in kinds if name == SELECTED]
    for rule in rules:
        selected, hits = (SELECTED, rule), (HITS, rule)
        found += [{selected: 1, persons: -1}, {hits: 1, selected: -1}, {hits: 1, positives: -1}]
        found.append({selected: 1, hits: -1, persons: -1, positives: 1})
    for fewer, more in pairwise(rules):
        found += [{(SELECTED, fewer): 1, (SELECTED, more): -1}, {(HITS, fewer): 1, (HITS, more): -1}]
        found.append({(SELECTED, fewer): 1, (HITS, fewer): -1, (SELECTED, more): -1, (HITS, more): 1})
    return found
