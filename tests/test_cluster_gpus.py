"""GPUs of a cluster, without any: stand-ins on the workers, none of them in this process."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import cugraph_dask_stand_in
import dask
import dask_cuda_stand_in
import engine_contract as contract
import networkx as nx
import numpy as np
import pytest
from cluster_helpers import Killer, dask_processes, same_bits, wait_until
from distributed import wait

import gpunet
from gpunet.base.errors import ConfigError, EngineError
from gpunet.cli.run import RunOptions, run_forecast
from gpunet.cluster import cluster_engine, engine_gpus, gpu_chunks, gpus, waiting
from gpunet.config.cluster_config import ClusterConfig
from gpunet.config.config import PathConfig
from gpunet.config.pool_config import PoolConfig
from gpunet.features.path import compute_path
from gpunet.model import boosting
from gpunet.synthetic import write_tables
from scripts.on_gpu.peers import one_or_all


def network(seed: int = 3) -> gpunet.arrests.network.Network:
    """A block of forty, small ones, trees, twins and some without a tie."""
    rng = np.random.default_rng(seed)
    ring = np.arange(40)
    src = np.concatenate([ring, rng.integers(0, 40, 30), rng.integers(40, 90, 45), rng.integers(0, 40, 12)])
    dst = np.concatenate([(ring + 1) % 40, rng.integers(0, 40, 30), rng.integers(40, 90, 45), np.arange(90, 102)])
    sets = {name: rng.random(110) < share for name, share in (("violent", 0.4), ("few", 0.1))}
    return gpunet.network_from_edges(src, dst, 110, sets)


@pytest.fixture(autouse=True, scope="module")
def pretended():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "dask_cuda", dask_cuda_stand_in)
        patch.setattr(gpus, "require_device", lambda: None)
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        patch.setattr(gpus, "count_devices", lambda: dask_cuda_stand_in.GPUS)
        patch.setattr(gpu_chunks, "_LEAST_WEIGHT", 300.0)
        patch.setattr(gpu_chunks, "_BLOCKS", 2)
        patch.setattr(engine_gpus, "_SOURCES_A_BATCH", 16)
        yield


@pytest.fixture(scope="module")
def two_gpus(pretended):
    said = []
    with cluster_engine("local-cuda", ClusterConfig(rmm_pool_size="3 GiB"), notice=said.append) as engine:
        yield engine, said


def client(engine):
    return engine.client


def run(engine, name, *arguments):
    """Call a function of the workers' own module on each."""

    def there(name, arguments):
        import simulated_worker

        return getattr(simulated_worker, name)(*arguments)

    return list(client(engine).run(there, name, arguments).values())


@pytest.fixture
def memory(two_gpus, monkeypatch):
    """Sets what is free on the GPUs; afterwards it is what it was."""
    engine, _ = two_gpus
    cugraph_dask_stand_in.install(monkeypatch)
    yield lambda size: run(engine, "free", size)
    run(engine, "free", None)


def test_path_features_are_the_cpus_and_have_the_same_bits_on_one_gpu(two_gpus):
    engine, said = two_gpus
    found = gpunet.path_features(network(), engine=engine)
    contract.assert_same(contract.of_arrays(found), contract.of_arrays(gpunet.path_features(network(), engine="cpu")))
    with cluster_engine("local-cuda", ClusterConfig(workers=1)) as one:
        assert same_bits(gpunet.path_features(network(), engine=one), found)
    assert len(said) == 1
    assert said[0].startswith("cluster: 2 workers with a GPU each; dashboard: http://127.0.0.1:")


def test_approximate_paths(two_gpus):
    contract.check_approximate(two_gpus[0], network(4))


def test_a_search_graph_and_a_network_are_sent_to_every_worker_once(two_gpus):
    engine, _ = two_gpus
    gpunet.path_features(network(), engine=engine)
    for executor, kind in ((engine.executor, "SearchGraph"), (engine.graphs._executor, "Adjacency")):
        _, sent = executor._held
        assert len(client(engine).who_has([sent])[sent.key]) == 2
        assert type(client(engine).gather(sent)).__name__ == kind
    graphs, networks = zip(*run(engine, "held"), strict=True)
    assert max(graphs) == max(networks) == 1


