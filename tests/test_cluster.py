"""A cluster's results have the bits of one process, also when workers are killed; what cannot be used is refused."""

from __future__ import annotations

import os
import time

import dask
import numpy as np
import psutil
import pytest
from cluster_helpers import Killer, dask_processes, failing, lethal, network, same_bits, wait_until
from distributed import LocalCluster

import gpunet
from gpunet.base.errors import EngineError
from gpunet.cluster import cluster_engine, connect
from gpunet.config.config import ClusterConfig
from gpunet.features.pairs import Blocks, PairWork
from gpunet.search import reduction as adding
from gpunet.search.batches import batches_of

FAMILIES = ("betweenness", "closeness")
APPROX = {"betweenness": "approx", "epsilon": 0.05}


@pytest.fixture(autouse=True, scope="module")
def many_chunks():
    """Small networks come in many chunks too, with and without a cluster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adding, "_LEAST_WEIGHT", 1e5)
        yield


@pytest.fixture(autouse=True, scope="module")
def nobody_left():
    """When all is done no process of a cluster is left, nor after a while a thread of it."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield

    def left():
        now = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
        return [child for child in now if "resource_tracker" not in " ".join(child.cmdline())]

    wait_until(lambda: not left())


@pytest.fixture(scope="module")
def expected():
    found = gpunet.path_features(network(), FAMILIES, threads=1)
    assert same_bits(gpunet.path_features(network(), FAMILIES, threads=3), found)
    return found


@pytest.fixture(scope="module")
def two_workers():
    said = []
    with cluster_engine("local", ClusterConfig(workers=2, threads=1), notice=said.append) as engine:
        yield engine, said


def client(engine):
    return engine.executor.client


def pids(engine):
    return sorted(client(engine).run(os.getpid).values())


@pytest.mark.parametrize("workers", [1, 4])
def test_one_and_four_workers(workers, expected):
    with cluster_engine("local", ClusterConfig(workers=workers, threads=1)) as engine:
        assert len(pids(engine)) == workers
        assert same_bits(gpunet.path_features(network(), FAMILIES, engine=engine), expected)


def test_two_workers(two_workers, expected):
    engine, said = two_workers
    steps = []
    found = gpunet.path_features(network(), FAMILIES, engine=engine, progress=lambda *step: steps.append(step))
    assert same_bits(found, expected)
    assert {stage for stage, _, _ in steps} == set(FAMILIES)
    for stage in FAMILIES:
        done = [step[1] / step[2] for step in steps if step[0] == stage]
        assert done[0] == 0
        assert done[-1] == 1
        assert done == sorted(done)
        assert len(done) > (10 if stage == "betweenness" else 3)
    assert len(said) == 1
    assert said[0].startswith("cluster: 2 workers with 1 thread each; dashboard: http://127.0.0.1:")


def test_the_network_is_sent_once_and_to_every_worker(two_workers):
    engine, _ = two_workers
    copies = []

    def look(stage, done, total):
        if stage == "betweenness" and done and not copies:  # later Dask may drop copies that no task waits for
            _, sent = engine.executor._held
            held = client(engine).run(
                lambda dask_worker: sum(key.startswith("SearchGraph") for key in dask_worker.data)
            )
            copies.append((len(client(engine).who_has([sent])[sent.key]), set(held.values())))

    gpunet.path_features(network(), FAMILIES, engine=engine, progress=look)
    assert copies == [(2, {1})]


def test_tasks_are_runs_of_chunks(two_workers, expected, monkeypatch):
    engine, _ = two_workers
    steps, tasks, submit = [], [], client(engine).submit

    def counted(*arguments, key):
        tasks.append(key)
        return submit(*arguments, key=key)

    monkeypatch.setattr(client(engine), "submit", counted)
    found = gpunet.path_features(network(), FAMILIES, engine=engine, progress=lambda *step: steps.append(step))
    assert same_bits(found, expected)
    chunks = sum(stage == "betweenness" for stage, _, _ in steps) - 1  # each moves the progress on
    assert 4 <= sum(key.startswith("betweenness-") for key in tasks) < chunks


def test_workers_of_local_keep_freed_memory_for_the_next_batch(two_workers):
    engine, _ = two_workers
    found = client(engine).run(os.environ.get, "MALLOC_TRIM_THRESHOLD_")
    assert set(found.values()) == {os.environ.get("MALLOC_TRIM_THRESHOLD_")}  # as everywhere else, not Dask's own


def test_draws(two_workers):
    engine, _ = two_workers
    larger = network(6000, 20_000)
    found = gpunet.path_features(larger, "betweenness", engine=engine, **APPROX)
    expected = gpunet.path_features(larger, "betweenness", threads=1, **APPROX)
    exact = gpunet.path_features(larger, "betweenness", threads=1)
    assert not same_bits(expected, exact)  # so there were samples
    assert same_bits(found, expected)


def test_a_killed_worker_costs_time_alone(two_workers, expected):
    engine, _ = two_workers
    before = pids(engine)
    killer = Killer(before[0], "betweenness")
    assert same_bits(gpunet.path_features(network(), FAMILIES, engine=engine, progress=killer), expected)
    assert killer.share < 0.5
    wait_until(lambda: len(client(engine).nthreads()) == 2)
    after = pids(engine)
    assert before[0] not in after
    assert before[1] in after


def test_the_only_worker_is_killed_and_with_it_the_network(expected):
    with cluster_engine("local", ClusterConfig(workers=1, threads=2)) as engine:
        killer = Killer(pids(engine)[0], "closeness")
        assert same_bits(gpunet.path_features(network(), FAMILIES, engine=engine, progress=killer), expected)
        assert 0 < killer.share < 1
        assert killer.pid not in pids(engine)


def test_a_part_that_ends_its_workers(expected):
    graph = PairWork(Blocks(network()), ("all",)).graph
    total = np.zeros(graph.weight.shape)
    batches = batches_of(graph, 64)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        cluster_engine("local", ClusterConfig(workers=1, threads=1)) as engine,
    ):
        add_up = engine.executor.add_up
        with pytest.raises(EngineError, match="too little memory"):
            add_up(lethal, graph, batches, [1.0] * len(batches), total, "s", None)
        with pytest.raises(ZeroDivisionError, match="as it should"):
            add_up(failing, graph, batches, [1.0] * len(batches), total, "s", None)
        assert same_bits(gpunet.path_features(network(), FAMILIES, engine=engine), expected)


def test_a_lost_scheduler_ends_with_one_clear_error(tmp_path):
    with dask_processes(tmp_path) as (address, pid), cluster_engine(address) as engine:
        killer = Killer(pid, "betweenness")
        begin = time.monotonic()
        with pytest.raises(EngineError, match=f"--cluster {address}: the connection to the scheduler is lost"):
            gpunet.path_features(network(), FAMILIES, engine=engine, progress=killer)
        assert killer.share > 0
        assert time.monotonic() - begin < 120  # and not for ever


def test_nothing_listens(monkeypatch):
    monkeypatch.setattr(connect, "_TO_ANSWER", 1.0)
    with (
        pytest.raises(EngineError, match=r"--cluster tcp://127.0.0.1:9: cannot be used: Timed out"),
        cluster_engine("tcp://127.0.0.1:9"),
    ):
        pass


def test_a_scheduler_without_workers(monkeypatch):
    monkeypatch.setattr(connect, "_TO_HAVE_WORKERS", 0.3)
    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=None) as cluster,
        pytest.raises(EngineError, match="the scheduler has no worker"),
        cluster_engine(cluster.scheduler_address),
    ):
        pass
