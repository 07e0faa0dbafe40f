"""The order of rows, which tells of ids and days: whether rows are in the order of one, and rows in a secret order."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.array_types import Bool, Int64
from gpunet.exchange.coarse_dates import Step
from gpunet.exchange.pseudonyms import Pseudonymiser

__all__ = ["Rows", "ids_in_order", "in_order", "rows_by_default", "shuffled"]

#: In which order rows are given on.
Rows: TypeAlias = Literal["as-they-are", "shuffled"]

#: From this share of steps on that all go up, or all down, rows are in order; of fewer steps nothing is said.
_SHARE, _STEPS = 0.9, 5


def rows_by_default(dates: Step) -> Rows:
    """Days are hidden by coarser dates only where the order of rows does not tell them."""
    return "as-they-are" if dates == "day" else "shuffled"


def in_order(values: Int64, known: Bool) -> bool:
    """Whether rows are in the order of values, or nearly, from the smallest on or from the greatest.

    Examples
    --------
    >>> in_order(np.array([1, 1, 2, 4, 5, 6, 9]), np.ones(7, bool)), in_order(np.arange(7) % 3, np.ones(7, bool))
    (True, False)
    """
    steps = np.diff(values[known])
    steps = steps[steps != 0]
    up = int((steps > 0).sum())
    return len(steps) >= _STEPS and max(up, len(steps) - up) >= _SHARE * len(steps)


def ids_in_order(texts: Any) -> bool:
    """Whether rows are in the order of their ids: as texts, or the shorter first, as whole numbers and ``P7, P10`` are.

    Examples
    --------
    >>> ids_in_order(pa.array(["7", "8", "9", "10", "11", "12"])), ids_in_order(pa.array(list("abcfed")))
    (True, False)
    """
    coded = pc.dictionary_encode(texts)
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    known = np.asarray(coded.indices.is_valid())
    codes = np.asarray(coded.indices.fill_null(0), np.int64)
    table = pa.table({"text": coded.dictionary, "length": pc.utf8_length(coded.dictionary)})
    for keys in (["text"], ["length", "text"]):
        order = pc.sort_indices(table, sort_keys=[(key, "ascending") for key in keys]).to_numpy()
        if len(order) and in_order(np.argsort(order)[codes], known):
            return True
    return False


def shuffled(table: pa.Table, of: Pseudonymiser, name: str) -> pa.Table:
    """The rows in an order that the key alone tells; of ties also who of the two is told first.

    `name` tells the table from others, which have other orders.
    """
    columns: dict[str, Any] = dict(zip(table.column_names, table.columns, strict=True))
    if {"person_a", "person_b"} <= columns.keys():
        a, b = columns["person_a"], columns["person_b"]
        first = pc.fill_null(pc.less_equal(a, b), True)
        columns["person_a"], columns["person_b"] = pc.if_else(first, a, b), pc.if_else(first, b, a)
    return pa.table(columns).take(pa.array(of.order(name, len(table))))
