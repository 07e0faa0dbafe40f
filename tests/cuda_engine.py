"""The GPU engine whole, from tables to scores, without a GPU; test_cuda_kernels.py runs this file.

Beside what simulated_gpu.py puts in place, Arrow and pandas stand for cuDF, and XGBoost runs on the CPU.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import array_api_strict
import compiled_kernels  # noqa: F401
import cudf_stand_in
import engine_contract as contract
import narwhals as nw
import numpy as np
import pretend_gpu
import pytest
import simulated_gpu
from synthetic_layers import with_layers

import gpunet
from gpunet.cli.panels import part_name, run_panel
from gpunet.cli.run import RunOptions, resume_run, run_features
from gpunet.config.config import PathConfig
from gpunet.engines.choice import resolve_engine
from gpunet.features.path import compute_path
from gpunet.model import matrix, table
from gpunet.model.matrix import column
from gpunet.reading.location import GPU
from gpunet.reading.read import read_arrests_at
from gpunet.runs import kept_arrests, kept_features, stages
from gpunet.runs.checkpoint_file import read_contents, write_contents
from gpunet.runs.folder import RunFolder
from gpunet.runs.kept_features import PastFeatures, of_past, past_of
from gpunet.synthetic import write_tables
from gpunet.tables.frames import to_arrow
from gpunet.tables.parquet import read_parquet
from tests.layered_tables import write_layered
from tests.run_processes import results


@pytest.fixture(autouse=True, scope="module")
def _pretended() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        simulated_gpu.install(patch)
        patch.setitem(sys.modules, "cudf", cudf_stand_in)
        pretend_gpu.install(patch)
        patch.setattr(table, "column", lambda series, device: matrix.place(np.asarray(column(series, "gpu")), device))
        yield


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder, persons=100, seed=5)
    return folder


@pytest.fixture(scope="module")
def arrests(tables: Path) -> Any:
    return gpunet.read_arrests(tables)


@pytest.fixture(scope="module")
def runs(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A forecast by each engine."""
    out = tmp_path_factory.mktemp("runs")
    config = {"model": {"horizon_days": 365, "max_rounds": 30, "folds": 3}}
    return {engine: contract.forecast_run(engine, tables, out / engine, config) for engine in ("gpu", "cpu")}


def random_network(seed: int) -> gpunet.arrests.network.Network:
    rng = np.random.default_rng(seed)
    sets = {name: rng.random(40) < share for name, share in (("violent", 0.4), ("few", 0.1))}
    return gpunet.network_from_edges(*rng.integers(0, 40, (2, 60)), 40, sets)


def test_paths_of_plain_edges() -> None:
    contract.check_paths("gpu", random_network(1))
    contract.check_paths("gpu", gpunet.network_from_edges([], [], 3))


def test_families_and_sets_one_by_one() -> None:
    contract.check_some_paths("gpu", random_network(2))


def test_approximate_paths() -> None:
    contract.check_approximate("gpu", random_network(3))


def test_whole_network_betweenness_by_cugraph() -> None:
    network, config = random_network(4), PathConfig(whole_network="cugraph")
    found = compute_path(network, "betweenness", engine="gpu", config=config)
    expected = gpunet.path_features(network, "betweenness", engine="cpu")
    contract.assert_same(contract.of_arrays(found.columns), contract.of_arrays(expected))
    assert found.report is not None
    assert found.report.of_columns()["betweenness__all"]["library"] == "cugraph"


def test_features_of_a_callers_arrests(arrests: Any) -> None:
    contract.check_features("gpu", arrests)


def test_layers_and_victims() -> None:
    contract.check_layers("gpu", with_layers(100, seed=4))


def test_two_runs_give_the_same_bytes(arrests: Any) -> None:
    contract.check_repeats("gpu", random_network(5), arrests)


def test_refusals(arrests: Any) -> None:
    contract.check_refusals("gpu", random_network(6), arrests)


