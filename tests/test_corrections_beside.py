"""Corrections of tables of ties and victims: the run on tables corrected by hand; erased ids are nowhere."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.base.errors import InputError
from gpunet.cli.run import RunOptions, run_features
from gpunet.cli.updates import run_update
from tests.updating import CONFIG, KINDS, assert_same_run, random_rows, random_ties, random_victims, write

OPTIONS = RunOptions(threads=2)
BESIDE = {**CONFIG, "ties": KINDS, "input": {"ties": ["ties.csv"], "victims": ["victims.csv"]}}


def of_arrests(rows, persons, incidents, parts, merged):
    """Rows of arrests or victims as somebody would correct them by hand."""
    kept = [
        row
        for row in rows
        if row["person_id"] not in persons
        and row["incident_id"] not in incidents
        and (row["person_id"], row["incident_id"]) not in parts
    ]
    return [{**row, "person_id": merged.get(row["person_id"], row["person_id"])} for row in kept]


def of_ties(rows, persons, merged):
    """Rows of ties, those of two ids that are one person's left out; what is rejected as it is stays."""
    found = []
    for row in rows:
        ends = [row["person_a"], row["person_b"]]
        if persons.intersection(ends):
            continue
        now = [merged.get(end, end) for end in ends]
        if now[0] == now[1] and ends[0] != ends[1]:
            continue
        found.append({**row, "person_a": now[0], "person_b": now[1]})
    return found


@settings(max_examples=8)
@given(
    seed=st.integers(0, 10**6),
    columns=st.fixed_dictionaries({name: st.booleans() for name in ("recorded_at", "text")}),
    number=st.tuples(*[st.integers(0, 3)] * 4),
    keep=st.booleans(),
)
def test_corrections_are_the_run_on_corrected_tables(tmp_path_factory, seed, columns, number, keep):
    folder, random = tmp_path_factory.mktemp("corrected"), np.random.default_rng(seed)
    rows = random_rows(random, 60, 24, **columns)
    ties, victims = random_ties(random, 40, 24, **columns), random_victims(random, rows, 25, 24, **columns)
    ties = [row for row in ties if row["kind"] != "gossip" and row["person_a"] != row["person_b"]]  # none is rejected
    ties = [{**row, "information_grade": "A"} for row in ties]
    ids = list(dict.fromkeys(row["person_a"] for row in [*ties, *({"person_a": r["person_id"]} for r in rows)]))
    random.shuffle(ids)
    persons, others = set(ids[: number[0]]), ids[number[0] :]
    merged = dict(zip(others[: number[1]], others[number[1] : 2 * number[1]], strict=True))
    chosen = [[*rows, *victims][at] for at in random.integers(0, len(rows) + len(victims), sum(number[2:])).tolist()]
    incidents = {row["incident_id"] for row in chosen[: number[2]]}
    parts = {(row["person_id"], row["incident_id"]) for row in chosen[number[2] :]}
    removed = [{"person_id": person, "incident_id": None} for person in persons]
    removed += [{"person_id": None, "incident_id": incident} for incident in incidents]
    removed += [{"person_id": person, "incident_id": incident} for person, incident in parts]
    remove = [write(folder / "remove.csv", removed)] if removed else []
    merge = [write(folder / "merge.csv", [{"person_id": a, "into": b} for a, b in merged.items()])] if merged else []
    if not remove and not merge:
        return
    by_hand = {
        "old": of_arrests(rows, persons, incidents, parts, merged),
        "ties": of_ties(ties, persons, merged),
        "victims": of_arrests(victims, persons, incidents, parts, merged),
    }
    for name, given_rows in (("old", rows), ("ties", ties), ("victims", victims)):
        write(folder / "as given" / f"{name}.csv", given_rows)
        write(folder / "by hand" / f"{name}.csv", by_hand[name] or [dict.fromkeys(given_rows[0])])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "by hand")
        run_features("old.csv", folder / "full", BESIDE, None, OPTIONS)
        patch.chdir(folder / "as given")
        run_features("old.csv", folder / "run", BESIDE, None, replace(OPTIONS, keep_state=keep))
        found = run_update(folder / "run", folder / "out", [], None, OPTIONS, remove=remove, merge=merge)
    assert_same_run(folder / "full", folder / "out", "input", "warnings", "corrections", "state.arrests")
    told = found["corrections"]
    assert told["unknown"] == 0  # all of it is in one table or another
    assert (told["erased_persons"], told["merged_persons"]) == (len(persons), len(merged))
    for name, table in (("ties", ties), ("victims", victims)):
        removed_rows = len(table) - len(by_hand[name])
        if name == "victims":  # whose repeats are no rows any more when the others are removed
            removed_rows = min(removed_rows, told[name]["removed_rows"])
        assert told[name]["removed_rows"] == removed_rows
        counts = found["input"][name]["rows"]
        assert counts["read"] == counts["accepted"] + counts["rejected"] + counts["duplicate"]
        assert counts["read"] == len(by_hand[name])


