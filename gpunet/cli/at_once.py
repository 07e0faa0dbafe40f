"""What jobs that write a folder at once, and keep nothing to go on from, have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gpunet.base.progress import begun, ended
from gpunet.runs.manifest import StageClock
from gpunet.runs.run_options import RunOptions

__all__ = ["no_new_folder", "timed_stage"]


@contextmanager
def no_new_folder(place: Path) -> Iterator[None]:
    """Leave no empty folder where there was none, if the work does not come to its end."""
    was_there = place.exists()
    try:
        yield
    except BaseException:
        if not was_there:
            with suppress(OSError):
                place.rmdir()
        raise


@contextmanager
def timed_stage(clock: StageClock, options: RunOptions, name: str) -> Iterator[None]:
    """A stage, of which the progress and the manifest tell."""
    begun(options.progress, name)
    with clock.stage(name):
        yield
    ended(options.progress, name)
