"""What stands in a column: its values as canonical texts, whole numbers or timestamps, and which of them are none.

Everything about how tables are written is here and, for dates as text, in :mod:`gpunet.reading.dates`.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Int64
from gpunet.base.errors import InputError
from gpunet.reading.dates import BAD_DATE, DAY_US, NO_TIMESTAMP, parse_dates, timestamp_of, timestamp_text
from gpunet.reading.location import Location, code_series, to_codes
from gpunet.reading.values import SPACE, Meaning, values_of
from gpunet.tables.frames import backend_of, on_host, plain_array, series_to_arrow

__all__ = ["as_text", "as_timestamps", "code_dates", "column_at"]

#: Timestamps are clipped to this many days from 1970 before they become microseconds, far outside what is accepted.
_DAYS_LIMIT = 10_000_000

#: Types of pandas' nulls.
_NULLS = ("NAType", "NaTType")

#: Whole numbers from here on are not all floats.
_EXACT = 2.0**53

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def code_dates(series: nw.Series[Any], location: Location, where: str, meaning: Meaning) -> tuple[Any, Counter[str]]:
    """Timestamps as :func:`as_timestamps` has them, at `location`, and how many rows have which word for no value.

    Of all that is not of a type for dates, and of everything on a device, each distinct value is read once, on the
    host.
    """
    if location.in_slices and isinstance(series.dtype, nw.Date | nw.Datetime):
        return as_timestamps(series, where), Counter()
    values = values_of(code_series(series, location), meaning, location)
    timestamps = np.append(as_timestamps(on_host(values.column.values), where), NO_TIMESTAMP)
    return to_codes(location.array(timestamps), values.column.codes), values.words


def column_at(location: Location, series: nw.Series[Any], where: str) -> nw.Series[Any]:
    """A column at `location`: of dates as text or timestamps, any other as text or whole numbers.

    In PyArrow's tables on the host dates of every type stay. `where` names the column in errors.
    """
    kind, is_date = series.dtype, series.name == "date"
    if is_date:
        may_stay = location.in_slices or (isinstance(kind, nw.Datetime) and kind.time_zone is None)
    else:
        may_stay = kind.is_integer()
    if backend_of(series) == location.backend and (may_stay or kind == nw.String):
        return series
    series = on_host(series)
    if is_date and kind != nw.String:
        timestamps = as_timestamps(series, where)
        values = pa.array(timestamps, mask=timestamps == NO_TIMESTAMP).cast(pa.timestamp("us"))
    else:
        values = series_to_arrow(series) if kind.is_integer() else as_text(series, where)
    return location.series(series.name, values)


def as_text(series: nw.Series[Any], where: str) -> Any:
    """Give the values of a column as a PyArrow array of canonical text, nulls kept.

    Whole numbers are written in decimal, also where a column of floats holds them; NaN is null; dates and times are
    ISO text, without the time of day at midnight and without a time zone.

    Raises
    ------
    InputError
        If the column holds lists, structures or another type that has no such text; `where` names it.
    """
    if series.dtype == nw.Object:
        return pa.array([_object_text(v, where) for v in series.to_list()], pa.large_string())
    array = _arrow(series, where)
    kind = array.type
    if kind == pa.large_string():
        return array
    if pa.types.is_floating(kind):
        return _float_text(array)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        timestamps = as_timestamps(series, where).tolist()
        return pa.array([None if t == NO_TIMESTAMP else timestamp_text(t) for t in timestamps], pa.large_string())
    if pa.types.is_decimal(kind):
        return pa.array([_object_text(v, where) for v in array.to_pylist()], pa.large_string())
    try:
        return array.cast(pa.large_string())
    except pa.ArrowException as error:
        raise InputError(f"{where}: values of type {kind} cannot be read") from error


def _arrow(series: nw.Series[Any], where: str) -> Any:
    """One PyArrow array of the column, as :func:`~gpunet.tables.frames.plain_array` gives it."""
    if series.dtype.is_nested():
        raise InputError(f"{where}: lists and structures cannot be read (type {series.dtype})")
    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        series = series.cast(nw.String)
    array = series_to_arrow(series)
    if pa.types.is_nested(array.type):
        raise InputError(f"{where}: lists and structures cannot be read (type {array.type})")
    try:
        return plain_array(array)
    except pa.ArrowException as error:
        raise InputError(f"{where}: the text is not valid UTF-8") from error


def _object_text(value: Any, where: str) -> str | None:
    """Text of one value of a column of mixed types."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value).__name__ in _NULLS:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value != value:
            return None
        return float_text(value)
    if isinstance(value, Decimal):
        return str(int(value)) if value == value.to_integral_value() else str(value.normalize())
    if isinstance(value, datetime):
        return timestamp_text(timestamp_of(value))
    if isinstance(value, date):
        return value.isoformat()
    raise InputError(f"{where}: values of type {type(value).__name__} cannot be read")


