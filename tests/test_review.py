"""Sealed scores: where they are told, who opens them, what a kill leaves."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from test_governance import EVERY, GIVEN
from typer.testing import CliRunner

from gpunet.base.errors import InputError
from gpunet.cli.app import app
from gpunet.cli.audits import run_audit
from gpunet.cli.packages import described
from gpunet.cli.reports import write_report
from gpunet.cli.run import run_forecast
from gpunet.cli.running import RUN_FILES
from gpunet.cli.updates import run_update
from gpunet.governance.log import entries
from gpunet.governance.review import Decision, ReviewFolder
from gpunet.packages.package import package_run
from gpunet.report.audience import AudienceName
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import RunFolder
from gpunet.runs.lock import FolderLock
from gpunet.runs.run_options import RunOptions
from gpunet.runs.sealed import SEALED, opened_bytes, sealed_bytes
from gpunet.synthetic import write_tables
from tests.run_processes import killed_at

MODEL = {"model": {"max_rounds": 4, "folds": 2}, "evaluate": {"bootstrap": 20}, "audit": {"folds": 2}}
SCORES = {"scores.parquet", "top.csv", "predictions.parquet", "model.ubj"}
OPTIONS = RunOptions(threads=1)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder, persons=250, seed=5)
    return [str(path) for path in sorted(folder.iterdir())]


@pytest.fixture(scope="module")
def made(tables: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same run, sealed and not."""
    folder = tmp_path_factory.mktemp("runs")
    for name, governance in (("sealed", EVERY), ("plain", GIVEN)):
        run_forecast(tables, folder / name, {**MODEL, "governance": governance}, None, OPTIONS)
    return {name: folder / name for name in ("sealed", "plain")}


@pytest.fixture
def sealed(made: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made["sealed"], tmp_path / "run"))


def approve(run: Path, note: str = "good") -> dict[str, Any]:
    with ReviewFolder(run, RUN_FILES) as folder:
        return folder.decide("Jane Doe", "approve", note)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


@given(st.binary(max_size=300), st.data())
def test_a_seal_gives_back_the_bytes_and_finds_damage(plain: bytes, data: st.DataObject) -> None:
    sealed = sealed_bytes(plain)
    assert opened_bytes(sealed) == plain
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:at] + bytes([sealed[at] ^ data.draw(st.integers(1, 255))]) + sealed[at + 1 :]
    with contextlib.suppress(ValueError):
        assert opened_bytes(changed) == plain  # bits of the compressed form that say nothing


def test_scores_are_written_under_seal_and_no_program_reads_them(made: dict[str, Path]) -> None:
    found = names(made["sealed"])
    assert found.isdisjoint(SCORES)
    assert {f"{name}{SEALED}" for name in SCORES} <= found
    ids = pl.read_parquet(made["plain"] / "scores.parquet")["person_id"].cast(pl.String).to_list()
    for name in SCORES:
        data = (made["sealed"] / f"{name}{SEALED}").read_bytes()
        assert not any(f",{one},".encode() in data for one in ids)
        if name.endswith(".parquet"):
            with pytest.raises(pl.exceptions.PolarsError):
                pl.read_parquet(data)


@pytest.mark.parametrize(
    "asked",
    [
        ["show", "RUN", "scores"],
        ["show", "RUN", "predictions"],
        ["show", "RUN", "scores", "--json"],
        ["show", "RUN", "scores", "--csv", "-"],
        ["card", "RUN", "--person", "1", "--out", "OUT.html"],
    ],
)
def test_commands_show_no_sealed_score(sealed: Path, tmp_path: Path, asked: list[str]) -> None:
    words = [word.replace("RUN", str(sealed)).replace("OUT", str(tmp_path / "page")) for word in asked]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, InputError)
    assert "gpunet review" in str(done.exception)


