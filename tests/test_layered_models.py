"""Models, panels, experiments, reports and clusters on arrests with ties of other kinds and victims."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pyarrow.compute as pc
import pytest
from layered_tables import CONFIG, KINDS, UNKNOWN, gpunet_ends, write_layered
from run_processes import results

import gpunet
from gpunet.cli.panels import part_name
from gpunet.cli.run import RunOptions, resume_run, run_features, run_forecast
from gpunet.config.config import load_config
from gpunet.config.layer_registry import layer_declarations
from gpunet.config.layers import Layers
from gpunet.engines.choice import resolve_engine
from gpunet.evaluate.classifiers import CLASSIFIERS
from gpunet.evaluate.families import known_columns
from gpunet.evaluate.protocols import HiddenFeatures
from gpunet.reading.beside import read_beside
from gpunet.report.audience import Audience
from gpunet.report.page import rendered
from gpunet.report.pages import page_of
from gpunet.report.source import Source
from gpunet.report.subject import rows_where
from gpunet.report.tied import tied
from gpunet.runs.complete import read_manifest
from gpunet.runs.stages import Run

USUAL = ("--threads", "1")

LAYERS = Layers(KINDS, victims=True)

EXPERIMENTS = """
[evaluate]
folds = 3
protocols = ["paper", "cross_fitted"]
classifiers = ["decision_tree"]
smote = false
bootstrap = 0
start = 2013-12-01
every = "2y"
horizon_days = 200

[cluster]
workers = 2
threads = 1
"""


@pytest.fixture(autouse=True, scope="module")
def small_forests():
    """How many trees there are makes no difference here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("random_forest", "xgboost"):
            patch.setitem(CLASSIFIERS[name].parameters, "n_estimators", 5)
        yield


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    folder = write_layered(tmp_path_factory.mktemp("tables"))
    (folder / "c.toml").write_text(CONFIG + EXPERIMENTS)
    return folder


@pytest.fixture(scope="module")
def forecast(tables, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    assert gpunet_ends("run", *beside(tables), "--out", out, "--no-report", *USUAL) == 0
    return out


def beside(tables: Path) -> list[Any]:
    ties = ("--ties", tables / "ties.csv", tables / "more.csv")
    return [tables / "arrests.csv", *ties, "--victims", tables / "victims.csv", "--config", tables / "c.toml"]


def config_with(tables: Path) -> dict[str, Any]:
    """The kinds and tables of :func:`beside`."""
    paths = {"ties": [str(tables / "ties.csv")], "victims": [str(tables / "victims.csv")]}
    return {"input": paths, "ties": {kind: {"use": True} for kind in KINDS}}


def config_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text())["config"]
    return found


def test_a_forecast_scores_everybody_and_learns_from_the_layers(forecast):
    manifest = json.loads((forecast / "run.json").read_text())
    scores = pl.read_parquet(forecast / "scores.parquet")
    features = pl.read_parquet(forecast / "features.parquet")
    assert set(scores["person_id"]) == set(features["person_id"])
    assert len(features) == manifest["arrests"]["persons"] + manifest["arrests"]["persons_without_arrest"]
    names = {of["feature"] for of in manifest["model"]["importance"]}
    assert {"degree__all__calls", "victims_1hop__all"} < names
    assert set(manifest["path_any_of_past"]) == {"T-2H", "T-H"}


