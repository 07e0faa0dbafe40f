"""The public records of a run: three files of Markdown by their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpunet.records.algo_care import ALGO_CARE
from gpunet.records.atrs import ATRS
from gpunet.records.document import Document, document
from gpunet.records.facts import Facts
from gpunet.records.found import audit_of, complete_run, evaluations_of
from gpunet.records.model_card import MODEL_CARD
from gpunet.report.subject import check_unchanged
from gpunet.runs.file_lists import CARDS
from gpunet.runs.folder import MANIFEST
from gpunet.tables.files import sha256_of

__all__ = ["RECORDS", "cards_of", "facts_of", "rests_on"]

#: The records by the names of their files, in the order of the list of files.
RECORDS: dict[str, Document] = dict(zip(CARDS.files, (ATRS, MODEL_CARD, ALGO_CARE), strict=True))

#: The tables of audits and experiments that are read.
_READ = ("fairness.parquet", "proxies.parquet", "results.parquet", "leak.parquet")


def facts_of(run: Path, *, audit: Path | None = None, evaluations: Sequence[Path] = ()) -> Facts:
    """What the records of a complete run are filled from.

    Parameters
    ----------
    run
        Its folder.
    audit, evaluations
        Folders of ``gpunet audit`` of this run and of ``gpunet evaluate`` of the same tables; if none are given, those
        that lie beside the run.

    Raises
    ------
    InputError
        If one of the folders cannot be used, or it is not known which of several is meant.
    """
    source = complete_run(run)
    found = Facts(source, audit_of(source, audit), evaluations_of(source, evaluations))
    for beside in (*found.evaluations, *([found.audit] if found.audit else [])):
        check_unchanged(beside, [name for name in _READ if name in beside.manifest["outputs"]])
    return found


def cards_of(facts: Facts) -> dict[str, bytes]:
    """The files by name; the same of the same run, audit and experiments."""
    return {name: document(of, facts) for name, of in RECORDS.items()}


def rests_on(facts: Facts) -> dict[str, Any]:
    """SHA-256 of the ``run.json`` of audit and experiments, for the list of the files."""
    return {
        "audit_sha256": None if facts.audit is None else sha256_of(facts.audit.folder / MANIFEST),
        "evaluations_sha256": [sha256_of(of.folder / MANIFEST) for of in facts.evaluations],
    }
