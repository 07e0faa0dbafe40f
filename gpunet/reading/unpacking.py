"""What kind of table the bytes of a file are, and the bytes as they were before they were packed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from gpunet.base.errors import UnreadableFile, in_words
from gpunet.base.paths import check_regular
from gpunet.reading.file_bytes import FileBytes

__all__ = [
    "KINDS",
    "PACKINGS",
    "READ_ERRORS",
    "Contents",
    "contents_of",
    "is_hidden",
    "may_be_prose",
    "named",
    "seekable",
    "tables_among",
    "unpacked",
]

#: Kinds of table by the end of a file's name.
KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".arrow": "ipc",
    ".arrows": "ipc",
    ".feather": "ipc",
    ".ipc": "ipc",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".xlsb": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
}

#: How a table of any kind may be packed, by what its name then ends with.
PACKINGS = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd", ".zip": "zip"}

#: What goes wrong where a packed file is damaged.
READ_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)

#: How files begin that are certainly packed so, or certainly of that kind.
_PACKED = {
    b"\x1f\x8b": "gzip",
    **{b"BZh%d%b" % (level, after): "bz2" for level in range(1, 10) for after in (b"1AY&SY", b"\x17rE8P\x90")},
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\3\4": "zip",
    b"PK\5\6": "zip",
}
_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # of Excel before 2007, and of every encrypted one
_OF_KIND = {b"PAR1": "parquet", b"ARROW1": "ipc", b"\xff\xff\xff\xff": "ipc", _WORKBOOK: "workbook"}

#: And those that hold no table that is read.
_OTHERS = {
    b"FEA1\0": "Feather of the first version",
    b"PARE": "encrypted Parquet",
    b"%PDF-": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"SQLite format 3\0": "a SQLite database",
    b"Obj\x01": "Avro",
}

_WORDS = {"csv": "text", "parquet": "Parquet", "ipc": "Arrow", "workbook": "a workbook"}

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

#: Bytes that no text has, but for UTF-16.
_CONTROL = bytes({*range(32), 127} - set(b"\t\n\r\f\x1a"))

_START_BYTES, _CHUNK_BYTES, _IN_MEMORY_BYTES = 1 << 10, 1 << 20, 1 << 26


@dataclass(frozen=True)
class Contents:
    """What a file is: the kind of its table, how it is packed, and which member of a zip archive the table is.

    ``kind`` is "" where neither the bytes nor the name tell. ``notes``: in a few words, what its name does not say.
    """

    kind: str
    packing: str = ""
    member: str = ""
    notes: tuple[str, ...] = ()


def named(name: str) -> tuple[str, str]:
    """The kind of table and the packing that a file's name tells, "" for what it does not."""
    rest, packing = _of_suffix(name.lower(), PACKINGS)
    return _of_suffix(rest if packing else name.lower(), KINDS)[1], packing


def _of_suffix(name: str, known: Mapping[str, str]) -> tuple[str, str]:
    """A name up to its suffix, and what that stands for."""
    rest, point, suffix = name.rpartition(".")
    return rest, known.get(point + suffix, "")


def contents_of(file: FileBytes, name: str) -> Contents:
    """Look at the first bytes of the file, which is `name` in messages: they count where they are certain.

    Where they are not, the file's name does. Text is never certain, but it is not Parquet whatever its name.

    Raises
    ------
    UnreadableFile
        If it cannot be read, is no table, or is an archive with none, several, or one that is packed once more.
    """
    try:
        return _contents_of(file, name)
    except READ_ERRORS as error:
        raise UnreadableFile(name, f"not readable: {in_words(error)}") from error


def _contents_of(file: FileBytes, name: str) -> Contents:
    of_name = kind, packing = named(file.path.name)
    inner, member, notes = file.path.name, "", []
    start = _start_of(file)
    packed = _begins_with(start, _PACKED)
    if packed == "zip" and _is_workbook(file):
        packed, start = "", _WORKBOOK
    elif not packed and packing and start and not (_begins_with(start, _OF_KIND) or _is_text(start)):
        packed = packing  # whoever unpacks it says what is wrong
    if packed == "zip":
        member, left_out = _table_in(file, name, kind)
        inner = member
        if left_out:
            notes.append(f'"{member}" alone, of an archive that also holds {_listed(left_out)}')
    if packed:
        start = _start_of(file, packed, member)
        kind = named(inner)[0] or kind
        again = _begins_with(start, _PACKED)
        if again == "zip" and _is_workbook(file, packed, member):
            start = _WORKBOOK
        elif again or start[257:262] == b"ustar":
            raise UnreadableFile(name, "an archive within an archive: unpack it, and give the files in it")
    if other := _begins_with(start, _OTHERS):
        raise UnreadableFile(name, f"its bytes are {other}, which is not read: write the table as CSV or Parquet")
    found = _begins_with(start, _OF_KIND) or ("csv" if kind and start and _is_text(start) else kind)
    if of_name[0] and (found, packed) != of_name:
        notes.append(f"{_in_words(found, packed)} under the name of {_in_words(*of_name)}")
    return Contents(found or ("csv" if packed and _is_text(start) else ""), packed, member, tuple(notes))


