"""What results say of their purpose, and of who answers for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpunet.config.governance_config import NO_PURPOSE
from gpunet.runs.sealed import is_sealed, sealable_words

__all__ = [
    "EARLIER_REVIEW",
    "earlier_reviews",
    "hashes_of_run",
    "purpose_of",
    "sealed_sentences",
    "stated_by",
    "stated_of_table",
]

#: The key of a manifest with the reviews of the run that this one was put in place of.
EARLIER_REVIEW = "earlier_review"


def stated_by(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says; those of earlier versions state no purpose.

    Examples
    --------
    >>> stated_by({"gpunet": "run"})
    {'purpose': 'no purpose stated'}
    """
    found = manifest.get("governance")
    return dict(found) if isinstance(found, Mapping) and "purpose" in found else {"purpose": NO_PURPOSE}


def purpose_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What lists of files that are made beside a run's results say of it: they may be published with these.

    Examples
    --------
    >>> purpose_of({"governance": {"purpose": "triage", "owner": "J. Doe"}})
    {'purpose': 'triage'}
    """
    return {"purpose": stated_by(manifest)["purpose"]}


def hashes_of_run(manifest: Mapping[str, Any], sha256: str) -> frozenset[str]:
    """The SHA-256 that a run's ``run.json`` has, and those that it had before each review, of the same results.

    Examples
    --------
    >>> sorted(hashes_of_run({"review": [{"run_json_sha256": "a"}]}, "b"))
    ['a', 'b']
    """
    reviews = manifest.get("review", ())
    return frozenset({sha256, *(str(of["run_json_sha256"]) for of in reviews if "run_json_sha256" in of)})


def earlier_reviews(manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    """Day and decision of every review of a run, for the one that is made again in its place; not who decided."""
    before = [dict(of) for of in manifest.get(EARLIER_REVIEW, ())]
    now = [{"time": str(of["time"])[:10], "decision": str(of["decision"])} for of in manifest.get("review", ())]
    return [*before, *now]


def sealed_sentences(manifest: Mapping[str, Any]) -> list[str]:
    """What is true of scores, or flags, that are under seal now; nothing if none are.

    Examples
    --------
    >>> before = [{"time": "2026-11-30", "decision": "approve"}]
    >>> for text in sealed_sentences({"outputs": {"scores.parquet.sealed": {}}, "earlier_review": before}):
    ...     print(text)
    They are sealed now: no command of gpunet shows a score.
    Scores of an earlier form of this run were opened by a review on 2026-11-30.
    """
    if not is_sealed(manifest):
        return []
    what = sealable_words(manifest)
    opened = [of["time"] for of in manifest.get(EARLIER_REVIEW, ()) if of["decision"] == "approve"]
    return [
        f"They are sealed now: no command of gpunet shows a {what.removesuffix('s')}.",
        *(f"{what.capitalize()} of an earlier form of this run were opened by a review on {day}." for day in opened),
    ]


def stated_of_table(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the metadata of a table says, as :func:`gpunet.tables.parquet.read_parquet_metadata` has them."""
    return stated_by(metadata or {})
