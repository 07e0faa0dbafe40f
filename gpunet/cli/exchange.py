"""What ``gpunet pseudonymise`` says of the tables that it has written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpunet.base.words import counted
from gpunet.reading.pseudonymised import KINDS

if TYPE_CHECKING:
    from gpunet.exchange.written import Written

__all__ = ["describe_written"]

#: What is known of a person, in words.
_KNOWN = {
    "degree": "with how many others they were arrested",
    "degree_and_neighbours_degrees": "that, and with how many others each of these was",
    "first_date": "the first date",
    "date_and_offence_of_an_arrest": "date and offence of one arrest",
}


def describe_written(written: Written, out: Path) -> str:
    """The summary: rows by kind, what was left out, and how many persons can be told apart."""
    said, tables = written.listed["pseudonyms"], written.listed["tables"]
    lines = [f"key        {said['fingerprint']}, domain {said['domain']}, dates by {said['dates']}"]
    lines.append(f"order      of rows {'shuffled' if written.listed['rows'] == 'shuffled' else 'as they are'}")
    lines += [line for kind in KINDS for line in _of_kind(kind, [t for t in tables if t["kind"] == kind])]
    lines.append(f"persons    {written.listed['persons']:,}")
    dropped = sorted({name for table in tables for name in table["dropped_columns"]})
    lines.append(f"left out   {', '.join(dropped) if dropped else 'no column'}")
    lines += _of_uniqueness(written.uniqueness)
    purpose = written.listed["governance"]["purpose"]
    return "\n".join(
        [*lines, f"purpose    {purpose}", f"written to {out}: see uniqueness.json before it leaves the house"]
    )


def _of_kind(kind: str, tables: list[Mapping[str, Any]]) -> list[str]:
    if not tables:
        return []
    rows, read = (sum(table[name] for table in tables) for name in ("rows", "rows_read"))
    reasons: dict[str, int] = {}
    for table in tables:
        for reason, n in table["rejected"].items():
            reasons[reason] = reasons.get(reason, 0) + n
    rejected = "".join(f", {n:,} {reason}" for reason, n in reasons.items())
    repeats = sum(table["repeats_left_out"] for table in tables)
    return [
        f"{kind:<11}{rows:,} of {counted(read, 'row')} of {counted(len(tables), 'file')}{rejected}"
        + (f", {repeats:,} repeated" if repeats else "")
    ]


def _of_uniqueness(found: Mapping[str, Any]) -> list[str]:
    lines = ["Persons whom pseudonyms do not hide from somebody who knows"]
    for name, words in _KNOWN.items():
        figures = found["measures"][name]
        lines.append(f"  {words}: {figures['unique']:,} of {figures['persons']:,} are the only one")
    return lines
