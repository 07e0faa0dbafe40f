"""Tables of ties and victims in pseudonyms are read as those of ids: rows, repeats and incidents count as they did."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import polars as pl
from exchanged import OF, made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tie_tables import COLUMNS, TIES, TODAY, tie_row

import gpunet
from gpunet.config.config import load_config
from gpunet.exchange.pseudonyms import PERSON
from gpunet.reading.beside import read_beside
from gpunet.reading.ties_table import read_ties

few = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _facts(rows, of):
    ids = [str(text) for text in rows.ids.to_list()]
    ids = ids if of is None else [of.pseudonym(PERSON, text) for text in ids]
    ties = rows.rows
    kinds = [kind.name for kind in ties.kinds]
    found = zip(ties.a, ties.b, ties.kind, ties.day, ties.until, ties.recorded, strict=True)
    return [(*sorted((ids[a], ids[b])), kinds[kind], *map(int, days)) for a, b, kind, *days in found]


def _arrests(path):
    rows = {"person_id": ["1", "2", "9"], "incident_id": ["1", "1", "2"], "date": ["2013-02-01"] * 3,
            "offence": ["theft"] * 3}  # fmt: skip
    pl.DataFrame(rows).write_csv(path)
    return path


@few
@given(rows=st.lists(tie_row, max_size=25), left_out=st.sets(st.sampled_from(COLUMNS[4:])))
def test_ties_are_what_they_were(rows, left_out, tmp_path_factory):
    """Also two records that differ by the time of day, or their basis, alone."""
    folder = tmp_path_factory.mktemp("ties")
    names = [name for name in COLUMNS if name not in left_out]
    pl.DataFrame(
        {name: [row[name] for row in rows] for name in names}, schema=dict.fromkeys(names, pl.String)
    ).write_csv(folder / "ties.csv")
    config = load_config({"ties": TIES, "input": {"null_values": ["unknown"]}})
    expected, report = read_ties(folder / "ties.csv", config, today=TODAY)
    how = {"ties": [folder / "ties.csv"], "today": TODAY}
    written = made(folder / "out", [_arrests(folder / "a.csv")], config, **how)
    found, again = read_ties(folder / "out/ties", config, today=TODAY)
    assert _facts(found, None) == _facts(expected, OF)
    assert again.by_reason == {}
    (table,) = (table for table in written.listed["tables"] if table["kind"] == "ties")
    assert Counter(table["rejected"]) == Counter(report.by_reason)
    assert again.files[0].duplicate == report.files[0].duplicate
    assert {"basis", "person_a"} <= set(table["columns"])
    assert not any(str(row["basis"]).strip() in (folder / "out/pseudonyms.json").read_text() for row in rows
                   if row["basis"] == "sighting")  # fmt: skip


@few
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "01", "9", None]),
            st.sampled_from(["1", "2", "3", " 2"]),
            st.sampled_from(["north", "south", None]),
            st.integers(0, 3),
        ),
        min_size=1,
        max_size=12,
    ),
    told=st.booleans(),
)
def test_victims_are_of_the_same_incidents(rows, told, tmp_path_factory):
    """With and without forces, when it is the date that tells incidents apart whose ids several forces have."""
    folder = tmp_path_factory.mktemp("victims")
    day = [str(dt.date(2013, 2, 1) + dt.timedelta(days=n)) for *_, n in rows]
    person, incident, force, _ = zip(*rows, strict=True)
    table = pl.DataFrame({"person_id": person, "incident_id": incident, "date": day, "offence": ["theft"] * len(rows),
                          "force": pl.Series(force, dtype=pl.String)})  # fmt: skip
    table.write_csv(folder / "arrests.csv")
    (table if told else table.drop("force")).with_columns(pl.col("person_id").fill_null("7")).write_csv(
        folder / "v.csv"
    )
    made(folder / "out", [folder / "arrests.csv"], victims=[folder / "v.csv"])

    def of_incidents(arrests, victims, of):
        joined, _ = read_beside(gpunet.read_arrests(arrests), load_config(None), victims=victims)
        events, known = joined.victims.events, joined.incident_ids.to_list()
        persons = joined.person_ids.to_list()
        named = [str(known[i]) if i >= 0 else None for i in joined.victims.of_incident[events.incident].tolist()]
        ids = [str(persons[i]) for i in joined.victims.of_person[events.person].tolist()]
        if of is not None:
            named = [None if text is None else of.pseudonym("incident", text) for text in named]
            ids = [of.pseudonym(PERSON, text) for text in ids]
        return Counter(zip(ids, named, events.day.tolist(), strict=True)), joined.victims.unsettled

    raw = of_incidents(folder / "arrests.csv", folder / "v.csv", OF)
    assert of_incidents(folder / "out/arrests", folder / "out/victims", None) == raw
