"""Benchmarks with a GPU, where there is none: libraries and device are pretended, and no time is judged."""

from __future__ import annotations

import json
import runpy
import subprocess
from datetime import date
from pathlib import Path

import networkx as nx
import numpy as np
import polars as pl
import pytest
from pretended_rapids import OnDevice, rapids
from test_benchmark_pages import MACHINE, SCRIPT, VERSIONS, result, write

import gpunet
from benchmarks import device, machine, suite, systems, worker
from benchmarks.__main__ import main
from benchmarks.arguments import parse
from benchmarks.commands import files_to_compare
from benchmarks.compare import check_equal, difference
from benchmarks.gpu_systems import single_precision
from benchmarks.networks import Case, save_network
from benchmarks.process import Outcome
from benchmarks.report import markdown
from benchmarks.system import System
from benchmarks.systems import GPU_PEERS, ON_THE_CPU, OURS, PLAIN, SYSTEMS, system
from benchmarks.words import processor_line
from gpunet.base.transfers import count_to_device, count_to_host
from gpunet.cli.run import run_features
from gpunet.synthetic import write_tables

__all__ = ["rapids"]

H200 = {
    "name": "NVIDIA H200", "driver": "580.1", "cuda": "13.0", "memory_bytes": 139 * 2**30, "capability": "9.0",
    "count": 1,
}  # fmt: skip


def network() -> gpunet.arrests.network.Network:
    """Several pieces, and vertices on their own."""
    rng = np.random.default_rng(3)
    return gpunet.network_from_edges(rng.integers(0, 50, 70), rng.integers(0, 50, 70), 60)


@pytest.mark.usefixtures("rapids")
@pytest.mark.parametrize("name", ["cugraph", "cugraph-int64"])
@pytest.mark.parametrize("measure", ["betweenness", "cores"])
def test_cugraph_is_asked_for_the_same_numbers(name, measure):
    graph = network()
    ours, peer = SYSTEMS[OURS], SYSTEMS[name]
    expected = ours.values(measure, ours.measures[measure](ours.convert(graph, 1)), graph)
    converted = peer.convert(graph, 1)
    assert converted.kind == {np.dtype(np.int64 if name.endswith("64") else np.int32)}
    found = peer.values(measure, peer.measures[measure](converted), graph)
    assert difference(measure, found, expected, peer.relative(graph.n)) is None
    assert found.dtype == expected.dtype
    if measure == "betweenness":
        assert (difference(measure, found, expected) is None) == name.endswith("64")


@pytest.mark.usefixtures("rapids")
def test_cugraphs_louvain_is_a_partition():
    peer, graph = SYSTEMS["cugraph"], network()
    label = peer.values("louvain", peer.measures["louvain"](peer.convert(graph, 1)), graph)
    assert len(label) == graph.n
    assert label.min() >= 0


@pytest.mark.usefixtures("rapids")
def test_a_vertex_that_cugraph_leaves_out_is_an_error():
    peer, graph = SYSTEMS["cugraph"], network()
    table = peer.measures["cores"](peer.convert(graph, 1))
    with pytest.raises(ValueError, match="no cores for some vertices"):
        peer.values("cores", table.head(len(table) - 1), graph)


def test_networkx_is_asked_to_use_cugraph(rapids, monkeypatch):
    """The backend itself is not installed, so what NetworkX is told is looked at."""
    told = []

    def betweenness(graph, normalized, backend):
        told.append(backend)
        return nx.function_without_dispatch(graph, normalized=normalized)

    plain = nx.betweenness_centrality.orig_func
    monkeypatch.setattr(nx, "function_without_dispatch", plain, raising=False)
    monkeypatch.setattr(nx, "betweenness_centrality", betweenness)
    peer, graph = SYSTEMS["nx-cugraph"], network()
    found = peer.values("betweenness", peer.measures["betweenness"](peer.convert(graph, 1)), graph)
    assert told == ["cugraph"]
    ours = SYSTEMS[PLAIN]
    expected = ours.values("betweenness", ours.measures["betweenness"](ours.convert(graph, 1)), graph)
    check_equal("betweenness", "x", {"a": [expected], "b": [found]})
    assert rapids.synchronised == 1


def test_cugraph_has_no_closeness():
    assert all("closeness" not in SYSTEMS[name].measures for name in GPU_PEERS)
    assert all(SYSTEMS[name].needs_gpu for name in GPU_PEERS)
    assert not SYSTEMS[ON_THE_CPU].needs_gpu


def test_libraries_are_warm_and_have_a_pool_before_they_are_timed(rapids):
    SYSTEMS["cugraph"].warm_up("betweenness", network())
    assert rapids.pools == 1
    assert rapids.synchronised >= 2


