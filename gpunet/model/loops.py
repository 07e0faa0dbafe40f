"""The model's loop over rows, compiled by Numba: gradients of boosting. Each row stands alone."""

from __future__ import annotations

import math

from gpunet.base.array_types import Bool, Float32, Int32
from gpunet.kernels.jit import njit

__all__ = ["GRADIENT_UNIT", "boosting_gradients"]

#: Gradients are whole multiples of this. Sums of up to 2**28 of them are exact in double precision, so XGBoost's
#: histograms, and with them the trees, do not depend on the order of summation: the bits of a model are the same for
#: any number of threads. One unit is what float32 resolves just below 1.
GRADIENT_UNIT = 2.0**-24


@njit
def boosting_gradients(
    margin: Float32, labels: Bool, folds: Int32, held_out: int, gradient: Float32, hessian: Float32
) -> None:
    """Derivatives of the log loss into `gradient` and `hessian`, float32[n]; zero for the rows of fold `held_out`.

    A row whose gradient and hessian are zero has no influence on any tree, yet the tree carries it to a leaf: one
    matrix serves the training of every fold and the prediction of its held-out rows.
    """
    for i in range(len(margin)):
        if folds[i] == held_out:
            gradient[i] = 0.0
            hessian[i] = 0.0
            continue
        p = 1.0 / (1.0 + math.exp(-float(margin[i])))
        gradient[i] = math.floor((p - (1.0 if labels[i] else 0.0)) / GRADIENT_UNIT + 0.5) * GRADIENT_UNIT
        hessian[i] = max(math.floor(p * (1.0 - p) / GRADIENT_UNIT + 0.5), 1.0) * GRADIENT_UNIT
