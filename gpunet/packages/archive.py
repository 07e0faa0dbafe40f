"""A package as it lies there: the members that the archive names, and everything that is wrong with how it is packed.

The archive is read by Python's zipfile for its directory alone. It is held against the one way in which a container can
be written, so whatever another program would read otherwise is a difference.
"""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader
from types import TracebackType

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import open_regular
from gpunet.base.printable import printable
from gpunet.base.words import shortened
from gpunet.packages.container import Entry, is_name, parts_of, read_through
from gpunet.runs.read_back import Damaged

__all__ = ["Archive", "shown_name"]

_CHUNK = 1 << 20
_HEADER = 30
_LONGEST_NAME = 200
_LENGTHS = struct.Struct("<26x2H")
_FILE = 0o100000
_KIND = 0o170000

#: What zipfile says of bytes that are no archive's.
_NO_ARCHIVE = (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError, EOFError, struct.error)


def shown_name(name: str) -> str:
    r"""A name out of an archive in one line of text, whatever is in it.

    Examples
    --------
    >>> from gpunet.packages.archive import shown_name
    >>> print(shown_name("a\nb"))
    a\nb
    """
    return shortened(printable(name, line_breaks=False), _LONGEST_NAME)


class Archive:
    """An archive that is open, as a context.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it cannot be read.
    Damaged
        If it is no zip archive, or its directory cannot be read.
    """

    def __init__(self, path: object) -> None:
        try:
            self._file: BufferedReader = open_regular(str(path))
        except OSError as error:
            raise InputError(f"{path}: this package cannot be read: {in_words(error)}") from error
        self._size = self._file.seek(0, 2)
        try:
            with zipfile.ZipFile(self._file) as directory:
                infos, self._comment = directory.infolist(), directory.comment
        except _NO_ARCHIVE as error:
            self._file.close()
            raise Damaged(
                f"it is no zip archive, or its directory at the end is damaged ({in_words(error)})"
            ) from error
        self._infos = infos
        self.named = {info.orig_filename: info for info in infos}

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def faults(self) -> Iterator[str]:
        """What no package has: odd names, links, names twice, members that are packed in another way, comments."""
        if self._comment:
            yield "the archive has a comment, which packages have not"
        for name, number in Counter(info.orig_filename for info in self._infos).items():
            if number > 1:
                yield f"{shown_name(name)}: there are {number:,} files of that name"
        for info in self._infos:
            name, kind = shown_name(info.orig_filename), (info.external_attr >> 16) & _KIND
            if not is_name(info.orig_filename):
                yield f"{name}: no file of a package has such a name"
            if kind not in (0, _FILE):
                yield f"{name}: it is a link, a folder or a device, and no file"
            if info.compress_type != zipfile.ZIP_STORED:
                yield f"{name}: it is compressed, which files of packages are not"
            elif info.compress_size != info.file_size:
                yield f"{name}: its two sizes differ, though it is not compressed"
            if info.flag_bits & 1:
                yield f"{name}: it is encrypted"

    def is_plain(self, name: str) -> bool:
        """Whether the bytes of that member are in the archive as they are."""
        info = self.named.get(name)
        plain = zipfile.ZIP_STORED
        return info is not None and info.compress_type == plain and info.compress_size == info.file_size

    def size_of(self, name: str) -> int:
        """How many bytes the archive says that the member has."""
        return self.named[name].file_size

    def data_of(self, name: str, most_bytes: int) -> bytes:
        """All bytes of a member; Damaged if they are not there, or more than `most_bytes`."""
        if not self.is_plain(name):
            raise Damaged("it is missing, or packed in another way than packages are")
        if self.size_of(name) > most_bytes:
            raise Damaged("it is larger than such a file can be")
        return b"".join(self._chunks(name))

    def sums_of(self, name: str) -> tuple[int, int, str]:
        """Size, CRC-32 and SHA-256 of a member's bytes; Damaged if they are not there."""
        return read_through(self._chunks(name))

    def _chunks(self, name: str) -> Iterator[bytes]:
        info = self.named[name]
        self._file.seek(max(info.header_offset, 0))  # it may be less than 0, as zipfile reads a damaged end
        header = self._file.read(_HEADER)
        if info.header_offset < 0 or len(header) < _HEADER:
            raise Damaged("its header is not where the directory says")
        start, left = info.header_offset + _HEADER + sum(_LENGTHS.unpack(header)), info.file_size
        if start + left > self._size:
            raise Damaged("it is cut short")
        self._file.seek(start)
        while left:
            chunk = self._file.read(min(left, _CHUNK))
            if not chunk:
                raise Damaged("it is cut short")
            left -= len(chunk)
            yield chunk

    def differences(self, entries: Sequence[Entry]) -> Iterator[str]:
        """Where the archive is not the container of these members; of their own bytes nothing is told."""
        end = 0
        for part in parts_of(entries):
            self._file.seek(part.offset)
            found = self._file.read(len(part.data))
            end = part.offset + len(part.data)
            if found != part.data:
                at = next((i for i, (a, b) in enumerate(zip(found, part.data, strict=False)) if a != b), len(found))
                yield f"byte {part.offset + at:,} of the archive, in {part.what}, is not what packages have there"
        if self._size != end:
            more = self._size - end
            what = f"{more:,} bytes more" if more > 0 else f"{-more:,} bytes less"
            yield f"the archive has {what} than its files need"

    def fits(self, sizes: Mapping[str, int]) -> bool:
        """Whether it has exactly these members, each once and of that size."""
        found = {info.orig_filename: info.file_size for info in self._infos}
        return len(self._infos) == len(found) and found == dict(sizes)
