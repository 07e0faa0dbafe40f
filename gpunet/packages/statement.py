"""What is signed: an in-toto statement (in-toto.io/Statement/v1) of every file in the package, its SHA-256 and size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, TypeAdapter

from gpunet.base._version import __version__
from gpunet.packages.container import Entry, Member, is_name
from gpunet.runs.read_back import Damaged, require, valid, values_in

__all__ = ["SIGNATURE", "STATEMENT", "Statement", "entries_of", "read_statement", "statement_of"]

#: The names of the two members that a statement cannot list: itself, and the envelope that holds it.
STATEMENT, SIGNATURE = "statement.json", "signature.dsse.json"

_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
_PREDICATE: Literal["urn:gpunet:package:1"] = "urn:gpunet:package:1"

_EXACT = ConfigDict(extra="forbid")

_Hash = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]


class _Digest(BaseModel):
    model_config = _EXACT

    sha256: _Hash


class _Subject(BaseModel):
    model_config = _EXACT

    name: StrictStr
    digest: _Digest


class _Of(BaseModel):
    model_config = _EXACT

    command: StrictStr
    as_of: StrictStr | None
    run_json_sha256: _Hash


class _Predicate(BaseModel):
    model_config = _EXACT

    gpunet: StrictStr
    contents: Literal["all", "public"]
    purpose: StrictStr
    run: _Of
    bytes: dict[StrictStr, Annotated[StrictInt, Field(ge=0)]]


class Statement(BaseModel):
    """What a package says of itself, and of its files."""

    model_config = _EXACT

    type: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")]
    subject: Annotated[list[_Subject], Field(min_length=1)]
    predicateType: Literal["urn:gpunet:package:1"]  # noqa: N815 - as in-toto has it
    predicate: _Predicate

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each file by its name."""
        return {of.name: of.digest.sha256 for of in self.subject}

    @property
    def is_public(self) -> bool:
        """Whether it is a package for everybody."""
        return self.predicate.contents == "public"


_SCHEMA = TypeAdapter(Statement)


def statement_of(members: Iterable[Member], manifest: Mapping[str, Any], said: Mapping[str, str]) -> bytes:
    """The statement of these members, of the run with that manifest.

    Parameters
    ----------
    members
        All files of the package but the statement and its envelope.
    manifest
        What ``run.json`` says.
    said
        ``contents``, ``purpose`` and ``run_json_sha256``.
    """
    chosen = sorted(members, key=lambda member: member.name)
    values = {
        "_type": _TYPE,
        "subject": [{"name": member.name, "digest": {"sha256": member.sha256}} for member in chosen],
        "predicateType": _PREDICATE,
        "predicate": {
            "gpunet": __version__,
            "contents": said["contents"],
            "purpose": said["purpose"],
            "run": {
                "command": manifest["gpunet"],
                "as_of": manifest.get("as_of"),
                "run_json_sha256": said["run_json_sha256"],
            },
            "bytes": {member.name: member.entry.size for member in chosen},
        },
    }
    return json.dumps(values, indent=2).encode() + b"\n"


def read_statement(payload: bytes) -> Statement:
    """What a statement says.

    Raises
    ------
    Damaged
        If it is none, or names a file twice, or one that no package can hold.
    """
    found = valid(_SCHEMA, values_in(payload), "its values")
    names = [of.name for of in found.subject]
    require(len(set(names)) == len(names), "it names a file twice")
    require(all(map(is_name, names)), "it names a file that no package can hold")
    require({STATEMENT, SIGNATURE}.isdisjoint(names), "it names itself")
    if sorted(found.predicate.bytes) != sorted(names):
        raise Damaged("it does not tell the size of every file")
    return found


def entries_of(statement: Statement, crcs: Mapping[str, int], beside: Iterable[Entry]) -> list[Entry]:
    """What the container has to say of all files: those of the statement, and those `beside`."""
    sizes = statement.predicate.bytes
    listed = [Entry(name, sizes[name], crcs[name]) for name in statement.digests]
    return sorted([*listed, *beside], key=lambda entry: entry.name)
