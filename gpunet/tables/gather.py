"""What frames are made of: columns, brought to where a kind of frame has its own, and texts by code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw

from gpunet.tables.arrays import least, namespace, to_host

__all__ = ["for_frame", "gather"]


def gather(series: nw.Series[Any], codes: Any, name: str = "") -> nw.Series[Any]:
    """The elements of a series at these positions (a flat array of integers), null where one is negative.

    Texts never enter arrays: the codes go to where the series is, and the result is a series of the same kind.
    """
    kind = series.implementation
    if kind.is_cudf():
        from gpunet.tables import frames_cudf

        return nw.from_native(frames_cudf.gather(series.to_native(), codes, name), series_only=True)
    codes = to_host(codes)
    if least(codes, 0) >= 0:
        return nw.maybe_reset_index(series[nw.new_series("at", codes, backend=kind)]).alias(name)
    xp = namespace(codes)
    if not len(series):  # a position is needed even where nothing is to be had
        series = nw.new_series(name, [""], nw.String, backend=kind)
    at = nw.new_series("at", xp.where(codes < 0, 0, codes), backend=kind)
    known = nw.new_series("known", codes >= 0, backend=kind)
    found = nw.maybe_reset_index(series[at]).alias("found").to_frame().with_columns(known)
    return found.select(nw.when(nw.col("known")).then(nw.col("found")).alias(name))[name]


def for_frame(columns: Mapping[str, Any], backend: str) -> dict[str, Any]:
    """Columns (arrays, or arrays with masks) for a frame of this kind: as they are for cuDF, else on the host."""
    if backend == "cudf":
        return dict(columns)
    return {
        name: tuple(to_host(part) for part in column) if isinstance(column, tuple) else to_host(column)
        for name, column in columns.items()
    }
