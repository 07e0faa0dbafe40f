"""The run folder: complete, consistent with what Python gives, and the same bytes every time."""

import json
import shutil
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import gpunet
from gpunet.arrests.as_of import violent_between
from gpunet.base.days import day_number
from gpunet.base.errors import InputError, ModelError
from gpunet.cli.app import main
from gpunet.cli.run import RunOptions, run_features, run_forecast
from gpunet.config.config import load_config
from gpunet.config.registry import columns
from gpunet.engines.cpu import CpuEngine
from gpunet.synthetic import write_tables
from gpunet.tables.files import sha256_of
from gpunet.tables.parquet import read_parquet_metadata, write_parquet

CONFIG = {"model": {"max_rounds": 60, "folds": 3, "horizon_days": 150}}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "arrests"
    write_tables(folder, persons=1500, seed=5)
    return folder


@pytest.fixture(scope="module")
def run(tables, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "b"
    manifest = run_forecast(str(tables), out, CONFIG, options=RunOptions(threads=2))
    return out, manifest


def test_every_file_is_there_and_hashed(run):
    out, manifest = run
    expected = {"features.parquet", "ties.parquet", "groups.parquet", "rejected.parquet", "features.json"}
    expected |= {"offences.parquet", "scores.parquet", "predictions.parquet", "top.csv", "model.ubj"}
    assert set(manifest["outputs"]) == expected
    assert {path.name for path in out.iterdir()} == expected | {"run.json"}
    for name, output in manifest["outputs"].items():
        assert output["sha256"] == sha256_of(out / name)
    assert json.loads((out / "run.json").read_text()) == manifest


def test_the_manifest_accounts_for_every_row_and_file(run, tables):
    _, manifest = run
    files = manifest["input"]["files"]
    assert [f["name"] for f in files] == sorted(str(path) for path in tables.glob("*.parquet"))
    for f in files:
        rows = f["rows"]
        assert rows["read"] == rows["accepted"] + rows["rejected"] + rows["duplicate"]
        assert f["sha256"] == sha256_of(tables / f["name"])
    assert manifest["input"]["rows"]["read"] == sum(f["rows"]["read"] for f in files)
    assert manifest["execution"]["stages"][0]["stage"] == "read"
    assert all(stage["engine"] == "cpu" and stage["peak_memory_bytes"] > 0 for stage in manifest["execution"]["stages"])


def test_every_stage_of_the_manifest_is_one_of_the_engine(tables, tmp_path, monkeypatch):
    """Where an engine waits for a device and tells what it lacks memory for."""
    begun = []

    class Telling(CpuEngine):
        def stage(self, name):
            begun.append(name)
            return super().stage(name)

    monkeypatch.setattr("gpunet.cli.running.resolve_engine", lambda engine, threads: Telling(1))
    manifest = run_forecast(tables, tmp_path / "run", {"model": {"folds": 2, "max_rounds": 2}})
    named = [stage["stage"] for stage in manifest["execution"]["stages"]]
    assert [name.split(" as of ")[0] for name in named] == begun
    assert {"read", "as of", "path", "statistics", "write features", "model", "write scores"} <= set(begun)


def test_the_manifest_describes_the_network(run):
    out, manifest = run
    network, features = manifest["network"], pl.read_parquet(out / "features.parquet")
    assert network["ties"] == len(pl.read_parquet(out / "ties.parquet"))
    assert network["persons"] == (features["degree__all"] > 0).sum()
    assert network["members"]["all"] == network["persons"]
    assert network["largest_component"]["persons"] > features["removal_largest_component"].max()
    assert manifest["arrests"]["persons"] == len(features)
    assert manifest["arrests"]["arrests"] == features["own_arrests"].sum()
    assert manifest["arrests"]["violent_arrests"]["robbery"] == features["own_arrests__robbery"].sum()


def test_network_statistics_agree_with_networkx(run):
    import networkx as nx

    out, manifest = run
    ties = pl.read_parquet(out / "ties.parquet")
    graph = nx.Graph(zip(ties["person_a"].to_list(), ties["person_b"].to_list(), strict=True))
    network = manifest["network"]
    largest = graph.subgraph(max(nx.connected_components(graph), key=len))
    assert network["components"] == nx.number_connected_components(graph)
    assert network["average_clustering"] == pytest.approx(nx.average_clustering(graph), rel=1e-12)
    assert network["transitivity"] == pytest.approx(nx.transitivity(graph), rel=1e-12)
    assert network["largest_component"]["persons"] == len(largest)
    sizes = sorted(map(len, nx.connected_components(graph)))
    assert sizes[-1] > sizes[-2]  # or "the largest" would be anybody's choice
    assert network["largest_component"]["diameter"] == nx.diameter(largest)
    mean_path = nx.average_shortest_path_length(largest)
    assert network["largest_component"]["mean_path"] == pytest.approx(mean_path, rel=1e-12)


def test_tables_have_the_declared_columns_and_types(run):
    out, _ = run
    frame = pl.read_parquet(out / "features.parquet")
    declared = columns(gpunet.load_config().sets)
    types = {"int64": pl.Int64, "float64": pl.Float64, "bool": pl.Boolean}
    assert frame.columns == ["person_id", *declared]
    for name, feature in declared.items():
        assert frame.schema[name] == types[feature.dtype], name
        assert feature.null or not frame[name].null_count(), name
    assert frame["person_id"].is_sorted()
    assert frame["person_id"].n_unique() == len(frame)
    assert not any(frame[name].is_nan().any() for name, f in declared.items() if f.dtype == "float64")
    assert [row["column"] for row in json.loads((out / "features.json").read_text())] == list(declared)
    metadata = read_parquet_metadata(out / "features.parquet")
    assert metadata is not None
    assert metadata["columns"] == list(declared)


def test_scores_rank_everybody(run):
    out, manifest = run
    scores, features = pl.read_parquet(out / "scores.parquet"), pl.read_parquet(out / "features.parquet")
    assert scores["person_id"].to_list() == features["person_id"].to_list()
    assert scores["rank"].sort().to_list() == list(range(1, len(scores) + 1))
    assert scores.sort("rank")["probability"].is_sorted(descending=True)
    assert scores["probability"].is_between(0, 1).all()
    days = manifest["model"]["days"]
    assert date.fromisoformat(days["T"]) - date.fromisoformat(days["T-2H"]) == timedelta(days=300)
    assert manifest["as_of"] == days["T"]


def test_the_top_of_the_ranks_is_a_file_of_its_own(run):
    out, _ = run
    scores = pl.read_parquet(out / "scores.parquet").sort("rank").head(1000)
    top = pl.read_csv(out / "top.csv", schema_overrides={"person_id": scores.schema["person_id"]})
    assert top.columns == ["rank", "person_id", "probability", *scores.columns[3:]]
    assert top.select(scores.columns).equals(scores)


def test_score_of_the_saved_model_is_the_runs_own(run):
    """But for the ranks of equals: a table of features does not tell where the files name persons."""
    out, _ = run
    again = pl.DataFrame(gpunet.score(gpunet.load_model(out / "model.ubj"), out / "features.parquet"))
    scores = pl.read_parquet(out / "scores.parquet")
    assert again.drop("rank").equals(scores.drop("rank"))
    assert again.sort("rank")["probability"].equals(scores.sort("rank")["probability"])


def test_equals_are_ranked_in_the_order_in_which_the_files_name_them(run, tables):
    out, manifest = run
    arrests = gpunet.read_arrests(tables).before(date.fromisoformat(manifest["as_of"]))
    place = pl.DataFrame({"person_id": arrests.person_ids, "place": arrests.first_rows})
    scores = pl.read_parquet(out / "scores.parquet").join(place, on="person_id")
    by_hand = scores.sort("probability", "place", descending=[True, False])
    assert by_hand["rank"].to_list() == list(range(1, len(scores) + 1))
    assert scores["probability"].n_unique() < len(scores)


@pytest.mark.parametrize(
    ("change", "settings", "texts"),
    [
        ({}, {}, []),
        ({"as_of": None}, {}, []),  # the day after the last, from which its days are counted
        ({"as_of": None, "counted_from": None}, {}, ["does not say as of which day it is, and the model's is {T}"]),
        ({"undated_arrests": 7}, {}, ["7 arrests without a date count in the feature table and none in the model's"]),
        ({"as_of": -1}, {}, ["as of {day}, and the model has learned from what happened before {T}"]),
        ({"as_of": 150}, {}, []),
        ({"as_of": 151}, {}, ["as of {day}, more than the horizon of 150 days after the model's day, {T}"]),
        ({}, {"[network] max_incident_size": 30}, ["[network] max_incident_size is 50 in the model's training and 30"]),
        (
            {"as_of": 900},
            {"[input] incident_key": ["incident_id"], "[input] person_scope": "force"},
            [
                "the model is old",
                '[input] incident_key is ["force", "incident_id"] in the model\'s training and ["incident_id"]',
                '[input] person_scope is "national" in the model\'s training and "force" in the feature table',
            ],
        ),
        ({"settings": None}, {}, []),  # a file of an earlier version does not say
    ],
)
def test_scoring_says_in_what_features_differ_from_the_models(
    run, change, settings, texts, tmp_path, monkeypatch, capsys
):
    out, manifest = run
    known = date.fromisoformat(manifest["as_of"])
    metadata = read_parquet_metadata(out / "features.parquet")
    day = known + timedelta(days=change.get("as_of") or 0)
    if isinstance(change.get("as_of"), int):
        change = {"as_of": day.isoformat()}
    metadata = {**metadata, "settings": {**metadata["settings"], **settings}, **change}
    write_parquet(tmp_path / "features.parquet", pl.read_parquet(out / "features.parquet"), metadata)
    options = {"model": out / "model.ubj", "features": tmp_path / "features.parquet", "out": tmp_path / "s.parquet"}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    monkeypatch.setattr("sys.argv", ["gpunet", "score", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(lines) == len(texts)
    for line, text in zip(lines, texts, strict=True):
        assert text.format(T=known, day=day) in line


def test_what_features_depend_on_is_in_the_settings_and_how_tables_are_written_is_not():
    plain = load_config().feature_settings()
    same = {"columns": {"person_id": "id"}, "separator": ";", "encoding": "cp1252", "date_format": "dayfirst"}
    assert load_config({"input": same, "model": {"folds": 3}}).feature_settings() == plain
    for other in (
        {"network": {"max_incident_size": 49}},
        {"input": {"incident_key": ["incident_id"]}},
        {"input": {"person_scope": "force"}},
        {"input": {"id_rules": ["strip_zeros"]}},
        {"input": {"null_values": []}},
        {"input": {"null_dates": ["1900-01-01"]}},
        {"input": {"columns": {"gang": ""}}},
    ):
        found = load_config(other).feature_settings()
        assert len([key for key in plain if found[key] != plain[key]]) == 1


def test_the_same_bytes_again_with_another_number_of_threads(run, tables, tmp_path):
    out, manifest = run
    again = run_forecast(str(tables), tmp_path / "again", CONFIG, options=RunOptions(threads=1))
    for name in manifest["outputs"]:
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes(), name
    for m in (again, manifest):
        assert m["execution"].keys() >= {"seconds", "stages", "threads"}
    assert {k: v for k, v in again.items() if k != "execution"} == {
        k: v for k, v in manifest.items() if k != "execution"
    }


def test_features_as_of_a_day_are_those_of_the_earlier_rows(tables, tmp_path):
    day = date(2013, 2, 1)
    run_features(str(tables), tmp_path / "cut", as_of=day)
    rows = pl.concat([pl.read_parquet(path) for path in sorted(tables.glob("*.parquet"))])
    earlier = gpunet.read_arrests(rows.filter(pl.col("date") < day), as_of=day)
    assert gpunet.compute_features(earlier).equals(pl.read_parquet(tmp_path / "cut" / "features.parquet"))


def test_features_of_all_days_are_those_as_of_the_day_after_the_last(run, tables, tmp_path):
    out, manifest = run
    run_features(str(tables), tmp_path / "all")
    assert pl.read_parquet(tmp_path / "all" / "features.parquet").equals(pl.read_parquet(out / "features.parquet"))
    scores = gpunet.score(gpunet.load_model(out / "model.ubj"), tmp_path / "all" / "features.parquet")
    assert scores.drop("rank").equals(pl.read_parquet(out / "scores.parquet").drop("rank"))
    assert manifest["completeness"]["days_beyond"] == 0


def test_a_day_after_the_end_of_the_data(run, tables, tmp_path):
    end = date.fromisoformat(run[1]["as_of"])
    with pytest.raises(InputError, match=f"T is {end + timedelta(days=60)}.*--as-of {end}, or --allow-incomplete"):
        run_forecast(str(tables), tmp_path / "far", CONFIG, as_of=end + timedelta(days=60))
    options = RunOptions(allow_incomplete=True)
    far = run_forecast(str(tables), tmp_path / "far", CONFIG, as_of=end + timedelta(days=60), options=options)
    assert (far["completeness"]["days_beyond"], far["completeness"]["as_of"]) == (60, end.isoformat())
    assert "the last 60 days of the 150 before T hold no arrest" in " ".join(far["warnings"])
    features = run_features(str(tables), tmp_path / "features", as_of=end + timedelta(days=60))
    assert "is 60 days after the end of the data" in " ".join(features["warnings"])


def test_a_forecast_needs_arrests_before_two_horizons(tables, tmp_path):
    with pytest.raises(InputError, match=r"learns from arrests before 2011-03-08.*begin on (\S+): give --as-of"):
        run_forecast(str(tables), tmp_path / "early", CONFIG, as_of=date(2012, 1, 2))


def test_random_forest_run(tables, tmp_path):
    config = {"model": {**CONFIG["model"], "kind": "random_forest", "max_rounds": 20}}
    manifest = run_forecast(str(tables), tmp_path / "run", config)
    assert "model.ubj" in manifest["outputs"]
    assert gpunet.load_model(tmp_path / "run" / "model.ubj").kind == "random_forest"


def test_labels_are_violent_arrests_within_the_window():
    rows = pl.DataFrame(
        {
            "person_id": ["a", "a", "b", "b", "c", "c", "d"],
            "incident_id": ["1", "2", "1", "3", "4", "5", "6"],
            "date": ["2012-01-01", "2012-03-01", "2012-01-01", "2012-02-29", "2012-01-02", "2012-06-01", "2012-03-05"],
            "offence": ["theft", "robbery", "theft", "robbery", "theft", "theft", "robbery"],
        }
    )
    arrests = gpunet.read_arrests(rows)
    # Known before either window are a, b and c; d is arrested within both for the first time and has no label. a robs
    # within both windows, b only within the first (on the last day of February).
    label = violent_between(arrests, date(2012, 2, 1), date(2012, 6, 2))
    assert label.tolist() == [True, True, False]
    label = violent_between(arrests, date(2012, 3, 1), date(2012, 6, 2))
    assert label.tolist() == [True, False, False]
    assert np.array_equal(arrests.persons_before(date(2012, 2, 1)), [0, 1, 2])
    assert arrests.last_day == day_number(date(2012, 6, 1))


def test_input_that_cannot_be_forecast_from(tmp_path):
    rows = pl.DataFrame(
        {"person_id": [1, 2], "incident_id": [1, 1], "date": [None, None], "offence": ["robbery", "theft"]}
    )
    with pytest.raises(InputError, match="no arrest has a date"):
        run_forecast(rows, tmp_path / "a")
    dated = rows.with_columns(date=pl.lit(date(2012, 1, 1)))
    with pytest.raises(InputError, match="2012-01-01"):
        run_forecast(dated, tmp_path / "b")
    with pytest.raises(InputError, match="no arrest was accepted"):
        run_features(rows.with_columns(person_id=pl.lit(None)), tmp_path / "c")
    assert not list((tmp_path / "c").iterdir())
    with pytest.raises(InputError, match="31/12/2012"):
        run_features(rows.with_columns(date=pl.lit("31/12/2012")), tmp_path / "d")


def test_a_run_that_fails_leaves_the_earlier_one(run, tmp_path):
    out, manifest = run
    shutil.copytree(out, tmp_path / "b")
    with pytest.raises(InputError, match="absent"):
        run_forecast(str(tmp_path / "absent.parquet"), tmp_path / "b", CONFIG)
    for name, output in manifest["outputs"].items():
        assert sha256_of(tmp_path / "b" / name) == output["sha256"]
    assert json.loads((tmp_path / "b" / "run.json").read_text()) == manifest


def test_input_that_would_be_replaced_is_refused(tables, tmp_path):
    table = next(iter(sorted(tables.glob("*.parquet")))).read_bytes()
    (tmp_path / "features.parquet").write_bytes(table)
    for given in (tmp_path, tmp_path / "features.parquet"):
        with pytest.raises(InputError, match=r"is to be written|lies in"):
            run_features(str(given), tmp_path)
        assert (tmp_path / "features.parquet").read_bytes() == table


def test_features_into_the_folder_of_a_run(run, tables, tmp_path):
    shutil.copytree(run[0], tmp_path / "b")
    manifest = run_features(str(tables), tmp_path / "b")
    assert {path.name for path in (tmp_path / "b").iterdir()} == {*manifest["outputs"], "run.json"}
    assert "model.ubj" not in manifest["outputs"]


def test_patterns_that_match_nothing_are_a_warning(tables, tmp_path):
    config = {"violent_offences": {"robbery": ["robbery*"], "piracy": ["piracy*"]}}
    manifest = run_features(str(tables), tmp_path / "run", config)
    assert any("piracy" in warning and "robbery" not in warning for warning in manifest["warnings"])


def test_incidents_across_forces_are_a_warning(tmp_path):
    rows = pl.DataFrame({"person_id": [1, 2, 3], "incident_id": ["x", "x", "y"], "force": ["n", "s", "s"]})
    rows = rows.with_columns(date=pl.lit("2012-01-01"), offence=pl.lit("robbery"))
    apart = run_features(rows, tmp_path / "apart")
    assert apart["network"]["ties"] == 0
    assert not any("several forces" in warning for warning in apart["warnings"])
    together = run_features(rows, tmp_path / "together", {"input": {"incident_key": ["incident_id"]}})
    assert together["network"]["ties"] == 1
    assert any("1 incident has arrests by several forces" in warning for warning in together["warnings"])


def test_progress_tells_every_stage_to_its_end(tables, tmp_path):
    calls = []
    run_features(str(tables), tmp_path / "run", options=RunOptions(progress=lambda *call: calls.append(call)))
    stages = {stage for stage, _, _ in calls}
    assert stages >= {"reading", "network", "partition", "neighbourhood", "community", "betweenness", "closeness"}
    for stage in stages:
        last = [call for call in calls if call[0] == stage][-1]
        assert last[1] == last[2], stage


def test_too_few_labels_for_a_model(tmp_path):
    days = [date(2011, 1, 1) + timedelta(days=30 * i) for i in range(40)]
    rows = pl.DataFrame({"person_id": [i % 20 for i in range(40)], "incident_id": [i // 2 for i in range(40)]})
    rows = rows.with_columns(pl.Series("date", days))
    with pytest.raises(ModelError, match="2013"):
        run_forecast(rows.with_columns(offence=pl.lit("theft")), tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()
