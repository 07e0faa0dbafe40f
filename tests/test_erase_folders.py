"""``gpunet erase`` in folders with tables that gpunet made, notes of users, ended runs, and ids called like others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from erasing import OPTIONS, SENTINEL, make_runs, rows_of, traces
from typer.testing import CliRunner
from updating import CONFIG, write

from gpunet.cli.app import app
from gpunet.cli.erasure import erase
from gpunet.cli.run import run_features
from gpunet.governance import log
from gpunet.tables.files import sha256_of

STATED = {"purpose": "test", "legal_basis": "law", "controller": "force"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forecast, a run with its state, a panel, and flags."""
    return make_runs(tmp_path_factory.mktemp("made"))


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of the forecast; its table is where it was."""
    shutil.copytree(made / "runs" / "run", tmp_path / "runs" / "run")
    return tmp_path / "runs"


def folders(lines: list[str]) -> list[str]:
    return [line.split(":")[0] for line in lines]


def test_tables_that_gpunet_made_are_deleted_and_entered(root: Path, made: Path) -> None:
    run = made / "runs" / "run"
    (model,) = run.glob("model.*")
    words = [
        "score",
        "--model",
        str(model),
        "--features",
        str(run / "features.parquet"),
        "--out",
        str(root / "s.parquet"),
    ]
    assert CliRunner().invoke(app, words).exit_code == 0
    shutil.copy(made / "runs" / "flags" / "flags.parquet", root / "flags.parquet")
    shutil.copy(run / "ties.parquet", root / "run" / "ties of may.parquet")
    pl.read_parquet(root / "s.parquet").write_parquet(root / "mine.parquet")  # somebody else's, with our columns
    hashes = {name: sha256_of(root / name) for name in ("s.parquet", "run/ties of may.parquet")}
    persons = {str(one) for one in pl.read_parquet(root / "flags.parquet")["person_id"]}
    person = SENTINEL if SENTINEL in persons else min(persons)
    found = erase(root, [person], threads=1)
    gone = ["flags.parquet", "s.parquet", "run/ties of may.parquet"]
    assert sorted(folders(found.done)) == sorted(["run", *gone])
    assert not any((root / name).exists() for name in gone)
    assert next(line for line in found.done if line.startswith("s.parquet")).endswith("give its command again")
    assert folders(found.left) == ["mine.parquet"]
    entered = [of["object_sha256"] for of in log.entries(root / "log.jsonl") if of["operation"] == "erasure"]
    assert set(hashes.values()) <= set(entered)
    assert log.check(root / "log.jsonl") == []


def test_pseudonymised_tables_and_links_are_told_and_stay(tmp_path: Path) -> None:
    from gpunet.tables.parquet import write_parquet

    of = {"person_a": [SENTINEL], "person_b": ["P1"]}
    write_parquet(tmp_path / "links.parquet", pl.DataFrame(of), {"governance": STATED, "links": {}})
    told = {"governance": STATED, "pseudonyms": {"fingerprint": "a", "domain": "d", "kind": "ties"}}
    write_parquet(tmp_path / "shared.parquet", pl.DataFrame(of), told)
    found = erase(tmp_path, [SENTINEL], threads=1)
    assert (found.done, folders(found.left)) == ([], ["links.parquet", "shared.parquet"])


def test_a_note_in_a_run_does_not_decide_whether_it_is_made_again(root: Path) -> None:
    notes = root / "run" / "notes.txt"
    notes.write_text(f"about {SENTINEL}")
    first, second = (erase(root, [SENTINEL], threads=1) for _ in range(2))
    assert (folders(first.done), folders(first.left)) == (["run"], ["run/notes.txt"])
    assert (second.done, folders(second.left)) == ([], ["run/notes.txt"])
    assert notes.read_text() == f"about {SENTINEL}"


#: Ids, and what else is called so.
CALLED = {"sha256": "a key of run.json", "gang-77-of-it": "a gang", "theft 99": "an offence"}


@pytest.mark.parametrize("person", CALLED)
def test_an_id_that_something_else_is_called_by_can_be_erased(tmp_path: Path, person: str) -> None:
    rows = [
        {
            **row,
            "gang": "gang-77-of-it" if i % 5 == 0 else row["gang"],
            "offence": "theft 99" if i % 7 == 0 else row["offence"],
        }
        for i, row in enumerate(rows_of(rename=person))
        if row["date"] not in ("bad", "never")
    ]
    inputs = [write(tmp_path / "in" / "a.csv", rows)]
    run_features(inputs, tmp_path / "runs" / "run", CONFIG, None, OPTIONS)
    other = shutil.copytree(tmp_path / "runs", tmp_path / "other")
    found = erase(tmp_path / "runs", [person], delete=True, threads=1)
    assert (folders(found.done), found.left) == (["run"], [])
    assert traces(tmp_path / "runs", person, raw=False) == []
    (note,) = [line for line in found.notes if line.startswith("run: something else is called as the id is")]
    where = {"sha256": "run.json", "gang-77-of-it": "column gang", "theft 99": "column text of offences.parquet"}
    assert where[person] in note
    clean = [write(tmp_path / "without" / "a.csv", [row for row in rows if row["person_id"] != person])]
    run_features(clean, tmp_path / "hand", CONFIG, None, OPTIONS)
    for path in (tmp_path / "hand").glob("*.parquet"):
        assert sha256_of(path) == sha256_of(tmp_path / "runs" / "run" / path.name), path
    again = CliRunner().invoke(app, ["erase", str(tmp_path / "runs"), "--person", person, "--delete", "--threads", "1"])
    assert "no run, checkpoint or package holds this id" in str(again.exception)
    assert (tmp_path / "runs" / "run" / "features.parquet").is_file()
    assert erase(other, ["gang-77-of-no"], delete=True, threads=1).done == []


def test_what_a_run_that_still_holds_the_person_has_and_where_is_said(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gpunet.cli import erasure

    def with_the_person(held: Any, out: Path, how: Any) -> Any:
        found = erasure_remade(held, out, how)
        shutil.copy(held.path / "ties.parquet", out / "ties.parquet")
        return found

    erasure_remade = erasure.remade
    monkeypatch.setattr(erasure, "remade", with_the_person)
    (why,) = erase(root, [SENTINEL], threads=1).left
    assert "made again, it still holds the person: column person_" in why
    assert "of ties.parquet" in why


@pytest.mark.parametrize("delete", [False, True])
def test_runs_past_their_day_are_left_to_retain(tmp_path: Path, delete: bool) -> None:
    inputs = [write(tmp_path / "in" / "a.csv", rows_of())]
    config = {**CONFIG, "governance": {**STATED, "retain_until": "2020-01-31"}}
    run_features(inputs, tmp_path / "runs" / "run", config, None, OPTIONS)
    before = sha256_of(tmp_path / "runs" / "run" / "run.json")
    found = erase(tmp_path / "runs", [SENTINEL], delete=delete, threads=1)
    (line,) = found.done if delete else found.left
    assert "it was to be kept until 2020-01-31 and no longer: give gpunet retain with --apply" in line
    assert (tmp_path / "runs" / "run").exists() != delete
    assert delete or sha256_of(tmp_path / "runs" / "run" / "run.json") == before


def test_a_run_that_is_half_deleted_does_not_come_back(root: Path) -> None:
    (root / "run" / "features.parquet").unlink()
    found = erase(root, [SENTINEL], threads=1)
    assert found.done == []
    assert "features.parquet of it is gone, as where gpunet retain --apply was stopped" in found.left[0]
    assert not (root / "run" / "features.parquet").exists()
    assert json.loads((root / "run" / "run.json").read_text())["outputs"]["features.parquet"]
