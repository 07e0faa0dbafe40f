"""The audit of a run and the experiments on its tables, as they lie beside it or are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gpunet.base.errors import InputError
from gpunet.governance.statement import hashes_of_run
from gpunet.records.data import fingerprint_of
from gpunet.records.facts import PUBLIC
from gpunet.report.source import Source
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import sha256_of

__all__ = ["audit_of", "complete_run", "evaluations_of"]

_EXPERIMENTS = ("evaluate known", "evaluate emerging")


def complete_run(folder: Path) -> Source:
    """The run that records are of; InputError if there is none, or it is an audit of another one."""
    found = _source(folder)
    if found.kind == "audit":
        raise InputError(
            f"{folder} is of gpunet audit, and public records are of the run that was audited: give that run's folder, "
            "and this one by --audit"
        )
    return found


def audit_of(run: Source, given: Path | None = None) -> Source | None:
    """The audit of a run: the one that is given, else the only one in the folder that holds the run's.

    Raises
    ------
    InputError
        If what is given is no audit of this run, or several lie there.
    """
    if run.kind != "run":
        if given is not None:
            raise InputError(f"--audit {given}: an audit is of gpunet run; {run.folder} is of gpunet {run.kind}")
        return None
    if given is not None:
        found = _source(given)
        if not _is_audit_of(found, run):
            raise InputError(
                f"--audit {given} is no audit of the run in {run.folder} as it is now: give the folder of one, or make "
                "it by gpunet audit"
            )
        return found
    audits = [found for found in _beside(run) if _is_audit_of(found, run)]
    if len(audits) > 1:
        names = ", ".join(found.folder.name for found in audits)
        raise InputError(
            f"{len(audits)} audits of this run lie beside it ({names}), and groups of several can be subtracted from "
            "each other: name the one to publish by --audit"
        )
    return audits[0] if audits else None


def evaluations_of(run: Source, given: Sequence[Path] = ()) -> tuple[Source, ...]:
    """The experiments on the tables that a run has read: those that are given, else those beside it, one of a kind.

    Raises
    ------
    InputError
        If what is given is no experiment on the same tables, or several of one kind lie there.
    """
    if run.kind in _EXPERIMENTS or run.kind == "flags":
        if given:
            raise InputError(f"--evaluation {given[0]}: {run.folder} is of gpunet {run.kind}, to which none belongs")
        return ()
    found = [_source(path) for path in given] or [one for one in _beside(run) if _is_of(one, run)]
    for one in found:
        if not _is_of(one, run):
            raise InputError(
                f"--evaluation {one.folder} is no experiment on the tables of {run.folder}: give a folder of gpunet "
                "evaluate of the same files"
            )
    for kind in _EXPERIMENTS:
        names = [one.folder.name for one in found if one.kind == kind]
        if len(names) > 1:
            raise InputError(
                f"{len(names)} folders of gpunet {kind} are of the same tables ({', '.join(names)}): name the one to "
                "publish by --evaluation"
            )
    return tuple(sorted(found, key=lambda one: _EXPERIMENTS.index(one.kind)))


def _source(path: Path) -> Source:
    found = Source(path, PUBLIC)
    _ = found.manifest
    return found


def _beside(run: Source) -> list[Source]:
    """Other complete runs in the same folder; what cannot be read is none."""
    found = []
    own = run.folder.resolve()
    for path in sorted(own.parent.iterdir()):
        if path == own or not (path / MANIFEST).is_file():
            continue
        source = Source(path, PUBLIC)
        try:
            _ = source.manifest
        except InputError:
            continue
        found.append(source)
    return found


def _is_audit_of(found: Source, run: Source) -> bool:
    if found.kind != "audit":
        return False
    of_run = hashes_of_run(run.manifest, sha256_of(run.folder / MANIFEST))
    return found.manifest["audit"]["run"]["run_json_sha256"] in of_run


def _is_of(found: Source, run: Source) -> bool:
    if found.kind not in _EXPERIMENTS:
        return False
    return fingerprint_of(found.manifest["input"]) == fingerprint_of(run.manifest["input"])
