"""Line breaks within the quotation marks of a CSV file: two stray marks hide every row between them in one value."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np

from gpunet.base.array_types import Int64, UInt8
from gpunet.kernels.jit import njit

__all__ = ["LineBreaks"]


class LineBreaks(io.RawIOBase):
    """UTF-8 bytes of a CSV file on their way to its reader; values that hold a line break are counted meanwhile.

    What is quoted is what PyArrow takes for quoted: a mark opens a value only as its first character, two marks within
    are one, and what follows the closing mark up to the comma is plain. Empty lines are no rows. All columns count,
    also those that are not read: a mark in any of them hides rows.
    """

    def __init__(self, data: BinaryIO) -> None:
        self._data = data
        self._state = np.zeros(5, dtype=np.int64)

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes, which are searched on the way; all that is left if it is negative."""
        found = self._data.read(-1 if size is None else size)
        _follow(np.frombuffer(found, dtype=np.uint8), self._state)
        return found

    def warning(self, name: str) -> str | None:
        """What to tell of the file `name` after it was read, None if no value holds a line break."""
        count, first = self._state[2:4].tolist()
        if not count:
            return None
        where = f"row {first}" if first else "the header"
        values = "1 value holds" if count == 1 else f"{count} values hold"
        return (
            f"{name}: {values} a line break within quotation marks, first in {where}; "
            "if none should, a stray quotation mark hides the rows after it"
        )


@njit
def _follow(data: UInt8, state: Int64) -> None:
    """Go on through the text from `state`, and leave it as it then is.

    It holds: where the text stands, rows that ended, values with a break, the first one's row, and whether the present
    value has one. The text stands at the start of a line (0) or of a value (1), in a plain value (2), in a quoted one
    (3), or after a mark in a quoted one (4). The header is row 0.
    """
    at, row, count, first, broken = state[0], state[1], state[2], state[3], state[4]
    for c in data:
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
        elif c == 44:
            at = 1
        elif c == 34 and at != 2:
            broken = 0 if at != 4 else broken
            at = 3
        else:
            at = 2
    state[0], state[1], state[2], state[3], state[4] = at, row, count, first, broken
