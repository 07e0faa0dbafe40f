"""The tables that a run reads beside the arrests: which its configuration names, and their hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gpunet.base.errors import InputError, in_words
from gpunet.config.config import Config
from gpunet.config.input_config import BESIDE
from gpunet.reading.sources import find_sources
from gpunet.tables.files import sha256_of

__all__ = ["hashes_of", "side_tables", "tables_beside"]

#: The keys of [evaluate] that name tables beside the arrests, by the command that reads them.
_SIDE_TABLES: dict[str, tuple[str, ...]] = {
    "evaluate known": ("victims",),
    "evaluate emerging": ("victims", "custody"),
}

#: The keys of [input] that name tables beside the arrests, whatever the command.
_BESIDE = (*BESIDE, "person_links")


def side_tables(command: str, config: Config) -> dict[str, str]:
    """The tables beside the arrests that a command reads: the key of ``[evaluate]`` that names each, and its path."""
    named = {key: getattr(config.evaluate, key) for key in _SIDE_TABLES.get(command, ())}
    return {key: path for key, path in named.items() if path}


def tables_beside(command: str, config: Config) -> dict[str, tuple[str, ...]]:
    """The paths of all tables beside the arrests, by the key that names them: those of ``[input]`` too."""
    found: dict[str, tuple[str, ...]] = {key: (path,) for key, path in side_tables(command, config).items()}
    for key in _BESIDE:
        if named := getattr(config.input, key):
            found[key] = (*named, *found.get(key, ()))
    return found


def hashes_of(tables: Mapping[str, str | Sequence[str]], config: Config) -> dict[str, str]:
    """SHA-256 of the files of tables beside the arrests, by path; each table is a file, a folder or a glob, or several.

    Raises
    ------
    InputError
        If one is not there or cannot be read.
    """
    found = {}
    for key, named in tables.items():
        paths = [named] if isinstance(named, str) else list(named)
        try:
            for source in find_sources(paths, config.input, []):
                found[source.name] = sha256_of(source.path)
        except InputError as error:
            raise InputError(f"{key}: {error}") from error
        except OSError as error:
            raise InputError(f"{key}: cannot read {', '.join(paths)}: {in_words(error)}") from error
    return found
