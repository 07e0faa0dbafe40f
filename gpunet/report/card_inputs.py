"""The arrests behind a run, read again from its input files as the run read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import path_named
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import load_config
from gpunet.reading.read import read_arrests_at
from gpunet.runs.corrected import refuse_corrected
from gpunet.runs.described import latest_date
from gpunet.tables.files import sha256_of

__all__ = ["input_paths", "read_again"]


def input_paths(manifest: Mapping[str, Any]) -> list[Path]:
    """The files that a run has read, in its order; relative ones are looked for from the current folder.

    Raises
    ------
    InputError
        If it read data frames, or a file is not there, or is not the same any more, or holds what corrections left out.
    """
    refuse_corrected("the run", manifest)
    found = []
    for file in manifest["input"]["files"]:
        name, expected = file["name"], file["sha256"]
        if expected is None:
            raise InputError(f'the run read "{name}", which is no file: arrests that came so cannot be read again')
        path = Path(path_named(name))
        try:
            now = sha256_of(path)
        except FileNotFoundError:
            where = "" if path.is_absolute() else f" in {Path.cwd()}, from where relative paths start"
            raise InputError(
                f'the input "{name}" of the run is not there{where}: put it back, or give the command in the folder '
                "in which the run was started"
            ) from None
        except OSError as error:
            raise InputError(f'the input "{name}" of the run cannot be read: {in_words(error)}') from error
        if now != expected:
            raise InputError(
                f'the input "{name}" has changed since the run read it (its SHA-256 is another): put back what it was, '
                "or make the run again"
            )
        found.append(path)
    return found


def read_again(manifest: Mapping[str, Any], paths: list[Path], progress: ProgressCallback | None = None) -> Arrests:
    """The arrests that count in a run: the same files, configuration, and as-of day.

    Raises
    ------
    GpunetError
        If they cannot be read, or not the same rows are accepted.
    """
    config = load_config(manifest["config"])
    arrests = read_arrests_at(None, paths, config, progress=progress, today=latest_date(manifest))
    assert arrests.report is not None  # files were read
    accepted = sum(file.accepted for file in arrests.report.files)
    if accepted != (before := manifest["input"]["rows"]["accepted"]):
        raise InputError(
            f"of the run's input {accepted:,} rows are accepted now, and {before:,} were by gpunet "
            f"{manifest['versions']['gpunet']}: make the run again"
        )
    return arrests if manifest["as_of"] is None else arrests.before(date.fromisoformat(manifest["as_of"]))
