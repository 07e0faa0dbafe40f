"""What files of a package are in words, and what a verified package comes to in a few lines."""

from __future__ import annotations

from pathlib import Path

from gpunet.cli.running import RUN_FILES
from gpunet.packages.verify import Verified
from gpunet.runs.folder import MANIFEST
from gpunet.runs.report_list import REPORT_NAMES
from gpunet.runs.result_names import ResultNames
from gpunet.runs.sealed import SEALED

__all__ = ["described", "verified_lines"]

_BESIDE = {
    MANIFEST: "versions, configuration, counts, statistics, evaluation, times",
    "report.html": "report of the run",
    "report.json": "the files of the report",
    "cards.json": "the files of the public records",
    "atrs.md": "record for the Algorithmic Transparency Recording Standard",
    "model_card.md": "model card",
    "algo_care.md": "answers to the questions of ALGO-CARE",
}

_WORDS = {**_BESIDE, **RUN_FILES, **{name: "data of a figure of the report" for name in REPORT_NAMES if "/" in name}}

_NAMES = {name: ResultNames([name]) for name in _WORDS}


def described(name: str) -> str:
    """What a file of a run is.

    Examples
    --------
    >>> from gpunet.cli.packages import described
    >>> described("scores.parquet.sealed")
    'probability, rank and reasons for each person; sealed'
    >>> described("figures/degrees.csv")
    'data of a figure of the report'
    """
    plain = name.removesuffix(SEALED)
    words = next((_WORDS[known] for known, names in _NAMES.items() if names.any_of([plain])), "a file of the run")
    return words if plain == name else f"{words}; sealed"


def verified_lines(path: Path, found: Verified) -> list[str]:
    """What was verified of a package without a difference."""
    assert found.statement is not None
    of, files = found.statement.predicate, found.statement.subject
    as_of = f" as of {of.run.as_of}" if of.run.as_of else ""
    kind = "for everybody, of" if found.statement.is_public else "of"
    return [
        f"verified  {path}: every byte is as it was signed",
        f"key       {found.keyid}",
        f"package   {kind} gpunet {of.run.command}{as_of}, made by gpunet {of.gpunet}",
        f"files     {len(files):,} files, statement and signature",
        f"run.json  {of.run.run_json_sha256}",
        f"purpose   {of.purpose}",
    ]
