"""``gpunet erase``: what it reaches beside complete runs, what it cannot, and where it was killed."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from erasing import OPTIONS, SENTINEL, make_runs, rows_of, traces
from typer.testing import CliRunner
from updating import CONFIG, write

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.commands.erase import inputs_told
from gpunet.cli.erasure import erase
from gpunet.cli.run import run_features
from gpunet.cli.running import RUN_FILES
from gpunet.governance import replacing
from gpunet.governance.log import entries
from gpunet.governance.traces import Unreadable, held_in, tables_in
from gpunet.governance.wanted import Wanted
from gpunet.runs.checkpoint_file import Contents, write_contents
from gpunet.runs.folder import RunFolder
from gpunet.runs.kept_state import read_state
from gpunet.runs.stages import Run
from gpunet.tables.files import sha256_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its state, and a panel."""
    return make_runs(tmp_path_factory.mktemp("made"), kinds=("kept", "panel"))


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of these runs; the tables of the input are where they were."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    return tmp_path / "runs"


def test_what_cannot_be_reached_is_told_and_deleted_if_asked(root: Path, made: Path, tmp_path: Path) -> None:
    frame = pl.DataFrame(rows_of())
    run_features(frame, root / "frames", CONFIG, None, OPTIONS)
    shutil.rmtree(root / "panel")
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


def test_names_of_folders_are_traces_and_no_message_has_the_id(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "panel")
    (root / "kept").rename(root / f"run-{SENTINEL}")
    (root / f"of {SENTINEL}").mkdir()
    asked = ["erase", str(root), "--person", SENTINEL, "--threads", "1"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 1
    assert SENTINEL not in done.output
    assert "run-[id]: making gpunet features again" in done.output
    assert "run-[id]: gpunet features made again without the person" in " ".join(done.output.split())
    for name in ("run-[id]", "of [id]"):
        assert f"left       {name}: its name has the id: call it otherwise" in done.stdout
    (root / f"run-{SENTINEL}").rename(root / "run")
    (root / f"of {SENTINEL}").rmdir()
    again = CliRunner().invoke(app, asked)
    assert again.stdout == ""  # all was erased: nothing holds the id, nor has it in its name
    assert isinstance(again.exception, InputError)
    assert "unless it was erased before" in str(again.exception)


def test_tables_that_have_changed_are_found_elsewhere(root: Path, made: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "kept")
    moved = tmp_path / "moved.csv"
    shutil.copy(made / "in" / "a.csv", moved)
    manifest = json.loads((root / "panel" / "run.json").read_text())
    manifest["input"]["files"][0]["name"] = str(tmp_path / "gone.csv")
    (root / "panel" / "run.json").write_text(json.dumps(manifest))
    found = erase(root, [SENTINEL], threads=1)
    assert len(found.left) == 1
    assert "--input" in found.left[0]
    assert erase(root, [SENTINEL], [str(moved)], threads=1).left == []
    assert traces(root, SENTINEL, raw=True) == []


def test_what_was_kept_of_reading_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / "panel")
    read: list[Path] = []

    def counted(path: Path, *given: Any) -> Any:
        read.append(path)
        return read_state(path, *given)

    monkeypatch.setattr("gpunet.updates.earlier.read_state", counted)
    assert erase(root, [SENTINEL], threads=1).left == []
    assert [path.parent.name for path in read] == ["kept"]


def test_packages_and_cards_are_deleted(root: Path) -> None:
    shutil.rmtree(root / "panel")
    with zipfile.ZipFile(root / "a.zip", "w") as package:
        for name in ("ro-crate-metadata.json", "signature.dsse.json"):
            package.writestr(name, "{}")
        package.write(root / "kept" / "run.json", "run/run.json")
        package.write(root / "kept" / "state.arrests", "run/state.arrests")
    head = '<meta name="generator" content="gpunet 1"><title>Card of one score: person "{}"</title>{}'
    (root / "card.html").write_text(head.format(SENTINEL, ""))
    (root / "tied.html").write_text(head.format("P1", f"<td>{SENTINEL}</td>"))
    (root / "other.html").write_text(head.format("P1", "<td>P2</td>"))
    found = erase(root, [SENTINEL], threads=1)
    assert found.left == []
    assert traces(root, SENTINEL, raw=True) == []
    assert (root / "other.html").is_file()
    assert not any((root / name).exists() for name in ("a.zip", "card.html", "tied.html"))


class Stopped(BaseException):
    """Ends a run as a signal does."""


def unfinished(made: Path, out: Path, stage: str, **options: Any) -> Path:
    """A run that is stopped in a method of its class, where everything is kept."""

    def stop(*_: Any) -> None:
        raise Stopped

    asked = replace(OPTIONS, checkpoint_seconds=0, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, stage, stop)
        with pytest.raises(Stopped):
            run_features([str(made / "in" / "a.csv")], out, CONFIG, None, asked)
    return out / ".partial" / "checkpoints"


