"""Each trigger against its slow reference, the own-label rule, and the nearest other against NetworkX."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest
from flags_reference import (
    Flagged,
    Past,
    busy_tables,
    first_arrest,
    gang_to_gang,
    group_tie,
    nearby,
    rising,
    shrank,
)
from hypothesis import given
from hypothesis import strategies as st
from panel_reference import dated_tables
from reference import reference_arrests
from strategies import SETS, networks

import gpunet
from gpunet.arrests.network import build_network, network_from_edges
from gpunet.config.flags_config import (
    DEFAULT_FLAGS,
    DistanceShrank,
    Flag,
    GangTie,
    GroupViolenceRising,
    ViolenceNearby,
    ViolentFirstArrest,
    ViolentGroupTie,
)
from gpunet.flags.found import LISTED
from gpunet.flags.known import Known
from gpunet.flags.nearby import nearest_other, sets_of
from gpunet.flags.tables import flags_frame
from gpunet.flags.triggers import evidence_of, find, why_never

days = st.sampled_from([8, 12, 17, 3, 40])
counts = st.sampled_from([1, 1, 1, 2, 3])
of_sets = st.sampled_from([(), ("robbery",), ("homicide", "robbery"), ("violent",), ("arson",)])
factors = st.sampled_from([1.0, 1.5, 2])
FLAGS: dict[str, st.SearchStrategy[Flag]] = {
    "nearby": st.builds(ViolenceNearby, days=days, sets=of_sets, steps=st.sampled_from([1, 2])),
    **{
        f"tie-{kind}": st.builds(ViolentGroupTie, days=days, group=st.just(kind), min_violent=counts)
        for kind in ("community", "gang")
    },
    "gangs": st.builds(GangTie, days=days),
    "first": st.builds(ViolentFirstArrest, days=days, min_violent=counts),
    **{
        f"rising-{kind}": st.builds(
            GroupViolenceRising, days=days, group=st.just(kind), min_violent=counts, factor=factors
        )
        for kind in ("community", "gang")
    },
    "distance": st.builds(DistanceShrank, days=days, min_steps=counts, within=st.sampled_from([1, 2, 5])),
}
tables = st.one_of(busy_tables(), busy_tables(), dated_tables())


def known_as_of(case, day) -> Known:
    arrests = gpunet.read_arrests(pl.DataFrame(case.rows, infer_schema_length=None), case.config, as_of=day)
    return Known(arrests, build_network(arrests))


def by_person(known: Known, codes) -> dict[Any, int | None]:
    ids = known.arrests.person_ids.to_list()
    return {person: None if code < 0 else int(code) for person, code in zip(ids, codes.tolist(), strict=True)}


def reference_flag(known: Known, past: Past, flag: Flag) -> Flagged:
    """What is to be found; communities are those that the package finds."""
    match flag:
        case ViolenceNearby():
            return nearby(past, flag.sets or ("homicide",), flag.steps)
        case ViolentGroupTie():
            if flag.group == "gang":
                group: dict[Any, Any] = {v: past.gang(v, before=True) for v in past.persons}
            else:
                group = by_person(known, known.group_before("community", flag.days))
            return group_tie(past, group, flag.min_violent)
        case GangTie():
            return gang_to_gang(past)
        case ViolentFirstArrest():
            return first_arrest(past, flag.min_violent)
        case GroupViolenceRising():
            gangs = flag.group == "gang"
            group = {v: past.gang(v) for v in past.persons} if gangs else by_person(known, known.group("community"))
            return rising(past, group, flag.min_violent, flag.factor, flag.days)
        case DistanceShrank():
            return shrank(past, flag.min_steps, flag.within)


def shown(known: Known, flag: Flag) -> dict[Any, dict[str, Any]]:
    """The evidence of each flagged person, with the ids of others."""
    flag = type(flag)(**{**vars_of(flag), "evidence_ids": True})
    found = find(known, flag)
    ids = known.arrests.person_ids.to_list()
    return {
        ids[person]: json.loads(text)
        for person, text in zip(found.person.tolist(), evidence_of(known, flag, found), strict=True)
    }


def vars_of(flag: Flag) -> dict[str, Any]:
    return {name: getattr(flag, name) for name in type(flag).__dataclass_fields__}


def listed(evidence: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (p["person_id"], p["date"], p["incident"], tuple(sorted(p["offences"])), p.get("steps", 0))
        for p in evidence["seen"]
    ]


@given(drawn=tables, data=st.data())
@pytest.mark.parametrize("name", FLAGS)
def test_every_trigger_equals_the_reference(name, drawn, data) -> None:
    (case, day, _), flag = drawn, data.draw(FLAGS[name])
    known = known_as_of(case, day)
    past = Past(reference_arrests(case.rows, SETS, day), day, flag.days, case.max_incident_size)
    expected = reference_flag(known, past, flag)
    found = shown(known, flag)
    assert set(found) == set(expected)
    for person, (numbers, pieces) in expected.items():
        evidence = found[person]
        seen = listed(evidence)
        assert {name: evidence[name] for name in numbers} == numbers
        assert len(set(seen)) == len(seen) <= LISTED
        assert set(seen) <= pieces
        assert [line[1] for line in seen] == sorted((line[1] for line in seen), reverse=True)
        if isinstance(flag, DistanceShrank):  # one of those who are nearest
            assert (evidence["arrests"], evidence["persons"], len(seen)) == (1, 1, 1)
        else:
            assert evidence["arrests"] == len(pieces)
            assert evidence["persons"] == len({line[0] for line in pieces})
            assert len(seen) == min(len(pieces), LISTED)
            assert seen[0][1] == max(line[1] for line in pieces)


@given(drawn=tables, flag=st.one_of(*FLAGS.values()), violent=st.booleans())
def test_own_offences_do_not_matter(drawn, flag, violent) -> None:
    """Neither that somebody was violent nor that somebody was not changes what is found of that person."""
    case, day, _ = drawn
    known = known_as_of(case, day)
    before = shown(known, flag)
    for person in known.arrests.person_ids.to_list():
        rows = [
            {**row, "offence": "robbery" if violent else "theft"} if row["person_id"] == person else row
            for row in case.rows
        ]
        changed = known_as_of(type(case)(rows, case.max_incident_size, None), day)
        assert shown(changed, flag).get(person) == before.get(person)


@given(case=networks())
def test_the_nearest_other_is_that_of_networkx(case) -> None:
    network = network_from_edges(*zip(*case.edges, strict=True) if case.edges else ((), ()), case.n)
    violent = np.array(case.sets["violent"], np.bool_)
    steps, nearest = nearest_other(network.indptr, network.indices, violent)
    graph = nx.Graph([edge for edge in case.edges if edge[0] != edge[1]])
    graph.add_nodes_from(range(case.n))
    for v in range(case.n):
        away = nx.single_source_shortest_path_length(graph, v)
        others = {u: d for u, d in away.items() if u != v and violent[u]}
        assert steps[v] == min(others.values(), default=-1)
        assert (nearest[v] in others and others[nearest[v]] == steps[v]) if others else nearest[v] == -1


def test_many_arrests_are_counted_and_the_latest_listed() -> None:
    rows = [
        {"person_id": p, "incident_id": i, "date": f"2013-05-{i + 1:02}", "offence": "robbery"}
        for i in range(14)
        for p in ("ann", f"b{i:02}", "cyd")
    ]
    arrests = gpunet.read_arrests(pl.DataFrame(rows), as_of="2013-06-01")
    known = Known(arrests, build_network(arrests))
    for flag in (ViolenceNearby(sets=("violent",)), GroupViolenceRising()):
        evidence = shown(known, flag)["ann"]
        assert (evidence["arrests"], evidence["persons"], len(evidence["seen"])) == (28, 15, LISTED)
        assert evidence["seen"][0]["date"] == "2013-05-14"


def test_ids_of_others_are_there_only_if_they_are_asked_for() -> None:
    rows = [
        {"person_id": p, "incident_id": "i-7", "date": "2013-05-04", "offence": o}
        for p, o in (("ann", "theft"), ("bob", "murder"), ("cyd", "robbery"))
    ]
    arrests = gpunet.read_arrests(pl.DataFrame(rows), as_of="2013-06-01")
    known = Known(arrests, build_network(arrests))
    frame = flags_frame(known, dict(sorted(DEFAULT_FLAGS.items())))
    assert frame.columns == ["person_id", "as_of", "flag", "side", "evidence", "expires"]
    assert frame.select("person_id", "flag").rows() == [
        ("ann", "violence_nearby"), ("ann", "violent_first_arrest"), ("cyd", "violence_nearby"),
    ]  # fmt: skip
    assert not any(name in text for text in frame["evidence"] for name in ("bob", "cyd"))
    assert json.loads(frame["evidence"][0]) == {
        "trigger": "violence_nearby",
        "days": 90,
        "sets": ["homicide"],
        "persons": 1,
        "arrests": 1,
        "seen": [{"date": "2013-05-04", "incident": "i-7", "offences": ["homicide"], "steps": 1}],
    }
    named = flags_frame(known, {"near": ViolenceNearby(evidence_ids=True, expires_days=10)})
    assert json.loads(named["evidence"][0])["seen"][0]["person_id"] == "bob"
    assert str(named["expires"][0]) == "2013-06-11"


def test_a_tie_within_the_own_group_leads_to_no_other() -> None:
    """ann and cyd are of one gang already, so only dan, who is of none, has a new tie to a violent one."""
    old, new = "2013-01-01", "2013-05-04"
    rows = [
        {"person_id": p, "incident_id": i, "date": d, "offence": o, "gang": g}
        for p, i, d, o, g in (
            ("ann", 1, old, "theft", "K"), ("cyd", 2, old, "theft", "K"),
            ("ann", 3, new, "theft", None), ("cyd", 3, new, "robbery", None),
            ("dan", 4, new, "theft", None), ("cyd", 4, new, "theft", None),
        )
    ]  # fmt: skip
    arrests = gpunet.read_arrests(pl.DataFrame(rows), as_of="2013-06-01")
    known = Known(arrests, build_network(arrests))
    found = shown(known, ViolentGroupTie(group="gang", min_violent=1))
    assert {v: evidence["group_violent_arrests"] for v, evidence in found.items()} == {"dan": 1}
    assert not shown(known, ViolentGroupTie(group="gang", min_violent=2))


def test_nobody_is_flagged_without_ties_or_violence() -> None:
    rows = [{"person_id": p, "incident_id": p, "date": "2013-05-04", "offence": "theft"} for p in ("ann", "bob")]
    arrests = gpunet.read_arrests(pl.DataFrame(rows), as_of="2013-06-01")
    known = Known(arrests, build_network(arrests))
    assert [len(find(known, flag)) for flag in DEFAULT_FLAGS.values()] == [0] * 6
    assert flags_frame(known, DEFAULT_FLAGS).is_empty()


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (("homicide", "robbery"), ("homicide",)),
        (("robbery", "shots_fired", "homicide", "gunshot_wound"), ("shots_fired", "homicide", "gunshot_wound")),
        (("robbery",), ()),
    ],
)
def test_homicide_and_gunshots_are_what_is_looked_for(sets, expected) -> None:
    config = gpunet.load_config({"violent_offences": {name: [f"{name}*"] for name in sets}})
    assert sets_of(ViolenceNearby(), config) == expected
    assert bool(why_never(ViolenceNearby(), config, gangs=True)) == (not expected)
    assert not why_never(ViolenceNearby(sets=("robbery",)), config, gangs=True)
    assert why_never(GangTie(), config, gangs=False) == "the tables name no gang"


def test_a_tie_begins_when_the_later_of_two_is_arrested() -> None:
    """bob was arrested in January and ann for the same incident in May: until then nobody was tied to him by it."""
    rows = [
        {"person_id": p, "incident_id": i, "date": d, "offence": o}
        for p, i, d, o in (
            ("bob", 1, "2013-01-01", "robbery"), ("ann", 2, "2013-01-02", "theft"), ("ann", 1, "2013-05-04", "theft"),
            ("bob", 3, "2013-01-05", "theft"), ("cyd", 3, "2013-01-05", "theft"),
        )
    ]  # fmt: skip
    arrests = gpunet.read_arrests(pl.DataFrame(rows), as_of="2013-06-01")
    known = Known(arrests, build_network(arrests))
    found = shown(known, DistanceShrank())
    assert {v: (of["steps_before"], of["steps"]) for v, of in found.items()} == {"ann": (None, 1)}
    assert [known.new_ties(days).sum() for days in (90, 10, 200)] == [1, 0, 2]
    ids = known.arrests.person_ids.to_list()
    assert {ids[v] for v in known.new_pairs(90)[0].tolist()} == {"ann", "bob"}
