"""How time and memory grow with size: which plots there are, and their lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.commands import BUSY
from benchmarks.plots import line_plot

__all__ = ["growth_plots", "title"]

Result = dict[str, Any]
Lines = dict[str, list[tuple[float, float]]]

_TITLES = {
    "end-to-end": "gpunet features, end to end",
    "run": "gpunet run, end to end",
    "panel": "gpunet panel, end to end",
    "ingest": "Reading tables",
    "louvain": "Louvain communities",
}
_WHOLE = "whole process"


def title(measure: str) -> str:
    """What headings call a measure."""
    return _TITLES.get(measure, measure.capitalize())


def growth_plots(measure: str, rows: list[Result]) -> dict[str, str]:
    """The plots of one measure by file name: time always, memory and stages with two sizes or more."""
    plots = {f"time_{measure}.svg": line_plot(f"{title(measure)}: time against size", _lines(rows, _seconds))}
    if len({r["persons"] for r in rows}) < 2:
        return plots
    memory = line_plot(f"{title(measure)}: peak memory against size", _lines(rows, _memory), "MiB")
    plots[f"memory_{measure}.svg"] = memory
    rows = [r for r in rows if r["system"] != BUSY]  # stages are those of the command alone
    if any("stages" in r for r in rows):
        heading = f"{title(measure)}: time of each stage against size"
        plots[f"time_{measure}_stages.svg"] = line_plot(heading, _stage_lines(rows, _seconds))
        what = "peak memory of each stage" if all(_of_stage(r) for r in rows) else "highest memory after each stage"
        heading = f"{title(measure)}: {what} against size"
        plots[f"memory_{measure}_stages.svg"] = line_plot(heading, _stage_lines(rows, _memory), "MiB")
    return plots


def _seconds(found: Result) -> float | None:
    return None if found["seconds"] is None else float(found["seconds"]["median"])


def _memory(found: Result) -> float | None:
    return None if found["peak_memory_bytes"] is None else float(found["peak_memory_bytes"]) / 2**20


def _of_stage(result: Result) -> bool:
    return bool(result.get("peak_memory_is", "of the stage") == "of the stage")


def _lines(rows: list[Result], figure: Callable[[Result], float | None]) -> Lines:
    lines: Lines = {}
    for r in rows:
        _add(lines.setdefault(r["system"], []), r["persons"], figure(r))
    return lines


def _stage_lines(rows: list[Result], figure: Callable[[Result], float | None]) -> Lines:
    lines: Lines = {_WHOLE: []}
    for r in rows:
        _add(lines[_WHOLE], r["persons"], figure(r))
        for stage in r.get("stages", ()):
            _add(lines.setdefault(stage["stage"], []), r["persons"], figure(stage))
    return lines


def _add(line: list[tuple[float, float]], persons: int, figure: float | None) -> None:
    """Add a point; what is not there, or nothing (a stage below a millisecond), has no place on logarithmic axes."""
    if persons and figure:
        line.append((persons, figure))
