"""The errors a user can cause; the command line prints their text alone and exits with code 2."""

from __future__ import annotations

import os

__all__ = [
    "ConfigError",
    "EngineError",
    "GpunetError",
    "InputError",
    "ModelError",
    "StorageError",
    "UnreadableFile",
    "in_words",
]


def in_words(error: BaseException) -> str:
    """What an error of the system or of a library says, in one line; never empty."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)  # PyArrow's own text is long, and has the path once more
    return " ".join(str(error).split()) or type(error).__name__


class GpunetError(Exception):
    """Base of every error that is the user's to mend. Its text says what is wrong and what to do."""


class ConfigError(GpunetError):
    """The configuration is not usable: an unknown key, a wrong type, a name that clashes."""


class InputError(GpunetError):
    """An input file or frame is not usable: missing, unreadable, or without a required column."""


class UnreadableFile(InputError):  # noqa: N818 - it says what the file is
    """One input is damaged, gone, or without a required column, while others may be well. It may be pickled.

    Attributes
    ----------
    name
        The input, as messages and counts name it.
    reason
        What is wrong with it; the error's text is the two together.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.reason = name, reason

    def __reduce__(self) -> tuple[type[UnreadableFile], tuple[str, str]]:
        return type(self), (self.name, self.reason)


class EngineError(GpunetError):
    """The engine asked for is not available on this machine."""


class ModelError(GpunetError):
    """A model and the features offered to it do not fit each other, or a model cannot be trained."""


class StorageError(GpunetError):
    """A result cannot be written: the disk is full, or a limit is reached. Its text names the file and its folder."""
