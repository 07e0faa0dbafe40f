"""``gpunet erase`` in a folder with results of several commands, and of a run whose scores were reviewed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from erasing import OPTIONS, PANEL, SENTINEL, rows_of, traces
from typer.testing import CliRunner
from updating import CONFIG, write

from gpunet.cli.app import app
from gpunet.cli.audits import run_audit
from gpunet.cli.erasure import erase
from gpunet.cli.evaluations import run_known
from gpunet.cli.panels import run_panel
from gpunet.cli.places import run_places
from gpunet.cli.run import run_forecast
from gpunet.runs.complete import read_manifest
from gpunet.tables.files import sha256_of

AUDIT = {"audit": {"folds": 2, "min_persons": 3}}
KNOWN = {
    "violent_offences": {"homicide": ["murder*"]},
    "evaluate": {"folds": 3, "classifiers": ["naive_bayes"], "smote": False, "bootstrap": 10},
}
STATED = {"purpose": "test", "legal_basis": "law", "controller": "force", "reviewer": "A. Reviewer"}


def make_all(root: Path, rows: list[dict[str, object]]) -> Path:
    """A forecast with its audit, a panel, places and an evaluation of one table."""
    inputs = [write(root / "in" / "a.csv", rows)]
    runs = root / "runs"
    run_forecast(inputs, runs / "run", {**CONFIG, **AUDIT}, None, OPTIONS)
    ids = sorted({str(row["person_id"]) for row in rows} - {SENTINEL})
    sexes = pl.DataFrame({"person_id": ids, "sex": [("f", "m")[i % 2] for i in range(len(ids))]})
    sexes.write_csv(root / "in" / "attributes.csv")
    run_audit(runs / "run", root / "in" / "attributes.csv", ["sex"], runs / "audit", None, OPTIONS)
    run_panel(inputs, runs / "panel", {**CONFIG, **PANEL}, None, OPTIONS)
    run_known(inputs, runs / "known", {**CONFIG, **KNOWN}, None, OPTIONS)
    run_places(inputs, runs / "places", {**CONFIG, "places": {"every": "3mo", "rounds": 3}}, None, OPTIONS)
    return runs


def tables(runs: Path) -> dict[str, str]:
    found = [path for path in sorted(runs.rglob("*.parquet")) if not path.name.startswith("rejected")]
    return {path.relative_to(runs).as_posix(): sha256_of(path) for path in found}


def test_everything_made_of_one_table_is_made_again(tmp_path: Path) -> None:
    runs = make_all(tmp_path / "with", rows_of())
    before = tables(runs)
    found = erase(runs, [SENTINEL], threads=1)
    assert (found.left, found.notes) == ([], [])
    assert [line.split(":")[0] for line in found.done] == ["known", "panel", "places", "run", "audit"]
    assert traces(runs, SENTINEL, raw=True) == []
    told = read_manifest(runs / "audit")["audit"]["run"]
    assert told["run_json_sha256"] == sha256_of(runs / "run" / "run.json")
    clean = make_all(tmp_path / "without", [row for row in rows_of() if row["person_id"] != SENTINEL])
    assert tables(runs) == tables(clean) != before
    write(tmp_path / "with" / "in" / "a.csv", [row for row in rows_of() if row["person_id"] != SENTINEL])
    found = erase(runs, ["P7"], threads=1)
    assert (found.left, found.notes) == ([], [])
    assert [line.split(":")[0] for line in found.done] == ["known", "panel", "run", "audit"]  # places name nobody
    assert traces(runs, "P7", raw=False) == []


def test_scores_that_a_review_had_opened_are_sealed_again_and_that_is_told(tmp_path: Path) -> None:
    config = {**CONFIG, "governance": {**STATED, "person_scores": "reviewed"}}
    run = tmp_path / "runs" / "run"
    run_forecast([write(tmp_path / "in" / "a.csv", rows_of())], run, config, None, OPTIONS)
    words = ["review", str(run), "--by", "A. Reviewer", "--decision", "approve", "--note", "looked at"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert (run / "scores.parquet").is_file()
    found = erase(tmp_path / "runs", [SENTINEL], threads=1)
    assert "the scores that a review had opened are sealed again" in found.done[0]
    assert not (run / "scores.parquet").exists()
    assert (run / "scores.parquet.sealed").is_file()
    assert found.left == []
    assert "sealed again" not in erase(tmp_path / "runs", [SENTINEL, "P7"], threads=1).done[0]


def test_who_was_in_rejected_rows_alone_does_not_come_back(tmp_path: Path) -> None:
    rows = [row for row in rows_of() if row["person_id"] != SENTINEL]
    bad = {name: {**rows[0], "person_id": f"P-{name}-77", "date": "bad"} for name in ("ONE", "TWO")}
    inputs = [write(tmp_path / "in" / "a.csv", [*rows, *bad.values()])]
    run_places(inputs, tmp_path / "runs" / "places", {**CONFIG, "places": {"every": "3mo", "rounds": 3}}, None, OPTIONS)
    first, second = (row["person_id"] for row in bad.values())
    assert erase(tmp_path / "runs", [first], threads=1).left == []
    write(tmp_path / "in" / "a.csv", [*rows, bad["ONE"]])  # the wrong row
    assert "other rows are rejected" in erase(tmp_path / "runs", [second], threads=1).left[0]
    write(tmp_path / "in" / "a.csv", [*rows, bad["TWO"]])
    assert erase(tmp_path / "runs", [second], threads=1).left == []
    for person in (first, second):
        assert traces(tmp_path / "runs", person, raw=True) == []


@pytest.mark.parametrize("how", ["of its columns", "of other fields"])
def test_rejected_rows_of_several_go_one_after_another(tmp_path: Path, how: str) -> None:
    table = tmp_path / "in" / "a.csv"
    write(table, [row for row in rows_of() if row["person_id"] != SENTINEL])
    with table.open("a") as lines:
        for person in ("P-ONE-77", "P-TWO-77"):
            lines.write(f"{person},77,bad,theft\n" if how == "of its columns" else f"1,2,3,4,5,6,7,8,{person}\n")
    config = {**CONFIG, "places": {"every": "3mo", "rounds": 3}}
    run_places([str(table)], tmp_path / "runs" / "places", config, None, OPTIONS)
    for person in ("P-ONE-77", "P-TWO-77"):
        assert traces(tmp_path / "runs", person, raw=True) == ["places/rejected.parquet"]
        assert erase(tmp_path / "runs", [person], threads=1).left == []
    assert traces(tmp_path / "runs", "-77", raw=True) == []
