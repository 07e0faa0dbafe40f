"""Batches come back in order, whatever the threads do."""

import threading
import time

import pytest

from gpunet.base.errors import ConfigError
from gpunet.base.parallel import in_batches, spans
from gpunet.base.threads import available_threads


def test_results_come_in_the_order_of_the_batches():
    def work(i):
        time.sleep(0.002 * (7 - i % 8))
        return i * i

    assert list(in_batches(work, range(40), 4)) == [(i, i * i) for i in range(40)]


def test_no_more_than_a_few_batches_are_computed_ahead():
    started, lock = [], threading.Lock()

    def work(i):
        with lock:
            started.append(i)
        return i

    for i, _ in in_batches(work, range(100), 2):
        assert len(started) <= i + 5


def test_an_error_in_a_batch_reaches_the_caller():
    def work(i):
        if i == 3:
            raise ZeroDivisionError
        return i

    with pytest.raises(ZeroDivisionError):
        list(in_batches(work, range(10), 2))


def test_progress_ends_complete():
    calls = []
    list(in_batches(lambda i: i, range(3), 2, stage="s", weights=[1, 2, 4], progress=lambda *a: calls.append(a)))
    assert calls == [("s", 0.0, 7.0), ("s", 1.0, 7.0), ("s", 3.0, 7.0), ("s", 7.0, 7.0)]


def test_spans_cover():
    assert spans(10, 4) == [(0, 4), (4, 8), (8, 10)]
    assert spans(0, 4) == []


def test_threads():
    assert available_threads(3) == 3
    assert available_threads() >= 1
    with pytest.raises(ConfigError, match="at least 1"):
        available_threads(0)
