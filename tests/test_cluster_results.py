"""Tasks for each part: results in their order, and errors that a user can make something of."""

from __future__ import annotations

import os
import signal
import time

import dask
import numpy as np
import pytest
from cluster_helpers import dask_processes, failing, lethal

from gpunet.cluster import cluster_engine
from gpunet.cluster.results import each, fetched, finished, in_order
from gpunet.config import ClusterConfig
from gpunet.errors import EngineError


@pytest.fixture(scope="module")
def client():
    """Of a worker that is given up when it has ended once."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        cluster_engine("local", ClusterConfig(workers=1, threads=1)) as engine,
    ):
        yield engine.division._client


def test_results_come_in_the_order_of_the_parts(client):
    futures = each(client, "power", pow, [2, 3, 4], [5, 6, 7], mod=1000)
    assert fetched(client, futures) == [32, 729, 384]
    assert fetched(client, finished(client, futures[1:])) == [729, 384]
    assert list(in_order(client, futures)) == [32, 729, 384]
    assert fetched(client, []) == finished(client, []) == []


def test_arguments_may_be_large(client):
    """Dask warns of them, and a warning is an error here."""
    assert fetched(client, each(client, "size", len, [np.zeros(12_000_000, np.uint8)])) == [12_000_000]


def test_errors_of_tasks_are_raised(client):
    for wait in (fetched, finished):
        with pytest.raises(ZeroDivisionError, match="as it should"):
            wait(client, each(client, "failing", failing, [1], [2]))


@pytest.mark.parametrize("lost", [1, 2])
def test_a_connection_that_is_lost_is_tried_again(client, monkeypatch, lost):
    futures, gather, times = each(client, "absolute", abs, [-1]), client.gather, []

    def unreliable(*arguments, **options):
        times.append(0)
        if len(times) <= lost:
            raise OSError("the stream is closed")
        return gather(*arguments, **options)

    monkeypatch.setattr(client, "gather", unreliable)
    assert fetched(client, futures) == [1]
    lost = 99
    with pytest.raises(OSError, match="stream"):
        fetched(client, futures)


def test_a_result_that_is_given_up(client):
    futures = each(client, "absolute", abs, [-1])
    client.cancel(futures)
    with pytest.raises(EngineError, match="have lost what they held"):
        fetched(client, futures)


def test_a_task_that_ends_its_workers(client):
    with pytest.raises(EngineError, match="too little memory"):
        fetched(client, each(client, "lethal", lethal, [1], [2]))
    assert fetched(client, each(client, "absolute", abs, [-1])) == [1]


def test_a_lost_scheduler(tmp_path):
    with dask_processes(tmp_path) as (address, pid), cluster_engine(address) as engine:
        futures = each(engine.division._client, "long", time.sleep, [600])
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineError, match="the connection to the scheduler is lost"):
            fetched(engine.division._client, futures)
