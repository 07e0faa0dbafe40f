"""The encoding of text files, as far as their first bytes tell, and text of any encoding as UTF-8."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

__all__ = ["Recoded", "TextBytes", "is_wide", "known_encoding"]

_CHUNK_BYTES = 1 << 20

#: Windows-1252 with its five undefined bytes taken from Latin-1, so that every byte is one character.
_CP1252 = "".join(
    bytes([b]).decode("cp1252" if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1") for b in range(256)
)

#: The longer first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

#: Which of four bytes are NUL in plain Latin text.
_NULS: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
}

#: Bytes in which names of columns stand, or a title: what comes after may be of any script.
_FIRST = 128


def known_encoding(start: bytes, told: str) -> tuple[str, tuple[str, ...]]:
    """The encoding of a file that begins with these bytes, "" if only the rest can show it, and notes on it.

    A byte order mark is certain, and so is NUL in every second byte, or in three of four; else what was `told` counts,
    unless it says UTF-16 or UTF-32 of a text without NUL.
    """
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name, ()
    told = codecs.lookup(told).name.removesuffix("-sig") if told else ""
    if 0 not in start:
        if is_wide(told):
            return "", ("an encoding other than [input] encoding says",)
        return "" if start.startswith(codecs.BOM_UTF8) else told, ()
    shown = _by_nuls(start[:_FIRST])
    if is_wide(told) or not shown:
        return told, ()
    return shown, (f"{shown[:6].upper()} without a mark",)


def _by_nuls(first: bytes) -> str:
    size = len(first) // 4
    counts = [first[i : 4 * size : 4].count(0) for i in range(4)]
    found = _NULS.get(tuple(count > 0 for count in counts), "")
    return found if all(2 * count >= size for count in counts if count) else ""


def is_wide(encoding: str) -> bool:
    """Whether a character has two or four bytes, so that NUL is an ordinary one."""
    return encoding.startswith(("utf-16", "utf-32"))


class Recoded(io.RawIOBase):
    """A byte stream of some encoding as UTF-8; reading raises ValueError where it is not of that encoding."""

    def __init__(self, data: BinaryIO, encoding: str) -> None:
        self._data, self._encoding, self._left = data, encoding, b""
        self._decoder: Any = None if encoding == "cp1252" else codecs.getincrementaldecoder(encoding)()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the text goes."""
        while not self._left:
            chunk = self._data.read(_CHUNK_BYTES)
            text = self._decoded(chunk)
            if "\0" in text:
                raise ValueError("NUL characters stand in it")
            self._left = text.encode()
            if not chunk:
                break
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)

    def _decoded(self, chunk: bytes) -> str:
        if self._decoder is None:
            return codecs.charmap_decode(chunk, "strict", _CP1252)[0]
        try:
            return str(self._decoder.decode(chunk, not chunk))
        except UnicodeError as error:
            raise ValueError(f"not {self._encoding} throughout; [input] encoding may say what it is") from error


class TextBytes:
    """What is seen of a file's text as its bytes go by: whether it is UTF-8, quotation marks, and NUL bytes.

    `maybe_utf8`: whether that is to be found out; `bytes_are_characters`: whether NUL has no place in it.
    """

    def __init__(self, maybe_utf8: bool, bytes_are_characters: bool) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")() if maybe_utf8 else None
        self._pending, self._narrow = False, bytes_are_characters
        self.size = self.quotes = 0
        self._nul: int | None = None
        self._wrong: int | None = None

    def follow(self, chunk: bytes) -> None:
        """Go on with the next bytes."""
        self.quotes += chunk.count(b'"')
        if self._narrow and self._nul is None and (place := chunk.find(0)) >= 0:
            self._nul = self.size + place
        if self._decoder is not None and self._wrong is None and (self._pending or not chunk.isascii()):
            try:
                self._decoder.decode(chunk)
                self._pending = bool(self._decoder.getstate()[0])
            except UnicodeDecodeError as error:
                self._wrong = self.size + error.start
        self.size += len(chunk)

    def is_utf8(self) -> bool:
        """Whether all of it is."""
        return self._wrong is None and not self._pending

    def fault(self, encoding: str) -> str | None:
        """What makes the text one that is not to be read."""
        if self._nul is not None:
            return (
                f"byte {self._nul + 1} is NUL, so this is not text, or UTF-16: then set [input] encoding to "
                '"utf-16-le" or "utf-16-be"'
            )
        if encoding == "utf-8" and not self.is_utf8():
            place = self.size if self._wrong is None else self._wrong + 1
            return f'byte {place} is not UTF-8: set [input] encoding to what it is, such as "cp1252", or leave it out'
        return None

    def told(self, encoding: str, sought: bool) -> Iterator[str]:
        """What to tell of a file whose encoding was `sought` or known."""
        if sought and encoding == "cp1252":
            yield (
                "not valid UTF-8; it was read as Windows-1252 (cp1252): if it is another, write [input] encoding, as "
                '"cp850" or "iso-8859-2"'
            )
        if self.quotes % 2 and encoding in ("utf-8", "cp1252", "utf-16"):
            yield "an odd number of quotation marks; after one that is not closed, rows are read as one value"
        if self.size == 0:
            yield "the file is empty"
