"""``gpunet run --side victim``: a forecast of its own, every file of which says so."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from kept_runs import kept_run
from victim_tables import OFFENCES, tables_in

from gpunet import load_model, score
from gpunet.base.errors import ConfigError, InputError
from gpunet.cli.app import main
from gpunet.cli.run import RunOptions, resume_run, run_forecast
from gpunet.config.config import load_config
from gpunet.model.training import is_of
from gpunet.runs.complete import read_manifest
from gpunet.runs.stages import Run
from gpunet.tables.parquet import read_parquet_metadata

MODEL = {"max_rounds": 25, "folds": 3}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return tables_in(tmp_path_factory.mktemp("tables"))


def gpunet(*asked: object) -> int:
    """The exit code of the command line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["gpunet", *map(str, asked)])
        with pytest.raises(SystemExit) as end:
            main()
    assert isinstance(end.value.code, int)
    return end.value.code


def settings(tables: tuple[Path, Path], side: str | None = "victim") -> dict[str, Any]:
    return {"input": {"victims": [str(tables[1])]}, "model": MODEL | ({} if side is None else {"side": side})}


def of_side(tables: tuple[Path, Path], out: Path, side: str | None = "victim") -> Path:
    run_forecast([str(tables[0])], out, settings(tables, side), options=RunOptions(threads=2))
    return out


