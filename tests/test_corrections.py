"""Corrections: what comes of them is the run on tables that were corrected before; erased ids are nowhere."""

import json
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
from gpunet.config.config import load_config
from gpunet.reading.corrections import Corrections, Effect
from gpunet.reading.corrections_table import read_corrections
from gpunet.reading.read import read_arrests_at
from tests.reading_at import HOMES, assert_same
from tests.updating import CONFIG, assert_same_run, more_rows, random_rows, write

OPTIONS = RunOptions(threads=2)


def corrected(rows, persons, incidents, arrests, merged):
    """The rows as somebody would correct them by hand."""
    kept = [
        row
        for row in rows
        if row["person_id"] not in persons
        and row["incident_id"] not in incidents
        and (row["person_id"], row["incident_id"]) not in arrests
    ]
    return [{**row, "person_id": merged.get(row["person_id"], row["person_id"])} for row in kept]


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10**6),
    columns=st.fixed_dictionaries(
        {name: st.booleans() for name in ("force", "recorded_at", "text", "undated", "gang")}
    ),
    number=st.tuples(*[st.integers(0, 3)] * 4),
    suffix=st.sampled_from(["csv", "parquet"]),
    keep=st.booleans(),
)
def test_corrections_are_the_run_on_corrected_tables(tmp_path_factory, seed, columns, number, suffix, keep):
    folder, random = tmp_path_factory.mktemp("corrected"), np.random.default_rng(seed)
    rows = random_rows(random, 90, 40, **columns)
    new = more_rows(random, rows, 6, 40, **columns)
    ids = list(dict.fromkeys(row["person_id"] for row in rows))
    random.shuffle(ids)
    persons, others = ids[: number[0]], ids[number[0] :]
    merged = dict(zip(others[: number[1]], others[number[1] : 2 * number[1]], strict=True))
    chosen = [rows[at] for at in random.integers(0, len(rows), number[2] + number[3]).tolist()]
    incidents = {row["incident_id"] for row in chosen[: number[2]]}
    arrests = {(row["person_id"], row["incident_id"]) for row in chosen[number[2] :]}
    removed = [{"person_id": person, "incident_id": None} for person in persons]
    removed += [{"person_id": None, "incident_id": incident} for incident in incidents]
    removed += [{"person_id": person, "incident_id": incident} for person, incident in arrests]
    remove = [write(folder / f"remove.{suffix}", removed)] if removed else []
    merge = [write(folder / "merge.csv", [{"person_id": a, "into": b} for a, b in merged.items()])] if merged else []
    if not remove and not merge:
        return
    write(folder / "as given" / f"old.{suffix}", rows), write(folder / "as given" / f"new.{suffix}", new)
    for name, part in (("old", rows), ("new", new)):
        part = corrected(part, persons, incidents, arrests, merged)
        write(folder / "by hand" / f"{name}.{suffix}", part or [dict.fromkeys(rows[0])])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "by hand")
        run_features([f"old.{suffix}", f"new.{suffix}"], folder / "full", CONFIG, None, OPTIONS)
        patch.chdir(folder / "as given")
        run_features(f"old.{suffix}", folder / "run", CONFIG, None, replace(OPTIONS, keep_state=keep))
        run_update(folder / "run", folder / "out", [f"new.{suffix}"], None, OPTIONS, remove=remove, merge=merge)
    assert_same_run(folder / "full", folder / "out", "input", "warnings", "corrections", "state.arrests")
    assert not set(map(str, persons)) & set(told(folder / "out"))


def told(folder):
    """Every value of every table of a folder, as text."""
    for path in folder.glob("*.parquet"):
        frame = pl.read_parquet(path)
        for column in frame.columns:
            if column in ("person_id", "person_a", "person_b", "line"):
                yield from map(str, frame[column].to_list())


