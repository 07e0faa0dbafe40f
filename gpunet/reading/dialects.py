"""What stands in a column: its values as canonical texts, whole numbers or timestamps, and which of them are none.

Everything about how tables are written is here and, for dates as text, in :mod:`gpunet.reading.dates`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gpunet.base.errors import InputError
from gpunet.reading.dates import DAY_US, EARLIEST, NO_TIMESTAMP, parse_dates, timestamp_of, timestamp_text
from gpunet.reading.location import Column, Location, code_series, to_codes
from gpunet.tables import arrays
from gpunet.tables.arrow_text import one_array
from gpunet.tables.frames import backend_of, on_host, plain_array, to_arrow

__all__ = ["as_text", "as_timestamps", "code_dates", "code_values", "columns_at", "is_blank"]

#: Timestamps are clipped to this many days from 1970 before they become microseconds, far outside what is accepted.
_DAYS_LIMIT = 10_000_000

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}

#: Stands for a date that is none: a day that is out of range, as every such date is rejected.
_NO_DATE = EARLIEST - DAY_US

#: The characters that ``str.isspace`` knows.
_SPACE = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B),
                           0x2028, 0x2029, 0x202F, 0x205F, 0x3000)))  # fmt: skip


def is_blank(texts: nw.Series[Any]) -> nw.Series[Any]:
    """Whether each text (none of them null) is empty or white space alone."""
    return texts.str.strip_chars(_SPACE) == ""


def code_values(series: nw.Series[Any], location: Location) -> Column:
    """Code a column of texts or whole numbers; blank texts are null."""
    column = code_series(series, location)
    if not len(column.values) or column.values.dtype != nw.String:
        return column
    blank = location.values(is_blank(column.values))
    xp = arrays.namespace(blank)
    if not xp.any(blank):
        return column
    lookup = xp.where(blank, -1, xp.arange(blank.shape[0], dtype=xp.int32))
    lookup = xp.concat([xp.astype(lookup, xp.int32), xp.full(1, -1, dtype=xp.int32)])
    return Column(column.values, to_codes(lookup, column.codes))


def code_dates(series: nw.Series[Any], location: Location, latest: int, where: str) -> tuple[Any, Any, Any]:
    """Timestamps as :func:`as_timestamps` has them, dates before 1900 and after `latest` being bad too.

    Of texts, and of everything on a device, each distinct one is read once, on the host.
    """
    if location.in_slices and series.dtype != nw.String:
        return _in_range(*as_timestamps(series, where), latest)
    column = code_series(series, location)
    values = nw.from_native(to_arrow(column.values.to_frame()), eager_only=True).get_column(series.name)
    timestamps, missing, bad = _in_range(*as_timestamps(values, where), latest)
    found = (np.append(timestamps, NO_TIMESTAMP), np.append(missing, True), np.append(bad, False))
    first, second, third = (to_codes(location.array(a), column.codes) for a in found)
    return first, second, third


def _in_range(
    timestamps: NDArray[np.int64], missing: NDArray[np.bool_], bad: NDArray[np.bool_], latest: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    return timestamps, missing, bad | (~missing & ((timestamps < EARLIEST) | (timestamps > latest)))


def columns_at(location: Location, frame: nw.DataFrame[Any], where: str) -> nw.DataFrame[Any]:
    """The columns of a table at `location`: dates as text or timestamps, all others as text or whole numbers.

    In PyArrow's tables on the host dates of every type stay. `where` names the table in errors.
    """
    at_home = backend_of(frame) == location.backend
    stay = {
        c for c in frame.columns if at_home and (_may_stay(c, frame.schema[c]) or (location.in_slices and c == "date"))
    }
    if len(stay) == len(frame.columns):
        return frame
    import pyarrow as pa

    rest = [c for c in frame.columns if c not in stay]
    host = on_host(frame.select(rest))
    moved = location.moved(
        pa.table({c: _sendable(host.get_column(c), c == "date", f'{where}: column "{c}"') for c in rest})
    )
    return location.frame({c: (frame if c in stay else moved).get_column(c) for c in frame.columns})


def _may_stay(name: str, kind: nw.dtypes.DType) -> bool:
    if name == "date":
        return kind == nw.String or (isinstance(kind, nw.Datetime) and kind.time_zone is None)
    return kind == nw.String or kind.is_integer()


def _sendable(series: nw.Series[Any], is_date: bool, where: str) -> Any:
    """A PyArrow array of text, whole numbers or timestamps, of which each device has its kind."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_date and series.dtype != nw.String:
        timestamps, missing, bad = as_timestamps(series, where)
        return pa.array(np.where(bad, _NO_DATE, np.where(missing, 0, timestamps)), mask=missing).cast(
            pa.timestamp("us")
        )
    if not is_date and series.dtype.is_integer():
        return one_array(series.to_arrow())
    return pc.cast(as_text(series, where), pa.large_string())


