"""What of a run is for everybody: its report, the settings, sums of files; of no person, and of no small number.

What is kept is listed here, key by key, and everything else is left out: what a later version adds to ``run.json`` is
not public until somebody has decided so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gpunet.config.input_config import BESIDE
from gpunet.governance.statement import stated_by
from gpunet.packages.container import Member, member_of
from gpunet.packages.contents import RUN, CompleteRun, json_bytes
from gpunet.report.audience import Audience
from gpunet.report.page import rendered
from gpunet.report.pages import page_of
from gpunet.report.source import Source
from gpunet.runs.file_lists import CARDS
from gpunet.runs.folder import MANIFEST
from gpunet.runs.report_list import PAGE

__all__ = ["public_config", "public_log", "public_manifest", "public_members", "public_statement"]

#: Of ``[governance]``: what says for what and by whom, and no name of a person.
_STATED = ("purpose", "legal_basis", "controller", "task_ref", "jurisdiction", "retain_until", "person_scores")

#: Sections of the configuration that are kept whole: numbers, choices, and patterns of offences.
_SECTIONS = ("network", "violent_offences", "path", "model", "panel", "audit", "places", "flags", "victims", "links")

#: Keys of the others that are kept.
_INPUT = ("incident_key", "person_scope")
_TIES = ("use", "min_source", "min_information", "half_life_days", "limit_days", "social_media", "expires")
_NOT_EVALUATE = ("victims", "custody")

#: Results that say what columns mean, and nothing of anybody.
_RESULTS = ("features.json",)


def public_members(run: CompleteRun) -> list[Member]:
    """The files of a run for everybody: ``run.json`` without what tells of persons, the report made for the public.

    Raises
    ------
    InputError
        If no report can be made of the run.
    """
    audience = Audience("public")
    page = rendered(page_of(Source(run.folder, audience)), audience)
    files = {PAGE: page.html, **page.figures, MANIFEST: json_bytes(public_manifest(run))}
    kept = [member for member in run.results if member.name.removeprefix(RUN) in _RESULTS]
    cards = [member for member in run.beside if member.name.removeprefix(RUN) in CARDS.names]
    return [*(member_of(RUN + name, data) for name, data in files.items()), *kept, *cards]


def public_manifest(run: CompleteRun) -> dict[str, Any]:
    """What ``run.json`` says that is for everybody; files are named by their SHA-256 alone."""
    found, audience = run.manifest, Audience("public")
    read = found.get("input", {})
    return {
        "gpunet": found["gpunet"],
        "public": True,
        "run_json_sha256": run.sha256,
        "governance": public_statement(stated_by(found)),
        "versions": found["versions"],
        "config": public_config(found["config"]),
        "as_of": found.get("as_of"),
        **({"side": found["side"]} if "side" in found else {}),
        "seed": found.get("seed"),
        "engine": found.get("engine"),
        "input": {
            "sha256": [file["sha256"] for file in read.get("files", [])],
            **{name: [file["sha256"] for file in read[name]["files"]] for name in BESIDE if name in read},
        },
        "persons": _count(found, "persons", audience),
        "arrests": _count(found, "arrests", audience),
        "warnings": len(found["warnings"]),
        "outputs": {name: dict(of) for name, of in sorted(found["outputs"].items())},
    }


def public_statement(stated: Mapping[str, Any]) -> dict[str, Any]:
    """What a run is for and by whom, without names of persons.

    Examples
    --------
    >>> from gpunet.packages.public import public_statement
    >>> public_statement({"purpose": "triage", "controller": "Anyshire Police", "owner": "J. Doe"})
    {'purpose': 'triage', 'controller': 'Anyshire Police'}
    """
    return {name: stated[name] for name in _STATED if name in stated}


def public_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that results depend on, without paths, names, and words of the tables."""
    kept = {name: config[name] for name in _SECTIONS if name in config}
    kept["input"] = {name: config["input"][name] for name in _INPUT if name in config["input"]}
    kept["evaluate"] = {name: of for name, of in config["evaluate"].items() if name not in _NOT_EVALUATE}
    if "ties" in config:
        kept["ties"] = {kind: {name: of[name] for name in _TIES if name in of} for kind, of in config["ties"].items()}
    if "governance" in config:
        kept["governance"] = public_statement(config["governance"])
    return kept


def public_log(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """How many entries the log has of the run, by operation; not by whom, nor of how many persons.

    Examples
    --------
    >>> from gpunet.packages.public import public_log
    >>> public_log([{"operation": "collection"}] + [{"operation": "consultation"}] * 12)
    {'collection': 'fewer than 10', 'consultation': '12'}
    """
    counts = Counter(str(entry["operation"]) for entry in entries)
    return {operation: Audience("public").count(n) for operation, n in sorted(counts.items())}


def _count(found: Mapping[str, Any], name: str, audience: Audience) -> str | None:
    number = found.get("arrests", {}).get(name)
    return audience.count(number) if isinstance(number, int) else None
