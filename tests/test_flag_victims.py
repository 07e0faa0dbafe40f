"""Victims as what flags look for, and as what flags of the victims' side are judged by, against slow references."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import polars as pl
import pytest
from flag_victim_tables import busy_layers, nearby_of, victim_worth
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from victim_tables import victims_near

import gpunet
from gpunet.arrests.network import build_network
from gpunet.base.errors import ConfigError
from gpunet.config.config import load_config
from gpunet.config.flags_config import DEFAULT_FLAGS, VICTIM_FLAGS, DistanceShrank, ViolenceNearby, flags_of
from gpunet.flags.found import LISTED
from gpunet.flags.known import Known
from gpunet.flags.tables import flags_frame, flags_metadata
from gpunet.flags.triggers import evidence_of, find, why_never
from gpunet.flags.worth import judged_days, verdict, worth_rows
from gpunet.synthetic import make_arrests

sources = st.sampled_from([(), ("victims",), ("arrests",), ("victims", "arrests")])
of_sets = st.sampled_from([("violent",), ("robbery",), ("homicide", "robbery"), ("homicide",)])
flags = st.builds(ViolenceNearby, days=st.sampled_from([8, 17, 40]), sets=of_sets, steps=st.sampled_from([1, 2]),
                  sources=sources, evidence_ids=st.just(True))  # fmt: skip


def known_of(case, day) -> Known:
    arrests = case.uncut().before(day)
    return Known(arrests, build_network(arrests))


def shown(known: Known, flag) -> dict:
    found = find(known, flag)
    ids = known.arrests.person_ids.to_list()
    texts = evidence_of(known, flag, found)
    return {ids[v]: json.loads(text) for v, text in zip(found.person.tolist(), texts, strict=True)}


@settings(max_examples=30)
@given(drawn=busy_layers(), flag=flags)
def test_violence_nearby_equals_the_reference(drawn, flag) -> None:
    case, day = drawn
    known = known_of(case, day)
    assert known.n == len(case.picture(day).persons)
    asked = flag.sources or ("arrests", "victims")
    expected = nearby_of(case.picture(day), flag.days, flag.sets, flag.steps, asked)
    found = shown(known, flag)
    assert set(found) == set(expected)
    for person, (pieces, others) in expected.items():
        evidence = found[person]
        seen = [
            (p.get("as", "arrested"), p.get("person_id"), p["date"], p["incident"], tuple(p["offences"]), p["steps"])
            for p in evidence["seen"]
        ]
        assert set(seen) <= pieces
        arrested = sum(piece[0] == "arrested" for piece in pieces)
        assert evidence["arrests"] == arrested
        assert evidence["persons"] == len(others)
        if "victims" in asked:
            assert evidence["sources"] == sorted(asked)
            assert evidence["victimisations"] >= len(pieces) - arrested  # two in one incident are alike without ids
            assert len(seen) == min(LISTED, evidence["victimisations"] + arrested)
        else:
            assert "victimisations" not in evidence
            assert len(set(seen)) == min(LISTED, arrested)
        assert [line[2] for line in seen] == sorted((line[2] for line in seen), reverse=True)


@settings(max_examples=12)
@given(drawn=busy_layers(), flag=flags, offence=st.sampled_from(["robbery", "theft", None]))
def test_what_somebody_was_a_victim_of_does_not_matter(drawn, flag, offence) -> None:
    """Neither for the person's own flags of violence nearby; without `offence` the person never was a victim."""
    case, day = drawn
    before = shown(known_of(case, day), flag)
    for person in before:
        rows = [
            {**row, "offence": offence if row["person_id"] == person else row["offence"]}
            for row in case.victims
            if offence is not None or row["person_id"] != person
        ]
        elsewhere = {"person_id": 99, "incident_id": 99, "date": day, "offence": "theft", "force": None}
        more = {"recorded_at": day} if "recorded_at" in case.victims[0] else {}
        changed = replace(case, victims=[*rows, {**elsewhere, **more}])  # so that there still is a table
        assert shown(known_of(changed, day), flag).get(person) == before[person]


