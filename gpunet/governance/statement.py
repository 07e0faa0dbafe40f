"""What results say of their purpose, and of who answers for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gpunet.config.governance_config import NO_PURPOSE

__all__ = ["hashes_of_run", "stated_by", "stated_of_table"]


def stated_by(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says; those of earlier versions state no purpose.

    Examples
    --------
    >>> stated_by({"gpunet": "run"})
    {'purpose': 'no purpose stated'}
    """
    found = manifest.get("governance")
    return dict(found) if isinstance(found, Mapping) and "purpose" in found else {"purpose": NO_PURPOSE}


def hashes_of_run(manifest: Mapping[str, Any], sha256: str) -> frozenset[str]:
    """The SHA-256 that a run's ``run.json`` has, and those that it had before each review, of the same results.

    Examples
    --------
    >>> sorted(hashes_of_run({"review": [{"run_json_sha256": "a"}]}, "b"))
    ['a', 'b']
    """
    reviews = manifest.get("review", ())
    return frozenset({sha256, *(str(of["run_json_sha256"]) for of in reviews if "run_json_sha256" in of)})


def stated_of_table(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the metadata of a table says, as :func:`gpunet.tables.parquet.read_parquet_metadata` has them."""
    return stated_by(metadata or {})
