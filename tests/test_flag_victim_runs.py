"""``gpunet flags`` of runs with tables of victims and ties: what is read again, two lists, and their pages."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from gpunet.base.errors import ConfigError, InputError
from gpunet.cli.app import app
from gpunet.cli.flags import run_flags
from gpunet.cli.reports import write_report
from gpunet.cli.run import run_features
from gpunet.config.config import load_config
from gpunet.runs.complete import read_manifest
from gpunet.tables.parquet import read_parquet_metadata

DAY = dt.date(2014, 3, 1)
EVALUATE = '\n[evaluate]\nevery = "3mo"\nbootstrap = 20\n'


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic tables of all kinds, a run of them, and one of the arrests alone."""
    folder = tmp_path_factory.mktemp("flags")
    done = command("synth", "--persons", 1500, "--seed", 4, "--with", "ties,victims", "--out", folder / "syn")
    assert done.exit_code == 0, done.output
    config = (folder / "syn" / "config.toml").read_text(encoding="utf-8")
    (folder / "c.toml").write_text(config + EVALUATE, encoding="utf-8")
    settings = load_config(folder / "c.toml").as_dict()
    arrests = sorted((folder / "syn" / "arrests").glob("*.parquet"))
    pl.concat([pl.read_parquet(path) for path in arrests]).write_parquet(folder / "arrests.parquet")
    settings["input"] |= {name: [str(folder / "syn" / f"{name}.parquet")] for name in ("ties", "victims")}
    run_features([folder / "arrests.parquet"], folder / "run", settings, as_of=DAY)
    plain = {"evaluate": settings["evaluate"]}
    run_features([folder / "arrests.parquet"], folder / "plain", plain, as_of=DAY)
    run_features([folder / "arrests.parquet"], folder / "plain-earlier", plain, as_of=dt.date(2014, 2, 1))
    return folder


@pytest.fixture(scope="module")
def raised(place: Path) -> Path:
    done = command("flags", place / "run", "--out", place / "out", "--threads", 1)
    assert done.exit_code == 0, done.output
    (place / "said.txt").write_text(done.output, encoding="utf-8")
    return place / "out"


def test_two_lists(place: Path, raised: Path) -> None:
    manifest, flags = read_manifest(raised), pl.read_parquet(raised / "flags.parquet")
    of_victims = flags.filter(pl.col("side") == "victim")
    assert 0 < len(of_victims) < len(flags)
    assert set(of_victims["flag"]) == {"victim_violence_nearby"}
    told = manifest["flags"]
    assert told["declared"]["victim_violence_nearby"]["sources"] == ["arrests", "victims"]
    evidence = [json.loads(text) for text in of_victims["evidence"]]
    assert {piece["as"] for of in evidence for piece in of["seen"]} <= {"arrested", "victim"}
    by_name = {row["flag"]: row for row in told["worth"]}
    judged = by_name["victim_violence_nearby"]
    assert (judged["side"], judged["hits"] is not None, judged["days"] > 0) == ("victim", True, True)
    assert "violent victimisation within" in judged["worth"]
    columns = read_parquet_metadata(raised / "flag_worth.parquet")["columns"]
    assert any("no victim of violence before" in column["definition"] for column in columns)
    known = load_config(manifest["config"])
    assert told["runs"][0]["persons"] > pl.read_parquet(place / "plain" / "features.parquet").height
    assert known.layers.victims


def test_flags_that_look_for_victims_alone(place: Path, tmp_path: Path) -> None:
    near = {"trigger": "violence_nearby", "sets": ["violent"], "side": "victim", "evidence_ids": True}
    asked = {"both": near, "hurt": {**near, "sources": ["victims"]}}
    manifest = run_flags([place / "run"], tmp_path / "out", {"flags": asked})
    flags = pl.read_parquet(tmp_path / "out" / "flags.parquet")
    evidence = {name: list(map(json.loads, flags.filter(flag=name)["evidence"])) for name in asked}
    pieces = {name: [piece for of in found for piece in of["seen"]] for name, found in evidence.items()}
    assert {piece["as"] for piece in pieces["both"]} == {"arrested", "victim"}
    assert {piece["as"] for piece in pieces["hurt"]} == {"victim"}
    assert all(("person_id" in piece) == (piece["as"] == "arrested") for piece in pieces["both"])
    assert all(of["arrests"] == 0 < of["victimisations"] for of in evidence["hurt"])
    assert len(evidence["both"]) > len(evidence["hurt"]) > 0
    assert [set(row.values()) & {"victim"} for row in manifest["flags"]["worth"]] == [{"victim"}] * 2
    with pytest.raises(InputError, match="lies in the run"):
        run_flags([place / "run"], place / "run" / "flags")


