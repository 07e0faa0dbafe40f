"""Files that cannot be read: each is named, and left out where the reader is told to keep going."""

from __future__ import annotations

import copy

from gpunet.errors import InputError, UnreadableFile


def test_the_error_travels_between_processes() -> None:
    """A copy is made of what a pickle holds."""
    error = UnreadableFile("a.csv", "not readable: Permission denied")
    for found in (error, copy.copy(error)):
        assert type(found) is UnreadableFile
        assert isinstance(found, InputError)
        assert (found.name, found.reason) == ("a.csv", "not readable: Permission denied")
        assert str(found) == "a.csv: not readable: Permission denied"
