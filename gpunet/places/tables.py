"""The tables of place forecasts: what is known of places, what is forecast of them, and how well that went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Float64, Int64
from gpunet.places.counts import COUNT_COLUMNS, Known
from gpunet.places.measures import MEASURES
from gpunet.places.windows import Window
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import make_frame, make_series
from gpunet.tables.gather import gather

__all__ = ["PlaceNames", "forecast_frames", "places_frame", "ranks", "results_frame"]

_WHOLE = ("windows", "places", "flagged", "all_hits", "best_hits", "hits_elsewhere")


class PlaceNames:
    """What places are called, by their codes: their force and their name within it.

    ``full``: names as they stand among the arrests, such as ``"north/12"``.
    """

    def __init__(self, arrests: Arrests, unit: str) -> None:
        self.full: list[str] = getattr(arrests, f"{unit}_names").to_list()
        code, force = to_host(getattr(arrests, unit)), to_host(arrests.force)
        if arrests.charges is not None:  # some places are those of a row that was corrected later
            code, force = to_host(getattr(arrests.charges, unit)), force[to_host(arrests.charges.arrest)]
        owner = np.full(len(self.full), -1)
        owner[code[code >= 0]] = force[code >= 0]
        forces = [text or "" for text in arrests.force_names.to_list()]
        owners = [forces[i] if i >= 0 else "" for i in owner.tolist()]
        names = [text[len(of) + 1 :] if of else text for of, text in zip(owners, self.full, strict=True)]
        self._force, self._place = make_series("force", owners), make_series("place", names)

    def __len__(self) -> int:
        return len(self.full)

    def columns(self, code: Int64) -> dict[str, Any]:
        """``force`` and ``place`` of places, which say together which one it is."""
        return {"force": gather(self._force, code, "force"), "place": gather(self._place, code, "place")}


def _days(window: Window, n: int) -> dict[str, Any]:
    return {"as_of": np.full(n, window.first, np.int32)}


def _labels(window: Window, label: Int64) -> dict[str, Any]:
    return {"label": label, "label_complete": np.full(len(label), window.complete)}


def places_frame(names: PlaceNames, window: Window, known: Known, label: Int64) -> Any:
    """``force, place, as_of, residents, ...``, the columns of counts, ``label, label_complete``: a row a place."""
    counts = {name: np.ascontiguousarray(known.column(name)) for name in COUNT_COLUMNS}
    columns = {**names.columns(known.code), **_days(window, len(label)), **counts, **_labels(window, label)}
    return make_frame(columns, dates=("as_of",))


def ranks(values: Float64) -> Int64:
    """int64[n], 1 for the greatest value; equal ones have the same rank, the first of theirs.

    >>> ranks(np.array([0.5, 2.0, 0.5, 0.1])).tolist()
    [2, 1, 2, 4]
    """
    return len(values) - np.searchsorted(np.sort(values), values, side="right") + 1


def forecast_frames(
    names: PlaceNames, window: Window, known: Known, label: Int64, forecasts: Mapping[str, Float64]
) -> Iterator[Any]:
    """``force, place, as_of, model, forecast, rank, label, label_complete``, a frame a model."""
    n = len(label)
    for model, values in forecasts.items():
        columns = {
            **names.columns(known.code),
            **_days(window, n),
            "model": gather(make_series("model", [model]), np.zeros(n, np.int64), "model"),
            "forecast": values,
            "rank": ranks(values).astype(np.int64),
            **_labels(window, label),
        }
        yield make_frame(columns, dates=("as_of",))


def results_frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    """A frame of :func:`gpunet.places.measures.result_rows`, with null where a measure or an end is not known."""
    columns: dict[str, Any] = {"model": make_series("model", [row["model"] for row in rows])}
    columns["share"] = np.array([row["share"] for row in rows], np.float64)
    for name in _WHOLE[:3]:
        columns[name] = np.array([row[name] for row in rows], np.int64)
    columns["hits"] = np.array([row["hits"] for row in rows], np.float64)
    for name in _WHOLE[3:]:
        columns[name] = np.array([row[name] for row in rows], np.int64)
    for measure in MEASURES:
        for name in (measure, f"{measure}_low", f"{measure}_high"):
            missing = np.array([row[name] is None for row in rows], np.bool_)
            columns[name] = (np.array([row[name] or 0.0 for row in rows], np.float64), missing)
    return make_frame(columns)
