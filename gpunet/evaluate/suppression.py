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

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64
from gpunet.evaluate.group_grid import HITS, PERSONS, POSITIVES, SELECTED, TOLERANCE, Grid, Hidden, Kind, Table
from gpunet.evaluate.number_ranges import Ranges

__all__ = ["hidden_of_sum", "is_small", "suppressed"]

# Numbers that are hidden one at a time before all of a table are.
_ROUNDS = 12


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
        return np.minimum(of[kind], persons - of[kind]) < least - TOLERANCE
    selected, hits = of[SELECTED, kind[1]], of[kind]
    parts = (hits, selected - hits, positives - hits, persons - positives - selected + hits)
    alike: Bool = np.minimum.reduce(parts) < TOLERANCE
    return alike


def _is_small_band(kind: Kind, other: str, of: Mapping[Kind, Float64], least: int) -> Bool:
    """Whether persons whom just one of two rules selects are few or, for hits, all alike; 0 of them are neither."""
    band = np.abs(of[SELECTED, kind[1]] - of[SELECTED, other])
    small: Bool = (band > TOLERANCE) & (band < least - TOLERANCE)
    if kind[0] == HITS:
        hits = np.abs(of[HITS, kind[1]] - of[HITS, other])
        small |= (band > TOLERANCE) & (np.minimum(hits, band - hits) < TOLERANCE)
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


def _narrow(state: _State) -> list[tuple[Kind, Table]]:
    """The tables with a hidden number or band of which least and greatest value are not far apart; of hits, not 1."""
    bands, enough = state.small_bands(), state.least / 2
    problem = Ranges(state.grid, state.cells, state.hidden, bands, state.solutions)
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
