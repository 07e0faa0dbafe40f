"""The errors a user can cause; the command line prints their text alone and exits with code 2."""

from __future__ import annotations

__all__ = ["ConfigError", "EngineError", "GpunetError", "InputError", "ModelError", "StorageError"]


class GpunetError(Exception):
    """Base of every error that is the user's to mend. Its text says what is wrong and what to do."""


class ConfigError(GpunetError):
    """The configuration is not usable: an unknown key, a wrong type, a name that clashes."""


class InputError(GpunetError):
    """An input file or frame is not usable: missing, unreadable, or without a required column."""


class EngineError(GpunetError):
    """The engine asked for is not available on this machine."""


class ModelError(GpunetError):
    """A model and the features offered to it do not fit each other, or a model cannot be trained."""


class StorageError(GpunetError):
    """A result cannot be written: the disk is full, or a limit is reached. Its text names the file and its folder."""