def test_the_engine_measured_is_the_one_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(systems, "path_features", lambda *_, engine, **__: asked.append(engine))
    for name, engine in ((OURS, "gpu"), (PLAIN, "gpu"), (ON_THE_CPU, "gpu"), (OURS, "cpu")):
        system(name, engine).measures["closeness"]((network(), 1))
    assert asked == ["gpu", "gpu", "cpu", "cpu"]
    assert system(OURS, "gpu").needs_gpu
    assert "louvain" not in system(PLAIN, "gpu").measures
    assert system("igraph", "gpu") is SYSTEMS["igraph"]


def test_values_come_back_from_the_device():
    found = {"betweenness__all": OnDevice(np.array([1.0, 2.0]))}
    assert system(OURS, "gpu").values("betweenness", found, network()).tolist() == [1.0, 2.0]


def measured(tmp_path: Path, name: str, engine: str) -> list[dict]:
    save_network(network(), tmp_path / "network.npz")
    job = {"system": name, "engine": engine, "measure": "betweenness", "network": str(tmp_path / "network.npz")}
    worker._measure({**job, "threads": 1, "repeat": 2, "limit": 60.0}, tmp_path, worker._Events(tmp_path))
    return [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]


def test_a_run_on_a_gpu_is_waited_for_and_its_copies_are_counted(tmp_path, monkeypatch, rapids):
    at_the_end = []

    def work(graph):
        count_to_device(1000)
        count_to_host(24)
        at_the_end.append(rapids.synchronised)
        return np.zeros(60)

    pretended = System(
        "gpunet", lambda network, threads: network, {"betweenness": work},
        lambda measure, returned, network: returned, needs_gpu=True,
    )  # fmt: skip
    monkeypatch.setitem(systems._ON_THE_GPU, OURS, pretended)
    runs = [event for event in measured(tmp_path, OURS, "gpu") if event["event"] == "run"]
    assert [(run["bytes_to_device"], run["bytes_to_host"]) for run in runs] == [(1000, 24)] * 2
    assert all(run["copy_seconds"] > 0 and run["seconds"] > 0 for run in runs)
    assert at_the_end == [1, 5]  # before each run, after it, and twice when its copies are timed


def test_a_run_on_the_cpu_knows_of_no_device(tmp_path):
    runs = [event for event in measured(tmp_path, ON_THE_CPU, "gpu") if event["event"] == "run"]
    assert len(runs) == 2
    assert all("bytes_to_device" not in run for run in runs)


@pytest.fixture
def with_a_gpu(monkeypatch):
    monkeypatch.setattr(suite, "engine_error", lambda: None)
    monkeypatch.setattr(suite, "gpu", lambda: H200)
    monkeypatch.setattr(machine, "gpu", lambda: H200)
    monkeypatch.setattr(suite, "installed_version", lambda package: "26.10.0")


def worker_that_gives(monkeypatch, **values) -> None:
    """Let each system return its array; gpunet's are [1, 2, 4]."""

    def run(job, folder):
        run = {"seconds": 2.0 if job["system"] == ON_THE_CPU else 0.1, "values_seconds": 0.0}
        if job["system"] in (OURS, PLAIN):
            run |= {"bytes_to_device": 3 * 2**20, "bytes_to_host": 2**20, "copy_seconds": 0.001}
        found = values.get(job["system"].replace("-", "_"), [1.0, 2.0, 4.0])
        return Outcome("ok", runs=[run], values=[np.array(found)])

    monkeypatch.setattr(suite, "run_worker", run)


def suite_run(tmp_path, *arguments):
    code = main(["--engine", "gpu", "--persons", "100", "--out", str(tmp_path), *arguments])
    return code, json.loads((tmp_path / "results.json").read_text()) if code == 0 else None


@pytest.mark.usefixtures("with_a_gpu")
def test_results_with_a_gpu(tmp_path, monkeypatch):
    worker_that_gives(monkeypatch, cugraph=[1.0, 2.0 * (1 + 1e-6), 4.0])
    code, results = suite_run(tmp_path, "paths", "--peers", "cugraph,nx-cugraph")
    assert code == 0
    rows = {(r["measure"], r["system"]): r for r in results["results"]}
    assert {name for _, name in rows} == {OURS, PLAIN, "cugraph", "nx-cugraph", ON_THE_CPU}
    assert rows["betweenness", "cugraph"]["status"] == "ok"
    for name in ("cugraph", "nx-cugraph"):
        r = rows["closeness", name]
        assert (r["status"], r["note"]) == ("not available", f"{name} has no such function")
    assert rows["betweenness", OURS]["bytes_to_device"] == 3 * 2**20
    assert rows["betweenness", "cugraph"]["bytes_to_device"] is None
    assert results["settings"]["engine"] == "gpu"
    assert results["machine"]["gpu"] == H200
    assert results["versions"]["cugraph"] == "26.10.0"
    assert {"cudf-cu13", "cugraph-cu13", "cupy-cuda13x", "numba-cuda"} <= set(results["versions"])
    text = (tmp_path / "results.md").read_text()
    assert "NVIDIA H200, 139 GiB, driver 580.1 (CUDA 13.0)" in text
    assert "| to the GPU | from the GPU | copies |" in text
    assert "| 3 MiB | 1 MiB | 0.00100 |" in text
    assert text == markdown(results)
    line = next(line for line in text.splitlines() if f"| {ON_THE_CPU} |" in line)
    assert "| 20 times |  |" in line  # beside all sets alone: it computes all of them


