"""The further synthetic ties: which pairs they tell of, how well, and what they are worth for a forecast."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections import Counter, defaultdict
from datetime import date
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.base.errors import ConfigError
from gpunet.synthetic import (
    ActivityConfig,
    AssociationConfig,
    KindConfig,
    PlaceConfig,
    SyntheticConfig,
    ViolenceConfig,
    make_arrests,
    make_ties,
)
from gpunet.synthetic.charges import VIOLENT

_SCRIPT = Path(__file__).parents[1] / "scripts" / "measure_ties.py"
_SPEC = importlib.util.spec_from_file_location("measure_ties", _SCRIPT)
measure = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(measure)

FIRST, LAST = date(2011, 8, 1), date(2014, 8, 31)
NO_VIOLENCE_EFFECTS = ViolenceConfig(person=0, gang=0, beat=0, own=0, tie=0, heat=0)
NO_REPORTS = KindConfig(rows=0)


def only(**kinds):
    """Settings with these kinds alone."""
    return SyntheticConfig(
        associations=AssociationConfig(**{name: kinds.get(name, NO_REPORTS) for name in measure.KINDS})
    )


def slow_co_arrests(rows, cap=50):
    """Pair (a < b) to the day of its first arrest together, by dictionaries."""
    incidents, together = defaultdict(dict), {}
    for person, number, force, day in rows.select("person_id", "incident_id", "force", "date").iter_rows():
        incidents[force, number][person] = day
    for members in incidents.values():
        if len(members) <= cap:
            for pair in combinations(sorted(members), 2):
                together[pair] = min(together.get(pair, LAST), members[pair[0]])
    return together


def slow_pairs(ties):
    """Pair (a < b) to the day of its first report."""
    first = {}
    for a, b, day in ties.select("person_a", "person_b", "date").iter_rows():
        pair = (min(a, b), max(a, b))
        first[pair] = min(first.get(pair, LAST), day)
    return first


@pytest.fixture(scope="module")
def rows():
    return make_arrests(2_000, 1)


@pytest.fixture(scope="module")
def ties():
    return make_ties(2_000, 1)


@pytest.fixture(scope="module")
def together(rows):
    return slow_co_arrests(rows)


# --- the table --------------------------------------------------------------------------------------------------------


def test_columns_types_and_values(ties):
    assert dict(ties.schema) == {
        "person_a": pl.Int64(), "person_b": pl.Int64(), "kind": pl.String(), "date": pl.Date(), "until": pl.Date(),
        "recorded_at": pl.Date(), "source_grade": pl.Int64(), "information_grade": pl.String(),
        "handling": pl.String(), "basis": pl.String(),
    }  # fmt: skip
    assert {name for name, nulls in ties.null_count().to_dict(as_series=False).items() if nulls[0]} == {"until"}
    assert 0.88 < ties["until"].is_null().mean() < 0.96
    assert (ties["person_a"] != ties["person_b"]).all()
    assert ties["date"].min() >= FIRST
    assert ties["date"].max() <= LAST
    assert (ties["recorded_at"] >= ties["date"]).all()
    ended = ties.drop_nulls("until")
    assert (ended["until"] > ended["date"]).all()
    assert (ended["recorded_at"] >= ended["until"]).all()  # nobody knows an end that is yet to come
    assert set(ties["source_grade"]) == {1, 2, 3}
    assert set(ties["information_grade"]) == set("ABCDE")
    assert set(ties["handling"]) == {"P", "C"}
    assert ties.group_by("kind").agg(pl.col("basis").n_unique())["basis"].to_list() == [3] * 4


def test_rows_are_as_many_as_the_settings_say(ties):
    config = AssociationConfig()
    assert dict(ties["kind"].value_counts().iter_rows()) == {
        kind: round(getattr(config, kind).rows * 2_000) for kind in measure.KINDS
    }
    assert len(ties) == 3 * 2_000


def test_a_few_pairs_have_many_reports(ties):
    reports = sorted(Counter(map(frozenset, ties.select("person_a", "person_b").iter_rows())).values())
    assert reports[len(reports) // 2] == 1
    assert reports[-1] > 10


def test_persons_known_from_ties_alone_hang_on_one_or_two_who_are_tied(rows, ties, together):
    arrested = set(rows["person_id"])
    partners = defaultdict(set)
    for a, b in ties.select("person_a", "person_b").iter_rows():
        partners[a].add(b)
        partners[b].add(a)
    alone = {person: others for person, others in partners.items() if person not in arrested}
    assert 0.05 * 2_000 < len(alone) <= 0.1 * 2_000
    for others in alone.values():
        assert others <= arrested
        assert len(others) == 1 or tuple(sorted(others)) in together


# --- which pairs ------------------------------------------------------------------------------------------------------


def in_circle(pair, partners):
    return bool(partners[pair[0]] & partners[pair[1]])


@given(
    tied=st.integers(0, 3), circle=st.integers(0, 3), near=st.integers(0, 2), alone=st.integers(0, 2),
    ahead=st.sampled_from([0.0, 0.5, 1.0]), pull=st.sampled_from([0.0, 2.0]), seed=st.integers(0, 50),
)  # fmt: skip
@settings(max_examples=12, deadline=None)
def test_shares_of_pairs_are_met(tied, circle, near, alone, ahead, pull, seed):
    kind = KindConfig(
        rows=1.0,
        repeats=2.0,
        tied=tied / 10,
        circle=circle / 10,
        near=near / 10,
        alone=alone / 10,
        ahead=ahead,
        pull=pull,
    )
    config = only(observation=kind)
    rows, ties = make_arrests(400, seed, config), make_ties(400, seed, config)
    together, arrested = slow_co_arrests(rows), set(rows["person_id"])
    partners = defaultdict(set)
    for a, b in together:
        partners[a].add(b)
        partners[b].add(a)
    pairs = slow_pairs(ties)
    of_circle = {pair for pair in pairs if pair not in together and in_circle(pair, partners)}
    found = {pair for pair in pairs if pair in together}
    assert len(found) == 20 * tied
    assert sum(pairs[pair] < together[pair] for pair in found) == round(ahead * 20 * tied)
    unknown = {pair for pair in pairs if not set(pair) <= arrested}
    assert 20 * alone * 0.5 <= len(unknown) <= 20 * alone  # one pair may be drawn twice
    assert len(of_circle) >= 0.9 * 20 * circle  # small networks have few of them
    if circle == 0 and near == 0:
        assert len(of_circle) <= 0.05 * len(pairs)
    assert 150 <= len(pairs) <= 200
    assert len(ties) == 400


def test_pairs_are_of_neighbours_and_anybodys_are_not():
    beats = make_arrests(5_000, 2).drop_nulls("beat").group_by("person_id").agg(pl.col("district").mode().first())
    district = dict(beats.iter_rows())

    def same(kind):
        pairs = slow_pairs(make_ties(5_000, 2, only(calls=kind)))
        known = [(district[a], district[b]) for a, b in pairs if a in district and b in district]
        return sum(a == b for a, b in known) / len(known)

    assert same(KindConfig(near=1.0)) > 0.7
    assert same(KindConfig()) < 0.2


def test_mass_arrests_tie_nobody_here_either():
    config = dataclasses.replace(
        only(intelligence=KindConfig(rows=5.0, repeats=1.0, tied=1.0)), activity=ActivityConfig(mass_arrests=1 / 500)
    )
    together = slow_co_arrests(make_arrests(1_000, 2, config))
    assert set(slow_pairs(make_ties(1_000, 2, config))) == set(together)


def test_pull_and_spread_go_to_violent_pairs(rows):
    texts = [text for names in VIOLENT.values() for text, _ in names]
    violent = set(rows.filter(pl.col("offence").is_in(texts))["person_id"])
    shares = []
    for kind in (KindConfig(tied=1.0), KindConfig(tied=1.0, pull=2.0), KindConfig(tied=1.0, spread=2.0)):
        pairs = slow_pairs(make_ties(2_000, 1, only(intelligence=kind)))
        shares.append(sum(len(set(pair) & violent) for pair in pairs) / len(pairs))
    assert min(shares[1:]) > shares[0] + 0.1


@pytest.mark.parametrize("sure", [False, True])
def test_lower_grades_are_noisier_unless_a_kind_is_sure(sure):
    kind = KindConfig(rows=3.0, repeats=1.5, tied=0.5, circle=0.5, sure=sure)
    config = only(observation=kind)
    together, ties = slow_co_arrests(make_arrests(2_000, 3, config)), make_ties(2_000, 3, config)
    true = [(min(pair), max(pair)) in together for pair in ties.select("person_a", "person_b").iter_rows()]
    ties = ties.with_columns(true=pl.Series(true))
    source = ties.group_by("source_grade").agg(pl.col("true").mean()).sort("source_grade")["true"].to_list()
    information = ties.group_by("information_grade").agg(pl.col("true").mean()).sort("information_grade")["true"]
    if sure:
        assert max(source) - min(source) < 0.1
    else:
        assert source == sorted(source, reverse=True)
        assert source[0] > source[-1] + 0.3
        assert information.to_list() == sorted(information, reverse=True)


# --- what they are worth ----------------------------------------------------------------------------------------------


def test_intelligence_helps_a_forecast_and_social_media_does_not():
    base, gains, noise = [*measure.RECORD, "was_victim"], [], []
    for seed in (1, 2, 3):
        known = measure.known_on(measure.DAY, 2_000, seed)
        alone = measure.auc(known, base, "arrested")
        gains.append(measure.auc(known, [*base, "intelligence_violent"], "arrested") - alone)
        noise.append(measure.auc(known, [*base, "social_media_violent"], "arrested") - alone)
        assert measure.z_of_last(known, [*base, "intelligence_violent"], "arrested") > 3
        assert measure.z_of_last(known, [*base, "intelligence_violent"], "arrested") > measure.z_of_last(
            known, [*base, "observation_violent"], "arrested"
        )
        assert abs(measure.z_of_last(known, [*base, "social_media_violent"], "arrested")) < 2.6
    assert min(gains) > 0.005
    assert sum(gains) / 3 > 0.015
    assert max(noise) < 0.004


def test_where_violence_does_not_spread_intelligence_tells_only_of_arrests_to_come():
    """Violent neighbours are then worth nothing beside how many neighbours there are."""
    config = SyntheticConfig(
        violence=NO_VIOLENCE_EFFECTS,
        associations=AssociationConfig(intelligence=KindConfig(rows=1.1, repeats=1.5, tied=0.75, ahead=0.85)),
    )
    known = measure.known_on(measure.DAY, 4_000, 1, config)
    names = [*measure.RECORD, "was_victim", "intelligence"]
    assert measure.z_of_last(known, names, "arrested") > 3
    assert abs(measure.z_of_last(known, [*names, "intelligence_violent"], "arrested")) < 3


# --- settings ---------------------------------------------------------------------------------------------------------


def test_no_reports_make_an_empty_table_of_the_same_columns(ties):
    empty = make_ties(200, 1, only())
    assert len(empty) == 0
    assert empty.schema == ties.schema


def test_areas_have_ties_of_their_own():
    config = SyntheticConfig(places=PlaceConfig(area_persons=1_000))
    rows, ties = make_arrests(4_000, 2, config), make_ties(4_000, 2, config)
    assert len(ties) == 3 * 4_000
    arrested = set(rows["person_id"])
    alone = (set(ties["person_a"]) | set(ties["person_b"])) - arrested
    assert 0.05 * 4_000 < len(alone) <= 0.1 * 4_000
    assert not make_ties(4_000, 3, config).equals(ties)


def test_shares_over_one_are_refused():
    with pytest.raises(ConfigError, match="their sum must be at most 1"):
        KindConfig(tied=0.7, circle=0.4)
    with pytest.raises(ConfigError, match="repeats: must be at least 1"):
        KindConfig(repeats=0.5)
