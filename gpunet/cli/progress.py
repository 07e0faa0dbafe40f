"""Progress on the console: one live line on a terminal, a line now and then in a log file, never long silence."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, TextIO

from gpunet.base.progress import ProgressCallback
from gpunet.cli.progress_text import done_line, live_line, log_line, silence_line
from gpunet.cli.stages_at_work import Finished, StagesAtWork

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["ProgressLog", "console_progress"]

# A stage that says how far it is gets a line so often in its first minute, and after that.
_SECONDS_AT_FIRST, _SECONDS_LATER, _FIRST = 10.0, 20.0, 60.0

#: After so long a silence a log file gets a line.
_SECONDS_OF_SILENCE = 30.0


@contextmanager
def console_progress(
    stream: TextIO | None = None,
    *,
    plan: Mapping[str, float] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[ProgressCallback]:
    """Show progress on `stream`, standard error by default, and each stage when it is done.

    A terminal that can move its cursor has the stage at work on its last line, whatever is printed meanwhile; all other
    streams get whole lines. `plan` is that of :class:`gpunet.cli.stages_at_work.StagesAtWork`.
    """
    from rich.console import Console

    stream = stream or sys.stderr
    work = StagesAtWork(plan, clock=clock)
    # FORCE_COLOR and its like speak of colours: a file is none the more a terminal for them.
    console = Console(file=stream, force_terminal=stream.isatty())
    if console.is_interactive:
        with _live(console, work) as callback:
            yield callback
    else:
        log = ProgressLog(stream, work, clock)
        with _ticking(log.tick):
            yield log.report
        log.finish()


@contextmanager
def _live(console: Console, work: StagesAtWork) -> Iterator[ProgressCallback]:
    from rich.live import Live
    from rich.text import Text

    def line(text: str) -> Text:
        return Text(text, no_wrap=True, overflow="crop")

    def tell(finished: list[Finished]) -> None:
        for each in finished:
            console.print(line(done_line(each, _columns(console))))

    def callback(stage: str, done: float, total: float) -> None:
        tell(work.report(stage, done, total))

    with Live(console=console, transient=True, get_renderable=lambda: line(live_line(work.now(), _columns(console)))):
        yield callback
        tell(work.finish())


def _columns(console: Console) -> int:
    """How wide the terminal is now: rich holds to COLUMNS, which does not change with the window."""
    try:
        return min(os.get_terminal_size(console.file.fileno()).columns or console.width, console.width)
    except (OSError, ValueError):
        return console.width


class ProgressLog:
    """Writes a line on `stream` when a stage is done, now and then before, and when there was none for long."""

    def __init__(self, stream: TextIO, work: StagesAtWork, clock: Callable[[], float]) -> None:
        self._stream, self._work, self._clock = stream, work, clock
        self._lock, self._last = Lock(), clock()

    def report(self, stage: str, done: float, total: float) -> None:
        """Take a call of the callback."""
        with self._lock:
            self._tell(self._work.report(stage, done, total))
            now = self._work.now()
            wait = _SECONDS_AT_FIRST if now.seconds < _FIRST else _SECONDS_LATER
            if now.stage and now.share > 0.0 and self._clock() - self._last >= wait:
                self._write(log_line(now))

    def tick(self) -> None:
        """Say that there is still something at work, if nothing has been said for long."""
        with self._lock:
            if self._clock() - self._last >= _SECONDS_OF_SILENCE:
                self._write(silence_line(self._work.now()))

    def finish(self) -> None:
        """Everything came to its end."""
        with self._lock:
            self._tell(self._work.finish())

    def _tell(self, finished: list[Finished]) -> None:
        for each in finished:
            step = f" (step {each.step} of {each.steps})" if each.step else ""
            self._write(done_line(each) + step)

    def _write(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
        self._last = self._clock()


@contextmanager
def _ticking(tick: Callable[[], None]) -> Iterator[None]:
    """Inside, `tick` is called every second, by a thread."""
    ended = Event()

    def run() -> None:
        with suppress(OSError, ValueError):  # nobody reads the stream any more, or it is closed
            while not ended.wait(1.0):
                tick()

    thread = Thread(target=run, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
