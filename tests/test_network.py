"""The network: who is tied to whom, how strongly and when, and the invariants of its arrays."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from comparison import differs, frame_of, row
from hypothesis import given
from hypothesis import strategies as st
from reference import reference_arrests, reference_ties, set_names
from strategies import SETS, TableCase, arrest_tables

from gpunet import build_network, network_from_edges, read_arrests
from gpunet.arrests.network import ties_table


def ties_of(case: TableCase) -> pl.DataFrame:
    arrests = read_arrests(frame_of(case.rows), case.config, as_of=case.as_of)
    return ties_table(arrests, build_network(arrests))


def check_arrays(network, n: int) -> None:
    """Symmetric, sorted within a row, without loops and repeats."""
    assert network.n == n
    assert network.indptr.dtype == np.int64
    assert network.indices.dtype == np.int32
    assert network.indptr.shape == (n + 1,)
    assert network.indptr[0] == 0
    assert network.indptr[-1] == len(network.indices) == 2 * network.n_ties
    np.testing.assert_array_equal(network.degree, np.diff(network.indptr))
    source = np.repeat(np.arange(n), np.diff(network.indptr))
    pairs = list(zip(source.tolist(), network.indices.tolist(), strict=True))
    assert pairs == sorted(set(pairs)), "rows are not sorted, or hold a repeat"
    assert set(pairs) == {(b, a) for a, b in pairs}, "not symmetric"
    assert all(a != b for a, b in pairs), "a loop"


@given(case=arrest_tables())
def test_ties_equal_the_reference(case: TableCase) -> None:
    expected = reference_ties(reference_arrests(case.rows, SETS, case.as_of), case.max_incident_size)
    ties = ties_of(case)
    assert ties.columns == ["person_a", "person_b", "incidents", "strength", "first_date", "last_date"]
    assert [(a, b) for a, b, *_ in ties.iter_rows()] == sorted(expected)
    for a, b, incidents, strength, first, last in ties.iter_rows():
        wanted = expected[a, b]
        assert (incidents, first, last) == (wanted[0], *wanted[2:]), f"tie {a}-{b}"
        assert not differs(strength, wanted[1]), f"strength of {a}-{b}: {strength} instead of {wanted[1]}"


@given(case=arrest_tables())
def test_arrays_and_sets_of_a_table(case: TableCase) -> None:
    arrests = read_arrests(frame_of(case.rows), case.config, as_of=case.as_of)
    network = build_network(arrests)
    slow = reference_arrests(case.rows, SETS, case.as_of)
    ties = reference_ties(slow, case.max_incident_size)
    people = sorted({p for pair in ties for p in pair})
    check_arrays(network, len(people))
    ids = arrests.person_ids.to_list()
    named = [ids[code] for code in network.person.tolist()]
    assert sorted(named) == people, "V is not the persons with a tie"
    source = np.repeat(np.arange(network.n), np.diff(network.indptr))
    pairs = {tuple(sorted((named[a], named[b]))) for a, b in zip(source, network.indices.tolist(), strict=True)}
    assert pairs == set(ties)
    for name in set_names(SETS):
        flags = network.sets[name]
        assert flags.dtype == bool
        members = {a.person for a in slow if a.is_in(name)}
        assert {p for p, inside in zip(named, flags.tolist(), strict=True) if inside} == members & set(people), name


@given(n=st.integers(1, 9), data=st.data(), dtype=st.sampled_from([np.int64, np.int32, np.uint32]))
def test_network_from_edges_drops_repeats_and_loops(n: int, data: st.DataObject, dtype: type) -> None:
    edges = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=25))
    ends = np.array(edges, dtype=dtype).reshape(-1, 2)
    network = network_from_edges(ends[:, 0], ends[:, 1], n, sets={"violent": np.zeros(n, dtype=bool)})
    check_arrays(network, n)
    source = np.repeat(np.arange(n), np.diff(network.indptr)).tolist()
    found = {frozenset(pair) for pair in zip(source, network.indices.tolist(), strict=True)}
    assert found == {frozenset(e) for e in edges if e[0] != e[1]}
    assert network.sets["all"].all()
    assert network.person is None


def test_strength_by_hand() -> None:
    """Two persons together in a pair and in a four: 1/1 + 1/3. Their dates are their own, not the others'."""
    four = [row(p, 2, dt.date(2013, 1, 5 + p)) for p in range(4)]
    rows = [row(0, 1, dt.date(2013, 3, 1)), row(1, 1, None), *four]
    ties = {(a, b): rest for a, b, *rest in ties_of(TableCase(rows, 50, None)).iter_rows()}
    assert len(ties) == 6
    assert ties[0, 1] == [2, pytest.approx(4 / 3, rel=1e-15), dt.date(2013, 1, 5), dt.date(2013, 3, 1)]
    assert ties[2, 3] == [1, pytest.approx(1 / 3, rel=1e-15), dt.date(2013, 1, 7), dt.date(2013, 1, 8)]


def test_undated_ties_have_no_dates() -> None:
    ties = ties_of(TableCase([row(1, 1), row(2, 1)], 50, None))
    assert ties.rows() == [(1, 2, 1, 1.0, None, None)]


@pytest.mark.parametrize(("size", "ties"), [(1, 0), (2, 1), (3, 3), (4, 6), (5, 0)])
def test_only_incidents_of_two_to_the_cap_tie(size: int, ties: int) -> None:
    rows = [row(p, 1, dt.date(2013, 1, 1)) for p in range(size)]
    assert len(ties_of(TableCase(rows, 4, None))) == ties


@pytest.mark.parametrize(("size", "ties"), [(50, 1225), (51, 0)])
def test_the_default_cap_is_fifty(size: int, ties: int) -> None:
    arrests = read_arrests(frame_of([row(p, 1, dt.date(2013, 1, 1)) for p in range(size)]))
    assert build_network(arrests).n_ties == ties


def test_size_is_of_distinct_persons_not_of_rows() -> None:
    rows = [row(p, 1, dt.date(2013, 1, 1), offence) for p in range(3) for offence in ("theft", "robbery", "murder")]
    assert len(ties_of(TableCase(rows, 3, None))) == 3


def test_two_forces_with_one_incident_id_are_two_incidents() -> None:
    rows = [row(1, 7, force="North"), row(2, 7, force="North"), row(3, 7, force="South"), row(1, 7, force="South")]
    assert [(a, b) for a, b, *_ in ties_of(TableCase(rows, 50, None)).iter_rows()] == [(1, 2), (1, 3)]


def test_no_tie_at_all() -> None:
    arrests = read_arrests(frame_of([row(1, 1), row(2, 2)]))
    network = build_network(arrests)
    check_arrays(network, 0)
    assert ties_table(arrests, network).rows() == []
