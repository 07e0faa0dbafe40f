"""The distribution of degrees, against the definitions worked out slowly and SciPy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gpunet.report.degree_fit import DegreeFit, TailFit, fit_degrees


def counts_of(degrees: np.ndarray) -> np.ndarray:
    return np.bincount(degrees).astype(np.int64)


def drawn(name: str) -> np.ndarray:
    rng = np.random.default_rng(7)
    if name == "power law":
        return np.minimum(rng.zipf(2.4, 4000), 3000)
    if name == "exponential":
        return rng.geometric(0.3, 4000)
    # Only one mode above 1 tells a log-normal from an exponential.
    return np.rint(rng.lognormal(2.0, 0.8, 4000)).astype(np.int64) + 1


def persons_of(fit: DegreeFit, counts: np.ndarray) -> np.ndarray:
    """The tail, a number a person."""
    return np.repeat(np.arange(fit.first, len(counts)), counts[fit.first :])


def logs_of(fit: TailFit, persons: np.ndarray, first: int) -> np.ndarray:
    return fit.log_probability[persons - first]


@pytest.mark.parametrize(("name", "other"), [("power law", "exponential"), ("exponential", "power law")])
def test_what_degrees_were_drawn_from_is_found_or_not_told_from_the_best(name, other):
    fit = fit_degrees(counts_of(drawn(name)))
    assert fit is not None
    assert fit.best == name or fit.doubt[name] > 0.1
    assert fit.doubt[other] < 1e-6
    assert fit.fits[name].distance < 0.02 < fit.fits[other].distance


def test_a_power_law_is_the_most_likely_of_all_exponents():
    counts = counts_of(drawn("power law"))
    fit = fit_degrees(counts)
    assert fit is not None
    persons = persons_of(fit, counts)
    assert fit.first == 1

    def likelihood(a: float) -> float:
        return float(stats.zipf(a).logpmf(degrees) @ times)

    degrees, times = np.unique(persons, return_counts=True)
    exponents = np.arange(2.3, 2.5, 0.001)
    best = exponents[np.argmax([likelihood(a) for a in exponents])]
    found = fit.fits["power law"]
    assert found.parameters["exponent"] == pytest.approx(best, abs=0.001)
    assert found.parameters["exponent"] == pytest.approx(2.4, abs=0.06)
    assert found.log_likelihood == pytest.approx(likelihood(found.parameters["exponent"]), rel=1e-10)


def test_an_exponential_is_a_geometric_distribution_with_the_tails_mean():
    counts = counts_of(drawn("exponential"))
    fit = fit_degrees(counts)
    assert fit is not None
    persons = persons_of(fit, counts)
    law = stats.geom(1 / np.mean(persons - fit.first + 1), loc=fit.first - 1)
    found = fit.fits["exponential"]
    assert found.parameters["rate"] == pytest.approx(-np.log1p(-law.kwds.get("p", law.args[0])))
    assert found.log_likelihood == pytest.approx(law.logpmf(persons).sum(), rel=1e-10)
    assert found.share_at_least == pytest.approx(law.sf(np.arange(fit.first, len(counts)) - 1))


@pytest.mark.parametrize("name", ["power law", "exponential", "log-normal"])
def test_a_log_normal_is_that_between_the_halves_and_no_other_is_likelier(name):
    counts = counts_of(drawn(name))
    fit = fit_degrees(counts)
    assert fit is not None
    persons = persons_of(fit, counts)

    def likelihood(mu: float, sigma: float) -> float:
        law = stats.norm(mu, sigma)  # of the logarithm
        share = law.sf(np.log(persons - 0.5)) - law.sf(np.log(persons + 0.5))
        return float(np.log(share / law.sf(np.log(fit.first - 0.5))).sum())

    found = fit.fits["log-normal"]
    mu, sigma = found.parameters["mu"], found.parameters["sigma"]
    assert found.log_likelihood == pytest.approx(likelihood(mu, sigma), rel=1e-6)
    for step in (0.003, 0.1):
        for a, b in ((step, 0), (-step, 0), (0, step), (0, -step), (step, step), (-step, step), (-step, -step)):
            assert likelihood(mu + a, sigma + b) <= found.log_likelihood + 1e-4


@pytest.mark.parametrize("name", ["power law", "exponential", "log-normal"])
def test_distances_and_doubts_are_those_of_the_persons_one_by_one(name):
    counts = counts_of(drawn(name))
    fit = fit_degrees(counts)
    assert fit is not None
    persons = persons_of(fit, counts)
    assert fit.persons == len(persons)
    for one in fit.fits.values():
        apart = [abs(np.mean(persons >= fit.first + i) - share) for i, share in enumerate(one.share_at_least)]
        assert one.distance == pytest.approx(max(apart))
        sums = 1 - np.cumsum(np.exp(one.log_probability))
        assert one.share_at_least[1:] == pytest.approx(sums[:-1], abs=1e-9)
    best = logs_of(fit.fits[fit.best], persons, fit.first)
    for other, doubt in fit.doubt.items():
        ratio = best - logs_of(fit.fits[other], persons, fit.first)
        assert ratio.sum() >= 0
        z = ratio.sum() / (np.sqrt(len(persons)) * ratio.std())
        assert doubt == pytest.approx(2 * stats.norm.sf(z), rel=1e-6, abs=1e-300)


def test_the_tail_begins_where_one_of_two_laws_comes_closest():
    law = np.minimum(drawn("power law")[:2000] + 4, 200)
    degrees = np.concatenate([law, np.full(3000, 2)])  # a power law only from 5 on
    counts = counts_of(degrees)
    fit = fit_degrees(counts)
    assert fit is not None
    assert fit.first >= 5
    closest = min(fit.fits[name].distance for name in ("power law", "exponential"))
    for first in (1, 2, 6, 9):
        tail = fit_degrees(np.concatenate([np.zeros(first, np.int64), counts[first:]]))
        assert tail is not None
        assert closest <= min(tail.fits[name].distance for name in ("power law", "exponential")) + 1e-12


def test_too_few_persons_or_degrees_have_no_fit():
    assert fit_degrees(np.array([0])) is None
    assert fit_degrees(np.array([0, 20, 10, 5, 4, 3, 2])) is None
    assert fit_degrees(np.array([900, 500, 400, 300])) is None
    assert fit_degrees(np.array([900, 500, 400, 300, 200])) is not None


@given(st.lists(st.integers(0, 300), min_size=5, max_size=60))
def test_any_counts_have_finite_fits_or_none(counts):
    fit = fit_degrees(np.array(counts, np.int64))
    if fit is None:
        return
    assert fit.persons == sum(counts[fit.first :]) >= 50
    assert all(0 <= doubt <= 1 for doubt in fit.doubt.values())
    for one in fit.fits.values():
        assert np.isfinite(one.log_likelihood)
        assert np.isfinite(list(one.parameters.values())).all()
        assert 0 <= one.distance <= 1
        assert one.log_likelihood <= fit.fits[fit.best].log_likelihood
        assert (np.diff(one.share_at_least) <= 1e-12).all()
