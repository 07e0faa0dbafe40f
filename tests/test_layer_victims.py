"""The layer of victims and offenders by hand, and inputs of which there is little."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from comparison import columns_of, frame_of, row
from layer_tables import KINDS, tie, tie_rows
from test_layer_rules import DAY, case_of, days, of_layers, pair, ties_table

from gpunet import read_arrests
from gpunet.arrests.joined import with_tables
from gpunet.base.errors import InputError
from gpunet.features import compute_all


def victim(person: Any, incident: Any = 1, day: dt.date | None = DAY, offence: str = "robbery", **more: Any) -> Any:
    return row(person, incident, day, offence, **more)


def test_victims_are_tied_to_who_was_arrested_for_the_incident() -> None:
    victims = [victim("v", day=DAY + days(1)), victim("w", 2), victim("b"), victim("u", 99)]
    case = case_of(pair("a", "b"), None, victims)
    assert ties_table(case) == [
        ("a", "b", 1, 1.0, DAY, DAY, "victim"),
        ("a", "v", 1, 1.0, DAY + days(1), DAY + days(1), "victim"),
        ("b", "v", 1, 1.0, DAY + days(1), DAY + days(1), "victim"),
    ]
    assert case.read().person_ids.to_list() == ["a", "b", "u", "v", "w"]


def test_each_the_others_victim_is_one_incident() -> None:
    victims = [victim("a", day=DAY + days(2)), victim("b", day=None)]
    assert ties_table(case_of(pair("a", "b"), None, victims)) == [
        ("a", "b", 1, 1.0, DAY + days(2), DAY + days(2), "victim")
    ]
    undated = ties_table(case_of(pair("a", "b"), None, [victim("v", day=None)]))
    assert [r[3:6] for r in undated] == [(1.0, None, None)] * 2


@pytest.mark.parametrize(("cap", "tied"), [(3, False), (4, True)])
def test_the_cap_counts_victims_and_each_person_once(cap: int, tied: bool) -> None:
    """Two were arrested, one of whom became a victim too, as two more did: four persons."""
    case = case_of(pair("a", "b"), None, [victim("v"), victim("w"), victim("b")], cap=cap)
    expected = [("a", "b"), ("a", "v"), ("a", "w"), ("b", "v"), ("b", "w")]
    assert [r[:2] for r in ties_table(case)] == (expected if tied else [])
    assert compute_all(case.read(), ["neighbourhood"], threads=1).network.n_ties == 1  # as without victims


@pytest.mark.parametrize(
    ("forces", "of_victim", "tied"),
    [
        (["North", "North"], "North", True),
        (["North", "North"], "South", False),
        (["North", "North"], None, True),  # the table of victims does not tell
        ([None, None], "North", True),  # the arrests do not
        ([None, None], None, True),
    ],
)
def test_incidents_are_told_apart_by_force_where_both_tell_it(forces: Any, of_victim: Any, tied: bool) -> None:
    rows = [row(p, 1, DAY, "theft", force=f) for p, f in zip("ab", forces, strict=True)]
    assert bool(ties_table(case_of(rows, None, [victim("v", force=of_victim)]))) is tied


def test_an_incident_that_may_be_one_of_two_ties_nobody() -> None:
    rows = [*pair("a", "b", force="North"), *pair("c", "d", force="South")]
    assert ties_table(case_of(rows, None, [victim("v")])) == []
    assert len(ties_table(case_of(rows, None, [victim("v", force="South")]))) == 2


@pytest.mark.parametrize("key", [["incident_id", "date"], ["incident_id", "year"], ["incident_id"]])
def test_keys_with_parts_of_the_date(key: list[str]) -> None:
    rows = [*pair("a", "b"), *[{**r, "date": DAY + days(400)} for r in pair("c", "d")]]
    config = {"input": {"incident_key": key}}
    arrests, victims = (read_arrests(frame_of(r), config) for r in (rows, [victim("v"), victim("w", 1, DAY + days(1))]))
    table = compute_all(with_tables(arrests, None, victims), ["layers"], threads=1).ties
    of = {name: set(table.filter(pl.col("person_b") == name)["person_a"]) for name in "vw"}
    year, everybody = {"a", "b"}, {"a", "b", "c", "d"}
    assert of == {
        "date": {"v": year, "w": set()}, "year": {"v": year, "w": year}, "incident_id": {"v": everybody, "w": everybody}
    }[key[-1]]  # fmt: skip


def test_a_key_that_victims_lack_is_refused() -> None:
    arrests = read_arrests(
        frame_of(pair("a", "b", district="1")), {"input": {"incident_key": ["incident_id", "district"]}}
    )
    victims = read_arrests(frame_of([victim("v")]))
    with pytest.raises(InputError, match=r'victims: incidents are told apart by "?district"?'):
        with_tables(arrests, None, victims)


def test_distance_is_to_recent_victims_and_counts_to_all() -> None:
    rows = [*pair("a", "b"), *pair("b", "c", 2), *pair("c", "d", 3)]
    victims = [victim("b", 8, DAY - days(100)), victim("d", 9)]
    found = of_layers(case_of(rows, None, victims, recent_days=30))
    assert found["victims_1hop__violent"] == {"a": 1, "b": 0, "c": 2, "d": 0}
    assert found["victims_2hop__violent"] == {"a": 0, "b": 1, "c": 0, "d": 1}
    assert found["victim_distance__violent"] == {"a": 3.0, "b": 2.0, "c": 1.0, "d": None}
    assert set(found["two_hop_heuristic"].values()) == {True}


# --- Little or nothing ---


def test_no_row_of_any_kind_counts() -> None:
    case = case_of(pair("a", "b"), [tie("a", "x", DAY)], as_of=DAY + days(300))
    found = of_layers(case)
    assert list(found["degree__all__calls"]) == ["a", "b"]
    assert set(found["degree__all__calls"].values()) == {0}
    assert set(found["share_1hop__violent__calls"].values()) == {None}
    assert found["degree__all__any"] == {"a": 1, "b": 1}


def test_a_table_of_ties_without_a_row() -> None:
    found = of_layers(case_of(pair("a", "b"), []))
    assert set(found["degree__all__intelligence"].values()) == {0}
    assert found["closeness__all__any"] == {"a": 1.0, "b": 1.0}


def test_persons_who_were_all_arrested_alone() -> None:
    rows = [row(p, i, DAY, "robbery") for i, p in enumerate("ab")]
    lonely = of_layers(case_of(rows, [], [victim("v", 77)]), ("layers", "victims", "victim_history"))
    assert set(lonely["degree__all__any"].values()) == {0}
    assert set(lonely["betweenness__all__any"].values()) == {0.0}
    assert set(lonely["victim_distance__all"].values()) == {None}
    tied = of_layers(case_of(rows, [tie("a", "b", DAY)]))
    assert tied["degree__violent__any"] == {"a": 1, "b": 1}


def test_one_person() -> None:
    case = case_of([row("a", 1, DAY, "theft")], [], [victim("a")])
    found = of_layers(case, ("layers", "victims", "victim_history"))
    assert {name: values["a"] for name, values in found.items()}["own_victimisations__violent"] == 1
    assert ties_table(case) == []


def test_no_day_before_which_anything_is_known() -> None:
    case = case_of(pair("a", "b"), [tie("a", "x", DAY)], [victim("v")], as_of=DAY)
    assert case.read().n_persons == 0
    assert len(compute_all(case.read(), threads=1).features) == 0


def test_many_kinds_and_no_table_of_them() -> None:
    arrests = read_arrests(frame_of(pair("a", "b")))
    assert with_tables(arrests) is arrests
    none = with_tables(arrests, tie_rows([], {}))
    assert not none.layers
    assert compute_all(none.current(), threads=1).features.equals(compute_all(arrests, threads=1).features)


@pytest.mark.parametrize("ids", [[1, 2, 30], ["1", "2", "30"]])
def test_ids_stay_numbers_where_all_are(ids: list[Any]) -> None:
    arrests = read_arrests(frame_of(pair(ids[0], ids[2])))
    joined = with_tables(arrests, tie_rows([tie(ids[0], ids[1], DAY)], KINDS))
    assert joined.person_ids.to_list() == ids
    odd = with_tables(arrests, tie_rows([tie("01", "x", DAY)], KINDS))
    assert odd.person_ids.to_list() == ["01", "1", "30", "x"]
    np.testing.assert_array_equal(odd.person, [1, 2])


def test_offences_that_the_input_does_not_have_are_not_known() -> None:
    rows = [{k: v for k, v in r.items() if k != "offence"} for r in pair("a", "b")]
    arrests = read_arrests(
        pl.DataFrame(rows, schema_overrides={"district": pl.String}), {"input": {"columns": {"offence": ""}}}
    )
    found = compute_all(with_tables(arrests, tie_rows([tie("a", "x", DAY)], KINDS)), threads=1)
    columns = columns_of(found.features)
    assert set(columns["degree__violent__calls"].values()) == {None}
    assert columns["degree__all__calls"] == {"a": 1, "b": 0, "x": 1}
