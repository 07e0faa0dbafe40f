"""A complete run as one signed file: what it holds, in which order, and what is entered in the log of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gpunet.base.errors import InputError, cannot_write
from gpunet.base.paths import refuse_inside, refuse_taken
from gpunet.governance.log import entries
from gpunet.governance.noted import log_kept_of, noted, persons_of
from gpunet.governance.statement import hashes_of_run, stated_by
from gpunet.packages.container import Member, member_of, write_container
from gpunet.packages.contents import CompleteRun, Described, complete_run, json_bytes
from gpunet.packages.crate import CRATE, crate_of
from gpunet.packages.envelope import enveloped
from gpunet.packages.environment import CODE, code_section, environment_of
from gpunet.packages.keys import key_id
from gpunet.packages.public import public_config, public_log, public_members
from gpunet.packages.statement import SIGNATURE, STATEMENT, statement_of
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import write_whole

__all__ = ["Packed", "package_run"]


@dataclass(frozen=True)
class Packed:
    """What was written: the key that signed, names of files, and the records that were completed by hand.

    Statement and signature are not among the files.
    """

    keyid: str
    names: tuple[str, ...]
    completed: tuple[str, ...]


def package_run(run: Path, key: Ed25519PrivateKey, out: Path, described: Described, *, public: bool = False) -> Packed:
    """Pack a complete run into a zip archive, signed. The same run, key and log give the same bytes.

    That it is handed on is entered in the log first, so that the package holds that line too.

    Parameters
    ----------
    run
        The folder of a complete run.
    key
        Who signs.
    out
        The archive, a new file outside any run's folder.
    described
        What a file of the run is in words, by its name.
    public
        Whether it is for everybody: then it holds no table, no person and no small number.

    Raises
    ------
    InputError
        If the run is not complete or was changed, or `out` is there or lies in a run.
    StorageError
        If it cannot be written.
    """
    if out.suffix.lower() != ".zip":
        raise InputError(f"--out {out}: a package is a zip archive: give a name that ends in .zip")
    refuse_taken(out, "--out")
    refuse_inside(out, MANIFEST, "--out")
    found = complete_run(run)
    members = public_members(found) if public else [*found.results, *found.beside]
    members += _about(found, public=public)
    noted(run, "disclosure", 0 if public else persons_of(found.manifest))
    members += _of_log(found, public=public)
    stated = stated_by(found.manifest)
    members.append(member_of(CRATE, crate_of(members, found.manifest, stated, described, public=public)))
    said = {
        "contents": "public" if public else "all",
        "purpose": str(stated["purpose"]),
        "run_json_sha256": found.sha256,
    }
    payload = statement_of(members, found.manifest, said)
    members += [member_of(STATEMENT, payload), member_of(SIGNATURE, enveloped(payload, key))]
    try:
        write_whole(out, lambda path: write_container(path, members))
    except OSError as error:
        raise cannot_write(f"cannot write {out}", error) from error
    names = tuple(sorted(member.name for member in members if member.name not in (STATEMENT, SIGNATURE)))
    return Packed(key_id(key.public_key()), names, found.completed)


def _about(run: CompleteRun, *, public: bool) -> Iterator[Member]:
    """The configuration, the environment and the code."""
    config = run.manifest["config"]
    files: dict[str, Any] = {
        "config.json": public_config(config) if public else config,
        "environment.json": environment_of(run.manifest, public=public),
        CODE: code_section(),
    }
    for name, value in files.items():
        yield member_of(name, json_bytes(value))


def _of_log(run: CompleteRun, *, public: bool) -> Iterator[Member]:
    """What the log has of the run: its lines, or for the public how many; nothing where no log is kept."""
    log = log_kept_of(run.folder)
    if log is None:
        return
    of_run = hashes_of_run(run.manifest, run.sha256)
    found = [entry for entry in entries(log) if entry["object_sha256"] in of_run]
    if public:
        yield member_of("log.json", json_bytes(public_log(found)))
    else:
        lines = [json.dumps(entry, separators=(",", ":")) + "\n" for entry in found]  # as the log has them
        yield member_of("log.jsonl", "".join(lines).encode("ascii"))
