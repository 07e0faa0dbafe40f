"""The checkpoints of a run: what is stored, how often, and what fits.

A checkpoint may take a fixed share of the time that it saves. So runs of a few seconds store nothing, however large
their tables, and in long ones checkpoints cost what :data:`SHARE` says, at most, for each of the two levels: stages,
and batches within them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, StrictInt, TypeAdapter
from pydantic.dataclasses import dataclass

from gpunet.base.errors import in_words
from gpunet.base.private import make_folder
from gpunet.runs.checkpoint_file import Contents, read_contents, write_contents
from gpunet.runs.hidden_folder import is_kept_file
from gpunet.runs.read_back import Damaged, numbers, require, valid
from gpunet.runs.writing import store_whole
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import Chunk
from gpunet.tables.own_files import remove_own

__all__ = ["SECONDS_BETWEEN", "SHARE", "Checkpoints", "StoredSums"]

R = TypeVar("R")
T = TypeVar("T", bound=np.generic)

#: A checkpoint may take this share of the time that it saves.
SHARE = 1 / 80

#: Less work than this is not worth one.
SECONDS_BETWEEN = 10.0

# Sums of shares that are nothing can be below it by their rounding.
_NOTHING = 1e-3

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
        self._run = ""

    def bind(self, run: str) -> None:
        """Say of which run they are: from here on those of any other are damaged ones."""
        self._run = run

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
        make_folder(self._folder)
        path = self._path(name)
        store_whole(path, lambda partial: write_contents(partial, contents, self._label(name)))
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

        `read` raises Damaged for contents that cannot be of this run. Once it is stored, the sums on the way to it,
        under the label `sums` or else its name, are not needed any more.
        """
        stored = self.load(name, read)
        if stored is not None:
            return stored
        begin = self.clock()
        found = compute()
        seconds = self.clock() - begin
        if self.worth(seconds, 0):
            contents = write(found)
            if self.worth(seconds, contents.nbytes()):
                self.save(name, contents)
                StoredSums(self, sums or name).drop()
        return found

    def load(self, name: str, read: Callable[[Contents], R]) -> R | None:
        """What `read` makes of what was stored by that name; None if nothing was.

        One that is damaged, by its bytes or by what `read` says, is removed, with a notice.
        """
        path = self._path(name)
        try:
            return read(read_contents(path, self._label(name)))
        except FileNotFoundError:
            return None
        except (Damaged, OSError) as error:
            self.reject(path, str(error) if isinstance(error, Damaged) else in_words(error))
            return None

    def reject(self, path: Path, why: str) -> None:
        """Remove a damaged file of theirs, with a notice that names it."""
        with suppress(OSError):  # what is no file stays, and is not used
            path.unlink()
        if self._notice is not None:
            self._notice(f"{path} is damaged ({why}): it is not used, and its part is computed again")

    def drop(self, *names: str) -> None:
        """Remove these, as far as they are there."""
        for name in names:
            self._path(name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove everything."""
        remove_own(self._folder, lambda parts, is_folder: not is_folder and is_kept_file(parts[-1]))
        with suppress(OSError):
            self._folder.rmdir()

    def _label(self, name: str) -> str:
        return f"{self._run} {name}"

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"


@dataclass(config=ConfigDict(extra="forbid"))
class _Progress:
    """How far a sum is: of what, and the number of the next chunk."""

    of: str
    next: Annotated[StrictInt, Field(ge=0)]


_PROGRESS = TypeAdapter(_Progress)


class StoredSums:
    """:class:`gpunet.search.reduction.RunningSums` among a run's checkpoints, under ``<label>-<stage>``."""

    def __init__(self, checkpoints: Checkpoints, label: str) -> None:
        self._checkpoints, self._label = checkpoints, label
        self._last: dict[str, float] = {}
        self._of: dict[str, str] = {}

    def resume(self, stage: str, graph: SearchGraph, chunks: Sequence[Chunk], total: NDArray[T]) -> int:
        """Put what was kept into `total`; return the number of the next chunk."""
        self._last[stage] = self._checkpoints.clock()
        self._of[stage] = _identity(graph, chunks)

        def read(contents: Contents) -> tuple[NDArray[T], int]:
            found = valid(_PROGRESS, contents.values, "its values")
            require(found.of == self._of[stage], "it is of another network or other searches")
            require(found.next <= len(chunks), "its next part is none")
            kept = numbers(contents.arrays.get("total"), "total", total.dtype, total.shape, -_NOTHING, _most(graph))
            ahead = np.ones(total.shape[-2], np.bool_)
            for chunk in chunks[: found.next]:
                ahead[chunk.first : chunk.last] = False
            require(not kept[..., ahead, :].any(), "its sum has more than its parts")
            return kept, found.next

        found = self._checkpoints.load(self._name(stage), read)
        if found is None:
            return 0
        total[...] = found[0]
        return found[1]

    def keep(self, stage: str, total: NDArray[T], following: int) -> None:
        """Keep `total` if the work since the last time is worth it."""
        now = self._checkpoints.clock()
        if not self._checkpoints.worth(now - self._last[stage], total.nbytes):
            return
        values = {"of": self._of[stage], "next": following}
        self._checkpoints.save(self._name(stage), Contents(values, {"total": total}))
        self._last[stage] = self._checkpoints.clock()

    def drop(self) -> None:
        """Remove what was kept: the stage's result is there."""
        stages = ("betweenness", "closeness")
        self._checkpoints.drop(
            *(name for name in self._checkpoints.names() if name.startswith(tuple(map(self._name, stages))))
        )

    def _name(self, stage: str) -> str:
        return f"{self._label}-{stage}"


def _identity(graph: SearchGraph, chunks: Sequence[Chunk]) -> str:
    """A hash of the network that is searched, and of the parts into which its searches are divided."""
    digest = hashlib.sha256()
    for array in (graph.start, graph.indptr, graph.indices, graph.weight, graph.twins):
        digest.update(np.ascontiguousarray(array).data)
    digest.update(repr([(chunk.begin, chunk.end, chunk.first, chunk.last) for chunk in chunks]).encode())
    return digest.hexdigest()


def _most(graph: SearchGraph) -> float:
    """More than any sum of a position: every pair of members behind positions, each from both ends, at any distance."""
    members = float(graph.weight.sum(axis=0).max(initial=0))
    return 2.0 * members * max(members, float(len(graph.weight)))
