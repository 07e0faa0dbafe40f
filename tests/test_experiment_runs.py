"""``gpunet evaluate``: folders of experiments, the same however they were ended, and tables beside the arrests."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from kept_runs import odd_values
from run_processes import results
from test_panel_runs import Stopped, ended
from typer.testing import CliRunner

import gpunet
from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.evaluations import run_emerging, run_known
from gpunet.cli.run import RUN_FILES, resume_run
from gpunet.cli.summary import summarise
from gpunet.cli.summary_tables import evaluation_lines
from gpunet.config.config import Config
from gpunet.engines.cpu import CpuEngine
from gpunet.evaluate.classifiers import CLASSIFIERS
from gpunet.evaluate.schemas import TABLES
from gpunet.report.audience import AUDIENCES, Audience
from gpunet.report.figure import Paragraph
from gpunet.report.page import rendered
from gpunet.report.pages import page_of
from gpunet.report.source import Source
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import RunFolder
from gpunet.runs.run_options import RunOptions
from gpunet.runs.snapshot_run import SnapshotRun
from gpunet.synthetic import write_tables

CONFIG = """
[evaluate]
folds = 3
protocols = ["paper", "cross_fitted"]
classifiers = ["decision_tree"]
smote = false
bootstrap = 30
start = 2013-12-01
every = "2mo"
horizon_days = 200

[model]
folds = 2
"""

OPTIONS = RunOptions(threads=1, checkpoint_seconds=0)

JOBS: dict[str, Callable[..., dict[str, Any]]] = {"evaluate known": run_known, "evaluate emerging": run_emerging}


@pytest.fixture(autouse=True, scope="module")
def small_forests():
    """How many trees there are makes no difference here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("random_forest", "xgboost"):
            patch.setitem(CLASSIFIERS[name].parameters, "n_estimators", 5)
        yield


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    """Arrests, a configuration, and the tables beside them."""
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder / "arrests", persons=160, seed=5)
    (folder / "c.toml").write_text(CONFIG)
    ids = gpunet.read_arrests(folder / "arrests").person_ids.to_list()
    pl.DataFrame({"person_id": ids[::20], "date": [date(2012, 5, 1)] * len(ids[::20])}).write_csv(
        folder / "victims.csv"
    )
    held = {"person_id": ids[::9], "from": [date(2013, 7, 1)] * len(ids[::9]), "until": [None] * len(ids[::9])}
    pl.DataFrame(held, schema_overrides={"until": pl.Date}).write_csv(folder / "custody.csv")
    return folder


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments), "--threads", "1", "--no-report"])


@pytest.fixture(scope="module")
def runs(tables, tmp_path_factory) -> Path:
    """Both experiments, as the command line does them."""
    folder = tmp_path_factory.mktemp("runs")
    asked = (tables / "arrests", "--config", tables / "c.toml", "--victims", tables / "victims.csv")
    known = command("known", *asked, "--out", folder / "evaluate known")
    assert known.exit_code == 0, known.output
    assert "AUC paper" in known.stdout
    assert "leak      the paper's AUC less that of cross_fitted: decision tree" in known.stdout
    assert "leak.parquet is empty" not in known.stdout
    assert "(step 5 of 5)" in known.stderr  # two of three protocols
    emerging = command("emerging", *asked, "--custody", tables / "custody.csv", "--out", folder / "evaluate emerging")
    assert emerging.exit_code == 0, emerging.output
    assert "forecast  2 months, 2013-12-01 to 2014-02-01, outcome horizon" in emerging.stdout
    return folder


@pytest.mark.parametrize("name", JOBS)
def test_every_table_has_the_columns_that_are_declared(runs, name):
    files = {path.stem for path in (runs / name).glob("*.parquet")}
    tables = {*TABLES, "rejected", "offences"} - ({"leak"} if name == "evaluate emerging" else set())
    assert files == tables
    for table in tables & set(TABLES):
        frame = pl.read_parquet(runs / name / f"{table}.parquet")
        assert frame.columns == [column.name for column in TABLES[table]]
        assert len(frame)
    descriptives = json.loads((runs / name / "descriptives.json").read_text())
    assert descriptives