@pytest.mark.usefixtures("with_a_gpu")
def test_a_library_in_single_precision_that_is_off_is_marked(tmp_path, monkeypatch):
    worker_that_gives(monkeypatch, cugraph=[1.0, 2.0, -3.0], nx_cugraph=[1.0, 2.0, np.nan])
    code, results = suite_run(tmp_path, "paths")
    assert code == 0
    for name in ("cugraph", "nx-cugraph"):
        row = next(r for r in results["results"] if (r["measure"], r["system"]) == ("betweenness", name))
        assert (row["status"], row["seconds"]) == ("disagrees", None)
        assert "at 1 of 3 vertices; at vertex 2" in row["note"]
    exact = next(r for r in results["results"] if r["system"] == "cugraph-int64")
    assert exact["status"] == "ok"


@pytest.mark.usefixtures("with_a_gpu")
@pytest.mark.parametrize("name", ["cugraph_int64", "gpunet_cpu"])
def test_a_system_in_double_precision_that_is_off_is_an_error(tmp_path, monkeypatch, capsys, name):
    worker_that_gives(monkeypatch, **{name: [1.0, 2.0, 4.0 * (1 + 2e-9)]})
    assert suite_run(tmp_path, "paths") == (1, None)
    assert f"{name.replace('_', '-')} and {OURS} disagree at 1 of 3 vertices" in capsys.readouterr().err


@pytest.mark.usefixtures("with_a_gpu")
def test_without_a_number_of_ours_theirs_are_not_believed(tmp_path, monkeypatch):
    def slow(job, folder):
        if job["system"] in (OURS, PLAIN, ON_THE_CPU):
            return Outcome("over limit", "no run within 1 s")
        return Outcome("ok", runs=[{"seconds": 1.0, "values_seconds": 0.0}], values=[np.ones(3)])

    monkeypatch.setattr(suite, "run_worker", slow)
    _, results = suite_run(tmp_path, "cores", "--peers", "cugraph")
    assert next(r["status"] for r in results["results"] if r["system"] == "cugraph") == "not compared"


def test_single_precision_is_what_adding_up_costs():
    rng = np.random.default_rng(1)
    terms = rng.random(20_000) * 1000
    total = np.float32(0)
    for term in terms.astype(np.float32):
        total += term
    off = abs(float(total) - terms.sum()) / terms.sum()
    assert 1e-9 < off < single_precision(len(terms)) < 2e-3


def test_without_a_gpu_the_engines_own_words_are_the_message(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")  # where there is one, it is hidden
    text = device.engine_error()
    assert text
    assert "GPU" in text
    assert main(["--engine", "gpu", "--persons", "100", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"benchmarks: {text}\n"


@pytest.fixture
def only_the_peer_is_judged(monkeypatch):
    done = Outcome("ok", runs=[{"seconds": 1.0, "values_seconds": 0.0}], values=[np.ones(3, np.int64)])
    monkeypatch.setattr(suite, "run_worker", lambda job, folder: done)


@pytest.mark.usefixtures("only_the_peer_is_judged")
def test_libraries_that_are_not_there_are_marked(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "installed_version", lambda package: None)
    assert main(["cores", "--persons", "100", "--peers", "cugraph,nx-cugraph", "--out", str(tmp_path)]) == 0
    results = json.loads((tmp_path / "results.json").read_text())
    rows = {r["system"]: (r["status"], r["note"]) for r in results["results"]}
    assert rows["cugraph"] == ("not installed", "pip install cugraph-cu13")
    assert rows["nx-cugraph"] == ("not installed", "pip install nx-cugraph-cu13")


@pytest.mark.usefixtures("only_the_peer_is_judged")
def test_libraries_that_have_no_gpu_are_marked(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "installed_version", lambda package: "26.10.0")
    monkeypatch.setattr(suite, "gpu", lambda: None)
    assert main(["cores", "--persons", "100", "--peers", "cugraph", "--out", str(tmp_path)]) == 0
    results = json.loads((tmp_path / "results.json").read_text())
    row = next(r for r in results["results"] if r["system"] == "cugraph")
    assert (row["status"], row["note"]) == ("not available", "needs an NVIDIA GPU")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "NVIDIA H200, 580.95.05, 143771, 9.0\n",
            ("NVIDIA H200", "580.95.05", 143771 * 2**20, "9.0", 1),
        ),
        ("NVIDIA GB10, 580.95.05, [N/A], 12.1\nNVIDIA GB10, 580.95.05, [N/A], 12.1\n",
         ("NVIDIA GB10", "580.95.05", None, "12.1", 2)),
    ],
)  # fmt: skip
def test_the_gpu_is_what_its_driver_says(monkeypatch, said, expected):
    done = subprocess.CompletedProcess([], 0, stdout=said)
    monkeypatch.setattr(device.subprocess, "run", lambda *_, **__: done)
    found = device.gpu()
    assert found is not None
    assert tuple(found[key] for key in ("name", "driver", "memory_bytes", "capability", "count")) == expected
    assert expected[0] in processor_line({**MACHINE, "gpu": found})


