"""The lines on what forecasts of places found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpunet.base.words import counted
from gpunet.cli.summary_tables import figure, table_of

__all__ = ["places_lines"]

_TITLES = {"pai": "PAI", "pei": "PEI*", "recapture": "recapture"}


def places_lines(places: Mapping[str, Any], width: int) -> list[str]:
    """The windows, and for each share of places that are flagged a row a model: PAI, PEI* and recapture together."""
    windows, rows = places["windows"], places["results"]
    unit = places["unit"] + (f" of resolution {places['resolution']}" if places["unit"] == "cell" else "")
    lines = [
        f"places    {counted(len(windows), 'window')} by {unit}, {windows[0]['as_of']} to {windows[-1]['as_of']}; at "
        f"most {counted(max(window['places'] for window in windows), 'place')}, "
        f"{counted(sum(window['violent_arrests'] for window in windows), 'violent arrest')} in them"
    ]
    if not rows:
        return lines
    first = rows[0]
    elsewhere = f", and {first['hits_elsewhere']:,} in places that nobody knew" if first["hits_elsewhere"] else ""
    lines.append(
        f"tried on  {counted(first['windows'], 'window')} that no model had seen, with {first['all_hits']:,} violent "
        f"arrests in known places{elsewhere}"
    )
    columns = [["", *(f"{100 * row['share']:.3g} % of places, {row['model'].replace('_', ' ')}" for row in rows)]]
    for name, title in _TITLES.items():
        columns.append([title, *(figure(row[name]) for row in rows)])
        columns.append(["95 %", *(_interval(row[f"{name}_low"], row[f"{name}_high"]) for row in rows)])
    return [*lines, *table_of(columns, width)]


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.2f}-{high:.2f}"
