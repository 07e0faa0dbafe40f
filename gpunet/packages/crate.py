"""RO-Crate metadata of a package (version 1.1, w3id.org/ro/crate/1.1): its files, and the run that has made them.

Of the specification: root-data-entity (what the root must have), data-entities (files), provenance (the run), and the
appendix on JSON-LD (terms that are added, and one value where a list would have one member).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from gpunet.packages.container import Member
from gpunet.packages.contents import RUN, Described, json_bytes
from gpunet.packages.statement import SIGNATURE, STATEMENT
from gpunet.runs.described import files_read

__all__ = ["CRATE", "crate_of"]

#: The name that RO-Crate gives its metadata.
CRATE = "ro-crate-metadata.json"

_PROFILE = "https://w3id.org/ro/crate/1.1"

#: SHA-256 came into schema.org after version 1.1 of the crate's own context.
_CONTEXT = [f"{_PROFILE}/context", {"sha256": "http://schema.org/sha256"}]

_FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
}

_OWN = {
    "code.json": "version of the code that made the package, and SHA-256 of each of its files",
    "config.json": "configuration of the run",
    "environment.json": "machine and versions of the run and of the package",
    "log.json": "how many operations the log has of the run",
    "log.jsonl": "lines of the log that are about the run",
    STATEMENT: "in-toto statement: SHA-256 and size of every file",
    SIGNATURE: "the same statement, signed (DSSE, Ed25519)",
}


def crate_of(
    members: Iterable[Member],
    manifest: Mapping[str, Any],
    stated: Mapping[str, Any],
    described: Described,
    *,
    public: bool,
) -> bytes:
    """The metadata of a package with these members.

    Parameters
    ----------
    members
        All files but this one, the statement and its envelope.
    manifest
        What ``run.json`` says.
    stated
        Its purpose, and who answers for it.
    described
        What a file of the run is, by its name.
    public
        Whether the package is for everybody: then nothing is told of its inputs' names, nor who owns it.
    """
    files = [_file_of(member, described) for member in sorted(members, key=lambda member: member.name)]
    files += [
        _entity(name, "File", description=_OWN[name], encodingFormat="application/json")
        for name in (SIGNATURE, STATEMENT)
    ]
    inputs = _inputs(manifest, public=public)
    people = _people(stated, public=public)
    graph = [
        _entity(CRATE, "CreativeWork", conformsTo=_to(_PROFILE), about=_to("./")),
        _root(manifest, stated, files, people),
        _software(manifest),
        _action(manifest, files, inputs, people),
        _entity("#access", "CreativeWork", name="No licence is given", description=_ACCESS),
        *people,
        *files,
        *inputs,
    ]
    return json_bytes({"@context": _CONTEXT, "@graph": graph})


_ACCESS = "Who may have these files, and for what, is for the controller to decide."


def _root(
    manifest: Mapping[str, Any], stated: Mapping[str, Any], files: list[dict[str, Any]], people: list[dict[str, Any]]
) -> dict[str, Any]:
    as_of = f" as of {manifest['as_of']}" if manifest.get("as_of") else ""
    return _entity(
        "./",
        "Dataset",
        name=f"gpunet {manifest['gpunet']}{as_of}",
        description=f"Results of gpunet {manifest['gpunet']}{as_of}, signed. Purpose: {stated['purpose']}.",
        datePublished=manifest["execution"]["finished"],
        license=_to("#access"),
        mentions=_to("#run"),
        **_named("hasPart", files),
        **_named("author", people[:1]),
        **_named("publisher", people[:1]),
    )


def _software(manifest: Mapping[str, Any]) -> dict[str, Any]:
    version = str(manifest["versions"]["gpunet"])
    return _entity("#gpunet", "SoftwareApplication", name="gpunet", version=version, softwareVersion=version)


def _action(
    manifest: Mapping[str, Any],
    files: list[dict[str, Any]],
    inputs: list[dict[str, Any]],
    people: list[dict[str, Any]],
) -> dict[str, Any]:
    """The run: by which software, for whom, of what, when."""
    execution = manifest["execution"]
    return _entity(
        "#run",
        "CreateAction",
        name=f"gpunet {manifest['gpunet']}",
        instrument=_to("#gpunet"),
        startTime=execution["started"],
        endTime=execution["finished"],
        **_named("object", inputs),
        **_named("result", [file for file in files if file["@id"].startswith(RUN)]),
        **_named("agent", people),
    )


def _people(stated: Mapping[str, Any], *, public: bool) -> list[dict[str, Any]]:
    """The controller, and who in it answers for the results, if they are named."""
    found = []
    if stated.get("controller"):
        found.append(_entity("#controller", "Organization", name=stated["controller"]))
    if stated.get("owner") and not public:
        found.append(_entity("#owner", "Person", name=stated["owner"]))
    return found


def _inputs(manifest: Mapping[str, Any], *, public: bool) -> list[dict[str, Any]]:
    """The tables that were read, by SHA-256; they are not in the package."""
    read = manifest.get("input", {})
    others = [file for name in ("links", "tables") for file in manifest.get(name, {}).get("files", [])]
    files = [*files_read(read), *others]
    return [
        _entity(
            f"#input-{number}",
            "CreativeWork",
            name=f"input {number}" if public else file["name"],
            description="a table that was read, which is not in the package",
            **({"sha256": file["sha256"]} if file["sha256"] else {}),
            **({"contentSize": str(file["bytes"])} if file.get("bytes") is not None and not public else {}),
        )
        for number, file in enumerate(files, 1)
    ]


def _file_of(member: Member, described: Described) -> dict[str, Any]:
    name = member.name
    what = described(name.removeprefix(RUN)) if name.startswith(RUN) else _OWN[name]
    return _entity(
        quote(name, safe="/="),
        "File",
        name=PurePosixPath(name).name,
        description=what,
        encodingFormat=_FORMATS.get(PurePosixPath(name).suffix, "application/octet-stream"),
        contentSize=str(member.entry.size),
        sha256=member.sha256,
    )


def _entity(name: str, kind: str, /, **of: Any) -> dict[str, Any]:
    return {"@id": name, "@type": kind, **of}


def _to(name: str) -> dict[str, str]:
    return {"@id": name}


def _named(name: str, entities: list[dict[str, Any]]) -> dict[str, Any]:
    """A property that names entities: a list of several, the only one itself, and no property of none."""
    named = [_to(of["@id"]) for of in entities]
    return {name: named if len(named) > 1 else named[0]} if named else {}
