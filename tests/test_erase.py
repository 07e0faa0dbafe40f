"""``gpunet erase``: no trace of a person in any file, and the run as if the person had never been read."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from erasing import traces
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from updating import CONFIG, random_rows, write

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.erasure import erase
from gpunet.cli.flags import run_flags
from gpunet.cli.panels import run_panel
from gpunet.cli.reports import write_report
from gpunet.cli.run import run_features, run_forecast
from gpunet.cli.running import RUN_FILES
from gpunet.governance import log, replacing
from gpunet.governance.runs_under import held_under
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import RunFolder
from gpunet.runs.run_options import RunOptions
from gpunet.tables.files import sha256_of

OPTIONS = RunOptions(threads=1)
SENTINEL = "P-SENTINEL-77"
PANEL: dict[str, Any] = {
    "panel": {"start": "2013-06-01", "end": "2013-12-01", "every": "3mo", "horizon_days": 60, "verify": 1}
}


def rows_of(seed: int = 3, rename: str = SENTINEL) -> list[dict[str, Any]]:
    """Rows of which some are rejected, with one person of a telling id."""
    rows = random_rows(np.random.default_rng(seed), 300, 40, text=True, gang=True, beat=True)
    rows = [{**row, "person_id": rename if row["person_id"] == "P5" else row["person_id"]} for row in rows]
    return [*rows, {**rows[0], "date": "never"}, {**rows[0], "person_id": rename, "date": "bad"}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a run with its report, one with its state, a panel, and flags."""
    root = tmp_path_factory.mktemp("made")
    write(root / "in" / "a.csv", rows_of())
    inputs = [str(root / "in" / "a.csv")]
    run_forecast(inputs, root / "runs" / "run", CONFIG, None, OPTIONS)
    write_report(root / "runs" / "run")
    run_features(inputs, root / "runs" / "kept", CONFIG, None, replace(OPTIONS, keep_state=True))
    run_panel(inputs, root / "runs" / "panel", {**CONFIG, **PANEL}, None, OPTIONS)
    run_flags([root / "runs" / "run"], root / "runs" / "flags", None, (), OPTIONS)
    return root


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
    return root, erase(root, SENTINEL, threads=1)


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
    again = erase(root, SENTINEL, threads=1)
    assert (again.done, again.left, again.notes) == ([], [], [])


def test_what_cannot_be_reached_is_told_and_deleted_if_asked(root: Path, made: Path, tmp_path: Path) -> None:
    frame = pl.DataFrame(rows_of())
    run_features(frame, root / "frames", CONFIG, None, OPTIONS)
    for name in ("run", "panel", "flags"):
        shutil.rmtree(root / name)
    (root / "mine.csv").write_text(f"person_id\n{SENTINEL}\n")
    pl.DataFrame({"who": ["x", f"about {SENTINEL}"]}).write_parquet(root / "other.parquet")
    done = CliRunner().invoke(app, ["erase", str(root), "--person", SENTINEL, "--threads", "1"])
    assert done.exit_code == 1
    assert "frames: not made again: it was made of data frames" in " ".join(done.stdout.split())
    assert "mine.csv: is not of a run" in done.stdout
    assert "other.parquet: is not of a run" in done.stdout
    assert SENTINEL not in done.output
    (root / "mine.csv").unlink()
    (root / "other.parquet").unlink()
    done = CliRunner().invoke(app, ["erase", str(root), "--person", SENTINEL, "--delete", "--threads", "1"])
    assert done.exit_code == 0, done.output
    assert not (root / "frames").exists()
    assert traces(root, SENTINEL, raw=True) == []


def test_tables_that_have_changed_are_found_elsewhere(root: Path, made: Path, tmp_path: Path) -> None:
    for name in ("kept", "flags"):
        shutil.rmtree(root / name)
    shutil.rmtree(root / "run")
    moved = tmp_path / "moved.csv"
    shutil.copy(made / "in" / "a.csv", moved)
    manifest = json.loads((root / "panel" / "run.json").read_text())
    manifest["input"]["files"][0]["name"] = str(tmp_path / "gone.csv")
    (root / "panel" / "run.json").write_text(json.dumps(manifest))
    found = erase(root, SENTINEL, threads=1)
    assert len(found.left) == 1
    assert "--input" in found.left[0]
    assert erase(root, SENTINEL, [str(moved)], threads=1).left == []
    assert traces(root, SENTINEL, raw=True) == []


def test_packages_and_cards_are_deleted(root: Path) -> None:
    for name in ("run", "panel", "flags"):
        shutil.rmtree(root / name)
    with zipfile.ZipFile(root / "a.zip", "w") as package:
        for name in ("ro-crate-metadata.json", "signature.dsse.json"):
            package.writestr(name, "{}")
        package.write(root / "kept" / "run.json", "run/run.json")
        package.write(root / "kept" / "state.arrests", "run/state.arrests")
    head = '<meta name="generator" content="gpunet 1"><title>Card of one score: person "{}"</title>{}'
    (root / "card.html").write_text(head.format(SENTINEL, ""))
    (root / "tied.html").write_text(head.format("P1", f"<td>{SENTINEL}</td>"))
    (root / "other.html").write_text(head.format("P1", "<td>P2</td>"))
    found = erase(root, SENTINEL, threads=1)
    assert found.left == []
    assert traces(root, SENTINEL, raw=True) == []
    assert (root / "other.html").is_file()
    assert not any((root / name).exists() for name in ("a.zip", "card.html", "tied.html"))


