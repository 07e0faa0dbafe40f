"""Boosting on a GPU: the booster of one fold, its margins and gradients on the device throughout.

``Booster.predict`` hands over its answer in the host's memory, whatever the device; ``Booster.inplace_predict`` leaves
it on the device, but knows no cache and would walk down all trees each round. So each round only the new tree is
walked, with the margins so far as the base: in float32, one leaf after the other, which is how XGBoost's own cache adds
them up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gpunet.model.loops import GRADIENT_UNIT
from gpunet.model.matrix import namespace

__all__ = ["DeviceFold", "gradients"]


class DeviceFold:
    """The booster that never sees the rows of one fold. `matrix`, `labels`, `folds` are on the device."""

    def __init__(self, booster: Any, data: Any, matrix: Any, labels: Any, folds: Any, held_out: int) -> None:
        self.booster = booster
        self._data, self._matrix = data, matrix
        self._labels = labels
        self._held_out = folds == held_out
        self._margin: Any = None

    def boost(self, number: int) -> None:
        """Add tree `number`."""
        if self._margin is None:
            self._margin = self._margin_without_trees()
        gradient, hessian = gradients(self._margin, self._labels, self._held_out)
        self.booster.boost(self._data, iteration=number, grad=gradient, hess=hessian)
        self._margin = self.booster.inplace_predict(
            self._matrix,
            iteration_range=(number, number + 1),
            predict_type="margin",
            base_margin=self._margin,
            validate_features=False,
        ).reshape(len(self._matrix))

    def _margin_without_trees(self) -> Any:
        # Asked as late as on the CPU: asking a new booster seeds the random numbers that all boosters draw from.
        import xgboost as xgb

        xp, (n, p) = namespace(self._matrix), self._matrix.shape
        nobody = xgb.DMatrix(np.full((1, p), np.nan, dtype=np.float32), nthread=1)
        start = self.booster.predict(nobody, output_margin=True, validate_features=False)
        return xp.full(n, float(start.ravel()[0]), dtype=xp.float32)

    def write_held_out(self, out: Any) -> None:
        """Write the margins of the rows held out into `out`, float64[n]."""
        xp = namespace(out)
        out[...] = xp.where(self._held_out, xp.astype(self._margin, xp.float64), out)


def gradients(margin: Any, labels: Any, held_out: Any) -> tuple[Any, Any]:
    """What :func:`gpunet.model.loops.boosting_gradients` writes, as two new arrays float32[n]."""
    xp = namespace(margin)
    p = 1.0 / (1.0 + xp.exp(-xp.astype(margin, xp.float64)))
    gradient = xp.floor((p - xp.astype(labels, xp.float64)) / GRADIENT_UNIT + 0.5) * GRADIENT_UNIT
    units = xp.floor(p * (1.0 - p) / GRADIENT_UNIT + 0.5)
    hessian = xp.where(units < 1.0, xp.ones_like(units), units) * GRADIENT_UNIT
    zero = xp.zeros_like(gradient)
    return (
        xp.astype(xp.where(held_out, zero, gradient), xp.float32),
        xp.astype(xp.where(held_out, zero, hessian), xp.float32),
    )
