"""Writing one file of a run: whole or not at all, and with an error that says that the run can go on."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gpunet.base.errors import StorageError, in_words
from gpunet.base.paths import kind_of
from gpunet.base.private import make_folder
from gpunet.runs.hidden_folder import CHECKPOINTS, HIDDEN
from gpunet.tables.files import write_whole

__all__ = ["cannot_write_into", "json_writer", "make_folders_of", "store_whole", "what_is"]


def store_whole(path: Path, write: Callable[[Path], object]) -> None:
    """:func:`write_whole` for a file of a run.

    Raises
    ------
    StorageError
        If it cannot be written, because the disk is full or for any other reason of the operating system's.
    """
    try:
        write_whole(path, write)
    except OSError as error:
        raise cannot_write_into(path, error) from error


def cannot_write_into(path: Path, error: OSError) -> StorageError:
    """The error that a file of a run's folder cannot be written, be it a finished one or one that is kept."""
    hidden = next((folder for folder in path.parents if folder.name == HIDDEN), path.parent)
    folder = hidden.parent if hidden.name == HIDDEN else hidden
    name = path.relative_to(hidden).as_posix().removeprefix(f"{CHECKPOINTS}/")
    return StorageError(
        f"cannot write {name} into {folder}: {in_words(error)}. Nothing that was finished is lost: "
        "make room and give the same command again, and the run goes on"
    )


def what_is(path: Path) -> str:
    """What is at a path, in words; no link is followed."""
    mode = path.lstat().st_mode
    return "a file" if stat.S_ISREG(mode) else kind_of(mode)


def json_writer(value: Any) -> Callable[[Path], object]:
    """What writes `value` as indented JSON; ValueError for infinities and NaN."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return lambda path: path.write_text(text, encoding="utf-8", errors="backslashreplace")  # an escape of JSON's too


def make_folders_of(place: Path, name: str) -> None:
    """Make the folders in `place` that a result lies in; OSError if one is there and is a link, or no folder."""
    for folder in reversed((place / name).relative_to(place).parents[:-1]):
        with suppress(FileExistsError):
            make_folder(place / folder)
        if not stat.S_ISDIR((place / folder).lstat().st_mode):
            raise OSError(f"{place / folder} is {what_is(place / folder)}") from None
