"""The bytes of a file: of a small one they are read once, whatever they are then looked at for."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from gpunet.base.paths import open_regular
from gpunet.tables.files import sha256_of

__all__ = ["FileBytes"]

#: Files of more bytes are read from the disk each time.
_SMALL_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class FileBytes:
    """A file, and all that is in it where that was :meth:`read`.

    To open a file, look what it is, hash it and read it is a system call or more each time: of thousands of small
    files this took longer than their rows.
    """

    path: Path
    data: bytes | None = None

    def read(self) -> FileBytes:
        """The same with its bytes if they are few; OSError if it is no regular file."""
        with open_regular(self.path) as file:
            if os.fstat(file.fileno()).st_size > _SMALL_BYTES:
                return self
            data = file.read(_SMALL_BYTES + 1)  # it may have grown, or be one whose size the system does not tell
        return self if len(data) > _SMALL_BYTES else replace(self, data=data)

    def open(self) -> BinaryIO:
        """The bytes as a stream from their beginning."""
        return open_regular(self.path) if self.data is None else io.BytesIO(self.data)

    def sha256(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return sha256_of(self.path) if self.data is None else hashlib.sha256(self.data).hexdigest()