def float_text(value: float) -> str:
    """A float as text; one that may stand for several whole numbers in scientific notation, which no id is."""
    if not value.is_integer():
        return repr(value)
    return str(int(value)) if abs(value) < _EXACT else f"{value:.15e}"


def _float_text(array: Any) -> Any:
    array = array.cast(pa.float64())
    missing = np.asarray(array.is_null(nan_is_null=True))
    values = np.where(missing, 0.0, np.asarray(array.fill_null(0.0)))
    if np.all((np.floor(values) == values) & (np.abs(values) < _EXACT)):
        return pa.array(values.astype(np.int64), mask=missing).cast(pa.large_string())
    texts = [None if gone else _object_text(v, "") for v, gone in zip(values.tolist(), missing, strict=True)]
    return pa.array(texts, pa.large_string())


def as_timestamps(series: nw.Series[Any], where: str) -> Int64:
    """int64[n], microseconds from 1970-01-01 to the local date and time of a column of dates.

    ``NO_TIMESTAMP`` where it is null or blank, ``BAD_DATE`` where something is there and is not a date: unparsable
    text, or a number.
    """
    if series.dtype == nw.Object:
        return _text_timestamps(pa.array(map(_object_date, series.to_list()), pa.large_string()))
    array = _arrow(series, where)
    kind = array.type
    missing = np.asarray(array.is_null())
    if kind == pa.large_string():
        return _text_timestamps(array)
    if pa.types.is_date(kind):
        days = np.asarray(array.cast(pa.date32()).cast(pa.int32()).fill_null(0)).astype(np.int64)
        timestamps = np.clip(days, -_DAYS_LIMIT, _DAYS_LIMIT) * DAY_US
    elif pa.types.is_timestamp(kind):
        if kind.tz is not None:
            import pyarrow.compute as pc

            array = pc.local_timestamp(array)
        units = _PER_SECOND[kind.unit]
        ticks = np.asarray(array.cast(pa.timestamp(kind.unit)).cast(pa.int64()).fill_null(0))
        limit = min(_DAYS_LIMIT * 86_400 * units, np.iinfo(np.int64).max)
        ticks = np.clip(ticks, -limit, limit)
        timestamps = ticks // 1000 if kind.unit == "ns" else ticks * (1_000_000 // units)
    else:
        if pa.types.is_floating(kind):
            missing = missing | np.isnan(np.asarray(array.cast(pa.float64()).fill_null(0.0)))
        timestamps = np.full(len(array), BAD_DATE)
    return np.where(missing, NO_TIMESTAMP, timestamps)


def _object_date(value: Any) -> str | None:
    """Text of one value of a column of mixed types, which no date has if it is none."""
    if value is None or type(value).__name__ in _NULLS or value != value:
        return None
    return _object_text(value, "") if isinstance(value, date | str) else "not a date"


def _text_timestamps(texts: Any) -> Int64:
    series = nw.from_native(pa.chunked_array([texts]), series_only=True)
    missing = (series.fill_null("").str.strip_chars(SPACE) == "").to_numpy()
    return np.where(missing, NO_TIMESTAMP, parse_dates(texts))