def test_checkpoints_that_hold_the_person_go(made: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        unfinished(made, tmp_path / name, "write_features")
    unfinished(made, tmp_path / "state", "write_features", keep_state=True)
    assert not (tmp_path / "state" / ".partial" / "checkpoints" / "arrests.checkpoint").exists()
    assert len(traces(tmp_path, SENTINEL, raw=True)) == 5
    before = {path: sha256_of(path) for path in tmp_path.rglob("*") if path.is_file()}
    assert erase(tmp_path, ["NOBODY-1"], threads=1).done == []
    assert {path: sha256_of(path) for path in tmp_path.rglob("*") if path.is_file()} == before
    found = erase(tmp_path, [SENTINEL], threads=1)
    assert (len(found.done), found.unknown) == (3, 0)
    assert traces(tmp_path, SENTINEL, raw=True) == []


@pytest.mark.parametrize("of", ["numbers alone", "what is damaged", "half a file", "links"])
def test_checkpoints_that_do_not_tell_go_where_the_person_is_known(made: Path, tmp_path: Path, of: str) -> None:
    place = unfinished(made, tmp_path / "runs" / "run", "write_features", keep_state=True)
    if of == "numbers alone":
        (place / "features.checkpoint").unlink()
        write_contents(place / "features-sums.checkpoint", Contents(arrays={"sums": np.zeros(3)}))
    elif of == "what is damaged":
        (place / "features.checkpoint").write_bytes(b"gpunet checkpoint")
    elif of == "half a file":
        (place / "features.checkpoint").rename(place / "features.checkpoint.0123abcd.partial")
    else:
        request = json.loads((place / "request.json").read_text())
        request["config"].setdefault("input", {})["person_links"] = ["links.csv"]
        (place / "request.json").write_text(json.dumps(request))
    before = {path: sha256_of(path) for path in tmp_path.rglob("*") if path.is_file()}
    done = CliRunner().invoke(app, ["erase", str(tmp_path / "runs"), "--person", "NOBODY-1", "--threads", "1"])
    assert isinstance(done.exception, InputError)  # exit code 2
    assert "its checkpoints do not tell whom they hold, and are left" in " ".join(done.stdout.split())
    assert {path: sha256_of(path) for path in tmp_path.rglob("*") if path.is_file()} == before
    shutil.copytree(made / "runs" / "kept", tmp_path / "runs" / "kept")
    done = CliRunner().invoke(app, ["erase", str(tmp_path / "runs"), "--person", SENTINEL, "--threads", "1"])
    assert done.exit_code == 0, done.output
    is_told = of == "links"  # for this person is in them
    told = "its checkpoints are deleted" if is_told else "its checkpoints do not tell whom they hold and are deleted"
    assert f"run: {told}" in " ".join(done.stdout.split())
    assert list(tmp_path.rglob("*.checkpoint*")) == []
    erasures = [entry for entry in entries(tmp_path / "runs" / "log.jsonl") if entry["operation"] == "erasure"]
    assert [entry["persons"] for entry in erasures] == [1 if is_told else None, 1]


def test_an_id_that_nobody_has_is_no_duty_done(root: Path, made: Path) -> None:
    unfinished(made, root / "begun", "write_features")
    (root / "notes.txt").write_text("7777")
    before = {path: sha256_of(path) for path in root.rglob("*") if path.is_file()}
    for person in ("NOBODY-1", "7777"):
        done = CliRunner().invoke(app, ["erase", str(root), "--person", person, "--threads", "1"])
        assert isinstance(done.exception, InputError)
        assert str(done.exception).startswith("no run, checkpoint or package holds this id: look whether it is written")
        assert "erased" not in done.output
        assert {path: sha256_of(path) for path in root.rglob("*") if path.is_file()} == before


def test_of_several_ids_those_that_nobody_has_are_counted(root: Path) -> None:
    shutil.rmtree(root / "panel")
    words = ["erase", str(root), "--person", SENTINEL, "--person", "NOBODY-1", "--threads", "1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "is known to hold 1 of the 2 ids: look whether all are written right" in " ".join(done.stdout.split())
    assert SENTINEL not in done.output
    assert "NOBODY" not in done.output


def test_of_several_ids_every_file_is_looked_into_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / "panel")
    looked: list[Path] = []

    def counted(path: Path, *given: Any) -> Any:
        looked.append(path)
        return tables_in(path, *given)

    monkeypatch.setattr("gpunet.governance.traces.tables_in", counted)
    sure, digits = Wanted(frozenset({SENTINEL, "P1", "P2", "NOBODY-1"})), Wanted(frozenset({SENTINEL, "12"}))
    files = sorted(path for path in (root / "kept").iterdir() if path.is_file())
    assert held_in(files, sure) == {SENTINEL, "P1", "P2"}
    assert looked == files
    assert held_in(files, digits) == {SENTINEL}


def test_a_file_that_cannot_be_looked_into_hides_nobody_who_was_found(root: Path) -> None:
    damaged, table = root / "damaged.parquet", root / "kept" / "ties.parquet"
    damaged.write_bytes(b"PAR1")
    assert held_in([table, damaged], Wanted(frozenset({"P1", "NOBODY-1"}))) == {"P1"}
    with pytest.raises(Unreadable):
        held_in([damaged, table], Wanted(frozenset({"P1", "NOBODY-1"})))


def test_an_id_of_digits_beside_does_not_hide_another(tmp_path: Path) -> None:
    (tmp_path / f"of {SENTINEL}").mkdir()
    (tmp_path / "notes.txt").write_text(f"about {SENTINEL}")
    (tmp_path / "case.txt").write_text("case 40213")
    done = CliRunner().invoke(app, ["erase", str(tmp_path), "--person", SENTINEL, "--person", "40213"])
    said = " ".join(done.stdout.split())
    assert "left of [id]: its name has the id: call it otherwise" in said
    assert "left notes.txt: is not of a run, and holds the person" in said
    assert "note case.txt: is not of a run, and has what may be the id: look at it" in said
    assert SENTINEL not in done.output


@pytest.mark.parametrize("moment", ["new not finished", "new complete", "old renamed", "both renamed", "old half gone"])
def test_a_kill_at_any_moment_is_gone_on_from(root: Path, moment: str) -> None:
    shutil.rmtree(root / "panel")
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
    found = erase(root, [SENTINEL], threads=1)
    assert (len(found.done), found.left) == (1, [])
    assert traces(root, SENTINEL, raw=True) == []


def test_a_run_at_work_or_changed_is_left(root: Path) -> None:
    shutil.rmtree(root / "panel")
    with RunFolder(root / "kept", RUN_FILES):
        found = erase(root, [SENTINEL], threads=1)
    assert "a run is at work" in found.left[0]
    (root / "kept" / "ties.parquet").write_bytes(b"PAR1")
    found = erase(root, [SENTINEL], threads=1)
    assert found.left
    assert (root / "kept" / "features.parquet").is_file()


def test_who_is_not_there(tmp_path: Path, root: Path) -> None:
    done = CliRunner().invoke(app, ["erase", str(root), "--person", "NOBODY-123"])
    assert isinstance(done.exception, InputError)
    assert "NOBODY" not in f"{done.output}{done.exception}"
    with pytest.raises(InputError, match="not there"):
        erase(tmp_path / "none", [SENTINEL])
    with pytest.raises(InputError, match="empty"):
        erase(tmp_path, [" "])


TEXTS = {
    "table.csv": "days,Person_ID\n40213,1\n7,40213\n",
    "semicolons.txt": '\ufeff"person_a";"person_b"\n1;40213\n',
    "ids.csv": "gang,person_ids\nreds,1 40213 7\n",
    "lines.jsonl": '{"person_id": 1}\n{"person_id": 40213}\n',
    "answer.json": '{"tables": {"ties": [{"person_b": "40213"}]}}',
}
OTHER_TEXTS = {
    "days.csv": "days,person_id\n40213,402130\n",
    "notes.txt": "case 40213 of last year",
    "days.json": '{"days": 40213, "person_id": 1}',
}


@pytest.mark.parametrize("name", [*TEXTS, *OTHER_TEXTS])
def test_an_id_of_digits_in_a_column_of_persons_is_certain_and_elsewhere_a_note(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text({**TEXTS, **OTHER_TEXTS}[name])
    done = CliRunner().invoke(app, ["erase", str(tmp_path), "--person", "40213"])
    assert isinstance(done.exception, SystemExit if name in TEXTS else InputError), done.output
    said = "holds the person" if name in TEXTS else "has what may be the id"
    assert said in " ".join(done.stdout.split())
    assert "40213" not in done.output


def test_exports_of_a_run_whose_ids_are_digits(tmp_path: Path) -> None:
    rows = [{**row, "person_id": 50_000 + int(row["person_id"][1:])} for row in rows_of(rename="P5")]
    run_features([write(tmp_path / "a.csv", rows)], tmp_path / "runs" / "run", CONFIG, None, OPTIONS)
    for words in (["show", "RUN", "features", "--csv", "X"], ["subject", "RUN", "--person", "50005", "--out", "Y"]):
        places = {"RUN": tmp_path / "runs" / "run", "X": tmp_path / "runs" / "x.csv", "Y": tmp_path / "runs" / "y.json"}
        done = CliRunner().invoke(app, [str(places.get(word, word)) for word in words])
        assert done.exit_code == 0, done.output
    done = CliRunner().invoke(app, ["erase", str(tmp_path / "runs"), "--person", "50005", "--threads", "1"])
    assert done.exit_code == 1
    for name in ("x.csv", "y.json"):
        assert f"{name}: is not of a run, and holds the person" in " ".join(done.stdout.split())


def test_few_of_many_tables_are_named() -> None:
    told = inputs_told([f"in/{i}.csv" for i in range(111)])
    assert told.count(".csv") == 5
    assert "111 tables of the runs still hold the person; remove the rows there" in told
    assert told.endswith("... and 106 more")
    assert "more" not in inputs_told(["in/1.csv"])
