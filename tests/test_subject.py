"""``gpunet subject``: every row about a person, nobody else's id, and a file for its owner alone."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from erasing import all_values
from typer.testing import CliRunner
from updating import CONFIG, OFFENCES, random_rows, write

from gpunet.cli.app import app
from gpunet.cli.flags import run_flags
from gpunet.cli.run import run_forecast
from gpunet.cli.subjects import subject_access
from gpunet.governance import log
from gpunet.runs.run_options import RunOptions
from gpunet.tables.files import sha256_of

OPTIONS = RunOptions(threads=1)
PERSON = "ID-00005"
GIVEN = {"purpose": "test", "legal_basis": "law", "controller": "force", "retain_until": "2090-01-31"}


def rows() -> list[dict[str, Any]]:
    found = random_rows(np.random.default_rng(3), 300, 40, gang=True, beat=True)
    found = [{**row, "person_id": f"ID-{row['person_id']:05d}"} for row in found]
    return [*found, {**found[0], "person_id": PERSON, "date": "bad"}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    inputs = [write(root / "in" / "a.csv", rows())]
    run_forecast(inputs, root / "run", {**CONFIG, "governance": GIVEN}, None, OPTIONS)
    sealed = {**GIVEN, "person_scores": "reviewed", "reviewer": "A. Reviewer"}
    run_forecast(inputs, root / "sealed", {**CONFIG, "governance": sealed}, None, OPTIONS)
    run_flags([root / "run"], root / "flags", None, (), OPTIONS)
    return root


def test_all_rows_about_the_person_are_there_and_no_other_id(made: Path) -> None:
    found = subject_access(made / "run", PERSON)
    for path in sorted((made / "run").glob("*.parquet")):
        about = [row for row in all_values(path) if PERSON in map(str, row.values())]
        there = [{}] if path.stem == "features" else found["tables"].get(path.stem, [])
        assert len(there) == len(about), path
    features = {entry["column"]: entry for entry in found["features"]}
    (row,) = [row for row in all_values(made / "run" / "features.parquet") if row["person_id"] == PERSON]
    assert {name: entry["value"] for name, entry in features.items()} == row
    assert features["degree__all"]["label"]
    assert features["degree__all"]["in_words"] == str(row["degree__all"])
    assert found["signs"]["N1, N2"].startswith("the persons one step away")
    assert found["columns"]["scores"].keys() >= {"probability", "rank", "factor_1", "contribution_1"}
    assert found["columns"]["predictions"]["past_violence"].startswith("order by the own record alone")
    (score,) = found["tables"]["scores"]
    name, _, label = score["factor_1"].partition(": ")
    assert label == features[name]["label"]
    text = json.dumps(found)
    others = {row["person_id"] for row in rows()} - {PERSON}
    assert not any(other in text for other in others)
    assert found["governance"]["purpose"] == "test"
    assert found["retain_until"] == "2090-01-31"
    assert found["models"][0]["horizon_days"] == 60


def test_others_have_the_same_name_everywhere(made: Path) -> None:
    found = subject_access(made / "run", PERSON)
    ends = [row[end] for row in found["tables"]["ties"] for end in ("person_a", "person_b")]
    others = {name for name in ends if name != PERSON}
    assert ends.count(PERSON) == len(others) == found["other_persons"]
    assert others == {f"another person ({i + 1})" for i in range(len(others))}


def test_arrests_are_read_again(made: Path) -> None:
    found = subject_access(made / "run", PERSON)["arrests"]["arrests"]
    own = {(row["incident_id"], row["date"]) for row in rows() if row["person_id"] == PERSON and row["date"] != "bad"}
    day = subject_access(made / "run", PERSON)["run"]["as_of"]
    assert {(int(row["incident"]), row["date"]) for row in found} == {(i, d) for i, d in own if d < day}


def test_arrests_that_cannot_be_read_are_told(made: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    table = tmp_path / "in" / f"{PERSON}.csv"
    pl.DataFrame(rows()).write_csv(table)
    from gpunet.cli.run import run_features

    run_features([str(table)], tmp_path / "run", CONFIG, None, OPTIONS)
    table.unlink()
    assert "cannot be read again" in subject_access(tmp_path / "run", PERSON)["arrests"]["not_read"]


def test_flags_and_seals(made: Path) -> None:
    flags = pl.read_parquet(made / "flags" / "flags.parquet")
    flagged = flags["person_id"][0]
    found = subject_access(made / "flags", flagged)
    assert len(found["tables"]["flags"]) == len(flags.filter(pl.col("person_id") == flagged))
    assert found["tables"]["flags"][0]["evidence"]["trigger"]
    sealed = subject_access(made / "sealed", PERSON)
    assert "scores.parquet" in sealed["sealed"]["results"]
    assert sealed["sealed"]["reviewer"] == "A. Reviewer"
    assert "scores" not in sealed["tables"]
    assert "gpunet review" in sealed["sealed"]["note"]


def test_the_command_prints_or_writes_and_is_in_the_log(made: Path, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["subject", str(made / "run"), "--person", PERSON])
    assert shown.exit_code == 0, shown.output
    out = tmp_path / "found.json"
    done = CliRunner().invoke(app, ["subject", str(made / "run"), "--person", PERSON, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert json.loads(shown.stdout) == json.loads(out.read_text())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    entries = list(log.entries(made / "log.jsonl"))[-2:]
    assert [entry["operation"] for entry in entries] == ["consultation", "disclosure"]
    assert {entry["object_sha256"] for entry in entries} == {sha256_of(made / "run" / "run.json")}
    assert all(entry["persons"] == 1 for entry in entries)
    again = CliRunner().invoke(app, ["subject", str(made / "run"), "--person", PERSON, "--out", str(out)])
    assert again.exit_code != 0


def test_somebody_who_is_not_there(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gpunet.cli.app import main

    before = len(list(log.entries(made / "log.jsonl")))
    monkeypatch.setattr("sys.argv", ["gpunet", "subject", str(made / "run"), "--person", "ID-99999"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert "no table of this run knows the person" in told.err
    assert "ID-99999" not in told.out + told.err
    assert len(list(log.entries(made / "log.jsonl"))) == before


def test_offences_are_told_in_words(made: Path) -> None:
    found = subject_access(made / "run", PERSON)["arrests"]["arrests"]
    assert OFFENCES
    assert all(isinstance(row["offences"], str) for row in found)
