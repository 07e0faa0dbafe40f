"""Files that cannot be read and are left out, where the reader is told to keep going."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from gpunet.arrests.arrests import ReadReport, SkippedFile
from gpunet.base.errors import InputError, UnreadableFile
from gpunet.reading.files import InputFile
from gpunet.reading.sources import Source
from gpunet.tables.files import sha256_of

__all__ = ["nothing_readable", "skip_file", "with_skipped"]


def skip_file(file: Source | InputFile, error: UnreadableFile, skipped: list[SkippedFile] | None) -> None:
    """Enter a file that cannot be read into `skipped`; raise `error` if that is None."""
    if skipped is None:
        raise error
    source, sha256 = (file.source, file.sha256) if isinstance(file, InputFile) else (file, None)
    with suppress(OSError):
        sha256 = sha256 or sha256_of(source.path)
    skipped.append(SkippedFile(source.name, error.reason, source.size_bytes, sha256))


def nothing_readable(skipped: Sequence[SkippedFile]) -> InputError:
    """The error where no file could be read."""
    first = skipped[0]
    if len(skipped) == 1:
        return UnreadableFile(first.name, first.reason)
    return InputError(f"none of {len(skipped)} files could be read; {first.name}: {first.reason}")


def with_skipped(report: ReadReport, skipped: Sequence[SkippedFile]) -> ReadReport:
    """The report, with the files that were left out and a warning of them."""
    if len(skipped) == 1:
        message = f"{skipped[0].name} was left out: {skipped[0].reason}"
    else:
        names = ", ".join(file.name for file in skipped[:3]) + (", ..." if len(skipped) > 3 else "")
        message = f"{len(skipped)} files could not be read and were left out (left_out has the reasons): {names}"
    return replace(report, skipped=tuple(skipped), warnings=(message, *report.warnings))
