"""``gpunet erase`` of another person: the tables hold who was erased before, or do not any more."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from erasing import OPTIONS, SENTINEL, make_runs, rows_of, traces
from updating import CONFIG, KINDS, random_rows, random_ties, random_victims, write

from gpunet.cli.erasure import erase
from gpunet.cli.flags import run_flags
from gpunet.cli.run import run_features
from gpunet.cli.updates import run_update
from gpunet.runs.complete import read_manifest
from gpunet.tables.files import sha256_of

OTHER = "P7"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, one with its state, and a panel, of a table that one person was erased from."""
    root = make_runs(tmp_path_factory.mktemp("made"), kinds=("run",))
    assert erase(root / "runs", [SENTINEL], threads=1).left == []
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A folder with a copy of these runs; their table is where it was, as it was."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    (tmp_path / "in").symlink_to(made / "in")
    write(made / "in" / "a.csv", rows_of())
    return tmp_path


def without(*persons: str) -> list[dict[str, Any]]:
    return [row for row in rows_of() if row["person_id"] not in persons]


def told(found: Any) -> tuple[list[str], list[str]]:
    return [line.split(":")[0] for line in found.done], [line.split(":")[0] for line in found.left]


def test_tables_from_which_the_first_rows_were_removed_are_the_run_s(root: Path, tmp_path: Path) -> None:
    """The second erasure comes to what both would be on tables without the first, and so does a third one."""
    new = os.path.realpath(write(root / "in" / "a.csv", without(SENTINEL)))
    found = erase(root / "runs", [OTHER], threads=1)
    assert told(found) == (["kept", "panel", "run"], [])
    assert found.inputs == [new]
    for person in (SENTINEL, OTHER):
        assert traces(root / "runs", person, raw=person == SENTINEL) == []
    own = sum(row["person_id"] == OTHER for row in rows_of())
    for name in ("run", "kept", "panel"):
        manifest = read_manifest(root / "runs" / name)
        (file,) = manifest["input"]["files"]
        assert (file["name"], file["sha256"], file["bytes"]) == (new, sha256_of(Path(new)), Path(new).stat().st_size)
        told_of = {key: count for key, count in manifest["corrections"].items() if count and key != "left_out_at"}
        assert told_of == {"erased_persons": 1, "removed_rows": own}
        assert [of["sha256"] for of in manifest["corrections"]["left_out_at"]] == [sha256_of(Path(new))]
    inputs = [write(tmp_path / "both.csv", without(SENTINEL, OTHER))]
    run_features(inputs, tmp_path / "both", CONFIG, None, OPTIONS)
    for name in ("features.parquet", "ties.parquet"):
        assert sha256_of(tmp_path / "both" / name) == sha256_of(root / "runs" / "kept" / name)
    write(root / "in" / "a.csv", without(SENTINEL, OTHER))
    assert told(erase(root / "runs", ["P9"], threads=1)) == (["kept", "panel", "run"], [])
    assert read_manifest(root / "runs" / "panel")["corrections"]["erased_persons"] == 1


@pytest.mark.parametrize("name", ["a.csv", "corrected.csv"])
def test_such_tables_are_named_by_input(root: Path, tmp_path: Path, name: str) -> None:
    new = write(tmp_path / "elsewhere" / name, without(SENTINEL))
    shutil.rmtree(root / "runs" / "run")
    assert told(erase(root / "runs", [OTHER], [new], threads=1)) == (["kept", "panel"], [])
    assert read_manifest(root / "runs" / "panel")["input"]["files"][0]["name"] == new


def forget(*runs: Path) -> None:
    """Make runs such as versions before wrote, which did not tell where tables name whom they left out."""
    for run in runs:
        manifest = json.loads((run / "run.json").read_text())
        del manifest["corrections"]["left_out_at"]
        (run / "run.json").write_text(json.dumps(manifest))


def test_runs_that_do_not_tell_whom_they_left_out(root: Path) -> None:
    """By its tables only together with whom was left out then; by what it has kept of reading in any case."""
    forget(*(root / "runs" / name for name in ("kept", "panel", "run")))
    found = erase(root / "runs", [OTHER], threads=1)
    assert told(found) == (["kept"], ["panel", "run"])
    for line in found.left:
        assert "persons were erased from it before, and its tables still hold their rows: remove the rows" in line
        assert "--person" in line
        assert "--remove" not in line
    assert len(erase(root / "runs", ["P9", OTHER], threads=1).left) == 2
    found = erase(root / "runs", [OTHER, SENTINEL], threads=1)
    assert told(found) == (["panel", "run"], [])
    for person in (SENTINEL, OTHER):
        assert traces(root / "runs", person, raw=False) == []
    assert read_manifest(root / "runs" / "panel")["corrections"]["erased_persons"] == 2


