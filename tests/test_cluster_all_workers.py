"""Waiting for every worker, one of which may end."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest
from cluster_helpers import network, same_bits, wait_until
from distributed import wait

import gpunet
from gpunet.base.errors import EngineError
from gpunet.cluster import all_workers, cluster_engine, waiting
from gpunet.config.config import ClusterConfig


@pytest.fixture(scope="module")
def engine():
    with cluster_engine("local", ClusterConfig(workers=2, threads=1)) as engine:
        yield engine


@pytest.fixture(autouse=True)
def ready(engine, monkeypatch):
    """Two workers, and quick looks at them."""
    monkeypatch.setattr(waiting, "_LOOK", 0.2)
    wait_until(lambda: len(engine.client.nthreads()) == 2)


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


def test_a_worker_that_ends_when_each_is_asked_is_asked_again(engine, tmp_path):
    before = set(engine.client.run(os.getpid).values())
    found = all_workers.on_each_worker(engine.client, _ends_once, str(tmp_path / "flag"))
    assert sorted(found) == sorted(engine.client.nthreads())
    assert len(set(found.values()) & before) == 1


def test_workers_that_end_again_and_again(engine, monkeypatch):
    monkeypatch.setattr(all_workers, "_MOST_LOSSES", 1)
    with pytest.raises(EngineError, match=r"--cluster: the workers? tls://.* ended while all workers were needed"):
        all_workers.on_each_worker(engine.client, _ends, 0)


def test_an_error_of_a_worker_is_raised_as_it_is(engine):
    with pytest.raises(ZeroDivisionError, match="as it should"):
        all_workers.on_each_worker(engine.client, _fails, 0)


def test_whoever_waits_for_a_worker_that_has_ended_is_freed(engine):
    threads = []
    kept = engine.client.submit(os.getpid, pure=False)
    kept.result()

    def stuck():
        threads.append(threading.current_thread())
        (other,) = set(engine.client.nthreads()) - set(engine.client.who_has([kept])[kept.key])
        pinned = engine.client.submit(time.sleep, 600, workers=[other], allow_other_workers=False)
        os.kill(engine.client.run(os.getpid, workers=[other])[other], signal.SIGKILL)
        with engine.client.as_current():
            return wait(pinned)

    with pytest.raises(waiting.WorkerLostError, match=r"the worker tls://127.0.0.1:\d+ has ended .*start this again"):
        all_workers.with_all_workers(engine.client, stuck)
    threads[0].join(300)
    assert not threads[0].is_alive()
    assert kept.result() in engine.client.run(os.getpid).values()  # what was there before is not cancelled


def test_a_search_graph_that_is_released_is_forgotten_and_comes_again(engine):
    net = network(300, 700)
    found = gpunet.path_features(net, "betweenness", engine=engine)
    key = engine.executor._held[1].key
    assert engine.client.who_has()[key]
    engine.release()
    wait_until(lambda: not engine.client.who_has().get(key))
    assert same_bits(gpunet.path_features(net, "betweenness", engine=engine), found)


def _sum(network, array):
    return float(network.sum() + array.sum())


def test_large_arguments_of_a_call_are_no_warning(engine):
    array = np.ones(2_000_000)
    assert engine.executor.call(_sum, np.ones(3), array) == 2_000_003.0
