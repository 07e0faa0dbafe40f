"""Progress in words, for a line of so many columns on a terminal and for the lines of a log file."""

from __future__ import annotations

import math

from gpunet.base.printable import printable
from gpunet.cli.stages_at_work import AtWork, Finished

__all__ = ["done_line", "live_line", "log_line", "shortened_to", "silence_line"]

_LEAST_BAR, _MOST_BAR, _LEAST_NAME = 8, 30, 8


def live_line(work: AtWork, width: int) -> str:
    """What is at work, in `width` columns: with less where there is less room, and never more."""
    step = f"{work.step}/{work.steps} " if work.step else ""
    stage = _name(work)
    here = f"{work.share:.0%}" if work.share > 0.0 else _seconds(work.seconds)
    of_all = [f"all ~{work.of_all:.0%}"] if work.of_all is not None and work.steps > 1 else []
    left = [f"~{_about(work.left)} left"] if work.left is not None else []
    part = stage.rpartition(": ")[2]
    for name, rest in ((stage, [*of_all, *left]), (part, [*of_all, *left]), (part, left)):
        end = ", ".join([here, *rest])
        room = width - len(step) - len(name) - len(end) - 1
        if room >= _LEAST_BAR + 1 and work.share > 0.0:
            return f"{step}{name} {_bar(work.share, min(room - 1, _MOST_BAR))} {end}"
        if room >= 0:
            return f"{step}{name} {end}"
    for rest in (left, []):
        end = ", ".join([here, *rest])
        room = width - len(step) - len(end) - 1
        if room >= min(len(part), _LEAST_NAME):
            return f"{step}{shortened_to(part, room)} {end}"
    return shortened_to(f"{part} {here}", width)


def done_line(done: Finished, width: int | None = None) -> str:
    """That a stage is done, and how long it took: in `width` columns, of which the time gets its part first."""
    stage, seconds = _printed(done.stage), _seconds(done.seconds, 1)
    whole = f"{stage}: done, {seconds}"
    if width is None or len(whole) <= width:
        return whole
    return shortened_to(f"{shortened_to(stage, max(3, width - len(seconds) - 2))}: {seconds}", width)


def log_line(work: AtWork) -> str:
    """How far a stage is."""
    return f"{_printed(work.stage)}: {work.share:.0%}{_of_all(work)}"


def silence_line(work: AtWork) -> str:
    """That something is still at work, though it has not said how far it is."""
    share = f" at {work.share:.0%}" if work.share > 0.0 else ""
    return f"{_name(work)}: still at work{share}, for {_seconds(work.seconds)}{_of_all(work)}"


def shortened_to(text: str, width: int) -> str:
    """The text, or as much of it as `width` columns hold, with points at the end."""
    return text if len(text) <= width else text[: max(0, width - 3)] + "..."[: max(0, width)]


def _of_all(work: AtWork) -> str:
    step = [f"step {work.step} of {work.steps}"] if work.step else []
    of_all = [f"about {work.of_all:.0%} of all"] if work.of_all is not None else []
    left = [f"about {_about(work.left)} left"] if work.left is not None else []
    return f" ({', '.join([*step, *of_all, *left])})" if step or of_all or left else ""


def _name(work: AtWork) -> str:
    if work.stage:
        return _printed(work.stage)
    return f"after {_printed(work.after)}" if work.after else "beginning"


def _printed(stage: str) -> str:
    return printable(stage, line_breaks=False)


def _bar(share: float, width: int) -> str:
    full = int(share * (width - 2))
    return f"[{'=' * full}{' ' * (width - 2 - full)}]"


def _seconds(seconds: float, digits: int = 0) -> str:
    """``5 s``, ``2 min 05 s``, ``1 h 02 min``; `digits` of seconds below a hundred."""
    if seconds < 99.5:
        return f"{seconds:.{digits}f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _about(seconds: float) -> str:
    """As much of a time as an estimate is worth."""
    if seconds < 60:
        return f"{math.ceil(seconds)} s" if seconds < 10 else f"{math.ceil(seconds / 5) * 5} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
