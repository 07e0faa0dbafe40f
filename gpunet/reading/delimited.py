"""CSV files: their encoding, their header, and their rows as text, block by block."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import pyarrow as pa

from gpunet.base.errors import UnreadableFile, in_words
from gpunet.reading.breaks import LineBreaks
from gpunet.reading.sources import Source
from gpunet.reading.unpacking import READ_ERRORS, unpacked

__all__ = ["Scan", "header_of", "read_blocks", "scan"]

#: A row must fit into one block.
_BLOCK_BYTES = 1 << 20

_CHUNK_BYTES = 1 << 20

#: Windows-1252 with its five undefined bytes taken from Latin-1, so that every byte is one character.
_CP1252 = "".join(
    bytes([b]).decode("cp1252" if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "latin-1") for b in range(256)
)


@dataclass(frozen=True)
class Scan:
    """What one pass over a file's bytes finds: their SHA-256, the text's encoding, and things to warn of.

    ``quoted``: whether there may be a quotation mark.
    """

    sha256: str
    encoding: str
    quoted: bool
    warnings: tuple[str, ...]


def scan(source: Source) -> Scan:
    """Hash a CSV file and find out its encoding, in one pass.

    With a byte order mark it is UTF-16 or UTF-8; else UTF-8 if all of it is valid, and Windows-1252 if not.

    Raises
    ------
    UnreadableFile
        If it cannot be read or decompressed.
    """
    digest = hashlib.sha256()
    utf8 = codecs.getincrementaldecoder("utf-8")()
    valid, pending, size, quotes, start = True, False, 0, 0, b""
    try:
        # A zip archive is read from its end: it is hashed by itself.
        as_read = source.packing != "zip"
        with source.path.open("rb") as raw, _unpacked(_Hashed(raw, digest) if as_read else raw, source) as data:
            while chunk := data.read(_CHUNK_BYTES):
                start = start or chunk[:4]
                size += len(chunk)
                quotes += chunk.count(b'"')
                if valid and (pending or not chunk.isascii()):
                    try:
                        utf8.decode(chunk)
                        pending = bool(utf8.getstate()[0])
                    except UnicodeDecodeError:
                        valid = False
            if not as_read:
                raw.seek(0)
            for rest in iter(lambda: raw.read(_CHUNK_BYTES), b""):  # bytes after the end of a compressed stream
                digest.update(rest)
    except READ_ERRORS as error:
        raise UnreadableFile(source.name, f"not readable: {in_words(error)}") from error
    warnings = []
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif valid and not pending:
        encoding = "utf-8"
    else:
        encoding = "cp1252"
        warnings.append(f"{source.name}: not valid UTF-8; it was read as Windows-1252 (cp1252)")
    if quotes % 2:
        warnings.append(
            f"{source.name}: an odd number of quotation marks; after one that is not closed, rows are read as one value"
        )
    if size == 0:
        warnings.append(f"{source.name}: the file is empty")
    return Scan(digest.hexdigest(), encoding, quotes > 0, tuple(warnings))


class _Hashed(io.RawIOBase):
    """A file whose bytes are hashed as they are read."""

    def __init__(self, raw: BinaryIO, digest: Any) -> None:
        self._raw, self._digest = raw, digest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        self._digest.update(data)
        buffer[: len(data)] = data
        return len(data)


def _unpacked(file: Any, source: Source) -> io.BufferedReader:
    return unpacked(file, source.packing, source.member)


class _Recoded(io.RawIOBase):
    """A byte stream of some encoding as UTF-8."""

    def __init__(self, data: BinaryIO, encoding: str) -> None:
        self._data, self._left = data, b""
        self._utf16 = codecs.getincrementaldecoder("utf-16")() if encoding == "utf-16" else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = self._data.read(_CHUNK_BYTES)
            text = (
                codecs.charmap_decode(chunk, "strict", _CP1252)[0]
                if self._utf16 is None
                else self._utf16.decode(chunk, not chunk)
            )
            self._left = text.encode()
            if not chunk:
                break
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)


@contextmanager
def _open(source: Source, encoding: str) -> Iterator[BinaryIO]:
    """Open the file's text as UTF-8 bytes without a byte order mark."""
    with source.path.open("rb") as raw, _unpacked(raw, source) as data:
        if encoding != "utf-16" and data.peek(3)[:3] == codecs.BOM_UTF8:  # not all that is packed can be read again
            data.read(3)
        yield data if encoding == "utf-8" else cast(BinaryIO, io.BufferedReader(_Recoded(data, encoding), _CHUNK_BYTES))


def header_of(source: Source, encoding: str) -> tuple[list[str], bool]:
    """Give the column names, from the first line that is not empty, and whether anything follows that line."""
    try:
        with _open(source, encoding) as data, io.TextIOWrapper(data, encoding="utf-8", newline="") as text:
            return next((row for row in csv.reader(text) if row), []), bool(text.read(1))
    except (*READ_ERRORS, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(source.name, f"the header is not readable: {in_words(error)}") from error


def read_blocks(
    source: Source,
    encoding: str,
    columns: list[str],
    malformed: list[tuple[int, str]],
    warnings: list[str],
    quoted: bool = True,
) -> Iterator[Any]:
    """Yield the rows as PyArrow record batches of text columns, nulls where a field is empty.

    A row with more or fewer fields than the header goes to `malformed` with its number (1 is the first data row) and
    its text, before the batch that holds the row after it. After the last batch, line breaks within values are told in
    `warnings`; a file without quotation marks (not `quoted`) has none, and need not be searched.

    Raises
    ------
    UnreadableFile
        If the file is not readable as CSV.
    """
    from pyarrow import csv as pacsv

    def keep(row: Any) -> str:
        malformed.append((row.number - 1, row.text))
        return "skip"

    try:
        with (
            _open(source, encoding) as data,
            LineBreaks(data) as watched,
            pacsv.open_csv(
                watched if quoted else data,
                # Rows are numbered only without threads. Lines may lie in quotes, so a block cannot be split blindly.
                read_options=pacsv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
                parse_options=pacsv.ParseOptions(invalid_row_handler=keep, newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    include_columns=columns,
                    column_types=dict.fromkeys(columns, pa.large_string()),
                    strings_can_be_null=True,
                    null_values=[""],
                ),
            ) as reader,
        ):
            yield from reader
            warning = watched.warning(source.name)
    except (*READ_ERRORS, UnicodeDecodeError, pa.ArrowException) as error:
        hint = " (a row over 1 MB, or a quotation mark that is not closed)" if "straddling" in str(error) else ""
        raise UnreadableFile(source.name, f"not readable as CSV: {in_words(error)}{hint}") from error
    if warning is not None:
        warnings.append(warning)