def test_a_run_folder_is_the_cpus(tables: Path, tmp_path: Path) -> None:
    runs = {engine: contract.feature_run(engine, tables, tmp_path / engine) for engine in ("gpu", "cpu")}
    contract.check_feature_runs(runs["gpu"], runs["cpu"], "gpu")
    contract.check_partitions(runs["gpu"][0], runs["cpu"][0])
    ties = [(folder / "ties.parquet").read_bytes() for folder, _ in runs.values()]
    assert ties[0] == ties[1]


def test_a_forecast(runs: dict[str, Any]) -> None:
    contract.check_forecasts(runs["gpu"], runs["cpu"], "gpu")


def test_scores_of_a_saved_model(runs: dict[str, Any], tmp_path: Path) -> None:
    contract.check_score(runs["gpu"][0], tmp_path / "scores.parquet", ["--engine", "gpu"])


def test_the_manifest_tells_the_device_and_what_crossed(runs: dict[str, Any]) -> None:
    said = runs["gpu"][1]["execution"]
    assert said["gpu"]["name"] == "Pretended"
    assert {stage["engine"] for stage in said["stages"]} == {"gpu"}
    crossed = {stage["stage"]: (stage["bytes_to_device"], stage["bytes_to_host"]) for stage in said["stages"]}
    for stage in ("neighbourhood", "geographic", "temporal", "history"):
        to_device, to_host = crossed[f"{stage} as of T"]
        assert to_device == 0, stage
        assert to_host <= 8, stage  # numbers that say how much there is to do
    assert crossed["path as of T"][1] > 0  # blocks are found on the host
    assert crossed["read"][0] > 0
    cpu = runs["cpu"][1]["execution"]
    assert "gpu" not in cpu
    assert not any("bytes_to_device" in stage for stage in cpu["stages"])


class Enough(BaseException):
    """Ends a run as a signal does."""


def test_a_run_goes_on_from_checkpoints(tables: Path, tmp_path: Path) -> None:
    """Stopped when the arrests are kept, and when the features are; both come back to where the engine works."""
    undisturbed, _ = contract.feature_run("gpu", tables, tmp_path / "undisturbed")
    begun: list[str] = []
    came_back: dict[str, Any] = {}

    def progress(stage: str, done: float, total: float) -> None:
        begun.append(stage)
        if stage == "network" and not came_back:
            raise Enough

    def stop(*_: Any) -> Any:
        raise Enough

    def watched(module: Any, name: str) -> Any:
        real = getattr(module, name)

        def load(*given: Any, **named: Any) -> Any:
            came_back[name] = real(*given, **named)
            return came_back[name]

        return load

    out, options = tmp_path / "run", RunOptions(engine="gpu", checkpoint_seconds=0, progress=progress)
    with pytest.raises(Enough):
        run_features([str(tables)], out, options=options)
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((kept_arrests, "arrests_of"), (kept_features, "features_of")):
            patch.setattr(module, name, watched(module, name))
        with pytest.MonkeyPatch.context() as stopping:
            stopping.setattr(stages.Run, "write_features", stop)
            with pytest.raises(Enough):
                resume_run(out, "features", options)
        assert list(came_back) == ["arrests_of"]
        del begun[:]
        resume_run(out, "features", options)
    assert not {"reading", "network", "betweenness"} & set(begun)
    assert results(out) == results(undisturbed)
    check_kept(came_back["arrests_of"], came_back["features_of"], tmp_path)