def rows_with(name):
    """Tables in which a person is named in accepted and in rejected rows of each."""
    random = np.random.default_rng(5)
    rows = random_rows(random, 60, 24, text=True)
    ties, victims = random_ties(random, 40, 24, text=True), random_victims(random, rows, 25, 24, text=True)
    for table, column in ((rows, "person_id"), (ties, "person_a"), (victims, "person_id")):
        table[0][column] = name
        table.append({**table[0], "date": "no day"})
    ties[1]["person_b"] = name
    ties.append({**ties[5], "kind": "calls", "person_b": name, "until": "1900-01-01"})
    ties.append({**ties[5], "basis": f"seen with {name}", "source_grade": 9})
    victims[0]["incident_id"] = rows[0]["incident_id"]
    return rows, ties, victims


def test_an_erased_person_is_named_nowhere(tmp_path, monkeypatch):
    name = "P00776655"
    monkeypatch.chdir(tmp_path)
    for table, rows in zip(("old", "ties", "victims"), rows_with(name), strict=True):
        write(tmp_path / f"{table}.csv", rows)
    with Path("ties.csv").open("a", encoding="utf-8") as file:  # malformed
        file.write(f"P1,{name},calls,2013-01-01,,1,A,more,and more,and more\n")
    run_features("old.csv", "run", BESIDE, None, replace(OPTIONS, keep_state=True))
    there = [path.name for path in Path("run").glob("*.parquet") if name in str(pl.read_parquet(path).to_dicts())]
    assert {"features.parquet", "ties.parquet", "rejected_ties.parquet", "rejected_victims.parquet"} <= set(there)
    remove = write(tmp_path / "remove.csv", [{"person_id": name}, {"person_id": "nobody"}])
    found = run_update("run", "out", [], None, OPTIONS, remove=[remove])
    assert "state.arrests" in {path.name for path in Path("out").iterdir()}
    for path in Path("out").iterdir():
        assert name.encode() not in path.read_bytes()
        if path.suffix == ".parquet":
            assert name not in str(pl.read_parquet(path).to_dicts())
    told = found["corrections"]
    assert (told["erased_persons"], told["unknown"]) == (1, 1)
    for table, least in (("ties", 4), ("victims", 1)):
        rejected = pl.read_parquet(f"run/rejected_{table}.parquet").to_dicts()
        assert told[table]["rejected_rows"] == sum(name in str(row) for row in rejected) >= least
        assert pl.read_parquet(f"out/rejected_{table}.parquet").height == len(rejected) - told[table]["rejected_rows"]
    assert found["warnings"][0].startswith("1 row of --remove and --merge name what no accepted row has")
    with pytest.raises(InputError, match="its tables of ties hold what it left out: correct these tables"):
        run_update("out", "next", [write(tmp_path / "new.csv", rows_with("P1")[0])], None, OPTIONS)


def test_what_touched_no_table_beside_can_be_updated_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for table, rows in zip(("old", "ties", "victims"), rows_with("P00776655"), strict=True):
        write(tmp_path / f"{table}.csv", rows)
    write(tmp_path / "alone.csv", [{"person_id": "Palone", "incident_id": 10**8, "date": "2013-01-01", "offence": "x"}])
    run_features(["old.csv", "alone.csv"], "run", BESIDE, None, replace(OPTIONS, keep_state=True))
    remove = write(tmp_path / "remove.csv", [{"person_id": "Palone"}])
    assert run_update("run", "out", [], None, OPTIONS, remove=[remove])["corrections"]["removed_rows"] == 1
    write(tmp_path / "new.csv", random_rows(np.random.default_rng(8), 5, 24, text=True))
    found = run_update("out", "next", ["new.csv"], None, OPTIONS)
    assert found["corrections"]["erased_persons"] == 1
    assert "Palone" not in pl.read_parquet("next/features.parquet")["person_id"]


def test_an_incident_of_a_force_takes_victims_whose_table_tells_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(6)
    rows = [{**row, "force": "east"} for row in random_rows(random, 60, 24)]
    victims = random_victims(random, rows, 25, 24)
    write(tmp_path / "old.csv", rows), write(tmp_path / "victims.csv", victims)
    write(tmp_path / "ties.csv", random_ties(random, 10, 24))
    run_features("old.csv", "run", BESIDE, None, OPTIONS)
    wanted = victims[0]["incident_id"]
    remove = write(tmp_path / "remove.csv", [{"incident_id": wanted, "force": "east"}])
    told = run_update("run", "out", [], None, OPTIONS, remove=[remove])["corrections"]
    distinct = {tuple(row.items()) for row in victims if row["incident_id"] == wanted}
    assert told["victims"]["removed_rows"] >= len(distinct) > 0
    assert told["unknown"] == 0
