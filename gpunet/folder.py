"""The run folder: files appear in it whole or not at all, and an earlier run stays until the new one is complete."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from gpunet.errors import InputError
from gpunet.frames import write_parquet

__all__ = ["RunFolder", "sha256_of", "write_whole"]

_MANIFEST = "run.json"
_PARTIAL = ".partial"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file under a temporary name beside `path`, flush it to disk, then rename it to `path`."""
    partial = path.with_name(path.name + _PARTIAL)
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class RunFolder:
    """The folder of one run, as a context: entered it is checked, left without :meth:`finish` it is as it was.

    Files are written into a hidden folder ``.partial`` and moved to their places by :meth:`finish`, the manifest
    ``run.json`` last. So a folder with a ``run.json`` is complete, and an earlier run's files are there until then.

    Parameters
    ----------
    path
        A new or empty folder, or that of an earlier run, which is replaced.
    names
        The names that a run's files can have.

    Raises
    ------
    InputError
        If it cannot be used, or holds anything that is not a run's. Such files are left alone.
    """

    def __init__(self, path: str | Path, names: tuple[str, ...]) -> None:
        self.path = Path(path)
        self._names = names
        self._staged = self.path / _PARTIAL
        self._written: list[str] = []

    def __enter__(self) -> RunFolder:
        try:
            self._check()
            shutil.rmtree(self._staged, ignore_errors=True)  # what a killed run left
            self._staged.mkdir(parents=True)
        except OSError as error:
            raise InputError(f"cannot use {self.path} as the run folder: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        shutil.rmtree(self._staged, ignore_errors=True)

    def _check(self) -> None:
        if not self.path.exists():
            return
        present = sorted(self.path.iterdir())
        known = {*self._names, _MANIFEST}
        foreign = [p.name for p in present if p.name != _PARTIAL and (p.name not in known or not p.is_file())]
        if foreign:
            raise InputError(
                f"{self.path} holds what is not of a run ({', '.join(foreign[:3])}): give a new or empty folder"
            )
        if present and not {_MANIFEST, _PARTIAL} & {p.name for p in present}:
            raise InputError(f"{self.path} holds {present[0].name} but no {_MANIFEST}: give a new or empty folder")

    def refuse_inputs(self, files: list[str]) -> None:
        """Refuse to go on if one of the input `files` lies in this folder, where it would be replaced."""
        for name in files:
            if Path(name).resolve().parent == self.path.resolve():
                raise InputError(f"the input {name} lies in the run folder {self.path}: give another folder")

    def write_table(
        self, name: str, frame: Any, metadata: Mapping[str, Any] | None = None, *, dates: Collection[str] = ()
    ) -> None:
        """Write a frame of any kind as Parquet; the columns named in `dates` as dates."""
        self.write_file(name, lambda path: write_parquet(path, frame, metadata, dates=dates))

    def write_json(self, name: str, value: Any) -> None:
        """Write `value` as indented JSON; infinities and NaN are refused."""
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        self.write_file(name, lambda path: path.write_text(text, encoding="utf-8"))

    def write_file(self, name: str, write: Callable[[Path], object]) -> None:
        """Let `write` make the file `name`."""
        if name not in self._names:
            raise ValueError(f"{name} is not among this folder's files")
        write_whole(self._staged / name, write)
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
        text = json.dumps(complete, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (self.path / _MANIFEST).unlink(missing_ok=True)
        for name in self._names:
            (self.path / name).unlink(missing_ok=True)
        for name in written:
            (self._staged / name).replace(self.path / name)
        write_whole(self._staged / _MANIFEST, lambda path: path.write_text(text, encoding="utf-8"))
        (self._staged / _MANIFEST).replace(self.path / _MANIFEST)
        return complete
