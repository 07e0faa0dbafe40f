"""``gpunet erase``: no trace of a person in any file, and the run as if the person had never been read."""

from __future__ import annotations

import shutil
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from erasing import NEW, OPTIONS, PANEL, SENTINEL, make_runs, rows_of, traces
from hypothesis import given, settings
from hypothesis import strategies as st
from updating import CONFIG, KINDS, random_rows, random_ties, random_victims, write

from gpunet.cli.erasure import erase
from gpunet.cli.panels import run_panel
from gpunet.cli.run import run_features, run_forecast
from gpunet.cli.updates import run_update
from gpunet.governance import log
from gpunet.governance.runs_under import held_under
from gpunet.runs.complete import read_manifest
from gpunet.tables.files import sha256_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_runs(tmp_path_factory.mktemp("made"))


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of these runs; the tables of the input are where they were."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture(scope="module")
def erased(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The runs without the person, and what was told."""
    root = tmp_path_factory.mktemp("erased") / "runs"
    shutil.copytree(made / "runs", root)
    root.joinpath("run", "notes.txt").write_text("mine")
    (root / "run").chmod(0o750)
    return root, erase(root, [SENTINEL], threads=1)


def test_no_trace_is_left(made: Path, erased: tuple[Path, Any]) -> None:
    root, found = erased
    names = ["run", "kept", "panel", "flags"]
    assert {name.split("/")[0] for name in traces(made / "runs", SENTINEL, raw=True)} == set(names)
    assert traces(root, SENTINEL, raw=True) == []
    assert [line.split(":")[0] for line in found.done] == ["kept", "panel", "run", "flags"]
    assert (found.left, found.notes) == ([], [])
    assert found.inputs == [str(made / "in" / "a.csv")]
    assert not any(SENTINEL in line for line in (*found.done, *found.inputs))


def test_the_rest_is_what_it_would_have_been(made: Path, erased: tuple[Path, Any], tmp_path: Path) -> None:
    root, _ = erased
    rows = [row for row in rows_of() if row["person_id"] != SENTINEL]
    inputs = [write(tmp_path / "a.csv", rows)]
    run_forecast(inputs, tmp_path / "run", CONFIG, day_of(root / "run"), OPTIONS)
    run_features(inputs, tmp_path / "kept", CONFIG, None, OPTIONS)
    run_panel(inputs, tmp_path / "panel", {**CONFIG, **PANEL}, None, OPTIONS)
    for name in ("run", "kept", "panel"):
        for path in sorted((tmp_path / name).rglob("*.parquet")):
            again = root / name / path.relative_to(tmp_path / name)
            if path.name.startswith("rejected"):
                assert (
                    pl.read_parquet(path)
                    .drop("source_file", "row_number")
                    .equals(pl.read_parquet(again).drop("source_file", "row_number"))
                )
            else:
                assert sha256_of(path) == sha256_of(again), path
    before, now = (read_manifest(folder / "run") for folder in (made / "runs", root))
    assert list(before["outputs"]) == list(now["outputs"])
    assert before["config"] == now["config"]
    assert now["corrections"]["erased_persons"] == 1
    assert "update" not in now["execution"]


def day_of(folder: Path) -> date:
    return date.fromisoformat(read_manifest(folder)["as_of"])


def test_what_stays_as_it_was(erased: tuple[Path, Any]) -> None:
    root, _ = erased
    assert (root / "run" / "notes.txt").read_text() == "mine"
    assert stat.S_IMODE((root / "run").stat().st_mode) == 0o750
    assert sorted(path.name for path in root.iterdir() if not path.name.startswith("log")) == [
        "flags",
        "kept",
        "panel",
        "run",
    ]
    assert "state.arrests" in read_manifest(root / "kept")["outputs"]
    assert (root / "run" / "report.html").is_file()
    assert [held.kind for held in held_under(root)] == ["run"] * 4
    assert read_manifest(root / "flags")["flags"]["runs"][0]["run_json_sha256"] == sha256_of(root / "run" / "run.json")


def test_every_erasure_is_in_the_log_without_an_id(made: Path, erased: tuple[Path, Any]) -> None:
    root, _ = erased
    found = [entry for entry in log.entries(root / "log.jsonl") if entry["operation"] == "erasure"]
    old = [sha256_of(made / "runs" / name / "run.json") for name in ("kept", "panel", "run", "flags")]
    assert [entry["object_sha256"] for entry in found] == old
    assert all(entry["persons"] == 1 for entry in found)
    assert log.check(root / "log.jsonl") == []


def test_again_there_is_nothing_to_do(erased: tuple[Path, Any]) -> None:
    root, _ = erased
    again = erase(root, [SENTINEL], threads=1)
    assert (again.done, again.left, again.notes) == ([], [], [])


def test_updates_and_sealed_scores(made: Path, tmp_path: Path) -> None:
    inputs = [str(made / "in" / "a.csv")]
    stated = {"purpose": "test", "legal_basis": "law", "controller": "force", "reviewer": "A. Reviewer"}
    config = {**CONFIG, "governance": {**stated, "person_scores": "reviewed"}}
    run_forecast(inputs, tmp_path / "in" / "sealed", config, None, OPTIONS)
    new = write(tmp_path / "new.csv", [{**rows_of()[0], "person_id": person} for person in (NEW, "P-NEW")])
    run_update(tmp_path / "in" / "sealed", tmp_path / "runs" / "updated", [new], None, OPTIONS)
    run_update(made / "runs" / "kept", tmp_path / "runs" / "plain", [new], None, OPTIONS)
    changes = pl.read_parquet(tmp_path / "runs" / "plain" / "changes.parquet")
    assert NEW in changes["person_id"]
    assert {"scores.parquet.sealed", "changes.parquet.sealed"} <= set(
        traces(tmp_path / "runs" / "updated", NEW, raw=True)
    )
    found = erase(tmp_path / "runs", [NEW], threads=1)
    assert found.left == []
    assert traces(tmp_path / "runs", NEW, raw=True) == []
    left = pl.read_parquet(tmp_path / "runs" / "plain" / "changes.parquet")
    assert left.equals(changes.filter(pl.col("person_id") != NEW))
    told = read_manifest(tmp_path / "runs" / "plain")["execution"]["update"]
    assert (told["changes"], told["persons_moved"]) == (len(left), left["person_id"].n_unique())
    assert "scores.parquet.sealed" in read_manifest(tmp_path / "runs" / "updated")["outputs"]


@settings(max_examples=4, deadline=None)
@given(
    seed=st.integers(0, 10**6), kind=st.sampled_from(["number", "text", "unicode", "force", "beside"]), data=st.data()
)
def test_random_persons_of_random_tables_leave_no_trace(
    tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("random")
    rows = random_rows(np.random.default_rng(seed), 60, 24, text=kind in ("text", "force"), force=kind == "force")
    if kind == "unicode":
        rows = [{**row, "person_id": f"Žofie É {row['person_id']}"} for row in rows]
    config = {**CONFIG, "input": {"person_scope": "force"}} if kind == "force" else CONFIG
    if kind == "beside":
        random = np.random.default_rng(seed)
        tables = {"ties": random_ties(random, 40, 24), "victims": random_victims(random, rows, 20, 24)}
        beside = {name: [write(root / "in" / f"{name}.parquet", of)] for name, of in tables.items()}
        config = {**CONFIG, "ties": KINDS, "input": beside}
    rows = [row for row in rows if kind != "force" or row["force"]]
    suffix = ".csv" if kind == "text" else ".parquet"
    options = replace(OPTIONS, keep_state=kind in ("number", "unicode", "beside"))
    run_features([write(root / "in" / f"a{suffix}", rows)], root / "runs" / "run", config, None, options)
    persons = pl.read_parquet(root / "runs" / "run" / "features.parquet")["person_id"].cast(pl.String).sort().to_list()
    person = data.draw(st.sampled_from(persons))
    assert traces(root / "runs", person, raw=False)
    found = erase(root / "runs", [person], threads=1)
    assert found.left == []
    assert traces(root / "runs", person, raw=kind == "unicode" and len(person) > 12) == []
    left = pl.read_parquet(root / "runs" / "run" / "features.parquet")["person_id"].cast(pl.String).sort().to_list()
    assert left == [other for other in persons if other != person]
