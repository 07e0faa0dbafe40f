"""One checkpoint as one file: arrays, frames and plain values behind a SHA-256 of all of them. Nothing is pickled.

A line with the hash of everything behind it; then the parts, one after another, arrays as their plain bytes and frames
as Arrow streams; then an index in JSON, which says of what run and stage the checkpoint is, and where each part lies;
and in the last 20 bytes where the index begins.

The hash finds what is damaged. It is no signature: whoever can change the file can make another hash. So nothing in the
file is taken for what it should be: the index has a schema, no part reaches beyond the file, and what the parts are is
checked by those who know the run (:mod:`gpunet.runs.kept_arrests` and others).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, StrictInt, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from gpunet.base.paths import open_regular
from gpunet.runs.read_back import Damaged, require, valid, values_in
from gpunet.tables.frames import to_arrow

__all__ = ["Contents", "frames_in", "read_contents", "write_contents"]

_MAGIC = b"gpunet checkpoint 2 "
_HEADER = len(_MAGIC) + 64 + 1
_TAIL = 20

_Position = Annotated[StrictInt, Field(ge=0)]
_EXACT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Contents:
    """What a checkpoint holds: arrays of NumPy, frames (any kind to write, PyArrow tables when read), JSON values."""

    values: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    frames: Mapping[str, Any] = field(default_factory=dict)

    def nbytes(self) -> int:
        """About how many bytes it will take."""
        return sum(array.nbytes for array in self.arrays.values()) + sum(map(_size, self.frames.values()))


@checked(config=_EXACT)
class _Array:
    dtype: Literal["|b1", "|u1", "<i4", "<i8", "<u8", "<f8"]
    shape: Annotated[list[_Position], Field(max_length=8)]
    begin: _Position


@checked(config=_EXACT)
class _Frame:
    begin: _Position
    end: _Position


@checked(config=_EXACT)
class _Index:
    label: str
    values: dict[str, Any]
    arrays: dict[str, _Array]
    frames: dict[str, _Frame]


_INDEX = TypeAdapter(_Index)


def _size(frame: Any) -> int:
    estimate = getattr(frame, "estimated_size", None)  # Polars'
    return int(estimate()) if callable(estimate) else int(to_arrow(frame).nbytes)


class _Hashing:
    """Just enough of a file for PyArrow to write to; hashes what goes through."""

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


def write_contents(path: Path, contents: Contents, label: str = "") -> None:
    """Write a checkpoint; the caller decides on temporary names. `label` says of what it is."""
    with path.open("wb") as file:
        file.write(_MAGIC + b"0" * 64 + b"\n")
        out: Any = _Hashing(file)
        index: dict[str, Any] = {"label": label, "values": contents.values, "arrays": {}, "frames": {}}
        for name, array in contents.arrays.items():
            if array.dtype.hasobject:
                raise ValueError(f"{name}: objects are not stored")
            index["arrays"][name] = {"dtype": array.dtype.str, "shape": list(array.shape), "begin": out.tell()}
            out.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        for name, frame in contents.frames.items():
            table, begin = to_arrow(frame), out.tell()
            with pa.ipc.new_stream(pa.PythonFile(out, "w"), table.schema) as stream:
                stream.write_table(table)
            index["frames"][name] = {"begin": begin, "end": out.tell()}
        begin = out.tell()
        out.write(json.dumps(index, allow_nan=False).encode())
        out.write(b"%020d" % begin)
        file.seek(len(_MAGIC))
        file.write(out.digest.hexdigest().encode())


def read_contents(path: Path, label: str = "") -> Contents:
    """Read a checkpoint after comparing its hash, and its label with what it should be.

    Raises
    ------
    Damaged
        If one of the two does not fit, or the file is otherwise none that :func:`write_contents` makes.
    OSError
        If the file cannot be read.
    """
    if path.exists() and not path.is_file():
        raise Damaged("it is no file")
    with open_regular(path) as file:
        index, size = _checked_index(file)
        require(index.label == label, "it is that of another run, or of another part")
        arrays = {name: _array(file, name, each, size) for name, each in index.arrays.items()}
        frames = {name: _frame(file, name, each, size) for name, each in index.frames.items()}
    return Contents(index.values, arrays, frames)


def frames_in(file: BinaryIO) -> dict[str, pa.Table]:
    """The frames in a checkpoint of whatever run; Damaged if it is none."""
    index, size = _checked_index(file)
    return {name: _frame(file, name, each, size) for name, each in index.frames.items()}


def _checked_index(file: BinaryIO) -> tuple[_Index, int]:
    """The index after comparing the hash, and where the parts end."""
    file.seek(0)
    header = file.read(_HEADER)
    require(len(header) == _HEADER and header.startswith(_MAGIC), "it is no checkpoint of this version")
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    require(digest.hexdigest().encode() == header[len(_MAGIC) : -1], "its SHA-256 does not fit its bytes")
    return _index_of(file)


def _index_of(file: BinaryIO) -> tuple[_Index, int]:
    """The index, and where it begins and the parts end."""
    size = file.seek(0, os.SEEK_END)
    require(size >= _HEADER + _TAIL, "it has no index")
    file.seek(size - _TAIL)
    tail = file.read(_TAIL)
    begin = int(tail) if tail.isdigit() else -1
    require(_HEADER <= begin <= size - _TAIL, "its index begins nowhere")
    file.seek(begin)
    return valid(_INDEX, values_in(file.read(size - _TAIL - begin)), "its index"), begin


def _array(file: BinaryIO, name: str, of: _Array, size: int) -> NDArray[Any]:
    dtype, count = np.dtype(of.dtype), math.prod(of.shape)
    require(of.begin >= _HEADER and of.begin + count * dtype.itemsize <= size, f"{name} reaches beyond the file")
    file.seek(of.begin)
    # A byte of a flag that is neither 0 nor 1 would make no sense to anybody.
    flat = np.fromfile(file, np.uint8 if dtype.kind == "b" else dtype, count)
    require(dtype.kind != "b" or not np.any(flat > 1), f"{name} holds what is neither true nor false")
    try:
        return flat.view(dtype).reshape(of.shape)
    except ValueError as error:  # too large a dimension beside one of 0
        raise Damaged(f"{name} is of a shape that no array has") from error


def _frame(file: BinaryIO, name: str, of: _Frame, size: int) -> pa.Table:
    require(_HEADER <= of.begin <= of.end <= size, f"{name} reaches beyond the file")
    file.seek(of.begin)
    data = pa.py_buffer(file.read(of.end - of.begin))
    try:
        table = pa.ipc.open_stream(data).read_all()
        table.validate(full=True)  # offsets and UTF-8, too
    except (pa.ArrowException, OSError) as error:
        raise Damaged(f"{name} is no table") from error
    return table
