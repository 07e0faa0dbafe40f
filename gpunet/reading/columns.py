"""Which columns of a table are read, and their values as text and as timestamps, whatever their types and the frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gpunet.base.errors import InputError, UnreadableFile, in_words
from gpunet.config.config import ALL_COLUMNS, REQUIRED_COLUMNS, InputConfig
from gpunet.reading.coding import Texts
from gpunet.reading.dates import DAY_US, NO_TIMESTAMP, parse_dates, timestamp_of, timestamp_text
from gpunet.reading.loops import is_present
from gpunet.reading.protected import is_protected
from gpunet.tables.frames import plain_array

__all__ = ["Layout", "as_text", "as_timestamps", "check_types", "layout_of", "to_texts"]

#: Timestamps are clipped to this many days from 1970 before they become microseconds, far outside what is accepted.
_DAYS_LIMIT = 10_000_000

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


@dataclass(frozen=True)
class Layout:
    """What is read of one table: ``{our name: name in the table}``, and what is not."""

    columns: Mapping[str, str]
    protected: tuple[str, ...]
    ignored: tuple[str, ...]


def layout_of(name: str, columns: Iterable[str], repeated: Iterable[str], config: InputConfig) -> Layout:
    """Find the contract's columns, and those of the incident key, among the `columns` of the table `name`.

    Raises
    ------
    UnreadableFile
        If a required column is missing or occurs twice; the message names table, column and configuration key.
    """
    present = [c for c in columns if isinstance(c, str)]  # pandas has other names too
    found: dict[str, str] = {}
    for ours in (*ALL_COLUMNS, *(c for c in config.incident_key if c not in ALL_COLUMNS)):
        theirs = config.source_name(ours)
        in_key = ours in config.incident_key
        required = ours != "incident_id" if ours in REQUIRED_COLUMNS else in_key and ours != "force"
        if theirs not in present or is_protected(theirs):
            if required or (ours == "incident_id" and in_key):
                raise UnreadableFile(name, _missing(ours, theirs, present))
            continue
        if theirs in set(repeated):
            raise UnreadableFile(name, f'the column "{theirs}" occurs more than once')
        found[ours] = theirs
    used = set(found.values())
    others = [c for c in dict.fromkeys(present) if c not in used]
    return Layout(
        found,
        tuple(c for c in others if is_protected(c)),
        tuple(c for c in others if not is_protected(c)),
    )


def _missing(ours: str, theirs: str, present: list[str]) -> str:
    setting = f"[input] columns.{ours}" if ours in ALL_COLUMNS else "[input] incident_key"
    called = "" if ours == theirs else f' (our "{ours}")'
    have = ", ".join(present[:20]) + (", ..." if len(present) > 20 else "") if present else "none"
    return f'there is no column "{theirs}"{called}; set {setting} to its name in the file. Columns there: {have}'


def check_types(name: str, layout: Layout, types: Mapping[str, Any]) -> None:
    """Try, with one null of each, the PyArrow types of the columns that are read of the file `name`.

    Raises
    ------
    UnreadableFile
        If there is no text for a type; the message names file and column.
    """
    import pyarrow as pa

    for ours, theirs in layout.columns.items():
        try:
            one = pa.table({ours: plain_array(pa.nulls(1, types[theirs]))})
            series = nw.from_native(one, eager_only=True).get_column(ours)
            as_text(series, f'column "{theirs}"')
            if ours == "date":
                as_timestamps(series, f'column "{theirs}"')
        except InputError as error:
            raise UnreadableFile(name, str(error)) from error
        except pa.ArrowException as error:
            raise UnreadableFile(name, f'column "{theirs}": {in_words(error)}') from error


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
    array = series.to_arrow()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
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


def to_texts(array: Any) -> Texts:
    """View a ``large_string`` array as :class:`~gpunet.reading.coding.Texts`."""
    n = len(array)
    _, offsets, data = array.buffers()
    nothing = bytes(8)  # an empty column may have no buffers
    found = np.frombuffer(offsets if n else nothing, dtype=np.int64)
    found = found[array.offset : array.offset + n + 1] if n else found
    text = np.frombuffer(data if data is not None and data.size else nothing, dtype=np.uint8)
    found.flags.writeable = text.flags.writeable = False
    valid = np.ones(n, dtype=np.bool_) if array.null_count == 0 else np.asarray(array.is_valid())
    return Texts(text, found, is_present(text, found, valid))


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
        texts = to_texts(array)
        bad = np.zeros(len(array), dtype=np.bool_)
        return parse_dates(texts.data, texts.offsets, texts.present, bad), ~texts.present, bad
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
    found = to_texts(pa.array(texts, pa.large_string()))
    bad = np.zeros(len(values), dtype=np.bool_)
    return parse_dates(found.data, found.offsets, found.present, bad), ~found.present, bad
