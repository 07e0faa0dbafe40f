"""The head of a log: number and hash of its last line, in a file beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import read_regular
from gpunet.base.private import sharing
from gpunet.governance.log_sharing import share
from gpunet.tables.files import write_whole

__all__ = ["damaged_log", "faults_of_head", "head_of", "head_path", "head_text", "read_head", "write_head"]

_HEAD = ".head"
_MOST_HEAD_BYTES = 1 << 10


def head_path(log: Path) -> Path:
    """Where the head of a log lies."""
    return log.with_name(log.name + _HEAD)


def head_of(log: Path) -> tuple[int, str]:
    """Number and SHA-256 of the last line, as the head has them; InputError if there is none."""
    head, why = read_head(log)
    if why:
        raise damaged_log(log, why)
    return head


def read_head(log: Path) -> tuple[tuple[int, str], str]:
    """Number and SHA-256 of the last line, as the head has them, and what is wrong with it, or nothing."""
    path, none = head_path(log), (0, "")
    try:
        text = read_regular(path, _MOST_HEAD_BYTES)
    except FileNotFoundError:
        return none, f"its head, {path.name}, is gone"
    except OSError as error:
        return none, f"its head, {path.name}, cannot be read: {in_words(error)}"
    try:
        found = json.loads(text)
        seq, sha256 = found["seq"], found["sha256"]
    except (ValueError, TypeError, KeyError, RecursionError):
        seq, sha256 = None, None
    if type(seq) is not int or not isinstance(sha256, str) or text != head_text(seq, sha256):
        return none, f"its head, {path.name}, is not what is written there"
    return (seq, sha256), ""


def head_text(seq: Any, sha256: Any) -> bytes:
    """What a head is of a log whose last line has that number and hash."""
    return (json.dumps({"seq": seq, "sha256": sha256}, separators=(",", ":")) + "\n").encode("ascii")


def write_head(log: Path, seq: int, sha256: str, shared: bool) -> None:
    """Put number and hash of the last line in place, whole; a `shared` one its folder's group may write too."""

    def write(path: Path) -> None:
        path.write_bytes(head_text(seq, sha256))
        if shared:
            share(path)

    with sharing("group" if shared else "owner"):  # it is replaced, and never written into
        write_whole(head_path(log), write)


def damaged_log(log: Path, why: str) -> InputError:
    """The error that a log is not as it was written."""
    return InputError(f"the log {log} is damaged: {why}. `gpunet log verify {log}` says what is wrong with it")


def faults_of_head(log: Path, seq: int, sha256: str, before: str, last: str) -> list[str]:
    """What is wrong at the end of a log whose last line has this number and hash, and that hash of the line before."""
    head, why = read_head(log)
    if why and not os.path.lexists(head_path(log)):
        return (
            []
            if seq and sha256 == last
            else [f"{why}, so lines may have been cut off the end: {_mended(log, seq, sha256)}"]
        )
    if why:
        return [why]
    if head == (seq, sha256) or head == (seq - 1, before):  # the latter if a writer was killed before it wrote it
        return []
    if head[0] > seq:
        return [f"its head knows {head[0]:,} lines, and there are {seq:,}: the last ones were removed"]
    return ["its head is not that of its last line"]


def _mended(log: Path, seq: int, sha256: str) -> str:
    """What to do about a head that is gone."""
    head = head_text(seq, sha256).decode().strip()
    return (
        f"put it back from a copy of the folder; or, if the SHA-256 of the last line was noted elsewhere, give gpunet "
        f"log verify {log} --head SHA256, and if the two agree, write the line {head} into {head_path(log)}"
    )