def test_no_driver_is_no_gpu(monkeypatch):
    def absent(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(device.subprocess, "run", absent)
    assert device.gpu() is None
    assert "GiB;" in processor_line({**MACHINE, "gpu": None})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["louvain", "--engine", "gpu"], "there are paths, cores, end-to-end, not louvain"),
        (["run", "--engine", "gpu"], "there are paths, cores, end-to-end, not run"),
        (["--peers", ON_THE_CPU], "goes with --engine gpu"),
        (["--engine", "tpu"], "invalid choice"),
    ],
)
def test_wrong_usage(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_peers_follow_the_engine():
    assert parse([]).peers == ("networkx", "igraph", "networkit", "rustworkx")
    assert parse(["--engine", "gpu"]).peers == ("cugraph", "cugraph-int64", "nx-cugraph", ON_THE_CPU)
    assert parse(["--engine", "gpu", "--peers", "none"]).peers == (ON_THE_CPU,)
    assert parse(["--engine", "gpu"]).benchmarks == ("paths", "cores", "end-to-end")


def test_runs_of_the_whole_command_may_differ_in_louvain_alone(tmp_path):
    write_tables(tmp_path / "tables", persons=200, seed=1)
    out = tmp_path / "0"
    manifest = run_features(str(tmp_path / "tables"), out)
    table = pl.read_parquet(out / "features.parquet")

    def found() -> dict:
        return files_to_compare("gpu", out, manifest)

    same = found()
    table.with_columns(pl.col("community_size", "group_ties") + 1).write_parquet(out / "features.parquet")
    assert found() == same
    for name in ("gang_out_members", "shell__all"):
        table.with_columns(pl.col(name) + 1).write_parquet(out / "features.parquet")
        assert found() != same
    on_cpu = files_to_compare("cpu", out, manifest)
    assert set(on_cpu) == {path.name for path in out.iterdir()} - {"run.json"}


def test_the_whole_command_is_run_with_the_engine(tmp_path, monkeypatch):
    from benchmarks import commands

    given = []
    monkeypatch.setattr(commands, "run_limited", lambda command, *_: given.append(command) or 1)
    monkeypatch.setattr(commands, "last_line", lambda log: "")
    case = Case("x", ["x"], tmp_path / "x.npz", 3, 2, ("all",), (date(2013, 9, 1), date(2014, 8, 1)))
    commands.run_command(parse(["--engine", "gpu"]), "end-to-end", case, case, tmp_path / "job")
    assert given[0][-2:] == ["--engine", "gpu"]


def test_the_table_in_readme_sets_a_gpu_against_cugraph_and_our_cpu_engine(tmp_path):
    rows = [result("betweenness", name, 1000, seconds) for name, seconds in ((OURS, 0.1), ("cugraph", 2.0))]
    rows.append(result("betweenness", ON_THE_CPU, 1000, 5.0))
    on_gpu = write(
        tmp_path / "gpu.json", rows, machine={**MACHINE, "gpu": H200}, versions={**VERSIONS, "cugraph": "26.10.0"},
        settings={"threads": 16, "repeat": 5, "engine": "gpu"},
    )  # fmt: skip
    on_cpu = write(tmp_path / "cpu.json", [result("betweenness", OURS, 1000, 0.3)])
    text = runpy.run_path(str(SCRIPT))["tables"]([on_gpu, on_cpu])
    assert text.index("gpunet had 2 threads") < text.index("NVIDIA H200")
    assert "gpunet's CPU engine had 16 threads; the GPU's times have the copies in them." in text
    assert "cugraph 26.10.0" in text
    assert text.splitlines()[-3:] == [
        f"| network | persons | ties | measure | {OURS}, on the GPU | cugraph, plain | times faster "
        f"| {ON_THE_CPU}, all sets | times faster |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        "| synthetic 1,000 | 1,000 | 2,000 | betweenness | 0.100 | 2.00 | 20 | 5.00 | 50 |",
    ]
