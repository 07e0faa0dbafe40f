"""Folds by person: whoever is held out is held out with every row of theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.base.errors import ModelError
from gpunet.model.matrix import as_host_values
from gpunet.model.table import FeatureTable

__all__ = [
    "ENOUGH_OF_EACH",
    "NEVER",
    "NO_FOLD",
    "fold_count",
    "group_codes",
    "held_out_folds",
    "person_folds",
    "person_groups",
]

#: Fewer persons of a class than this in a fold say nothing about how well the class is found.
_LEAST_A_FOLD = 2

#: So many rows of each class that a model did not see tell when to stop, how to calibrate, and where the threshold is:
#: the standard error of what they tell is small beside what changes from one window to the next.
ENOUGH_OF_EACH = 2000

#: The fold of rows that are never held out.
NEVER = -1

#: What a model of all rows leaves out: no row is of this fold.
NO_FOLD = -2


def person_groups(table: FeatureTable, groups: ArrayLike | None = None) -> Int64:
    """Code of each row's person, int64[n]: of the ids, or of `groups` (n values of any kind) where given."""
    if groups is None:
        ids: Any = table.ids()
    else:
        try:
            values = np.asarray(as_host_values(groups))
        except ValueError as error:  # lists of different lengths
            raise ModelError(f"groups: expected {len(table)} values, one a row") from error
        if values.shape != (len(table),):
            raise ModelError(f"groups: expected {len(table)} values, one a row, but the shape is {values.shape}")
        ids = pa.array(values)
    return _codes(ids)


def group_codes(numbers: Int64) -> Int64:
    """Codes 0..m-1 of equal numbers in the order in which they first come, int64[n]: what the ids would give."""
    return _codes(pa.array(numbers))


def _codes(ids: Any) -> Int64:
    return np.asarray(ids.dictionary_encode().indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def fold_count(labels: Bool, groups: Int64, wanted: int, what: str) -> int:
    """Number of folds that the data allow, at most `wanted`, with at least two persons of each class in each fold.

    Raises
    ------
    ModelError
        If there are not even four persons of each class; `what` names the data in the message.
    """
    ever = np.zeros(int(groups.max(initial=-1)) + 1, dtype=bool)
    ever[groups[labels]] = True
    positive, negative = int(ever.sum()), int((~ever).sum())
    for count, text in ((positive, "with the label true"), (negative, "with only the label false")):
        if count < 2 * _LEAST_A_FOLD:
            raise ModelError(
                f"{what}: only {count} of {positive + negative} persons {text}; at least {2 * _LEAST_A_FOLD} are "
                "needed to train and to check a model"
            )
    return min(wanted, positive // _LEAST_A_FOLD, negative // _LEAST_A_FOLD)


def person_folds(labels: Bool, groups: Int64, n_folds: int, seed: int) -> Int32:
    """Assign the persons to folds, those with any true label and the others separately.

    Parameters
    ----------
    labels
        bool[n].
    groups
        int64[n], the row's person, codes 0..m-1.
    n_folds
        Number of folds.
    seed
        Seed of the shuffle.

    Returns
    -------
    int32[n]
        The row's fold. All rows of a person share one; each class is spread evenly, to one person.
    """
    rng = np.random.default_rng(seed)
    ever = np.zeros(int(groups.max(initial=-1)) + 1, dtype=bool)
    ever[groups[labels]] = True
    fold = np.empty(len(ever), dtype=np.int32)
    for members in (np.flatnonzero(ever), np.flatnonzero(~ever)):
        fold[rng.permutation(members)] = np.arange(len(members)) % n_folds
    return fold[groups]


def held_out_folds(labels: Bool, fold: Int32, n_folds: int) -> int:
    """How many of the folds are held out: as many as have :data:`ENOUGH_OF_EACH` rows of each class, or all."""
    so_far = [np.cumsum(np.bincount(fold[of_class], minlength=n_folds)) for of_class in (labels, ~labels)]
    return min(n_folds, int(np.searchsorted(np.minimum(*so_far), ENOUGH_OF_EACH)) + 1)
