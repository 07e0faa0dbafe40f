"""Whether a package is what somebody has signed, byte for byte: without the network, and without trust in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gpunet.packages.archive import Archive, shown_name
from gpunet.packages.container import Entry
from gpunet.packages.contents import RUN
from gpunet.packages.envelope import Envelope, opened
from gpunet.packages.keys import key_id
from gpunet.packages.statement import SIGNATURE, STATEMENT, Statement, entries_of, read_statement
from gpunet.runs.folder import MANIFEST, MOST_JSON_BYTES
from gpunet.runs.read_back import Damaged, values_in

__all__ = ["Verified", "verify_package"]


@dataclass
class Verified:
    """What was found: every difference in a line, none if the package is as it was signed.

    ``statement`` is what the package says of itself, None if that cannot be read. Without a difference it is true that
    the key's owner has signed it.
    """

    keyid: str
    statement: Statement | None = None
    differences: list[str] = field(default_factory=list)


def verify_package(path: Path, key: Ed25519PublicKey) -> Verified:
    """Look at every byte of a package.

    Parameters
    ----------
    path
        The archive.
    key
        The public key of whoever is to have signed it.

    Raises
    ------
    InputError
        If it cannot be read at all.
    """
    found = Verified(key_id(key))
    try:
        with Archive(path) as archive:
            found.differences += archive.faults()
            envelope = _envelope(archive, found, key)
            if envelope is not None:
                _look_through(archive, found, envelope)
    except Damaged as error:
        found.differences.append(str(error))
    return found


def _envelope(archive: Archive, found: Verified, key: Ed25519PublicKey) -> Envelope | None:
    """What is signed, with a difference if not by that key; None if there is nothing of the kind."""
    try:
        envelope = opened(archive.data_of(SIGNATURE, MOST_JSON_BYTES))
    except Damaged as error:
        found.differences.append(f"{SIGNATURE}: {error}")
        return None
    if envelope.keyid != found.keyid:
        found.differences.append(f"it says that another key has signed it: {envelope.keyid}, and not {found.keyid}")
    if not envelope.is_signed_by(key):
        found.differences.append("the signature is not that of this key for what the package says of itself")
    return envelope


def _look_through(archive: Archive, found: Verified, envelope: Envelope) -> None:
    """Hold the files against what the statement says of them."""
    try:
        statement = found.statement = read_statement(envelope.payload)
    except Damaged as error:
        found.differences.append(f"the statement in {SIGNATURE}: {error}")
        return
    sizes = {**statement.predicate.bytes, **{name: _size(archive, name) for name in (STATEMENT, SIGNATURE)}}
    found.differences += (f"{name}: it is missing" for name in sizes if name not in archive.named)
    found.differences += (f"{shown_name(name)}: it is not listed" for name in archive.named if name not in sizes)
    digests, crcs = statement.digests, dict[str, int]()
    for name in sizes:
        if not archive.is_plain(name):
            continue  # which has been said
        try:
            size, crcs[name], digest = archive.sums_of(name)
        except Damaged as error:
            found.differences.append(f"{name}: {error}")
            continue
        if size != sizes[name]:
            found.differences.append(f"{name}: it has {size:,} bytes and not {sizes[name]:,}")
        elif name in digests and digest != digests[name]:
            found.differences.append(f"{name}: its SHA-256 is {digest} and not {digests[name]}")
    if archive.is_plain(STATEMENT):
        with suppress(Damaged):  # which has been said
            if archive.data_of(STATEMENT, MOST_JSON_BYTES) != envelope.payload:
                found.differences.append(f"{STATEMENT}: it is not the statement that is signed")
    if crcs.keys() == sizes.keys() and archive.fits(sizes):
        beside = [Entry(name, sizes[name], crcs[name]) for name in (STATEMENT, SIGNATURE)]
        found.differences += archive.differences(entries_of(statement, crcs, beside))
    elif not found.differences:
        found.differences.append("the archive is packed in another way than packages are")
    if not found.differences:
        found.differences += _of_run(archive, statement)


def _size(archive: Archive, name: str) -> int:
    return archive.size_of(name) if name in archive.named else 0


def _of_run(archive: Archive, statement: Statement) -> Iterator[str]:
    """What of the files does not fit each other, though all of them are signed."""
    try:
        manifest = values_in(archive.data_of(RUN + MANIFEST, MOST_JSON_BYTES))
        outputs: Mapping[str, Any] = manifest["outputs"]
        of_run = statement.predicate.run
        same = manifest["gpunet"] == of_run.command and manifest.get("as_of") == of_run.as_of
        listed = {name: of["sha256"] for name, of in outputs.items()}
    except (Damaged, KeyError, TypeError, AttributeError):
        yield f"{RUN}{MANIFEST}: it is not that of a run"
        return
    digests = statement.digests
    told = manifest.get("run_json_sha256") if statement.is_public else digests[RUN + MANIFEST]
    if not same or told != of_run.run_json_sha256:
        yield f"{RUN}{MANIFEST}: it is of another run than the statement says"
    for name, sha256 in listed.items():
        if digests.get(RUN + name, sha256 if statement.is_public else None) != sha256:
            yield f"{RUN}{name}: it is not what {MANIFEST} lists"
