"""Text files: their encoding, how they write their table, and its rows as text, block by block."""

from __future__ import annotations

import hashlib
import io
import weakref
from bisect import bisect_right, insort
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from threading import Event
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.errors import UnreadableFile, in_words
from gpunet.config.config import InputConfig
from gpunet.reading.breaks import LineBreaks
from gpunet.reading.encodings import Recoded, TextBytes, is_wide, known_encoding
from gpunet.reading.kinds_of_text import not_a_table
from gpunet.reading.sources import Source
from gpunet.reading.text_layout import TextLayout, find_layout
from gpunet.reading.totals import TotalLines
from gpunet.reading.unpacking import READ_ERRORS, unpacked

__all__ = ["Scan", "layout_of_text", "read_blocks", "scan"]

#: A row must fit into one block.
_BLOCK_BYTES = 1 << 20

_CHUNK_BYTES = 1 << 20

#: How many seconds PyArrow's threads are waited for, which are done in a moment.
_TO_LET_GO = 10.0

#: From the first show what kind of file it is, and from the second how it writes its table.
_START_BYTES, _HEAD_BYTES = 1 << 12, 1 << 18


@dataclass(frozen=True)
class Scan:
    """What one pass over a file's bytes finds: their SHA-256, the text's encoding, and things to tell.

    ``quoted``: whether there may be a quotation mark. ``notes``: what was found out of the encoding.
    """

    sha256: str
    encoding: str
    quoted: bool
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()


def scan(source: Source, config: InputConfig) -> Scan:
    """Hash a text file and find out its encoding, in one pass.

    A byte order mark, or NUL bytes, or the configuration say it; else it is UTF-8 if all of it is valid, and
    Windows-1252 if not.

    Raises
    ------
    UnreadableFile
        If it cannot be read or decompressed, is not the text of a table, or not of the encoding that the configuration
        says.
    """
    digest = hashlib.sha256()
    try:
        # A zip archive is read from its end: it is hashed by itself.
        as_read = source.packing != "zip"
        with (
            source.file.open() as raw,
            _unpacked(raw, source, digest.update if as_read else None) as data,
        ):
            start = data.read(_START_BYTES)
            known, notes = known_encoding(start, config.encoding)
            if fault := not_a_table(start, known):
                raise UnreadableFile(source.name, fault)
            text = TextBytes(not known or known == "utf-8", not is_wide(known))
            for chunk in chain([start], iter(lambda: data.read(_CHUNK_BYTES), b"")):
                text.follow(chunk)
            if not as_read:
                raw.seek(0)
            for rest in iter(lambda: raw.read(_CHUNK_BYTES), b""):  # bytes after the end of a compressed stream
                digest.update(rest)
    except READ_ERRORS as error:
        raise UnreadableFile(source.name, f"not readable: {in_words(error)}") from error
    encoding = known or ("utf-8" if text.is_utf8() else "cp1252")
    if fault := text.fault(encoding):
        raise UnreadableFile(source.name, fault)
    return Scan(
        digest.hexdigest(),
        encoding,
        text.quotes > 0 or encoding not in ("utf-8", "cp1252"),
        tuple(f"{source.name}: {told}" for told in text.told(encoding, not known)),
        notes,
    )


class _Watched(io.RawIOBase):
    """A file of whose bytes somebody is told as they are read."""

    def __init__(self, raw: BinaryIO, told: Callable[[bytes], object]) -> None:
        self._raw, self._told = raw, told

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        self._told(data)
        buffer[: len(data)] = data
        return len(data)


def _unpacked(raw: BinaryIO, source: Source, told: Callable[[bytes], object] | None) -> BinaryIO:
    """The text of the open file; its own bytes are `told` as they are read, those of a small one at once."""
    if source.is_in_memory:
        if told is not None:
            told(cast(bytes, source.data))
        return raw
    return cast(BinaryIO, unpacked(_Watched(raw, told) if told else raw, source.packing, source.member))


@contextmanager
def _open(source: Source, encoding: str, told: Callable[[bytes], object] | None = None) -> Iterator[BinaryIO]:
    """Open the file's text as UTF-8 bytes; a byte order mark may begin them. The file's own bytes are `told`."""
    if source.packing == "zip":  # which is read from its end
        told = None
    with source.file.open() as raw, _unpacked(raw, source, told) as data:
        yield data if encoding == "utf-8" else cast(BinaryIO, io.BufferedReader(Recoded(data, encoding), _CHUNK_BYTES))


def layout_of_text(source: Source, encoding: str, config: InputConfig) -> TextLayout:
    """Find out how a text file writes its table, from how it begins.

    Raises
    ------
    UnreadableFile
        If it cannot be read, or this shows that it is not a table that can be.
    """
    try:
        with _open(source, encoding) as data:
            head = data.read(_HEAD_BYTES)
            whole = not data.read(1)
    except (*READ_ERRORS, ValueError) as error:
        raise UnreadableFile(source.name, f"not readable as CSV: {in_words(error)}") from error
    text = head.decode("utf-8", "ignore")  # a character may be cut
    return find_layout(source.name, text, whole, config, [key for key, _ in source.keys])


