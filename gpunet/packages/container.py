"""The container of a package: a zip archive that can be written in one way alone.

Members are stored and sorted by name, with one date and one mode, and nothing before, between or behind them. So all
bytes but those of the members follow from their names, sizes and checksums, and a change of any byte is seen. They are
not compressed: other libraries compress to other bytes, and the tables of runs are compressed already. The format is
PKWARE's APPNOTE 6.3.3, with its 64-bit fields where a size or a place needs them.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import open_regular
from gpunet.base.stopping import raise_if_stopped

__all__ = ["Entry", "Member", "Part", "is_name", "member_of", "parts_of", "read_through", "write_container"]

_DAY = 0x21  # 1980-01-01, the first of the format's
_MODE = 0o100600 << 16
_UNIX = 3 << 8
_VERSION, _VERSION_64 = 20, 45
_LIMIT, _MANY = 0xFFFF_FFFF, 0xFFFF

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")

_NAME = re.compile(r"(?!\.\.?(/|\Z))[A-Za-z0-9._=-]+(/(?!\.\.?(/|\Z))[A-Za-z0-9._=-]+)*", re.ASCII)
_LONGEST_NAME = 1000

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """What the container says of a member: its name, its bytes, and their CRC-32."""

    name: str
    size: int
    crc: int


@dataclass(frozen=True)
class Member:
    """A file of a package: where its bytes are (``source``: a path, or they themselves), and what they come to."""

    entry: Entry
    sha256: str
    source: Path | bytes

    @property
    def name(self) -> str:
        """The name in the package, with "/" between folders."""
        return self.entry.name


@dataclass(frozen=True)
class Part:
    """Bytes of a container that are no member's: where they begin, and what they are."""

    offset: int
    data: bytes
    what: str


def is_name(name: str) -> bool:
    """Whether a member can have that name: relative, without "..", letters, digits and ``._=-`` alone.

    Examples
    --------
    >>> from gpunet.packages.container import is_name
    >>> is_name("run/panel/as_of=2013-02-01/part.parquet"), is_name("../key"), is_name("/etc/passwd"), is_name("a//b")
    (True, False, False, False)
    """
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def member_of(name: str, source: Path | bytes) -> Member:
    """Read a file's bytes once, for its size and sums.

    Raises
    ------
    InputError
        If it cannot be read, or has a name that no member can have.
    """
    if not is_name(name):
        raise InputError(f"{name}: no file of a package has such a name")
    try:
        size, crc, digest = read_through(_chunks_of(source))
    except OSError as error:
        raise InputError(f"{source!s} cannot be read: {in_words(error)}") from error
    return Member(Entry(name, size, crc), digest, source)


def read_through(chunks: Iterable[bytes]) -> tuple[int, int, str]:
    """Size, CRC-32 and SHA-256 of bytes that come in chunks.

    Examples
    --------
    >>> from gpunet.packages.container import read_through
    >>> size, crc, digest = read_through([b"a", b"bc"])
    >>> size, hex(crc), digest[:8]
    (3, '0x352441c2', 'ba7816bf')
    """
    size, crc, digest = 0, 0, sha256()
    for chunk in chunks:
        raise_if_stopped()
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        digest.update(chunk)
    return size, crc, digest.hexdigest()


def parts_of(entries: Sequence[Entry]) -> Iterator[Part]:
    """All bytes of a container that are no member's, in order; `entries` are sorted by name.

    A member's bytes are those between the end of its header and the beginning of the next part.
    """
    offset, directory = 0, b""
    for entry in entries:
        header = _local_header(entry)
        yield Part(offset, header, f"the header of {entry.name}")
        directory += _central_header(entry, offset)
        offset += len(header) + entry.size
    yield Part(offset, directory, "the directory")
    end = _end_of(len(entries), offset, len(directory))
    yield Part(offset + len(directory), end, "the end")


def write_container(path: Path, members: Iterable[Member]) -> None:
    """Write the container of these members, each of another name.

    Raises
    ------
    InputError
        If a file has changed since :func:`member_of` read it.
    OSError
        If it cannot be written.
    """
    chosen = sorted(members, key=lambda member: member.name)
    parts = parts_of([member.entry for member in chosen])
    with path.open("wb") as file:
        for member in chosen:
            file.write(next(parts).data)
            _copy(member, file)
        for part in parts:
            file.write(part.data)


def _copy(member: Member, file: BinaryIO) -> None:
    def copied() -> Iterator[bytes]:
        for chunk in _chunks_of(member.source):
            file.write(chunk)
            yield chunk

    if read_through(copied()) != (member.entry.size, member.entry.crc, member.sha256):
        raise InputError(f"{member.source!s} was changed while it was packed: give the same command again")


def _chunks_of(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with open_regular(source) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _local_header(entry: Entry) -> bytes:
    long = entry.size >= _LIMIT
    size = min(entry.size, _LIMIT)
    extra = struct.pack("<2H2Q", 1, 16, entry.size, entry.size) if long else b""
    name = entry.name.encode("ascii")
    version = _VERSION_64 if long else _VERSION
    fields = (b"PK\3\4", version, 0, 0, 0, _DAY, entry.crc, size, size, len(name), len(extra))
    return _LOCAL.pack(*fields) + name + extra


def _central_header(entry: Entry, offset: int) -> bytes:
    long = [entry.size] * 2 if entry.size >= _LIMIT else []
    long += [offset] if offset >= _LIMIT else []
    extra = struct.pack(f"<2H{len(long)}Q", 1, 8 * len(long), *long) if long else b""
    size, name = min(entry.size, _LIMIT), entry.name.encode("ascii")
    version = _VERSION_64 if long else _VERSION
    about = (b"PK\1\2", _UNIX | version, version, 0, 0, 0, _DAY, entry.crc, size, size)
    lengths = (len(name), len(extra), 0, 0, 0)
    return _CENTRAL.pack(*about, *lengths, _MODE, min(offset, _LIMIT)) + name + extra


def _end_of(number: int, offset: int, size: int) -> bytes:
    long = b""
    if number >= _MANY or offset >= _LIMIT or size >= _LIMIT:
        version = _VERSION_64
        long = _END_64.pack(b"PK\6\6", 44, _UNIX | version, version, 0, 0, number, number, size, offset)
        long += _LOCATOR_64.pack(b"PK\6\7", 0, offset + size, 1)
    many = min(number, _MANY)
    return long + _END.pack(b"PK\5\6", 0, 0, many, many, min(size, _LIMIT), min(offset, _LIMIT), 0)
