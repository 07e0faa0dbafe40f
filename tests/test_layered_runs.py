"""Commands with ``--ties`` and ``--victims``: what they write, say and refuse, and how they go on."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from layered_tables import KINDS, UNKNOWN, gpunet_ends, write_layered
from run_processes import results

import gpunet
from gpunet.base.errors import ConfigError
from gpunet.cli.run import RUN_FILES, RunOptions, resume_run, run_features
from gpunet.cli.several import repeated
from gpunet.config.config import load_config
from gpunet.config.registry import columns
from gpunet.runs.beside import with_beside
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import RunFolder

USUAL = ("--threads", "1")


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    return write_layered(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def layered(tables, tmp_path_factory) -> Path:
    """Features with two tables of ties after one option, and one of victims."""
    out = tmp_path_factory.mktemp("runs") / "layered"
    assert gpunet_ends("features", *beside(tables), "--out", out, *USUAL) == 0
    return out


@pytest.fixture(scope="module")
def plain(tables, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "plain"
    assert gpunet_ends("features", tables / "arrests.csv", "--out", out, *USUAL) == 0
    return out


def beside(tables: Path) -> list[Any]:
    """The tables on a command line."""
    ties = ("--ties", tables / "ties.csv", tables / "more.csv")
    return [tables / "arrests.csv", *ties, "--victims", tables / "victims.csv", "--config", tables / "c.toml"]


def config_of(tables: Path, **more: Any) -> dict[str, Any]:
    """What :func:`beside` asks for, as a configuration."""
    paths = {"ties": [str(tables / "ties.csv"), str(tables / "more.csv")], "victims": [str(tables / "victims.csv")]}
    kinds = {"intelligence": {"use": True}, "calls": {"use": True, "half_life_days": 90}}
    model = {"folds": 2, "max_rounds": 8, "horizon_days": 200}
    return {"input": paths, "ties": kinds, "model": model, **more}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a --ties x y --out o", "a --ties x --ties y --out o"),
        ("a --ties x --victims y z", "a --ties x --victims y --victims z"),
        ("--ties=x a b", "--ties=x a b"),
        ("--ties x y -- a b", "--ties x --ties y -- a b"),
        ("--ties x --ties y a", "--ties x --ties y --ties a"),
        ("a --out o b --ties", "a --out o b --ties"),
        ("a b --keep-going", "a b --keep-going"),
        ("--ties - x", "--ties - --ties x"),
    ],
)
def test_an_option_takes_every_word_up_to_the_next(given, expected):
    assert repeated(given.split()) == expected.split()


def test_every_column_of_the_layers_is_there_and_declared(layered):
    config = load_config(json.loads((layered / "run.json").read_text())["config"])
    frame = pl.read_parquet(layered / "features.parquet")
    assert frame.columns == ["person_id", *columns(config.sets, layers=config.layers)]
    assert {"degree__all__calls", "strength__violent__intelligence", "closeness__all__any"} < set(frame.columns)
    assert {"degree__all__victim", "victims_1hop__all", "own_victimisations__all"} < set(frame.columns)
    declared = json.loads((layered / "features.json").read_text())
    assert [column["column"] for column in declared] == frame.columns[1:]
    assert set(UNKNOWN) < set(frame["person_id"])  # known from ties, or as victims alone


def test_ties_have_their_kinds_and_the_numbers_fit(layered):
    ties = pl.read_parquet(layered / "ties.parquet")
    manifest = read_manifest(layered)
    counts = dict(ties["kind"].value_counts().iter_rows())
    assert counts.pop("co_arrest") == manifest["network"]["ties"]
    assert counts == {name: of["ties"] for name, of in manifest["layers"].items() if name != "any" and of["ties"]}
    assert list(manifest["layers"]) == [*KINDS, "victim", "any"]
    pairs = ties.select("person_a", "person_b").unique()
    assert manifest["layers"]["any"]["ties"] == len(pairs)
    assert manifest["layers"]["any"]["persons"] == len(set(pairs["person_a"]) | set(pairs["person_b"]))
    for name in KINDS:
        of_kind = ties.filter(kind=name)
        assert manifest["layers"][name]["records"] == of_kind["incidents"].sum()


def test_run_json_tells_of_each_table_as_of_the_arrests(layered, tables):
    manifest = read_manifest(layered)
    for name, files in (("ties", ["ties.csv", "more.csv"]), ("victims", ["victims.csv"])):
        found = manifest["input"][name]
        assert [file["name"] for file in found["files"]] == [str(tables / file) for file in files]
        assert found["rows"]["read"] == found["rows"]["accepted"] + found["rows"]["rejected"]
        assert set(found) == set(manifest["input"]) - {"ties", "victims"}
    assert manifest["input"]["ties"]["rejected_by_reason"] == {"missing_person": 1}
    assert len(pl.read_parquet(layered / "rejected_ties.parquet")) == 1
    assert {"rejected_ties.parquet", "rejected_victims.parquet"} < set(manifest["outputs"]) < set(RUN_FILES)
    frame = pl.read_parquet(layered / "features.parquet")
    arrested = int((frame["own_arrests"] > 0).sum())
    assert (manifest["arrests"]["persons"], manifest["arrests"]["persons_without_arrest"]) == (
        arrested,
        len(frame) - arrested,
    )


def test_what_arrests_say_stays(layered, plain):
    before, now = (pl.read_parquet(folder / "features.parquet") for folder in (plain, layered))
    assert now.filter(pl.col("own_arrests") > 0).select(before.columns).equals(before)
    ties, all_ties = (pl.read_parquet(folder / "ties.parquet") for folder in (plain, layered))
    assert all_ties.filter(kind="co_arrest").drop("kind").equals(ties)


def test_without_tables_kinds_in_the_configuration_change_nothing(plain, tables, tmp_path):
    asked = (tables / "arrests.csv", "--out", tmp_path / "run", "--config", tables / "c.toml", *USUAL)
    assert gpunet_ends("features", *asked) == 0
    found, expected = results(tmp_path / "run"), results(plain)
    del found["run.json"], expected["run.json"]
    assert found == expected
    assert "layers" not in read_manifest(plain)
    assert set(read_manifest(plain)["config"]["input"]) & {"ties"} == set()


def test_the_summary_tells_of_tables_and_layers(tables, tmp_path, capsys):
    assert gpunet_ends("features", *beside(tables), "--out", tmp_path / "run", *USUAL) == 0
    said, progress = capsys.readouterr()
    assert "ties      201 rows of 2 files: 200 accepted, 1 rejected, 0 duplicate" in said
    assert "victims   60 rows of 1 file: 60 accepted" in said
    for name in (*KINDS, "victim", "any"):
        assert f"layer     {name}: " in said
    assert "rejected_ties.parquet" in said
    assert re.search(r"^  ties\.parquet +who is tied to whom, in each layer$", said, re.M)
    for stage in ("reading ties", "reading victims", "layers", "closeness (any layer)"):
        assert f"{stage}: done" in progress
    assert "(step 19 of 19)" in progress


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--ties", "{t}/ties.csv", "{t}/arrests.csv", "--out", "{o}"), "take every word up to the next option"),
        (("{t}/arrests.csv", "--ties", "{t}/none.csv", "--out", "{o}", "--config", "{t}/c.toml"), "none.csv"),
        (("{t}/arrests.csv", "--victims", "{t}/none.csv", "--out", "{o}"), "none.csv"),
        (("{t}/arrests.csv", "--ties", "{t}/ties.csv", "--out", "{o}"), "[ties."),
        (("{t}/arrests.csv", "--ties", "", "--out", "{o}"), "--ties"),
        (("--resume", "{o}", "--ties", "{t}/ties.csv"), "beside it there is no ties"),
    ],
)
@pytest.mark.parametrize("command", [("features",), ("panel",), ("evaluate", "emerging")])
def test_what_cannot_be_is_said_with_code_2(tables, tmp_path, capsys, command, arguments, words):
    given = [part.format(t=tables, o=tmp_path / "run") for part in arguments]
    assert gpunet_ends(*command, *given, *USUAL) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run" / "run.json").exists()


@pytest.mark.parametrize("option", ["--ties", "--victims"])
def test_a_table_beside_the_arrests_does_not_lie_where_results_go(tables, tmp_path, capsys, option):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "b.csv").write_bytes((tables / "ties.csv").read_bytes())
    given = (tables / "arrests.csv", option, tmp_path / "run" / "b.csv", "--config", tables / "c.toml")
    assert gpunet_ends("features", *given, "--out", tmp_path / "run", *USUAL) == 2
    assert "b.csv too: give another --out" in capsys.readouterr().err


class Stopped(BaseException):
    """Ends a run as a signal does."""


def stop_at(name: str) -> Any:
    def progress(stage: str, done: float, total: float) -> None:
        if stage == name:
            raise Stopped

    return progress


@pytest.fixture
def changeable(tables, tmp_path) -> Path:
    """Tables that a test may change."""
    for name in ("arrests.csv", "ties.csv", "more.csv", "victims.csv"):
        (tmp_path / name).write_bytes((tables / name).read_bytes())
    return tmp_path


def stopped_run(tables: Path, out: Path, stage: str = "layers") -> None:
    options = RunOptions(threads=1, checkpoint_seconds=0, progress=stop_at(stage))
    with pytest.raises(Stopped):
        run_features([str(tables / "arrests.csv")], out, config_of(tables), None, options)


def test_a_run_that_was_killed_in_the_layers_goes_on(changeable):
    run_features([str(changeable / "arrests.csv")], changeable / "whole", config_of(changeable))
    stopped_run(changeable, changeable / "run")
    resume_run(changeable / "run", "features")
    assert results(changeable / "run") == results(changeable / "whole")


def test_features_come_back_from_the_checkpoint(changeable):
    run_features([str(changeable / "arrests.csv")], changeable / "whole", config_of(changeable))
    stopped_run(changeable, changeable / "run", "write features")
    begun: list[str] = []
    resume_run(changeable / "run", "features", RunOptions(progress=lambda stage, *_: begun.append(stage)))
    assert not {"network", "layers"} & set(begun)
    assert results(changeable / "run") == results(changeable / "whole")


@pytest.mark.parametrize("name", ["more.csv", "victims.csv"])
def test_a_table_that_has_changed_is_seen(changeable, name):
    stopped_run(changeable, changeable / "run")
    lines = (changeable / name).read_text().splitlines(keepends=True)
    (changeable / name).write_text("".join(lines[:-1]))
    with pytest.raises(gpunet.InputError, match=f"the table .*{name} has changed"):
        resume_run(changeable / "run", "features")


def test_a_run_goes_on_only_while_its_authority_lasts(tables, tmp_path) -> None:
    """The run began while the authority held, as `today` says; it goes on after that has ended."""
    ended = {"use": True, "social_media": True, "task_ref": "T1", "authority": "Act", "expires": date(2019, 12, 31)}
    config = config_of(tables)
    config["ties"] = {**config["ties"], "calls": {**config["ties"]["calls"], **ended}}
    arrests = gpunet.read_arrests(tables / "arrests.csv")
    with pytest.raises(ConfigError, match="the authority ended on 2019-12-31"):
        with_beside(arrests, load_config(config), RunOptions(), RunFolder(tmp_path, ()), {}, date(2019, 12, 1))
