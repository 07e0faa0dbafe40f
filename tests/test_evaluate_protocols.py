"""What features of the experiment ``known`` may know, held against a slow reference written from the definition."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from comparison import frame_of, row
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import OFFENCES, SETS, Row, TableCase, arrest_tables

from gpunet import read_arrests
from gpunet.arrests.arrests import Arrests
from gpunet.engines.cpu import CpuEngine
from gpunet.evaluate.families import family_columns, known_columns
from gpunet.evaluate.labels import hide, violent_before_the_last, violent_persons
from gpunet.evaluate.protocols import HiddenFeatures, Matrices
from gpunet.features import compute_all
from gpunet.synthetic import make_arrests

HONEST = ("cross_fitted", "same_event")


def read(rows: list[Row], case: TableCase) -> Arrests:
    return read_arrests(frame_of(rows), case.config, as_of=case.as_of)


def matrices_of(arrests: Arrests, protocol: str, person: np.ndarray, fold: np.ndarray) -> Matrices:
    return Matrices(
        HiddenFeatures(arrests, CpuEngine(1)), protocol, person, fold, lambda name, compute, shape: compute()
    )


def everything(matrices: Matrices) -> list[tuple[np.ndarray, np.ndarray, list[np.ndarray]]]:
    """Training matrix, test rows and test matrices of every fold."""
    columns = np.arange(len(known_columns(("all", "violent", *SETS))))
    return [
        (matrices.training(i, columns)[1], *matrices.tests(i, columns)) for i in range(matrices.n_folds)
    ]  # fmt: skip


# --- the reference ---------------------------------------------------------------------------------------------------


def rewritten(rows: list[Row], hidden: set[Any], *, events: bool) -> list[Row]:
    """The input as if nobody knew the offences of some persons, or what happened in the incidents that they were in."""
    incidents = {(r["force"], r["incident_id"]) for r in rows if r["person_id"] in hidden}
    return [
        {**r, "offence": "theft"}
        if r["person_id"] in hidden or (events and (r["force"], r["incident_id"]) in incidents)
        else r
        for r in rows
    ]


def reference(case: TableCase, ids: list[Any], fold: list[int], protocol: str) -> list[Any]:
    """As :func:`everything`, with every feature computed anew from tables for every test fold i and training fold j."""

    @cache
    def features(*hidden_folds: int) -> dict[Any, list[Any]]:
        hidden = {person for person, k in zip(ids, fold, strict=True) if k in hidden_folds}
        rows = rewritten(case.rows, hidden, events=protocol == "same_event")
        found = compute_all(read(rows, case)).features
        section_5 = [n for n in found.columns if n != "person_id" and not n.startswith(("own_", "days_since_"))]
        return {p: list(values) for p, *values in found.select("person_id", *section_5).iter_rows()}

    found = []
    folds = range(max(fold) + 1)
    for i in folds:
        others = [j for j in folds if j != i]
        seen = {j: features() if protocol == "paper" else features(i, j) for j in others}
        training = [seen[k][p] for p, k in zip(ids, fold, strict=True) if k != i]
        tested = [p for p, k in zip(ids, fold, strict=True) if k == i]
        computations = others[:1] if protocol == "paper" else others
        found.append((training, [[seen[j][p] for p in tested] for j in computations]))
    return found


def compare(case: TableCase, data: st.DataObject, protocol: str) -> None:
    arrests = read(case.rows, case)
    n = arrests.n_persons
    assume(n >= 3)
    person = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=3, max_size=n))))
    fold = np.array(data.draw(st.permutations([k % 3 for k in range(len(person))])), dtype=np.int32)
    ids = [arrests.person_ids[int(code)] for code in person]
    expected = reference(case, ids, fold.tolist(), protocol)
    for (training, rows, tests), (training_expected, tests_expected) in zip(
        everything(matrices_of(arrests, protocol, person, fold)), expected, strict=True
    ):
        assert rows.tolist() == np.flatnonzero(fold == fold[rows[0]]).tolist()
        for matrix, values in [(training, training_expected), *zip(tests, tests_expected, strict=True)]:
            wanted = np.array([[np.nan if x is None else x for x in each] for each in values], dtype=np.float64)
            np.testing.assert_allclose(matrix, wanted, rtol=1e-6)
            assert matrix.dtype == np.float64


@given(case=arrest_tables(), data=st.data(), protocol=st.sampled_from(["paper", *HONEST]))
@settings(max_examples=8)
def test_every_matrix_is_that_of_features_computed_anew(case: TableCase, data: st.DataObject, protocol: str) -> None:
    compare(case, data, protocol)


@given(case=arrest_tables(), data=st.data(), protocol=st.sampled_from(HONEST))
@settings(max_examples=8)
def test_no_matrix_of_a_fold_depends_on_the_labels_in_it(case: TableCase, data: st.DataObject, protocol: str) -> None:
    arrests = read(case.rows, case)
    n = arrests.n_persons
    assume(n >= 3)
    fold = np.array(data.draw(st.permutations([k % 3 for k in range(n)])), dtype=np.int32)
    tested = {arrests.person_ids[int(code)] for code in np.flatnonzero(fold == 0)}
    incidents = {(r["force"], r["incident_id"]) for r in case.rows if r["person_id"] in tested}
    flipped = [
        {**r, "offence": data.draw(st.sampled_from([*OFFENCES, None]))}
        if r["person_id"] in tested or (protocol == "same_event" and (r["force"], r["incident_id"]) in incidents)
        else r
        for r in case.rows
    ]
    (training, _, tests), *_ = everything(matrices_of(arrests, protocol, np.arange(n), fold))
    (again, _, tests_again), *_ = everything(matrices_of(read(flipped, case), protocol, np.arange(n), fold))
    np.testing.assert_array_equal(again, training)
    np.testing.assert_array_equal(tests_again, tests)


# --- a table by hand -------------------------------------------------------------------------------------------------

#: ann and bob, bob and cyd, cyd and dan were arrested together; all in one district.
PAIRS = [("ann", "bob"), ("bob", "cyd"), ("cyd", "dan")]
CHARGES = {("ann", 0): "robbery", ("cyd", 1): "robbery", ("cyd", 2): "homicide", ("dan", 2): "robbery"}
BY_HAND = TableCase(
    [
        row(p, i, dt.date(2013, 1, 1 + i), CHARGES.get((p, i), "theft"), district="1")
        for i, pair in enumerate(PAIRS)
        for p in pair
    ],
    50,
    None,
)


def column(matrix: np.ndarray, name: str) -> list[float]:
    return matrix[:, list(known_columns(("all", "violent", *SETS))).index(name)].tolist()


def test_what_each_protocol_sees_in_a_small_table() -> None:
    arrests = read(BY_HAND.rows, BY_HAND)
    person, fold = np.arange(4), np.array([0, 1, 2, 0], dtype=np.int32)  # ann and dan, bob, cyd
    paper, crossed, event = (everything(matrices_of(arrests, p, person, fold)) for p in ("paper", *HONEST))
    # Bob and cyd are trained on. Under paper bob sees ann and cyd; else ann is hidden as the test fold, cyd is not.
    assert column(paper[0][0], "degree__violent") == [2, 1]
    assert column(crossed[0][0], "degree__violent") == [1, 0]
    # Cyd did it together with bob and with dan, who are hidden.
    assert column(event[0][0], "degree__violent") == [0, 0]
    assert column(event[0][0], "violent_groups") == [0, 0]
    # Three violent arrests of others than the person, and of nobody in the hidden folds.
    assert column(paper[0][0], "district_violent_arrests") == [4, 2]
    assert column(crossed[0][0], "district_violent_arrests") == [2, 0]
    # Ann and dan are tested, without bob's label (nothing changes) and without cyd's.
    assert [column(test, "degree__violent") for test in crossed[0][2]] == [[0, 1], [0, 0]]
    assert [column(test, "degree__violent") for test in paper[0][2]] == [[0, 1]]


def test_flipping_test_labels_changes_what_is_trained_on_under_paper() -> None:
    """The rule above must not hold because nothing ever moves."""
    flipped = [{**r, "offence": "theft"} if r["person_id"] == "ann" else r for r in BY_HAND.rows]
    person, fold = np.arange(4), np.array([0, 1, 2, 1], dtype=np.int32)
    training = [
        everything(matrices_of(read(rows, BY_HAND), "paper", person, fold))[0][0] for rows in (BY_HAND.rows, flipped)
    ]
    assert column(training[0], "degree__violent") == [2, 1, 1]
    assert column(training[1], "degree__violent") == [1, 1, 1]
    assert column(training[0], "district_violent_arrests") != column(training[1], "district_violent_arrests")


def test_who_is_hidden_keeps_arrests_and_loses_offences() -> None:
    arrests = read(BY_HAND.rows, BY_HAND)
    assert violent_persons(arrests).tolist() == [True, False, True, True]
    cyd = np.array([False, False, True, False])
    assert violent_persons(hide(arrests, cyd)).tolist() == [True, False, False, True]
    assert violent_persons(hide(arrests, cyd, events=True)).tolist() == [True, False, False, False]
    assert violent_persons(arrests).tolist() == [True, False, True, True]
    assert len(hide(arrests, cyd)) == len(arrests)


def test_violent_before_the_last_day_of_violence() -> None:
    day = dt.date(2013, 5, 4)
    rows = [
        row("twice", 1, day, "robbery"), row("twice", 2, day + dt.timedelta(1), "homicide"),
        row("one day", 3, day, "robbery"), row("one day", 4, day, "homicide"),
        row("undated", 5, None, "robbery"), row("undated", 6, day, "robbery"),
        row("thief", 7, day, "theft"), row("thief", 8, day + dt.timedelta(1), "theft"),
    ]  # fmt: skip
    arrests = read(rows, BY_HAND)
    before = dict(zip(arrests.person_ids.to_list(), violent_before_the_last(arrests).tolist(), strict=True))
    assert before == {"one day": False, "thief": False, "twice": True, "undated": False}


def test_families_are_those_of_the_paper() -> None:
    declared = known_columns(("all", "violent", "robbery"))
    found = family_columns(declared.values())
    assert list(found) == ["all", "neighbourhood", "community", "path", "geographic", "temporal"]
    names = {family: [list(declared)[i] for i in positions] for family, positions in found.items()}
    assert names["temporal"] == ["interval_days", "violent_groups"]
    assert "removal_largest_violent_component" in names["community"]
    assert {"tipping_2", "shell__robbery", "betweenness__all"} <= set(names["path"])
    assert names["all"] == list(declared)
    assert sorted(name for family in names if family != "all" for name in names[family]) == sorted(declared)
    assert not [name for name in declared if name.startswith(("own_", "days_since_"))]


def test_computations_are_kept_under_names_of_their_own() -> None:
    arrests = read_arrests(make_arrests(100, seed=2))
    features = HiddenFeatures(arrests, CpuEngine(1))
    person = np.flatnonzero(features.community >= 0)
    fold = (np.arange(len(person)) % 4).astype(np.int32)
    store: dict[str, np.ndarray] = {}

    def kept(name: str, compute: Any, shape: tuple[int, ...]) -> np.ndarray:
        if name not in store:
            store[name] = compute()
        assert store[name].shape == shape
        return store[name]

    columns = np.arange(len(features.declared))
    made = {p: Matrices(features, p, person, fold, kept) for p in ("paper", *HONEST)}
    assert len(store) == 1 + 6 + 6  # one for each two folds
    again = {p: Matrices(features, p, person, fold, lambda name, compute, shape: store[name]) for p in made}
    for protocol, matrices in made.items():
        np.testing.assert_array_equal(matrices.training(1, columns)[1], again[protocol].training(1, columns)[1])


@pytest.mark.parametrize("missing", ["district", "gang", "date"])
def test_columns_that_the_input_has_not_are_there_all_the_same(missing: str) -> None:
    frame = make_arrests(100, seed=2).with_columns(
        pl.lit(None, pl.Date if missing == "date" else pl.String).alias(missing)
    )
    features = HiddenFeatures(read_arrests(frame), CpuEngine(1))
    assert features.matrix().shape == (len(features.community), len(features.declared))
