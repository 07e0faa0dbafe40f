"""The entry of every command: before it shows anything, how many persons, never who, and none without a log."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.audits import run_audit
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.cli.running import RUN_FILES
from gpunet.config.config import load_config
from gpunet.governance.log import append, check, entries, log_of
from gpunet.governance.noted import entering_of, log_kept_of, noted
from gpunet.governance.retention import retained_under
from gpunet.governance.rules import folder_rules
from gpunet.report.audience import Audience
from gpunet.report.page import rendered
from gpunet.report.pages import page_of
from gpunet.report.source import Source
from gpunet.runs.folder import RunFolder
from gpunet.runs.folder_rules import FolderRules
from gpunet.synthetic import make_arrests
from tests.audited_runs import audited_run, ids_of
from tests.report_pages import HOSTILE, assert_harmless, assert_public

GOVERNANCE = {
    "purpose": "harm reduction",
    "legal_basis": "an Act",
    "controller": "a Force",
    "owner": "Olive Owner",
    "requested_by": "Night Desk",
    "task_ref": "T-1",
}
MODEL = {"model": {"max_rounds": 4, "folds": 2, "horizon_days": 200}}
GOVERNED = {**MODEL, "governance": GOVERNANCE}
OPTIONS = RunOptions(threads=1, report=False)

#: Ids that are found again wherever they are.
SENTINEL = "7331"


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A run with ``[governance]`` in a folder that holds runs, and its tables."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "tables").mkdir()
    arrests = pl.from_dataframe(make_arrests(400, seed=3))
    sentinel = (SENTINEL + pl.col("person_id").cast(pl.String)).alias("person_id")
    arrests.with_columns(sentinel).write_parquet(folder / "tables" / "a.parquet")
    run_forecast([str(folder / "tables")], folder / "run", GOVERNED, None, OPTIONS)
    return folder


@pytest.fixture
def runs(base, tmp_path) -> Path:
    """The same in a folder of its own; the tables stay where they were."""
    shutil.copytree(base, tmp_path / "runs")
    return tmp_path / "runs"


def done(*arguments: object) -> str:
    found = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert found.exit_code == 0
    return found.stdout


def last(runs: Path, before: int = 2) -> list[tuple[str, int | None]]:
    """What was entered after so many lines; every line is whole, and says who and what for, and of no person."""
    log = runs / "log.jsonl"
    assert check(log) == []
    assert SENTINEL not in "".join(entry["purpose"] + entry["actor"] + entry["task_ref"] for entry in entries(log))
    for entry in entries(log):
        assert (entry["purpose"], entry["task_ref"]) == ("harm reduction", "T-1")
        assert entry["actor"].endswith(" for Night Desk")
    return [(entry["operation"], entry["persons"]) for entry in entries(log)][before:]


def ids_in(run: Path) -> list[str]:
    return pl.read_parquet(run / "features.parquet", columns=["person_id"])["person_id"].to_list()


def test_a_run_is_entered_before_its_results_are_put_in_place(base):
    log = list(entries(base / "log.jsonl"))
    manifest = (base / "run" / "run.json").read_bytes()
    assert [entry["operation"] for entry in log] == ["collection", "combination"]  # of several forces
    assert {entry["object_sha256"] for entry in log} == {sha256(manifest).hexdigest()}
    assert {entry["persons"] for entry in log} == {json.loads(manifest)["arrests"]["persons"]}
    assert log_kept_of(base / "run") == base / "log.jsonl"


def test_showing_rows(runs):
    scores = pl.read_parquet(runs / "run" / "scores.parquet")
    person, n = scores["person_id"][0], len(scores)
    ties = pl.read_parquet(runs / "run" / "ties.parquet")
    own = ties.filter((pl.col("person_a") == person) | (pl.col("person_b") == person))
    done("show", runs / "run", "--top", 7)
    done("show", runs / "run", "features", "--person", person)
    done("show", runs / "run", "ties", "--person", person, "--columns", "incidents")
    done("show", runs / "run", "offences")
    done("show", runs / "run", "scores", "--json", "--columns", "probability")
    done("show", runs / "run", "--csv", runs / "out.csv", "--top", 5)
    done("show", runs / "run", "ties", "--csv", "-", "--top", 1)
    persons = len({*own["person_a"], *own["person_b"]})
    assert last(runs) == [
        ("consultation", 7),
        ("consultation", 1),
        ("consultation", persons),
        ("consultation", 0),
        ("disclosure", n),
        ("disclosure", 5),
        ("disclosure", 2),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        ["show", "RUN", "nothing"],
        ["show", "RUN", "--person", "nobody"],
        ["show", "RUN", "--columns", "none"],
        ["show", "RUN", "--json", "--person", "nobody"],
        ["show", "RUN", "--csv", "RUN/out.csv"],
        ["card", "RUN", "--person", "nobody", "--out", "RUN/../card.html"],
        ["card", "RUN", "--person", "nobody", "--out", "RUN/../card.pdf"],
        ["show", "RUN", "--csv", "RUN/../nowhere/out.csv"],
        ["subject", "RUN", "--person", "nobody"],
        ["subject", "RUN", "--person", "7331", "--out", "RUN/../nowhere/out.json"],
        ["package", "RUN", "--sign", "RUN/../nowhere.pem", "--out", "RUN/../out.zip"],
        ["flags", "RUN", "RUN", "--out", "RUN/../flags"],
        ["audit", "RUN", "--attributes", "RUN/../nowhere.csv", "--by", "sex", "--out", "RUN/../audit"],
        ["score", "--model", "RUN/model.ubj", "--features", "RUN/features.parquet", "--out", "RUN/scores.parquet"],
    ],
)
def test_what_is_refused_is_not_entered(runs, wrong):
    found = CliRunner().invoke(app, [word.replace("RUN", str(runs / "run")) for word in wrong])
    assert found.exit_code != 0
    assert last(runs) == []


def test_a_run_whose_folder_changes_meanwhile_is_refused_before_it_is_entered(base, tmp_path):
    class Meddling(RunFolder):
        def write_json(self, name, value):
            super().write_json(name, value)
            (self.path / "figures").mkdir(exist_ok=True)
            (self.path / "figures" / "mine.txt").write_text("x")

    rules = FolderRules(entering=entering_of(load_config(GOVERNED), tmp_path / "run"))
    with Meddling(tmp_path / "run", RUN_FILES, rules) as folder:
        folder.write_json("features.json", {})
        with pytest.raises(InputError, match="while the run was"):
            folder.finish({"gpunet": "features", "config": {}})
    assert not (tmp_path / "log.jsonl").exists()


def test_cards_and_reports(runs):
    done("card", runs / "run", "--person", ids_in(runs / "run")[0], "--out", runs / "card.html")
    done("report", runs / "run")
    done("report", runs / "run", "--audience", "public")
    n = json.loads((runs / "run" / "run.json").read_text())["arrests"]["persons"]
    assert last(runs) == [("consultation", 1), ("consultation", n)]
    assert "harm reduction" in (runs / "card.html").read_text()


def test_what_is_written_beside_a_run_tells_how_long_it_is_kept(runs):
    path = runs / "run" / "run.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "governance": {**manifest["governance"], "retain_until": "2026-01-31"}}))
    person = ids_in(runs / "run")[0]
    done("card", runs / "run", "--person", person, "--out", runs / "card.html")
    done("subject", runs / "run", "--person", person, "--out", runs / "answer.json")
    found = {each.held.path.name: each for each in retained_under(runs, date(2026, 2, 1), {})}
    assert found.keys() == {"run", "card.html", "answer.json"}
    assert all(each.is_due for each in found.values())
    assert (found["card.html"].persons, found["answer.json"].persons) == (1, 1)


def test_a_file_of_scores(runs):
    features, model = runs / "run" / "features.parquet", runs / "run" / "model.ubj"
    done("score", "--model", model, "--features", features, "--out", runs / "new.parquet")
    shutil.copy(features, runs / "features.parquet")  # no run's any more, so the model's run is told of it
    done("score", "--model", model, "--features", runs / "features.parquet", "--out", runs / "new.parquet")
    n = len(ids_in(runs / "run"))
    assert last(runs) == [("disclosure", n), ("disclosure", n)]


def test_flags(runs):
    done("flags", runs / "run", "--out", runs / "flags", "--no-report")
    n = json.loads((runs / "run" / "run.json").read_text())["arrests"]["persons"]
    assert last(runs) == [("consultation", n)]


def test_audits(tmp_path):
    run = audited_run(tmp_path / "runs" / "run", {"governance": GOVERNANCE})
    for path in (run.parent / "log.jsonl", run.parent / "log.jsonl.head"):
        path.unlink(missing_ok=True)
    manifest = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**manifest, "governance": GOVERNANCE}))
    table = tmp_path / "attributes.csv"
    pl.DataFrame({"person_id": ids_of(False), "sex": ["f", "m"] * (len(ids_of(False)) // 2)}).write_csv(table)
    run_audit(run, table, ["sex"], tmp_path / "runs" / "audit", None, OPTIONS)
    assert last(tmp_path / "runs", 0) == [("consultation", len(ids_of(False)))]


def test_an_update_is_a_collection_and_one_with_corrections_an_alteration(base, tmp_path):
    table = pl.read_parquet(base / "tables" / "a.parquet").filter(pl.col("force") == pl.col("force").first())
    table[:500].write_csv(tmp_path / "old.csv")
    table[500:600].write_csv(tmp_path / "new.csv")
    run_features([tmp_path / "old.csv"], tmp_path / "run", GOVERNED, options=OPTIONS)
    table[:1].select("person_id").write_csv(tmp_path / "remove.csv")
    for name in ("add", "remove"):
        source = tmp_path / ("new.csv" if name == "add" else "remove.csv")
        done("update", tmp_path / "run", "--out", tmp_path / name, "--no-report", f"--{name}", source)
    assert [operation for operation, _ in last(tmp_path, 0)] == ["collection", "collection", "alteration"]


def test_without_governance_nothing_is_written_unless_there_is_a_log(base, tmp_path):
    tables = [str(base / "tables")]
    run_features(tables, tmp_path / "run", MODEL, options=OPTIONS)
    done("show", tmp_path / "run", "features", "--top", 2)
    done("show", tmp_path / "run", "features", "--csv", tmp_path / "f.csv")
    noted(tmp_path / "run", "consultation", 1)
    assert {path.name for path in tmp_path.iterdir()} == {"run", "f.csv"}
    (tmp_path / "log.jsonl").write_text('{"of": "another program"}\n')
    done("show", tmp_path / "run", "features", "--top", 2)
    assert (tmp_path / "log.jsonl").read_text() == '{"of": "another program"}\n'
    (tmp_path / "log.jsonl").unlink()
    append(
        tmp_path / "log.jsonl", "erasure", purpose="p", task_ref="", object_sha256="0" * 64, persons=None, actor="pat"
    )
    done("show", tmp_path / "run", "features", "--top", 2)
    run_features(tables, tmp_path / "other", MODEL, options=OPTIONS)
    found = list(entries(tmp_path / "log.jsonl"))[1:]
    assert [entry["operation"] for entry in found] == ["consultation", "collection", "combination"]
    assert {entry["purpose"] for entry in found} == {"no purpose stated"}


def test_an_erasure_begins_a_log_where_none_is_kept(base, tmp_path):
    run_features([str(base / "tables")], tmp_path / "run", MODEL, options=OPTIONS)
    noted(tmp_path / "run", "erasure", 1, always=True)
    assert [entry["operation"] for entry in entries(tmp_path / "log.jsonl")] == ["erasure"]


def test_a_damaged_log_stops_what_is_to_be_entered(runs):
    with (runs / "log.jsonl.head").open("a") as file:
        file.write(" ")
    before = sorted(path.name for path in runs.iterdir())
    for words in (
        ["show", runs / "run", "--top", 2],
        ["show", runs / "run", "--csv", runs / "f.csv"],
        ["show", runs / "run", "--json"],
        ["card", runs / "run", "--person", ids_in(runs / "run")[0], "--out", runs / "card.html"],
    ):
        found = CliRunner().invoke(app, [*map(str, words)])
        assert "gpunet log verify" in str(found.exception)
        assert found.stdout == ""
    with pytest.raises(Exception, match="gpunet log verify"):
        run_features([str(runs / "tables")], runs / "other", GOVERNED, options=OPTIONS)
    assert not (runs / "other" / "run.json").exists()
    assert sorted(path.name for path in runs.iterdir() if path.name != "other") == before


@pytest.mark.parametrize("name", ["/proc/nope/log.jsonl", "file/log.jsonl"])
def test_a_log_that_cannot_be_written_is_found_before_a_run_begins(base, tmp_path, name):
    (tmp_path / "file").touch()
    config = {**GOVERNED, "governance": {**GOVERNANCE, "log": name}}
    with pytest.raises(Exception, match=r"cannot write the log .* so nothing is done"):
        run_features([str(base / "tables")], tmp_path / "run", config, options=OPTIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_log_without_its_head_is_whole_if_the_last_hash_was_noted(runs):
    (runs / "log.jsonl.head").unlink()
    sha256_of_last = [entry["sha256"] for entry in entries(runs / "log.jsonl")][-1]
    refused = CliRunner().invoke(app, ["log", "verify", str(runs)])
    assert "--head SHA256" in str(refused.exception)
    assert "says what is wrong" not in str(refused.exception)
    told = " ".join(done("log", "verify", runs, "--head", sha256_of_last).split())
    line = re.search(r'write the line ({"seq":2,"sha256":"[0-9a-f]{64}"}) into', told)
    (runs / "log.jsonl.head").write_text(f"{line[1]}\n")
    done("show", runs / "run", "--top", 2)
    assert last(runs) == [("consultation", 2)]


def test_where_the_log_is(tmp_path, monkeypatch):
    def given(**more) -> Any:
        return load_config({"governance": {**GOVERNANCE, **more}})

    beside = (tmp_path / "log.jsonl").resolve()
    (tmp_path / "run").mkdir()
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "run").symlink_to(tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    for run in (tmp_path / "run", Path(), tmp_path / "link" / "run", tmp_path / "run" / ".." / "run"):
        assert log_of(given(), run) == beside
        assert log_of(given(log="logs/all.jsonl"), run) == beside.with_name("logs") / "all.jsonl"
        assert log_of(given(log=str(tmp_path / "x.jsonl")), run) == tmp_path / "x.jsonl"
        assert log_of(load_config(), run) is None
    assert entering_of(load_config(), tmp_path / "run") is None


def test_a_log_elsewhere_is_that_of_every_command(tmp_path):
    config = load_config({"governance": {**GOVERNANCE, "log": "logs/all.jsonl"}})
    with RunFolder(tmp_path / "run", RUN_FILES, folder_rules(config, tmp_path / "run", OPTIONS)) as folder:
        folder.write_table("groups.parquet", [pl.DataFrame({"person_id": [1, 2]})])
        folder.finish({"gpunet": "features", "config": config.as_dict()})
    done("show", tmp_path / "run", "groups")
    assert len(list(entries(tmp_path / "logs" / "all.jsonl"))) == 2
    assert not (tmp_path / "log.jsonl").exists()
    assert "2 lines" in done("log", "verify", tmp_path / "run")


def test_pages_say_what_a_run_is_for_and_the_public_is_told_no_name(runs):
    changed = {
        "requested_by": f"{HOSTILE[4]}Quiet Squad",
        "purpose": HOSTILE[5],
        "legal_basis": HOSTILE[2],
        "controller": HOSTILE[6],
    }
    path = runs / "run" / "run.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "governance": {**GOVERNANCE, **changed}}))
    pages = {}
    for name in ("analyst", "public"):
        page = rendered(page_of(Source(runs / "run", Audience(name))), Audience(name))
        pages[name] = assert_harmless(page.html).text
        assert "for nothing else" in pages[name]
    assert_public(page.html, page.figures, {"Olive Owner", "Quiet Squad", SENTINEL})
    assert "Olive Owner" in pages["analyst"]
    assert "Demand by team" in pages["analyst"]
    assert "Demand by month" in pages["public"]
    assert "Demand by team" not in pages["public"]
    (runs / "log.jsonl").write_bytes(b"")
    page = rendered(page_of(Source(runs / "run")), Audience()).html.decode()
    assert "is not told: the log of this folder is not as it was written" in page
    del manifest["governance"]
    path.write_text(json.dumps(manifest))
    assert "no purpose stated" in rendered(page_of(Source(runs / "run")), Audience()).html.decode()
