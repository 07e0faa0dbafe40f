"""``gpunet panel``: a folder of snapshots, whole or not there, the same however often it was ended on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from kept_runs import odd_values
from polars.testing import assert_frame_equal
from run_processes import results
from typer.testing import CliRunner

import gpunet
from gpunet.arrests.as_of import cut_before
from gpunet.base.errors import EngineError, InputError
from gpunet.cli.app import app
from gpunet.cli.panels import part_name, run_panel
from gpunet.cli.run import resume_run
from gpunet.cli.show import print_run
from gpunet.cli.summary import summarise
from gpunet.config.config import load_config
from gpunet.engines.cpu import CpuEngine
from gpunet.runs.complete import read_manifest
from gpunet.runs.run_options import RunOptions
from gpunet.runs.stages import Run
from gpunet.synthetic import write_tables

DAYS = [date(2013, month, 1) for month in (1, 3, 5, 7)]
ASKED = ("--from", "2013-01-01", "--to", "2013-07-15", "--every", "2mo", "--horizon", 100)
CONFIG: dict[str, Any] = {"panel": {"start": DAYS[0], "end": date(2013, 7, 15), "every": "2mo", "horizon_days": 100}}


class Stopped(BaseException):
    """Ends a run as a signal does."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tables") / "arrests"
    write_tables(folder, persons=120, seed=5)
    return folder


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["panel", *map(str, arguments), "--threads", "1"])


@pytest.fixture(scope="module")
def persons(tables, tmp_path_factory) -> Path:
    """A panel of persons, of which snapshots were verified."""
    out = tmp_path_factory.mktemp("runs") / "persons"
    done = command(tables, *ASKED, "--verify", 2, "--out", out)
    assert done.exit_code == 0, done.output
    assert "4 snapshots by person, 2013-01-01 to 2013-07-01" in done.stdout
    assert "verified  2 snapshots computed again: the same bytes" in done.stdout
    assert "splits.parquet has no row" not in done.stdout
    assert "(step 4 of 4)" in done.stderr
    assert "panel/as_of=<day>/part.parquet" in done.stdout
    return out


def test_the_folder_is_read_as_one_table_that_is_the_api_s(persons, tables):
    frame = pl.read_parquet(persons / "panel", hive_partitioning=True)
    expected = gpunet.panel(gpunet.read_arrests(tables), DAYS, horizon=100)
    assert_frame_equal(frame.select(expected.columns), expected)
    assert sorted({path.parent.name for path in (persons / "panel").rglob("*.parquet")}) == [
        f"as_of={day}" for day in DAYS
    ]


def test_what_run_json_says_of_it(persons):
    manifest = json.loads((persons / "run.json").read_text())
    assert manifest["gpunet"] == "panel"
    assert sorted(manifest["outputs"]) == sorted(
        [*map(part_name, DAYS), "features.json", "panel.json", "splits.parquet", "rejected.parquet", "offences.parquet"]
    )
    section = manifest["panel"]
    assert {key: section[key] for key in ("unit", "every", "horizon_days")} == {
        "unit": "person", "every": "2mo", "horizon_days": 100,
    }  # fmt: skip
    for told, day in zip(section["snapshots"], DAYS, strict=True):
        frame = pl.read_parquet(persons / part_name(day))
        assert told == {
            "as_of": day.isoformat(), "rows": len(frame), "positives": frame["label"].sum(), "label_complete": True,
        }  # fmt: skip
    assert [(each["day"], each["equal"]) for each in section["verified"]] == [
        ("2013-01-01", True),
        ("2013-07-01", True),
    ]
    assert section["verified"][0]["sha256"] == manifest["outputs"][part_name(DAYS[0])]["sha256"]
    roles = json.loads((persons / "panel.json").read_text())
    assert [column["column"] for column in roles["columns"]] == ["as_of", *frame.columns]


def test_a_manifest_with_odd_values_is_refused_or_summarised(persons, tmp_path):
    manifest, refused = json.loads((persons / "run.json").read_text()), 0
    for odd in odd_values({"panel": manifest["panel"]}):
        (tmp_path / "run.json").write_text(json.dumps({**manifest, "panel": None, **odd}))
        try:
            summarise(read_manifest(tmp_path), tmp_path)
        except InputError:
            refused += 1
    assert refused > 20