def test_an_erased_person_is_named_nowhere(tmp_path):
    rows = random_rows(np.random.default_rng(5), 60, 24, text=True, undated=True)
    name = rows[0]["person_id"] = "P00776655"
    rows[1] = {**rows[1], "person_id": f" {name} ", "date": "no day"}  # rejected
    old = write(tmp_path / "old.csv", rows)
    with Path(old).open("a", encoding="utf-8") as file:  # malformed
        file.write(f"{name},1,2013-01-01,theft,one field more\nP3,{name},2013-01-01,theft,again\nP3,1,,,,other\n")
    run_features(old, tmp_path / "run", CONFIG, None, OPTIONS)
    before = pl.read_parquet(tmp_path / "run" / "rejected.parquet")
    assert before.height == 4
    remove = write(tmp_path / "remove.csv", [{"person_id": name}, {"person_id": "nobody"}])
    manifest = run_update(tmp_path / "run", tmp_path / "out", [], None, OPTIONS, remove=[remove])
    for path in (tmp_path / "out").iterdir():
        assert name.encode() not in path.read_bytes()
        if path.suffix == ".parquet":
            assert name not in str(pl.read_parquet(path).to_dicts())
    assert pl.read_parquet(tmp_path / "out" / "rejected.parquet").height == 1
    assert manifest["corrections"]["erased_persons"] == 1
    assert manifest["corrections"]["unknown"] == 1
    assert manifest["corrections"]["rejected_rows"] == 3
    assert "1 row of --remove and --merge name what no accepted row has" in manifest["warnings"][0]
    counts = manifest["input"]["rows"]
    assert counts["read"] == counts["accepted"] + counts["rejected"] + counts["duplicate"]
    assert (counts["rejected"], manifest["input"]["rejected_by_reason"]) == (1, {"malformed_row": 1})
    changes = pl.read_parquet(tmp_path / "out" / "changes.parquet")
    assert set(changes["cause"]) <= {"correction", "own arrest", "within two steps", "elsewhere in the component"}


def test_persons_of_a_force_are_written_as_results_have_them(tmp_path):
    rows = random_rows(np.random.default_rng(6), 60, 24, force=True)
    rows = [{**row, "force": row["force"] or "north"} for row in rows]
    config = {**CONFIG, "input": {"person_scope": "force"}}
    old = write(tmp_path / "old.csv", rows)
    run_features(old, tmp_path / "run", config, None, OPTIONS)
    ids = pl.read_parquet(tmp_path / "run" / "features.parquet")["person_id"]
    remove = write(tmp_path / "remove.csv", [{"person_id": ids[0]}])
    run_update(tmp_path / "run", tmp_path / "out", [], None, OPTIONS, remove=[remove])
    assert pl.read_parquet(tmp_path / "out" / "features.parquet")["person_id"].to_list() == ids.to_list()[1:]


def test_an_incident_of_one_force_alone(tmp_path):
    rows = [
        {"person_id": person, "incident_id": 1, "force": force, "date": "2013-01-01", "offence": "theft"}
        for force, person in (("east", "a"), ("east", "b"), ("west", "c"), ("west", "d"))
    ]
    run_features(write(tmp_path / "old.csv", rows), tmp_path / "run", CONFIG, None, OPTIONS)
    remove = write(tmp_path / "remove.csv", [{"incident_id": 1, "force": "east"}])
    run_update(tmp_path / "run", tmp_path / "out", [], None, OPTIONS, remove=[remove])
    assert pl.read_parquet(tmp_path / "out" / "ties.parquet").select("person_a", "person_b").rows() == [("c", "d")]
    changes = pl.read_parquet(tmp_path / "out" / "changes.parquet")
    assert changes.rows() == [("a", "person", 1.0, 0.0, "correction"), ("b", "person", 1.0, 0.0, "correction")]


