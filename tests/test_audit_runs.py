"""``gpunet audit`` as a command: its folder, its page, what is nowhere in them, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from audited_runs import CONFIG, N, attributes_of, audited_run, ids_of
from report_pages import HOSTILE, Parsed
from typer.testing import CliRunner

from gpunet.base.errors import InputError
from gpunet.base.shapes import values_shown
from gpunet.cli.app import app
from gpunet.cli.audits import audit_config, run_audit
from gpunet.cli.reports import write_report
from gpunet.evaluate.audit_schemas import AUDIT_TABLES
from gpunet.report.audience import AUDIENCES, Audience, AudienceName
from gpunet.report.audit_page import audit_errors
from gpunet.report.figure import Figure, Table
from gpunet.report.source import Source
from gpunet.runs.complete import read_manifest
from gpunet.runs.run_options import RunOptions

BY = ["ethnicity", "sex"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return audited_run(tmp_path_factory.mktemp("audited") / "run")


@pytest.fixture(scope="module")
def attributes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return attributes_of(tmp_path_factory.mktemp("attributes") / "attributes.csv")


@pytest.fixture(scope="module")
def audited(run: Path, attributes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit by the command, with its report and what it said."""
    out = tmp_path_factory.mktemp("audits") / "audit"
    asked = ["audit", run, "--attributes", attributes, "--by", "ethnicity, sex", "--out", out, "--threads", 1]
    done = CliRunner().invoke(app, list(map(str, asked)), catch_exceptions=False)
    assert done.exit_code == 0
    (out.parent / "said.txt").write_text(done.output, encoding="utf-8")
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_and_its_manifest(audited: Path, run: Path, attributes: Path) -> None:
    manifest = read_manifest(audited)
    assert manifest["gpunet"] == "audit"
    assert set(manifest["outputs"]) == {"fairness.parquet", "proxies.parquet"}
    told = manifest["audit"]
    assert told["run"]["run_json_sha256"] == sha256((run / "run.json").read_bytes()).hexdigest()
    (file,) = told["attributes"]["files"]
    assert file["sha256"] == sha256(attributes.read_bytes()).hexdigest()
    assert set(file) == {"name", "sha256"}
    assert (told["by"], told["persons"], told["attributes"]["persons_found"]) == (BY, N, N - 30)
    assert told["min_persons"] == 10
    fairness, proxies = (pl.read_parquet(audited / f"{name}.parquet") for name in AUDIT_TABLES)
    assert fairness.columns == [column.name for column in AUDIT_TABLES["fairness"]]
    assert proxies.columns == [column.name for column in AUDIT_TABLES["proxies"]]
    assert fairness["by"].unique(maintain_order=True).to_list() == ["everybody", "ethnicity", "sex", "ethnicity x sex"]
    assert fairness.filter(pl.col("by") == "ethnicity")["group"].unique().sort().to_list() == [
        "A",
        "B",
        "C",
        "not known",
    ]
    predictions = pl.read_parquet(run / "predictions.parquet")
    whole = fairness.filter((pl.col("by") == "everybody") & (pl.col("rule") == "threshold")).row(0, named=True)
    chosen = predictions.filter(pl.col("probability") >= 0.35)
    assert whole["selected"] == len(chosen)
    assert whole["precision"] == pytest.approx(chosen["label"].mean())
    assert whole["mean_score"] == pytest.approx(predictions["probability"].mean())


def test_what_the_terminal_says(audited: Path) -> None:
    said = (audited.parent / "said.txt").read_text(encoding="utf-8")
    assert f"audited   {N} persons of the test window [2013-01-01, 2013-06-30)" in said
    assert 'By "ethnicity", the model\'s threshold selects' in said
    assert "the features guess no group better than a coin" in said  # they are made at random
    assert "no group and no denominator of fewer than 10 persons" in said
    assert f"report    {audited / 'report.html'}" in said


