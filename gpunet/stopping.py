"""SIGINT and SIGTERM as an exception, so that a run leaves its folder in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stopped", "stoppable"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """A signal asked for the end. Not an Exception, lest anybody take it for an error of the work."""


@contextmanager
def stoppable(message: str) -> Iterator[None]:
    """Inside, SIGINT and SIGTERM raise :class:`Stopped` with ``stopped by <signal>: <message>``.

    The first one does; further ones do not disturb what it sets going. Outside the main thread, where Python knows no
    signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(f"stopped by {signal.Signals(number).name}: {message}")

    before = [signal.signal(each, stop) for each in _SIGNALS]
    try:
        yield
    finally:
        for each, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(each, handler)