@pytest.fixture(scope="module")
def run(tables: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return of_side(tables, tmp_path_factory.mktemp("victims") / "run")


@pytest.fixture(scope="module")
def offenders(tables: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return of_side(tables, tmp_path_factory.mktemp("offenders") / "run", None)


def test_every_file_of_the_forecast_says_its_side(run: Path) -> None:
    manifest = read_manifest(run)
    assert manifest["side"] == manifest["config"]["model"]["side"] == "victim"
    for name in ("scores", "predictions"):
        table = pl.read_parquet(run / f"{name}.parquet")
        assert table.columns[:2] == ["person_id", "side"]
        assert table["side"].unique().to_list() == ["victim"]
        assert (read_parquet_metadata(run / f"{name}.parquet") or {})["side"] == "victim"
    with (run / "top.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["side"] for row in rows} == {"victim"}
    assert list(rows[0])[:4] == ["rank", "person_id", "probability", "side"]
    assert load_model(run / "model.ubj").side == "victim"
    assert {path.name for path in run.iterdir()} == {*manifest["outputs"], "run.json"}


def test_nothing_of_a_run_of_offenders_names_a_side(offenders: Path) -> None:
    text = (offenders / "run.json").read_text(encoding="utf-8")
    assert '"side"' not in text
    for name in ("scores", "predictions"):
        assert "side" not in pl.read_parquet(offenders / f"{name}.parquet").columns
        assert "side" not in (read_parquet_metadata(offenders / f"{name}.parquet") or {})
    assert b"side" not in (offenders / "top.csv").read_bytes().partition(b"\n")[0]
    assert b'"side"' not in (offenders / "model.ubj").read_bytes()
    assert load_model(offenders / "model.ubj").side == "offender"


def test_the_default_side_by_name_changes_no_byte(tables: tuple[Path, Path], offenders: Path, tmp_path: Path) -> None:
    named = of_side(tables, tmp_path / "run", "offender")
    assert "side" not in load_config({"model": {"side": "offender"}}).as_dict()["model"]
    assert read_manifest(named)["outputs"] == read_manifest(offenders)["outputs"]


def test_what_happened_and_the_own_record_are_those_of_victims(run: Path, tables: tuple[Path, Path]) -> None:
    """A slow count over the rows of the table."""
    days = {name: dt.date.fromisoformat(day) for name, day in read_manifest(run)["model"]["days"].items()}
    tested = pl.read_parquet(run / "predictions.parquet")
    harmed: set[str] = set()
    every, violent = {}, {}
    for row in pl.read_csv(tables[1], try_parse_dates=True).to_dicts():
        person, is_violent = str(row["person_id"]), row["offence"] in OFFENCES[:2]
        if row["date"] < days["T-H"]:
            every[person] = every.get(person, 0) + 1
            violent[person] = violent.get(person, 0) + is_violent
        elif row["date"] < days["T"] and is_violent:
            harmed.add(person)
    ids = tested["person_id"].to_list()
    assert tested["label"].to_list() == [person in harmed for person in ids]
    assert 0 < tested["label"].sum() < len(ids)
    assert tested["own_victimisations__all"].to_list() == [every.get(person, 0) for person in ids]
    assert tested["own_victimisations__violent"].to_list() == [violent.get(person, 0) for person in ids]
    assert "own_arrests" not in tested.columns
    assert "past_violence" not in tested.columns
    order = tested["past_victimisation"].to_numpy()
    assert ((order > 0) == (tested["own_victimisations__violent"].to_numpy() > 0)).all()
    arrests = pl.read_csv(tables[0], try_parse_dates=True).filter(pl.col("date") < days["T-H"])
    assert set(ids) == set(map(str, arrests["person_id"])) | set(every)
    assert set(every) - set(map(str, arrests["person_id"]))  # some were never arrested by then


def test_the_planted_effect_is_found(run: Path, offenders: Path) -> None:
    results = read_manifest(run)["model"]["results"]
    assert results["model"]["auc"] > 0.75
    assert results["past_violence"]["auc"] > 0.7
    strongest = {of["feature"] for of in read_manifest(run)["model"]["importance"][:5]}
    assert strongest & {"own_victimisations__all", "own_victimisations__violent", "victims_1hop__all"}
    scores, others = (pl.read_parquet(each / "scores.parquet") for each in (run, offenders))
    assert scores["person_id"].equals(others["person_id"])
    assert np.corrcoef(scores["probability"], others["probability"])[0, 1] < 0.9  # another list


def unranked(scores: pl.DataFrame) -> pl.DataFrame:
    """Without the ranks, which a run gives to equals by where the files name them, and a table alone by their ids."""
    return scores.drop("rank")


def test_a_model_keeps_its_side_and_says_it_beside_every_score(run: Path) -> None:
    file = (run / "model.ubj").read_bytes()
    model = load_model(run / "model.ubj")
    assert model.to_bytes() == file
    scores = score(model, run / "features.parquet", threads=1)
    assert unranked(scores).equals(unranked(pl.read_parquet(run / "scores.parquet")))


def test_a_kept_training_of_the_other_side_does_not_fit() -> None:
    from gpunet.model import FeatureTable, cross_fit, read_features

    rng = np.random.default_rng(1)
    frame = pl.DataFrame({"person_id": range(80), "x": rng.random(80)})
    table: FeatureTable = read_features(frame)
    label = frame["x"].to_numpy() > 0.7
    config = {"max_rounds": 3, "folds": 2}
    found = cross_fit(table, label, config=config, threads=1)
    assert is_of(found, table, label, config=config)
    assert not is_of(found, table, label, config=config | {"side": "victim"})
    assert cross_fit(table, label, config=config | {"side": "victim"}, threads=1).model.side == "victim"


def test_it_needs_a_table_of_victims(tables: tuple[Path, Path], tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(ConfigError, match=r"--side victim .* give --victims FILE"):
        run_forecast([str(tables[0])], tmp_path / "run", {"model": {"side": "victim"}})
    assert gpunet("run", tables[0], "--out", tmp_path / "run", "--side", "victim") == 2
    assert "give --victims FILE" in capsys.readouterr().err
    assert gpunet("run", tables[0], "--out", tmp_path / "run", "--side", "both") == 2
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("there", ["run", "offenders"])
def test_a_folder_of_the_other_side_is_not_replaced(
    there: str, tables: tuple[Path, Path], request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(there)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = "offender" if there == "run" else "victim"
    mine = "victim" if there == "run" else "offender"
    with pytest.raises(InputError, match=f"holds a run of the side {mine}, and this one is of the side {other}"):
        of_side(tables, folder, other)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_scores_of_one_side_do_not_replace_those_of_the_other(
    run: Path, offenders: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "scores.parquet"

    def scored(by: Path) -> int:
        asked = ("--features", by / "features.parquet", "--out", out, "--threads", 1)
        return gpunet("score", "--model", by / "model.ubj", *asked)

    for mine, other, side in ((run, offenders, "offender"), (offenders, run, "victim")):
        out.unlink(missing_ok=True)
        assert scored(mine) == 0
        told = capsys.readouterr().out
        assert ("scored as possible victims" in told) is (mine is run)
        assert unranked(pl.read_parquet(out)).equals(unranked(pl.read_parquet(mine / "scores.parquet")))
        assert ((read_parquet_metadata(out) or {}).get("side") == "victim") is (mine is run)
        before = out.read_bytes()
        assert scored(other) == 2
        assert f"the model forecasts the side {side}" in capsys.readouterr().err
        assert out.read_bytes() == before
        assert scored(mine) == 0  # its own may be replaced
        capsys.readouterr()


def test_a_stopped_run_ends_with_the_same_bytes(tables: tuple[Path, Path], run: Path, tmp_path: Path) -> None:
    kept = kept_run(tables[0], tmp_path / "run", settings(tables))
    assert (kept / "model-both.checkpoint").is_file()
    with pytest.raises(InputError, match=r'cannot go on with: \[model\] side was "victim" and is "offender"'):
        of_side(tables, tmp_path / "run", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gpunet.model.training.assemble", _trains_nothing)
        resume_run(tmp_path / "run", "run", RunOptions(threads=1))
    assert read_manifest(tmp_path / "run")["outputs"] == read_manifest(run)["outputs"]


def _trains_nothing(*_: Any) -> Any:
    raise AssertionError


def test_the_summary_has_the_words_of_the_side(tables: tuple[Path, Path], tmp_path: Path, capsys: Any) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[model]\nmax_rounds = 3\nfolds = 2\n", encoding="utf-8")
    asked = ("--config", config, "--victims", tables[1], "--out", tmp_path / "run", "--side", "victim", "--no-report")
    assert gpunet("run", tables[0], *asked) == 0
    assert read_manifest(tmp_path / "run")["side"] == "victim"
    told = " ".join(capsys.readouterr().out.split())
    assert "forecast violent victimisation within 180 days" in told
    assert "had a violent victimisation in the test window" in told
    assert "past victimisation" in told
    assert "violent arrest " not in told


def test_a_run_without_the_tables_in_memory_says_so(tables: tuple[Path, Path], tmp_path: Path) -> None:
    read = Run.read

    def nothing_beside(run: Run, *asked: Any) -> Any:
        from dataclasses import replace

        return replace(read(run, *asked), victims=None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "read", nothing_beside)
        with pytest.raises(InputError, match="no table of victims was read"):
            of_side(tables, tmp_path / "run")