def test_with_ties_and_victims_arrests_and_tables_lie_on_the_host(tables: Path, tmp_path: Path) -> None:
    """The engine computes, stopped or not; and a model is trained there."""
    write_layered(tmp_path, persons=100)
    paths = {"ties": [str(tmp_path / "ties.csv")], "victims": [str(tmp_path / "victims.csv")]}
    config = {
        "input": paths,
        "ties": {"intelligence": {"use": True}, "calls": {"use": True}},
        "model": {"folds": 2, "max_rounds": 3, "horizon_days": 300},
    }
    asked = (str(tmp_path / "arrests.csv"),)
    expected = contract.feature_run("cpu", [*asked], tmp_path / "cpu", config)
    found = contract.feature_run("gpu", [*asked], tmp_path / "gpu", config)
    contract.check_feature_runs(found, expected, "gpu")
    assert found[1]["layers"] == expected[1]["layers"]

    def stop(*_: Any) -> Any:
        raise Enough

    options = RunOptions(engine="gpu", checkpoint_seconds=0)
    with pytest.MonkeyPatch.context() as stopping:
        stopping.setattr(stages.Run, "write_features", stop)
        with pytest.raises(Enough):
            run_features([*asked], tmp_path / "again", config, None, options)
    resume_run(tmp_path / "again", "features", options)
    assert results(tmp_path / "again") == results(tmp_path / "gpu")
    forecasts = [contract.forecast_run(engine, [*asked], tmp_path / f"{engine}-f", config) for engine in ("gpu", "cpu")]
    contract.check_feature_runs(forecasts[0], forecasts[1], "gpu")
    scores, wanted = (read_parquet(folder / "scores.parquet").sort("person_id") for folder, _ in forecasts)
    assert scores["person_id"].to_list() == wanted["person_id"].to_list()


def check_kept(kept: Any, found: Any, tmp_path: Path) -> None:
    """Arrays are the engine's, tables cuDF's, and all of them what they were."""
    read = read_arrests_at(GPU, [str(Path(file.name)) for file in kept.report.files], kept.config)
    for name in ("person", "incident", "force", "day", "offences", "district", "beat", "gang", "row"):
        arrays_of_name = [getattr(each, name) for each in (kept, read)]
        assert all(isinstance(array, array_api_strict._array_object.Array) for array in arrays_of_name), name
        assert arrays_of_name[0].dtype == arrays_of_name[1].dtype, name
        np.testing.assert_array_equal(*map(np.asarray, arrays_of_name), err_msg=name)
    for name in ("person_ids", "incident_ids", "force_names", "gang_names", "district_names", "beat_names"):
        # Names that are on the host after reading are so again.
        before, after = getattr(read, name), getattr(kept, name)
        assert before.implementation == after.implementation, name
        assert before.to_arrow().to_pylist() == after.to_arrow().to_pylist(), name
    assert kept.person_ids.implementation.is_cudf()
    network = found.network
    for array in (network.indptr, network.indices, network.person, *network.sets.values()):
        assert isinstance(array, array_api_strict._array_object.Array)
    assert all(nw.from_native(table).implementation.is_cudf() for table in (found.features, found.groups, found.ties))
    write_contents(tmp_path / "past", of_past(PastFeatures(found.features, found.path)))
    past = past_of(read_contents(tmp_path / "past"), kept, resolve_engine("gpu"), kept.config.path)
    assert nw.from_native(past.features).implementation.is_cudf()
    assert to_arrow(past.features).equals(to_arrow(found.features))


def test_a_panel_lies_on_the_host_and_goes_on(tables: Path, tmp_path: Path) -> None:
    """Its snapshots are computed by the engine; what was kept of them comes back to the host."""
    config = {"panel": {"start": "2013-01-01", "end": "2013-01-01"}}
    computed: list[str] = []

    def progress(stage: str, done: float, total: float) -> None:
        computed.append(stage)

    def stop(*_: Any) -> Any:
        raise Enough

    options = RunOptions(engine="gpu", checkpoint_seconds=0, progress=progress)
    with pytest.MonkeyPatch.context() as stopping:
        stopping.setattr(RunFolder, "write_table", stop)
        with pytest.raises(Enough):
            run_panel([str(tables)], tmp_path / "gpu", config, None, options)
    assert "snapshots: 2013-01-01: betweenness" in computed
    del computed[:]
    resume_run(tmp_path / "gpu", "panel", options)
    assert "snapshots: 2013-01-01: betweenness" not in computed
    run_panel([str(tables)], tmp_path / "cpu", config, None, RunOptions(engine="cpu"))
    found, expected = (read_parquet(tmp_path / name / part_name(date(2013, 1, 1))) for name in ("gpu", "cpu"))
    assert found.columns == expected.columns
    assert found["betweenness__all"].to_list() == pytest.approx(expected["betweenness__all"].to_list())
    assert found["label"].to_list() == expected["label"].to_list()
