"""Tables that are stored, wherever they come from: where they go again, and their ids."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import narwhals as nw

from gpunet.engines.protocol import Engine
from gpunet.runs.read_back import require
from gpunet.tables.frames import plain_array, series_to_arrow

__all__ = ["Kind", "array_of", "kind_of_table", "require_place"]

Kind: TypeAlias = Literal["polars", "cudf"]


def kind_of_table(table: Any) -> str:
    """Where a frame or series goes: to cuDF if it came from there, else to Polars, as all that is read from files."""
    wrapped: Any = nw.from_native(table, allow_series=True)
    return "cudf" if wrapped.implementation.is_cudf() else "polars"


def require_place(kind: str, engine: Engine, *, exactly: bool = False) -> None:
    """Frames go to a GPU where the engine works on one, and only there; there some are on the host."""
    there = "cudf" if engine.name == "gpu" else "polars"
    require(kind == there or (kind == "polars" and not exactly), "its tables are for another engine")


def array_of(series: nw.Series[Any]) -> Any:
    """Ids or texts as one array, of the type that tables have."""
    return plain_array(series_to_arrow(series))
