"""Tasks for each part: results in their order, and errors that a user can make something of."""

from __future__ import annotations

import os
import signal
import time

import dask
import numpy as np
import pytest
from cluster_helpers import dask_processes, failing, lethal, network, same_bits, wait_until

import gpunet
from gpunet.base.errors import EngineError
from gpunet.cluster import cluster_engine
from gpunet.cluster.results import each, fetched, finished, in_order, threads_of
from gpunet.cluster.shuffle import BUCKET, frame_of, shuffled
from gpunet.config.cluster_config import ClusterConfig
from gpunet.features.pairs import Blocks, PairWork
from gpunet.runs.writing import store_whole
from gpunet.search.batches import batches_of


@pytest.fixture(scope="module")
def engine():
    """Of a worker whose task is given up when it has ended once."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        cluster_engine("local", ClusterConfig(workers=1, threads=1)) as engine,
    ):
        yield engine


@pytest.fixture(scope="module")
def client(engine):
    return engine.client


def test_results_come_in_the_order_of_the_parts(client):
    futures = each(client, "power", pow, [2, 3, 4], [5, 6, 7], mod=1000)
    assert fetched(client, futures) == [32, 729, 384]
    assert fetched(client, finished(client, futures[1:])) == [729, 384]
    assert list(in_order(client, futures)) == [32, 729, 384]
    assert fetched(client, []) == finished(client, []) == []


def test_arguments_may_be_large(client):
    """Dask warns of them, and a warning is an error here."""
    assert fetched(client, each(client, "size", len, [np.zeros(12_000_000, np.uint8)])) == [12_000_000]


def test_errors_of_tasks_are_raised(client, tmp_path):
    for wait in (fetched, finished):
        with pytest.raises(ZeroDivisionError, match="as it should"):
            wait(client, each(client, "failing", failing, [1], [2]))
        with pytest.raises(FileNotFoundError, match="no-such-file"):  # of the task, and not of Dask's connections
            wait(client, each(client, "open", open, [tmp_path / "no-such-file"]))


@pytest.mark.parametrize("lost", [1, 2])
def test_a_connection_that_is_lost_is_tried_again(client, monkeypatch, tmp_path, lost):
    futures, gather, times = each(client, "absolute", abs, [-1]), client.gather, []

    def unreliable(*arguments, **options):
        times.append(0)
        if len(times) <= lost:
            raise OSError("the stream is closed")
        return gather(*arguments, **options)

    monkeypatch.setattr(client, "gather", unreliable)
    assert fetched(client, futures) == [1]
    lost = 99
    with pytest.raises(EngineError, match="the workers cannot be reached: the stream is closed"):
        fetched(client, futures)
    with pytest.raises(EngineError, match="cannot be reached"):  # and not a StorageError
        store_whole(tmp_path / "table", lambda path: list(in_order(client, futures)))
    assert not list(tmp_path.iterdir())


def test_a_result_that_is_given_up(client):
    futures = each(client, "absolute", abs, [-1])
    client.cancel(futures)
    with pytest.raises(EngineError, match="have lost what they held"):
        fetched(client, futures)


def test_a_task_that_ends_its_workers(client):
    with pytest.raises(EngineError, match="too little memory"):
        fetched(client, each(client, "lethal", lethal, [1], [2]))
    assert fetched(client, each(client, "absolute", abs, [-1])) == [1]


def test_a_chunk_that_ends_its_workers(engine):
    graph = PairWork(Blocks(network()), ("all",)).graph
    total = np.zeros(graph.weight.shape)
    batches = batches_of(graph, 64)
    with pytest.raises(EngineError, match="too little memory"):
        engine.executor.add_up(lethal, graph, batches, [1.0] * len(batches), total, "s", None)
    with pytest.raises(ZeroDivisionError, match="as it should"):
        engine.executor.add_up(failing, graph, batches, [1.0] * len(batches), total, "s", None)
    expected = gpunet.path_features(network(), "closeness", threads=1)
    assert same_bits(gpunet.path_features(network(), "closeness", engine=engine), expected)


def test_a_lost_scheduler(tmp_path):
    """While results are awaited; when Dask tries to reach it again; and when it does not any more."""
    lost = "the connection to the scheduler is lost"
    with dask_processes(tmp_path) as (address, pid), cluster_engine(address) as engine:
        client = engine.client
        client._timeout = 3.0  # for as long it tries again
        assert threads_of(client) == 1
        futures = each(client, "long", time.sleep, [600])
        held = each(client, "frame", frame_of, [{BUCKET: np.zeros(1, np.int32)}])
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineError, match=lost):
            fetched(client, futures)
        for _ in range(2):
            for do in (
                lambda: fetched(client, each(client, "absolute", abs, [-1])),
                lambda: finished(client, futures),
                lambda: fetched(client, shuffled(client, held, 1)),
                lambda: threads_of(client),
                lambda: engine.executor.call(abs, -1),
            ):
                with pytest.raises(EngineError, match=lost):
                    do()
            wait_until(lambda: client.status == "closed")
