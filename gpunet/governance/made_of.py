"""What a complete run was made of: tables, and for flags and audits other runs, which may have changed since."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.paths import path_named
from gpunet.config.input_config import BESIDE
from gpunet.governance.json_parts import part_of, parts_of
from gpunet.governance.runs_under import Held
from gpunet.runs.complete import read_manifest
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import sha256_of

__all__ = ["has_changed", "runs_below", "tables_below"]

#: What else a run may have read, by the keys of its manifest.
_MORE = ("tables", "links")


def runs_below(held: Held) -> list[Mapping[str, Any]]:
    """The runs that flags or an audit are of, as ``run.json`` tells of them; none of other commands."""
    told = [part_of(part_of(held.manifest, "audit"), "run"), *parts_of(part_of(held.manifest, "flags"), "runs")]
    return [run for run in told if all(isinstance(run.get(name), str) for name in ("run_json_sha256", "folder"))]


def has_changed(run: Path, sha256: str) -> bool:
    """Whether persons were erased from a run since it had that ``run.json``: an erasure was killed behind it."""
    try:
        manifest = read_manifest(run)
        return "corrections" in manifest and sha256_of(run / MANIFEST) != sha256
    except (InputError, OSError):
        return False


def tables_below(held: Held) -> list[str]:
    """The paths of the tables that a run has read and that are there."""
    read = part_of(held.manifest, "input")
    parts = (read, *(part_of(read, name) for name in BESIDE), *(part_of(held.manifest, name) for name in _MORE))
    files = [file for part in parts for file in parts_of(part, "files")]
    named = [file["name"] for file in files if file.get("sha256") and isinstance(file.get("name"), str)]
    paths = [os.path.realpath(path_named(name)) for name in named]
    return [path for path in paths if os.path.isfile(path)]  # noqa: PTH113
