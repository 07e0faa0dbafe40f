"""What distribution the numbers of ties follow: power law, exponential or log-normal, by maximum likelihood.

After Clauset, Shalizi and Newman, Power-law distributions in empirical data, SIAM Review 51 (2009): all three are
fitted to one tail, and likelihood ratios (Vuong 1989) say which fits better, or that it cannot be told. They let the
tail begin where a power law fits best, which favours it: here it begins where a power law or an exponential does,
whichever comes closer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_ndtr, zeta

from gpunet.base.array_types import Float64, Int64

__all__ = ["DegreeFit", "TailFit", "fit_degrees"]

#: Fewer persons, or fewer different degrees, are no tail that anything can be told of.
_MIN_TAIL, _MIN_DEGREES = 50, 4

_LARGEST_EXPONENT = 20.0


@dataclass(frozen=True, eq=False)
class TailFit:
    """A distribution of the degrees from the tail's first on.

    Attributes
    ----------
    parameters
        ``exponent`` of a power law; ``rate`` of an exponential; ``mu, sigma`` of a log-normal.
    log_probability
        float64[degrees], of each degree of the tail, from its first to its last, also of those nobody has.
    share_at_least
        float64[degrees], of the tail's persons with so many ties or more.
    log_likelihood
        Of the tail.
    distance
        The largest difference of ``share_at_least`` to that of the persons (Kolmogorov and Smirnov).
    """

    parameters: Mapping[str, float]
    log_probability: Float64
    share_at_least: Float64
    log_likelihood: float
    distance: float


@dataclass(frozen=True, eq=False)
class DegreeFit:
    """The three distributions, fitted to the tail.

    Attributes
    ----------
    first
        The tail's smallest degree.
    persons
        With that degree or more.
    fits
        By name: ``power law``, ``exponential``, ``log-normal``.
    best
        The name of the most likely one.
    doubt
        By the name of each other one: the probability of so large a ratio of likelihoods if both were equally far from
        the truth. From 0.1 on it cannot be told which is better.
    """

    first: int
    persons: int
    fits: Mapping[str, TailFit]
    best: str
    doubt: Mapping[str, float]


def fit_degrees(counts: Int64) -> DegreeFit | None:
    """Fit the distribution of degrees.

    Persons who share an incident share ties, so that degrees are less independent than the method takes them for:
    ``doubt`` is rather larger than it says.

    Parameters
    ----------
    counts
        int64[k], persons with degree 0, 1, ..., k-1.

    Returns
    -------
    DegreeFit or None
        None if no tail has 50 persons and four different degrees.

    Examples
    --------
    >>> halved = np.array([0, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1, 1])
    >>> fit = fit_degrees(halved)
    >>> fit.best, round(fit.fits["exponential"].parameters["rate"], 2)
    ('exponential', 0.69)
    """
    tails = [counts[first:] for first in _starts(counts)]
    if not tails:
        return None
    fitted = [(_power_law(tail, len(counts) - len(tail)), _exponential(tail)) for tail in tails]
    closest = min(range(len(tails)), key=lambda i: min(fit.distance for fit in fitted[i]))
    tail, (power_law, exponential) = tails[closest], fitted[closest]
    first = len(counts) - len(tail)
    fits = {"power law": power_law, "exponential": exponential, "log-normal": _log_normal(tail, first)}
    best = max(fits, key=lambda name: fits[name].log_likelihood)
    doubt = {name: _doubt(tail, fits[best], fit) for name, fit in fits.items() if name != best}
    return DegreeFit(first, int(tail.sum()), fits, best, doubt)


def _starts(counts: Int64) -> list[int]:
    degrees = np.flatnonzero(counts)
    enough = counts[::-1].cumsum()[::-1][degrees] >= _MIN_TAIL
    return [int(k) for k in degrees[: -_MIN_DEGREES + 1][enough[: -_MIN_DEGREES + 1]] if k > 0]


def _power_law(tail: Int64, first: int) -> TailFit:
    degree = first + np.arange(len(tail))
    persons, logs = int(tail.sum()), float(tail @ np.log(degree))

    def cost(a: float) -> float:
        return float(persons * math.log(zeta(a, first)) + a * logs)

    found = minimize_scalar(cost, bounds=(1.001, _LARGEST_EXPONENT), method="bounded", options={"xatol": 1e-9})
    exponent = float(found.x)
    whole = zeta(exponent, first)
    logarithm = -exponent * np.log(degree) - math.log(whole)
    return _fit(tail, {"exponent": exponent}, logarithm, zeta(exponent, degree) / whole)


def _exponential(tail: Int64) -> TailFit:
    beyond = np.arange(len(tail))
    rate = math.log1p(int(tail.sum()) / int(tail @ beyond))
    logarithm = math.log(-math.expm1(-rate)) - rate * beyond.astype(np.float64)
    return _fit(tail, {"rate": rate}, logarithm, np.exp(-rate * beyond))


def _log_normal(tail: Int64, first: int) -> TailFit:
    """The share of a log-normal between k - 1/2 and k + 1/2, for every degree k of the tail."""
    edges = np.log(first + np.arange(len(tail) + 1) - 0.5)

    def logs(at: Float64) -> tuple[Float64, Float64]:
        above = log_ndtr((at[0] - edges) / math.exp(at[1]))  # of being above each edge
        above = above - above[0]
        return above[:-1] + np.log(-np.expm1(np.minimum(above[1:] - above[:-1], -1e-300))), above[:-1]

    def cost(at: Float64) -> float:
        return -float(tail @ logs(at)[0])

    mean = float(tail @ np.log(first + np.arange(len(tail)))) / int(tail.sum())
    found = minimize(cost, [mean, 0.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-6, "maxiter": 2000})
    probability, above = logs(found.x)
    return _fit(tail, {"mu": float(found.x[0]), "sigma": math.exp(found.x[1])}, probability, np.exp(above))


def _fit(tail: Int64, parameters: Mapping[str, float], log_probability: Float64, at_least: Float64) -> TailFit:
    distance = float(np.abs(tail[::-1].cumsum()[::-1] / tail.sum() - at_least).max())
    return TailFit(parameters, log_probability, at_least, float(tail @ log_probability), distance)


def _doubt(tail: Int64, one: TailFit, other: TailFit) -> float:
    ratio, persons = one.log_probability - other.log_probability, int(tail.sum())
    mean = float(tail @ ratio) / persons
    variance = float(tail @ (ratio - mean) ** 2) / persons
    return math.erfc(abs(mean) * math.sqrt(persons / (2 * variance))) if variance > 0 else 1.0
