"""A cluster's results have the bits of one process, also when workers are killed; what cannot be used is refused.

And what needs every worker does not wait for ever for one that has ended.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress

import numpy as np
import psutil
import pytest
from cluster_helpers import Killer, dask_processes, network, same_bits, wait_until
from distributed import LocalCluster, wait

import gpunet
from gpunet.base.errors import EngineError
from gpunet.cluster import all_workers, cluster_engine, connect, waiting
from gpunet.config.cluster_config import ClusterConfig
from gpunet.search import reduction as adding
from tests import warm_workers

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
    warm_workers.address()  # what forks them stays
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield

    def left():
        with suppress(psutil.NoSuchProcess):  # it has just ended: look again
            now = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
            return [child for child in now if "resource_tracker" not in " ".join(child.cmdline())]
        return True

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


def _told():
    import polars

    return os.environ["OMP_WAIT_POLICY"], polars.thread_pool_size(), os.environ.get("MALLOC_TRIM_THRESHOLD_")


def test_one_worker_begins_in_a_new_interpreter(expected):
    """As a user's workers do, with an environment of its own."""
    with (
        warm_workers.new_interpreters(),
        cluster_engine("local", ClusterConfig(workers=1, threads=1)) as engine,
    ):
        assert len(pids(engine)) == 1
        assert same_bits(gpunet.path_features(network(), FAMILIES, engine=engine), expected)
        # Libraries have the worker's threads and sleep while they wait; freed memory is kept for the next batch, as
        # everywhere else: Dask has a threshold of its own.
        kept = os.environ.get("MALLOC_TRIM_THRESHOLD_")
        assert set(client(engine).run(_told).values()) == {("passive", 1, kept)}


def test_four_workers(expected):
    with cluster_engine("local", ClusterConfig(workers=4, threads=1)) as engine:
        assert len(pids(engine)) == 4
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


def _count_networks(dask_worker):
    return sum(key.startswith("SearchGraph") for key in dask_worker.data)


def test_the_network_is_sent_once_and_to_every_worker(two_workers):
    engine, _ = two_workers
    copies = []

    def look(stage, done, total):
        if stage == "betweenness" and done and not copies:  # later Dask may drop copies that no task waits for
            _, sent = engine.executor._held
            # Workers take a moment to forget the network of the test before.
            wait_until(lambda: set(client(engine).run(_count_networks).values()) == {1})
            copies.append(len(client(engine).who_has([sent])[sent.key]))

    gpunet.path_features(network(), FAMILIES, engine=engine, progress=look)
    assert copies == [2]


def test_tasks_are_runs_of_chunks(two_workers, expected, monkeypatch):
    engine, _ = two_workers
    steps, tasks, submit = [], [], client(engine).submit

    def counted(*arguments, **options):
        tasks.append(options.get("key", ""))
        return submit(*arguments, **options)

    monkeypatch.setattr(client(engine), "submit", counted)
    found = gpunet.path_features(network(), FAMILIES, engine=engine, progress=lambda *step: steps.append(step))
    assert same_bits(found, expected)
    chunks = sum(stage == "betweenness" for stage, _, _ in steps) - 1  # each moves the progress on
    assert 4 <= sum(key.startswith("betweenness-") for key in tasks) < chunks


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


def test_a_lost_scheduler_ends_with_one_clear_error(tmp_path):
    with dask_processes(tmp_path) as (address, pid), cluster_engine(address) as engine:
        killer = Killer(pid, "betweenness")
        engine.client._timeout = 3.0  # for as long it tries again, and not for ever
        with pytest.raises(EngineError, match=f"--cluster {address}: the connection to the scheduler is lost"):
            gpunet.path_features(network(), FAMILIES, engine=engine, progress=killer)
        assert killer.share > 0


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
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster,
        pytest.raises(EngineError, match="the scheduler has no worker"),
        cluster_engine(cluster.scheduler_address),
    ):
        pass