def test_reports_and_audits_tell_of_all_together(made: dict[str, Path], sealed: Path, tmp_path: Path) -> None:
    for folder in (made["plain"], sealed):
        write_report(folder)
    of_log = {"governance.csv", *(f"demand_by_{by}.csv" for by in ("task", "purpose", "team", "month"))}
    names_of = {path.name for path in (sealed / "figures").iterdir()} - of_log
    assert names_of == {path.name for path in (made["plain"] / "figures").iterdir()} - of_log
    for name in names_of - {"stages.csv", "files_written.csv"}:  # times, and the files themselves
        assert (sealed / "figures" / name).read_bytes() == (made["plain"] / "figures" / name).read_bytes(), name
    ids = pl.read_parquet(sealed / "features.parquet")["person_id"].to_list()
    attributes = pl.DataFrame({"person_id": ids, "group": [("A", "B")[i % 2] for i in range(len(ids))]})
    attributes.write_csv(tmp_path / "attributes.csv")
    audits = [
        run_audit(run, tmp_path / "attributes.csv", ["group"], tmp_path / f"audit-{i}", None, OPTIONS)
        for i, run in enumerate((made["plain"], sealed))
    ]
    one, other = (pl.read_parquet(tmp_path / f"audit-{i}" / "fairness.parquet") for i in range(2))
    assert one.equals(other)
    persons = len(pl.read_parquet(made["plain"] / "predictions.parquet"))
    assert [audit["audit"]["persons"] for audit in audits] == [persons, persons]


def test_approval_opens_the_results_of_the_run_without_a_seal(made: dict[str, Path], sealed: Path) -> None:
    before = sha256((sealed / "run.json").read_bytes()).hexdigest()
    manifest = approve(sealed)
    assert manifest == json.loads((sealed / "run.json").read_text(encoding="utf-8")) == read_manifest(sealed)
    (entry,) = manifest["review"]
    assert (entry["by"], entry["decision"], entry["note"]) == ("Jane Doe", "approve", "good")
    assert entry["reviewer"] == EVERY["reviewer"]
    assert entry["run_json_sha256"] == before
    assert names(sealed) >= SCORES
    assert not [name for name in names(sealed) if name.endswith(SEALED)]
    for name in ("scores.parquet", "predictions.parquet"):
        assert pl.read_parquet(sealed / name).equals(pl.read_parquet(made["plain"] / name))
    for name in ("top.csv", "model.ubj"):
        assert (sealed / name).read_bytes() == (made["plain"] / name).read_bytes()
    for name, of in manifest["outputs"].items():
        assert sha256((sealed / name).read_bytes()).hexdigest() == of["sha256"]
    with pytest.raises(InputError, match=r"open already, by Jane Doe on \d{4}-\d\d-\d\d: there is nothing to decide"):
        approve(sealed)
    assert read_manifest(sealed) == manifest


def test_rejection_leaves_the_seal_and_can_be_reviewed_again(sealed: Path) -> None:
    before = names(sealed)
    with ReviewFolder(sealed, RUN_FILES) as folder:
        folder.decide("Jane Doe", "reject", "too many false alarms")
    assert names(sealed) == before
    decisions = [entry["decision"] for entry in approve(sealed)["review"]]
    assert decisions == ["reject", "approve"]
    with ReviewFolder(sealed, RUN_FILES) as folder, pytest.raises(InputError, match="cannot be sealed again"):
        folder.decide("Jane Doe", "reject", "second thoughts")


def _killed(folder: str, moment: int) -> None:
    exec(killed_at(Path(folder), moment), {})
    approve(Path(folder))
    os._exit(0)


def test_whoever_is_killed_goes_on_with_the_same_command(made: dict[str, Path], tmp_path: Path) -> None:
    forks, killed = multiprocessing.get_context("fork"), 0
    for moment in range(1, 200):
        run = Path(shutil.copytree(made["sealed"], tmp_path / str(moment)))
        process = forks.Process(target=_killed, args=(str(run), moment))
        process.start()
        process.join()
        opened = not names(run).isdisjoint(SCORES)
        assert not opened or "review" in json.loads((run / "run.json").read_text(encoding="utf-8"))
        with contextlib.suppress(InputError):  # if it was killed when all was done
            approve(run)
        manifest = read_manifest(run)
        assert [entry["decision"] for entry in manifest["review"]] == ["approve"]
        assert names(run) >= SCORES
        assert not [name for name in names(run) if name.endswith(SEALED)]
        if process.exitcode == 0:
            break
        killed += 1
        shutil.rmtree(run)
    assert process.exitcode == 0
    assert killed > 10