@pytest.mark.parametrize("name", JOBS)
def test_what_run_json_says_of_it(runs, tables, name):
    manifest = json.loads((runs / name / "run.json").read_text())
    assert manifest["gpunet"] == name
    assert set(manifest["outputs"]) == {path.name for path in (runs / name).iterdir()} - {"run.json"}
    assert manifest["tables"]["victims"] == str(tables / "victims.csv")
    assert manifest["tables"]["files"][0]["name"] == str(tables / "victims.csv")
    frame = pl.read_parquet(runs / name / "results.parquet")
    chosen = frame.filter((pl.col("family") == "all") & (pl.col("population") == "all"))
    brief = manifest["evaluation"]["results"]
    assert [row["auc"] for row in brief] == chosen["auc"].to_list()
    assert [row["tp"] for row in brief] == chosen["tp"].to_list()
    assert resume_run(runs / name, name) == manifest
    assert summarise(manifest, runs / name, 40).count("\n") > 10
    shown = CliRunner().invoke(app, ["show", str(runs / name), "results"])
    assert "experiment" in shown.stdout


@pytest.mark.parametrize("name", JOBS)
def test_a_manifest_with_odd_values_is_refused_or_summarised(runs, tmp_path, name):
    manifest = json.loads((runs / name / "run.json").read_text())
    refused = 0
    for part in ("evaluation", "arrests", "warnings", "gpunet"):
        for odd in odd_values({part: manifest[part]}, 30):
            (tmp_path / "run.json").write_text(json.dumps({**manifest, **{part: None}, **odd}))
            try:
                summarise(read_manifest(tmp_path), tmp_path)
            except InputError:
                refused += 1
    assert refused > 20


def row(name: str, month: str, counts: tuple[int, int, int], auc: float | None, outcome: str = "horizon") -> dict:
    tp, fp, fn = counts
    recall = tp / (tp + fn) if tp + fn else None
    return {
        "protocol": None, "classifier": name, "smote": False, "month": month, "outcome": outcome, "persons": 100,
        "positives": tp + fn, "tp": tp, "fp": fp, "fn": fn, "recall": recall, "auc": auc, "f1": None,
    }  # fmt: skip


def test_months_are_added_up_but_for_those_that_nothing_could_be_trained_for():
    rows = [
        row("a_forest", "2013-01-01", (2, 2, 6), 0.7), row("a_forest", "2013-02-01", (0, 1, 1), 0.6),
        {**row("a_forest", "2013-03-01", (0, 0, 50), None), "recall": None},
        row("a_forest", "2013-04-01", (40, 0, 0), 1.0, "ever_after"),
        row("nobody", "2013-01-01", (0, 0, 0), None),
    ]  # fmt: skip
    first, _, forest, nobody = evaluation_lines({"experiment": "emerging", "results": rows}, 100)
    assert first == "forecast  2 months, 2013-01-01 to 2013-02-01, outcome horizon; all together"
    assert forest.split() == ["a", "forest", "5", "2", "0.400", "0.222", "0.286", "0.650"]
    assert nobody.split() == ["nobody", "0", "0", "-", "-", "-", "-"]
    assert evaluation_lines({"experiment": "emerging", "results": []}, 100) == []
    assert evaluation_lines({"experiment": "emerging", "results": rows[2:3]}, 100) == []


def test_who_is_in_custody_is_not_in_the_months(runs, tables):
    held = pl.read_csv(tables / "custody.csv")["person_id"]
    predicted = pl.read_parquet(runs / "evaluate emerging" / "predictions.parquet")["person_id"]
    assert not set(predicted.cast(pl.String)) & set(held.cast(pl.String))


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_its_page_has_what_its_tables_have(runs, name, audience):
    page = page_of(Source(runs / name, Audience(audience)))
    parts = {part.name: part for section in page.sections for part in section.parts if not isinstance(part, Paragraph)}
    results = pl.read_parquet(runs / name / "results.parquet").filter(population="all", family="all")
    if audience == "analyst" and name == "evaluate known":
        tree = results.filter(classifier="decision_tree", protocol="paper").row(0, named=True)
        assert parts["table_8_paper"].data.row(1, named=True)["auc"] == tree["auc"]
        assert f"{tree['auc']:.3f}" in page.summary[0]
    elif audience == "analyst":
        drawn = parts["tp_horizon"].data.filter(classifier="past violent arrests")["tp"]
        assert drawn.to_list() == results.filter(classifier="past_violent_arrests", outcome="horizon")["tp"].to_list()
    html = rendered(page, Audience(audience)).html.decode()
    assert page.summary[0].replace("'", "&#39;") in html