def test_no_person_is_anywhere_in_it(audited: Path) -> None:
    ids = [person.encode() for person in ids_of(False)]
    for name, data in contents(audited).items():
        assert not any(person in data for person in ids), name
    for table in AUDIT_TABLES:
        frame = pl.read_parquet(audited / f"{table}.parquet")
        assert not any(str(value).startswith("id-") for column in frame for value in column)


def test_nothing_of_the_run_is_touched_and_the_same_bytes_come_again(
    audited: Path, run: Path, attributes: Path, tmp_path: Path
) -> None:
    before = contents(run)
    run_audit(run, attributes, BY, tmp_path / "again", None, RunOptions(threads=2))
    assert contents(run) == before
    first, again = contents(audited), contents(tmp_path / "again")
    for name in ("fairness.parquet", "proxies.parquet"):
        assert first[name] == again[name]
    one, other = json.loads(first["run.json"]), json.loads(again["run.json"])
    assert one.pop("execution")["threads"] == 1
    assert other.pop("execution")["threads"] == 2
    assert one == other


def test_the_page_has_its_sections_for_both_audiences(audited: Path, tmp_path: Path) -> None:
    page = Parsed((audited / "report.html").read_text(encoding="utf-8"))
    names = [of.get("id") for tag, of in page.elements if tag == "section"]
    expected = [
        "asked",
        "fairness",
        "errors",
        "calibration",
        "proxies",
        "suppressed",
        "governance",
        "limits",
        "computed",
    ]
    assert names == expected
    assert "[2020] EWCA Civ 1058" in page.text
    assert {path.stem for path in (audited / "figures").iterdir()} >= {
        "audit_selection_rate", "audit_false_positive_rate", "audit_recall", "audit_precision", "audit_calibration",
        "audit_groups", "audit_errors", "audit_pairs", "proxies",
    }  # fmt: skip
    write_report(audited, "public")
    public = (audited / "report.html").read_text(encoding="utf-8")
    assert "attributes.csv" not in public
    assert "or by a list of the first 100 or 500 of everybody" in page.text
    assert "Selected by the threshold" in public


