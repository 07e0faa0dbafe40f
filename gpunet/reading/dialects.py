"""What stands in a column: its values as canonical texts, whole numbers or timestamps, and which of them are none.

Everything about how tables are written is here and, for dates as text, in :mod:`gpunet.reading.dates`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import narwhals as nw
import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Int64
from gpunet.base.errors import InputError, in_words
from gpunet.config.input_config import DATE_COLUMNS
from gpunet.reading.date_formats import ISO, DateFormats
from gpunet.reading.dates import BAD_DATE, DAY_US, NO_TIMESTAMP, timestamp_of, timestamp_text
from gpunet.reading.location import Location, code_series, to_codes
from gpunet.reading.periods import starts_in
from gpunet.reading.values import EXACT, SPACE, Meaning, values_of
from gpunet.tables.arrow_text import cannot_be_read, plain_array
from gpunet.tables.frames import backend_of, on_host, series_to_arrow

__all__ = ["as_text", "as_timestamps", "code_dates", "column_at"]

#: Timestamps are clipped to this many days from 1970 before they become microseconds, far outside what is accepted.
_DAYS_LIMIT = 10_000_000

#: Types of pandas' nulls.
_NULLS = ("NAType", "NaTType")

#: Floats of fewer bits, and from where on theirs are not all there: 20130105 would be another day.
_EXACT_FLOATS = {pa.float16(): 2**11, pa.float32(): 2**24}

#: A text that no date is written as, whatever the format.
_NO_DATE = "not a date"

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def code_dates(
    series: nw.Series[Any], location: Location, where: str, formats: DateFormats, meaning: Meaning
) -> tuple[Any, Counter[str]]:
    """Timestamps as :func:`as_timestamps` has them, at `location`, and how many rows have which word for no value.

    Of texts and whole numbers, and of everything on a device, each distinct value is read once, on the host.
    """
    kind = series.dtype
    if location.in_slices and not (kind.is_integer() or isinstance(kind, nw.String | nw.Categorical | nw.Enum)):
        return as_timestamps(series, where, formats), Counter()
    values = values_of(code_series(series, location), meaning, location)
    timestamps = np.append(as_timestamps(on_host(values.column.values), where, formats), NO_TIMESTAMP)
    return to_codes(location.array(timestamps), values.column.codes), values.words


def column_at(
    location: Location, series: nw.Series[Any], where: str, formats: DateFormats, meaning: Meaning
) -> nw.Series[Any]:
    """A column at `location`: of dates as text or timestamps, any other as text or whole numbers.

    In PyArrow's tables on the host dates of every known type stay. `where` names the column in errors; `formats`
    and `meaning` are those of dates.
    """
    kind, is_date = series.dtype, series.name in DATE_COLUMNS
    if is_date:
        naive = isinstance(kind, nw.Datetime) and kind.time_zone is None
        may_stay = naive or (location.in_slices and kind != nw.Unknown)  # which periods are
    else:
        may_stay = kind.is_integer()
    if backend_of(series) == location.backend and (may_stay or kind == nw.String):
        return series
    series = on_host(series)
    if is_date and kind != nw.String:
        timestamps = as_timestamps(series, where, formats, meaning.null_words)
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
    if pa.types.is_time(kind):
        return _time_text(array)
    if not (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        raise InputError(f"{where}: {cannot_be_read(kind)}")
    return array.cast(pa.large_string())


def _arrow(series: nw.Series[Any], where: str) -> Any:
    """One PyArrow array of the column, as :func:`~gpunet.tables.arrow_text.plain_array` gives it."""
    kind: Any = series.dtype
    if not kind.is_nested():
        try:
            starts = starts_in(series, where)
            array = series_to_arrow(series) if starts is None else starts
            kind = array.type
            array = plain_array(array)
            kind = array.type
        except pa.ArrowException as error:
            raise InputError(f"{where}: {cannot_be_read(kind)}") from error
        if not pa.types.is_nested(kind):
            return array
    raise InputError(f"{where}: lists and structures cannot be read (type {kind}): write it as text")


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
        return str(int(value)) if value == value.to_integral_value() else f"{value.normalize():f}"
    if isinstance(value, datetime):
        return timestamp_text(timestamp_of(value))
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):
            return value.decode()
    raise InputError(f"{where}: values of type {type(value).__name__} cannot be read: write them as text")


def float_text(value: float, exact: float = EXACT) -> str:
    """A float as text; one that may stand for several whole numbers, `exact` or more, in scientific notation."""
    if not value.is_integer():
        return repr(value)
    return str(int(value)) if abs(value) < exact else f"{value:.15e}"


def _float_text(array: Any) -> Any:
    exact = _EXACT_FLOATS.get(array.type, EXACT)
    array = array.cast(pa.float64())
    missing = np.asarray(array.is_null(nan_is_null=True))
    values = np.where(missing, 0.0, np.asarray(array.fill_null(0.0)))
    if np.all((np.floor(values) == values) & (np.abs(values) < exact)):
        return pa.array(values.astype(np.int64), mask=missing).cast(pa.large_string())
    texts = [None if gone else float_text(v, exact) for v, gone in zip(values.tolist(), missing, strict=True)]
    return pa.array(texts, pa.large_string())


def _time_text(array: Any) -> Any:
    """Times of day, without zeros that end a fraction."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(array.cast(pa.large_string()), r"\.0+$|(\.\d*[1-9])0+$", r"\1")


