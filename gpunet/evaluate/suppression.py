"""Which numbers of persons are not told, so that none below `least` is told or can be had by subtraction.

What is told are numbers of persons, of everybody, by group of each attribute and by pair of groups, of several kinds:
all persons, positives (a violent arrest followed), and for each rule the selected, and the hits (selected positives). A
rate tells its numerator along with its denominator, so rates are told only where both numbers behind them are.

A number is small if

* persons: it is from 1 to `least` - 1 (that a pair of groups has nobody is told);
* positives, or selected: it, or what is left of the persons, is below `least`, 0 among them;
* hits: one of the four parts (selected or not, positive or not) has nobody. A rate of exactly 0 or 1 says of everybody
  in its denominator what is true of them. Hits from 1 on are told, however few: they point at nobody.

Rules select each other's persons, so the numbers of two tell those of the band between them: whom one selects and the
other does not. A band is small if it has from 1 to `least` - 1 persons, or if none or all of its persons are hits.

Numbers are hidden in four steps.

1. Small numbers are hidden, and where a band is small the numbers of one of its rules. What is hidden of everybody is
   hidden of each group, and what is hidden of a group is hidden of its pairs. Without persons no other number is told,
   without positives or selected no hits.
2. Numbers that add up to one that is told are a line: the groups of an attribute, and in a pair of attributes the
   pairs of each group of either. In a line as many are hidden that nobody gets one by subtraction: none, or at least
   two whose sum is not small. If that is not so the least that is told goes too, and again.
3. Lines that cross can be solved together, and numbers bound each other (hits are at most the selected). So everything
   that is told is written down as linear equations and bounds with all combinations of groups as unknowns, and for each
   hidden number and each small band the least and the greatest value is found that they admit (linear programming;
   compare Cox 1980, "Suppression methodology and statistical disclosure control", and Fischetti and Salazar 2001).
   Where these lie less than half of `least` apart, another number is hidden, and in the end all of that table.
4. Why a number is not told is said in the same words whether it is small or hides another one.

What somebody knows beside these tables is not accounted for: whoever knows all members of a group but one, say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64
from gpunet.base.errors import InputError

__all__ = [
    "HITS",
    "MOST_CELLS",
    "PERSONS",
    "POSITIVES",
    "SELECTED",
    "Grid",
    "Hidden",
    "hidden_of_sum",
    "is_small",
    "ranges_of",
    "suppressed",
]

#: Kinds of numbers: the last two are of a rule, as ``("selected", "top_100")``.
PERSONS, POSITIVES, SELECTED, HITS = "persons", "positives", "selected", "hits"

#: So many combinations of groups are checked in about half a minute of one processor; more are refused.
MOST_CELLS = 120

# Numbers that are hidden one at a time before all of a table are.
_ROUNDS = 12

# Solutions for many numbers at once that bring none of them far enough, before they are looked at one by one.
_IDLE = 3

# Selected persons may be fractions, where equals share the end of a list.
_TOLERANCE = 1e-6

Kind = tuple[str, str]
Table = tuple[int, ...]


@dataclass(frozen=True)
class Grid:
    """All combinations of the groups of some attributes, of which there are `sizes`; tables are of two at most.

    A table is a tuple of positions of attributes. Its numbers have the shape of its attributes' sizes; that of no
    attribute is everybody.

    >>> Grid((3, 2)).tables
    ((), (0,), (1,), (0, 1))
    """

    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.cells > MOST_CELLS:
            raise InputError(
                f"--by: {self.cells:,} combinations of groups are more than {MOST_CELLS:,}: name fewer attributes at "
                "once, or put values together"
            )

    @property
    def cells(self) -> int:
        """How many combinations there are."""
        return int(np.prod(self.sizes))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Everybody, each attribute, and each pair."""
        positions = range(len(self.sizes))
        return ((), *((i,) for i in positions), *combinations(positions, 2))

    def numbers(self, cells: Float64, table: Table) -> Float64:
        """The numbers of a table, from those of all combinations, float64[cells]."""
        others = tuple(i for i in range(len(self.sizes)) if i not in table)
        return np.asarray(cells.reshape(self.sizes).sum(axis=others))

    def incidence(self, table: Table) -> Float64:
        """float64[numbers, cells], which combinations each number of a table is the sum of."""
        if not table:
            return np.ones((1, self.cells))
        at = np.unravel_index(np.arange(self.cells), self.sizes)
        item = np.ravel_multi_index([at[i] for i in table], [self.sizes[i] for i in table])
        found = np.zeros((int(item.max()) + 1, self.cells))
        found[item, np.arange(self.cells)] = 1.0
        return found


Hidden = dict[tuple[Kind, Table], Bool]


