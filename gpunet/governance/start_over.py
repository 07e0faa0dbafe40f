"""What a run does not replace unless it is told to start over: a stated purpose, a review, an erasure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.words import counted
from gpunet.config.config import Config
from gpunet.config.governance_config import NO_PURPOSE
from gpunet.governance.json_parts import json_in, part_of
from gpunet.governance.statement import stated_by
from gpunet.runs.folder import MANIFEST
from gpunet.runs.resume import may_replace
from gpunet.tables.files import sha256_of

__all__ = ["refuse_other_purpose", "refuse_replacing"]


def refuse_replacing(folder: Path, config: Config) -> None:
    """Refuse to put a run in the place of one that states another purpose, was reviewed, or had persons erased from it.

    The unfinished run in the folder goes on, if it was told before that it may.

    Parameters
    ----------
    folder
        Where the run is to be; new, empty, or of an earlier run.
    config
        The new run's.

    Raises
    ------
    InputError
        If that would be lost; it says what.
    """
    path = folder / MANIFEST
    lost = "; ".join(_lost(json_in(path), config.governance.stated()))  # of a damaged one the folder tells
    if lost and not may_replace(folder, sha256_of(path), config):
        raise InputError(f"{folder} {lost}. Give another --out, or --start-over to replace it")


def _lost(there: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What a manifest says that would be lost, in words that follow the folder's name."""
    before = stated_by(there)
    if _states_otherwise(before, now):
        yield f"states a purpose{_beside_purpose(before)}, and this run states another or none"
    if there.get("review"):
        yield "was reviewed"
    corrections, execution = (part_of(there, name) for name in ("corrections", "execution"))
    erased = corrections.get("erased_persons", 0)
    if "update" in execution and erased:
        yield f"had {counted(erased, 'person')} erased from it, or left out by --remove"
    elif corrections and "update" not in execution:
        yield f"had {counted(max(erased, 1), 'person')} erased from it"


def refuse_other_purpose(option: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """InputError if the file that an option names states a purpose, and what replaces it states another or none."""
    if _states_otherwise(before, now):
        raise InputError(
            f"{option} states a purpose{_beside_purpose(before)}, and this one states another or none: name another"
        )


def _states_otherwise(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return before["purpose"] != NO_PURPOSE and before != now


def _beside_purpose(stated: Mapping[str, Any]) -> str:
    """What is said beside a purpose of how long results are kept and of scores, in brackets.

    >>> _beside_purpose({"purpose": "triage", "retain_until": "2027-06-30", "person_scores": "reviewed"})
    ' (retain_until 2027-06-30, scores reviewed)'
    """
    names = {"retain_until": "retain_until", "person_scores": "scores"}
    said = [f"{words} {stated[name]}" for name, words in names.items() if name in stated]
    return f" ({', '.join(said)})" if said else ""
