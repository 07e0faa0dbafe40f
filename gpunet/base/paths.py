"""Paths as users give them: never empty, regular files alone where files are read, and no output that is an input."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from gpunet.base.errors import GpunetError, InputError, in_words

__all__ = [
    "check_regular",
    "check_target",
    "is_mere_word",
    "kind_of",
    "name_of",
    "named_path",
    "open_regular",
    "path_named",
    "read_regular",
    "refuse_files",
    "refuse_inputs",
    "refuse_inside",
    "refuse_taken",
]

#: What tells a file from every other, whatever its names.
_Identity: TypeAlias = tuple[int, int] | str

#: How the name of a file ends, and no number does.
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]*$", re.ASCII)

_KINDS: dict[str, Callable[[int], bool]] = {
    "a symbolic link": stat.S_ISLNK,
    "a folder": stat.S_ISDIR,
    "a named pipe": stat.S_ISFIFO,
    "a socket": stat.S_ISSOCK,
    "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
}


def kind_of(mode: int) -> str:
    """What something is that is no regular file, in words."""
    return next((words for words, is_it in _KINDS.items() if is_it(mode)), "no regular file")


def named_path(given: Any, what: str, error: type[GpunetError] = InputError) -> Path:
    """A path that was given as `what`; an `error` if it is empty or blank, or no path at all.

    ``Path("")`` is the current folder, which nobody means who gives an empty text: a variable was not set.
    """
    if not isinstance(given, str | os.PathLike) or not isinstance(os.fspath(given), str):
        raise error(f"{what}: expected a path, not {type(given).__name__}")
    text = os.fspath(given)
    if not text.strip():
        raise error(f'{what}: the path "{text}" is empty; name a file or folder (is a variable not set?)')
    if "\0" in text:
        raise error(f"{what}: a path cannot have a null character in it")
    return Path(text)


def is_mere_word(given: str | os.PathLike[str]) -> bool:
    """Whether what was given as a path leads nowhere and does not even look like one: then it may be anybody's id.

    Examples
    --------
    >>> is_mere_word("7654321"), is_mere_word("P.7654"), is_mere_word("no/such"), is_mere_word("none.csv")
    (True, True, False, False)
    """
    text = os.fspath(given)
    if text == "-" or Path(text).name != text or _SUFFIX.search(text):
        return False
    return not os.path.lexists(text)


def name_of(path: str | os.PathLike[str]) -> str:
    r"""A path as text that any table or file can hold: bytes that are not UTF-8 are escapes, such as ``\udcff``."""
    return os.fspath(path).encode("utf-8", "backslashreplace").decode()


def path_named(name: str) -> str:
    """The path whose :func:`name_of` this is, if it is one's at all."""
    return re.sub(r"\\u(dc[89a-f][0-9a-f])", lambda found: chr(int(found[1], 16)), name)


def refuse_files(folder: Path) -> None:
    """Raise InputError if what should be the folder of a run is a file."""
    if folder.is_file():
        raise InputError(f"{folder} is a file: name the folder of a run")


def check_regular(path: str | os.PathLike[str]) -> os.stat_result:
    """Look at a file without opening it, and give what there is to know.

    Raises
    ------
    OSError
        If it is not there, or is a named pipe, a device, a socket or a folder: reading these may never end.
    """
    found = os.stat(path)  # noqa: PTH116 - there may be thousands, and a Path costs more than a look
    _refuse_irregular(found.st_mode)
    return found


def open_regular(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a regular file to read its bytes; of anything else nothing is read, and nothing is waited for.

    Raises
    ------
    OSError
        As :func:`check_regular`, or if it cannot be opened.
    """
    check_regular(path)  # first: to open a device may do something
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - Path.open takes no opener
    try:
        _refuse_irregular(os.fstat(file.fileno()).st_mode)  # it may be another one by now
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: str | os.PathLike[str], most_bytes: int) -> bytes:
    """All bytes of a regular file.

    Raises
    ------
    OSError
        As :func:`open_regular`, or if they are more than `most_bytes`.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = b"" if size > most_bytes else file.read(most_bytes + 1)
    if max(size, len(data)) > most_bytes:
        raise OSError(f"it is larger than the {most_bytes >> 20:,} MiB that such a file can have")
    return data


def check_target(path: Path) -> None:
    """Look at what a new file would replace.

    Raises
    ------
    OSError
        If that is no regular file: a link would be lost, or lead elsewhere.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(f"there is {kind_of(mode)} of that name")


def refuse_taken(path: Path, option: str) -> None:
    """Before long work: raise InputError unless the new file that an option names can be made."""
    if os.path.lexists(path):
        raise InputError(f"{option} {path}: there is such a file already; name a new one")
    if not path.parent.is_dir():
        raise InputError(f"{option} {path}: there is no folder {path.parent}; make it, or name another")


def refuse_inside(path: Path, mark: str, option: str) -> None:
    """Raise InputError if the new file that an option names would lie in the folder of a run, however deep.

    Such a folder holds a file named `mark`. Links on the way count for where they lead.
    """
    parents = (Path(os.path.realpath(path.parent)) / "_").parents  # Path.resolve raises if links go round in circles
    if any(os.path.exists(parent / mark) for parent in parents):  # noqa: PTH110 - Path.exists raises what this does not
        raise InputError(
            f"{option} {path} would lie in the folder of a run, which holds its own files alone: name another"
        )


def refuse_inputs(out: str | Path, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse to write `out`, a file or a folder, if one of the `inputs` is it or lies in it.

    Names do not count but what they lead to: a link, a second name (hard link), or one in other letters on a file
    system that does not tell them apart, is the same file.

    Raises
    ------
    InputError
        If so; the message names the input.
    """
    identity = cache(_identity_of)
    place = identity(Path(out))
    if place is None:  # nothing is there, so no input is
        return
    written = {place, *_identities_in(Path(out))}
    for given in inputs:
        path = Path(os.path.abspath(given))  # noqa: PTH100 - and not Path.absolute, which keeps ".."
        for name in {path, Path(os.path.realpath(path))}:  # Path.resolve raises if links go round in circles
            if _identity_of(name) in written:
                raise InputError(f"{out} is to be written, and is the input {given} too: give another --out")
            if any(identity(parent) == place for parent in name.parents):
                raise InputError(f"the input {given} lies in {out}, which is to be written: give another --out")


def _identity_of(path: Path) -> _Identity | None:
    """None if there is nothing, or nothing that can be looked at."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if found.st_ino else os.path.normcase(os.path.realpath(path))


def _identities_in(folder: Path) -> list[_Identity | None]:
    """Of the files in a folder, which a run replaces."""
    if not folder.is_dir():
        return []
    try:
        return [_identity_of(path) for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise InputError(f"{folder}: this folder cannot be listed: {in_words(error)}") from error


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe without a writer would never open


def _refuse_irregular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(f"it is {kind_of(mode)}, and no regular file")
