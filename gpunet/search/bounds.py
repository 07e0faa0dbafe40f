"""How far a sampled mean can be from what it estimates: the inequalities behind approximate betweenness.

The argument as a whole, with its sources, stands in docs/approximation.md.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gpunet.base.array_types import Float64

__all__ = ["error_bound", "kl_upper", "least_samples", "log_events"]

# At every check each estimate has three events that must not happen: the mean far above, the mean far below, and the
# variance underestimated.
_EVENTS = 3

_BISECTIONS = 60


def log_events(estimates: int, delta: float, check: int) -> float:
    """L such that events of probability exp(-L) each, over all estimates and all checks, come to at most `delta`.

    Check 0, 1, 2, ... may spend ``delta / ((check + 1) (check + 2))``; these sum to `delta`.
    """
    return math.log(_EVENTS * max(estimates, 1) * (check + 1) * (check + 2) / delta)


def kl_upper(mean: Float64, count: float, log_term: float) -> Float64:
    """Upper confidence bound, with probability 1 - exp(-log_term), of a mean of `count` values in [0, 1].

    The largest q with ``count * kl(mean, q) <= log_term``, kl the divergence of two coins; the true mean is the average
    of the values' own expectations, which may differ (Hoeffding 1963, theorem 1).

    Parameters
    ----------
    mean
        float64, any shape: observed means.
    count
        Number of independent values behind each.
    log_term
        Greater than 0.
    """
    low, high = np.clip(mean, 0.0, 1.0), np.ones_like(mean)
    mean = low
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        inside = count * _divergence(mean, middle) <= log_term
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high


def _divergence(p: Float64, q: Float64) -> Float64:
    """kl(p, q) of coins with these chances of heads, p <= q; infinite at q = 1 > p."""

    def part(a: Any, b: Any) -> Any:
        return np.where(a > 0, a * (np.log(np.maximum(a, 1e-300)) - np.log(np.maximum(b, 1e-300))), 0.0)

    return np.asarray(part(p, q) + part(1 - p, 1 - q))


def error_bound(square: Float64, samples: int, log_term: float) -> Float64:
    """How far the mean of `samples` values in [0, 1], drawn in pairs, can be from its expectation.

    The two of a pair have one distribution, so half their squared difference estimates its variance; the bound of
    the variance goes into Bernstein's inequality (Boucheron, Lugosi and Massart 2013, theorem 2.10). All of it holds
    with probability 1 - 3 exp(-log_term) for each element.

    Parameters
    ----------
    square
        float64, any shape: the mean over pairs of the squared difference.
    samples
        Number of values, twice that of pairs.
    log_term
        Greater than 0.
    """
    variance = np.minimum(kl_upper(square, samples / 2, log_term) / 2, 0.25)
    return np.asarray(np.sqrt(2 * variance * log_term / samples) + log_term / (3 * samples))


def least_samples(error: float, log_term: float) -> float:
    """Number of samples below which :func:`error_bound` is above `error` even if no pair differed.

    With squares of 0 the variance bound is nearly ``log_term / samples``, so that the error bound is
    ``(sqrt(2) + 1/3) log_term / samples``.
    """
    return (math.sqrt(2.0) + 1 / 3) * log_term / error
