"""The own-label rule: what a person did moves none of that person's features of section 5."""

from __future__ import annotations

import datetime as dt

import numpy as np
from comparison import assert_columns, columns_of, frame_of, row
from hypothesis import given
from hypothesis import strategies as st
from strategies import OFFENCES, NetworkCase, TableCase, arrest_tables, networks

from gpunet import network_from_edges, path_features, read_arrests
from gpunet.features import compute_all

#: Section 6, the own record, is what the rule does not bind.
OWN_RECORD = ("own_", "days_since_")


def features_and_groups(case: TableCase, rows: list[dict]) -> tuple[dict, dict]:
    result = compute_all(read_arrests(frame_of(rows), case.config, as_of=case.as_of))
    columns = {n: v for n, v in columns_of(result.features).items() if not n.startswith(OWN_RECORD)}
    return columns, columns_of(result.groups)


@given(case=arrest_tables(), data=st.data())
def test_other_offences_of_a_person_move_none_of_that_persons_features(case: TableCase, data: st.DataObject) -> None:
    person = data.draw(st.sampled_from(sorted({r["person_id"] for r in case.rows})))
    offence = st.sampled_from([*OFFENCES, None])
    flipped = [{**r, "offence": data.draw(offence)} if r["person_id"] == person else r for r in case.rows]
    before, groups_before = features_and_groups(case, case.rows)
    after, groups_after = features_and_groups(case, flipped)
    assert groups_after == groups_before, "the partition depends on offences"
    mine = [{name: {p: x for p, x in v.items() if p == person} for name, v in f.items()} for f in (before, after)]
    assert_columns(mine[1], mine[0])


@given(case=networks(), data=st.data())
def test_the_own_flag_moves_no_path_feature_of_a_vertex(case: NetworkCase, data: st.DataObject) -> None:
    v = data.draw(st.integers(0, case.n - 1))
    ends = np.array(case.edges, dtype=np.int64).reshape(-1, 2)
    columns = []
    for own in (False, True):
        sets = {name: np.array(flags, dtype=bool) for name, flags in case.sets.items()}
        for flags in sets.values():
            flags[v] = own
        values = path_features(network_from_edges(ends[:, 0], ends[:, 1], case.n, sets=sets))
        columns.append({name: {v: array[v].item()} for name, array in values.items()})
    assert_columns(columns[1], columns[0])


def test_the_own_flag_moves_nothing_in_a_larger_network() -> None:
    rng = np.random.default_rng(11)
    n = 600
    source, target = rng.integers(n, size=(2, 1100))
    violent = rng.random(n) < 0.15
    before = path_features(network_from_edges(source, target, n, sets={"violent": violent}))
    for v in rng.choice(n, size=15, replace=False).tolist():
        flipped = violent.copy()
        flipped[v] = not flipped[v]
        after = path_features(network_from_edges(source, target, n, sets={"violent": flipped}))
        own = [{name: {v: array[v].item()} for name, array in f.items()} for f in (before, after)]
        assert_columns(own[1], own[0])


def test_the_flip_is_seen_by_others_and_by_the_own_record() -> None:
    """The rule must not hold because nothing ever moves."""
    day = dt.date(2013, 1, 1)
    case = TableCase([], 50, None)
    rows = [
        row(p, i, day, "theft", district="1", gang="Kings") for i, pair in enumerate(["ab", "bc", "ca"]) for p in pair
    ]
    flipped = [{**r, "offence": "robbery"} if r["person_id"] == "a" else r for r in rows]
    before, after = (columns_of(compute_all(read_arrests(frame_of(r), case.config)).features) for r in (rows, flipped))
    changed = {name for name in before if before[name]["b"] != after[name]["b"]}
    expected = {"degree__robbery", "share_1hop__violent", "closeness__robbery", "shell__violent", "group_violent"}
    assert changed >= expected | {"community_violent", "district_violent_arrests", "violent_groups"}
    assert {name for name in before if before[name]["a"] != after[name]["a"]} == {
        "own_violent_arrests",
        "own_arrests__robbery",
        "own_interval_days__violent",
        "days_since_last_violent",
    }
