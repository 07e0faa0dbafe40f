"""Rows of totals at the end of a table: no person is called "Total"."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from gpunet.reading.header import split_line
from gpunet.reading.text_layout import END_OF_FILE

__all__ = ["TotalLines", "is_total"]

_NUMBER = r"[-+]?\d[\d.,' ]*%?"

#: What a line of totals begins with. Its other fields are numbers or blank.
_TOTAL = re.compile(
    rf"""(grand|sub|over-?all)?[ -]?totals?\b[^\0-\x1f]*
    |(zwischen|gesamt|teil)(summe|ergebnis|zahl)\b[^\0-\x1f]*
    |(gesamt|insgesamt|totaal|totale|totaux|razem)\b[^\0-\x1f]*
    |(number[ ]of[ ])?(rows?|records?|lines?|(row[ _-]?|record[ _-]?)?count)[ ]*[:=]?[ ]*{_NUMBER}
    |{_NUMBER}[ ]*(rows?|records?|lines?)\b[^\0-\x1f]*""",
    re.IGNORECASE | re.VERBOSE,
)

#: The same where a number and a blank field have to follow, as it may be somebody's name.
_NAME = re.compile(
    r"(number of )?(rows|records|lines|(row[ _-]?|record[ _-]?)?count)|(sums?|summen?|somme|suma)\b[^\0-\x1f]*",
    re.IGNORECASE,
)

_PLAIN_NUMBER = re.compile(_NUMBER)

#: Bytes that certainly hold the last lines, and how many lines may follow a total.
_TAIL, _LINES_AFTER = 1 << 14, 20

_CHUNK_BYTES = 1 << 20


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes | None: ...


class TotalLines(io.RawIOBase):
    """The rows of a text file, as UTF-8, on their way to their reader, less the lines of totals at their end.

    ``lines`` has these when the end was reached, with whatever follows the first of them. There `in_quotes` says
    whether the text ends within quotation marks; then there are none. A row has `fields` fields.
    """

    def __init__(self, data: _Readable, separator: str, fields: int, in_quotes: Callable[[], bool]) -> None:
        self._data, self._separator, self._fields, self._in_quotes = data, separator, fields, in_quotes
        self._filler = b' \t\r\n\f"' + separator.encode()
        self._ahead, self._begun, self._over = b"", False, False
        self.lines: list[str] = []

    def readable(self) -> bool:
        """Always."""
        return True

    def note(self) -> str | None:
        """What to tell of the file after it was read, None if no line was one of totals."""
        if not self.lines:
            return None
        if len(self.lines) == 1:
            return "the last row, which is a total, was rejected as malformed_row"
        return f"the last {len(self.lines)} rows, which are totals, were rejected as malformed_row"

    def is_empty(self) -> bool:
        """Whether nothing is left to read."""
        while not self._over and len(self._ahead) < _TAIL:
            self._hold(self._found(_TAIL))
        return not self._ahead

    def read(self, size: int | None = -1) -> bytes:
        """About `size` bytes, none only at the end."""
        size = _CHUNK_BYTES if size is None or size < 0 else size
        while not self._over:
            found = self._found(size)
            if self._ahead and len(found) >= _TAIL and found[-_TAIL:].strip(self._filler):
                given, self._ahead, self._begun = self._ahead, found, True  # what is found holds the last lines
                return given
            self._hold(found)
        given, self._ahead = self._ahead[:size], self._ahead[size:]
        return given

    def _hold(self, found: bytes) -> None:
        if found:
            self._ahead += found

    def _found(self, size: int) -> bytes:
        """What comes next; at the end nothing, and totals are taken away from what is held."""
        found = self._data.read(size) or b""
        if not found:
            self._over = True
            self._cut()
        return found

    def _cut(self) -> None:
        """Take the lines of totals away from the end of all that there is."""
        if self._in_quotes():
            return
        text = self._ahead
        if text.rstrip(b"\r\n").endswith(END_OF_FILE.encode()):
            text = text.rstrip(END_OF_FILE.encode() + b"\r\n")
        stop, cut = len(text.rstrip(self._filler)), None
        for _ in range(_LINES_AFTER):
            start = max(text.rfind(b"\n", 0, stop), text.rfind(b"\r", 0, stop)) + 1
            if stop == 0 or (start == 0 and self._begun):
                break
            end = len(text) - len(text[stop:].lstrip(self._filler.translate(None, b"\r\n")))
            line = text[start:end].decode("utf-8", "replace")
            fields, _ = split_line([line], self._separator)
            if line.count('"') % 2 == 0 and is_total(fields):
                cut = start
            elif len(fields) == self._fields and sum(map(bool, map(str.strip, fields))) > 1:
                break
            stop = len(text[:start].rstrip(self._filler))
        if cut is not None:
            rest = io.StringIO(text[cut:].decode("utf-8", "replace"), newline="")
            self.lines = [line for line in (line.rstrip("\r\n") for line in rest) if line]
            text = text[:cut]
        self._ahead = text


def is_total(fields: Sequence[str]) -> bool:
    """Whether a row with these fields is one of totals: a word for it, and else numbers and blank fields."""
    filled = [field.strip() for field in fields if field.strip()]
    if not filled or not all(map(_PLAIN_NUMBER.fullmatch, filled[1:])):
        return False
    label = filled[0].strip(" ()*#-=:")
    return bool(_TOTAL.fullmatch(label) or (1 < len(filled) < len(fields) and _NAME.fullmatch(label)))
