"""The log of what is done with the data of persons: one line an operation, each bound to the line before by its hash.

A log is ``log.jsonl`` in the folder that holds the runs. ``log.jsonl.head`` beside it has number and hash of its last
line, so that a line that is cut off the end is missed. Whoever may write into the folder can make a whole new log:
the last hash, noted elsewhere, shows that. Concurrent writers wait for each other, and a writer that is killed takes
no line with it.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError, StorageError, cannot_write, in_words
from gpunet.base.lock import held
from gpunet.base.paths import kind_of, open_regular
from gpunet.base.private import make_folder, sharing
from gpunet.config.config import Config
from gpunet.governance.log_head import damaged_log, faults_of_head, head_of, head_path, write_head
from gpunet.governance.log_line import FIRST, LONGEST_LINE, OPERATIONS, actor_of, line_of, new_entry, read_line
from gpunet.governance.log_sharing import share

__all__ = ["LOG", "OPERATIONS", "append", "check", "entries", "is_log", "log_of", "place_of_log", "refuse_unwritable"]

#: The name of a log.
LOG = "log.jsonl"


def log_of(config: Config, run: Path) -> Path | None:
    """The log that a run is entered in; None if none is kept.

    It is the one that ``[governance] log`` names, or else ``log.jsonl`` in the folder that holds the run's, if the
    configuration has ``[governance]`` or there is a log there already.
    """
    return place_of_log(config.governance.log, config.is_governed, run)


def place_of_log(named: str, governed: bool, run: Path) -> Path | None:
    """:func:`log_of` by what ``[governance] log`` says and whether there is ``[governance]``.

    Links on the way to the run count for where they lead, and a relative path counts from the folder that holds it:
    so every command finds the same log, wherever it is given.
    """
    beside = Path(os.path.realpath(run)).parent
    log = beside / (Path(named).expanduser() if named else LOG)
    return log if governed or is_log(log) else None


def is_log(log: Path) -> bool:
    """Whether there is a log: a file whose first line is one's, damaged or not, or what it had for its head."""
    if os.path.lexists(head_path(log)):
        return True
    try:
        with open_regular(log) as file:
            return bool(read_line(file.readline(LONGEST_LINE).rstrip(b"\n"))[0])
    except OSError:
        return False


def append(
    log: Path,
    operation: str,
    *,
    purpose: str,
    task_ref: str,
    object_sha256: str,
    persons: int | None,
    actor: str | None = None,
    group: bool = False,
) -> dict[str, Any]:
    """Add a line to a log, made if need be, and return its fields when it is on disk.

    Parameters
    ----------
    log
        Its path.
    operation
        One of :data:`OPERATIONS`.
    purpose, task_ref
        What it is done for; empty texts if nothing is stated.
    object_sha256
        SHA-256 of what it is about: of a run, of its ``run.json``.
    persons
        How many persons it concerns, if that is known; never who.
    actor
        Who does it; the user of the operating system if not given.
    group
        Whether a new log may be written by its folder's group too.

    Raises
    ------
    InputError
        If what is there is no log, or is a damaged one.
    StorageError
        If it cannot be written; then there is no new line.
    """
    entry = new_entry(
        operation,
        purpose=purpose,
        task_ref=task_ref,
        object_sha256=object_sha256,
        persons=persons,
        actor=actor_of() if actor is None else actor,
    )
    try:
        with sharing("group" if group else "owner"):
            make_folder(log.parent)
        with _held(log, group):
            return _appended(log, entry, group)
    except OSError as error:
        raise cannot_write(f"cannot write the log {log}, so nothing is done", error) from error


def refuse_unwritable(log: Path) -> None:
    """Before long work: raise what :func:`append` would, as far as that can be known; only the lock is written.

    Raises
    ------
    InputError
        If what is there is no log or is a damaged one, or GPUNET_ACTOR cannot be entered.
    StorageError
        If no line can be written.
    """
    actor_of()
    folder = log.parent
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):  # modes alone do not tell where a file can be made
            pass
        if os.path.lexists(log):
            with _held(log):
                descriptor = _opened(log)
                try:
                    if os.fstat(descriptor).st_size or os.path.lexists(head_path(log)):
                        _end(log, descriptor)
                finally:
                    os.close(descriptor)
        elif os.path.lexists(head_path(log)) and head_of(log)[0]:
            raise damaged_log(log, "it is gone, and its head is there")
    except OSError as error:
        raise cannot_write(f"cannot write the log {log}, so nothing is done", error) from error


def _held(log: Path, group: bool = False) -> AbstractContextManager[None]:
    """The lock of a log, which is for the group as well if the log is, or is to be."""
    with suppress(FileNotFoundError):
        group = group or bool(log.lstat().st_mode & stat.S_IWGRP)
    return held(log, f"the log {log}", share if group else None)


