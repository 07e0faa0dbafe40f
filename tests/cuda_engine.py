"""The GPU engine whole, from tables to scores, without a GPU; test_cuda_kernels.py runs this file.

Our kernels run on Numba's simulator. In the place of what needs a device stand: array-api-strict for CuPy, which takes
nothing from the host unasked either; pandas for cuDF; NetworkX for cuGraph; XGBoost on the CPU. Only the thinnest seams
are replaced, so that everything else is the engine's own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import array_api_strict
import narwhals as nw
import networkx as nx
import numpy as np
import pretend_gpu
import pylibcugraph_stand_in
import pytest
from comparison import assert_arrays

from gpunet.kernels import jit_cuda

_from_host = jit_cuda.on_device


def _on_device(array: Any, dtype: Any) -> Any:
    if isinstance(array, array_api_strict._array_object.Array):
        array = np.asarray(array)
        assert array.dtype == np.dtype(dtype), f"{array.dtype} where {np.dtype(dtype)} is due"
    return _from_host(array, dtype)


jit_cuda.on_device = _on_device  # before the kernels' modules take it from there

import gpunet  # noqa: E402
from gpunet import arrays  # noqa: E402
from gpunet.config import PathConfig, load_config  # noqa: E402
from gpunet.features.path import compute_path  # noqa: E402
from gpunet.gpu import check, memory, searches  # noqa: E402
from gpunet.gpu import engine as gpu_engine  # noqa: E402
from gpunet.reading import home  # noqa: E402
from gpunet.run import RunOptions, run_features, run_forecast  # noqa: E402
from gpunet.synthetic import write_tables  # noqa: E402

# The simulator's threads wait for each other by polling: with Python's usual 5 ms a turn they mostly wait.
sys.setswitchinterval(2e-4)

INFO = check.GpuInfo("Pretended", "580.65", "13.0", 2**37, "9.0", {"cupy-cuda13x": "14.0"})


class _Cupy:
    """What :mod:`gpunet.arrays` asks of CuPy."""

    @staticmethod
    def asarray(array: Any) -> Any:
        return array_api_strict.asarray(array.copy_to_host() if hasattr(array, "copy_to_host") else array)


@pytest.fixture(autouse=True, scope="module")
def _pretended() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pylibcugraph", pylibcugraph_stand_in)
        patch.setattr(arrays, "_device_namespace", lambda: _Cupy)
        patch.setattr(check, "require_gpu", lambda: INFO)
        patch.setattr(memory, "set_up_memory", lambda: None)
        patch.setattr(home, "GPU", home.Home("pandas", arrays.to_device))
        patch.setattr(searches, "THREADS", 16)
        for name in dir(gpu_engine):
            if name.endswith("_cuda"):
                patch.setattr(gpu_engine, name, partial(getattr(gpu_engine, name), blocks=2, threads=16))
        pretend_gpu.install(patch)
        yield


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_tables(folder, persons=100, seed=5)
    return folder


def features_of(folder: Path) -> dict[str, np.ndarray]:
    frame = nw.from_native(gpunet.frames.read_parquet(folder / "features.parquet").to_native(), eager_only=True)
    return {name: frame[name] for name in frame.columns}


#: Columns that follow the engine's own Louvain.
LOUVAIN = ("group_", "community_")


def test_features_are_the_cpus(tables: Path, tmp_path: Path) -> None:
    manifests = {
        engine: run_features(tables, tmp_path / engine, options=RunOptions(engine)) for engine in ("cpu", "gpu")
    }
    cpu, gpu = (features_of(tmp_path / engine) for engine in ("cpu", "gpu"))
    assert list(cpu) == list(gpu)
    for name, expected in cpu.items():
        if name.startswith(LOUVAIN):
            continue
        found = gpu[name]
        assert found.dtype == expected.dtype, name
        assert found.is_null().to_list() == expected.is_null().to_list(), name
        if expected.dtype == nw.Float64:
            np.testing.assert_allclose(
                found.fill_null(0).to_numpy(), expected.fill_null(0).to_numpy(), rtol=1e-9, err_msg=name
            )
        else:
            assert found.to_list() == expected.to_list(), name
    assert (tmp_path / "gpu/ties.parquet").read_bytes() == (tmp_path / "cpu/ties.parquet").read_bytes()
    for name in ("arrests", "input"):
        assert manifests["gpu"][name] == manifests["cpu"][name]
    cpus, gpus = (manifests[engine]["network"] for engine in ("cpu", "gpu"))
    assert gpus.pop("largest_component") == pytest.approx(cpus.pop("largest_component"), rel=1e-9)
    for name in ("average_clustering", "transitivity", "mean_degree"):
        assert gpus.pop(name) == pytest.approx(cpus.pop(name), rel=1e-9)
    assert gpus == cpus
    said = manifests["gpu"]["execution"]
    assert manifests["gpu"]["engine"] == "gpu"
    assert said["gpu"]["name"] == "Pretended"
    assert {stage["engine"] for stage in said["stages"]} == {"gpu"}
    crossed = {stage["stage"]: (stage["bytes_to_device"], stage["bytes_to_host"]) for stage in said["stages"]}
    for stage in ("neighbourhood", "geographic", "temporal", "history"):
        assert crossed[stage] == (0, 0), stage
    assert "gpu" not in manifests["cpu"]["execution"]
    assert not any("bytes_to_device" in stage for stage in manifests["cpu"]["execution"]["stages"])


def test_partitions_are_of_the_same_worth(tables: Path, tmp_path: Path) -> None:
    """Cells are connected, gangs stay apart, and modularity is not below the CPU's."""
    arrests = gpunet.read_arrests(tables)
    network = gpunet.build_network(arrests)
    graph = nx.Graph()
    graph.add_nodes_from(network.person.tolist())
    ends = np.stack([network.ties.a, network.ties.b], axis=1)
    graph.add_edges_from(network.person[ends].tolist())
    worth = {}
    for engine in ("cpu", "gpu"):
        run_features(tables, tmp_path / engine, options=RunOptions(engine))
        groups = gpunet.frames.read_parquet(tmp_path / engine / "groups.parquet")
        cells: dict[int, set[int]] = {}
        for person, community in enumerate(groups["community"].to_list()):
            if community is not None:
                cells.setdefault(community, set()).add(person)
        assert all(nx.is_connected(graph.subgraph(cell)) for cell in cells.values())
        worth[engine] = nx.community.modularity(graph, cells.values())
        for gang, group in zip(groups["gang"].to_list(), groups["group"].to_list(), strict=True):
            assert gang is not None or group is None
    assert worth["gpu"] >= worth["cpu"] - 0.005


