"""Approximate betweenness from tables to scores: what run folder, metadata and command line say of it."""

from __future__ import annotations

import json
import warnings

import polars as pl
import pytest
from model_files import changed
from test_cli import gpunet as command

import gpunet
from gpunet.base.errors import ConfigError
from gpunet.cli.run import RunOptions, resume_run, run_features, run_forecast
from gpunet.config.config import load_config
from gpunet.features import path
from gpunet.model.precision import betweenness_mismatch
from gpunet.model.table import FeatureTable, read_features
from gpunet.search import reduction, sample_plan
from gpunet.synthetic import write_tables
from gpunet.tables.frames import make_frame
from gpunet.tables.parquet import read_parquet_metadata, write_parquet

MODEL = {"max_rounds": 20, "folds": 2, "horizon_days": 150}
APPROX = {"path": {"betweenness": "approx", "epsilon": 0.2, "delta": 0.05}, "model": MODEL}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "arrests"
    write_tables(folder, persons=1500, seed=5)
    return str(folder)


@pytest.fixture(scope="module")
def exact(tables, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "exact"
    return out, run_features(tables, out)


@pytest.fixture(scope="module")
def run(tables, tmp_path_factory):
    """A forecast in which every network is sampled."""
    out = tmp_path_factory.mktemp("runs") / "approx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_plan, "_SAMPLE_COST", 0.0)
        patch.setattr(sample_plan, "_FEWEST_SOURCES", 8)
        patch.setattr(sample_plan, "_MOST_DRAWS_A_SOURCE", 1e9)
        manifest = run_forecast(tables, out, APPROX, options=RunOptions(threads=2))
        again = run_forecast(tables, out.with_name("again"), APPROX, options=RunOptions(threads=1))
    return out, manifest, again


def test_the_manifest_says_how_and_how_well(run, exact):
    _, manifest, _ = run
    sections = [manifest["path"], *manifest["path_of_past"].values()]
    assert list(manifest["path_of_past"]) == ["T-2H", "T-H"]
    for section in sections:
        found = section["betweenness"]
        assert (found["asked"], found["method"], found["epsilon"], found["delta"]) == ("approx", "approx", 0.2, 0.05)
        assert set(found["sets"]) == set(load_config().sets)
        assert 0 < found["sets"]["all"]["certified_error"] <= found["certified_error"] <= 0.2
        assert found["sets"]["all"]["draws"] > 0
        assert section["estimate"].keys() >= {"visits", "exact_core_seconds", "core_seconds", "memory_bytes"}
    assert manifest["config"]["path"]["epsilon"] == 0.2
    exact_section = exact[1]["path"]
    assert exact_section["betweenness"] == {"asked": "exact", "method": "exact"}
    assert exact_section["estimate"]["exact_core_seconds"] > 0
    assert exact[1]["path"] == json.loads((exact[0] / "run.json").read_text())["path"]


def test_a_rerun_gives_the_same_bytes(run):
    out, manifest, again = run
    for name in manifest["outputs"]:
        assert (out.with_name("again") / name).read_bytes() == (out / name).read_bytes(), name
    first, second = ({k: v for k, v in m.items() if k != "execution"} for m in (manifest, again))
    assert first == second


def test_a_run_that_was_stopped_goes_on_with_its_samples(run, tables, tmp_path, monkeypatch):
    monkeypatch.setattr(sample_plan, "_SAMPLE_COST", 0.0)
    monkeypatch.setattr(sample_plan, "_FEWEST_SOURCES", 8)
    monkeypatch.setattr(sample_plan, "_MOST_DRAWS_A_SOURCE", 1e9)
    monkeypatch.setattr(reduction, "_LEAST_WEIGHT", 0.0)

    def stop(stage, done, whole):
        if "betweenness, samples 1" in stage and done > whole / 2:
            raise KeyboardInterrupt

    out, options = tmp_path / "run", RunOptions(threads=1, checkpoint_seconds=0, progress=stop)
    with pytest.raises(KeyboardInterrupt):
        run_forecast(tables, out, APPROX, options=options)
    kept = {path.stem for path in (out / ".partial" / "checkpoints").glob("*.checkpoint")}
    assert kept == {"arrests", "features-T-betweenness, samples 1"}
    said = []
    manifest = resume_run(out, "run", RunOptions(threads=1, notice=said.append))
    assert said == []
    assert {**manifest, "execution": None} == {**run[1], "execution": None}


def test_columns_are_near_and_marked(run, exact, tables):
    out, manifest, _ = run
    frame = pl.read_parquet(out / "features.parquet")
    reference = pl.read_parquet(exact[0] / "features.parquet")
    network = gpunet.build_network(gpunet.read_arrests(tables))
    assert frame["person_id"].equals(reference["person_id"])  # T comes after the last arrest: all count in both
    for name, mask in network.sets.items():
        column, members = f"betweenness__{name}", int(mask.sum())
        error = (frame[column] - reference[column]).abs().max()
        assert error <= 0.2 * members * (members - 1) / 2
    assert (frame["betweenness__all"] != reference["betweenness__all"]).any()
    rest = [c for c in frame.columns if not c.startswith(("betweenness__", "days_since_"))]  # which depend on T
    assert frame[rest].equals(reference[rest])
    rows = {row["column"]: row for row in json.loads((out / "features.json").read_text())}
    method = rows["betweenness__all"]["method"]
    assert (method["method"], method["epsilon"], method["delta"]) == ("approx", 0.2, 0.05)
    assert method["certified_error"] == manifest["path"]["betweenness"]["sets"]["all"]["certified_error"]
    assert "method" not in rows["closeness__all"]
    assert not any("method" in row for row in json.loads((exact[0] / "features.json").read_text()))
    for folder, method in ((out, "approx"), (exact[0], "exact")):
        metadata = read_parquet_metadata(folder / "features.parquet")
        assert metadata is not None
        assert metadata["betweenness"]["method"] == method


def test_a_model_knows_and_scoring_warns_of_a_difference(run, exact):
    out, _, _ = run
    model = gpunet.load_model(out / "model.ubj")
    assert model.betweenness is not None
    assert model.betweenness["epsilon"] == 0.2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gpunet.score(model, out / "features.parquet")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gpunet.score(model, exact[0] / "features.parquet")
    (text,) = [str(each.message) for each in caught if "betweenness" in str(each.message)]
    assert "approximate, within 0.2 in the model's training and exact" in text
    done = command(
        "score", "--model", out / "model.ubj", "--features", exact[0] / "features.parquet",
        "--out", out.with_name("scores.parquet"),
    )  # fmt: skip
    assert done.returncode == 0
    assert "warning   betweenness is approximate" in done.stderr
    assert "UserWarning" not in done.stderr


def test_model_files_from_before_still_load(run, tmp_path):
    import xgboost as xgb

    file = (run[0] / "model.ubj").read_bytes()
    metadata = json.loads(xgb.Booster(model_file=str(run[0] / "model.ubj")).attr("gpunet"))
    del metadata["betweenness"], metadata["origin"]
    (tmp_path / "old.ubj").write_bytes(changed(file, json.dumps({**metadata, "format": 1}), seal=False))
    model = gpunet.load_model(tmp_path / "old.ubj")
    assert model.betweenness is model.origin is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(gpunet.score(model, run[0] / "features.parquet"))


def test_precision_of_two_tables(tmp_path):
    def table(betweenness):
        frame = make_frame({"person_id": [1, 2], "betweenness__all": [0.0, 1.0]})
        write_parquet(tmp_path / "f.parquet", frame, {"betweenness": betweenness})
        read = read_features(tmp_path / "f.parquet")
        assert isinstance(read, FeatureTable)
        return read

    fine = {"method": "approx", "epsilon": 0.01, "delta": 0.1, "certified_error": 0.009}
    coarse = {**fine, "epsilon": 0.1, "certified_error": 0.08}
    exact = {"method": "exact"}
    for first, second in ((fine, coarse), (exact, fine), (coarse, exact)):
        assert "a and" in (betweenness_mismatch(table(first), table(second), "a", "b") or "")
    same = [(fine, fine), (exact, exact), (exact, {**fine, "certified_error": 0.0}), (None, fine)]
    for first, second in [*same, (fine, {"method": "other"}), (fine, {"method": "approx"})]:
        assert betweenness_mismatch(table(first), table(second), "a", "b") is None


def test_compute_features_takes_configuration_and_arguments(tables, monkeypatch):
    monkeypatch.setattr(sample_plan, "_SAMPLE_COST", 0.0)
    monkeypatch.setattr(sample_plan, "_FEWEST_SOURCES", 8)
    monkeypatch.setattr(sample_plan, "_MOST_DRAWS_A_SOURCE", 1e9)
    configured = gpunet.read_arrests(tables, {"path": {"betweenness": "approx", "epsilon": 0.2}})
    plain = gpunet.read_arrests(tables)
    by_config = gpunet.compute_features(configured, "betweenness")
    by_argument = gpunet.compute_features(plain, "betweenness", betweenness="approx", epsilon=0.2)
    assert by_config.equals(by_argument)
    exact = gpunet.compute_features(plain, "betweenness")
    assert not exact.equals(by_config)
    assert exact.equals(gpunet.compute_features(configured, "betweenness", betweenness="exact"))
    assert exact.equals(gpunet.compute_features(plain, "betweenness", betweenness="auto"))
    with pytest.raises(ConfigError, match="delta"):
        gpunet.compute_features(plain, "betweenness", delta=1)


def test_the_last_day_decides_for_all(tables, tmp_path, monkeypatch):
    monkeypatch.setattr(path, "_SECONDS_WORTH_A_WORD", 0.0)
    said: list[str] = []
    # The network as of T alone is over the budget.
    seconds = run_features(tables, tmp_path / "a")["path"]["estimate"]["exact_core_seconds"]
    config = {"path": {"betweenness": "auto", "budget": 0.9 * seconds}, "model": MODEL}
    manifest = run_forecast(tables, tmp_path / "b", config, options=RunOptions(notice=said.append))
    estimates = {name: section["estimate"] for name, section in manifest["path_of_past"].items()}
    assert all(estimate["exact_core_seconds"] < 0.9 * seconds for estimate in estimates.values())
    for section in (manifest["path"], *manifest["path_of_past"].values()):
        assert section["betweenness"]["asked"] == "auto"
        assert "sets" in section["betweenness"]  # as approximation was chosen
    assert [text.split(" as of ")[1] for text in said] == ["T", "T-2H", "T-H"]


def test_the_command_line(tables, tmp_path):
    out = tmp_path / "run"
    options = ("--betweenness", "auto", "--budget", 0, "--epsilon", 0.05, "--delta", 0.2)
    done = command("features", tables, "--out", out, *options)
    assert done.returncode == 0, done.stderr
    assert "betweenness exact after all: sampling would have cost more" in done.stdout
    manifest = json.loads((out / "run.json").read_text())
    found = manifest["path"]["betweenness"]
    assert (found["asked"], found["method"], found["epsilon"], found["delta"]) == ("auto", "exact", 0.05, 0.2)
    assert {each["method"] for each in found["sets"].values()} == {"exact"}
    assert not any("method" in column for column in json.loads((out / "features.json").read_text()))
    assert manifest["config"]["path"]["budget"] == 0


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--epsilon", "0"], "epsilon"),
        (["--delta", "1"], "delta"),
        (["--budget", "-5"], "budget"),
        (["--betweenness", "roughly"], "roughly"),
        (["--config", "{tmp}/c.toml"], "espilon"),
        (["--config", "{tmp}/d.toml"], "betweenness"),
    ],
)
def test_bad_options_exit_with_2(tables, tmp_path, options, named):
    (tmp_path / "c.toml").write_text("[path]\nespilon = 0.1\n")
    (tmp_path / "d.toml").write_text("[path]\nbetweenness = true\n")
    done = command("features", tables, "--out", tmp_path / "run", *(text.format(tmp=tmp_path) for text in options))
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