def _opened(log: Path) -> int:
    """A descriptor of the file, made if need be; InputError if it is no regular one."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(log, flags, 0o600)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise InputError(f"{log} is {kind_of(mode)}, and no log: name another in [governance] log")
    return descriptor


def _appended(log: Path, entry: dict[str, Any], group: bool) -> dict[str, Any]:
    """:func:`append` by whoever has the lock."""
    new = not os.path.lexists(log)
    descriptor = _opened(log)
    try:
        if new and group:
            share(log)
        shared = bool(os.fstat(descriptor).st_mode & 0o020)
        if not os.fstat(descriptor).st_size and not os.path.lexists(head_path(log)):
            write_head(log, 0, FIRST, shared)
            _flush_folder(log.parent)
        end, seq, last = _end(log, descriptor)
        os.ftruncate(descriptor, end)  # what follows was never finished, so what it was to tell of was not done
        if head_of(log) != (seq, last):  # or the next writer that is killed would leave it two lines behind
            write_head(log, seq, last, shared)
        line, whole = line_of(entry, seq + 1, last)
        _write_line(log, descriptor, line, end)
        write_head(log, seq + 1, whole["sha256"], shared)
    finally:
        os.close(descriptor)
    return whole


def _end(log: Path, descriptor: int) -> tuple[int, int, str]:
    """Where the next line begins, and number and SHA-256 of the last one; InputError if the end was changed."""
    size = os.fstat(descriptor).st_size
    seq, sha256 = head_of(log)
    start = max(0, size - 3 * LONGEST_LINE)
    with open_regular(log) as file:
        file.seek(start)
        *whole, rest = file.read().split(b"\n")
    end = size - len(rest)
    if not whole:
        if start or seq:
            raise damaged_log(log, "its end is not that of its head")
    else:
        found, why = read_line(whole[-1])
        if why:
            raise damaged_log(log, f"its last line: {why}")
        if (found["seq"], found["sha256"]) != (seq, sha256):
            if (found["seq"], found["previous_sha256"]) != (seq + 1, sha256):
                raise damaged_log(log, "its last line is not that of its head")
            seq, sha256 = found["seq"], found["sha256"]  # its writer was killed before it wrote the head
    return end, seq, sha256


def _write_line(log: Path, descriptor: int, line: bytes, end: int) -> None:
    """All of the line, on disk, or nothing of it."""
    try:
        if os.write(descriptor, line) < len(line):
            raise StorageError(f"cannot write the log {log}, so nothing is done: there is no room for a line")
        os.fsync(descriptor)
    except BaseException:
        os.ftruncate(descriptor, end)
        raise


def check(log: Path, last: str = "") -> list[str]:
    """What is wrong with a log, in words with the numbers of lines; nothing if every line is there as it was written.

    Parameters
    ----------
    log
        Its path.
    last
        The SHA-256 of its last line, if that was noted elsewhere: it stands in for a head that is gone.

    Raises
    ------
    InputError
        If there is no log, or it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp()) / "log.jsonl"
    >>> run = {"purpose": "triage", "task_ref": "", "object_sha256": "a" * 64}
    >>> for persons in (10, 20):
    ...     _ = append(log, "consultation", persons=persons, **run)
    >>> check(log)
    []
    >>> _ = log.write_text(log.read_text().replace('"persons":10', '"persons":1'))
    >>> check(log)
    ['line 1: its text is not that of its sha256, so it was changed']
    """
    faults: list[str] = []
    seq, previous, before = 0, FIRST, FIRST
    for number, line in enumerate(_lines(log), 1):
        found, why = read_line(line.removesuffix(b"\n"))
        if not line.endswith(b"\n"):
            why = "it has no end: its writer was stopped, and the next entry takes it away; or somebody cut it short"
        elif found and not why:
            why = _out_of_place(found, seq + 1, previous)
        if why:
            faults.append(f"line {number:,}: {why}")
        if found and line.endswith(b"\n"):
            before, seq, previous = found["previous_sha256"], found["seq"], found["sha256"]
        else:
            before, seq, previous = previous, seq + 1, ""
    return [*faults, *faults_of_head(log, seq, previous, before, last)]


def _out_of_place(found: dict[str, Any], seq: int, previous: str) -> str:
    if found["seq"] != seq:
        return f"it is number {found['seq']:,} where {seq:,} follows: a line was removed, moved or put in"
    if previous and found["previous_sha256"] != previous:
        return "the line before is not the one that was there when it was written"
    return ""


def entries(log: Path, *, damaged: bool = False) -> Iterator[dict[str, Any]]:
    """The entries of a log, from the first; :func:`check` says whether they are what was written.

    Raises
    ------
    InputError
        If there is no log, or it cannot be read, or has a line that is none of a log's: such lines are passed over if
        it may be `damaged`.
    """
    for number, line in enumerate(_lines(log), 1):
        found, why = read_line(line.removesuffix(b"\n"))
        if found:
            yield found
        elif not damaged:
            raise damaged_log(log, f"line {number:,}: {why}")


def _lines(log: Path) -> Iterator[bytes]:
    try:
        with open_regular(log) as file:
            while line := file.readline(LONGEST_LINE):
                yield line
    except FileNotFoundError as error:
        if not os.path.lexists(head_path(log)):
            raise InputError(f"there is no log {log}: name a log, or a folder that holds {LOG}") from error
    except OSError as error:
        raise InputError(f"{log}: it cannot be read: {in_words(error)}") from error


def _flush_folder(folder: Path) -> None:
    """Let the names of new files be on disk too, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
