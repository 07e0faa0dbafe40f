"""A strict reader of the part of UBJSON that XGBoost writes, in Python: it trusts no length that a file states.

XGBoost's own reader is fast and trusts what it reads. So a file of foreign origin is read here first. Whatever it says
of lengths has to fit into the bytes that are there, so no more memory is taken than a few times the file's size.

Source: Universal Binary JSON, draft 12 (ubjson.org); of XGBoost's writer the objects without counts, keys and texts
with 64-bit lengths, and arrays with counts.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from gpunet.base.errors import ModelError

__all__ = ["Packed", "read_ubjson"]

#: Objects and arrays in each other; XGBoost's files have seven.
_MOST_DEPTH = 16

#: Bytes of a key; the longest that XGBoost writes has 22.
_LONGEST_KEY = 256

_NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_LENGTH = struct.Struct(">q")

#: An array of numbers of one type.
Packed = np.ndarray[Any, np.dtype[Any]]


def read_ubjson(data: bytes) -> Any:
    """The value that a file holds: dict, list, str, int, float, bool, None, and NumPy arrays for packed numbers.

    Raises
    ------
    ModelError
        If the bytes are anything else than one value that XGBoost could have written.

    Examples
    --------
    >>> key = b"L" + (1).to_bytes(8, "big") + b"n"
    >>> read_ubjson(b"{" + key + b"i" + bytes([7]) + b"}")
    {'n': 7}
    """
    reader = _Reader(data)
    found = reader.value(0)
    if reader.place != len(data):
        raise _damaged("there are bytes behind its end")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self.place = data, 0

    def value(self, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise _damaged(f"more than {_MOST_DEPTH} objects and arrays lie in each other")
        mark = self._take(1)
        if mark == b"{":
            return self._object(depth)
        if mark == b"[":
            return self._array(depth)
        if mark == b"S":
            return self._text(self._length("a text"))
        if mark in _NUMBERS:
            return self._numbers(mark, 1)[0].item()
        if mark in (b"T", b"F", b"Z"):
            return {b"T": True, b"F": False, b"Z": None}[mark]
        raise _damaged(f"byte {self.place:,} begins no value")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._data[self.place : self.place + 1] != b"}":
            length = self._length("a key")
            if length > _LONGEST_KEY:
                raise _damaged(f"a key of {length:,} bytes")
            key = self._text(length)
            if key in found:
                raise _damaged("an object has a key twice")
            found[key] = self.value(depth + 1)
        self.place += 1
        return found

    def _array(self, depth: int) -> Packed | list[Any]:
        mark = self._take(1)
        kind = self._take(1) if mark == b"$" else b""
        if (self._take(1) if kind else mark) != b"#":
            raise _damaged("an array without a count")
        length = self._length("an array")
        if kind:
            if kind not in _NUMBERS:
                raise _damaged("an array of an unknown type")
            return self._numbers(kind, length)
        return [self.value(depth + 1) for _ in range(length)]  # each takes a byte at least, so there is an end

    def _length(self, what: str) -> int:
        if self._take(1) != b"L":
            raise _damaged(f"{what} without a length")
        length = int(_LENGTH.unpack(self._take(8))[0])
        if not 0 <= length <= len(self._data) - self.place:
            raise _damaged(f"{what} is said to be longer than the file")
        return length

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError:
            raise _damaged("a text that is not UTF-8") from None

    def _numbers(self, kind: bytes, count: int) -> Packed:
        dtype = np.dtype(_NUMBERS[kind])
        return np.frombuffer(self._take(count * dtype.itemsize), dtype=dtype)

    def _take(self, count: int) -> bytes:
        end = self.place + count
        if end > len(self._data):
            raise _damaged("it ends too early")
        found = self._data[self.place : end]
        self.place = end
        return found


def _damaged(what: str) -> ModelError:
    return ModelError(f"it is no model file as XGBoost writes them, so XGBoost does not get to read it: {what}")