def test_a_place_has_a_series(tables, tmp_path):
    done = command(tables, *ASKED, "--unit", "district", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    series = pl.read_parquet(tmp_path / "series.parquet")
    assert series.columns[:3] == ["unique_id", "ds", "y"]
    assert series.schema["ds"] == pl.Date
    assert sorted(set(series["ds"])) == [date(2013, 5, 1), date(2013, 7, 1)]
    roles = json.loads((tmp_path / "panel.json").read_text())["series"]
    assert [column["column"] for column in roles["columns"]] == series.columns
    shown = CliRunner().invoke(app, ["show", str(tmp_path), "series"])
    assert "unique_id" in shown.stdout
    # and other days, of other units, replace all of that
    done = command(tables, *ASKED[:2], "--to", "2013-02-01", "--every", "31d", "--unit", "force", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert [path.name for path in sorted((tmp_path / "panel").iterdir())] == ["as_of=2013-01-01", "as_of=2013-02-01"]


def test_snapshots_are_shown(persons):
    """The last one, or that of a day."""
    for table, day in (("panel", DAYS[-1]), (f"panel/as_of={DAYS[0]}", DAYS[0])):
        shown = CliRunner().invoke(app, ["show", str(persons), table, "--top", "2"])
        assert shown.exit_code == 0, shown.output
        assert f"2 of {len(pl.read_parquet(persons / part_name(day))):,} rows" in shown.stdout
    assert "panel" in CliRunner().invoke(app, ["show", str(persons)]).stdout
    for table in ("panel/as_of=2001-01-01", "panel/as_of=../x"):
        with pytest.raises(InputError, match="has no such table"):
            print_run(persons, table, 3)


def stopped_at(monkeypatch, day: date, job: Any) -> None:
    def cut(self: Run, arrests: Any, as_of: date) -> Any:
        if as_of == day:
            raise Stopped
        return cut_before(arrests, as_of)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "cut", cut)
        with pytest.raises(Stopped):
            job()


def test_stopped_and_resumed_it_has_the_same_bytes(persons, tables, tmp_path, monkeypatch):
    config = load_config({**CONFIG, "panel": {**CONFIG["panel"], "verify": 2}})
    options = RunOptions(threads=1, checkpoint_seconds=0)
    stopped_at(monkeypatch, DAYS[2], lambda: run_panel([str(tables)], tmp_path, config, None, options))
    assert [path.name for path in tmp_path.iterdir()] == [".partial"]
    kept = sorted(path.name for path in (tmp_path / ".partial" / "checkpoints").glob("*.checkpoint"))
    assert kept == ["arrests.checkpoint", "features-2013-01-01.checkpoint", "features-2013-03-01.checkpoint"]
    computed: list[str] = []
    compute = Run._compute

    def counted(self: Run, name: str, *rest: Any) -> Any:
        computed.append(name)
        return compute(self, name, *rest)

    monkeypatch.setattr(Run, "_compute", counted)
    with pytest.raises(InputError, match=r"\[panel\] horizon_days was 100 and is 90"):
        run_panel([str(tables)], tmp_path, {**CONFIG, "panel": {**CONFIG["panel"], "horizon_days": 90}})
    with pytest.raises(InputError, match="gpunet panel, not gpunet run"):
        resume_run(tmp_path, "run")
    resume_run(tmp_path, "panel", RunOptions(threads=1))
    assert computed == ["features-2013-05-01", "features-2013-07-01"]
    assert results(tmp_path) == results(persons)
    assert not (tmp_path / ".partial").exists()
    assert resume_run(tmp_path, "panel")["panel"]["unit"] == "person"


def test_how_betweenness_is_computed_is_settled_for_all_days_alike(tables, tmp_path):
    arrests = gpunet.read_arrests(tables)
    work = [gpunet.estimate_path_work(gpunet.build_network(each)).exact_core_seconds
            for each in (arrests.before(DAYS[0]), arrests)]  # fmt: skip
    assert work[0] < work[1]
    config = {**CONFIG, "path": {"betweenness": "auto", "budget": sum(work) / 2}}
    manifest = run_panel([str(tables)], tmp_path, config, None, RunOptions(threads=1))
    assert manifest["panel"]["betweenness"] == "approx"
    assert manifest["config"]["path"]["betweenness"] == "auto"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--from", "2013-06-01", "--to", "2013-01-01"), "2013-06-01 to 2013-01-01"),
        (("--from", "2001-01-01", "--to", "2013-01-01"), "no arrest was known before it"),
        (("--from", "2013-01-01", "--to", "2033-01-01"), "after the last arrest"),
        (("--from", "2013-01-01"), "--from and --to"),
        ((*ASKED[:4], "--every", "0mo"), "[panel] every"),
        ((*ASKED, "--verify", -1), "[panel] verify"),
        ((*ASKED, "--unit", "street"), "street"),
        ((*ASKED, "--engine", "gpu"), "GPU"),
        ((*ASKED, "--resume", "{out}"), "there is no"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_leaves_nothing(tables, tmp_path, capsys, monkeypatch, asked, said):
    out = tmp_path / "out"
    given = [str(each).format(out=out) for each in asked]
    assert ended(monkeypatch, "panel", tables, *given, "--out", out) == 2
    error = capsys.readouterr().err.splitlines()
    assert said in " ".join(error[-6:])
    assert not out.exists() or not list(out.iterdir())


def ended(monkeypatch, *arguments: object) -> int:
    """The exit code of a command, as the shell sees it."""
    from gpunet.cli.app import main

    monkeypatch.setattr("sys.argv", ["gpunet", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_tables_that_a_panel_cannot_be_made_of(tmp_path, capsys, monkeypatch):
    rows = {"person_id": ["a", "b", "b"], "incident_id": [1, 1, 2], "offence": ["robbery"] * 3}
    pl.DataFrame({**rows, "date": [None] * 3}, schema_overrides={"date": pl.Date}).write_parquet(tmp_path / "n.parquet")
    dates = [date(2012, 1, 1), date(2012, 1, 1), date(2013, 12, 1)]
    pl.DataFrame({**rows, "date": dates}).write_parquet(tmp_path / "d.parquet")
    (tmp_path / "c.toml").write_text('[input]\ncolumns = {offence = ""}\n')
    out = tmp_path / "out"
    for name, more, said in (
        ("n.parquet", (), "no arrest has a date"),
        ("d.parquet", ("--unit", "beat"), "no arrest has a beat"),
        ("d.parquet", ("--config", tmp_path / "c.toml"), "no offences"),
    ):
        assert ended(monkeypatch, "panel", tmp_path / name, *ASKED, *more, "--out", out) == 2
        assert said in capsys.readouterr().err
        assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize(
    ("horizon", "to", "said"),
    [
        (4000, "2013-01-01", "no snapshot's label is complete: the data end less than 4,000 days after the first"),
        (100, "2013-03-01", "no snapshot with a complete label is 100 days after another"),
    ],
)
def test_without_splits_it_says_why(tables, tmp_path, horizon, to, said):
    done = command(
        tables, "--from", "2013-01-01", "--to", to, "--every", "2mo", "--horizon", horizon, "--out", tmp_path
    )
    assert done.exit_code == 0, done.output
    assert f"warning   {said}" in done.stdout
    assert "write panel: done" in done.stderr
    assert "(step 3 of 3)" in done.stderr  # nothing is verified
    assert any(said in text for text in json.loads((tmp_path / "run.json").read_text())["warnings"])
    assert len(pl.read_parquet(tmp_path / "splits.parquet")) == 0


def test_bytes_that_a_gpu_would_not_repeat_are_not_compared(tables, tmp_path, monkeypatch):
    monkeypatch.setattr("gpunet.cli.running.resolve_engine", lambda *_: replace(CpuEngine(1), name="gpus"))
    config = {"panel": {**CONFIG["panel"], "verify": 1}}
    with pytest.raises(EngineError, match="--verify compares bytes"):
        run_panel([str(tables)], tmp_path / "out", config, None, RunOptions(threads=1))
