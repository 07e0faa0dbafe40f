"""The highest memory of this process: as a whole, and of parts of its work; and how much there is to be had.

Linux keeps the highest resident size of a process (``VmHWM`` in ``/proc/self/status``) and sets it back to the present
size when 5 is written to ``/proc/self/clear_refs`` (proc(5)). Elsewhere there is only the highest size so far, which
never falls.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PartPeak", "available_memory", "part_peak", "peak_memory", "peak_since_reset", "reset_peak"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_MACHINE = Path("/proc/meminfo")

# Where a control group is named, where it lies by the controllers that stand there (none in version 2), and the files
# with its limit, what it holds, and the line that says how much of this are cached files, which give way.
_GROUP = Path("/proc/self/cgroup")
_GROUPS = {
    "": (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "file"),
    "memory": (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache"),
}


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


def available_memory() -> int | None:
    """Bytes that this process can still get without swapping, None where the platform does not tell.

    The least of what the machine has left, what control groups (of containers and batch systems) leave, and what a
    limit on the address space does.
    """
    found = [*_left_of_machine(), *_left_of_groups(), *_left_of_limit()]
    return max(min(found), 0) if found else None


def _figures(path: Path) -> dict[str, int]:
    """The lines ``name: number`` or ``name number`` of a file of the kernel's; nothing if it is not there."""
    try:
        lines = [line.replace(":", " ").split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {line[0]: int(line[1]) for line in lines if len(line) > 1 and line[1].isdigit()}


def _left_of_machine() -> Iterator[int]:
    available = _figures(_MACHINE).get("MemAvailable")
    if available is not None:
        yield available * 1024
    elif "SC_PHYS_PAGES" in os.sysconf_names:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # more than that there is not


def _left_of_groups() -> Iterator[int]:
    try:
        lines = [line.split(":", 2) for line in _GROUP.read_text().splitlines()]
    except OSError:
        return
    for _, controllers, name in (line for line in lines if len(line) == 3):
        kind = "memory" if "memory" in controllers.split(",") else controllers
        if kind not in _GROUPS:
            continue
        top, limit, usage, cached = _GROUPS[kind]
        own = top / name.lstrip("/")
        for folder in (own, *own.parents):
            if folder.is_relative_to(top):
                yield from _left_of_group(folder, limit, usage, cached)


def _left_of_group(folder: Path, limit: str, usage: str, cached: str) -> Iterator[int]:
    try:
        most, held = (folder / limit).read_text().strip(), (folder / usage).read_text().strip()
    except OSError:  # it is the root, or a container sees other names
        return
    if most.isdigit() and held.isdigit():  # and not "max"
        yield int(most) - int(held) + _figures(folder / "memory.stat").get(cached, 0)


def _left_of_limit() -> Iterator[int]:
    limit, size = resource.getrlimit(resource.RLIMIT_AS)[0], _figures(_STATUS).get("VmSize")
    if limit != resource.RLIM_INFINITY and size is not None:
        yield limit - size * 1024
