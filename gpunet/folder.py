"""The run folder: files appear in it whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
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


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
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
    """A folder for the files of one run.

    Its own earlier files are replaced. A folder that holds anything else is refused, so that nobody's files are mixed
    with a run's; what an earlier run left half-written is removed. While a run goes on there is no ``run.json``: a
    folder with one is complete.
    """

    def __init__(self, path: str | Path, names: tuple[str, ...]) -> None:
        self.path = Path(path)
        self._names = (*names, _MANIFEST)
        self._written: list[str] = []
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            present = sorted(p.name for p in self.path.iterdir())
        except OSError as error:
            raise InputError(f"cannot use {self.path} as the run folder: {error}") from error
        ours = {*self._names, *(name + _PARTIAL for name in self._names)}
        foreign = [name for name in present if name not in ours]
        if foreign:
            raise InputError(
                f"{self.path} holds files that are not of a run ({', '.join(foreign[:3])}): give a new or empty folder"
            )
        for name in present:
            (self.path / name).unlink()

    def write_table(self, name: str, frame: Any, metadata: Mapping[str, Any] | None = None) -> None:
        """Write a frame of any kind as Parquet."""
        self.write_file(name, lambda path: write_parquet(path, frame, metadata))

    def write_json(self, name: str, value: Any) -> None:
        """Write `value` as indented JSON; infinities and NaN are refused."""
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        self.write_file(name, lambda path: path.write_text(text, encoding="utf-8"))

    def write_file(self, name: str, write: Callable[[Path], object]) -> None:
        """Let `write` make the file `name`."""
        if name not in self._names:
            raise ValueError(f"{name} is not among this folder's files")
        write_whole(self.path / name, lambda path: (write(path), None)[1])
        self._written.append(name)

    def finish(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Write ``run.json`` last, with size and SHA-256 of every other file added under ``outputs``; return it."""
        outputs = {
            name: {"bytes": (self.path / name).stat().st_size, "sha256": sha256_of(self.path / name)}
            for name in sorted(set(self._written))
        }
        complete = {**manifest, "outputs": outputs}
        self.write_json(_MANIFEST, complete)
        return complete
