"""The lines on which flags were raised, and what each was worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gpunet.base.words import counted

__all__ = ["flag_lines"]


def flag_lines(manifest: Mapping[str, Any]) -> list[str]:
    """Of which days the flags are, how many persons each is raised about, and what it was worth in the past."""
    of = manifest["flags"]
    days = [run["as_of"] for run in of["runs"]]
    span = f"as of {days[0]}" if len(days) == 1 else f"as of {len(days)} days, {days[0]} to {days[-1]}"
    persons = of["runs"][-1]["persons"]
    lines = [f"flags     {span}, of {counted(persons, 'person')}"]
    offenders = [row for row in of["worth"] if row["side"] == "offender"]
    victims = [row for row in of["worth"] if row["side"] == "victim"]
    lines += [line for row in offenders for line in _lines_of(row, of["raised"])]
    if victims:
        lines.append("victims   flags of the victims' list, which is never one with the other")
        lines += [line for row in victims for line in _lines_of(row, of["raised"])]
    past = of["snapshots"]
    if past:
        lines.append(
            f"past      {counted(len(past), 'snapshot')} from {past[0]} to {past[-1]}, as evaluate emerging takes them"
        )
    return lines


def _lines_of(row: Mapping[str, Any], raised: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many persons a flag is raised about as of the last day, and what it was worth."""
    last = [line for line in raised if line["flag"] == row["flag"]][-1]
    of = f"          {row['flag']}: {counted(last['persons'], 'person')} as of {last['as_of']}"
    return [of, f"            {row['worth']}"]
