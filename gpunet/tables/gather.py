"""Texts and ids by code, where their series lie."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from gpunet.tables import frames_cudf
from gpunet.tables.arrays import least, namespace, to_host

__all__ = ["gather"]


def gather(series: nw.Series[Any], codes: Any, name: str = "") -> nw.Series[Any]:
    """The elements of a series at these positions (a flat array of integers), null where one is negative.

    Texts never enter arrays: the codes go to where the series is, and the result is a series of the same kind.
    """
    kind = series.implementation
    if kind.is_cudf():
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