def stopped_after(monkeypatch, kept: int, job: Callable[[], Any]) -> None:
    """End a run when so many pieces of its work are done."""
    count = [0]
    real = SnapshotRun.kept

    def keep(self: SnapshotRun, name: str, compute: Callable[[], Any], shape: tuple[int, ...]) -> Any:
        count[0] += 1
        if count[0] > kept:
            raise Stopped
        return real(self, name, compute, shape)

    with monkeypatch.context() as patch:
        patch.setattr(SnapshotRun, "kept", keep)
        with pytest.raises(Stopped):
            job()


def settings(tables: Path, name: str) -> dict[str, Any]:
    import tomllib

    config = tomllib.loads(CONFIG)
    beside = {"victims": str(tables / "victims.csv")}
    if name == "evaluate emerging":
        beside["custody"] = str(tables / "custody.csv")
    return {**config, "evaluate": {**config["evaluate"], **beside}}


@pytest.mark.parametrize("name", JOBS)
def test_stopped_and_resumed_it_has_the_same_bytes(runs, tables, tmp_path, monkeypatch, name):
    job = JOBS[name]
    given, config = [str(tables / "arrests")], settings(tables, name)
    stopped_after(monkeypatch, 4, lambda: job(given, tmp_path, config, None, OPTIONS))
    assert [path.name for path in tmp_path.iterdir()] == [".partial"]
    before = sorted((tmp_path / ".partial" / "checkpoints").glob("predictions-*.checkpoint"))
    assert len(before) >= 4
    done: list[str] = []
    real = SnapshotRun.kept

    def told(self: SnapshotRun, name: str, compute: Callable[[], Any], shape: tuple[int, ...]) -> Any:
        return real(self, name, lambda: done.append(name) or compute(), shape)

    monkeypatch.setattr(SnapshotRun, "kept", told)
    manifest = resume_run(tmp_path, name, RunOptions(threads=2))
    assert not {f"predictions-{each}" for each in done} & {path.stem for path in before}
    assert results(tmp_path) == results(runs / name)
    assert manifest["outputs"].keys() == {path.name for path in tmp_path.iterdir()} - {"run.json"}


ROWS = np.array([[0.5, np.nan], [1.0, -2.0]])


@pytest.mark.parametrize(
    ("found", "odd"),
    [
        (np.zeros(3), np.zeros(4)),
        (np.zeros(3), np.array([0.0, np.nan, 0.0])),
        (np.zeros(3), np.array([0.0, np.inf, 0.0])),
        (np.zeros(3), np.zeros(3, np.int64)),
        (ROWS, ROWS[:1]),
        (ROWS, np.where(np.isnan(ROWS), -np.inf, ROWS)),
    ],
)
def test_what_was_kept_is_used_if_it_can_be_of_the_run(tmp_path, found, odd):
    said: list[str] = []
    with RunFolder(tmp_path, RUN_FILES) as folder:
        options = RunOptions(checkpoint_seconds=0, notice=said.append)
        run = SnapshotRun("evaluate known", folder, Config(), options, CpuEngine(1))

        def never() -> Any:
            raise AssertionError

        name = "cross_fitted, random_forest, smote, all"
        for _ in range(2):
            run.kept(name, lambda: found, found.shape)
            np.testing.assert_array_equal(run.kept(name, never, found.shape), found)
            assert not said
        run.kept("fold 1", lambda: odd, odd.shape)
        np.testing.assert_array_equal(run.kept("fold 1", lambda: found, found.shape), found)
        assert len(said) == 1
        assert "predictions-fold 1.checkpoint is damaged" in said[0]
        for other in ("a/b", "", "x" * 121, "a.b"):
            with pytest.raises(ValueError, match="no name"):
                run.kept(other, never, (1,))
    with RunFolder(tmp_path, RUN_FILES) as folder:  # and a file half written, of the longest name, is known
        kept = tmp_path / ".partial" / "checkpoints"
        kept.mkdir(exist_ok=True)
        (kept / f"predictions-{'x' * 120}.checkpoint.0a1b2c3d.partial").write_text("half")
    with RunFolder(tmp_path, RUN_FILES):
        pass


