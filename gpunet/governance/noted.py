"""The entries of commands in the log, and of runs when they are complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError, in_words
from gpunet.base.paths import read_regular
from gpunet.config.config import Config
from gpunet.config.governance_config import NO_PURPOSE
from gpunet.config.input_config import BESIDE
from gpunet.governance.json_parts import part_of
from gpunet.governance.log import append, log_of, place_of_log, refuse_unwritable
from gpunet.governance.log_line import actor_of
from gpunet.runs.complete import require_complete
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES

__all__ = ["entering_of", "log_kept_of", "noted", "persons_of"]

#: Commands whose entries are about the runs that they read, and are made before they read them.
_OF_OTHERS = ("audit", "flags")


def noted(run: Path, operation: str, persons: int | None, *, always: bool = False) -> None:
    """Enter in the log what a command is about to do with a complete run; nothing if no log is kept of it.

    Parameters
    ----------
    run
        The folder of a complete run.
    operation
        One of :data:`gpunet.governance.log.OPERATIONS`.
    persons
        How many persons it concerns, if that is known.
    always
        Whether a log is begun where none is kept yet.

    Raises
    ------
    InputError
        If there is no complete run, or the log is damaged.
    StorageError
        If the log cannot be written; then the thing is not to be done.
    """
    manifest, sha256 = _manifest(run)
    log = _log_kept(run, manifest, always)
    if log is not None:
        _enter(log, operation, manifest, sha256, persons)


def log_kept_of(run: Path) -> Path | None:
    """The log that commands about a complete run are entered in; None if none is kept.

    Raises
    ------
    InputError
        If there is no complete run.
    """
    return _log_kept(run, _manifest(run)[0], always=False)


def entering_of(config: Config, place: Path) -> Callable[[Mapping[str, Any], str], None] | None:
    """What enters a run in the log before its results are put in place; None if no log is kept of it.

    It is called with the manifest and the SHA-256 of ``run.json``. A run that is killed after that, and given anew, is
    entered once more.

    Parameters
    ----------
    config
        The run's.
    place
        Its folder, which need not be there yet.

    Raises
    ------
    GpunetError
        If the log cannot be written: before the work, and not when it is done.
    """
    log = log_of(config, place)
    if log is None:
        return None
    refuse_unwritable(log)

    def enter(manifest: Mapping[str, Any], sha256: str) -> None:
        if manifest.get("gpunet") in _OF_OTHERS:
            return
        persons = persons_of(manifest)
        done = "alteration" if _is_corrected(manifest) else "collection"
        for operation in (done, "combination") if _is_combined(manifest) else (done,):
            _enter(log, operation, manifest, sha256, persons)

    return enter


def persons_of(manifest: Mapping[str, Any]) -> int | None:
    """How many persons a run holds, as its manifest tells.

    >>> persons_of({"arrests": {"persons": 40, "persons_without_arrest": 2}}), persons_of({"audit": {"persons": 7}})
    (42, 7)
    """
    arrests, audit = manifest.get("arrests"), manifest.get("audit")
    if isinstance(arrests, Mapping) and isinstance(arrests.get("persons"), int):
        return int(arrests["persons"]) + int(arrests.get("persons_without_arrest", 0))
    if isinstance(audit, Mapping) and isinstance(audit.get("persons"), int):
        return int(audit["persons"])
    return None


def _enter(log: Path, operation: str, manifest: Mapping[str, Any], sha256: str, persons: int | None) -> None:
    stated = part_of(manifest, "governance")
    config = part_of(manifest, "config")
    append(
        log,
        operation,
        purpose=str(stated.get("purpose", NO_PURPOSE)),
        task_ref=str(stated.get("task_ref", "")),
        object_sha256=sha256,
        persons=persons,
        actor=actor_of(str(stated.get("requested_by", ""))),
        group=part_of(config, "output").get("share") == "group",
    )


def _log_kept(run: Path, manifest: Mapping[str, Any], always: bool) -> Path | None:
    stated = part_of(manifest, "governance")
    governed = stated.get("purpose", NO_PURPOSE) != NO_PURPOSE
    named = part_of(part_of(manifest, "config"), "governance").get("log", "")
    return place_of_log(str(named), governed or always, run)


def _manifest(run: Path) -> tuple[dict[str, Any], str]:
    """What the manifest of a complete run says, and its SHA-256."""
    require_complete(run)
    path = run / MANIFEST
    try:
        data = read_regular(path, MOST_JSON_BYTES)
        manifest = json.loads(data)
        if not isinstance(manifest, dict):
            raise ValueError("it is no manifest")
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {in_words(error)}") from error
    return manifest, hashlib.sha256(data).hexdigest()


def _is_corrected(manifest: Mapping[str, Any]) -> bool:
    """Whether a run is an update with corrections: rows that were left out, or ids that were made one person's."""
    return "corrections" in manifest and "update" in part_of(manifest, "execution")


def _is_combined(manifest: Mapping[str, Any]) -> bool:
    """Whether tables of several kinds or forces were put together."""
    read = part_of(manifest, "input")
    return any(name in read for name in BESIDE) or "links" in manifest or int(manifest.get("forces", 1)) > 1
