"""Periods of pandas, months or weeks or other spans, as the moment at which they begin.

In Arrow they are whole numbers whose meaning depends on the frequency, which stands in the type's name or, where pandas
has not been loaded, beside the column alone. So they are replaced before anything else looks at a table.
"""

from __future__ import annotations

import json
import re
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Int64
from gpunet.base.errors import InputError
from gpunet.tables.frames import backend_of, make_series

__all__ = ["frame_with_starts", "frequency_of", "starts_in", "starts_of", "with_starts"]

_NAME = "pandas.period"

#: Microseconds of spans that are always equally long, 0 for less than one, by all names that pandas has had for them.
_SPANS = {
    "D": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1000, "us": 1, "ns": 0,
    "H": 3_600_000_000, "T": 60_000_000, "S": 1_000_000, "L": 1000, "U": 1, "N": 0,
}  # fmt: skip

#: Months of the other spans.
_MONTHS = {"M": 1, "Q": 3, "Y": 12, "A": 12}

_MONTH_ENDS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEK_ENDS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

#: Spans that begin more than so many days from 1970 begin there, far outside what is accepted.
_DAYS_LIMIT = 10_000_000


def frequency_of(field: pa.Field) -> str | None:
    """The frequency of a column of pandas' periods, None of any other column.

    The type says it where pandas has told PyArrow of it, and else the field's metadata.
    """
    if getattr(field.type, "extension_name", None) == _NAME:
        return str(json.loads(field.type.__arrow_ext_serialize__())["freq"])
    metadata = field.metadata or {}
    if metadata.get(b"ARROW:extension:name") == _NAME.encode():
        return str(json.loads(metadata.get(b"ARROW:extension:metadata", b"{}")).get("freq"))
    return None


def starts_of(periods: Any, frequency: str, where: str) -> pa.Array:
    """Timestamps at which periods begin; `periods` is a PyArrow array, chunked or not, of them or of their numbers.

    Raises
    ------
    InputError
        If the frequency is not known; `where` names the column.
    """
    if isinstance(periods.type, pa.BaseExtensionType):
        periods = periods.cast(periods.type.storage_type)
    numbers = np.asarray(periods.fill_null(0)).astype(np.int64)
    begins = _begins(numbers, frequency, where)
    return pa.array(begins, mask=np.asarray(periods.is_null())).cast(pa.timestamp("us"))


def _begins(numbers: Int64, frequency: str, where: str) -> Int64:
    """Microseconds from 1970 to the beginnings of the periods of these numbers."""
    match = re.fullmatch(r"\d*([A-Za-z]+?)(?:E?-([A-Z]{3}))?", frequency)
    name, end = match.groups() if match else ("", None)
    day = _SPANS["D"]
    if name in _SPANS and end is None:
        span = _SPANS[name]
        limit = _DAYS_LIMIT * day // max(span, 1)
        return np.clip(numbers, -limit, limit) * span if span else numbers // 1000
    if name == "W" and end in _WEEK_ENDS:
        weeks = np.clip(numbers, -_DAYS_LIMIT // 7, _DAYS_LIMIT // 7)
        return (weeks * 7 - 10 + _WEEK_ENDS.index(end)) * day  # week 1 of W-SUN ends on 1970-01-04
    if name == "B" and end is None:
        days = np.clip(numbers, -_DAYS_LIMIT, _DAYS_LIMIT)
        return np.busday_offset([np.datetime64(0, "D")], days).astype(np.int64) * day
    if name in _MONTHS and (end is None or (end in _MONTH_ENDS and name != "M")):
        months = _MONTHS[name]
        limit = _DAYS_LIMIT // 31 // months
        first = np.clip(numbers, -limit, limit) * months + (_MONTH_ENDS.index(end) - 11 if end else 0)
        return first.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) * day
    raise InputError(
        f'{where}: periods of the frequency "{frequency}" are not known; write the column as timestamps, in pandas by '
        ".dt.to_timestamp()"
    )


def with_starts(table: Any, name: str) -> Any:
    """A PyArrow table, or batch of one, with the beginnings of periods in place of them.

    Raises
    ------
    InputError
        If a frequency is not known; `name` is the table's in the message.
    """
    for position, field in enumerate(table.schema):
        frequency = frequency_of(field)
        if frequency is not None:
            starts = starts_of(table.column(position), frequency, f'{name}: column "{field.name}"')
            table = table.set_column(position, field.name, starts)
    return table


def starts_in(series: nw.Series[Any], where: str) -> Any:
    """Timestamps, as :func:`starts_of` gives them, if a series holds periods, else None.

    A series of PyArrow does not tell it where pandas has not been loaded; its table does, to :func:`with_starts`.
    """
    if series.dtype != nw.Unknown:
        return None
    try:
        table = series.to_frame().to_arrow()
    except pa.ArrowException:
        return None  # a type that PyArrow has not: whoever reads the column says so
    frequency = frequency_of(table.schema.field(0))
    return None if frequency is None else starts_of(table.column(0), frequency, where)


def frame_with_starts(frame: nw.DataFrame[Any], name: str) -> nw.DataFrame[Any]:
    """:func:`with_starts` of a frame of any kind.

    Raises
    ------
    InputError
        As there.
    """
    native = frame.to_native()
    if isinstance(native, pa.Table):
        return nw.from_native(with_starts(native, name), eager_only=True)
    found = {column: starts_in(frame.get_column(column), f'{name}: column "{column}"') for column in frame.columns}
    made = [make_series(column, starts, backend_of(frame)) for column, starts in found.items() if starts is not None]
    return frame.with_columns(*made) if made else frame