@pytest.mark.parametrize(("option", "text"), [("by", " "), ("note", ""), ("by", "a\x1bb"), ("note", "x" * 3000)])
def test_texts_say_something(sealed: Path, option: str, text: str) -> None:
    said = {"by": "Jane", "note": "good", option: text}
    with ReviewFolder(sealed, RUN_FILES) as folder, pytest.raises(InputError, match=f"--{option}"):
        folder.decide(said["by"], "approve", said["note"])
    assert "review" not in read_manifest(sealed)


def test_what_is_refused_is_not_entered_in_the_log(made: dict[str, Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(made["sealed"], tmp_path / "runs" / "run"))

    def review(by: str, decision: str, note: str = "x") -> tuple[str, list[str]]:
        asked = ["review", str(run), "--by", by, "--decision", decision, "--note", note, "--no-report"]
        done = CliRunner().invoke(app, asked)
        assert (done.exception is None) or isinstance(done.exception, InputError)
        log = run.parent / "log.jsonl"
        return str(done.exception or ""), [entry["operation"] for entry in entries(log)] if log.exists() else []

    assert review("", "approve") == ("--by: it is empty: say who decides, and why", [])
    assert review("Jane", "reject", " ") == ("--note: it is empty: say who decides, and why", [])
    assert review("Jane", "approve") == ("", ["alteration"])
    before = (run / "run.json").read_bytes()
    for by, decision, why in (
        ("", "approve", "--by: it is empty"),
        ("Jane", "approve", "are open already, by Jane on"),
        ("Jane", "reject", "cannot be sealed again"),
    ):
        said, log = review(by, decision)
        assert why in said
        assert log == ["alteration"]
    assert (run / "run.json").read_bytes() == before


def test_the_entry_is_there_before_anything_is_opened(sealed: Path) -> None:
    class NoLogError(Exception):
        pass

    def enter() -> None:
        assert names(sealed).isdisjoint(SCORES)
        assert "review" not in read_manifest(sealed)
        raise NoLogError

    before = names(sealed)
    with ReviewFolder(sealed, RUN_FILES) as folder, pytest.raises(NoLogError):
        folder.decide("Jane", "approve", "good", enter)
    assert names(sealed) == before
    assert "review" not in read_manifest(sealed)


def test_of_two_reviews_at_once_the_later_one_sees_what_the_earlier_one_has_decided(
    sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, first = FolderLock.take, [True]

    def late(lock: FolderLock) -> bool:
        if first and first.pop():
            approve(sealed)
        return take(lock)

    monkeypatch.setattr(FolderLock, "take", late)
    with ReviewFolder(sealed, RUN_FILES) as folder, pytest.raises(InputError, match="cannot be sealed again"):
        folder.decide("John Doe", "reject", "no")
    manifest = read_manifest(sealed)
    assert [entry["decision"] for entry in manifest["review"]] == ["approve"]
    assert manifest["outputs"].keys() <= names(sealed)


def test_no_folder_is_made_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not the folder of a complete run"):
        approve(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_open_anywhere_until_log_and_run_json_say_so(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put, done = ReviewFolder.put_in_place, list[str]()

    def nothing_is_open() -> None:
        assert SCORES.isdisjoint(path.name for path in sealed.rglob("*"))

    def watched(folder: ReviewFolder, name: str) -> None:
        if name == "run.json":
            assert done == ["entered"]
            nothing_is_open()
        done.append(name)
        put(folder, name)

    monkeypatch.setattr(ReviewFolder, "put_in_place", watched)
    with ReviewFolder(sealed, RUN_FILES) as folder:
        folder.decide("Jane", "approve", "good", lambda: (nothing_is_open(), done.append("entered")))
    assert done[:2] == ["entered", "run.json"]
    assert {*done} >= SCORES


def test_open_scores_that_a_stopped_review_left_hidden_are_told_and_deleted(
    made: dict[str, Path], tmp_path: Path
) -> None:
    """As reviews of earlier versions left them."""
    run = Path(shutil.copytree(made["sealed"], tmp_path / "runs" / "run"))
    hidden = run / ".partial"
    hidden.mkdir()
    (hidden / "lock").touch()
    shutil.copy(made["plain"] / "scores.parquet", hidden)
    listed = CliRunner().invoke(app, ["retain", str(run.parent)])
    assert "left by a command that was stopped" in " ".join(listed.stdout.split())
    with RunFolder(run, RUN_FILES):  # at work, and it has removed them
        shutil.copy(made["plain"] / "scores.parquet", hidden)
        busy = CliRunner().invoke(app, ["retain", str(run.parent), "--apply"])
        assert "stopped" not in busy.stdout
        assert (hidden / "scores.parquet").is_file()
    hidden.mkdir()
    shutil.copy(made["plain"] / "scores.parquet", hidden)
    before = names(run)
    done = CliRunner().invoke(app, ["retain", str(run.parent), "--apply"])
    assert done.exit_code == 0, done.output
    assert not hidden.exists()
    assert names(run) == before


def test_scores_that_somebody_has_put_into_a_sealed_run_are_not_shown(made: dict[str, Path], sealed: Path) -> None:
    shutil.copy(made["plain"] / "scores.parquet", sealed)
    for words in (["show", str(sealed), "scores"], ["show", str(sealed), "--top", "2"]):
        assert "are sealed until they are reviewed" in str(CliRunner().invoke(app, words).exception)


def test_what_a_kill_left_is_finished_without_another_entry(sealed: Path, tmp_path: Path) -> None:
    kept = Path(shutil.copy(sealed / f"top.csv{SEALED}", tmp_path))
    approve(sealed)
    (sealed / "top.csv").unlink()
    shutil.copy(kept, sealed)
    with ReviewFolder(sealed, RUN_FILES) as folder:
        folder.decide("Jane Doe", "approve", "good", lambda: pytest.fail("it stands in the log already"))
    assert (sealed / "top.csv").is_file()
    assert not (sealed / kept.name).exists()


def test_what_asks_for_no_review_has_none(made: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="no scores to review"):
        approve(made["plain"])


def test_a_changed_result_is_not_opened(sealed: Path) -> None:
    path = sealed / f"scores.parquet{SEALED}"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=r"not what run\.json lists"):
        approve(sealed)


def test_an_update_of_a_sealed_run_is_sealed(tables: list[str], made: dict[str, Path], tmp_path: Path) -> None:
    erased = pl.read_parquet(made["plain"] / "features.parquet")["person_id"][:1]
    pl.DataFrame({"person_id": erased}).write_csv(tmp_path / "remove.csv")
    run_update(made["sealed"], tmp_path / "next", (), None, OPTIONS, remove=[tmp_path / "remove.csv"])
    found = names(tmp_path / "next")
    assert found.isdisjoint({*SCORES, "changes.parquet"})
    assert f"changes.parquet{SEALED}" in found
    shown = CliRunner().invoke(app, ["show", str(tmp_path / "next"), "changes"])
    assert "gpunet review" in str(shown.exception)
    assert "changes.parquet" in {*approve(tmp_path / "next")["outputs"]}


def test_features_of_an_approved_run_are_scored_where_they_lie(
    made: dict[str, Path], sealed: Path, tmp_path: Path
) -> None:
    def scored(table: Path) -> str:
        model, out = str(made["plain"] / "model.ubj"), str(tmp_path / "scores.parquet")
        asked = ["score", "--model", model, "--features", str(table), "--out", out, "--engine", "cpu"]
        return str(CliRunner().invoke(app, asked).exception or "")

    table = sealed / "features.parquet"
    assert "scores of this run need a review first" in scored(table)
    with ReviewFolder(sealed, RUN_FILES) as folder:
        folder.decide("Jane Doe", "reject", "no")
    assert "scores of this run need a review first" in scored(table)
    assert not (tmp_path / "scores.parquet").exists()
    approve(sealed)
    shutil.copy(table, tmp_path / "features.parquet")
    assert "scores of this run need a review first" in scored(tmp_path / "features.parquet")
    assert scored(table) == ""
    assert len(pl.read_parquet(tmp_path / "scores.parquet")) == len(pl.read_parquet(table))
    table.write_bytes((made["sealed"] / "groups.parquet").read_bytes())  # another table of the run, put in its place
    assert "scores of this run need a review first" in scored(table)
    for text in ("[]", '{"review": [{"decision": "approve"}]}', '{"review": 3, "outputs": {}}'):
        (sealed / "run.json").write_text(text)
        assert "scores of this run need a review first" in scored(table)


def test_the_command(sealed: Path) -> None:
    asked = ["review", str(sealed), "--by", "Jane", "--decision", "approve", "--note", "good"]
    done = CliRunner().invoke(app, asked)
    assert (done.exit_code, names(sealed) >= SCORES) == (0, True)
    shown = CliRunner().invoke(app, ["show", str(sealed), "scores", "--top", "2"])
    assert shown.exit_code == 0


@pytest.mark.parametrize("audience", ["analyst", "public"])
def test_no_report_goes_on_telling_of_the_run_before_a_decision(
    sealed: Path, tmp_path: Path, audience: AudienceName
) -> None:
    write_report(sealed, audience)
    key = Ed25519PrivateKey.generate()

    def decided(decision: str, *more: str) -> str:
        done = CliRunner().invoke(
            app, ["review", str(sealed), "--by", "Jane", "--decision", decision, "--note", "x", *more]
        )
        assert done.exit_code == 0, done.output
        package_run(sealed, key, tmp_path / f"{decision}.zip", described)  # which is not refused
        (tmp_path / f"{decision}.zip").unlink()
        return " ".join(done.stdout.split())

    assert "sealed" in (sealed / "report.html").read_text()
    assert "report " in decided("reject")
    assert json.loads((sealed / "report.json").read_text())["audience"] == audience
    assert "told of the run before this decision and is removed: gpunet report" in decided("reject", "--no-report")
    assert "a review before this one removed the report: gpunet report" in decided("approve", "--no-report")
    assert not any((sealed / name).exists() for name in ("report.html", "report.json", "figures"))


def _killed_in(folder: str, decision: Decision, step: str) -> None:
    setattr(ReviewFolder, step, lambda *_: os._exit(9))
    with ReviewFolder(Path(folder), RUN_FILES) as of:
        of.decide("Jane Doe", decision, "good")


@pytest.mark.parametrize(("decision", "step"), [("reject", "_put"), ("approve", "_put"), ("approve", "_finish")])
def test_the_report_that_a_killed_decision_removed_is_made_again_for_whom_it_was(
    sealed: Path, decision: Decision, step: str
) -> None:
    write_report(sealed, "public")
    process = multiprocessing.get_context("fork").Process(target=_killed_in, args=(str(sealed), decision, step))
    process.start()
    process.join()
    assert (process.exitcode, (sealed / "report.html").exists()) == (9, False)
    asked = ["review", str(sealed), "--by", "Jane Doe", "--decision", decision, "--note", "good"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert json.loads((sealed / "report.json").read_text())["audience"] == "public"
    (review,) = read_manifest(sealed)["review"]
    assert review["report_audience"] == "public"


@pytest.mark.parametrize(("by", "told"), [("Jane Doe", True), ("panel ", False)])
def test_who_is_not_the_reviewer_of_the_configuration_is_told(sealed: Path, by: str, told: bool) -> None:
    words = ["review", str(sealed), "--by", by, "--decision", "reject", "--note", "no", "--no-report"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    line = '--by is not the reviewer that the configuration names, "Panel": both stand in run.json'
    assert (line in " ".join(result.output.split())) == told


def test_show_says_what_opens_scores_that_are_asked_for_without_a_name(
    sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    opens = f"the scores in {sealed} are sealed until they are reviewed: gpunet review {sealed} --by NAME"
    listed = CliRunner().invoke(app, ["show", str(sealed)])
    assert listed.exit_code == 0
    assert "features" in listed.output
    assert opens in listed.output
    for words in (["--top", "2"], ["scores"], ["--csv", str(sealed.parent / "x.csv")]):
        assert opens in str(CliRunner().invoke(app, ["show", str(sealed), *words]).exception)