def suppressed(grid: Grid, cells: Mapping[Kind, Float64], least: int, rather: str = "") -> Hidden:
    """Which numbers are hidden.

    Parameters
    ----------
    grid
        The attributes.
    cells
        Of each kind float64[cells], the number of persons of each combination of groups. Kinds are ``(PERSONS, "")``,
        ``(POSITIVES, "")`` and, for each rule, ``(SELECTED, rule)`` and ``(HITS, rule)``. A rule selects whom the one
        before it selects, and more.
    least
        No number of persons below this is told.
    rather
        The rule of which more is told where two give a small band away; else that is the one that selects more.

    Returns
    -------
    dict
        ``{(kind, table): bool of the table's shape}``, true where the number is hidden.

    Examples
    --------
    A group of three is hidden, and with it the next smallest, or the total would tell it.

    >>> found = suppressed(Grid((4,)), {(PERSONS, ""): np.array([3.0, 500.0, 40.0, 200.0])}, 10)
    >>> found[(PERSONS, ""), (0,)].tolist()
    [True, False, True, False]
    """
    state = _State(grid, cells, least, rather)
    for kind in cells:
        state.close(kind)
    rounds = 0
    while failing := _given_away(state):  # of tables in which something can be hidden still, so this ends
        for kind, table in failing:
            state.hide_more(kind, table, everything=rounds >= _ROUNDS)
        for kind in cells:
            state.close(kind)
        rounds += 1
    return state.hidden


def hidden_of_sum(hidden: Bool, numbers: Float64, least: int) -> Bool:
    """Which numbers of persons that add up to a known sum are hidden, those that are already `hidden` among them.

    >>> hidden_of_sum(np.array([False, False, False]), np.array([3.0, 500.0, 40.0]), 10).tolist()
    [True, False, True]
    """
    found: Bool = hidden | (numbers < least) | (numbers.sum() - numbers < least)
    while found.any() and not found.all() and (found.sum() < 2 or numbers[found].sum() < least):
        found[np.argmin(np.where(found, np.inf, numbers))] = True
    return found


def is_small(kind: Kind, of: Mapping[Kind, Float64], least: int) -> Bool:
    """Whether numbers of a kind are small, see above; `of` has those of all kinds.

    >>> is_small((PERSONS, ""), {(PERSONS, ""): np.array([3.0, 40.0])}, 10).tolist()
    [True, False]
    """
    persons, positives = of[PERSONS, ""], of.get((POSITIVES, ""), np.zeros(1))
    if kind[0] == PERSONS:
        return persons < least
    if kind[0] in (POSITIVES, SELECTED):
        return np.minimum(of[kind], persons - of[kind]) < least - _TOLERANCE
    selected, hits = of[SELECTED, kind[1]], of[kind]
    parts = (hits, selected - hits, positives - hits, persons - positives - selected + hits)
    alike: Bool = np.minimum.reduce(parts) < _TOLERANCE
    return alike


def _is_small_band(kind: Kind, other: str, of: Mapping[Kind, Float64], least: int) -> Bool:
    """Whether persons whom just one of two rules selects are few or, for hits, all alike; 0 of them are neither."""
    band = np.abs(of[SELECTED, kind[1]] - of[SELECTED, other])
    small: Bool = (band > _TOLERANCE) & (band < least - _TOLERANCE)
    if kind[0] == HITS:
        hits = np.abs(of[HITS, kind[1]] - of[HITS, other])
        small |= (band > _TOLERANCE) & (np.minimum(hits, band - hits) < _TOLERANCE)
    return small


