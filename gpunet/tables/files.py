"""Files that appear whole or not at all, and their hashes; what is there already is never written through."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from gpunet.base.paths import check_target, open_regular
from gpunet.base.private import file_mode, set_mode
from gpunet.tables.partial_files import Partial, remove_dead_of

__all__ = ["sha256_of", "write_new", "write_whole"]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; OSError if it is no regular file."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file under a temporary name beside `path`, flush it to disk, then rename it to `path`.

    The temporary name is new, so that nobody's file is written over and no link is followed; what writers of the same
    file have left that were killed is removed first. The file is for its owner alone until it is finished; from then on
    :func:`gpunet.base.private.sharing` says who may read it.

    Raises
    ------
    OSError
        If it cannot be written, or `path` is there and no regular file.
    """
    check_target(path)
    remove_dead_of(path)
    partial = Partial(path)
    try:
        write(partial.path)
        with partial.path.open("rb+") as file:
            set_mode(file.fileno(), file_mode())
            os.fsync(file.fileno())
        if sys.platform == "win32":
            partial.close()  # or it could not be renamed
        partial.path.replace(path)
    finally:
        partial.close()
        partial.path.unlink(missing_ok=True)


def write_new(path: Path, data: str | bytes, mode: int | None = None) -> None:
    """Write a text, or bytes, into a file that was not there, and have it on disk.

    Who may read it says `mode`, or :func:`gpunet.base.private.sharing`.

    Raises
    ------
    FileExistsError
        If anything has that name, be it a link that leads nowhere.
    OSError
        If it cannot be written; then nothing of it stays.
    """
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        try:
            set_mode(file.fileno(), file_mode() if mode is None else mode)
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
