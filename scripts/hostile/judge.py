"""What counts as a fault of a step, whatever the case is about."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

from scripts.hostile.case import Step

#: Longer messages are no sentence for a person.
_LONGEST_LINE = 3000

_TRACEBACK = "Traceback (most recent call last)"

_STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def faults(step: Step, code: int, peak: int, ended_by: str, out: str, error: str) -> Iterator[str]:
    """Everything that is wrong with how a step ended, in words that are the same for faults of one kind."""
    asked_for = step.signal is not None and code == -step.signal[0]
    if ended_by:
        yield ended_by
    elif code < 0 and not asked_for:
        yield f"killed by {signal.Signals(-code).name}"
    elif code not in step.codes and not asked_for and _TRACEBACK not in out + error:
        yield f"exit {code} where {' or '.join(map(str, sorted(step.codes)))} is due: {last_line(error)[:120]}"
    for text in (out, error):
        if _TRACEBACK in text:
            yield f"traceback: {_raised(text)[:160]}"
    if "unexpected error, " in error and code in step.codes:
        yield last_line(error)
    if "Exception ignored" in error or "Warning:" in error:
        yield f"words of Python: {next(line for line in error.splitlines() if 'gnored' in line or 'Warning:' in line)}"
    if "wrong result: " in error:
        yield f"wrong result: {error.rpartition('wrong result: ')[2].strip()}"
    if peak > step.resident:
        yield f"memory: {peak} MiB where {step.resident} are enough"
    if code > 0 and not ended_by and not (out + error).strip() and step.stdout != "broken":
        yield f"exit {code} without a word"
    if _STEERING.search(error):
        yield "steers the terminal"
    if any(len(line) > _LONGEST_LINE for line in error.splitlines()):
        yield "message of more than 3,000 characters"
    if step.secret and step.secret in error:
        yield "a message has the content of a cell"


def _raised(text: str) -> str:
    """The line of a traceback that says what was raised: the first that is not indented."""
    lines = text.rpartition(_TRACEBACK)[2].splitlines()[1:]
    return next((line for line in lines if line and not line.startswith(" ")), "")


def last_line(text: str) -> str:
    """The last line that has anything."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