@pytest.mark.parametrize(
    ("remove", "merge", "what"),
    [
        ([{"name": "x"}], [], "--remove: .* has no columns person_id or incident_id"),
        (
            [{"person_id": "a", "incident_id": None}, {"person_id": None, "incident_id": None}],
            [],
            "row 2 of .* neither",
        ),
        ([{"person_id": "a"}], [{"person_id": "b", "into": "a"}], "--merge names a person whom --remove erases"),
        ([], [{"person_id": "a", "into": "b"}, {"person_id": "b", "into": "c"}], "is merged itself"),
        ([], [{"person_id": "a", "into": "b"}, {"person_id": "a", "into": "c"}], "into somebody else"),
        ([], [{"person_id": "a"}], '--merge: .* there is no column "into"; .* the columns person_id and into'),
        ([], [{"person_id": "a", "into": None}], "row 1 of .* lacks person_id or into"),
    ],
)
def test_tables_of_corrections_that_cannot_be_used(tmp_path, remove, merge, what):
    tables = [[write(tmp_path / f"{i}.parquet", rows)] if rows else [] for i, rows in enumerate((remove, merge))]
    with pytest.raises(InputError, match=what):
        read_corrections(*tables, load_config({}))


def test_ids_are_read_as_those_of_arrests(tmp_path):
    config = load_config({"input": {"id_rules": {"person_id": {"strip_zeros": True, "casefold": True}}}})
    remove = write(
        tmp_path / "remove.csv", [{"Person ID": " 007A", "incident": None}, {"Person ID": "n/a", "incident": 1}]
    )
    config = load_config({"input": {**config.as_dict()["input"], "columns": {"incident_id": "incident"}}})
    found = read_corrections([remove], [], config)
    assert found == Corrections(persons=frozenset({"7a"}), incidents=frozenset({(None, "1")}))


def test_run_json_lists_counts_and_no_ids(tmp_path):
    rows = random_rows(np.random.default_rng(8), 40, 16, text=True)
    run_features(write(tmp_path / "old.csv", rows), tmp_path / "run", CONFIG, None, OPTIONS)
    a, b = list(dict.fromkeys(row["person_id"] for row in rows))[:2]
    merge = write(tmp_path / "merge.csv", [{"person_id": a, "into": b}])
    run_update(tmp_path / "run", tmp_path / "out", [], None, OPTIONS, merge=[merge])
    found = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["corrections"]
    own = sum(row["person_id"] == a for row in {str(row): row for row in rows}.values())
    counts = dict.fromkeys(("erased_persons", "removed_rows", "merged_persons", "merged_rows"), 0)
    assert found == {**counts, "merged_persons": 1, "merged_rows": own, "unknown": 0, "rejected_rows": 0}
    changes = pl.read_parquet(tmp_path / "out" / "changes.parquet")
    assert set(changes.filter(pl.col("person_id") == b)["cause"]) <= {"correction"}
    assert (a, "person", 1.0, 0.0, "correction") in changes.rows()


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("recorded", [False, True])
def test_they_are_the_same_wherever_rows_lie(home, recorded):
    rows = random_rows(np.random.default_rng(9), 60, 24, force=True, recorded_at=recorded)
    frame = pl.DataFrame([*rows, {**rows[0], "date": "no day"}], infer_schema_length=None)
    ids = [str(person) for person in dict.fromkeys(row["person_id"] for row in rows)]
    part = str(rows[-1]["person_id"]), (None, str(rows[-1]["incident_id"]))
    incident = rows[20]["force"], str(rows[20]["incident_id"])
    corrections = Corrections(frozenset(ids[:2]), frozenset({incident}), frozenset({part}), {ids[3]: ids[4]})
    effects = Effect(), Effect()
    expected = read_arrests_at(None, frame, CONFIG, corrections=corrections, effect=effects[0])
    actual = read_arrests_at(HOMES[home], frame, CONFIG, corrections=corrections, effect=effects[1])
    assert_same(actual, expected, but=("backend",))
    assert effects[0] == effects[1]
    assert effects[0].removed_rows > 4
    assert effects[0].rejected_rows == 1
