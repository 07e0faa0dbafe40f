"""The checkpoints of a run: what is stored, how often, and what fits.

A checkpoint may take a fixed share of the time that it saves. So runs of a few seconds store nothing, however large
their tables, and in long ones checkpoints cost what :data:`SHARE` says, at most, for each of the two levels: stages,
and batches within them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gpunet.runs.checkpoint_file import Contents, Damaged, read_contents, write_contents
from gpunet.runs.folder import is_kept_file, store_whole
from gpunet.tables.own_files import remove_own

__all__ = ["SECONDS_BETWEEN", "SHARE", "Checkpoints", "StoredSums"]

R = TypeVar("R")
T = TypeVar("T", bound=np.generic)

#: A checkpoint may take this share of the time that it saves.
SHARE = 1 / 80

#: Less work than this is not worth one.
SECONDS_BETWEEN = 10.0

_BYTES_A_SECOND = 200e6  # hashed and written, until it has been measured
_SUFFIX = ".checkpoint"


class Checkpoints:
    """Checkpoints in a folder, by name.

    Parameters
    ----------
    folder
        Where they lie; made with the first one.
    seconds
        The least time that one must save; 0 stores everything, whatever it costs.
    notice
        Gets a sentence about each checkpoint that was thrown away.
    clock
        Tells the time in seconds.
    """

    def __init__(
        self,
        folder: Path,
        seconds: float = SECONDS_BETWEEN,
        notice: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._folder, self._seconds, self._notice, self.clock = folder, seconds, notice, clock
        self._rate = _BYTES_A_SECOND

    def names(self) -> list[str]:
        """What is there, in order."""
        return sorted(path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))

    def worth(self, seconds: float, nbytes: int) -> bool:
        """Whether to store so many bytes that took so many seconds to compute."""
        return self._seconds <= 0 or seconds >= max(self._seconds, nbytes / self._rate / SHARE)

    def save(self, name: str, contents: Contents) -> None:
        """Store a checkpoint whole, in place of an earlier one of that name.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        begin = self.clock()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(name)
        store_whole(path, lambda partial: write_contents(partial, contents))
        size, seconds = path.stat().st_size, self.clock() - begin
        if size > 1 << 20 and seconds > 0:  # small ones measure how the disk waits, not how it writes
            self._rate = size / seconds

    def kept(
        self,
        name: str,
        compute: Callable[[], R],
        write: Callable[[R], Contents],
        read: Callable[[Contents], R],
        sums: str | None = None,
    ) -> R:
        """What `compute` gives, or gave in an earlier run; stored, as `write` and `read` have it, if that is worth it.

        Once it is, the sums on the way to it, under the label `sums` or else its name, are not needed any more.
        """
        stored = self.load(name)
        if stored is not None:
            return read(stored)
        begin = self.clock()
        found = compute()
        seconds = self.clock() - begin
        if self.worth(seconds, 0):
            contents = write(found)
            if self.worth(seconds, contents.nbytes()):
                self.save(name, contents)
                StoredSums(self, sums or name).drop()
        return found

    def load(self, name: str) -> Contents | None:
        """What was stored by that name; None if nothing was. A damaged one is removed, with a notice."""
        path = self._path(name)
        try:
            return read_contents(path)
        except FileNotFoundError:
            return None
        except (Damaged, OSError) as error:
            self.drop(name)
            if self._notice is not None:
                self._notice(f"a checkpoint was damaged and is thrown away, its part is computed again: {error}")
            return None

    def drop(self, *names: str) -> None:
        """Remove these, as far as they are there."""
        for name in names:
            self._path(name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove everything."""
        remove_own(self._folder, lambda parts, is_folder: not is_folder and is_kept_file(parts[-1]))
        with suppress(OSError):
            self._folder.rmdir()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"


class StoredSums:
    """:class:`gpunet.search.reduction.RunningSums` among a run's checkpoints, under ``<label>-<stage>``."""

    def __init__(self, checkpoints: Checkpoints, label: str) -> None:
        self._checkpoints, self._label = checkpoints, label
        self._last: dict[str, float] = {}

    def resume(self, stage: str, total: NDArray[T], batches: int) -> int:
        """Put what was kept into `total`; return the number of the next batch."""
        self._last[stage] = self._checkpoints.clock()
        found = self._checkpoints.load(self._name(stage))
        if found is None:
            return 0
        kept, shape = found.arrays["total"], (total.shape, total.dtype)
        if found.values["batches"] != batches or (kept.shape, kept.dtype) != shape:
            return 0
        total[...] = kept
        return int(found.values["next"])

    def keep(self, stage: str, total: NDArray[T], batches: int, following: int) -> None:
        """Keep `total` if the work since the last time is worth it."""
        now = self._checkpoints.clock()
        if not self._checkpoints.worth(now - self._last[stage], total.nbytes):
            return
        self._checkpoints.save(self._name(stage), Contents({"batches": batches, "next": following}, {"total": total}))
        self._last[stage] = self._checkpoints.clock()

    def drop(self) -> None:
        """Remove what was kept: the stage's result is there."""
        self._checkpoints.drop(*(self._name(stage) for stage in ("betweenness", "closeness")))

    def _name(self, stage: str) -> str:
        return f"{self._label}-{stage}"
