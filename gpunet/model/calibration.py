"""From raw margins to probabilities, and the threshold that makes a decision of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpunet.base.array_types import Bool, Float64

__all__ = ["Calibration", "best_threshold", "fit_calibration", "log_odds", "sigmoid"]


def sigmoid(x: Float64) -> Float64:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def log_odds(p: Float64) -> Float64:
    """The inverse of :func:`sigmoid`, finite for 0 and 1 as well."""
    inside = np.clip(p, np.finfo(np.float64).tiny, 1.0 - 2.0**-53)
    return np.log(inside) - np.log1p(-inside)


@dataclass(frozen=True)
class Calibration:
    """Platt's: probability = sigmoid(slope * margin + intercept). The slope is never negative, so ranks are kept."""

    slope: float
    intercept: float

    def __call__(self, margin: Float64) -> Float64:
        """Probabilities of `margin`, float64[n]."""
        return sigmoid(self.slope * margin + self.intercept)

    def then(self, second: Calibration) -> Calibration:
        """Both in one: `second` is of the log-odds that this one gives."""
        return Calibration(second.slope * self.slope, second.slope * self.intercept + second.intercept)


def fit_calibration(margin: Float64, labels: Bool) -> Calibration:
    """Fit Platt's two parameters by maximum likelihood.

    Parameters
    ----------
    margin
        float64[n], margins of persons whom the classifier did not see in training.
    labels
        bool[n], with both classes.

    Returns
    -------
    Calibration
        With slope 0 (everybody gets the base rate) where higher margins do not go with more positives.

    Notes
    -----
    Targets are Platt's (1999): (P + 1) / (P + 2) and 1 / (N + 2) in place of 1 and 0, so that classes that happen to
    be separated do not send the slope to infinity. A row with the target t is one with the label true and the weight t,
    and one with the label false and the weight 1 - t.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    positives = int(labels.sum())
    target = np.where(labels, (positives + 1) / (positives + 2), 1 / (len(labels) - positives + 2))
    flat = float(np.log(target.mean() / (1 - target.mean())))
    centre, spread = float(margin.mean()), float(margin.std())
    if spread < 1e-12:
        return Calibration(0.0, flat)
    x = (margin - centre) / spread  # standardised: the two parameters are then of one size
    fitted = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    with threadpool_limits(1, user_api="blas"):  # NumPy's sums depend in their last bits on how many threads add up
        fitted.fit(np.tile(x, 2)[:, None], np.repeat([True, False], len(x)), np.concatenate([target, 1 - target]))
    slope = float(fitted.coef_[0, 0] / spread)
    return Calibration(slope, float(fitted.intercept_[0] - slope * centre)) if slope > 0 else Calibration(0.0, flat)


def best_threshold(labels: Bool, probability: Float64) -> float:
    """Find the probability from which on calling a person positive gives the greatest F1 (of equals the highest).

    Parameters
    ----------
    labels
        bool[n], with at least one true.
    probability
        float64[n], of persons whom the classifier did not see in training.
    """
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(labels) + 1) + hits[-1])
    last_of_ties = np.append(np.diff(probability[order]) != 0, True)
    f1[~last_of_ties] = -1.0  # a threshold cannot cut between equals
    return float(probability[order[np.argmax(f1)]])
