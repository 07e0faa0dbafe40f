"""The run folder: files appear in it whole or not at all, and an earlier run stays until the new one is complete.

One process at a time works in it, and what a run has finished outlives a run that does not come to its end.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from gpunet.base.errors import InputError, StorageError, cannot_write, in_words
from gpunet.runs.lock import LOCK_NAMES, FolderLock
from gpunet.tables.files import sha256_of, write_whole
from gpunet.tables.parquet import write_parquet_parts

__all__ = ["MANIFEST", "RunFolder", "checkpoints_of", "store_whole"]

MANIFEST = "run.json"
_PARTIAL = ".partial"
_CHECKPOINTS = "checkpoints"


def checkpoints_of(folder: Path) -> Path:
    """Where the checkpoints of a run folder lie."""
    return folder / _PARTIAL / _CHECKPOINTS


def store_whole(path: Path, write: Callable[[Path], object]) -> None:
    """:func:`write_whole` for a file of a run.

    Raises
    ------
    StorageError
        If it cannot be written, because the disk is full or for any other reason of the operating system's.
    """
    try:
        write_whole(path, write)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> StorageError:
    folder = path.parent.parent if path.parent.name == _CHECKPOINTS else path.parent
    folder = folder.parent if folder.name == _PARTIAL else folder
    return StorageError(
        f"cannot write {path.name} into {folder}: {in_words(error)}. Nothing that was finished is lost: "
        "make room and give the same command again, and the run goes on"
    )


def _json(value: Any) -> Callable[[Path], object]:
    """What writes `value` as indented JSON; ValueError for infinities and NaN."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return lambda path: path.write_text(text, encoding="utf-8")


class RunFolder:
    """The folder of one run, as a context: checked and locked when entered, left as it was but for :meth:`finish`.

    Files are written into a hidden folder ``.partial`` and moved to their places by :meth:`finish`, the manifest
    ``run.json`` last. So a folder with a ``run.json`` is complete, and an earlier run's files are there until then.

    ``.partial`` also holds the lock and the checkpoints. These stay if the run does not come to its end, unless it is
    the user's error that ends it before there is any.

    Parameters
    ----------
    path
        A new or empty folder, or that of an earlier run, which is replaced.
    names
        The names that a run's files can have.

    Raises
    ------
    InputError
        If it cannot be used, or holds anything that is not a run's (such files are left alone), or another run is at
        work in it.
    """

    def __init__(self, path: str | Path, names: Iterable[str]) -> None:
        self.path = Path(path)
        self._names = tuple(names)
        self._staged = self.path / _PARTIAL
        self._lock = FolderLock(self._staged)
        self._written: list[str] = []
        self._complete = False

    def __enter__(self) -> RunFolder:
        try:
            self._check()
            if not self._lock.take():
                holder = self._lock.holder()
                raise InputError(
                    f"another run{f' ({holder})' if holder else ''} is at work in {self.path}: wait for it to end, "
                    "or give another folder"
                )
            try:
                self._check()  # what it holds cannot change any more
                self._clear(keep_checkpoints=True)  # what a killed run left
            except BaseException:
                self._leave(keep_checkpoints=True)
                raise
        except OSError as error:
            raise cannot_write(f"cannot use {self.path} as the run folder", error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        of_user = isinstance(error, Exception) and not isinstance(error, StorageError | OSError)
        anything = any(checkpoints_of(self.path).glob("*.checkpoint"))
        self._leave(keep_checkpoints=not self._complete and (anything or not of_user))

    def _leave(self, keep_checkpoints: bool) -> None:
        self._clear(keep_checkpoints)
        self._lock.give_back()
        with suppress(OSError):  # it holds checkpoints, or the lock of the next run
            self._staged.rmdir()

    def _clear(self, keep_checkpoints: bool) -> None:
        """Empty the hidden folder, but for the lock."""
        kept = {*LOCK_NAMES, _CHECKPOINTS} if keep_checkpoints else set(LOCK_NAMES)
        for path in self._staged.iterdir():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def _check(self) -> None:
        if not self.path.exists():
            return
        present = sorted(self.path.iterdir())
        known = {*self._names, MANIFEST}
        foreign = [p.name for p in present if p.name != _PARTIAL and (p.name not in known or not p.is_file())]
        if foreign:
            raise InputError(
                f"{self.path} holds what is not of a run ({', '.join(foreign[:3])}): give a new or empty folder"
            )
        if present and not {MANIFEST, _PARTIAL} & {p.name for p in present}:
            raise InputError(f"{self.path} holds {present[0].name} but no {MANIFEST}: give a new or empty folder")

    def refuse_inputs(self, files: list[str]) -> None:
        """Refuse to go on if one of the input `files` lies in this folder, where it would be replaced."""
        for name in files:
            if Path(name).resolve().parent == self.path.resolve():
                raise InputError(f"the input {name} lies in the run folder {self.path}: give another folder")

    def write_table(
        self,
        name: str,
        frames: Iterable[Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        dates: Collection[str] = (),
    ) -> None:
        """Write a table that comes in parts, frames of any kind, as Parquet: the same bytes however it is cut.

        The columns named in `dates` are written as dates.
        """
        self.write_file(name, lambda path: write_parquet_parts(path, frames, metadata, dates=dates))

    def write_json(self, name: str, value: Any) -> None:
        """Write `value` as indented JSON; infinities and NaN are refused."""
        self.write_file(name, _json(value))

    def write_file(self, name: str, write: Callable[[Path], object]) -> None:
        """Let `write` make the file `name`."""
        if name not in self._names:
            raise ValueError(f"{name} is not among this folder's files")
        store_whole(self._staged / name, write)
        self._written.append(name)

    def finish(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Put everything in its place, ``run.json`` last, with size and SHA-256 of every other file under ``outputs``.

        Returns the manifest as it was written.
        """
        written = sorted(set(self._written))
        outputs = {
            name: {"bytes": (self._staged / name).stat().st_size, "sha256": sha256_of(self._staged / name)}
            for name in written
        }
        complete = {**manifest, "outputs": outputs}
        store_whole(self._staged / MANIFEST, _json(complete))
        try:
            (self.path / MANIFEST).unlink(missing_ok=True)
            for name in self._names:
                (self.path / name).unlink(missing_ok=True)
            for name in (*written, MANIFEST):
                (self._staged / name).replace(self.path / name)
        except OSError as error:
            raise _cannot_write(self.path / MANIFEST, error) from error
        self._complete = True
        return complete
