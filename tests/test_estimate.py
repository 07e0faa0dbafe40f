"""The estimate of path work: what is counted, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gpunet import PathConfig, PathEstimate, estimate_path_work, network_from_edges
from gpunet.base.errors import ConfigError, InputError
from gpunet.features import path
from gpunet.features.path import compute_path
from gpunet.search import sample_plan


def ring(n: int, members: int = 0):
    source = np.arange(n)
    return network_from_edges(source, (source + 1) % n, n, sets={"violent": source < members})


def test_visits_of_a_ring():
    # One block, every vertex inner: n forward passes, n + m ways back, each over n positions and 2 n entries.
    n, m = 60, 10
    estimate = estimate_path_work(ring(n, m), "betweenness")
    assert estimate.method == "exact"
    assert estimate.visits == (n + n + m) * 3 * n
    assert estimate.core_seconds == estimate.most_core_seconds == estimate.exact_core_seconds > 0
    assert estimate.closeness_core_seconds == 0
    both = estimate_path_work(ring(n, m))
    assert both.visits == (n + n + m + 1) * 3 * n  # one batch of closeness
    assert both.closeness_core_seconds > 0


def test_work_grows_with_the_square_of_a_block():
    small, large = (estimate_path_work(ring(n), "betweenness").exact_core_seconds for n in (100, 1000))
    assert large == pytest.approx(100 * small, rel=0.05)


def test_trees_and_cliques_need_no_search():
    star = network_from_edges([0, 0, 0], [1, 2, 3], 4)
    clique = network_from_edges([0, 0, 0, 1, 1, 2], [1, 2, 3, 2, 3, 3], 4)
    for network in (star, clique, network_from_edges([], [], 0)):
        estimate = estimate_path_work(network, betweenness="auto", budget=0)
        assert (estimate.visits, estimate.seconds(1), estimate.method) == (0, 0.0, "exact")


def test_no_sets_are_no_work():
    assert estimate_path_work(ring(50), sets=[]) == PathEstimate.of_nothing()


def test_fewer_sets_are_less_work():
    network = ring(500, 20)
    everything = estimate_path_work(network, "betweenness")
    few = estimate_path_work(network, "betweenness", sets="violent")
    assert few.exact_core_seconds < everything.exact_core_seconds / 10


def test_approximation_is_estimated_too(monkeypatch):
    network = ring(3000)
    exact = estimate_path_work(network, "betweenness")
    rough = estimate_path_work(network, "betweenness", betweenness="approx", epsilon=0.2)
    assert rough.method == "approx"
    assert rough.core_seconds < exact.core_seconds == rough.exact_core_seconds < rough.most_core_seconds
    finer = estimate_path_work(network, "betweenness", betweenness="approx", epsilon=0.1)
    assert rough.core_seconds < finer.core_seconds
    monkeypatch.setattr(sample_plan, "_FEWEST_SOURCES", 4000)
    assert estimate_path_work(network, "betweenness", betweenness="approx", epsilon=0.2).core_seconds == (
        exact.core_seconds
    )


def test_seconds_and_memory_by_threads():
    estimate = estimate_path_work(ring(2000))
    assert estimate.seconds(4) == pytest.approx(estimate.seconds(1) / 4)
    assert estimate.memory(3) - estimate.memory(1) == 2 * estimate.thread_memory_bytes > 0
    assert estimate.memory_bytes > 2000 * 8


def test_what_it_says():
    estimate = PathEstimate("approx", 40_000, 300, 900, 60, 123_456_789, 2**30, 2**29)
    text = estimate.describe(2)
    for words in ("approx", "3 min", "5.6 h", "2 threads", "2.0 GiB", "1.2e+08"):
        assert words in text, text
    assert "if exact" not in replace(estimate, method="exact").describe(1)
    assert "1 thread," in estimate.describe(1)
    assert estimate.as_dict().keys() >= {"exact_core_seconds", "visits", "memory_bytes", "thread_memory_bytes"}


def test_long_work_is_announced_and_short_work_is_not(monkeypatch):
    said: list[str] = []
    compute_path(ring(50), config=PathConfig(), threads=2, notice=said.append)
    assert said == []
    monkeypatch.setattr(path, "_SECONDS_WORTH_A_WORD", 0.0)
    compute_path(ring(50), config=PathConfig(), threads=2, notice=said.append)
    assert len(said) == 1
    assert "2 threads" in said[0]


def test_bad_arguments():
    with pytest.raises(InputError, match="nobody"):
        estimate_path_work(ring(5), sets="nobody")
    with pytest.raises(InputError, match="history"):
        estimate_path_work(ring(5), "history")
    with pytest.raises(ConfigError, match="epsilon"):
        estimate_path_work(ring(5), epsilon=2)
