"""Public records taken apart for tests, and folders of a run on hostile tables with an audit and an experiment."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from markdown_it import MarkdownIt
from report_pages import hostile_run, manifest_of

from gpunet.cli.audits import run_audit
from gpunet.cli.evaluations import run_known
from gpunet.report.audience import Audience
from gpunet.report.source import Source
from gpunet.runs.run_options import RunOptions

GOVERNANCE = {
    "purpose": "Offer help to those at risk",
    "legal_basis": "Data Protection Act 2018, section 35",
    "controller": "Chief Constable of Anyshire",
    "owner": "Head of Analysis",
    "requested_by": "Violence reduction unit",
    "task_ref": "SECRET-TASK-17",
    "reviewer": "Reviewer Somebody",
    "jurisdiction": "uk",
    "retain_until": "2031-02-03",
}

_EXPERIMENT = {
    "evaluate": {"protocols": ["cross_fitted"], "classifiers": ["naive_bayes"], "smote": False, "bootstrap": 20,
                 "folds": 3},
    "network": {"max_incident_size": 4},
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """Folders: the run, its audit, an experiment on its tables."""

    run: Path
    audit: Path
    known: Path


def made_in(folder: Path) -> Made:
    """A run on hostile tables that states its purpose, its audit and an experiment, all in one folder."""
    run = manifest_of(hostile_run(folder), governance=GOVERNANCE)
    ids = pl.read_parquet(run / "predictions.parquet")["person_id"]
    attributes = pl.DataFrame({"person_id": ids, "origin": [("north | <b>", "south")[i % 2] for i in range(len(ids))]})
    attributes.write_parquet(folder / "attributes.parquet")
    options = RunOptions(threads=1, report=False)
    run_audit(
        run, folder / "attributes.parquet", ["origin"], folder / "audit", {"evaluate": {"bootstrap": 20}}, options
    )
    run_known([str(folder / "tables")], folder / "known", _EXPERIMENT, None, options)
    return Made(run, folder / "audit", folder / "known")


def source(manifest: dict[str, Any], folder: Path = Path("nowhere")) -> Source:
    """A run of which only ``run.json`` is there."""
    found = Source(folder, Audience("public"))
    found.__dict__["manifest"] = manifest
    return found


def read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def headings(text: str, level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", text, re.MULTILINE)


def sections(text: str) -> dict[str, list[str]]:
    """Headings of the third level under those of the second, in order."""
    parts = text.split("\n## ")[1:]
    return {part.splitlines()[0]: headings(part, 3) for part in parts}


def under(text: str, heading: str) -> str:
    """What is said under a heading of the third level."""
    return text.split(f"\n### {heading}\n")[1].split("\n### ")[0].split("\n## ")[0].strip()


def structure(text: str) -> tuple[list[str], str]:
    """The kinds of a document's elements in order, without those of text, and the text that a reader sees."""
    kinds, seen = [], []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        if token.type != "inline":
            kinds.append(token.type)
            continue
        for child in token.children or []:
            if child.type in ("text", "text_special"):
                seen.append(child.content)
            else:
                kinds.append(child.type)
        seen.append("\n")
    return kinds, "".join(seen)
