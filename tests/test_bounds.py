"""The inequalities behind approximate betweenness: known values, and how often they fail in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gpunet.search.bounds import error_bound, kl_upper, least_samples, log_events


def divergence(p: float, q: float) -> float:
    return sum(a * math.log(a / b) for a, b in ((p, q), (1 - p, 1 - q)) if a > 0)


@pytest.mark.parametrize("mean", [0.0, 1e-6, 0.01, 0.3, 0.5])
@pytest.mark.parametrize(("count", "log_term"), [(50, 3.0), (1000, 20.0), (10, 8.0)])
def test_the_upper_bound_solves_its_equation(mean: float, count: int, log_term: float) -> None:
    upper = float(kl_upper(np.array([mean]), count, log_term)[0])
    assert mean < upper <= 1
    assert count * divergence(mean, upper) == pytest.approx(log_term, rel=1e-6)
    if mean == 0:
        assert upper == pytest.approx(1 - math.exp(-log_term / count), rel=1e-9)


def test_a_mean_of_one_has_nothing_above() -> None:
    assert kl_upper(np.array([1.0]), 10, 2.0).tolist() == [1.0]


def test_the_error_bound_grows_with_the_squares_and_shrinks_with_draws() -> None:
    bounds = error_bound(np.linspace(0, 1, 50), 500, 15.0)
    assert (np.diff(bounds) >= 0).all()
    assert bounds[0] < bounds[-1]
    assert error_bound(np.array([0.1]), 2000, 15.0)[0] < error_bound(np.array([0.1]), 1000, 15.0)[0] / math.sqrt(2)


@pytest.mark.parametrize("error", [0.3, 0.05, 0.01])
def test_least_samples_are_those_that_would_do_without_variance(error: float) -> None:
    samples = math.ceil(least_samples(error, 17.0))
    assert error_bound(np.zeros(1), samples, 17.0)[0] == pytest.approx(error, rel=0.1)


def test_all_checks_together_spend_delta() -> None:
    spent = sum(3 * 70 * math.exp(-log_events(70, 0.1, check)) for check in range(100_000))
    assert spent == pytest.approx(0.1, rel=1e-4)


@pytest.mark.parametrize("kind", ["coin", "rare", "uniform", "strata"])
def test_the_bound_holds_as_often_as_it_says(kind: str) -> None:
    # 4,000 trials of 60 samples in pairs; each of the three events has probability 0.05 at most.
    random, trials, pairs = np.random.default_rng(5), 4000, 30
    if kind == "uniform":
        values, mean = random.random((trials, pairs, 2)), 0.5
    elif kind == "strata":
        chance = np.linspace(0, 0.4, pairs)[:, None]
        values, mean = (random.random((trials, pairs, 2)) < chance).astype(float), 0.2
    else:
        mean = {"coin": 0.5, "rare": 0.03}[kind]
        values = (random.random((trials, pairs, 2)) < mean).astype(float)
    square = ((values[:, :, 0] - values[:, :, 1]) ** 2).mean(axis=1)
    error = np.abs(values.mean(axis=(1, 2)) - mean)
    log_term = -math.log(0.05)
    assert (error > error_bound(square, 2 * pairs, log_term)).mean() <= 0.15
    # And it is not so wide as to say nothing.
    assert error_bound(square, 2 * pairs, log_term).mean() < 0.45
    assert (2 * values.var(axis=0).mean() > kl_upper(square, pairs, log_term)).mean() <= 0.05