def test_a_forecast_that_was_stopped_comes_to_the_same(tables, forecast, tmp_path):
    class Stopped(BaseException):
        pass

    def stop(*_: Any) -> Any:
        raise Stopped

    asked = ([str(tables / "arrests.csv")], tmp_path / "run", config_of(forecast), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_write_scores", stop)
        with pytest.raises(Stopped):
            run_forecast(*asked, RunOptions(threads=1, checkpoint_seconds=0))
    begun: set[str] = set()
    resume_run(tmp_path / "run", "run", RunOptions(threads=1, progress=lambda stage, *_: begun.add(stage)))
    assert "reading ties" in begun
    assert not any("betweenness" in stage for stage in begun)
    assert results(tmp_path / "run") == results(forecast)


def test_betweenness_of_the_union_can_be_approximate(tables, tmp_path):
    given = ("--betweenness", "approx", "--epsilon", "0.2", "--out", tmp_path / "run")
    assert gpunet_ends("features", *beside(tables), *given, *USUAL) == 0
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    told = {of["column"]: of.get("method") for of in json.loads((tmp_path / "run" / "features.json").read_text())}
    for suffix, section in (("", "path"), ("__any", "path_any")):
        for name, of in manifest[section]["betweenness"]["sets"].items():
            method = told[f"betweenness__{name}{suffix}"]
            assert (method is not None) == (of["method"] == "approx")
            assert method is None or method["certified_error"] == of["certified_error"]
    assert told["closeness__all__any"] is None


def test_a_model_refuses_features_without_its_layers(tables, forecast, tmp_path, capsys):
    assert gpunet_ends("features", tables / "arrests.csv", "--out", tmp_path / "plain", *USUAL) == 0
    model, out = next(forecast.glob("model.*")), tmp_path / "s.parquet"
    capsys.readouterr()
    code = gpunet_ends(
        "score", "--features", tmp_path / "plain" / "features.parquet", "--model", model, "--out", out, *USUAL
    )
    said = capsys.readouterr().err
    assert code != 0
    assert "columns that the model needs are missing" in said
    assert '"degree__all__intelligence"' in said
    given = ("--features", forecast / "features.parquet", "--model", model, "--out", out)
    assert gpunet_ends("score", *given, *USUAL) == 0
    assert pl.read_parquet(out)["probability"].equals(pl.read_parquet(forecast / "scores.parquet")["probability"])


def test_reports_and_cards_are_of_co_arrest(forecast):
    source = Source(forecast)
    ties = pl.read_parquet(forecast / "ties.parquet")
    own = ties.filter(kind="co_arrest").drop("kind")
    assert len(own) < len(ties)
    assert source.table("ties").equals(own)
    assert source.table("ties", ["person_b"]).equals(own.select("person_b"))
    graph = nx.Graph(own.select("person_a", "person_b").rows())
    assert tied(source).degree.sum() == 2 * graph.number_of_edges()
    person = own["person_a"][0]
    assert rows_where(source, "ties", pc.field("person_a") == person).equals(own.filter(person_a=person))
    assert rows_where(source, "ties", pc.field("person_a") == person, ["person_b"]).columns == ["person_b"]
    found = rendered(page_of(Source(forecast)), Audience("analyst"))
    assert b"ties of other kinds than arrests" in found.html
    layers = read_manifest(forecast)["layers"]
    told = pl.read_csv(found.figures["figures/layers.csv"]).rows_by_key("layer", named=True, unique=True)
    assert told["calls"] == {name: layers["calls"][name] for name in ("persons", "ties", "records")}
    assert len(told) == len(layers) - 1
    assert {f"figures/{name}.csv" for name in ("rows_of_ties", "rejected_of_ties", "rows_of_victims")} < {
        *found.figures
    }
    card = ("card", forecast, "--out", forecast.parent / "card.html", "--person")
    assert gpunet_ends(*card, person) == 0
    alone = next(one for one in UNKNOWN if one in source.table("scores")["person_id"].to_list())
    assert gpunet_ends(*card, alone) == 0
    assert "is known from other tables of the run" in (forecast.parent / "card.html").read_text()


def test_the_public_is_not_told_how_few_persons_have_no_arrest(forecast):
    arrests = read_manifest(forecast)["arrests"]
    assert 0 < arrests["persons_without_arrest"] < 10
    everybody = f"{arrests['persons'] + arrests['persons_without_arrest']:,}"
    for audience, told in ((Audience(), True), (Audience("public"), False)):
        found = rendered(page_of(Source(forecast, audience)), audience)
        # The last part tells seconds, MiB and sizes of files, which can be any number.
        counts, computed, _ = found.html.decode().partition('id="computed"')
        assert computed
        text = re.sub(r"<[^>]*>", " ", counts)
        assert bool(re.search(rf"(?<![\d,.]){everybody}(?![\d]|,\d|\.\d)", text)) == told
        sums = [pl.read_csv(csv)["persons"].sum() for name, csv in found.figures.items() if "driver_values" in name]
        assert bool(sums) == told


def test_an_audit_takes_the_columns_of_the_layers(tables, forecast, tmp_path):
    ids = pl.read_parquet(forecast / "features.parquet")["person_id"]
    groups = pl.DataFrame({"person_id": ids, "colour": ["red" if i % 2 else "blue" for i in range(len(ids))]})
    groups.write_csv(tmp_path / "groups.csv")
    given = (forecast, "--attributes", tmp_path / "groups.csv", "--by", "colour", "--out", tmp_path / "audit")
    assert gpunet_ends("audit", *given, *USUAL) == 0


@pytest.mark.parametrize("unit", ["person", "beat"])
def test_a_panel_has_the_layers_as_of_each_day(tables, tmp_path, unit):
    days = ("--from", "2013-03-01", "--to", "2013-09-01", "--every", "3mo", "--horizon", "60", "--unit", unit)
    out = tmp_path / "panel"
    assert gpunet_ends("panel", *beside(tables), *days, "--verify", "2", "--out", out, *USUAL) == 0
    manifest = json.loads((out / "run.json").read_text())
    assert [of["equal"] for of in manifest["panel"]["verified"]] == [True, True]
    told = {of["column"]: of.get("family") for of in json.loads((out / "panel.json").read_text())["columns"]}
    suffix = "" if unit == "person" else "__sum"
    assert told[f"degree__all__calls{suffix}"] == told[f"closeness__violent__any{suffix}"] == "layers"
    assert told[f"degree__all{suffix}"] == "neighbourhood"
    assert told[f"victims_2hop__all{suffix}"] == "victims"
    assert (out / "rejected_ties.parquet").exists()
    day = manifest["panel"]["snapshots"][1]["as_of"]
    if unit == "person":
        config = config_of(out)
        run_features([str(tables / "arrests.csv")], tmp_path / "run", config, date.fromisoformat(day))
        features = pl.read_parquet(tmp_path / "run" / "features.parquet")
        snapshot = pl.read_parquet(out / part_name(date.fromisoformat(day)))
        assert snapshot.select(features.columns).equals(features)


def test_emerging_violence_is_told_with_the_layers(tables, tmp_path, monkeypatch):
    from gpunet.evaluate import months

    seen: list[tuple[str, ...]] = []
    real = months.Snapshots.features

    def watched(self: Any, day: Any) -> Any:
        found = real(self, day)
        seen.append(found[0])
        return found

    monkeypatch.setattr(months.Snapshots, "features", watched)
    out = tmp_path / "run"
    assert gpunet_ends("evaluate", "emerging", *beside(tables), "--out", out, *USUAL) == 0
    assert all({"degree__all__calls", "own_victimisations__all"} < set(names) for names in seen)
    assert seen
    manifest = json.loads((out / "run.json").read_text())
    assert set(manifest["input"]) > {"ties", "victims"}
    assert {"rejected_ties.parquet", "rejected_victims.parquet"} < set(manifest["outputs"])


def test_a_known_network_is_told_with_the_layers(tables, tmp_path, monkeypatch):
    declared: list[list[str]] = []
    real = HiddenFeatures.matrix

    def watched(self: Any, hidden: Any = None, *, events: bool = False) -> Any:
        found = real(self, hidden, events=events)
        declared.append(list(self.declared))
        if hidden is not None:
            assert all(of.follows_offences for name, of in self.declared.items() if "violent" in name)
        assert found.shape[1] == len(self.declared)
        return found

    monkeypatch.setattr(HiddenFeatures, "matrix", watched)
    assert gpunet_ends("evaluate", "known", *beside(tables), "--out", tmp_path / "a", *USUAL) == 0
    assert all("closeness__violent__any" in names for names in declared)
    assert not any("victim" in name for names in declared for name in names)  # a tie to a victim tells the label
    manifest = read_manifest(tmp_path / "a")
    assert {"ties", "victims"} < set(manifest["input"])


def test_the_labels_of_hidden_persons_are_in_no_layer(tables):
    arrests = gpunet.read_arrests(tables / "arrests.csv")
    layered, _ = read_beside(arrests, load_config(config_with(tables)))
    layered = layered.current()
    features = HiddenFeatures(layered, resolve_engine("cpu", 1))
    everybody = np.ones(layered.n_persons, np.bool_)
    open_, hidden = features.matrix(), features.matrix(everybody)
    for name in ("degree__violent__calls", "share_2hop__violent__any", "strength__violent__intelligence"):
        column = list(features.declared).index(name)
        assert np.nansum(open_[:, column]) > 0
        assert np.nansum(hidden[:, column]) == 0
    for name in ("degree__all__calls", "victims_1hop__all", "closeness__all__any"):
        column = list(features.declared).index(name)
        np.testing.assert_array_equal(open_[:, column], hidden[:, column])


def test_the_columns_of_the_known_network():
    plain, layered = known_columns(["all", "violent"]), known_columns(["all", "violent"], LAYERS)
    families = {feature.family for name, feature in layered.items() if name not in plain}
    assert list(layered)[: len(plain)] == list(plain)
    assert families == {"layers", "victims"}
    assert {feature.family for feature in layer_declarations(LAYERS)} == {*families, "victim_history"}


def test_victims_without_incidents_are_for_the_heuristic_alone(tables, tmp_path):
    pl.read_csv(tables / "victims.csv").select("person_id", "date").write_csv(tmp_path / "v.csv")
    given = (tables / "arrests.csv", "--victims", tmp_path / "v.csv", "--config", tables / "c.toml")
    assert gpunet_ends("evaluate", "emerging", *given, "--out", tmp_path / "run", *USUAL) == 0
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert manifest["tables"]["victims"] == str(tmp_path / "v.csv")
    assert "victims" not in manifest["input"]
    assert any("starts from the persons in the table of victims" in text for text in manifest["warnings"])


def test_a_cluster_comes_to_the_same_bytes(tables, tmp_path):
    for name, cluster in (("alone", "none"), ("cluster", "local")):
        given = (*beside(tables), "--out", tmp_path / name, "--cluster", cluster)
        assert gpunet_ends("features", *given, *USUAL) == 0
    alone, cluster = results(tmp_path / "alone"), results(tmp_path / "cluster")
    assert alone == cluster