class _State:
    """The numbers of every table, and which of them are hidden so far."""

    def __init__(self, grid: Grid, cells: Mapping[Kind, Float64], least: int, rather: str) -> None:
        self.grid, self.cells, self.least = grid, cells, least
        self.number = {(kind, table): grid.numbers(of, table) for kind, of in cells.items() for table in grid.tables}
        self.hidden = {key: np.zeros(of.shape, np.bool_) for key, of in self.number.items()}
        rules = [rule for name, rule in cells if name == SELECTED]
        yielding = sorted(rules, key=lambda rule: (rule == rather, rules.index(rule)))
        #: Of each rule those of which numbers are told rather than its own.
        self.preferred = {rule: yielding[i + 1 :] for i, rule in enumerate(yielding)}
        #: What all that is told admits: more is hidden as time goes by, so it stays admitted.
        self.solutions: list[Float64] = []

    def close(self, kind: Kind) -> None:
        """Hide what is small, what follows, and what lines need."""
        for table in self.grid.tables:
            hidden, of_table = self.hidden[kind, table], self._of(table)
            hidden |= is_small(kind, of_table, self.least)
            for other in self.preferred.get(kind[1], ()):
                hidden |= _is_small_band(kind, other, of_table, self.least) & ~self.hidden[(kind[0], other), table]
            for above in _above(kind):
                hidden |= self.hidden[above, table]
            if table:
                hidden |= self.hidden[kind, ()]
            for axis, attribute in enumerate(table if len(table) > 1 else ()):
                of_group = self.hidden[kind, (attribute,)]
                hidden |= of_group[:, None] if axis == 0 else of_group[None, :]
            hidden &= self.number[(PERSONS, ""), table] > 0  # of nobody nothing is to be hidden
            while any(self._mend(kind, table, line) for line in self._lines(kind, table)):
                pass

    def _of(self, table: Table, line: Any = ()) -> dict[Kind, Float64]:
        return {kind: self.number[kind, table][line] for kind in self.cells}

    def small_bands(self) -> dict[tuple[Kind, Table, str], Bool]:
        """By kind, table and other rule, which numbers differ from the other rule's by a small band."""
        return {
            (kind, table, other): _is_small_band(kind, other, self._of(table), self.least)
            for kind, table in self.hidden
            for other in self.preferred.get(kind[1], ())
        }

    def _lines(self, kind: Kind, table: Table) -> Iterator[tuple[Any, ...]]:
        """What picks each line whose sum is told."""
        if len(table) == 0:
            return
        if len(table) == 1:
            yield (slice(None),)
            return
        for axis, attribute in enumerate(table):
            for group in np.flatnonzero(~self.hidden[kind, (attribute,)]):
                yield (int(group), slice(None)) if axis == 0 else (slice(None), int(group))

    def _mend(self, kind: Kind, table: Table, line: tuple[Any, ...]) -> bool:
        """Hide more of a line until nothing of it can be had by subtraction; whether anything was to be done."""
        hidden = self.hidden[kind, table][line]  # a view
        done = False
        while hidden.any() and not self._holds(kind, table, line, hidden):
            told = np.flatnonzero(~hidden & (self.number[(PERSONS, ""), table][line] > 0))
            if not len(told):
                break
            hidden[told[np.argmin(self.number[kind, table][line][told])]] = done = True
        return done

    def _holds(self, kind: Kind, table: Table, line: tuple[Any, ...], hidden: Bool) -> bool:
        together = {of: numbers[hidden].sum(keepdims=True) for of, numbers in self._of(table, line).items()}
        small = is_small(kind, together, self.least)
        for other in self.preferred.get(kind[1], ()):
            small = small | _is_small_band(kind, other, together, self.least)
        return int(hidden.sum()) > 1 and not bool(small[0])

    def hide_more(self, kind: Kind, table: Table, *, everything: bool) -> None:
        """Hide the least number of a table that is told, or all of it."""
        hidden, number = self.hidden[kind, table], self.number[kind, table]
        if everything:
            hidden |= self.number[(PERSONS, ""), table] > 0
            return
        told = np.flatnonzero(~hidden & (self.number[(PERSONS, ""), table] > 0))
        if len(told):
            hidden.reshape(-1)[told[np.argmin(number.reshape(-1)[told])]] = True

    def all_hidden(self, kind: Kind, table: Table) -> bool:
        """Whether nothing is left that could be hidden."""
        return bool((self.hidden[kind, table] | (self.number[(PERSONS, ""), table] == 0)).all())


def _above(kind: Kind) -> tuple[Kind, ...]:
    """The kinds without which this one is not told."""
    persons = (PERSONS, "")
    if kind[0] == PERSONS:
        return ()
    return (persons, (POSITIVES, ""), (SELECTED, kind[1])) if kind[0] == HITS else (persons,)


def _given_away(state: _State) -> list[tuple[Kind, Table]]:
    """The tables of which a hidden number is known too well, and something more can be hidden."""
    narrow = _narrow(state)
    told = [key for key in narrow if not state.all_hidden(*key)]
    if narrow and not told:  # nothing of these tables is told, and they are known from others
        others = [(kind, table) for kind, _ in narrow for table in state.grid.tables]
        told = [key for key in dict.fromkeys(others) if not state.all_hidden(*key)]
    # Pairs first: with more of these hidden, single attributes may be safe.
    return [key for key in told if len(key[1]) == max(len(table) for _, table in told)]


def ranges_of(
    grid: Grid, cells: Mapping[Kind, Float64], hidden: Mapping[tuple[Kind, Table], Bool]
) -> dict[tuple[Kind, Table], Float64]:
    """What can be had of every number from those that are told: ``{(kind, table): float64[numbers, 2]}``.

    The least and the greatest value that agree with all numbers that are told; of a number that is
    told both are it.
    """
    problem = _Problem(grid, cells, hidden, {}, [])
    for item in problem.hidden.tolist():
        problem.widen_alone(item)
    return {(kind, table): problem.ranges[problem.parts[kind, table, ""]] for kind, table in hidden}


def _narrow(state: _State) -> list[tuple[Kind, Table]]:
    """The tables with a hidden number or band of which least and greatest value are not far apart; of hits, not 1."""
    bands, enough = state.small_bands(), state.least / 2
    problem = _Problem(state.grid, state.cells, state.hidden, bands, state.solutions)
    wanted = np.empty(len(problem.ranges))
    for (kind, _, _), part in problem.parts.items():
        wanted[part] = min(1.0, enough) if kind[0] == HITS else enough
    problem.widen_together(wanted)
    found = []
    for (kind, table, _), part in problem.parts.items():
        for item in problem.hidden[(problem.hidden >= part.start) & (problem.hidden < part.stop)].tolist():
            if problem.is_narrow(item, wanted):
                problem.widen_alone(item)
            if problem.is_narrow(item, wanted):
                found.append((kind, table))
                break
    return list(dict.fromkeys(found))


class _Problem:
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
        return bool(self.ranges[item, 1] - self.ranges[item, 0] < wanted[item] - _TOLERANCE)

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
