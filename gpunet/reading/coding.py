"""Dictionaries that grow: texts, and rows of integers, coded 0, 1, 2, ... in the order of their first appearance.

A dictionary keeps each distinct text or row once, in arrays that grow with it, so that millions of ids cost little more
than their bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.stopping import raise_if_stopped
from gpunet.reading import loops

__all__ = ["RowCoder", "TextCoder", "Texts"]

#: Slots are doubled when more than this share of them is taken.
_MAX_LOAD = 0.7

_MAX_CODES = np.iinfo(np.int32).max - 1


@dataclass(frozen=True, eq=False)
class Texts:
    """A text column in Arrow's layout.

    ``data`` uint8, ``offsets`` int64[n + 1], ``present`` bool[n]: neither null nor blank. The first two are read-only,
    always, because Numba compiles once for each kind of array.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    present: NDArray[np.bool_]


def _make_room(array: NDArray[Any], rows: int) -> None:
    """Lengthen `array` in place to at least `rows` rows.

    The system moves the pages of a long array instead of copying it, so it grows by little and often, and never lies
    in memory twice. No view of the array is held while it grows.
    """
    if len(array) < rows:
        array.resize((max(rows, len(array) + len(array) // 8), *array.shape[1:]), refcheck=False)


class _Slots:
    """The hash table's slots, and when to double them."""

    def __init__(self) -> None:
        self.slots = np.full(1024, -1, dtype=np.int32)

    def _new_slots(self, entries: int) -> bool:
        """Provide slots for `entries`; whether they are new and empty."""
        if entries > _MAX_CODES:
            raise OverflowError("more than 2^31 distinct values in one column")
        if entries <= len(self.slots) * _MAX_LOAD:
            return False
        size = len(self.slots)
        while entries > size * _MAX_LOAD:
            size *= 2
        self.slots = np.empty(0, dtype=np.int32)  # the old table goes before the new one comes
        self.slots = np.full(size, -1, dtype=np.int32)
        return True

    def drop_slots(self) -> None:
        """Free the hash table once no more entries are to come."""
        self.slots = np.empty(0, dtype=np.int32)


class TextCoder(_Slots):
    """A dictionary of texts; ``len()`` is the number of distinct ones."""

    def __init__(self) -> None:
        super().__init__()
        self.data = np.empty(1 << 12, dtype=np.uint8)
        self.offsets = np.zeros(1 << 8, dtype=np.int64)
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def code(self, texts: Texts, wanted: NDArray[np.bool_]) -> NDArray[np.int32]:
        """int32[n], the code of each text that is present and `wanted`, -1 for others."""
        wanted = wanted & texts.present
        codes = np.empty(len(wanted), dtype=np.int32)
        step = 1 << 15  # the room that is provided is for the case that every text is new, so ask for little at a time
        for start in range(0, len(wanted), step):
            raise_if_stopped()
            stop = min(start + step, len(wanted))
            self._provide(stop - start, int(texts.offsets[stop] - texts.offsets[start]))
            self.count = loops.code_texts(
                texts.data, texts.offsets[start : stop + 1], wanted[start:stop],
                self.slots, self.data, self.offsets, self.count, codes[start:stop],
            )  # fmt: skip
        return codes

    def cut(self, count: int) -> None:
        """Forget all texts but the first `count`, as if the others had never come."""
        if count < self.count:
            self.count = count
            self.slots.fill(-1)
            loops.refill_texts(self.data, self.offsets, count, self.slots)

    def add(self, text: str) -> int:
        """Give the code of one text, which may be blank."""
        data = np.frombuffer(text.encode() or b" ", dtype=np.uint8)
        offsets = np.frombuffer(np.array([0, len(text.encode())], dtype=np.int64).tobytes(), dtype=np.int64)
        present = np.ones(1, dtype=np.bool_)
        return int(self.code(Texts(data, offsets, present), present)[0])

    def _provide(self, texts: int, size: int) -> None:
        used = int(self.offsets[self.count])
        _make_room(self.data, used + size)
        _make_room(self.offsets, self.count + texts + 1)
        if self._new_slots(self.count + texts):
            loops.refill_texts(self.data, self.offsets, self.count, self.slots)

    def order(self) -> NDArray[np.int64]:
        """int64[len], the codes in ascending order of their texts by code point (the byte order of UTF-8)."""
        depth = loops.common_prefix(self.data, self.offsets, self.count)
        words = loops.words_at(self.data, self.offsets, np.arange(self.count), depth)
        order = np.argsort(words, kind="stable")
        loops.sort_tied(self.data, self.offsets, order, words[order], depth)
        return order

    def to_arrow(self) -> Any:
        """The texts by code, as a PyArrow array that shares this memory."""
        import pyarrow as pa

        used = int(self.offsets[self.count])
        buffers = [None, pa.py_buffer(self.offsets[: self.count + 1]), pa.py_buffer(self.data[:used])]
        return pa.Array.from_buffers(pa.large_string(), self.count, buffers)

    def text(self, code: int) -> str:
        """The text of one code."""
        return self.data[self.offsets[code] : self.offsets[code + 1]].tobytes().decode()


class RowCoder(_Slots):
    """A dictionary of rows of `width` int32 values; ``rows[:len()]`` are the distinct ones."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.rows = np.empty((1 << 8, width), dtype=np.int32)
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def code(self, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """int32[n], the code of each row. New rows have the codes from the former ``len()`` on, in their order."""
        codes = np.empty(len(rows), dtype=np.int32)
        step = 1 << 15
        for start in range(0, len(rows), step):
            raise_if_stopped()
            part = rows[start : start + step]
            _make_room(self.rows, self.count + len(part))
            if self._new_slots(self.count + len(part)):
                loops.refill_rows(self.rows, self.count, self.slots)
            self.count = loops.code_rows(part, self.slots, self.rows, self.count, codes[start : start + step])
        return codes

    def cut(self, count: int) -> None:
        """Forget all rows but the first `count`, as if the others had never come."""
        if count < self.count:
            self.count = count
            self.slots.fill(-1)
            loops.refill_rows(self.rows, count, self.slots)

    def clear(self) -> None:
        """Free the rows too."""
        self.rows = self.rows[:0].copy()
        self.count = 0