@pytest.mark.parametrize("change", ["another row", "too few", "a rejected row", "another offence", "another day"])
def test_tables_that_changed_otherwise_are_refused(root: Path, change: str) -> None:
    rows = without(SENTINEL)
    if change == "another row":
        rows.append({**rows[0], "incident_id": 99_999})
    elif change == "too few":
        rows.pop(3)
    elif change == "a rejected row":
        rows.append(rows_of()[-1])
    elif change == "another offence":
        rows[0] = {**rows[0], "offence": "murder of another kind"}
    else:
        rows[0] = {**rows[0], "date": "2013-02-27"}
    write(root / "in" / "a.csv", rows)
    shutil.rmtree(root / "runs" / "run")
    found = erase(root / "runs", [OTHER], threads=1)
    assert told(found) == (["kept"], ["panel"])
    assert "which have changed since, are not what was left of them" in found.left[0]
    assert traces(root / "runs" / "panel", OTHER, raw=False)


def test_some_rows_removed_and_some_persons_named(root: Path) -> None:
    """Of two who were erased, the rows of one are gone from the tables, and the other is named again."""
    shutil.rmtree(root / "runs" / "kept")
    assert erase(root / "runs", [SENTINEL, OTHER], threads=1).left == []
    write(root / "in" / "a.csv", without(SENTINEL))  # so the table is not the one that they were told of
    assert len(erase(root / "runs", ["P9"], threads=1).left) == 2
    assert erase(root / "runs", ["P9", OTHER], threads=1).left == []
    assert read_manifest(root / "runs" / "run")["corrections"]["erased_persons"] == 2


@pytest.mark.parametrize("keep_state", [False, True])
def test_tables_of_ties_and_victims(tmp_path: Path, keep_state: bool) -> None:
    random = np.random.default_rng(5)
    rows = random_rows(random, 60, 24, text=True)
    tables = {
        "ties": random_ties(random, 40, 24, text=True),
        "victims": random_victims(random, rows, 20, 24, text=True),
    }
    beside = {name: [write(tmp_path / "in" / f"{name}.parquet", of)] for name, of in tables.items()}
    config = {**CONFIG, "ties": KINDS, "input": beside}
    options = replace(OPTIONS, keep_state=keep_state)
    run_features([write(tmp_path / "in" / "a.csv", rows)], tmp_path / "runs" / "run", config, None, options)
    ties = pl.read_parquet(tmp_path / "runs" / "run" / "ties.parquet").filter(pl.col("kind") == "calls")
    first, second = ties["person_a"].unique().sort()[:2]
    before = read_manifest(tmp_path / "runs" / "run")["config"]
    assert erase(tmp_path / "runs", [first], threads=1).left == []
    told_at = read_manifest(tmp_path / "runs" / "run")["corrections"]["left_out_at"]
    forget(tmp_path / "runs" / "run")
    assert len(erase(tmp_path / "runs", [second], threads=1).left) == 1
    assert sha256_of(tmp_path / "in" / "ties.parquet") in [of["sha256"] for of in told_at]
    write(tmp_path / "in" / "a.csv", [row for row in rows if row["person_id"] != first])
    for name, of in tables.items():
        write(tmp_path / "in" / f"{name}.parquet", [row for row in of if first not in row.values()])
    assert erase(tmp_path / "runs", [second], threads=1).left == []
    manifest = read_manifest(tmp_path / "runs" / "run")
    assert manifest["config"] == before
    assert manifest["corrections"]["erased_persons"] == 1
    for name in beside:
        (file,) = manifest["input"][name]["files"]
        assert file["sha256"] == sha256_of(tmp_path / "in" / f"{name}.parquet")
    ids = pl.read_parquet(tmp_path / "runs" / "run" / "features.parquet")["person_id"]
    assert not {first, second} & set(ids)


def test_flags_and_updates_speak_of_an_erasure(root: Path, tmp_path: Path) -> None:
    new = write(tmp_path / "new.csv", without(SENTINEL)[:3])
    for job in (
        lambda: run_flags([root / "runs" / "run"], tmp_path / "flags", None, (), OPTIONS),
        lambda: run_update(root / "runs" / "run", tmp_path / "out", [new], None, OPTIONS),
    ):
        with pytest.raises(Exception, match="had persons erased from it") as raised:
            job()
        assert "--remove" not in str(raised.value)
