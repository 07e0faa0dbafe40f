"""SIGINT and SIGTERM as an exception, so that a run leaves its folder in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stopped", "stoppable"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """A signal asked for the end. Not an Exception, lest anybody take it for an error of the work."""


@contextmanager
def stoppable(message: str) -> Iterator[Callable[[], None]]:
    """Inside, SIGINT and SIGTERM raise :class:`Stopped` with ``stopped by <signal>: <message>``.

    The first one does; further ones do not disturb what it sets going. Outside the main thread, where Python knows no
    signals, nothing changes.

    A signal may come while a library is imported, and some libraries take what is raised then for an ImportError of
    their own. So whatever exception ends the block after a signal, Stopped comes out of it. And if one was lost, the
    function that the block gets raises Stopped when it is called; call it now and then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    told: list[str] = []

    def stop(number: int, frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        told.append(f"stopped by {signal.Signals(number).name}: {message}")
        check()

    def check() -> None:
        if told:
            raise Stopped(told[0])

    before = [signal.signal(each, stop) for each in _SIGNALS]
    try:
        yield check
    except Exception:
        check()
        raise
    finally:
        for each, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(each, handler)