def read_blocks(
    source: Source,
    found: Scan,
    layout: TextLayout,
    columns: list[str],
    malformed: list[tuple[int, str]],
    warnings: list[str],
    notes: list[str],
    told: Callable[[bytes], object],
) -> Iterator[Any]:
    """Yield the rows as PyArrow record batches of text columns, nulls where a field is empty.

    A row with more or fewer fields than the layout has names for goes to `malformed` with its number (1 is the first
    data row) and its text, before the batch that holds the row after it; lines of totals at the end go there last. What
    shows while rows are read, such as line breaks within values, is told in `warnings` and `notes` after that. `told`
    is called with the bytes of the file as they are read, unless it is a zip archive.

    Raises
    ------
    UnreadableFile
        If the file is not readable as CSV.
    """
    try:
        with _open(source, found.encoding, told) as data:
            data.read(layout.body)
            marks = LineBreaks(data, layout.separator, layout.breaks)
            text = TotalLines(marks if found.quoted else data, layout.separator, len(layout.names), marks.in_quotes)
            if text.is_empty():
                rows = 0
            else:
                given = _whole(text) if source.is_in_memory else text
                rows = yield from _batches(given, layout, columns, malformed)
    except (*READ_ERRORS, ValueError, pa.ArrowException) as error:
        hint = " (a row over 1 MB, or a quotation mark that is not closed)" if "straddling" in str(error) else ""
        raise UnreadableFile(source.name, f"not readable as CSV: {in_words(error)}{hint}") from error
    malformed += enumerate(text.lines, rows + 1)
    if of_breaks := marks.told():
        warnings.append(f"{source.name}: {of_breaks}")
    notes += ["blanks before quotation marks were left out"] * (marks.blanks() > 0)
    notes += filter(None, [text.note()])


def _whole(text: TotalLines) -> Any:
    """All that is left, as PyArrow's own kind of file, which asks nothing of Python."""
    return pa.BufferReader(b"".join(iter(lambda: text.read(_CHUNK_BYTES), b"")))


class _Lent(io.RawIOBase):
    """A text in the hands of PyArrow."""

    def __init__(self, text: TotalLines) -> None:
        self.read = text.read  # type: ignore[method-assign]

    def readable(self) -> bool:
        return True


def _lent(text: Any, keep: Callable[[Any], str]) -> tuple[Any, list[Event]]:
    """A text for PyArrow to read, and what is set when it has let go of text and `keep`, after its reader is gone.

    It reads ahead, and lets go, in threads of its own. If these need Python when that is about to end, as it is after
    the last rows of a short script, they abort the process. So they are waited for, and Python's bytes are copied.
    """
    if isinstance(text, pa.BufferReader):
        return text, [_gone(keep)]
    lent = _Lent(text)
    return pa.BufferedInputStream(pa.PythonFile(lent, "r"), _CHUNK_BYTES), [_gone(keep), _gone(lent)]


def _gone(of: Any) -> Event:
    """Set when an object is no more."""
    gone = Event()
    weakref.finalize(of, gone.set).atexit = False
    return gone


def _batches(
    text: Any, layout: TextLayout, columns: list[str], malformed: list[tuple[int, str]]
) -> Generator[Any, None, int]:
    """The columns of the rows, which are some; give how many rows there are, malformed ones too."""
    from pyarrow import csv as pacsv

    short: list[int] = []
    rows = 0

    def keep(row: Any) -> str:
        short.append(row.number)
        insort(malformed, (row.number, row.text))
        return "skip"

    places = [str(i) for i in range(len(layout.names))]  # names may repeat
    wanted = [places[layout.names.index(column)] for column in columns]
    read = places if layout.extra else wanted
    stream, let_go = _lent(text, keep)
    reader = None
    try:
        with pacsv.open_csv(
            stream,
            # Rows are numbered only without threads. Lines may lie in quotes, so a block cannot be split blindly.
            read_options=pacsv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False, column_names=places),
            parse_options=pacsv.ParseOptions(
                delimiter=layout.separator, invalid_row_handler=keep, newlines_in_values=True
            ),
            convert_options=pacsv.ConvertOptions(
                include_columns=read,
                column_types=dict.fromkeys(read, pa.large_string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        ) as reader:
            for batch in reader:
                first, rows = rows, rows + len(batch)
                if layout.extra:
                    batch = _fitting(batch, first, layout, short, malformed).select(wanted)
                yield batch.rename_columns(columns)
    finally:
        del keep
        stream = reader = None
        for of_one in let_go:
            of_one.wait(_TO_LET_GO)
    return rows + len(short)


def _fitting(batch: Any, first: int, layout: TextLayout, short: list[int], malformed: list[tuple[int, str]]) -> Any:
    """The rows of `batch` with nothing in the fields that the header has no name for; the others are malformed.

    `first` is the number of rows of the right length before those, `short` has the numbers of all others.
    """
    blank = pa.scalar(True)
    for values in batch.columns[-layout.extra :]:
        blank = pc.and_(blank, pc.equal(pc.utf8_trim_whitespace(pc.fill_null(values, "")), ""))
    if pc.all(blank).as_py():
        return batch
    before = [number - 1 - i for i, number in enumerate(short)]
    for i in pc.indices_nonzero(pc.invert(blank)).to_pylist():
        text = layout.separator.join(values[i].as_py() or "" for values in batch.columns)
        insort(malformed, (first + i + 1 + bisect_right(before, first + i), text))
    return batch.filter(blank)
