"""The errors with a text for users, which the command line prints alone; each class knows its exit code."""

from __future__ import annotations

import errno
import os

__all__ = [
    "ConfigError",
    "EngineError",
    "GpunetError",
    "InputError",
    "ModelError",
    "ResourceError",
    "StorageError",
    "UnreadableFile",
    "VerificationError",
    "cannot_write",
    "in_words",
]


def in_words(error: BaseException) -> str:
    """What an error of the system or of a library says, in one line; never empty."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)  # PyArrow's own text is long, and has the path once more
    return " ".join(str(error).split()) or type(error).__name__


class GpunetError(Exception):
    """Base of every error that has a text for users: what is wrong and what to do."""

    #: What the command line ends with: 2 if what was given is to be mended, 1 if the machine or a cluster has failed.
    exit_code = 2


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


class ResourceError(EngineError):
    """What computes has failed on the way: a cluster is lost, or a GPU's memory did not suffice."""

    exit_code = 1


class ModelError(GpunetError):
    """A model and the features offered to it do not fit each other, or a model cannot be trained."""


class StorageError(GpunetError):
    """A result cannot be written: the disk is full, or a limit is reached. Its text names the file and its folder."""

    exit_code = 1


class VerificationError(GpunetError):
    """A result is not what it has to be, though nobody has done anything wrong but us; its text says what differs."""

    exit_code = 1


#: What the system says of a path that another path would mend.
_OF_THE_PATH = frozenset(
    getattr(errno, name)
    for name in (
        "EACCES", "EEXIST", "EILSEQ", "EINVAL", "EISDIR", "ELOOP",
        "ENAMETOOLONG", "ENOENT", "ENOTDIR", "EPERM", "EROFS",
    )
    if hasattr(errno, name)
)  # fmt: skip


def cannot_write(what: str, error: OSError | ValueError) -> GpunetError:
    """The error for an output that cannot be made: the user's if another path would do, else the machine's.

    `what` is the beginning of the sentence: ``cannot write to runs/a``. A ValueError is that of a name that no file can
    have, with a null character.
    """
    of_user = isinstance(error, ValueError) or error.errno in _OF_THE_PATH
    return (InputError if of_user else StorageError)(f"{what}: {in_words(error)}")
