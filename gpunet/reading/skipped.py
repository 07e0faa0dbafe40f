"""What is told of files that cannot be read and are left out, where the reader is told to keep going."""

from __future__ import annotations

from collections.abc import Sequence

from gpunet.arrests.read_report import SkippedFile
from gpunet.base.errors import InputError, UnreadableFile

__all__ = ["nothing_readable", "skipped_warnings"]


def nothing_readable(skipped: Sequence[SkippedFile]) -> InputError:
    """The error where no file could be read."""
    first = skipped[0]
    if len(skipped) == 1:
        return UnreadableFile(first.name, first.reason)
    return InputError(f"none of {len(skipped)} files could be read; {first.name}: {first.reason}")


def skipped_warnings(skipped: Sequence[SkippedFile]) -> list[str]:
    """What to tell of the files that were left out: a sentence, if there are any."""
    if not skipped:
        return []
    if len(skipped) == 1:
        return [f"{skipped[0].name} was left out: {skipped[0].reason}"]
    names = ", ".join(file.name for file in skipped[:3]) + (", ..." if len(skipped) > 3 else "")
    return [f"{len(skipped)} files could not be read and were left out (left_out has the reasons): {names}"]
