"""SIGINT and SIGTERM as an exception, so that a run leaves its folder in order."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["Stopped", "stoppable"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


#: Packages in the midst of which nothing may be raised.
_BRITTLE = {"numba", "llvmlite", "importlib", "_frozen_importlib", "_frozen_importlib_external"}


class Stopped(BaseException):
    """A signal asked for the end. Not an Exception, lest anybody take it for an error of the work."""


@contextmanager
def stoppable(message: str) -> Iterator[Callable[[], None]]:
    """Inside, SIGINT and SIGTERM raise :class:`Stopped` with ``stopped by <signal>: <message>``.

    The first one does; further ones do not disturb what it sets going. Outside the main thread, where Python knows no
    signals, nothing changes.

    A signal may come while Numba loads a kernel, or makes Python objects of its result, or while a library is imported.
    Native code is at work there that does not expect what is raised, and memory may be in disorder after it. So Stopped
    is raised in the line after that. It may still be lost, or taken for an error of another kind, by whoever catches
    everything. So whatever exception ends the block after a signal, Stopped comes out of it; and the function that the
    block gets raises Stopped when it is called after a signal: call it now and then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    received: list[str] = []
    around = sys._getframe(2)  # the one that has the block

    def stop(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        received.append(f"stopped by {signal.Signals(number).name}: {message}")
        brittle = [each for each in _frames(frame, around) if _package(each) in _BRITTLE]
        if brittle:
            _call_after(brittle[-1], check)
        else:
            check()

    def check() -> None:
        if received:
            raise Stopped(received[0])

    before = [signal.signal(each, stop) for each in _SIGNALS]
    try:
        yield check
    except Exception:
        check()
        raise
    finally:
        if received:
            sys.settrace(None)  # nothing is raised outside the block
        for each, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(each, handler)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _frames(frame: FrameType | None, end: FrameType | None = None) -> Iterator[FrameType]:
    """A frame and those that called it, one after the other, as far as `end`."""
    while frame is not None and frame is not end:
        yield frame
        frame = frame.f_back


def _call_after(frame: FrameType, check: Callable[[], None]) -> None:
    """Call `check`, which raises, where the frames that called this one go on."""

    def trace(frame: FrameType, event: str, argument: Any) -> None:
        sys.settrace(None)
        check()

    for each in _frames(frame.f_back):
        each.f_trace = trace
    sys.settrace(lambda frame, event, argument: None)