def as_timestamps(
    series: nw.Series[Any], where: str, formats: DateFormats = ISO, null_words: Collection[str] = ()
) -> Int64:
    """int64[n], microseconds from 1970-01-01 to the local date and time of a column of dates.

    ``NO_TIMESTAMP`` where it is null or blank, ``BAD_DATE`` where something is there and is not a date. Numbers are
    read as the text of their digits is, by `formats`: 20130201 is a day, and 1359763800 one if they are seconds.
    In columns of mixed types texts among `null_words` are null.

    Raises
    ------
    InputError
        If the column holds lists, structures, or periods of an unknown frequency; `where` names it.
    """
    if series.dtype == nw.Object:
        return _object_timestamps(series.to_list(), formats, null_words)
    array = _arrow(series, where)
    kind = array.type
    if kind == pa.large_string():
        return _text_timestamps(array, formats)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number_timestamps(array, formats)
    if pa.types.is_date(kind):
        days = np.asarray(array.cast(pa.date32()).cast(pa.int32()).fill_null(0)).astype(np.int64)
        timestamps = np.clip(days, -_DAYS_LIMIT, _DAYS_LIMIT) * DAY_US
    elif pa.types.is_timestamp(kind):
        if kind.tz is not None:
            import pyarrow.compute as pc

            try:
                array = pc.local_timestamp(array)
            except pa.ArrowException as error:
                raise InputError(f"{where}: {in_words(error)}: write local times without a zone") from error
        units = _PER_SECOND[kind.unit]
        ticks = np.asarray(array.cast(pa.timestamp(kind.unit)).cast(pa.int64()).fill_null(0))
        limit = min(_DAYS_LIMIT * 86_400 * units, np.iinfo(np.int64).max)
        ticks = np.clip(ticks, -limit, limit)
        timestamps = ticks // 1000 if kind.unit == "ns" else ticks * (1_000_000 // units)
    else:
        timestamps = np.full(len(array), BAD_DATE)
    return np.where(np.asarray(array.is_null()), NO_TIMESTAMP, timestamps)


def _object_timestamps(values: list[Any], formats: DateFormats, null_words: Collection[str]) -> Int64:
    """Timestamps of a column of mixed types."""
    texts: list[str | None] = []
    known: dict[int, int] = {}
    for at, value in enumerate(values):
        if isinstance(value, np.generic):
            value = (value.astype("datetime64[us]") if isinstance(value, np.datetime64) else value).item()
        if isinstance(value, str) and value.strip().lower() in null_words:
            value = None
        if value is None or type(value).__name__ in _NULLS or value != value:
            texts.append(None)
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            texts.append(_digits(value))
        else:
            if type(value).__name__ == "Period":
                value = value.start_time
            if isinstance(value, date):
                moment = value if isinstance(value, datetime) else datetime.combine(value, time())
                known[at] = timestamp_of(moment)
            texts.append(value if isinstance(value, str) else _NO_DATE)
    timestamps = _text_timestamps(pa.array(texts, pa.large_string()), formats)
    timestamps[list(known)] = list(known.values())
    return timestamps


def _number_timestamps(array: Any, formats: DateFormats) -> Int64:
    exact = _EXACT_FLOATS.get(array.type, np.inf)
    encoded = (array.cast(pa.float64()) if pa.types.is_floating(array.type) else array).dictionary_encode()
    distinct = encoded.dictionary
    if pa.types.is_integer(distinct.type):
        texts = distinct.cast(pa.large_string())
    else:
        digits = (None if v != v else _NO_DATE if abs(v) > exact else _digits(v) for v in distinct.to_pylist())
        texts = pa.array(digits, pa.large_string())
    timestamps: Int64 = np.append(_text_timestamps(texts, formats), NO_TIMESTAMP)
    found: Int64 = timestamps[np.asarray(encoded.indices.fill_null(-1))]
    return found


def _digits(value: float | Decimal) -> str:
    """The digits of a number, without a point if it is a whole one."""
    if value == value // 1:
        return str(int(value))
    return format(value, "f") if isinstance(value, Decimal) else repr(value)


def _text_timestamps(texts: Any, formats: DateFormats) -> Int64:
    import pyarrow.compute as pc

    series = nw.from_native(pa.chunked_array([texts]), series_only=True)
    missing = (series.fill_null("").str.strip_chars(SPACE) == "").to_numpy()
    texts = pc.replace_substring_regex(texts, r"\A(\s*\d{8})\.0+(\s*)\z", r"\1\2")  # numbers with gaps, of pandas
    return np.where(missing, NO_TIMESTAMP, formats.parse(texts))
