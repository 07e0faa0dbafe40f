"""Files that cannot be read and are left out, where the reader is told to keep going."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from gpunet.arrests import FileLeftOut, ReadReport
from gpunet.errors import InputError, UnreadableFile
from gpunet.folder import sha256_of
from gpunet.reading.files import InputFile
from gpunet.reading.sources import Source

__all__ = ["leave_out", "nothing_is_left", "with_left_out"]


def leave_out(file: Source | InputFile, error: UnreadableFile, left_out: list[FileLeftOut] | None) -> None:
    """Enter a file that cannot be read into `left_out`; raise `error` if that is None."""
    if left_out is None:
        raise error
    source, sha256 = (file.source, file.sha256) if isinstance(file, InputFile) else (file, None)
    with suppress(OSError):
        sha256 = sha256 or sha256_of(source.path)
    left_out.append(FileLeftOut(source.name, error.reason, source.size_bytes, sha256))


def nothing_is_left(left_out: Sequence[FileLeftOut]) -> InputError:
    """The error where no file could be read."""
    first = left_out[0]
    if len(left_out) == 1:
        return UnreadableFile(first.name, first.reason)
    return InputError(f"none of {len(left_out)} files could be read; {first.name}: {first.reason}")


def with_left_out(report: ReadReport, left_out: Sequence[FileLeftOut]) -> ReadReport:
    """The report, with the files that were left out and a warning of them."""
    if len(left_out) == 1:
        told = f"{left_out[0].name} was left out: {left_out[0].reason}"
    else:
        names = ", ".join(file.name for file in left_out[:3]) + (", ..." if len(left_out) > 3 else "")
        told = f"{len(left_out)} files could not be read and were left out (left_out has the reasons): {names}"
    return replace(report, left_out=tuple(left_out), warnings=(told, *report.warnings))
