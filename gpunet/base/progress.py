"""Progress of long work: a bar on a terminal, plain lines in a log file, nothing from Python unless asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeAlias

from gpunet.base.printable import printable

__all__ = ["ProgressCallback", "console_progress", "labelled"]

#: Called with (what is being done, how much is done, how much there is); the last call of a stage has done == total.
ProgressCallback: TypeAlias = Callable[[str, float, float], None]

_SECONDS_BETWEEN_LINES = 10.0


def labelled(progress: ProgressCallback | None, label: str) -> ProgressCallback | None:
    """`progress` with `label` behind the name of every stage; `progress` itself, None included, if the label is ""."""
    if progress is None or not label:
        return progress
    return lambda stage, done, total: progress(f"{stage} {label}", done, total)


@contextmanager
def console_progress(stream: TextIO | None = None) -> Iterator[ProgressCallback]:
    """Show progress on `stream` (standard error by default): bars if it is a terminal, a line now and then if not."""
    stream = stream or sys.stderr
    if stream.isatty():
        with _bars(stream) as callback:
            yield callback
    else:
        yield _lines(stream)


@contextmanager
def _bars(stream: TextIO) -> Iterator[ProgressCallback]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    layout = (
        TextColumn("{task.description:28}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*layout, console=Console(file=stream)) as bars:

        def callback(stage: str, done: float, total: float) -> None:
            if stage not in tasks or (done == 0 and bars.tasks[tasks[stage]].finished):
                tasks[stage] = bars.add_task(printable(stage, line_breaks=False), total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield callback


def _lines(stream: TextIO) -> ProgressCallback:
    last: dict[str, float] = {}

    def callback(stage: str, done: float, total: float) -> None:
        now = time.monotonic()
        if done < total and now - last.setdefault(stage, now) < _SECONDS_BETWEEN_LINES:
            return
        last[stage] = now
        share = "done" if done >= total else f"{done / total:.0%}"
        print(f"{printable(stage, line_breaks=False)}: {share}", file=stream, flush=True)

    return callback