def test_workers_are_told_how_to_set_up_memory_once(two_gpus):
    assert run(two_gpus[0], "asked") == [[(PoolConfig(rmm_pool_size="3 GiB"), False)]] * 2


@pytest.fixture(scope="module")
def runs(pretended, tmp_path_factory):
    """A forecast on two GPUs, and the CPU's."""
    out = tmp_path_factory.mktemp("runs")
    write_tables(out / "arrests", persons=300, seed=5)
    config = {"model": {"horizon_days": 365, "max_rounds": 10, "folds": 3}}
    options = {name: RunOptions(cluster=name, threads=1) for name in ("local-cuda", "none")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(boosting.DEVICE, "gpu", "cpu")
        return [
            (out / name, run_forecast(str(out / "arrests"), out / name, config, options=each))
            for name, each in options.items()
        ]


def test_a_forecast_is_the_cpus(runs):
    contract.check_forecasts(*runs, "gpus")
    contract.check_partitions(*(folder for folder, _ in runs))


def test_a_manifest_says_what_ran_where(runs):
    (_, found), (_, expected) = runs
    assert (found["engine"], expected["engine"]) == ("gpus", "cpu")
    said = found["execution"]["cluster"]
    assert (said["cluster"], said["workers"], len(said["gpus"])) == ("local-cuda", 2, 2)
    assert said["gpus"][0]["name"] == "Pretended"
    assert said["versions"] == {"cupy-cuda13x": "14.0"}
    by = {each["call"]: each["by"] for each in said["on_gpus"]}
    assert by == {
        "dependencies": "all GPUs", "farness": "all GPUs", "hop_counts": "one GPU", "louvain": "one GPU",
        "triangles": "one GPU", "core_numbers": "one GPU", "shell_of_outsiders": "one GPU", "tipping": "one GPU",
        "component_labels": "one GPU", "model": "one GPU", "scores": "all GPUs",
    }  # fmt: skip
    assert [each["data"] for each in said["on_gpus"] if each["call"] == "model"] == ["past", "both"]
    assert all(each["needed_bytes"] < each["free_bytes"] for each in said["on_gpus"] if "needed_bytes" in each)
    assert sum("needed_bytes" in each for each in said["on_gpus"]) == 7
    engines = {stage["stage"].partition(" as of")[0]: stage["engine"] for stage in found["execution"]["stages"]}
    on_gpus = {"neighbourhood", "partition", "community", "path", "statistics", "model"}
    assert {name for name, engine in engines.items() if engine == "gpus"} == on_gpus
    assert engines["read"] == engines["network"] == "cpu"


def test_a_killed_worker_costs_time_alone(two_gpus):
    engine, _ = two_gpus
    before = sorted(client(engine).run(os.getpid).values())
    expected = gpunet.path_features(network(), ("betweenness", "shell"), engine=engine)
    killer = Killer(before[0], "betweenness")
    found = gpunet.path_features(network(), ("betweenness", "shell"), engine=engine, progress=killer)
    assert same_bits(found, expected)
    assert 0 < killer.share < 1
    wait_until(lambda: len(client(engine).nthreads()) == 2)
    assert before[0] not in client(engine).run(os.getpid).values()


def needed(engine, name, *arguments):
    """The least free bytes with which a call is done on one GPU."""
    net = network()
    engine.graphs._said.clear()
    getattr(engine, name)(net.indptr, net.indices, *arguments)
    (said,) = engine.graphs.describe()
    assert said["by"] == "one GPU"
    return said["needed_bytes"]


CALLS = {
    "core_numbers": ("core_number", lambda net: (net.sets["violent"],)),
    "louvain": ("partition", lambda net: (np.zeros(net.n, np.int32),)),
    "triangles": ("counts", lambda net: (np.where(np.arange(net.n) % 7, 0, -1).astype(np.int32),)),
    "component_labels": ("labels", lambda net: ()),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_does_not_fit_into_one_gpu_is_done_on_all(two_gpus, memory, name):
    engine, _ = two_gpus
    net = network()
    assert (np.diff(net.indptr) == 0).any()  # isolated vertices
    function, make = CALLS[name]
    arguments = make(net)
    expected = getattr(engine, name)(net.indptr, net.indices, *arguments)
    least = needed(engine, name, *arguments)
    memory(least - 1)
    cugraph_dask_stand_in.CALLS.clear()
    engine.graphs._said.clear()
    found = getattr(engine, name)(net.indptr, net.indices, *arguments)
    assert set(cugraph_dask_stand_in.CALLS) >= {function}
    if name == "louvain":
        graph = nx.Graph(zip(np.repeat(np.arange(net.n), np.diff(net.indptr)), net.indices, strict=True))
        graph.add_nodes_from(range(net.n))
        mine, theirs = (
            [np.flatnonzero(communities == c) for c in np.unique(communities)] for communities in (found, expected)
        )
        assert all(nx.is_connected(graph.subgraph(community)) for community in mine)
        assert nx.community.modularity(graph, mine) >= nx.community.modularity(graph, theirs) - contract.MODULARITY
        assert (found[np.diff(net.indptr) == 0] >= 0).all()
    elif name == "component_labels":
        assert found[1] == expected[1]
        assert same_bits({name: found[0]}, {name: expected[0]})
    else:
        assert same_bits({name: found}, {name: expected})
    (said,) = engine.graphs.describe()
    assert said == {
        "call": name, "by": "cugraph.dask", "times": 1, "needed_bytes": -(-least // 2), "free_bytes": least - 1,
    }  # fmt: skip


def test_betweenness_of_a_network_too_large_for_one_gpu(two_gpus, memory):
    engine, _ = two_gpus
    expected = gpunet.path_features(network(), "betweenness", engine="cpu")
    least = needed(engine, "betweenness_by_library", int(expected["betweenness__all"].sum().round()))
    net = network()
    memory(least - 1)
    found = engine.betweenness_by_library(net.indptr, net.indices, int(expected["betweenness__all"].sum().round()))
    np.testing.assert_allclose(found, expected["betweenness__all"], rtol=1e-9)
    assert engine.graphs.describe()[-1]["by"] == "cugraph.dask"
    with pytest.raises(EngineError, match="cuGraph's betweenness of this network is wrong"):
        engine.betweenness_by_library(net.indptr, net.indices, 1)


def test_whole_network_betweenness_by_cugraph(two_gpus):
    engine, _ = two_gpus
    found = compute_path(network(), "betweenness", engine=engine, config=PathConfig(whole_network="cugraph"))
    expected = gpunet.path_features(network(), "betweenness", engine="cpu")
    contract.assert_same(contract.of_arrays(found.columns), contract.of_arrays(expected))


def test_what_fits_nowhere(two_gpus, memory, monkeypatch):
    engine, _ = two_gpus
    net = network()
    core = engine.core_numbers(net.indptr, net.indices, net.sets["violent"])
    memory(100)
    with pytest.raises(
        EngineError, match=r"core_numbers needs at least [\d,]+ bytes on each of 2 GPUs, and 100 are free"
    ):
        engine.core_numbers(net.indptr, net.indices, net.sets["violent"])
    with pytest.raises(EngineError, match=r"shell_of_outsiders needs .* and 100 are free; it cannot be divided"):
        engine.shell_of_outsiders(net.indptr, net.indices, core)
    with pytest.raises(EngineError, match=r"betweenness needs at least [\d,]+ bytes of GPU memory, and 100 are free"):
        gpunet.path_features(net, "betweenness", engine=engine)
    monkeypatch.setattr(engine.graphs, "_refused", "because")
    with pytest.raises(EngineError, match=r"core_numbers needs .* may not be divided over several: because"):
        engine.core_numbers(net.indptr, net.indices, net.sets["violent"])


def test_a_library_that_fails_on_several_gpus(two_gpus, memory, monkeypatch):
    engine, _ = two_gpus
    net = network()
    memory(needed(engine, "component_labels") - 1)

    def fail(graph):
        raise RuntimeError("NCCL\nhas hung up")

    monkeypatch.setattr(sys.modules["cugraph.dask"], "weakly_connected_components", fail)
    words = "component_labels by cugraph.dask on 2 GPUs has failed: RuntimeError: NCCL has hung up"
    with pytest.raises(EngineError, match=words):
        engine.component_labels(net.indptr, net.indices)
    assert cugraph_dask_stand_in.COMMS.workers is None


def test_a_worker_that_ends_while_all_of_them_are_needed(two_gpus, memory, monkeypatch):
    engine, _ = two_gpus
    net = network()
    expected = engine.component_labels(net.indptr, net.indices)
    least = needed(engine, "component_labels")
    memory(least - 1)
    real = sys.modules["cugraph.dask"].weakly_connected_components
    threads = []

    def stuck(graph):
        """Wait for pieces of the result as cuGraph does, one of them a worker's that ends."""
        threads.append(threading.current_thread())
        workers = cugraph_dask_stand_in.COMMS.workers
        os.kill(min(client(engine).run(os.getpid).values()), signal.SIGKILL)
        stack.enter_context(dask.config.set({"distributed.comm.timeouts.connect": "2s"}))  # the end is told to all
        return wait([client(engine).submit(time.sleep, 0.5, workers=[w], pure=False) for w in workers])

    monkeypatch.setattr(waiting, "_LOOK", 0.2)
    monkeypatch.setattr(sys.modules["cugraph.dask"], "weakly_connected_components", stuck)
    words = r"the worker tls://127.0.0.1:\d+ has ended while all workers were needed at once; start this again"
    with ExitStack() as stack:
        with pytest.raises(EngineError, match=words):
            engine.component_labels(net.indptr, net.indices)
        threads[0].join(300)
    assert not threads[0].is_alive()
    assert cugraph_dask_stand_in.COMMS.workers is None
    wait_until(lambda: len(client(engine).nthreads()) == 2)
    memory(least - 1)
    monkeypatch.setattr(sys.modules["cugraph.dask"], "weakly_connected_components", real)
    found = engine.component_labels(net.indptr, net.indices)
    assert same_bits({"": found[0]}, {"": expected[0]})
    assert engine.graphs.describe()[-1]["by"] == "cugraph.dask"


def test_what_is_released_is_gone_from_workers_and_gpus_and_comes_again(two_gpus):
    engine, _ = two_gpus
    families = ("betweenness", "shell")
    expected = gpunet.path_features(network(), families, engine=engine)
    sent = [executor._held[1].key for executor in (engine.executor, engine.graphs._executor)]
    assert max(max(held) for held in run(engine, "held")) == 1
    engine.release()
    assert run(engine, "held") == [(0, 0)] * 2
    wait_until(lambda: not any(client(engine).has_what().values()))
    assert not any(client(engine).who_has().get(key) for key in sent)
    assert same_bits(gpunet.path_features(network(), families, engine=engine), expected)


def test_libraries_that_do_not_encrypt_stay_on_loopback(two_gpus, monkeypatch):
    names = ("NCCL_SOCKET_IFNAME", "UCX_NET_DEVICES")
    assert [os.environ.get(name) for name in names] == ["lo", "lo"]  # the scheduler, NCCL's root, is in this process
    assert set(client(two_gpus[0]).run(os.getenv, names[0]).values()) == {"lo"}
    monkeypatch.setenv(names[0], "eth7")
    monkeypatch.delenv(names[1])
    with gpus._environment(gpus._ON_LOOPBACK):
        assert [os.environ.get(name) for name in names] == ["eth7", "lo"]
    assert [os.environ.get(name) for name in names] == ["eth7", None]


def test_workers_of_the_users_own_scheduler(tmp_path, two_gpus):
    tests = str(Path(__file__).parent)
    environment = {"PYTHONPATH": os.pathsep.join([tests, *filter(None, sys.path)])}
    with (
        dask_processes(tmp_path, "--preload", "simulated_worker", **environment) as (address, _),
        cluster_engine(address, engine="gpu") as engine,
    ):
        assert run(engine, "asked") == [[(PoolConfig(), True)]]  # the memory that somebody has set up is kept
        families = ("closeness", "shell")
        found = gpunet.path_features(network(), families, engine=engine)
        assert same_bits(found, gpunet.path_features(network(), families, engine=two_gpus[0]))
        assert engine.describe()["cluster"] == address


def test_a_worker_without_a_gpu_is_named(tmp_path):
    with dask_processes(tmp_path) as (address, _):
        words = rf"--cluster {address}: the worker tcp://127.0.0.1:\d+ cannot compute on a GPU: the GPU engine "
        with pytest.raises(EngineError, match=words), cluster_engine(address, engine="gpu"):
            pass


def test_the_script_for_a_gpu_machine_compares_one_and_all(monkeypatch):
    cugraph_dask_stand_in.install(monkeypatch)
    left = []
    one_or_all(left.append, persons=100)
    found = left[-1]
    assert [row for row in found["rows"] if "error" in row] == []
    assert all(
        row["agrees"] for row in found["rows"] if row["call"] in ("core_numbers", "triangles", "component_labels")
    )
    assert {(row["call"], row["by"]) for row in found["rows"]} >= {("louvain", "cugraph.dask"), ("louvain", "one GPU")}


def test_refusals(monkeypatch):
    with (
        pytest.raises(EngineError, match=r"--cluster local: this was begun .* leave --cluster out, or take"),
        cluster_engine("local", engine="gpus"),
    ):
        pass
    for cluster, engine in (("local", "gpu"), ("local-cuda", "cpu")):
        words = f"--engine .* with --cluster {cluster}: the workers compute on"
        with pytest.raises(EngineError, match=words), cluster_engine(cluster, engine=engine):
            pass
    with pytest.raises(EngineError, match=r"begun on the GPUs of a cluster .* leave --cluster none out"):
        gpunet.path_features(network(), engine="gpus")
    for config, words in (
        (ClusterConfig(workers=3), r"workers: each worker .* there are to be 3, and 2 are visible$"),
        (ClusterConfig(cuda_visible_devices="0", workers=2), r"there are to be 2, and 1 is visible \(0\)"),
        (ClusterConfig(cuda_visible_devices="1, 1"), r"there are to be 2, and 1 is visible \(1, 1\)"),
        (ClusterConfig(threads=2), "threads: a worker of local-cuda has one"),
    ):
        with pytest.raises(ConfigError, match=words), cluster_engine("local-cuda", config):
            pass

    with monkeypatch.context() as patch:  # what is seen here is what Dask-CUDA takes
        patch.setenv("CUDA_VISIBLE_DEVICES", "GPU-5,GPU-6,GPU-7")
        gpus.require_gpus(ClusterConfig(workers=3))
        with pytest.raises(ConfigError, match=r"to be 4, and 3 are visible \(GPU-5,GPU-6,GPU-7\)"):
            gpus.require_gpus(ClusterConfig(workers=4))

    def none():
        raise EngineError("no GPU: plug one in, or use --engine cpu")

    with monkeypatch.context() as patch:
        patch.setattr(gpus, "require_device", none)
        words = "--cluster local-cuda: no GPU: plug one in, or use --cluster local"
        with pytest.raises(EngineError, match=words), cluster_engine("local-cuda"):
            pass
    monkeypatch.setitem(sys.modules, "dask_cuda", None)
    words = "--cluster local-cuda needs dask-cuda, which is not installed: pip install"
    with pytest.raises(EngineError, match=words), cluster_engine("local-cuda"):
        pass
