"""What the time is for in which one has a machine: its calls, what each is brought, and what there is no time for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from scripts.on_gpu.brought import CARRIED, MIB
from scripts.on_gpu.processes import ROOT
from scripts.on_gpu.steps import CALLS, STEPS, Step

__all__ = ["SECONDS", "Call", "listing", "plan", "seconds_for", "told"]

#: Seconds that one has the machine for, start included, if nothing else is said.
SECONDS = 900

#: Of these, presumably: until the first command is at work, for each call's copies there and back, and at the end.
START, COPIES, END = 180, 20, 15

# What steps may come to, of a call's seconds.
_FULL = 0.85


@dataclass(frozen=True)
class Call:
    """One of the calls in which the machine is used.

    Attributes
    ----------
    names
        What ``scripts/measure_gpu.py`` is asked for; nothing if the call only brings a piece.
    seconds
        What the command may take.
    brings
        Which folder of pieces it takes along, if any, and how many bytes.
    steps, left_out
        What there is time for, and what not.
    """

    names: tuple[str, ...]
    seconds: int
    brings: tuple[int, int] | None
    steps: tuple[Step, ...] = ()
    left_out: tuple[Step, ...] = ()

    def command(self, out: str, work: str) -> str:
        """What is run there, in the folder of the working tree."""
        if not self.names:
            return f"ls {_folder(self.brings)}"
        names = " ".join(self.names)
        return f"PYTHONPATH=. python3 scripts/measure_gpu.py {names} --budget {self.seconds} --out {out} --work {work}"


def seconds_for(steps: Sequence[Step]) -> int:
    """What a call with these steps may take."""
    return math.ceil(round(sum(step.seconds for step in steps) / _FULL, 6))


def plan(carried: Sequence[int], seconds: int = SECONDS) -> list[Call]:
    """Calls a, b and c, with the calls between them that bring what had no room; b comes when everything is there.

    Parameters
    ----------
    carried
        How many bytes each call brings.
    seconds
        Those that one has the machine for.
    """
    brings: list[tuple[int, int] | None] = [(i + 1, size) for i, size in enumerate(carried)]
    first, between, last = (*brings[:1], None)[0], brings[1:-1], brings[-1] if len(brings) > 1 else None
    left = seconds - START - END - COPIES * (3 + len(between))
    calls = []
    for name, own in (("a", first), ("b", last), ("c", None)):
        steps = [step for step in STEPS if step.call == name]
        most = max(min(seconds_for(steps), left) if name != "c" else left, 0)
        left -= most
        fit = [seconds_for(steps[: i + 1]) <= most for i in range(len(steps))]
        done, not_done = (tuple(s for s, f in zip(steps, fit, strict=True) if f is wanted) for wanted in (True, False))
        calls.append(Call((name, "rest") if name == "c" else (name,), most, own, done, not_done))
        if name == "a":
            calls += [Call((), 0, each) for each in between]
    return calls


def told(calls: Sequence[Call], tree: int | None, limit: int, out: str, work: str, seconds: int = SECONDS) -> str:
    """The plan in words: of each call its command, what it brings, what its steps would show and their share of it.

    Parameters
    ----------
    calls
        They.
    tree, limit
        Bytes of the working tree, if they are known, and those that a call takes along at most.
    out, work
        Folders, as they stand in the commands.
    seconds
        Those that one has the machine for.
    """
    lines = []
    for number, call in enumerate(calls, start=1):
        what = f"{call.names[0]}: {CALLS[call.names[0]]}" if call.names else "brings what had no room before"
        lines.append(f"call {number}, {call.seconds + COPIES} s with {COPIES} s of copies; {what}")
        if call.brings:
            lines.append(f"  takes along {_folder(call.brings)} ({call.brings[1] / MIB:.1f} MiB)")
        lines.append(f"  $ {call.command(out, work)}")
        lines += _rows(call.steps, call.seconds)
        for step in call.left_out:
            lines.append(f"  {step.name:21}left out, for there is no time: {step.shows}")
        if "rest" in call.names:
            lines.append(f"  rest: {CALLS['rest']}")
            lines += [f"  {step.name:21}{step.seconds:4.0f} s: {step.shows}" for step in STEPS if step.call == "rest"]
    used = START + END + sum(call.seconds + COPIES for call in calls)
    start_and_end = f"{START} s until it has started and {END} s to its end"
    lines.append(f"in all {used} s, with {start_and_end}: {_fits(used, seconds)} into {seconds} s")
    most = max((call.brings[1] for call in calls if call.brings), default=0) + (tree or 0)
    what = "the working tree included" if tree is not None else "and the working tree, whose size is not known"
    fits = "may fit" if tree is None and most <= limit else _fits(most, limit)
    lines.append(f"a call takes along {most / MIB:.1f} MiB at most, {what}: {fits} into {limit / MIB:.1f} MiB")
    if not any(call.brings for call in calls):
        lines.append("nothing is brought: what the machine lacks is left out there (--divide FOLDER brings it)")
    return "\n".join(lines)


def listing(steps: Sequence[Step]) -> str:
    """What steps would show, and their share of the time."""
    lines = []
    for call, those in groupby(steps, lambda step: step.call):
        some = list(those)
        lines += [f"{call}: {CALLS[call]}", *_rows(some, seconds_for(some))]
    return "\n".join(lines)


def _rows(steps: Sequence[Step], seconds: int) -> list[str]:
    return [
        f"  {s.name:21}{s.seconds:4.0f} s {s.seconds / seconds:4.0%}, at most {s.limit:3.0f} s: {s.shows}"
        for s in steps
    ]


def _fits(taken: int, room: int) -> str:
    return "fits" if taken <= room else "DOES NOT FIT"


def _folder(brings: tuple[int, int] | None) -> str:
    return str(CARRIED.relative_to(ROOT) / str(brings[0])) if brings else ""