def test_a_forecast_and_its_files(tables: Path, tmp_path: Path) -> None:
    config = load_config({"model": {"horizon_days": 365}})
    manifests = {
        engine: run_forecast(tables, tmp_path / engine, config, options=RunOptions(engine)) for engine in ("cpu", "gpu")
    }
    assert set(manifests["gpu"]["outputs"]) == set(manifests["cpu"]["outputs"])
    assert manifests["gpu"]["model"]["days"] == manifests["cpu"]["model"]["days"]
    scores = gpunet.frames.read_parquet(tmp_path / "gpu/scores.parquet")
    assert scores["person_id"].to_list() == features_of(tmp_path / "gpu")["person_id"].to_list()
    assert all(0 <= p <= 1 for p in scores["probability"].to_list())
    model = gpunet.load_model(next((tmp_path / "gpu").glob("model.*")))
    again = gpunet.score(model, tmp_path / "gpu/features.parquet")
    np.testing.assert_allclose(
        nw.from_native(again, eager_only=True)["probability"].to_numpy(), scores["probability"].to_numpy(), rtol=1e-6
    )
    assert json.loads((tmp_path / "gpu/run.json").read_text())["engine"] == "gpu"


@pytest.mark.parametrize("betweenness", ["exact", "approx"])
def test_path_features_of_plain_edges_come_back_to_the_host(betweenness: str) -> None:
    rng = np.random.default_rng(3)
    network = gpunet.network_from_edges(*rng.integers(0, 40, (2, 60)), 40, {"violent": rng.random(40) < 0.4})
    found = gpunet.path_features(network, engine="gpu", betweenness=betweenness, epsilon=0.2)
    assert_arrays(found, gpunet.path_features(network, engine="cpu", betweenness=betweenness, epsilon=0.2))


def test_whole_network_betweenness_by_cugraph() -> None:
    rng = np.random.default_rng(4)
    network = gpunet.network_from_edges(*rng.integers(0, 40, (2, 60)), 40, {"violent": rng.random(40) < 0.4})
    config = PathConfig(whole_network="cugraph")
    found = compute_path(network, "betweenness", engine="gpu", config=config)
    assert_arrays(found.columns, gpunet.path_features(network, "betweenness", engine="cpu"))
    assert found.report.as_dict()["betweenness"]["whole_network"]["library"] == "cugraph"