def _begins_with(start: bytes, known: dict[bytes, str]) -> str:
    return next((what for bytes_, what in known.items() if start.startswith(bytes_)), "")


def _is_text(start: bytes) -> bool:
    return start.startswith(_MARKS) or len(start.translate(None, _CONTROL)) == len(start)


def _in_words(kind: str, packing: str) -> str:
    return f"{_WORDS[kind]} in {packing}" if packing else _WORDS[kind]


def _start_of(file: FileBytes, packing: str = "", member: str = "") -> bytes:
    with file.open() as raw:
        if not packing:
            return raw.read(_START_BYTES)
        with unpacked(raw, packing, member) as data:
            return data.read(_START_BYTES)


def _is_workbook(file: FileBytes, packing: str = "", member: str = "") -> bool:
    """Whether a zip archive, itself packed perhaps, is a workbook of this century."""
    with seekable(file, packing, member) as whole, zipfile.ZipFile(whole) as archive:
        members = set(archive.namelist())
        if "mimetype" in members and not archive.getinfo("mimetype").flag_bits & 1:
            return archive.read("mimetype").startswith(b"application/vnd.oasis.opendocument.spreadsheet")
        return not members.isdisjoint(("xl/workbook.xml", "xl/workbook.bin"))


def _table_in(file: FileBytes, name: str, kind: str) -> tuple[str, list[str]]:
    """The one table in a zip archive, and its other members; a single one is it, if the archive's name has a kind."""
    with file.open() as raw, zipfile.ZipFile(raw) as archive:
        files = {info.filename: info for info in archive.infolist() if not (info.is_dir() or is_hidden(info.filename))}
    members = [*files]
    tables = tables_among(members) or (members if kind else [])
    if len(tables) != 1:
        found = f"several tables, {_listed(tables)}" if tables else f"no table, but {_listed(members) or 'nothing'}"
        raise UnreadableFile(name, f"the archive holds {found}: unpack it, and give the files or their folder")
    if files[tables[0]].flag_bits & 1:
        raise UnreadableFile(name, "the archive is encrypted: unpack it, and give the file in it")
    return tables[0], [member for member in members if member != tables[0]]


def tables_among(members: Iterable[str]) -> list[str]:
    """The names of tables, or of something that is packed; of text files only if there is nothing else."""
    tables = [member for member in members if any(named(member)) and not is_hidden(member)]
    return [member for member in tables if not may_be_prose(member)] or tables


def _listed(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def may_be_prose(name: str) -> bool:
    """Whether a file is called as tables are, and as what is written about them."""
    return name.lower().endswith((".txt", *(f".txt{suffix}" for suffix in PACKINGS)))


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder on its way, has a name that begins with "." or "_"."""
    return any(part.startswith((".", "_", "~$")) for part in PurePosixPath(name).parts)


def unpacked(file: Any, packing: str, member: str = "") -> io.BufferedReader:
    """The bytes of an open file as they were before it was packed, as a stream; `member` is that of a zip archive."""
    return io.BufferedReader(_opened(file, packing, member), _CHUNK_BYTES)


def _opened(file: Any, packing: str, member: str) -> Any:
    if packing == "gzip":
        return gzip.GzipFile(fileobj=io.BufferedReader(file, _CHUNK_BYTES))
    if packing == "bz2":
        return bz2.BZ2File(file)
    if packing == "xz":
        return lzma.LZMAFile(file)
    if packing == "zstd":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")
    return zipfile.ZipFile(file).open(member) if packing == "zip" else file


@contextmanager
def seekable(file: FileBytes, packing: str, member: str = "") -> Iterator[Any]:
    """The file's path, or an open file: in memory, or on the disk where what was packed is large."""
    if not packing and file.data is None:
        check_regular(file.path)
        yield str(file.path)
        return
    if not packing:
        yield file.open()
        return
    with (
        file.open() as raw,
        unpacked(raw, packing, member) as data,
        tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as whole,
    ):
        shutil.copyfileobj(data, whole, _CHUNK_BYTES)
        whole.seek(0)
        yield whole