def test_the_public_is_told_errors_of_no_list_that_the_report_of_the_run_hides(audited: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(audited, tmp_path / "audit"))
    manifest = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    words = {"threshold": "threshold", "top_100": "first 100", "top_500": "first 500"}
    assert set(manifest["audit"]["public_rules"]) <= set(words)
    for rules in (["threshold", "top_100"], ["top_100"], []):
        manifest["audit"]["public_rules"] = rules
        (copy / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
        section, whole = (audit_errors(Source(copy, Audience(name))) for name in ("public", "analyst"))
        assert section is not None
        assert whole is not None
        told = {rule for part in section.parts if isinstance(part, Table) for rule in part.data["rule"]}
        assert told == {words[rule] for rule in rules}
        assert any(isinstance(part, Figure) for part in section.parts) == ("threshold" in rules)
        assert ("threshold selects are left out" in section.lead) == ("threshold" not in rules)
        assert {rule for part in whole.parts if isinstance(part, Table) for rule in part.data["rule"]} == {
            *words.values()
        }


def test_an_audit_of_smaller_groups_is_not_for_everybody(run: Path, attributes: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit"
    run_audit(run, attributes, ["sex"], out, {**CONFIG, "audit": {"min_persons": 3, "folds": 2}})
    write_report(out, "public")
    page = Parsed((out / "report.html").read_text(encoding="utf-8"))
    assert "so it is not for everybody" in page.text
    assert "audit_groups" not in (out / "report.html").read_text(encoding="utf-8")
    write_report(out)
    assert "audit_groups" in (out / "report.html").read_text(encoding="utf-8")


def test_hostile_names_of_groups(run: Path, tmp_path: Path) -> None:
    groups = (HOSTILE[0], HOSTILE[2], HOSTILE[3], HOSTILE[9])
    table = attributes_of(tmp_path / "a.csv", groups)
    run_audit(run, table, ["ethnicity"], tmp_path / "audit", {**CONFIG, "evaluate": {"bootstrap": 5}})
    write_report(tmp_path / "audit")
    html = (tmp_path / "audit" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in html
    page = Parsed(html)
    assert "<script>alert(1)</script>" in page.text
    assert not [of for _, of in page.elements if any(name.startswith("on") for name in of)]
    found = pl.read_parquet(tmp_path / "audit" / "fairness.parquet")
    assert set(found["group"]) == {"everybody", "not known", *groups}
    csv = (tmp_path / "audit" / "figures" / "audit_selection_rate.csv").read_text(encoding="utf-8")
    assert "'=cmd()" in csv
    assert ",=cmd()" not in csv


def test_ids_that_are_numbers(tmp_path: Path) -> None:
    run = audited_run(tmp_path / "run", numbers=True)
    table = attributes_of(tmp_path / "a.csv", numbers=True)
    manifest = run_audit(run, table, ["sex"], tmp_path / "audit", {**CONFIG, "evaluate": {"bootstrap": 5}})
    assert manifest["audit"]["attributes"]["persons_found"] == N - 30


def test_how_few_are_missing_is_not_told(run: Path, tmp_path: Path) -> None:
    table = pl.read_csv(attributes_of(tmp_path / "a.csv"))
    rest = pl.DataFrame({"Person ID": ids_of(False)[N - 30 : N - 4], "Ethnicity": "A", "sex": "M"})
    pl.concat([table, rest]).write_csv(tmp_path / "b.csv")
    manifest = run_audit(run, tmp_path / "b.csv", ["sex"], tmp_path / "audit", {**CONFIG, "evaluate": {"bootstrap": 5}})
    assert manifest["audit"]["attributes"]["persons_found"] is None
    fairness = pl.read_parquet(tmp_path / "audit" / "fairness.parquet")
    assert fairness.filter(pl.col("group") == "not known")["persons"].to_list() == [None, None, None]
    text = (tmp_path / "audit" / "run.json").read_text(encoding="utf-8")
    size = (tmp_path / "b.csv").stat().st_size
    assert not {str(N - 4), str(size)} & set(re.findall(r"\d+", text))
    page = Parsed(page_of(tmp_path / "audit"))
    assert 'By "\u2068sex\u2069", groups with' in page.text or 'By "sex", groups with' in page.text
    assert "of all persons are not told, so that a small one cannot be found by subtraction" in page.text
    assert "a file that has the attribute of everybody brings them back" in page.text


def test_how_few_of_the_table_have_no_value_is_not_told(run: Path, tmp_path: Path) -> None:
    table = pl.read_csv(attributes_of(tmp_path / "a.csv"))
    few = pl.col("Person ID").is_in(ids_of(False)[:3])
    table.with_columns(sex=pl.when(few).then(None).otherwise(pl.col("sex"))).write_csv(tmp_path / "b.csv")
    manifest = run_audit(run, tmp_path / "b.csv", ["sex"], tmp_path / "audit", {**CONFIG, "evaluate": {"bootstrap": 5}})
    fairness = pl.read_parquet(tmp_path / "audit" / "fairness.parquet")
    assert fairness.filter(pl.col("group") == "not known")["persons"].unique().to_list() == [33]
    assert manifest["audit"]["attributes"]["persons_found"] is None  # 33 less those who are not in the table


def page_of(audit: Path, audience: AudienceName = "analyst") -> str:
    write_report(audit, audience)
    return (audit / "report.html").read_text(encoding="utf-8")


def test_two_positives_are_told_nowhere(attributes: Path, tmp_path: Path) -> None:
    run = audited_run(tmp_path / "run", most_positives=2)
    out, config = tmp_path / "audit", tmp_path / "c.toml"
    config.write_text('[violent_offences]\nrobbery = ["robbery*"]\n[evaluate]\nbootstrap = 5\n[audit]\nfolds = 2\n')
    asked = ["audit", run, "--attributes", attributes, "--by", "sex", "--out", out, "--config", config]
    done = CliRunner().invoke(app, list(map(str, asked)), catch_exceptions=False)
    assert "[2013-01-01, 2013-06-30), fewer than 10, or all but fewer than 10, arrested for violence" in done.output
    assert read_manifest(out)["audit"]["positives"] is None
    fairness = pl.read_parquet(out / "fairness.parquet")
    for name in ("positives", "precision", "recall", "false_positive_rate", "observed", "calibration"):
        assert fairness[name].null_count() == len(fairness), name
    assert fairness.filter(pl.col("by") == "everybody")["selection_rate"].null_count() == 0
    for audience in AUDIENCES:
        text = Parsed(page_of(out, audience)).text
        assert "fewer than 10, or all but fewer than 10, of whom were then arrested" in text
        assert "the numbers are too small, or would give a small one away" in text
        assert ("no denominator of fewer than 10 persons; right and wrong" in text) == (audience == "public")


def test_the_run_says_when_two_ids_are_one(tmp_path: Path) -> None:
    run = audited_run(tmp_path / "run", {"input": {"id_rules": {"strip_zeros": True}}})
    assert audit_config(run).input.id_rules.person_id.strip_zeros
    other = audit_config(run, {"input": {"columns": {"person_id": "pid"}}, "audit": {"min_persons": 20}})
    assert other.input.id_rules.person_id.strip_zeros
    assert other.input.source_names("person_id") == ("pid", "person_id")
    assert other.audit.min_persons == 20


def refused(*arguments: object) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert isinstance(done.exception, InputError), done.output
    assert done.exception.exit_code == 2
    return str(done.exception)


def test_what_is_refused(run: Path, attributes: Path, tmp_path: Path) -> None:
    asked = ("--attributes", attributes, "--by", "sex")
    out = tmp_path / "out"
    assert "is to be written, and is the input" in refused("audit", run, *asked, "--out", run)
    assert "lies in the run that is audited" in refused("audit", run, *asked, "--out", run / "audit")
    assert "is to be written, and is the input" in refused("audit", run, *asked, "--out", attributes.parent)
    assert "it has no run.json" in refused("audit", tmp_path / "nothing", *asked, "--out", out)
    assert "is a file" in refused("audit", attributes, *asked, "--out", out)
    assert '"race"' in refused("audit", run, "--attributes", attributes, "--by", "race", "--out", out)
    assert "--by: name one" in refused("audit", run, "--attributes", attributes, "--by", ",", "--out", out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    assert "holds what is not of a run" in refused("audit", run, *asked, "--out", tmp_path / "mine")
    assert not out.exists()


def test_runs_that_cannot_be_audited(run: Path, attributes: Path, tmp_path: Path) -> None:
    asked = (attributes, ["sex"], tmp_path / "out")
    other = audited_run(tmp_path / "features", gpunet="features")
    with pytest.raises(InputError, match="is of gpunet features; an audit is of gpunet run"):
        run_audit(other, *asked)
    changed = audited_run(tmp_path / "changed")
    pl.read_parquet(changed / "predictions.parquet").head(5).write_parquet(changed / "predictions.parquet")
    with pytest.raises(InputError, match=r"predictions.parquet is not what run.json lists: give the run again"):
        run_audit(changed, *asked)
    (changed / "predictions.parquet").unlink()
    with pytest.raises(InputError, match=r"predictions.parquet is missing, which run.json lists: give the run again"):
        run_audit(changed, *asked)
    earlier = json.loads((run / "run.json").read_text())
    del earlier["outputs"]["predictions.parquet"]
    (changed / "run.json").write_text(json.dumps(earlier))
    with pytest.raises(InputError, match="the run is of an earlier version of gpunet; give it again"):
        run_audit(changed, *asked)


def test_a_value_of_the_file_is_in_no_message(run: Path, tmp_path: Path) -> None:
    secret = tmp_path / "a.csv"
    secret.write_text("person_id,sex\nid-7000001,secret\nid-7000001,other\n", encoding="utf-8")
    manifest = run_audit(run, secret, ["sex"], tmp_path / "out", CONFIG)
    with values_shown(True):
        assert not any("secret" in warning or "id-7" in warning for warning in manifest["warnings"])
    assert manifest["audit"]["attributes"]["contradictory"] == ["sex"]
