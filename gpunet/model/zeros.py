"""Zeros that XGBoost takes for missing: of the columns that are mostly zero and have no nulls.

A histogram goes over the values that are there. Most columns about a network are zero for most persons, who were
arrested alone. Where a column has no nulls, zero can take their place: XGBoost then learns at each split on which side
the zeros go, and a round takes half the time (docs/model.md, "Time").
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from gpunet.base.array_types import Float32, Float64, Int64
from gpunet.base.errors import ModelError
from gpunet.base.parallel import spans

__all__ = ["ROWS_AT_ONCE", "column_counts", "columns_of_zeros", "keep_zeros", "without_zeros", "zeros_of"]

#: So many rows are copied at once to leave out their zeros.
ROWS_AT_ONCE = 1 << 16

#: A booster's attribute: the columns whose zeros it knows as missing, a JSON list of their numbers.
_ATTRIBUTE = "zeros_missing"


def column_counts(matrix: Float32) -> Float64:
    """float64[2, p]: how many values of each column are null, and how many are zero."""
    counts = np.zeros((2, matrix.shape[1]))
    for rows in spans(len(matrix), ROWS_AT_ONCE):
        part = matrix[slice(*rows)]
        counts += [np.isnan(part).sum(axis=0), (part == 0).sum(axis=0)]
    return counts


def columns_of_zeros(counts: Float64, rows: int) -> Int64:
    """The columns without a null that are zero in more than half of the rows, ascending."""
    nulls, zeros = counts
    return np.flatnonzero((nulls == 0) & (2 * zeros > rows))


def without_zeros(matrix: Float32, columns: Int64) -> Float32:
    """`matrix` with NaN in place of the zeros of these columns; itself if there are none."""
    if not len(columns):
        return matrix
    found = np.array(matrix)
    part = found[:, columns]
    part[part == 0] = np.nan
    found[:, columns] = part
    return found


def keep_zeros(booster: Any, zeros: Int64) -> None:
    """Let `booster` know, and its file say, that it takes zeros of these columns for missing."""
    if len(zeros):
        booster.set_attr(**{_ATTRIBUTE: json.dumps(zeros.tolist())})


def zeros_of(booster: Any) -> Int64:
    """The columns whose zeros `booster` takes for missing, ascending.

    Raises
    ------
    ModelError
        If what it says of them is damaged.
    """
    try:
        zeros = json.loads(booster.attr(_ATTRIBUTE) or "[]")
        sound = zeros == sorted(set(zeros)) and all(type(z) is int and 0 <= z < booster.num_features() for z in zeros)
    except (ValueError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise ModelError("its trees are damaged")
    return np.array(zeros, dtype=np.int64)
