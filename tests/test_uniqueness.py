"""How many persons can be told apart, against a slow count from the rows themselves."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import polars as pl
from exchanged import made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpunet.exchange.uniqueness import FEW

few = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])

_ROW = st.fixed_dictionaries(
    {
        "person_id": st.integers(1, 14),
        "incident_id": st.integers(1, 9),
        "date": st.sampled_from([None, "2013-02-01", "2013-02-02", "2013-03-09", "2013-03-30"]),
        "offence": st.sampled_from(["theft", "arson", None]),
    }
)


def _figures(known):
    """Of what is known of each person: how many there are, are alone, and share it with few."""
    groups = Counter(known)
    sizes = [groups[one] for one in known]
    return {"persons": len(sizes), "unique": sizes.count(1), "shared_by_few": sum(size <= FEW for size in sizes)}


def _expected(rows, step):
    def cut(text):
        return None if text is None else text[:8] if step == "month" else text

    rows = [{**row, "date": cut(row["date"])} for row in rows]
    near = {row["person_id"]: set() for row in rows}
    for incident in {row["incident_id"] for row in rows}:
        members = {row["person_id"] for row in rows if row["incident_id"] == incident}
        for a, b in combinations(members, 2):
            near[a].add(b)
            near[b].add(a)
    tied = [person for person, others in near.items() if others]
    dated = [row for row in rows if row["date"]]
    pairs = {(row["person_id"], row["date"], row["offence"]) for row in dated}
    shared = Counter((day, offence) for _, day, offence in pairs)
    least = {person: min(shared[pair] for one, pair in map(_pair, pairs) if one == person) for person, *_ in pairs}
    first = {p: min(row["date"] for row in dated if row["person_id"] == p) for p in {r["person_id"] for r in dated}}
    return {
        "degree": _figures([len(near[person]) for person in tied]),
        "degree_and_neighbours_degrees": _figures(
            [tuple(sorted(len(near[other]) for other in near[person])) for person in tied]
        ),
        "first_date": _figures(list(first.values())),
        "date_and_offence_of_an_arrest": {
            "persons": len(least),
            "unique": list(least.values()).count(1),
            "shared_by_few": sum(size <= FEW for size in least.values()),
        },
    }


def _pair(row):
    return row[0], row[1:]


@few
@given(rows=st.lists(_ROW, min_size=1, max_size=40), step=st.sampled_from(["day", "month"]))
def test_the_report_counts_what_the_rows_tell(rows, step, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    table = pl.DataFrame(rows, schema_overrides={"date": pl.String, "offence": pl.String})
    middle = len(rows) // 2
    for name, part in (("a", table[:middle]), ("b", table[middle:])):
        part.write_csv(folder / f"{name}.csv")
    written = made(folder / "out", [folder / "a.csv", folder / "b.csv"], dates=step)
    assert written.uniqueness["measures"] == _expected(rows, step)
    assert (folder / "out" / "uniqueness.json").read_text().count("unique") == 4
