"""Rules that layers and exposure to victims keep: the own label, which day counts, how incidents are told apart."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pytest
from comparison import assert_columns, columns_of, frame_of, row
from hypothesis import given
from hypothesis import strategies as st
from layer_tables import KINDS, LayerCase, layer_cases, tie, tie_rows
from strategies import OFFENCES, NetworkCase, TableCase, networks

from gpunet import network_from_edges, read_arrests
from gpunet.arrests.joined import with_tables
from gpunet.base.errors import InputError
from gpunet.config.config import PathConfig
from gpunet.config.registry import LAYER_FAMILIES
from gpunet.features import compute_all
from gpunet.features.victims import nearest_other
from gpunet.runs.described import methods_of

DAY = dt.date(2013, 1, 1)


def days(n: int) -> dt.timedelta:
    return dt.timedelta(days=n)


def of_layers(case: LayerCase, families: tuple[str, ...] = ("layers", "victims")) -> dict[str, dict[Any, Any]]:
    return columns_of(compute_all(case.read(), families, threads=1).features)


def pair(a: Any, b: Any, incident: Any = 1, offence: str = "theft", **more: Any) -> list[dict[str, Any]]:
    """Two persons arrested together."""
    return [row(p, incident, DAY, offence, **more) for p in (a, b)]


def case_of(rows: list[Any], ties: Any = None, victims: Any = None, **more: Any) -> LayerCase:
    return LayerCase(TableCase(rows, more.pop("cap", 50), more.pop("as_of", None)), ties, victims, KINDS, **more)


# --- The own label ---


def flipped(data: st.DataObject, rows: list[dict[str, Any]], person: Any) -> list[dict[str, Any]]:
    offence = st.sampled_from(OFFENCES)
    return [{**r, "offence": data.draw(offence)} if r["person_id"] == person else r for r in rows]


@given(case=layer_cases(), data=st.data())
def test_own_offences_move_none_of_ones_own_columns(case: LayerCase, data: st.DataObject) -> None:
    person = data.draw(st.sampled_from(sorted({r["person_id"] for r in case.arrests.rows})))
    other = replace(case, arrests=replace(case.arrests, rows=flipped(data, case.arrests.rows, person)))
    before, after = of_layers(case), of_layers(other)
    assert_columns(of_one(after, person), of_one(before, person), rel=0.0)


@given(case=layer_cases(), data=st.data())
def test_the_offence_against_oneself_moves_none_of_ones_own_columns(case: LayerCase, data: st.DataObject) -> None:
    if case.victims is None:
        return
    person = data.draw(st.sampled_from(sorted({r["person_id"] for r in case.victims})))
    before = of_layers(case)
    after = of_layers(replace(case, victims=flipped(data, case.victims, person)))
    assert_columns(of_one(after, person), of_one(before, person), rel=0.0)


def of_one(columns: dict[str, dict[Any, Any]], person: Any) -> dict[str, dict[Any, Any]]:
    return {name: {p: x for p, x in values.items() if p == person} for name, values in columns.items()}


def test_others_and_the_own_record_see_the_flip() -> None:
    """The rules must not hold because nothing ever moves."""
    rows, ties = [*pair("a", "b"), *pair("b", "c", 2)], [tie("a", "c", DAY), tie("c", "x", DAY)]
    victims = [row("a", 2, DAY, "theft"), row("c", 9, DAY, "theft")]
    case = case_of(rows, ties, victims)
    other = replace(case, arrests=replace(case.arrests, rows=[*pair("a", "b", offence="robbery"), *rows[2:]]))
    families = LAYER_FAMILIES
    before, after = of_layers(case, families), of_layers(other, families)
    moved = {name for name in before if before[name]["c"] != after[name]["c"]}
    assert moved >= {"degree__violent__calls", "strength__robbery__calls", "share_1hop__violent__any"}
    assert moved >= {"closeness__violent__any", "shell__robbery__any", "degree__robbery__victim"}
    hurt = of_layers(replace(case, victims=[row("a", 2, DAY, "robbery"), victims[1]]), families)
    assert {n for n in before if before[n]["b"] != hurt[n]["b"]} == {
        *(f"{c}__{s}" for c in ("victims_1hop", "victim_distance") for s in ("violent", "robbery")), "two_hop_heuristic"
    }  # fmt: skip
    assert {n for n in before if before[n]["a"] != hurt[n]["a"]} == {
        "own_victimisations__violent", "own_victimisations__robbery"
    }  # fmt: skip


# --- The nearest other victim, and paths of the union ---


@given(case=networks(), data=st.data())
def test_nearest_other_is_the_nearest_of_all_searches(case: NetworkCase, data: st.DataObject) -> None:
    ends = np.array(case.edges, dtype=np.int64).reshape(-1, 2)
    network = network_from_edges(ends[:, 0], ends[:, 1], case.n)
    graph = nx.Graph(case.edges)
    graph.add_nodes_from(range(case.n))
    seeds = data.draw(st.sets(st.integers(0, case.n - 1)))
    flags = np.isin(np.arange(case.n), list(seeds))
    steps = dict(nx.all_pairs_shortest_path_length(graph))
    expected = [min((d for u, d in steps[v].items() if u in seeds - {v}), default=-1) for v in range(case.n)]
    assert nearest_other(network.indptr, network.indices, flags).tolist() == expected


def test_paths_of_the_union_by_networkx() -> None:
    rng = np.random.default_rng(5)
    rows = [r for i, (a, b) in enumerate(rng.integers(1, 70, (60, 2)).tolist()) if a != b for r in pair(a, b, i)]
    ties = [tie(a, b, DAY) for a, b in rng.integers(1, 90, (50, 2)).tolist() if a != b]
    found = compute_all(case_of(rows, ties).read(), threads=2)
    graph = nx.Graph((r["person_a"], r["person_b"]) for r in found.ties.iter_rows(named=True))
    columns, inside = columns_of(found.features), sorted(graph)
    for name, expected in (
        ("betweenness__all__any", nx.betweenness_centrality(graph, normalized=False)),
        ("closeness__all__any", nx.closeness_centrality(graph, wf_improved=True)),
        ("shell__all__any", nx.core_number(graph)),
    ):
        np.testing.assert_allclose([columns[name][p] for p in inside], [expected[p] for p in inside], rtol=1e-9)


def test_approximate_betweenness_of_the_union_is_told() -> None:
    rng = np.random.default_rng(2)
    rows = [r for i, (a, b) in enumerate(rng.integers(0, 400, (500, 2)).tolist()) if a != b for r in pair(a, b, i)]
    arrests = case_of(rows, [tie(a, b, DAY) for a, b in rng.integers(0, 400, (400, 2)).tolist() if a != b]).read()
    exact = compute_all(arrests, threads=2)
    assert methods_of(exact) == {}
    found = compute_all(arrests, threads=2, path_config=PathConfig(betweenness="approx", epsilon=0.2, delta=0.2))
    assert found.path_any is not None
    told = {name for name, how in methods_of(found).items() if how["method"] == "approx"}
    approximate = {name for name, report in found.path_any.sets.items() if report.method == "approx"}
    assert {name for name in told if name.endswith("__any")} == {f"betweenness__{name}__any" for name in approximate}
    assert "betweenness__all__any" in told
    different = {name for name in found.features.columns if not found.features[name].equals(exact.features[name])}
    assert "betweenness__all__any" in different
    assert different <= told


# --- Which ties count ---


def ties_table(case: LayerCase) -> list[tuple[Any, ...]]:
    ties = compute_all(case.read(), ["layers"], threads=1).ties
    return [r for r in ties.rows() if r[-1] != "co_arrest"]


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        (tie("a", "x", DAY), True),
        (tie("a", "x", DAY + days(9)), True),  # on the last day that counts
        (tie("a", "x", DAY + days(10)), False),  # on the day itself
        (tie("a", "x", DAY + days(90)), False),
        (tie("a", "x", DAY, until=DAY + days(11)), True),
        (tie("a", "x", DAY, until=DAY + days(10)), False),  # from that day on it does not hold
        (tie("a", "x", DAY - days(10)), True),  # as old as the limit of calls
        (tie("a", "x", DAY - days(11)), False),
        (tie("a", "x", DAY - days(11), "intelligence"), True),
        (tie("a", "x", DAY, recorded_at=DAY + days(9)), True),
        (tie("a", "x", DAY, recorded_at=DAY + days(10)), False),
        (tie("a", "x", DAY, recorded_at=None), False),
    ],
)
def test_what_counts_as_of_a_day(row: dict[str, Any], counts: bool) -> None:
    case = case_of(pair("a", "b"), [row], as_of=DAY + days(10))
    assert bool(ties_table(case)) is counts
    assert case.read().person_ids.to_list() == ["a", "b", *(["x"] if counts else [])]


def test_without_an_as_of_day_all_rows_are_known() -> None:
    ties = [tie("a", "x", DAY, recorded_at=None), tie("a", "y", DAY, recorded_at=DAY + days(400))]
    assert [r[1] for r in ties_table(case_of(pair("a", "b"), ties))] == ["x", "y"]


def test_the_day_stays_when_the_latest_tie_is_over() -> None:
    ties = [tie("a", "x", DAY), tie("a", "y", DAY + days(30), until=DAY + days(31))]
    case = case_of(pair("a", "b"), ties)
    assert case.read().person_ids.to_list() == ["a", "b"]  # the other is older than its limit by then
    assert ties_table(case) == []


def test_strength_is_halved_and_added_up() -> None:
    ties = [tie("x", "a", DAY + days(1)), tie("a", "x", DAY + days(10)), tie("a", "x", DAY + days(10))]
    case = case_of(pair("a", "b"), ties, as_of=DAY + days(19))
    assert ties_table(case) == [("a", "x", 3, 1.25, DAY + days(1), DAY + days(10), "calls")]
    assert of_layers(case)["strength__all__calls"] == {"a": 1.25, "b": 0.0, "x": 1.25}


def test_a_long_half_life_keeps_what_there_is() -> None:
    old = tie("a", "x", DAY - days(36_000), "intelligence")
    (found,) = ties_table(case_of(pair("a", "b"), [old]))
    assert found[3] == pytest.approx(0.5 ** (36_001 / 36_525), rel=1e-12)


def test_arrests_that_were_cut_are_not_cut_again_at_an_earlier_day() -> None:
    case = case_of(pair("a", "b"), [tie("a", "x", DAY, until=DAY + days(5))], as_of=DAY + days(10))
    with pytest.raises(
        InputError, match="cannot go back to 2013-01-03: these arrests were cut at 2013-01-11, and ties"
    ):
        case.read().before(DAY + days(2))
    assert case.read().before(DAY + days(10)).person_ids.to_list() == ["a", "b"]


def test_tables_of_arrests_that_were_cut_are_cut() -> None:
    case = case_of(pair("a", "b"), [tie("a", "x", DAY), tie("a", "y", DAY + days(10))])
    arrests = read_arrests(frame_of(case.arrests.rows), case.config, as_of=DAY + days(10))
    assert with_tables(arrests, tie_rows(case.ties, KINDS)).person_ids.to_list() == ["a", "b", "x"]
