"""Progress of long work, as whoever asked for the work is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["ProgressCallback", "begun", "labelled", "part_of"]

#: Called with (what is being done, how much is done, how much there is); the last call of a stage has done == total.
#: The name of a part of a stage is that of the stage, ": " or ", ", and its own.
ProgressCallback: TypeAlias = Callable[[str, float, float], None]


def begun(progress: ProgressCallback | None, stage: str) -> None:
    """Tell that a stage is at work, of which nothing is done yet; what there is to do may be told later."""
    if progress is not None:
        progress(stage, 0.0, 1.0)


def labelled(progress: ProgressCallback | None, label: str) -> ProgressCallback | None:
    """`progress` with `label` behind the name of every stage; `progress` itself, None included, if the label is ""."""
    if progress is None or not label:
        return progress
    return lambda stage, done, total: progress(f"{stage} {label}", done, total)


def part_of(progress: ProgressCallback | None, whole: str) -> ProgressCallback | None:
    """`progress` in which every stage is a part of the stage `whole`; `progress` itself if that is ""."""
    if progress is None or not whole:
        return progress
    return lambda stage, done, total: progress(f"{whole}: {stage}", done, total)
