"""Suppressed numbers of persons: nothing small is told, and nothing hidden can be solved for from what is told."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gpunet.base.errors import InputError
from gpunet.evaluate.group_grid import HITS, PERSONS, POSITIVES, SELECTED, Grid
from gpunet.evaluate.number_ranges import ranges_of
from gpunet.evaluate.suppression import suppressed

LEAST = 10
ALL = (PERSONS, "")


def persons_alone(*numbers: float, least: int = LEAST) -> list[bool]:
    grid = Grid((len(numbers),))
    hidden: list[bool] = suppressed(grid, {ALL: np.array(numbers, float)}, least)[ALL, (0,)].tolist()
    return hidden


def test_a_small_group_takes_the_next_smallest_with_it() -> None:
    assert persons_alone(500, 10, 40) == [False, False, False]
    assert persons_alone(500, 9, 40) == [False, True, True]
    assert persons_alone(9, 500) == [True, True]
    assert persons_alone(500, 9, 9, 40) == [False, True, True, False]  # 18 together
    assert persons_alone(500, 4, 5, 40) == [False, True, True, True]  # 9 together would be told
    assert persons_alone(500, 9, 40, least=5) == [False, False, False]


def test_a_number_of_nobody_in_a_pair_of_groups_is_told_and_hides_nothing() -> None:
    numbers = np.array([[0, 50, 60], [70, 0, 90]], float)
    hidden = suppressed(Grid((2, 3)), {ALL: numbers.reshape(-1)}, LEAST)
    assert not any(of.any() for of in hidden.values())


def test_rows_and_columns_of_a_cross_table_have_none_or_two() -> None:
    numbers = np.array([[3, 100, 100], [100, 30, 100], [100, 100, 100]], float)
    hidden = suppressed(Grid((3, 3)), {ALL: numbers.reshape(-1)}, LEAST)
    assert not hidden[ALL, (0,)].any()
    assert not hidden[ALL, (1,)].any()
    pairs = hidden[ALL, (0, 1)]
    assert pairs[0, 0]
    assert not set(pairs.sum(axis=0)) & {1}
    assert not set(pairs.sum(axis=1)) & {1}
    assert pairs.sum() == 4


def test_a_group_that_is_hidden_has_no_pair_that_is_told() -> None:
    numbers = np.array([[5, 40], [4, 3], [300, 200]], float)
    hidden = suppressed(Grid((3, 2)), {ALL: numbers.reshape(-1)}, LEAST)
    assert hidden[ALL, (0,)].tolist() == [True, True, False]
    assert hidden[ALL, (0, 1)][:2].all()


def kinds(persons: Any, positives: Any, selected: Any, hits: Any) -> dict[tuple[str, str], Any]:
    of = {ALL: persons, (POSITIVES, ""): positives, (SELECTED, "r"): selected, (HITS, "r"): hits}
    return {kind: np.array(numbers, float) for kind, numbers in of.items()}


def test_few_positives_or_few_selected_hide_their_rates_alone() -> None:
    cells = kinds([1000, 1000, 1000], [9, 50, 60], [100, 9, 100], [5, 4, 20])
    hidden = suppressed(Grid((3,)), cells, LEAST)
    table = (0,)
    assert not hidden[ALL, table].any()
    assert hidden[(POSITIVES, ""), table].tolist() == [True, True, False]
    assert hidden[(SELECTED, "r"), table].tolist() == [True, True, False]
    assert hidden[(HITS, "r"), table].tolist() == [True, True, False]


@pytest.mark.parametrize("hits", [0, 20])  # nobody, or everybody who is selected
def test_a_rate_of_nothing_or_all_is_not_told(hits: int) -> None:
    cells = kinds([1000, 1000, 1000], [50, 50, 50], [20, 40, 40], [hits, 10, 20])
    hidden = suppressed(Grid((3,)), cells, LEAST)
    assert hidden[(HITS, "r"), (0,)].tolist() == [True, True, False]
    assert not hidden[(SELECTED, "r"), (0,)].any()


def test_numbers_that_only_lines_together_give_away_are_hidden() -> None:
    """Every line has two that are hidden or none, and yet two rows less two columns leave one number alone."""
    numbers = np.full((4, 4), 100.0)
    numbers[:2, :2] = numbers[2:, 2:] = 6
    numbers[0, 2] = 3
    grid, cells = Grid((4, 4)), {ALL: numbers.reshape(-1)}
    by_line = {(ALL, (0,)): np.zeros(4, bool), (ALL, (1,)): np.zeros(4, bool), (ALL, (0, 1)): numbers < LEAST}
    assert {int(of) for axis in (0, 1) for of in by_line[ALL, (0, 1)].sum(axis=axis)} == {2, 3}
    assert ranges_of(grid, cells, by_line)[ALL, (0, 1)][2] == pytest.approx([3, 3])
    hidden = suppressed(grid, cells, LEAST)
    assert hidden[ALL, (0, 1)].sum() > by_line[ALL, (0, 1)].sum()
    assert not hidden[ALL, (0, 1)].all()
    assert narrowest(grid, cells, hidden) >= LEAST / 2 - 1e-5


def narrowest(grid: Grid, cells: dict[Any, Any], hidden: dict[Any, Any]) -> float:
    found = [np.diff(of, axis=1)[hidden[key].reshape(-1)] for key, of in ranges_of(grid, cells, hidden).items()]
    return float(np.min(np.concatenate(found), initial=np.inf))


def attacked(sizes: tuple[int, ...], cells: dict[Any, Any], hidden: dict[Any, Any]) -> dict[Any, Any]:
    """The least and greatest value of each hidden number, by equations written down one at a time."""
    kinds_, combinations = list(cells), list(product(*map(range, sizes)))
    place = {(k, c): i for i, (k, c) in enumerate(product(kinds_, combinations))}
    value = {(k, c): cells[k].reshape(sizes)[c] for k, c in place}

    def row(kind: Any, table: tuple[int, ...], group: tuple[int, ...]) -> Any:
        found = np.zeros(len(place))
        for c in combinations:
            found[place[kind, c]] = all(c[i] == g for i, g in zip(table, group, strict=True))
        return found

    x = np.array([value[key] for key in place])
    rows = [row(k, t, g) for (k, t), of in hidden.items() for g in np.ndindex(of.shape) if not of[g]]
    at_most = []
    for c in combinations:
        for fewer, more in ((1, 0), (2, 0), (3, 2), (3, 1))[: {1: 0, 2: 1, 4: 4}[len(kinds_)]]:
            bound = np.zeros(len(place))
            bound[place[kinds_[fewer], c]], bound[place[kinds_[more], c]] = 1, -1
            at_most.append(bound)
    found = {}
    for (k, t), of in hidden.items():
        for g in np.ndindex(of.shape):
            if not of[g]:
                continue
            ends = []
            for sign in (1, -1):
                best = linprog(
                    sign * row(k, t, g), A_ub=np.array(at_most) if at_most else None,
                    b_ub=np.zeros(len(at_most)) if at_most else None, A_eq=np.array(rows), b_eq=np.array(rows) @ x,
                )  # fmt: skip
                assert best.status == 0 or (sign == -1 and best.status == 3)  # nobody knows how many there are at all
                ends.append(sign * best.fun if best.status == 0 else np.inf)
            found[k, t, tuple(map(int, g))] = ends
    return found


small_and_large = st.one_of(st.integers(0, 12), st.integers(0, 12), st.integers(0, 400))


@given(st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_nobody_can_solve_for_a_number_of_persons(data: st.DataObject) -> None:
    sizes = data.draw(st.sampled_from([(3,), (4,), (2, 3), (3, 3), (4, 2), (2, 2, 2)]))
    grid = Grid(sizes)
    numbers = data.draw(st.lists(small_and_large, min_size=grid.cells, max_size=grid.cells))
    cells = {ALL: np.array(numbers, float)}
    hidden = suppressed(grid, cells, LEAST)
    for table in grid.tables:
        told = grid.numbers(cells[ALL], table)[~hidden[ALL, table]]
        assert not ((told > 0) & (told < LEAST)).any()
    unsafe = {key for key, (low, high) in attacked(sizes, cells, hidden).items() if high - low < LEAST / 2 - 1e-5}
    # With a total that is so small nothing can be done: nothing is told then.
    assert not unsafe or all((of | (grid.numbers(cells[k], t) == 0)).all() for (k, t), of in hidden.items())


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_nobody_can_solve_for_positives_or_hits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = ((4,), (3, 2))[int(rng.integers(2))]
    grid = Grid(sizes)
    persons = rng.integers(5, 600, grid.cells)
    positives = rng.binomial(persons, rng.choice([0.02, 0.2]))
    hits = rng.binomial(positives, 0.4)
    selected = hits + rng.binomial(persons - positives, rng.choice([0.01, 0.1]))
    cells = kinds(persons, positives, selected, hits)
    hidden = suppressed(grid, cells, LEAST)
    for kind, table in hidden:
        if kind[0] in (POSITIVES, SELECTED):
            told = grid.numbers(cells[kind], table)[~hidden[kind, table]]
            assert (told >= LEAST).all()
    for (kind, table, group), (low, high) in attacked(sizes, cells, hidden).items():
        enough = 1 if kind[0] == HITS else LEAST / 2
        if high - low < enough - 1e-5:  # only where there is nothing left to hide
            of_kind = [(t, of) for (k, t), of in hidden.items() if k == kind]
            assert all((of | (grid.numbers(cells[ALL], t) == 0)).all() for t, of in of_kind), (kind, table, group)


def test_ranges_are_those_of_the_equations() -> None:
    rng = np.random.default_rng(5)
    cells = kinds(rng.integers(50, 90, 6), rng.integers(10, 40, 6), [12, 20, 14, 30, 11, 13], [3, 4, 5, 6, 2, 1])
    grid = Grid((3, 2))
    hidden = {
        (kind, table): rng.random(grid.numbers(of, table).shape) < 0.5
        for kind, of in cells.items() for table in grid.tables
    }  # fmt: skip
    found, slow = ranges_of(grid, cells, hidden), attacked((3, 2), cells, hidden)
    assert slow
    for (kind, table, group), ends in slow.items():
        item = np.ravel_multi_index(group, hidden[kind, table].shape)
        low, high = found[kind, table][item]
        # Beside what the test knows the product knows that those who are wrongly selected are no positives.
        assert ends[0] - 1e-6 <= low <= high <= ends[1] + 1e-6
        assert low - 1e-6 <= grid.numbers(cells[kind], table)[group] <= high + 1e-6


def test_a_small_total_is_hidden_everywhere() -> None:
    cells = kinds([1000, 1000, 1000], [2, 0, 0], [100, 40, 60], [2, 0, 0])
    hidden = suppressed(Grid((3,)), cells, LEAST)
    for table in ((), (0,)):
        assert not hidden[ALL, table].any()
        assert not hidden[(SELECTED, "r"), table].any()
        assert hidden[(POSITIVES, ""), table].all()
        assert hidden[(HITS, "r"), table].all()
    found = ranges_of(Grid((3,)), cells, hidden)[(POSITIVES, ""), ()]
    assert found[0, 0] == 0
    assert found[0, 1] > 100  # that there are two in all is nowhere


def of_two_rules(persons: Any, positives: Any, fewer: Any, more: Any) -> dict[tuple[str, str], Any]:
    of = {ALL: persons, (POSITIVES, ""): positives}
    for rule, (selected, hits) in {"fewer": fewer, "more": more}.items():
        of |= {(SELECTED, rule): selected, (HITS, rule): hits}
    return {kind: np.array(numbers, float) for kind, numbers in of.items()}


@pytest.mark.parametrize("rather", ["fewer", "more"])
def test_few_persons_between_two_rules_are_not_told(rather: str) -> None:
    cells = of_two_rules(
        [900, 900, 900], [200, 200, 200], ([100, 150, 120], [40, 40, 40]), ([200, 153, 240], [70, 43, 80])
    )
    hidden = suppressed(Grid((3,)), cells, LEAST, rather)
    other = "more" if rather == "fewer" else "fewer"
    for kind in (SELECTED, HITS):
        assert not hidden[(kind, rather), (0,)].any()
        assert hidden[(kind, other), (0,)][1]
        assert hidden[(kind, other), (0,)].sum() == 2
        assert not hidden[(kind, other), ()]


@pytest.mark.parametrize("hits", [0, 50])
def test_persons_between_two_rules_who_are_all_alike_are_not_told(hits: int) -> None:
    cells = of_two_rules(
        [900, 900, 900], [200, 200, 200], ([100, 100, 120], [40, 40, 40]), ([200, 150, 240], [70, 40 + hits, 80])
    )
    hidden = suppressed(Grid((3,)), cells, LEAST, "more")
    assert not any(hidden[kind, (0,)].any() for kind in cells if kind != (HITS, "fewer"))
    assert hidden[(HITS, "fewer"), (0,)].tolist() in ([True, True, False], [False, True, True])


def test_nobody_between_two_rules_hides_nothing() -> None:
    cells = of_two_rules([900, 900], [200, 200], ([100, 100], [40, 40]), ([100, 130], [40, 50]))
    assert not any(of.any() for of in suppressed(Grid((2,)), cells, LEAST).values())


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_nobody_can_subtract_one_rule_from_another(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = ((4,), (3, 2))[int(rng.integers(2))]
    grid = Grid(sizes)
    persons = rng.integers(100, 600, grid.cells)
    positives = rng.binomial(persons, 0.3)
    fewer = rng.binomial(persons, 0.2)
    fewer_hits = rng.binomial(np.minimum(fewer, positives), 0.6)
    band = np.minimum(rng.choice([0, 3, 12, 60], grid.cells), persons - fewer)
    band_hits = np.minimum(rng.binomial(band, 0.3), positives - fewer_hits)
    cells = of_two_rules(persons, positives, (fewer, fewer_hits), (fewer + band, fewer_hits + band_hits))
    hidden = suppressed(grid, cells, LEAST)
    for table in grid.tables:
        both = ~hidden[(SELECTED, "fewer"), table] & ~hidden[(SELECTED, "more"), table]
        between = grid.numbers(band.astype(float), table)
        assert not (both & (between > 0) & (between < LEAST)).any()
        hits = grid.numbers(band_hits.astype(float), table)
        alike = (between > 0) & ((hits == 0) | (hits == between))
        assert not (alike & ~hidden[(HITS, "fewer"), table] & ~hidden[(HITS, "more"), table]).any()


def test_too_many_combinations_are_refused() -> None:
    with pytest.raises(InputError, match="more than 120: name fewer attributes at once"):
        Grid((50, 21))
