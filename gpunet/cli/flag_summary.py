"""The lines on which flags were raised, and what each was worth."""

from __future__ import annotations

from collections.abc import Mapping
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
    for row in of["worth"]:
        raised = [line for line in of["raised"] if line["flag"] == row["flag"]]
        number = raised[-1]["persons"]
        side = "" if row["side"] == "offender" else f" ({row['side']})"
        lines.append(f"          {row['flag']}{side}: {counted(number, 'person')} as of {raised[-1]['as_of']}")
        lines.append(f"            {row['worth']}")
    past = of["snapshots"]
    if past:
        lines.append(
            f"past      {counted(len(past), 'snapshot')} from {past[0]} to {past[-1]}, as evaluate emerging takes them"
        )
    return lines