@pytest.fixture
def two_ready(two_workers, monkeypatch):
    """Both workers, and quick looks at them."""
    monkeypatch.setattr(waiting, "_LOOK", 0.2)
    engine, _ = two_workers
    wait_until(lambda: len(engine.client.nthreads()) == 2)
    return engine


def _ends_once(flag):
    try:
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return os.getpid()
    os._exit(1)


def _ends(_):
    os._exit(1)


def _fails(_):
    raise ZeroDivisionError("as it should")


def test_a_worker_that_ends_when_each_is_asked_is_asked_again(two_ready, tmp_path):
    before = set(two_ready.client.run(os.getpid).values())
    found = all_workers.on_each_worker(two_ready.client, _ends_once, str(tmp_path / "flag"))
    assert sorted(found) == sorted(two_ready.client.nthreads())
    assert len(set(found.values()) & before) == 1


def test_workers_that_end_again_and_again(two_ready, monkeypatch):
    monkeypatch.setattr(all_workers, "_MOST_LOSSES", 1)
    with pytest.raises(EngineError, match=r"--cluster: the workers? tls://.* ended while all workers were needed"):
        all_workers.on_each_worker(two_ready.client, _ends, 0)


def test_an_error_of_a_worker_is_raised_as_it_is(two_ready):
    with pytest.raises(ZeroDivisionError, match="as it should"):
        all_workers.on_each_worker(two_ready.client, _fails, 0)


def test_whoever_waits_for_a_worker_that_has_ended_is_freed(two_ready):
    threads = []
    kept = two_ready.client.submit(os.getpid, pure=False)
    kept.result()

    def stuck():
        threads.append(threading.current_thread())
        (other,) = set(two_ready.client.nthreads()) - set(two_ready.client.who_has([kept])[kept.key])
        pinned = two_ready.client.submit(time.sleep, 600, workers=[other], allow_other_workers=False)
        os.kill(two_ready.client.run(os.getpid, workers=[other])[other], signal.SIGKILL)
        with two_ready.client.as_current():
            return wait(pinned)

    with pytest.raises(waiting.WorkerLostError, match=r"the worker tls://127.0.0.1:\d+ has ended .*start this again"):
        all_workers.with_all_workers(two_ready.client, stuck)
    threads[0].join(300)
    assert not threads[0].is_alive()
    assert kept.result() in two_ready.client.run(os.getpid).values()  # what was there before is not cancelled


def test_a_search_graph_that_is_released_is_forgotten_and_comes_again(two_ready):
    net = network(300, 700)
    found = gpunet.path_features(net, "betweenness", engine=two_ready)
    key = two_ready.executor._held[1].key
    assert two_ready.client.who_has()[key]
    two_ready.release()
    wait_until(lambda: not two_ready.client.who_has().get(key))
    assert same_bits(gpunet.path_features(net, "betweenness", engine=two_ready), found)


class Ending:
    """Ends the process in which it arrives second, wherever it is sent."""

    def __init__(self, folder):
        self.folder = folder

    def __setstate__(self, state):
        self.__dict__ = state
        for i in range(9):
            with suppress(FileExistsError):
                os.close(os.open(f"{self.folder}/{i}", os.O_CREAT | os.O_EXCL))
                break
        if i == 1:
            os._exit(1)


def _folder(ending):
    return ending.folder


@pytest.mark.parametrize("direct", [True, False])
def test_a_worker_that_ends_while_the_network_is_sent_is_not_asked_for_ever(two_ready, tmp_path, monkeypatch, direct):
    monkeypatch.setattr(two_ready.executor, "direct", direct)
    assert two_ready.executor.call(_folder, Ending(str(tmp_path))) == str(tmp_path)
    assert len(list(tmp_path.iterdir())) > 2


def _sum(network, array):
    return float(network.sum() + array.sum())


def test_large_arguments_of_a_call_are_no_warning(two_ready):
    array = np.ones(2_000_000)
    assert two_ready.executor.call(_sum, np.ones(3), array) == 2_000_003.0
