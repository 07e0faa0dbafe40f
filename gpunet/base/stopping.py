"""SIGINT and SIGTERM as a flag that is looked at between batches, so that a run leaves its folder in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stopped", "raise_if_stopped", "stoppable"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: What the first signal had to say; a list, for handlers and threads change and read it without a lock.
_received: list[str] = []


class Stopped(BaseException):
    """A signal asked for the end. Not an Exception, lest anybody take it for an error of the work."""


def raise_if_stopped() -> None:
    """Raise :class:`Stopped` if a signal has come inside :func:`stoppable`: to be called between pieces of long work.

    Any thread may call it; it raises again at each call, for whoever catches everything may have lost it.
    """
    if _received:
        raise Stopped(_received[0])


@contextmanager
def stoppable(message: str) -> Iterator[None]:
    """Inside, after SIGINT or SIGTERM, :func:`raise_if_stopped` raises ``stopped by <signal>: <message>``.

    The first signal counts; further ones do not disturb what it sets going. Nothing is raised where the signal comes,
    which may be in the midst of a library or its import. Any exception that ends the block after a signal comes out of
    it as Stopped; a block that comes to its end is not stopped any more. Outside the main thread, where Python knows no
    signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        _received.append(f"stopped by {signal.Signals(number).name}: {message}")

    before = [signal.signal(each, note) for each in _SIGNALS]
    try:
        yield
    except Exception:
        raise_if_stopped()
        raise
    finally:
        for each, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(each, handler)
        _received.clear()
