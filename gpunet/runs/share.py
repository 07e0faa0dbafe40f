"""Who may read what is added to a complete run: whoever may read the run, as its ``run.json`` says."""

from __future__ import annotations

import json
from pathlib import Path

from gpunet.base.paths import read_regular
from gpunet.base.private import Share, share_of
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES

__all__ = ["share_of_run"]


def share_of_run(folder: Path) -> Share:
    """Who may read the run in a folder; its owner alone if it has no ``run.json`` that can be read."""
    try:
        return share_of(json.loads(read_regular(folder / MANIFEST, MOST_JSON_BYTES)))
    except (OSError, ValueError, RecursionError):
        return "owner"
