"""``gpunet erase`` beside files of others, damaged ones, and what commands at work or killed ones have left."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from erasing import SENTINEL, make_runs, rows_of, traces
from typer.testing import CliRunner
from updating import write

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.erasure import erase
from gpunet.cli.running import RUN_FILES
from gpunet.governance.retention import erase_due, retained_under
from gpunet.governance.runs_under import held_under
from gpunet.runs.folder import RunFolder
from gpunet.tables import partial_files
from gpunet.tables.partial_files import Partial

OTHER = "P7"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its state, and a panel, from both of which one person was erased."""
    root = make_runs(tmp_path_factory.mktemp("made"), kinds=())
    assert erase(root / "runs", [SENTINEL], threads=1).left == []
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of these runs; the tables of the input are where they were, as they were."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    write(made / "in" / "a.csv", rows_of())
    return tmp_path / "runs"


def test_a_damaged_table_of_others_in_a_run_s_folder_does_not_count(root: Path) -> None:
    (root / "panel" / "mine.parquet").write_bytes(b"PAR1 no table")
    found = erase(root, [OTHER], threads=1)
    assert len(found.done) == 2
    (left,) = found.left
    assert left.startswith("panel/mine.parquet: cannot be looked into")
    (root / "panel" / "mine.parquet").unlink()
    assert traces(root, OTHER, raw=False) == []


@pytest.mark.parametrize("delete", [False, True])
def test_a_damaged_table_of_a_run_keeps_no_other_run_from_being_made_again(root: Path, delete: bool) -> None:
    (root / "panel" / "panel.parquet").write_bytes(b"PAR1 no table")
    found = erase(root, [OTHER], threads=1, delete=delete)
    assert any(line.startswith("kept: gpunet features made again") for line in found.done)
    assert any(line.startswith("panel") for line in found.left)


@pytest.mark.parametrize(
    "text",
    [
        '{"gpunet":"run","outputs":{},"review":null}',
        '{"gpunet":"audit","outputs":{},"audit":null,"input":null}',
        '{"gpunet":"flags","outputs":{},"flags":{"runs":[null,{"folder":3}]},"tables":{"files":[1,{"sha256":"a"}]}}',
        '{"gpunet":"run","outputs":{},"review":[3],"input":{"files":null,"ties":[]},"links":0}',
    ],
)
def test_a_run_json_of_others_ends_nothing(root: Path, text: str) -> None:
    (root / "strange").mkdir()
    (root / "strange" / "run.json").write_text(text)
    found = erase(root, [OTHER], threads=1)
    assert (len(found.done), found.left) == (2, [])


@pytest.mark.parametrize("delete", [False, True])
def test_a_run_json_that_lacks_its_configuration_is_left_and_the_rest_goes_on(root: Path, delete: bool) -> None:
    strange = root / "a strange one"
    shutil.copytree(root / "kept", strange)
    manifest = json.loads((strange / "run.json").read_text())
    del manifest["config"]
    (strange / "run.json").write_text(json.dumps(manifest))
    found = erase(root, [OTHER], threads=1, delete=delete)
    assert len(found.done) == 2
    (left,) = found.left
    assert left.startswith("a strange one: not made again: unexpected KeyError")
    assert (strange / "features.parquet").is_file()


def test_results_beside_a_damaged_run_json_are_left_and_told(root: Path) -> None:
    (root / "kept" / "run.json").write_text("{")
    found = erase(root, [OTHER], threads=1)
    assert [line.split(":")[0] for line in found.done] == ["panel"]
    left = {line.split(":")[0] for line in found.left}
    assert {"kept/features.parquet", "kept/ties.parquet"} <= left
    for name in ("features.parquet", "ties.parquet"):
        assert (root / "kept" / name).is_file()
    assert any("run.json is damaged" in line for line in found.left)


@pytest.mark.parametrize("how", ["another version", "gone"])
def test_a_state_that_cannot_be_used_is_none(root: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unchanged tables make such a run again, without whom it is known to have left out."""
    shutil.rmtree(root / "panel")
    if how == "gone":
        (root / "kept" / "state.arrests").unlink()
    else:
        monkeypatch.setattr("gpunet.updates.earlier.read_state", of_another_version)
    found = erase(root, [OTHER], threads=1)
    assert (len(found.done), found.left) == (1, [])
    for person in (SENTINEL, OTHER):
        assert traces(root, person, raw=False) == []


def of_another_version(*_: object) -> None:
    raise InputError("it is of another version")


def stop_in(run: Path) -> None:
    (run / ".partial").mkdir()
    (run / ".partial" / "scores.parquet").write_bytes(b"PAR1")
    (run / ".partial" / "lock").touch()


def test_what_may_be_at_work_is_told_by_erase_and_retain(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there are no locks, on Windows and some file systems."""
    shutil.rmtree(root / "panel")
    stop_in(root / "kept")
    (root / "a.csv.0123abcd.partial").write_text("half")
    assert [held.kind for held in held_under(root)] == ["run", "stopped"]
    monkeypatch.setattr(partial_files, "_lock", lambda _: None)
    assert [held.kind for held in held_under(root)] == ["run", "maybe at work"]
    found = erase(root, ["NOBODY-1"], threads=1)
    assert found.done == []
    assert [line.split(":")[0] for line in found.left] == ["kept", "a.csv.0123abcd.partial"]
    assert all("cannot be told whether somebody is at work" in line for line in found.left)
    retained = retained_under(root, date.today(), {})
    _, left, _ = erase_due([each for each in retained if each.held.kind != "run"], RUN_FILES)
    assert len(left) == 2
    assert all("cannot be told whether somebody is at work" in line for line in left)
    done = CliRunner().invoke(app, ["retain", str(root), "--apply"])
    assert done.exit_code == 1
    assert "maybe at work" in done.output
    assert (root / "kept" / ".partial" / "scores.parquet").is_file()


def test_what_a_command_at_work_holds_is_passed_over(root: Path) -> None:
    with RunFolder(root / "kept", RUN_FILES) as folder:
        (folder.path / ".partial" / "scores.parquet").write_bytes(b"PAR1")
        assert [held.kind for held in held_under(root / "kept")] == ["run"]


def test_a_half_written_file_is_told_by_whether_somebody_writes_it(root: Path) -> None:
    partial = Partial(root / "a.csv")
    (root / "b.csv.0123abcd.partial").write_text("half")
    (root / "kept" / "c.csv.0123abcd.partial").write_text("half")
    found = erase(root, [OTHER], threads=1)
    partial.close()
    (note,) = [line for line in found.notes if ".partial" in line]
    assert note.startswith(partial.path.name)
    assert "a command is writing it" in note
    outside, in_run = found.left
    assert outside.startswith("b.csv.0123abcd.partial")
    assert "gpunet retain lists it" in outside
    assert in_run.startswith("kept/c.csv.0123abcd.partial")
    assert "delete it by hand" in in_run
    assert json.loads((root / "kept" / "run.json").read_text())["corrections"]["erased_persons"] == 2