def test_checkpoints_that_hold_the_person_go(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(BaseException):
        pass

    def stop(*_: Any) -> None:
        raise Stopped

    monkeypatch.setattr("gpunet.runs.stages.Run.write_features", stop)
    asked = replace(OPTIONS, checkpoint_seconds=0)
    for name in ("one", "two"):
        with pytest.raises(Stopped):
            run_features([str(made / "in" / "a.csv")], tmp_path / name, CONFIG, None, asked)
    assert len(traces(tmp_path, SENTINEL, raw=True)) == 4
    found = erase(tmp_path, SENTINEL, threads=1)
    assert len(found.done) == 2
    assert traces(tmp_path, SENTINEL, raw=True) == []
    assert erase(tmp_path, "NOBODY-1", threads=1).done == []


@pytest.mark.parametrize("moment", ["new not finished", "new complete", "old renamed", "both renamed", "old half gone"])
def test_a_kill_at_any_moment_is_gone_on_from(root: Path, moment: str) -> None:
    for name in ("run", "panel", "flags"):
        shutil.rmtree(root / name)
    kept = root / "kept"
    new, old = root / ".kept.erasing", root / ".kept.erased"
    before = sha256_of(kept / "features.parquet")
    shutil.copytree(kept, new)  # which stands for the run made again
    if moment == "new not finished":
        (new / "run.json").unlink()
        (new / ".partial").mkdir()
        (new / ".partial" / "run.json").write_bytes((kept / "run.json").read_bytes())
    if moment in ("old renamed", "both renamed", "old half gone"):
        kept.rename(old)
    if moment in ("both renamed", "old half gone"):
        new.rename(kept)
    if moment == "old half gone":
        (old / "features.parquet").unlink()
        (old / "mine.txt").write_text("mine")
    assert replacing.recover(root, RUN_FILES) == []
    assert [path.name for path in root.iterdir()] == ["kept"]
    assert sha256_of(kept / "features.parquet") == before
    assert (kept / "mine.txt").exists() == (moment == "old half gone")
    found = erase(root, SENTINEL, threads=1)
    assert (len(found.done), found.left) == (1, [])
    assert traces(root, SENTINEL, raw=True) == []


def test_a_run_at_work_or_changed_is_left(root: Path) -> None:
    for name in ("run", "panel", "flags"):
        shutil.rmtree(root / name)
    with RunFolder(root / "kept", RUN_FILES):
        found = erase(root, SENTINEL, threads=1)
    assert "a run is at work" in found.left[0]
    (root / "kept" / "ties.parquet").write_bytes(b"PAR1")
    found = erase(root, SENTINEL, threads=1)
    assert found.left
    assert (root / "kept" / "features.parquet").is_file()


def test_who_is_not_there(tmp_path: Path, root: Path) -> None:
    done = CliRunner().invoke(app, ["erase", str(root), "--person", "NOBODY-123"])
    assert done.exit_code == 0
    assert "holds this person" in done.stdout
    assert "NOBODY" not in done.output
    with pytest.raises(InputError, match="not there"):
        erase(tmp_path / "none", SENTINEL)
    with pytest.raises(InputError, match="empty"):
        erase(tmp_path, " ")


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["number", "text", "unicode", "force"]), data=st.data())
def test_random_persons_of_random_tables_leave_no_trace(
    tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("random")
    rows = random_rows(np.random.default_rng(seed), 60, 24, text=kind in ("text", "force"), force=kind == "force")
    if kind == "unicode":
        rows = [{**row, "person_id": f"Žofie É {row['person_id']}"} for row in rows]
    config = {**CONFIG, "input": {"person_scope": "force"}} if kind == "force" else CONFIG
    rows = [row for row in rows if kind != "force" or row["force"]]
    suffix = ".csv" if kind == "text" else ".parquet"
    options = replace(OPTIONS, keep_state=kind in ("number", "unicode"))
    run_features([write(root / "in" / f"a{suffix}", rows)], root / "runs" / "run", config, None, options)
    persons = pl.read_parquet(root / "runs" / "run" / "features.parquet")["person_id"].cast(pl.String).sort().to_list()
    person = data.draw(st.sampled_from(persons))
    assert traces(root / "runs", person, raw=False)
    found = erase(root / "runs", person, threads=1)
    assert found.left == []
    assert traces(root / "runs", person, raw=kind == "unicode" and len(person) > 12) == []
    left = pl.read_parquet(root / "runs" / "run" / "features.parquet")["person_id"].cast(pl.String).sort().to_list()
    assert left == [other for other in persons if other != person]
