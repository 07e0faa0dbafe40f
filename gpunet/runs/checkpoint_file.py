"""One checkpoint as one file: arrays, frames and plain values behind a SHA-256 of all of them. Nothing is pickled.

A line with the hash of everything behind it; then the parts, one after another, arrays as ``.npy`` and frames as Arrow
streams; then an index in JSON, and in the last 20 bytes where the index begins.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gpunet.base.paths import open_regular
from gpunet.tables.frames import to_arrow

__all__ = ["Contents", "Damaged", "read_contents", "write_contents"]

_MAGIC = b"gpunet checkpoint 1 "
_HEADER = len(_MAGIC) + 64 + 1
_TAIL = 20


class Damaged(Exception):  # noqa: N818 - it says what the file is
    """A file is not what was written: cut short, changed, or no checkpoint at all."""


@dataclass(frozen=True)
class Contents:
    """What a checkpoint holds: arrays of NumPy, frames (any kind to write, PyArrow tables when read), JSON values."""

    values: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    frames: Mapping[str, Any] = field(default_factory=dict)

    def nbytes(self) -> int:
        """About how many bytes it will take."""
        return sum(array.nbytes for array in self.arrays.values()) + sum(map(_size, self.frames.values()))


def _size(frame: Any) -> int:
    estimate = getattr(frame, "estimated_size", None)  # Polars'
    return int(estimate()) if callable(estimate) else int(to_arrow(frame).nbytes)


class _Hashing:
    """Just enough of a file for NumPy and PyArrow to write to; hashes what goes through."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.closed = False

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        """Nothing: PyArrow closes what it has written to."""


def write_contents(path: Path, contents: Contents) -> None:
    """Write a checkpoint; the caller decides on temporary names."""
    with path.open("wb") as file:
        file.write(_MAGIC + b"0" * 64 + b"\n")
        out: Any = _Hashing(file)
        index: dict[str, Any] = {"values": contents.values, "arrays": {}, "frames": {}}
        for name, array in contents.arrays.items():
            index["arrays"][name] = out.tell()
            np.lib.format.write_array(out, np.ascontiguousarray(array), allow_pickle=False)
        for name, frame in contents.frames.items():
            table = to_arrow(frame)
            index["frames"][name] = out.tell()
            with pa.ipc.new_stream(pa.PythonFile(out, "w"), table.schema) as stream:
                stream.write_table(table)
        begin = out.tell()
        out.write(json.dumps(index, allow_nan=False).encode())
        out.write(b"%020d" % begin)
        file.seek(len(_MAGIC))
        file.write(out.digest.hexdigest().encode())


def read_contents(path: Path) -> Contents:
    """Read a checkpoint after comparing its hash.

    Raises
    ------
    Damaged
        If the hash does not fit.
    OSError
        If the file cannot be read.
    """
    with open_regular(path) as file:
        header = file.read(_HEADER)
        if len(header) < _HEADER or not header.startswith(_MAGIC):
            raise Damaged(f"{path.name} is no checkpoint")
        if hashlib.file_digest(file, "sha256").hexdigest().encode() != header[len(_MAGIC) : -1]:
            raise Damaged(f"the SHA-256 of {path.name} does not fit its bytes")
        file.seek(-_TAIL, os.SEEK_END)
        begin = int(file.read(_TAIL))
        file.seek(begin)
        index = json.loads(file.read()[:-_TAIL])
        arrays = _each(file, index["arrays"], lambda: np.lib.format.read_array(file, allow_pickle=False))
        frames = _each(file, index["frames"], lambda: pa.ipc.open_stream(file).read_all())
    return Contents(index["values"], arrays, frames)


def _each(file: BinaryIO, begins: Mapping[str, int], read: Callable[[], Any]) -> dict[str, Any]:
    found = {}
    for name, begin in begins.items():
        file.seek(begin)
        found[name] = read()
    return found