@settings(max_examples=25)
@given(
    drawn=busy_layers(),
    population=st.sampled_from(["network", "all"]),
    expires=st.sampled_from([1, 3, 7, 90]),
    within=st.sampled_from([8, 17]),
    of=sources,
    every=st.sampled_from(["3d", "5d"]),
)
def test_worth_on_the_victims_side_equals_the_reference(drawn, population, expires, within, of, every) -> None:
    """Also of ties that were over by the day of the verdict, and whatever the population of the offenders' side is."""
    case, end = drawn
    start, horizon = min(row["date"] for row in case.arrests.rows) + dt.timedelta(days=2), 5
    evaluate = {"every": every, "population": population, "horizon_days": horizon, "start": start, "bootstrap": 0}
    config = load_config({**case.config, "evaluate": evaluate})
    whole = case.uncut()
    cut = whole.before(end)
    known = [e.date for e in case.picture(end).events]
    days = judged_days(cut, config, "victim")
    every_day = judged_days(cut, config)
    last = min(known, default=end) if not known else max(known)
    assert list(days) == [
        day for day in every_day if known and min(known) <= day and day + dt.timedelta(days=horizon - 1) <= last
    ]
    assume(days)
    flag = ViolenceNearby(sets=("violent",), days=within, expires_days=expires, side="victim", sources=of)
    offender = replace(flag, side="offender")
    rows = worth_rows(whole, {"a": flag, "b": offender}, config, as_of=end)
    asked = {"days": within, "expires_days": expires, "sources": of or ("arrests", "victims")}
    expected = victim_worth(case, end, days, asked, horizon)
    assert {name: rows[0][name] for name in expected} == pytest.approx(expected)
    assert rows[1] == worth_rows(whole, {"b": offender}, config, as_of=end)[0]


def test_tables_of_victims_that_end_early_or_begin_late_are_no_zeros() -> None:
    """A day of which the victims' tables know less than the whole horizon has no part in the victims' side."""
    rows = [{"person_id": p, "incident_id": d, "date": dt.date(2013, 1, 1) + dt.timedelta(days=d), "offence": "robbery"}
            for d in range(0, 400, 5) for p in (d % 7, d % 11 + 20)]  # fmt: skip
    hurt = [{"person_id": 3, "incident_id": f"v{n}", "date": dt.date(2013, 8, 1) + dt.timedelta(days=n),
             "offence": "robbery"} for n in (0, 60)]  # fmt: skip
    config = {"evaluate": {"start": "2013-06-01", "every": "1mo", "horizon_days": 30, "bootstrap": 0}}
    arrests = gpunet.read_arrests(pl.DataFrame(rows), config, victims=pl.DataFrame(hurt), as_of="2014-01-20")
    assert judged_days(arrests, arrests.config)[0] == dt.date(2013, 6, 1)
    assert judged_days(arrests, arrests.config, "victim") == (dt.date(2013, 8, 1), dt.date(2013, 9, 1))
    (row,) = worth_rows(arrests, VICTIM_FLAGS, arrests.config)
    assert row["days"] == 2
    none = gpunet.read_arrests(pl.DataFrame(rows), config, victims=pl.DataFrame(hurt), as_of="2013-07-20")
    (row,) = worth_rows(none, VICTIM_FLAGS, none.config)
    assert row["worth"].startswith("not known: no day of the past")


