"""Labels: true or false of each person of a table of features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from gpunet.base.array_types import Bool
from gpunet.base.errors import ModelError
from gpunet.model.matrix import as_host_values
from gpunet.model.table import PERSON, FeatureTable, id_array
from gpunet.tables.frames import as_eager, is_frame

__all__ = ["as_booleans", "read_labels"]


def read_labels(table: FeatureTable, labels: Any) -> Bool:
    """Labels in the order of the table's rows, bool[n].

    Parameters
    ----------
    table
        The persons.
    labels
        n booleans (or 0 and 1) aligned with the rows, or a frame with ``person_id`` and ``label``, one row a person;
        its rows for other persons are ignored.

    Raises
    ------
    ModelError
        If labels are missing, null, neither true nor false, or a person has two rows.
    """
    if not is_frame(labels):
        return as_booleans(as_host_values(labels), len(table))
    frame = as_eager(labels)
    for name in (PERSON, "label"):
        if name not in frame.columns:
            raise ModelError(f"the labels: there is no column {name}")
    known, wanted = id_array(frame[PERSON]), table.ids()
    if known.type != wanted.type:
        raise ModelError(f"the labels: {PERSON} is {known.type}, but {wanted.type} in the features")
    if len(known.unique()) != len(known):
        raise ModelError(f"the labels: a {PERSON} has more than one row")
    found = pc.index_in(wanted, value_set=known)
    if found.null_count:
        raise ModelError(f"the labels: {found.null_count} of the {len(table)} persons in the features have none")
    if frame["label"].null_count():
        raise ModelError("the labels: label has nulls")
    known_labels = as_booleans(frame["label"].to_numpy(), len(known))
    return known_labels[np.asarray(found.to_numpy(), dtype=np.int64)]


def as_booleans(values: ArrayLike, n: int) -> Bool:
    """Labels of n rows, bool[n]; ModelError if they are of another number, or neither true nor false."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # lists of different lengths
        raise ModelError(f"the labels: expected {n} values, one a row") from error
    if array.shape != (n,):
        raise ModelError(f"the labels: expected {n} values, one a row, but the shape is {array.shape}")
    if array.dtype == np.bool_:
        return array
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError("the labels: expected true and false") from error
    if not np.isin(numbers, (0.0, 1.0)).all():
        raise ModelError("the labels: expected only true and false, or 1 and 0")
    return np.asarray(numbers == 1.0, dtype=np.bool_)