def test_they_are_said_and_shown_apart(place: Path, raised: Path, tmp_path: Path) -> None:
    said = (place / "said.txt").read_text(encoding="utf-8")
    offenders, victims = said.split("victims   flags of the victims' list")
    assert "victim_violence_nearby" not in offenders
    assert "  violence_nearby:" in offenders
    assert "victim_violence_nearby" in victims
    tables = {name: pl.read_csv(raised / "figures" / f"{name}.csv") for name in ("raised", "worth")}
    of_victims = {name: pl.read_csv(raised / "figures" / f"{name}_victims.csv") for name in tables}
    for name, table in tables.items():
        assert set(table["side"]) == {"offender"}
        assert set(of_victims[name]["side"]) == {"victim"}
    page = (raised / "report.html").read_text(encoding="utf-8")
    assert "Persons by flag: the victims&#39; list" in page or "Persons by flag: the victims' list" in page
    assert "followed by a victimisation" in page
    assert "never one list" in page
    copied = shutil.copytree(raised, tmp_path / "copy")
    write_report(copied, "public")
    few = pl.read_csv(copied / "figures" / "raised_victims.csv")["persons"].to_list()
    assert all(number == 0 or number >= 10 for number in few)


def test_without_victims_nothing_is_said_of_them(place: Path, tmp_path: Path) -> None:
    manifest = run_flags([place / "plain"], tmp_path)
    flags = pl.read_parquet(tmp_path / "flags.parquet")
    assert set(flags["side"]) == {"offender"}
    assert not any("victim" in text for text in flags["evidence"])
    assert not any("sources" in flag for flag in manifest["flags"]["declared"].values())
    assert not list((tmp_path / "figures").glob("*victims*")) if (tmp_path / "figures").exists() else True
    assert "victim of violence" not in json.dumps(read_parquet_metadata(tmp_path / "flag_worth.parquet"))


def test_runs_with_and_without_victims_are_told_of(place: Path, tmp_path: Path) -> None:
    manifest = run_flags([place / "run", place / "plain-earlier"], tmp_path)
    (said,) = manifest["warnings"]
    assert "plain-earlier: without a table of victims" in said
    assert [line["persons"] for line in manifest["flags"]["raised"] if line["flag"] == "victim_violence_nearby"][1] > 0


def test_both_tables_are_read_again_from_where_they_lie(place: Path, raised: Path, tmp_path: Path) -> None:
    for name in ("ties", "victims"):
        shutil.copy(place / "syn" / f"{name}.parquet", tmp_path / f"x-{name}.parquet")
        (place / "syn" / f"{name}.parquet").rename(place / "syn" / f"{name}.away")
    moved = [tmp_path / f"x-{name}.parquet" for name in ("victims", "ties")]
    try:
        with pytest.raises(InputError, match=r"ties\.parquet.* cannot be read .*say with --input where it is now"):
            run_flags([place / "run"], tmp_path / "out")
        run_flags([place / "run"], tmp_path / "out", inputs=moved)
        shutil.copy(place / "syn" / "ties.away", place / "syn" / "ties.parquet")
        pl.read_parquet(moved[0]).head(5).write_parquet(place / "syn" / "victims.parquet")
        with pytest.raises(InputError, match=r"victims\.parquet has changed since the run in .* was made of it"):
            run_flags([place / "run"], tmp_path / "other")
    finally:
        for name in ("ties", "victims"):
            (place / "syn" / f"{name}.away").rename(place / "syn" / f"{name}.parquet")
    for name in ("flags.parquet", "flag_worth.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (raised / name).read_bytes()


def test_ties_that_may_not_be_watched_any_more_are_not_read(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "run", tmp_path / "run")
    manifest = read_manifest(tmp_path / "run")
    manifest["config"]["ties"]["social_media"]["expires"] = "2020-01-31"
    (tmp_path / "run" / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"social_media.* the authority ended on 2020-01-31"):
        run_flags([tmp_path / "run"], tmp_path / "out")


def test_a_run_without_a_day_is_of_the_day_after_its_last_table(place: Path, tmp_path: Path) -> None:
    rows = {"person_id": [1, 2], "incident_id": [1, 1], "date": ["2013-05-04"] * 2, "offence": ["theft", "theft"]}
    pl.DataFrame(rows).write_csv(tmp_path / "arrests.csv")
    hurt = {"person_id": [2], "incident_id": [9], "date": ["2013-05-20"], "offence": ["homicide"]}
    pl.DataFrame(hurt).write_csv(tmp_path / "victims.csv")
    settings = {"input": {"victims": [str(tmp_path / "victims.csv")]}}
    run_features([tmp_path / "arrests.csv"], tmp_path / "run", settings)
    manifest = run_flags([tmp_path / "run"], tmp_path / "out")
    assert manifest["as_of"] == "2013-05-21"
    flags = pl.read_parquet(tmp_path / "out" / "flags.parquet")
    assert flags.select("person_id", "flag").rows() == [("1", "victim_violence_nearby"), ("1", "violence_nearby")]
    assert [row["worth"][:9] for row in manifest["flags"]["worth"]].count("not known") > 0
