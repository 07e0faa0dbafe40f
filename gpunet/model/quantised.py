"""XGBoost's matrix for training, from rows in one or more pieces; imported where XGBoost is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import xgboost as xgb

from gpunet.base.array_types import Int64
from gpunet.base.parallel import spans
from gpunet.model.matrix import on_gpu
from gpunet.model.zeros import ROWS_AT_ONCE, without_zeros

__all__ = ["quantised"]


def quantised(matrices: Sequence[Any], zeros: Int64, max_bin: int, threads: int) -> xgb.QuantileDMatrix:
    """The rows of all matrices, float32[rows, p] each, in bins; zeros of the columns `zeros` are missing."""
    if len(matrices) == 1 and (on_gpu(matrices[0]) or not len(zeros)):
        return xgb.QuantileDMatrix(matrices[0], max_bin=max_bin, nthread=threads)
    return xgb.QuantileDMatrix(_Batches(matrices, zeros), max_bin=max_bin, nthread=threads)


class _Batches(xgb.DataIter):
    """Matrices of which XGBoost makes one, without a copy of them all."""

    def __init__(self, matrices: Sequence[Any], zeros: Int64) -> None:
        self._zeros = zeros
        self._parts = (
            [(each, 0, len(each)) for each in matrices]
            if not len(zeros)
            else [(each, *rows) for each in matrices for rows in spans(len(each), ROWS_AT_ONCE)]
        )
        self._next = 0
        super().__init__(release_data=True)

    def next(self, input_data: Callable[..., None]) -> bool:
        """Hand over the next rows, if there are any."""
        if self._next == len(self._parts):
            return False
        matrix, start, stop = self._parts[self._next]
        input_data(data=without_zeros(matrix[start:stop], self._zeros))
        self._next += 1
        return True

    def reset(self) -> None:
        """Begin again."""
        self._next = 0
