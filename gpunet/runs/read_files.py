"""The files that a complete run has read, found again: where they were, or elsewhere by their SHA-256."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import check_regular, path_named
from gpunet.tables.files import sha256_of

__all__ = ["place_now"]

_NOWHERE: Mapping[str, str] = MappingProxyType({})


def place_now(
    file: Mapping[str, Any],
    run: object,
    elsewhere: Mapping[str, str] = _NOWHERE,
    *,
    whole: bool = True,
    gone: str = "say with --input where it is now",
    changed: str = "say with --input where the file of that time is",
) -> str:
    """The path of a file that a run has read; a relative one starts from the current folder.

    Parameters
    ----------
    file
        What ``run.json`` says of it.
    run
        The run, in words.
    elsewhere
        Paths of other files by their SHA-256: if it is among these, it need not be where it was.
    whole
        Whether all of it is looked at; else its size alone, where its SHA-256 is looked at when it is read.
    gone, changed
        What to do if it cannot be read, or is not what it was.

    Raises
    ------
    InputError
        If it was a data frame, or cannot be read, or is not what it was.

    Examples
    --------
    >>> place_now({"name": "a.csv", "sha256": "0f"}, "the run", {"0f": "moved/a.csv"})
    'moved/a.csv'
    """
    name, sha256 = file["name"], file.get("sha256")
    if sha256 is None:
        raise InputError(f"{run} was made of a data frame and not of files, and it cannot be read again")
    if sha256 in elsewhere:
        return elsewhere[sha256]
    path = Path(path_named(name))
    try:
        same = sha256_of(path) == sha256 if whole else check_regular(path).st_size == file["bytes"]
    except OSError as error:
        raise InputError(f"{name}, which {run} was made of, cannot be read ({in_words(error)}): {gone}") from error
    if not same:
        raise InputError(f"{name} has changed since {run} was made of it: {changed}")
    return str(path)
