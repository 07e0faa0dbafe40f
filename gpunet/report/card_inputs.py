"""The arrests behind a run, read again from its input files as the run read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from gpunet.arrests.arrests import Arrests
from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import load_config
from gpunet.reading.read import read_arrests_at
from gpunet.runs.corrected import refuse_corrected
from gpunet.runs.described import latest_date
from gpunet.runs.read_files import place_now

__all__ = ["input_paths", "read_again"]

_GONE = "put it back, or give the command in the folder in which the run was started"

_CHANGED = "put back what it was, or make the run again"


def input_paths(manifest: Mapping[str, Any]) -> list[Path]:
    """The files that a run has read, in its order; relative ones are looked for from the current folder.

    Raises
    ------
    InputError
        If it read data frames, or a file is not there, or is not the same any more, or holds what corrections left out.
    """
    refuse_corrected("the run", manifest)
    files = manifest["input"]["files"]
    return [Path(place_now(file, "the run", gone=_GONE, changed=_CHANGED)) for file in files]


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
