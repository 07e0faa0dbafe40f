"""The highest memory of this process: as a whole, and of parts of its work.

Linux keeps the highest resident size of a process (``VmHWM`` in ``/proc/self/status``) and sets it back to the present
size when 5 is written to ``/proc/self/clear_refs`` (proc(5)). Elsewhere there is only the highest size so far, which
never falls.
"""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PartPeak", "part_peak", "peak_memory", "peak_since_reset", "reset_peak"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(eq=False)
class PartPeak:
    """The highest resident size of the process during a part of its work.

    Attributes
    ----------
    size
        Bytes; complete when the part has ended.
    of_part
        Whether the size is that of the part alone; if not, it is the highest so far.
    """

    size: int = 0
    of_part: bool = False


class _Mark:
    """The kernel's one mark of the highest size, shared by all parts that are open, in whichever thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open: list[PartPeak] = []
        self.highest = 0

    def note(self) -> None:
        """Let every open part know of the highest size since the mark was last set back."""
        size = peak_since_reset()
        self.highest = max(self.highest, size)
        for part in self.open:
            part.size = max(part.size, size)


_MARK = _Mark()


def peak_since_reset() -> int:
    """Highest resident size of this process in bytes, since its start or the last :func:`reset_peak`.

    Linux's own record comes first: getrusage also counts what the parent held before this program was loaded.
    """
    try:
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_memory() -> int:
    """Highest resident size of this process in bytes since its start, whatever was set back in between."""
    with _MARK.lock:
        _MARK.note()
        return _MARK.highest


def reset_peak() -> bool:
    """Let the highest size begin anew at the present one; False where the platform cannot. Open parts lose nothing."""
    with _MARK.lock:
        return _reset()


def _reset() -> bool:
    _MARK.note()
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


@contextmanager
def part_peak() -> Iterator[PartPeak]:
    """Measure the highest resident size of the process while what is inside runs.

    Parts may lie within one another, or overlap in several threads: each has the highest size between its own
    begin and end. It counts everything that the process holds then, by whichever thread, and whenever it was allocated.
    """
    part = PartPeak()
    with _MARK.lock:
        part.of_part = _reset()
        _MARK.open.append(part)
    try:
        yield part
    finally:
        with _MARK.lock:
            _MARK.note()
            _MARK.open.remove(part)
