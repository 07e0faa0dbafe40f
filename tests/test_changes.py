"""What moved and why: causes beside a reference that looks at one person after the other."""

from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from gpunet.updates.causes import Moved, nearest_causes
from gpunet.updates.changes import Tables, changes_table

N = 9

TIES = st.sets(st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)).filter(lambda tie: tie[0] < tie[1]), max_size=9)
SOME = st.sets(st.integers(0, N - 1), max_size=2)


def beside_in(ties):
    """Who is tied to whom."""
    return {u: {x for tie in ties if u in tie for x in tie if x != u} for u in range(N)}


def slow_cause(v, moved):
    """The cause of one person, from sets of ties."""
    before, now, own, gone, layers = (moved[name] for name in ("before", "now", "own", "gone", "layers"))
    victims = moved["victims"] or set()
    lost, gained = ({x for tie in some for x in tie} for some in (before - now, now - before))
    corrected = moved["corrected"] | (lost if moved["corrections"] else set())
    of_layers = {}
    for name, (then, there) in layers.items():
        went = {tie for tie in then - there if moved["corrections"] and set(tie) & (moved["corrected"] | gone)}
        corrected = corrected | {x for tie in went for x in tie}
        of_layers[name] = {x for tie in there - then for x in tie}, {x for tie in then - there - went for x in tie}
    near = set().union(corrected, own, gained, lost, *(ends for of in of_layers.values() for ends in of))
    if v in corrected:
        return "correction"
    if v in own:
        return "own arrest"
    if v in victims:
        return "victimisation"
    if v in gained:
        return "new tie"
    if v in lost:
        return "tie gone"
    for name, (new, over) in of_layers.items():
        if v in new:
            return f"new tie of kind {name}"
        if v in over:
            return f"tie of kind {name} gone"
    if beside_in(now)[v] & own:
        return "co-arrestee's arrest"
    beside = beside_in(now.union(*(there for _, there in layers.values())))
    around = {w for u in beside[v] for w in {u, *beside[u]}}
    if victims & around:
        return "victimisation within two steps"
    if near & around:
        return "within two steps"
    reached, edge = {v}, {v}
    while edge:
        edge = {w for u in edge for w in beside[u]} - reached
        reached |= edge
    if reached & (near | victims):
        return "elsewhere in the component"
    return "time passed" if moved["days"] else "elsewhere"


@given(
    moved=st.fixed_dictionaries(
        {
            "before": TIES,
            "now": TIES,
            "own": SOME,
            "corrected": SOME,
            "gone": SOME,
            "victims": st.none() | SOME,
            "corrections": st.booleans(),
            "days": st.integers(0, 1),
            "layers": st.fixed_dictionaries(
                {}, optional={"calls": st.tuples(TIES, TIES), "victim": st.tuples(TIES, TIES)}
            ),
        }
    )
)
def test_causes_are_the_nearest(moved):
    some = {name: np.isin(np.arange(N), list(moved[name] or ())) for name in ("corrected", "own", "gone", "victims")}

    def ends(ties):
        return np.array(sorted(ties), np.int64).reshape(-1, 2).T

    found = nearest_causes(
        Moved(
            some["corrected"],
            some["own"],
            ends(moved["before"]),
            ends(moved["now"]),
            moved["corrections"],
            moved["days"],
            {name: (ends(then), ends(now)) for name, (then, now) in moved["layers"].items()},
            some["gone"],
            None if moved["victims"] is None else some["victims"],
        )
    )
    assert (sum(of.astype(int) for _, of in found) == 1).all()
    assert [next(name for name, of in found if of[v]) for v in range(N)] == [slow_cause(v, moved) for v in range(N)]


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


def test_flags_that_are_raised_or_gone():
    def raised(*persons):
        return {"flag:near": pa.array(persons, pa.int64()), "victim_flag:near": pa.array([1], pa.int64())}

    before, now = tables([1, 2, 3, 4]), tables([1, 2, 3, 5], day=101, since=[11.0] * 3 + [1.0])
    before, now = replace(before, raised=raised(1, 2, 4)), replace(now, raised=raised(2, 3, 5))
    assert [row for row in changes(before, now) if row[1] != "person"] == [
        (1, "flag:near", 1.0, 0.0, "time passed"),
        (3, "flag:near", 0.0, 1.0, "time passed"),
        (5, "flag:near", None, 1.0, "own arrest"),
    ]


def test_another_record_as_a_victim_and_a_tie_of_another_kind():
    before = tables([1, 2, 3, 4], own_victimisations__all=[0, 1, None, 0], tipping_2=[False] * 4)
    now = tables([1, 2, 3, 4], own_victimisations__all=[0, 2, 0, 0], tipping_2=[True] * 4)
    calls = pa.table({"person_a": [1], "person_b": [3]})
    now = replace(now, layers={"calls": calls, "victim": calls.slice(0, 0)})
    assert [row[-1] for row in changes(before, now)] == [
        "new tie of kind calls", "victimisation", "new tie of kind calls", "elsewhere",
    ]  # fmt: skip
    later = replace(now, layers={"calls": calls.slice(0, 0), "victim": calls.slice(0, 0)})
    assert changes(now, replace(later, features=before.features))[0][-1] == "tie of kind calls gone"
