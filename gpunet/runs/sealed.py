"""Sealed results: scores that lie in a run's folder and are not to be looked at until somebody has decided so.

A seal is a rule and no secret: it keeps scores from every command and from every program that reads tables, and its
opening is written down. Whoever may read the folder and knows this file can undo it, as docs/governance.md says.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import open_regular

__all__ = [
    "SEALABLE",
    "SEALED",
    "how_sealed",
    "is_sealed",
    "open_result",
    "opened_bytes",
    "read_sealed",
    "refuse_sealed",
    "sealable_words",
    "sealed_bytes",
    "write_sealed",
]

#: How the name of a sealed result ends.
SEALED = ".sealed"

#: The results that point at single persons, or make such: the lists, what an update says moved, the model, and flags.
SEALABLE = ("scores.parquet", "top.csv", "predictions.parquet", "changes.parquet", "model.ubj", "flags.parquet")

_MAGIC = b"gpunet sealed results 1\n"


def sealed_bytes(plain: bytes) -> bytes:
    """A result's bytes under seal: the same each time.

    Examples
    --------
    >>> opened_bytes(sealed_bytes(b"score"))
    b'score'
    """
    return _MAGIC + hashlib.sha256(plain).digest() + zlib.compress(plain, 1)


def opened_bytes(sealed: bytes) -> bytes:
    """The inverse of :func:`sealed_bytes`; ValueError if they are damaged."""
    if not sealed.startswith(_MAGIC):
        raise ValueError("it is no sealed result")
    start = len(_MAGIC) + hashlib.sha256().digest_size
    try:
        plain = zlib.decompress(sealed[start:])
    except zlib.error as error:
        raise ValueError("it is damaged") from error
    if hashlib.sha256(plain).digest() != sealed[len(_MAGIC) : start]:
        raise ValueError("it is damaged")
    return plain


def write_sealed(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file, and put it under seal."""
    write(path)
    path.write_bytes(sealed_bytes(path.read_bytes()))


def read_sealed(path: Path) -> bytes:
    """The bytes of the result whose sealed file is `path`; InputError if it cannot be read or is damaged."""
    try:
        with open_regular(path) as file:
            return opened_bytes(file.read())
    except OSError as error:
        raise InputError(f"cannot read {path}: {in_words(error)}") from error
    except ValueError as error:
        raise InputError(f"{path}: {error}: make the run again, or take another copy of it") from error


def open_result(folder: Path, name: str, manifest: Mapping[str, Any]) -> Path | BytesIO:
    """A result of a run, sealed or not, for what is told of all persons together and not of single ones."""
    if name + SEALED in manifest["outputs"] and name not in manifest["outputs"]:
        return BytesIO(read_sealed(folder / f"{name}{SEALED}"))
    return folder / name


def is_sealed(manifest: Mapping[str, Any]) -> bool:
    """Whether scores of the run, or its flags, are under seal."""
    return any(name.endswith(SEALED) for name in manifest["outputs"])


def sealable_words(manifest: Mapping[str, Any]) -> str:
    """What of a run is put under seal, in a word.

    >>> sealable_words({"gpunet": "flags"}), sealable_words({"gpunet": "run"})
    ('flags', 'scores')
    """
    return "flags" if manifest.get("gpunet") == "flags" else "scores"


def refuse_sealed(folder: Path, manifest: Mapping[str, Any]) -> None:
    """InputError if scores of the run, or its flags, are under seal."""
    if is_sealed(manifest):
        raise InputError(how_sealed(folder, manifest))


def how_sealed(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Of a run whose scores, or flags, are under seal: what opens them, in a sentence."""
    what = sealable_words(manifest)
    if manifest.get("governance", {}).get("person_scores") != "reviewed":
        return (
            f"the {what} of single persons in {folder} are sealed, and [governance] of the run allows none: what is "
            "told of all persons together is in its report"
        )
    return (
        f"the {what} in {folder} are sealed until they are reviewed: gpunet review {folder} --by NAME --decision "
        "approve --note TEXT"
    )
