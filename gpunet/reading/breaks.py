"""Quotation marks of a text file on its way to the CSV reader: what they hide is counted, blanks before them go."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np

from gpunet.base.array_types import Int64, UInt8
from gpunet.kernels.jit import njit

__all__ = ["LineBreaks"]


class LineBreaks(io.RawIOBase):
    """UTF-8 rows of a text file on their way to its reader; values that hold a line break are counted meanwhile.

    Two stray marks hide every row between them in one such value. What is quoted is what PyArrow takes for quoted: a
    mark opens a value only as its first character, two marks within are one, and what follows the closing mark up to
    the separator is plain. Blanks before an opening mark would make it plain text, so they are left out. Empty lines
    are no rows. All columns count, also those that are not read: a mark in any of them hides rows.

    `in_header` is the number of the header's names that hold a break; the text begins after the header.
    """

    def __init__(self, data: BinaryIO, separator: str = ",", in_header: int = 0) -> None:
        self._data, self._separator, self._held = data, ord(separator), b""
        self._kept = np.empty(0, dtype=np.uint8)
        self._state = np.array([0, 1, in_header, 0, 0, 0, 0], dtype=np.int64)

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """About `size` bytes, which are searched on the way; all that is left if it is negative."""
        while found := self._data.read(-1 if size is None else size):
            found = self._held + found if self._held else found
            data = np.frombuffer(found, dtype=np.uint8)
            if len(data) > len(self._kept):
                self._kept = np.empty(len(data), dtype=np.uint8)
            kept = _follow(data, self._kept, len(self._held), self._separator, self._state)
            found = found if kept == len(found) else self._kept[:kept].tobytes()
            at = kept - int(self._state[6])
            found, self._held = (found[:at], found[at:]) if at < kept else (found, b"")
            if found:
                return found
        found, self._held = self._held, b""
        return found

    def in_quotes(self) -> bool:
        """Whether the text so far ends within quotation marks."""
        return bool(self._state[0] == 3)

    def blanks(self) -> int:
        """How many quoted values had blanks before them."""
        return int(self._state[5])

    def told(self) -> str | None:
        """What to tell of the file after it was read, None if no value holds a line break."""
        count, first = self._state[2:4].tolist()
        if not count:
            return None
        where = f"row {first}" if first else "the header"
        values = "1 value holds" if count == 1 else f"{count} values hold"
        return (
            f"{values} a line break within quotation marks, first in {where}; "
            "if none should, a stray quotation mark hides the rows after it"
        )


@njit
def _follow(data: UInt8, kept_bytes: UInt8, begin: int, separator: int, state: Int64) -> int:
    """Go on through the text from `begin` and `state`, and leave it as it then is; count the bytes that are kept.

    If not all are, they are in `kept_bytes`. Blanks at the end may yet have to go: the next piece of the text has to
    begin with them, and goes on behind them.

    The state holds: where the text stands, the row, values with a break, the first one's row, whether the present value
    has one, values with blanks before the mark, and bytes of blanks at the end. The text stands at the start of a line
    (0) or of a value (1), in a plain value (2), in a quoted one (3), after a mark in a quoted one (4), or in the blanks
    that begin a value (5).
    """
    at, row, count, first, broken, blanks = state[0], state[1], state[2], state[3], state[4], state[5]
    kept, value = begin, 0
    for i in range(begin):  # an assignment of slices would take Numba six times as long to compile
        kept_bytes[i] = data[i]
    for i in range(begin, data.shape[0]):
        c = data[i]
        if at == 3:
            if c == 34:
                at = 4
            elif (c == 10 or c == 13) and broken == 0:
                broken = 1
                first = row if count == 0 else first
                count += 1
        elif c == 10 or c == 13:
            row += 1 if at != 0 else 0
            at = 0
        elif c == separator:
            at = 1
        elif c == 34 and at != 2:
            if at == 5:
                kept = value
                blanks += 1
            broken = 0 if at != 4 else broken
            at = 3
        elif c == 32 and at < 2:
            value = kept
            at = 5
        elif c != 32 or at != 5:
            at = 2
        kept_bytes[kept] = c
        kept += 1
    state[0], state[1], state[2], state[3], state[4], state[5] = at, row, count, first, broken, blanks
    state[6] = kept - value if at == 5 else 0
    return kept