def test_resumed_its_plan_is_that_of_what_was_asked(tables, tmp_path, monkeypatch):
    """And without a protocol to compare with, the table of leaks is empty."""
    config = settings(tables, "evaluate known")
    config["evaluate"] |= {"protocols": ["cross_fitted"], "bootstrap": 0}
    stopped_after(monkeypatch, 2, lambda: run_known([str(tables / "arrests")], tmp_path, config, None, OPTIONS))
    done = command("known", "--resume", tmp_path)
    assert done.exit_code == 0, done.output
    assert "(step 4 of 4)" in done.stderr
    assert "how much is leak cannot be said (leak.parquet is empty)" in done.stdout
    assert len(pl.read_parquet(tmp_path / "leak.parquet")) == 0
    again = command("known", "--resume", tmp_path)
    assert (again.exit_code, again.stdout) == (0, done.stdout)


def test_a_table_beside_the_arrests_that_changes(tables, tmp_path, monkeypatch):
    """Between two runs it is not gone on with; during one it ends it; and it is never written over."""
    victims, out = tmp_path / "victims.csv", tmp_path / "out"
    text = (tables / "victims.csv").read_text()
    victims.write_text(text)
    given = [str(tables / "arrests")]
    config = settings(tables, "evaluate known")
    config["evaluate"] |= {"victims": str(victims), "protocols": ["paper"], "classifiers": ["decision_tree"]}

    def job() -> Any:
        return run_known(given, out, config, None, OPTIONS)

    stopped_after(monkeypatch, 2, job)
    victims.write_text("\n".join(text.splitlines()[:-1]))
    for go_on in (job, lambda: resume_run(out, "evaluate known")):
        with pytest.raises(InputError, match=f"the table {victims} has changed"):
            go_on()
    victims.unlink()
    with pytest.raises(InputError, match=f"victims: {victims}"):
        job()
    victims.write_text(text)
    real = SnapshotRun.side_section

    def changed(self: SnapshotRun) -> Any:
        victims.write_text(text + "\n")
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(SnapshotRun, "side_section", changed)
        with pytest.raises(InputError, match=r"victims\.csv was changed while the run was at work"):
            job()
    assert not (out / "run.json").exists()
    victims.write_text(text)
    assert job()["tables"]["victims"] == str(victims)
    inside = out / "results.parquet"
    config["evaluate"] |= {"victims": str(inside)}
    before = inside.read_bytes()
    with pytest.raises(InputError, match="give another --out"):
        job()
    assert inside.read_bytes() == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("known", "--folds", 90), "too few for 90 folds"),
        (("known", "--folds", 2), "[evaluate] folds"),
        (("known", "--protocol", "trust"), "[evaluate] protocols"),
        (("known", "--classifier", "oracle"), "[evaluate] classifiers"),
        (("known", "--victims", "{tmp}/none.csv"), "none.csv"),
        (("known", "--as-of", "2001-01-01"), "no arrest before 2001-01-01"),
        (("known", "--population", "nobody"), "nobody"),
        (("known", "--config", "{tmp}/c.toml"), "no offences"),
        (("emerging", "--from", "2031-01-01"), "2031-01-01"),
        (("emerging", "--every", "1h"), "[evaluate] every"),
        (("emerging", "--custody", "{tmp}"), "custody"),
        (("emerging", "--resume", "{tmp}/out"), "there is no"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_leaves_nothing(tables, tmp_path, capsys, monkeypatch, asked, said):
    (tmp_path / "c.toml").write_text('[input]\ncolumns = {offence = ""}\n')
    out = tmp_path / "out"
    given = [str(each).format(tmp=tmp_path) for each in asked]
    assert ended(monkeypatch, "evaluate", given[0], tables / "arrests", *given[1:], "--out", out) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not out.exists() or not list(out.iterdir())
