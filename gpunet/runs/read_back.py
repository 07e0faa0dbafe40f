"""Checks of what a run reads back: values by a schema, arrays and tables by what they must be. What is odd is damaged.

Whoever reads a checkpoint has the run at hand, and says what fits it. Texts of errors name what is odd, never a value.
"""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import DTypeLike, NDArray
from pydantic import TypeAdapter, ValidationError

__all__ = ["Damaged", "numbers", "require", "table_like", "valid", "values_in"]

T = TypeVar("T")


class Damaged(Exception):  # noqa: N818 - it says what the file is
    """A file is not what was written: cut short, changed, of another run, or nothing of ours at all."""


def require(fits: Any, what: str) -> None:
    """Raise Damaged, which says `what` is odd, unless it fits."""
    if not fits:
        raise Damaged(what)


def values_in(text: bytes | str) -> Any:
    """The values of a JSON text; Damaged if it is none, or has numbers that JSON does not."""

    def number(digits: str) -> float:
        found = float(digits)
        require(math.isfinite(found), "it holds a number that is not finite")
        return found

    try:
        return json.loads(text, parse_float=number, parse_constant=number)
    except (ValueError, RecursionError) as error:  # also of bytes that are no text
        raise Damaged("it is not JSON") from error


def valid(schema: TypeAdapter[T], values: Any, what: str) -> T:
    """The values as what the schema makes of them.

    Raises
    ------
    Damaged
        If they do not fit; it says where in `what`.
    """
    try:
        return schema.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise Damaged(f"{what}: {where}: {first['msg']}" if where else f"{what}: {first['msg']}") from None


def numbers(array: Any, name: str, dtype: DTypeLike, shape: tuple[int, ...], low: float, high: float) -> NDArray[Any]:
    """An array of that type and shape, every value of which is at least `low` and at most `high`.

    Raises
    ------
    Damaged
        If it is not there, or otherwise.
    """
    if not isinstance(array, np.ndarray):
        raise Damaged(f"{name} is missing")
    require(array.dtype == dtype and array.shape == shape, f"{name} is of another type or shape")
    # The comparison is false for NaN.
    inside = not array.size or (array.min() >= low and array.max() <= high)
    require(inside, f"{name} is out of its range")
    return array


def table_like(table: Any, name: str, schema: pa.Schema, rows: int | None = None) -> pa.Table:
    """A table of those columns and so many rows; where the schema says that there are no nulls, there are none.

    Raises
    ------
    Damaged
        If it is not there, or otherwise.
    """
    if not isinstance(table, pa.Table):
        raise Damaged(f"{name} is missing")
    alike = table.schema.names == schema.names and table.schema.types == schema.types
    require(alike, f"{name} has other columns")
    require(rows is None or table.num_rows == rows, f"{name} has {table.num_rows:,} rows")
    for field in schema:
        column = table[field.name]
        require(field.nullable or not column.null_count, f"{name}: {field.name} has nulls")
        if pa.types.is_floating(field.type):
            require(pc.all(pc.is_finite(column)).as_py() is not False, f"{name}: {field.name} is not finite")
    return table