def as_text(series: nw.Series[Any], where: str) -> Any:
    """Give the values of a column as a PyArrow array of canonical text, nulls kept.

    Whole numbers are written in decimal, also where a column of floats holds them; NaN is null; dates and times are
    ISO text, without the time of day at midnight and without a time zone.

    Raises
    ------
    InputError
        If the column holds lists, structures or another type that has no such text; `where` names it.
    """
    import pyarrow as pa

    if series.dtype == nw.Object:
        return pa.array([_object_text(v, where) for v in series.to_list()], pa.large_string())
    array = _arrow(series, where)
    kind = array.type
    if kind == pa.large_string():
        return array
    if pa.types.is_floating(kind):
        return _float_text(array)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        timestamps, missing, _ = as_timestamps(series, where)
        texts = [None if gone else timestamp_text(int(s)) for s, gone in zip(timestamps, missing, strict=True)]
        return pa.array(texts, pa.large_string())
    if pa.types.is_decimal(kind):
        return pa.array([_object_text(v, where) for v in array.to_pylist()], pa.large_string())
    try:
        return array.cast(pa.large_string())
    except pa.ArrowException as error:
        raise InputError(f"{where}: values of type {kind} cannot be read") from error


def _arrow(series: nw.Series[Any], where: str) -> Any:
    """One PyArrow array of the column, as :func:`~gpunet.tables.frames.plain_array` gives it."""
    import pyarrow as pa

    if series.dtype.is_nested():
        raise InputError(f"{where}: lists and structures cannot be read (type {series.dtype})")
    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        series = series.cast(nw.String)
    array = one_array(series.to_arrow())
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
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
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
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal):
        return str(int(value)) if value == value.to_integral_value() else str(value.normalize())
    if isinstance(value, datetime):
        return timestamp_text(timestamp_of(value))
    if isinstance(value, date):
        return value.isoformat()
    raise InputError(f"{where}: values of type {type(value).__name__} cannot be read")


def _float_text(array: Any) -> Any:
    import pyarrow as pa

    missing = np.asarray(array.is_null())
    values = np.asarray(array.cast(pa.float64()).fill_null(0.0))
    missing = missing | np.isnan(values)
    safe = np.where(missing, 0.0, values)
    if np.all((np.floor(safe) == safe) & (np.abs(safe) < 2.0**63)):
        return pa.array(safe.astype(np.int64), mask=missing).cast(pa.large_string())
    texts = [None if gone else _object_text(v, "") for v, gone in zip(values.tolist(), missing, strict=True)]
    return pa.array(texts, pa.large_string())


def as_timestamps(series: nw.Series[Any], where: str) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Read a column of dates.

    Returns
    -------
    timestamps
        int64[n], microseconds from 1970-01-01 to the local date and time, ``NO_TIMESTAMP`` where there is none.
    missing
        bool[n], null or blank.
    bad
        bool[n], something is there and is not a date: unparsable text, or a number.
    """
    import pyarrow as pa

    if series.dtype == nw.Object:
        return _object_timestamps(series.to_list())
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
        return np.full(len(array), NO_TIMESTAMP, dtype=np.int64), missing, ~missing
    return np.where(missing, NO_TIMESTAMP, timestamps), missing, np.zeros(len(array), dtype=np.bool_)


def _object_timestamps(values: list[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    import pyarrow as pa

    texts: list[str | None] = []
    for value in values:
        if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
            texts.append(None)
        elif isinstance(value, datetime):
            texts.append(timestamp_text(timestamp_of(value)))
        elif isinstance(value, date | str):
            texts.append(value if isinstance(value, str) else value.isoformat())
        else:
            texts.append("not a date")
    return _text_timestamps(pa.array(texts, pa.large_string()))


def _text_timestamps(texts: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    import pyarrow as pa

    series = nw.from_native(pa.chunked_array([texts]), series_only=True)
    missing = np.asarray(texts.is_null())
    missing = missing | is_blank(series.fill_null(" ")).to_numpy()
    timestamps = parse_dates(texts)
    return np.where(missing, NO_TIMESTAMP, timestamps), missing, (timestamps == NO_TIMESTAMP) & ~missing