def test_what_is_declared_and_what_is_not() -> None:
    assert list(flags_of({}, victims=True)) == sorted([*DEFAULT_FLAGS, "victim_violence_nearby"])
    assert [flag.side for flag in flags_of({}, victims=True).values()].count("victim") == 1
    own = {"near": ViolenceNearby()}
    assert flags_of(own, victims=True) == own
    assert ViolenceNearby(sources=("victims", "arrests", "victims")).sources == ("arrests", "victims")
    alone = ViolenceNearby(sources=("victims",), sets=("violent",))
    assert "no table of them" in why_never(alone, load_config(), gangs=True)
    assert not why_never(alone, load_config(), gangs=True, victims=True)
    told = {"trigger": "violence_nearby", "sets": ["robbery"]}
    assert "sources" not in load_config({"flags": {"a": told}}).as_dict()["flags"]["a"]
    chosen = load_config({"flags": {"a": {**told, "sources": ["victims"]}}})
    assert load_config(chosen.as_dict()) == chosen
    assert chosen.as_dict()["flags"]["a"]["sources"] == ["victims"]
    with pytest.raises(ConfigError, match=r"\[flags\] a.sources"):
        load_config({"flags": {"a": {**told, "sources": ["offenders"]}}})
    with pytest.raises(ConfigError, match=r"unknown key \[flags\] a.sources"):
        load_config({"flags": {"a": {"trigger": "gang_tie", "sources": ["victims"]}}})


def test_evidence_by_hand() -> None:
    """ann was arrested with bob, who was a victim of homicide: a flag of both sides, and never bob's name."""
    rows = [{"person_id": p, "incident_id": "i1", "date": "2013-05-04", "offence": "theft"} for p in ("ann", "bob")]
    hurt = [{"person_id": "bob", "incident_id": "v1", "date": "2013-05-20", "offence": "murder"}]
    arrests = gpunet.read_arrests(pl.DataFrame(rows), victims=pl.DataFrame(hurt), as_of="2013-06-01")
    known = Known(arrests, build_network(arrests))
    named = {"near": ViolenceNearby(evidence_ids=True), "victim_near": ViolenceNearby(side="victim")}
    frame = flags_frame(known, named)
    assert frame.select("person_id", "flag", "side").rows() == [
        ("ann", "near", "offender"), ("ann", "victim_near", "victim"),
    ]  # fmt: skip
    assert json.loads(frame["evidence"][0]) == {
        "trigger": "violence_nearby",
        "days": 90,
        "sets": ["homicide"],
        "sources": ["arrests", "victims"],
        "persons": 1,
        "arrests": 0,
        "victimisations": 1,
        "seen": [{"date": "2013-05-20", "incident": "v1", "offences": ["homicide"], "steps": 1, "as": "victim"}],
    }
    assert not len(find(known, ViolenceNearby(sources=("arrests",))))
    assert not len(find(known, DistanceShrank()))
    assert known.victim.tolist() == [False, True]


def test_columns_say_what_they_hold_with_victims() -> None:
    plain, more = (flags_metadata("flag_worth", victims=there)["columns"] for there in (False, True))
    assert [column["column"] for column in plain] == [column["column"] for column in more]
    assert "victim of violence before" in next(c["definition"] for c in more if c["column"] == "new_persons")
    row = {"days": 3, "alerts": 2, "precision": 0.5, "precision_low": 0.1, "precision_high": 0.9, "chance": 0.01}
    assert verdict({**row, "lift": 50.0}, "victim", 30).startswith("50.0 times chance; a violent victimisation within")


def test_a_planted_effect_is_found() -> None:
    """Where whoever stands near a victim becomes one more often, the flag is worth something."""
    made = make_arrests(400, seed=1)
    config = {"evaluate": {"every": "2mo", "bootstrap": 50, "horizon_days": 180}}
    flag = {"near": ViolenceNearby(side="victim", sets=("violent",), sources=("victims",), steps=1)}
    lift = {}
    for near in (5.0, 0.15):
        arrests = gpunet.read_arrests(made, config, victims=victims_near(made, near=near), as_of="2014-06-01")
        (row,) = worth_rows(arrests, flag, arrests.config)
        lift[near] = row["lift"]
        if near > 1:
            assert row["precision_low"] > row["chance"], row
    assert lift[5.0] > 1.2
    assert lift[5.0] > lift[0.15]
