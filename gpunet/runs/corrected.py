"""Runs that left out or renamed rows of the tables that they were made of: what reads these again would undo that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpunet.base.errors import InputError
from gpunet.runs.linked import refuse_changed_links

__all__ = ["how_corrected", "refuse_corrected"]

#: What ``corrections`` of a manifest counts beside what was done.
_NOTHING_DONE = "unknown"


def how_corrected(manifest: Mapping[str, Any]) -> str:
    """What has left rows out of a run, in words that follow its name: of an update it may have been either.

    >>> how_corrected({"execution": {}})
    'had persons erased from it'
    """
    if "update" in manifest["execution"]:
        return "was made with --remove or --merge, or had persons erased from it"
    return "had persons erased from it"


def refuse_corrected(run: object, manifest: Mapping[str, Any]) -> None:
    """InputError if the tables of a `run` hold what ``gpunet update`` left out of it, or ids that it merged.

    And if the links between ids that it was made with are not there as they were.

    >>> refuse_corrected("runs/b", {"gpunet": "run", "corrections": {"removed_rows": 0, "unknown": 1}})
    >>> execution = {"update": {"of": "runs/a"}}
    >>> refuse_corrected("runs/b", {"gpunet": "run", "corrections": {"merged_rows": 2}, "execution": execution})
    Traceback (most recent call last):
    gpunet.base.errors.InputError: runs/b was made with --remove or --merge, or had persons erased from it, and its ...
    """
    refuse_changed_links(manifest)
    if _anything_done(manifest.get("corrections", {})):
        raise InputError(
            f"{run} {how_corrected(manifest)}, and its tables, which are read again, hold what it left out: "
            f"correct the tables, and give gpunet {manifest['gpunet']} on them"
        )


def _anything_done(counts: Mapping[str, Any]) -> bool:
    return any(
        _anything_done(count) if isinstance(count, Mapping) else count
        for name, count in counts.items()
        if name != _NOTHING_DONE
    )
