"""Files that appear whole or not at all, and their hashes; what is there already is never written through."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from gpunet.base.paths import check_target, open_regular
from gpunet.base.private import file_mode, make_file, set_mode

__all__ = ["final_name", "is_partial_of", "sha256_of", "write_new", "write_whole"]

#: How names of temporary files end; those of earlier versions without the digits.
_TEMPORARY = re.compile(r"(\.[0-9a-f]{8})?\.partial\Z")

# Of the part that a temporary name takes over: all of it has to fit into the 255 bytes of a file's name.
_LONGEST_NAME, _LONGEST_ASCII = 50, 200


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; OSError if it is no regular file."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def final_name(name: str) -> str:
    """The name that a temporary file of :func:`write_whole` was to have; of any other file its name."""
    return _TEMPORARY.sub("", name)


def is_partial_of(path: Path, final: Path) -> bool:
    """Whether a regular file has a temporary name that :func:`write_whole` gives while it makes `final`.

    >>> is_partial_of(Path("a.head.backup.partial"), Path("a.head"))
    False
    """
    wanted = re.escape(_begin_of(final)) + r"\.[0-9a-f]{8}\.partial"
    return re.fullmatch(wanted, path.name) is not None and path.is_file() and not path.is_symlink()


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file under a temporary name beside `path`, flush it to disk, then rename it to `path`.

    The temporary name is new, so that nobody's file is written over and no link is followed. The file is for its owner
    alone until it is finished; from then on :func:`gpunet.base.private.sharing` says who may read it.

    Raises
    ------
    OSError
        If it cannot be written, or `path` is there and no regular file.
    """
    check_target(path)
    partial = _new_beside(path)
    try:
        write(partial)
        with partial.open("rb+") as file:
            set_mode(file.fileno(), file_mode())
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


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


def _new_beside(path: Path) -> Path:
    """Make an empty file of a name that nothing has, beside `path`."""
    while True:
        partial = path.with_name(f"{_begin_of(path)}.{secrets.token_hex(4)}.partial")
        try:
            make_file(partial)
        except FileExistsError:
            continue
        return partial


def _begin_of(path: Path) -> str:
    """What the temporary names of a file begin with."""
    return path.name[: _LONGEST_ASCII if path.name.isascii() else _LONGEST_NAME]
