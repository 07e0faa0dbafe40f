"""What a complete run was made of: tables, and for flags and audits other runs, which may have changed since."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.paths import path_named
from gpunet.governance.runs_under import Held
from gpunet.runs.complete import read_manifest
from gpunet.runs.described import files_read
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import sha256_of

__all__ = ["has_changed", "runs_below", "tables_below"]


def runs_below(held: Held) -> list[Mapping[str, Any]]:
    """The runs that flags or an audit are of, as ``run.json`` tells of them; none of other commands."""
    told = held.manifest.get("audit", {}).get("run"), *held.manifest.get("flags", {}).get("runs", ())
    return [run for run in told if run]


def has_changed(run: Path, sha256: str) -> bool:
    """Whether persons were erased from a run since it had that ``run.json``: an erasure was killed behind it."""
    try:
        manifest = read_manifest(run)
        return "corrections" in manifest and sha256_of(run / MANIFEST) != sha256
    except (InputError, OSError):
        return False


def tables_below(held: Held) -> list[str]:
    """The paths of the tables that a run has read and that are there."""
    more = (file for name in ("tables", "links") for file in held.manifest.get(name, {}).get("files", ()))
    files = [*files_read(held.manifest.get("input", {})), *more]
    paths = [os.path.realpath(path_named(file["name"])) for file in files if file.get("sha256")]
    return [path for path in paths if os.path.isfile(path)]  # noqa: PTH113
