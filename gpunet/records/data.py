"""Answers on the data: how many records, what is missing, what was left out, and what was dropped unread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from gpunet.base.words import counted
from gpunet.records.facts import Facts
from gpunet.records.markdown import inline, sentences_of, tables_of
from gpunet.records.purpose import question
from gpunet.report.asked import asked
from gpunet.report.layers import layers
from gpunet.runs.described import files_read, protected_columns

__all__ = [
    "cleaning",
    "completeness",
    "datasets",
    "fingerprint_of",
    "modality",
    "purposes",
    "quantities",
    "sensitive",
    "windows",
]

#: How sentences of the report begin that stand in other fields.
_TOLD_ELSEWHERE = ("The arrests are of ", "The model learned from ")


def _input(facts: Facts) -> Mapping[str, Any]:
    return facts.manifest.get("input") or {}


def fingerprint_of(read: Mapping[str, Any]) -> str:
    """SHA-256 of the SHA-256 of all files that were read, sorted, a line each: the same for the same files.

    >>> one = {"files": [{"sha256": "b"}, {"sha256": "a"}]}
    >>> other = {"files": [{"sha256": "a"}], "ties": {"files": [{"sha256": "b"}]}}
    >>> fingerprint_of(one) == fingerprint_of(other)
    True
    """
    hashes = sorted(str(file["sha256"]) for file in files_read(read))
    return sha256("".join(f"{one}\n" for one in hashes).encode()).hexdigest()


def datasets(facts: Facts) -> Iterator[str]:
    """What the tables are, from which days, and their fingerprint."""
    if facts.run.kind == "flags":
        yield "Results of earlier runs of gpunet, which rest on tables of arrests."
        return
    files = counted(len(_input(facts)["files"]), "file")
    yield f"Tables of arrests, in {files}: a row is one charge of one person in one incident."
    first, last = (facts.manifest["arrests"].get(name) for name in ("first_date", "last_date"))
    if first and last:
        until = f" Nothing that happened on {inline(facts.manifest['as_of'])} or later counts." if _as_of(facts) else ""
        yield f"The arrests are of {inline(first)} to {inline(last)}.{until}"
    beside = layers(facts.run)
    if beside is not None:
        yield from sentences_of(beside)
    yield f"Fingerprint of the files (SHA-256 of their sorted SHA-256, a line each): `{fingerprint_of(_input(facts))}`."


def _as_of(facts: Facts) -> bool:
    return bool(facts.manifest.get("as_of"))


def windows(facts: Facts) -> Iterator[str]:
    """Which days a model learned from, and on which it was tried."""
    days = facts.model.get("days")
    if days:
        events, first, then, last = facts.outcome.events, *(inline(days[name]) for name in ("T-2H", "T-H", "T"))
        yield (
            f"The model learned from what was known on {first} and from the {events} from then to {then}. It was tried "
            f"on what was known on {then}, against the {events} from then to {last}, which it had not seen. Then it "
            "learned from both."
        )


def modality(facts: Facts) -> Iterator[str]:
    """Of which kind the data are."""
    yield "Tables: rows with ids, days, offences in words and, where the force has them, places. No pictures, no sound."


def quantities(facts: Facts) -> Iterator[str]:
    """How many records of how many persons, and what became of the rows."""
    yield from question(facts)
    if facts.run.kind == "flags":
        return
    section = asked(facts.run)
    yield from tables_of(section, facts.audience, ("rows_read", "rows_rejected"))
    yield from tables_of(layers(facts.run), facts.audience)


def sensitive(facts: Facts) -> Iterator[str]:
    """Protected columns, which are never read, and what can stand in for them."""
    if facts.run.kind != "flags":
        dropped = len(protected_columns(_input(facts)))
        if dropped:
            were = (
                "columns are named after race, sex, religion or the like, and were"
                if dropped > 1
                else "column is named after race, sex, religion or the like, and was"
            )
            yield f"{dropped} {were} not read."
        else:
            yield "No column of the files is named after race, sex, religion or the like. Such columns are never read."
        yield "They are known by their names alone: a name that hides what a column holds is not noticed."
    yield (
        "Records of arrests tell of offences that persons are alleged to have committed. Places, groups and networks "
        "can stand in for what was not read."
    )


def completeness(facts: Facts) -> Iterator[str]:
    """What is missing, as far as a run can see it."""
    if facts.run.kind == "flags":
        yield "What is missing is told in the records of the runs that the flags were raised on."
        return
    missing = facts.manifest.get("completeness")
    if missing and (missing.get("days_beyond") or missing.get("late")):
        yield (
            f"The last weeks of the data are not complete. The last arrest is of {inline(missing['last_date'])}. A "
            f"forecast as of {inline(missing['as_of'])} would be right."
        )
    elif missing:
        last = inline(missing["last_date"])
        yield f"Nothing is seen to be missing at the end of the data. The last arrest is of {last}."
    yield from (said for said in sentences_of(asked(facts.run), lead=False) if not said.startswith(_TOLD_ELSEWHERE))
    recorded = str(_input(facts).get("recorded_at", ""))
    if recorded.startswith("absent"):
        yield "The tables of arrests do not say when a row was recorded, so late records cannot be told."
    elif recorded:
        yield "Tables of arrests say when rows were recorded: as of a day, only those recorded before it count."
    yield (
        "The tables hold whom the police arrested. They do not hold offences that nobody reported or recorded, and "
        "say more of places and persons that are policed more."
    )


def cleaning(facts: Facts) -> Iterator[str]:
    """What was done to the rows."""
    yield (
        "Rows that cannot be used are rejected with a reason, and the same row again counts once. Ids, days and "
        "offences are read by the rules of the configuration, which run.json has."
    )
    if facts.run.kind != "flags":
        yield from tables_of(asked(facts.run), facts.audience, ("rows_read", "rows_rejected"))


def purposes(facts: Facts) -> Iterator[str]:
    """What the tables were used for."""
    if facts.has_scores:
        yield "The same tables served for training, for trying the model on a later window, and for scores."
    else:
        yield "The tables served for what this run is of. No model that scores persons was trained on them."
