"""The device's memory: arrays with guard zones between them, and a shadow that says who wrote and read each place.

Nothing here is the host's, and what is free begins as rubbish.
"""

from __future__ import annotations

import weakref
from bisect import insort

import llvmlite.binding as llvm
import numpy as np

from compiled_kernels.state import LOCAL_BYTES, MOST_THREADS, RECORDS, SHARED_BYTES, STATE, pages

__all__ = ["LOCALS", "SHARED", "Allocation", "free_bytes", "limit_memory", "memory_bytes"]

RUBBISH = 0xA5
_GUARD = 0xFD
_GUARD_BYTES = 256

# Elements of four bytes or more lie in the first part, which has a cell of the shadow for each four bytes; the others
# in the second part, with a cell for each byte.
_WIDE, _NARROW = 1 << 32, 1 << 29
_DATA = pages(_WIDE + _NARROW)
_SHADOW = pages(8 * RECORDS * (_WIDE // 4 + _NARROW)).view(np.int64).reshape(-1, RECORDS)
_OUTSIDE, _UNWRITTEN, _WRITTEN = 0, 1, 2

#: Shared memory of the block that runs, and its threads' own arrays.
SHARED = _DATA[_WIDE : _WIDE + SHARED_BYTES]
LOCALS = _DATA[_WIDE + SHARED_BYTES :][: MOST_THREADS * LOCAL_BYTES]

_limit = 1 << 30
_taken = 0

STATE.data, STATE.data_bytes, STATE.wide_bytes = _DATA.ctypes.data, len(_DATA), _WIDE
STATE.shadow, STATE.shared_shadow = _SHADOW.ctypes.data, _SHADOW[_WIDE // 4 :].ctypes.data
STATE.shared = SHARED.ctypes.data
llvm.add_symbol("lane_shared", SHARED.ctypes.data)
llvm.add_symbol("lane_locals", LOCALS.ctypes.data)


class _Part:
    """Pieces of memory that are free, by their begin."""

    def __init__(self, begin: int, end: int) -> None:
        self._free = [(begin, end)]

    def take(self, size: int) -> int:
        for i, (begin, end) in enumerate(self._free):
            if end - begin >= size:
                self._free[i : i + 1] = [(begin + size, end)] if end - begin > size else []
                return begin
        raise MemoryError("CUDA_ERROR_OUT_OF_MEMORY: the memory is in pieces")

    def give_back(self, begin: int, end: int) -> None:
        insort(self._free, (begin, end))
        joined = self._free[:1]
        for piece in self._free[1:]:
            if piece[0] == joined[-1][1]:
                joined[-1] = (joined[-1][0], piece[1])
            else:
                joined.append(piece)
        self._free = joined


_wide, _narrow = _Part(0, _WIDE), _Part(_WIDE + SHARED_BYTES + len(LOCALS), _WIDE + _NARROW)


class Allocation:
    """A piece of memory between two guard zones, until nobody holds it any more."""

    def __init__(self, size: int, itemsize: int) -> None:
        global _taken
        if _taken + size > _limit:
            raise MemoryError(f"CUDA_ERROR_OUT_OF_MEMORY: {size:,} bytes asked, {free_bytes():,} free")
        part = _wide if itemsize % 4 == 0 else _narrow
        padded = -(-size // 256) * 256 + 2 * _GUARD_BYTES
        begin = part.take(padded)
        self.size, self.itemsize = size, itemsize
        self.begin = begin + _GUARD_BYTES
        self._zones = _DATA[begin : self.begin], _DATA[self.begin + size : begin + padded]
        self.bytes = _DATA[self.begin : self.begin + size]
        self.bytes[:] = RUBBISH
        for zone in self._zones:
            zone[:] = _GUARD
        self.has_shadow = False
        _taken += size
        weakref.finalize(self, _free, part, begin, begin + padded, size, self.bytes, self._cells(0, size))

    def __contains__(self, address: int) -> bool:
        """Whether the address is here or in a guard zone."""
        start = _DATA.ctypes.data + self.begin - _GUARD_BYTES
        return start <= address < start + len(self._zones[0]) + self.size + len(self._zones[1])

    def offset(self, address: int) -> int:
        return address - _DATA.ctypes.data - self.begin

    def is_guarded(self) -> bool:
        """Whether nothing has been written before or after it."""
        return all((zone == _GUARD).all() for zone in self._zones)

    def _cells(self, offset: int, size: int) -> slice:
        at = self.begin + offset
        step = self.itemsize // 4 if at < _WIDE else self.itemsize
        first = at // 4 if at < _WIDE else _WIDE // 4 + at - _WIDE
        return slice(first, first + size // self.itemsize * step, max(step, 1))

    def watch(self) -> None:
        """Let it have a shadow, from before its first use."""
        _SHADOW[self._cells(0, self.size)] = _fresh(_UNWRITTEN)
        self.has_shadow = True

    def set_written(self, offset: int = 0, size: int | None = None) -> None:
        """The host has written to it, or it must do as if."""
        _SHADOW[self._cells(offset, self.size if size is None else size)] = _fresh(_WRITTEN)
        self.has_shadow = True


def _fresh(state: int) -> tuple[int, ...]:
    """A cell without a record of an access."""
    return state, *(0,) * (RECORDS - 1)


def _free(part: _Part, begin: int, end: int, size: int, held: np.ndarray, cells: slice) -> None:
    global _taken
    _taken -= size
    if _SHADOW[cells.start, 0] != _OUTSIDE:  # it has had a shadow, as none has in the fast build
        _SHADOW[cells] = _OUTSIDE
    part.give_back(begin, end)


def free_bytes() -> int:
    return _limit - _taken


def memory_bytes() -> int:
    return _limit


def limit_memory(size: int) -> None:
    """Let the device have so many bytes, 1 GiB if it is not said; there are no more than 4 GiB."""
    global _limit
    _limit = min(size, _WIDE)
