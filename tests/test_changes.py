"""What moved and why: causes beside a reference that looks at one person after the other."""

import numpy as np
import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from gpunet.updates.causes import CAUSES, Moved, nearest_causes
from gpunet.updates.changes import Tables, changes_table

N = 9

TIES = st.sets(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)).filter(lambda tie: tie[0] < tie[1]), max_size=9)
SOME = st.sets(st.integers(0, N - 1), max_size=2)


def slow_cause(v, corrected, own, before, now, corrections, days):
    """The cause of one person, from sets of ties."""
    beside = {u: {x for tie in now if u in tie for x in tie if x != u} for u in range(N)}
    lost, gained = ({x for tie in some for x in tie} for some in (before - now, now - before))
    near = corrected | own | gained | lost
    if v in corrected or (corrections and v in lost):
        return "correction"
    if v in own:
        return "own arrest"
    if v in gained:
        return "new tie"
    if v in lost:
        return "tie gone"
    if beside[v] & own:
        return "co-arrestee's arrest"
    if near & {w for u in beside[v] for w in {u, *beside[u]}}:
        return "within two steps"
    reached, edge = {v}, {v}
    while edge:
        edge = {w for u in edge for w in beside[u]} - reached
        reached |= edge
    if reached & near:
        return "elsewhere in the component"
    return "time passed" if days else "elsewhere"


@given(before=TIES, now=TIES, own=SOME, corrected=SOME, corrections=st.booleans(), days=st.integers(0, 1))
def test_causes_are_the_nearest(before, now, own, corrected, corrections, days):
    flags = [np.isin(np.arange(N), list(some)) for some in (corrected, own)]
    ties = [np.array(sorted(some), np.int64).reshape(-1, 2).T for some in (before, now)]
    found = nearest_causes(Moved(*flags, *ties, corrections, days))
    expected = [slow_cause(v, corrected, own, before, now, corrections, days) for v in range(N)]
    assert [list(CAUSES)[cause] for cause in found] == expected


def tables(persons, ties=(), day=100, scores=None, **columns):
    """Tables of a run of so many persons, each with one arrest ten days before."""
    own = columns.pop("own", [1] * len(persons))
    features = pa.table(
        {
            "person_id": persons,
            "own_arrests": own,
            "own_violent_arrests": [0] * len(persons),
            "days_since_last_arrest": columns.pop("since", [10.0] * len(persons)),
            **columns,
        }
    )
    pairs = pa.table({name: [tie[i] for tie in ties] for i, name in enumerate(("person_a", "person_b"))})
    if not ties:
        pairs = pa.table(
            {name: pa.array([], features.schema.field("person_id").type) for name in ("person_a", "person_b")}
        )
    return Tables(features, pairs, scores, day)


def changes(*given, top=10, **others):
    return pl.DataFrame(changes_table(*given, top=top, **others)).rows()


def test_flags_new_persons_and_those_who_are_gone():
    before = tables(["a", "b", "c"], tipping_2=[False, True, None])
    now = tables(["a", "b", "d"], [("a", "b")], tipping_2=[True, True, True])
    assert changes(before, now) == [
        ("a", "tipping_2", 0.0, 1.0, "new tie"),
        ("c", "person", 1.0, 0.0, "own arrest"),
        ("d", "person", 0.0, 1.0, "own arrest"),
        ("d", "tipping_2", None, 1.0, "own arrest"),
    ]


def test_another_last_day_is_an_own_arrest_and_another_day_of_the_run_is_not():
    before = tables([1, 2, 3], day=100, tipping_2=[False] * 3)
    now = tables([1, 2, 3], day=101, since=[11.0, 2.0, None], tipping_2=[True] * 3)
    assert [row[-1] for row in changes(before, now)] == ["time passed", "own arrest", "own arrest"]


def test_ids_of_two_types_are_compared_as_text_and_erased_ones_left_out():
    before, now = tables([1, 2, 3], tipping_2=[False] * 3), tables(["1", "x"], tipping_2=[True, False])
    assert [row[:2] for row in changes(before, now)] == [
        ("1", "tipping_2"), ("2", "person"), ("3", "person"), ("x", "person"),
    ]  # fmt: skip
    assert [row[0] for row in changes(before, now, corrections=True, erased=["2", "9"])] == ["1", "3", "x"]


def test_scores_that_moved_and_ranks_that_matter():
    names = ("person_id", "probability", "rank")
    before, now = (
        tables([1, 2, 3, 4], scores=pa.table(dict(zip(names, ([1, 2, 3, 4], *of), strict=True))))
        for of in (([0.5, 0.4, 0.3, 0.2], [1, 2, 3, 4]), ([0.5, 0.6, 0.3, 0.2], [2, 1, 4, 3]))
    )
    assert changes(before, now, top=3) == [
        (2, "probability", 0.4, 0.6, "elsewhere"),
        (2, "rank", 2.0, 1.0, "elsewhere"),
        (3, "rank", 3.0, 4.0, "elsewhere"),
        (4, "rank", 4.0, 3.0, "elsewhere"),
    ]
