"""Layers beside co-arrest and exposure to victims: every column and the table of ties are the reference's."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from comparison import assert_columns, columns_of
from hypothesis import assume, given
from layer_tables import LayerCase, cut_case, layer_cases, tells_forces
from strategies import CUT

from gpunet import compute_features
from gpunet.config.registry import LAYER_FAMILIES, columns
from gpunet.features import compute_all


def assert_ties(table: Any, expected: list[tuple[Any, ...]]) -> None:
    found = table.rows()
    assert table.columns == ["person_a", "person_b", "incidents", "strength", "first_date", "last_date", "kind"]
    assert [(*r[:3], *r[4:]) for r in found] == [(*r[:3], *r[4:]) for r in expected]
    assert all(math.isclose(mine[3], theirs[3], rel_tol=1e-9) for mine, theirs in zip(found, expected, strict=True))


@given(case=layer_cases())
def test_every_column_and_tie(case: LayerCase) -> None:
    picture, arrests = case.picture(), case.read()
    assert arrests.person_ids.to_list() == picture.persons
    assume(len(arrests))
    found = compute_all(arrests, threads=1)
    expected = picture.columns()
    declared = columns(arrests.config.sets, LAYER_FAMILIES, layers=arrests.layers)
    assert set(declared) == set(expected)
    assert_columns(columns_of(found.features), {name: expected[name] for name in declared})
    assert found.features.columns[-len(declared) :] == list(declared)
    assert_ties(found.ties, picture.table())
    for name, layer in found.layers.items():
        ids = arrests.person_ids.to_list()
        assert sorted(ids[p] for p in layer.network.person) == sorted(
            {p for pair in _pairs(picture, name) for p in pair}
        )


def _pairs(picture: Any, name: str) -> list[tuple[Any, Any]]:
    layers = picture.layers()
    return [pair for kind, ties in layers.items() for pair in ties if name in ("any", kind)]


@given(case=layer_cases())
def test_cuts_agree(case: LayerCase) -> None:
    whole = case.uncut()
    ids = whole.person_ids.to_list()
    cut, coded = whole.before(CUT), whole.known_before(CUT)
    assert [ids[p] for p in whole.persons_before(CUT)] == cut.person_ids.to_list() == case.picture(CUT).persons
    assert coded.person_ids.to_list() == ids
    again = coded.before(CUT)
    assert again.person_ids.to_list() == cut.person_ids.to_list()
    if len(cut):
        assert compute_all(again, threads=1).features.equals(compute_all(cut, threads=1).features)


@given(case=layer_cases(forces_told=True))
def test_a_cut_is_what_reading_would_have_given_on_the_day(case: LayerCase) -> None:
    then = cut_case(case, CUT)
    assume(then.arrests.rows and (case.victims is None or then.victims))
    for now, before in ((case.arrests.rows, then.arrests.rows), (case.victims, then.victims)):
        assume(tells_forces(now) == tells_forces(before))  # from which follows how incidents are told apart
    cut, read = (compute_all(each, threads=1) for each in (case.uncut().before(CUT), then.uncut().before(CUT)))
    assert cut.features.equals(read.features)
    assert cut.ties.equals(read.ties)


@given(case=layer_cases())
def test_columns_of_co_arrest_stay(case: LayerCase) -> None:
    arrests = case.read()
    assume(len(arrests))
    alone = LayerCase(case.arrests, None, None, {}).read()
    assert alone.associations is None
    found, expected = compute_all(arrests, threads=1), compute_all(alone, threads=1)
    old = columns_of(expected.features)
    persons = alone.person_ids.to_list()
    found_old = {name: {p: values[p] for p in persons} for name, values in columns_of(found.features).items()}
    assert {name: found_old[name] for name in old} == old
    assert list(found.features.columns[: len(old) + 1]) == expected.features.columns
    ties = found.ties.filter(found.ties["kind"] == "co_arrest").drop("kind")
    assert ties.equals(expected.ties)
    assert "kind" not in expected.ties.columns


@given(case=layer_cases())
def test_the_public_function_takes_what_was_read(case: LayerCase) -> None:
    if case.arrests.as_of is None:
        assert compute_features(case.uncut(), threads=1).equals(compute_all(case.read(), threads=1).features)


@pytest.mark.parametrize("family", LAYER_FAMILIES)
def test_families_one_by_one(family: str) -> None:
    case = _example()
    whole = compute_features(case.read(), threads=1)
    names = list(columns(case.read().config.sets, [family], layers=case.read().layers))
    assert compute_features(case.read(), [family], threads=1).equals(whole.select("person_id", *names))


def _example() -> LayerCase:
    from comparison import row
    from layer_tables import KINDS, tie
    from strategies import TableCase

    day = dt.date(2013, 1, 1)
    rows = [row(p, i, day, "robbery") for i, pair in enumerate(["ab", "bc"]) for p in pair]
    ties = [tie("a", "x", day), tie("x", "c", day, "intelligence")]
    return LayerCase(TableCase(rows, 50, None), ties, [row("c", 0, day, "homicide")], KINDS)
