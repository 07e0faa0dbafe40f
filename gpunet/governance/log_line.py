"""One line of a log: its ten fields, its one way to be written, and what is wrong with one that is written otherwise.

Source of the operations: UK Data Protection Act 2018, section 62(1) (legislation.gov.uk, as of 30 November 2026).
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.printable import printable

__all__ = ["FIELDS", "FIRST", "LONGEST_LINE", "OPERATIONS", "actor_of", "line_of", "new_entry", "read_line", "team_of"]

#: The operations that a log tells of.
OPERATIONS = ("collection", "alteration", "consultation", "disclosure", "combination", "erasure")

#: The fields of a line, in its order.
FIELDS = (
    "seq", "time", "operation", "actor", "purpose", "task_ref", "object_sha256", "persons", "previous_sha256", "sha256",
)  # fmt: skip

#: What the first line has for the SHA-256 of the line before.
FIRST = "0" * 64

#: No line is longer, with its end: texts of the configuration have 500 characters, six bytes each at most if escaped.
LONGEST_LINE = 1 << 16

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_FOR = " for "
_ACTOR, _LONGEST_ACTOR = "GPUNET_ACTOR", 200


def actor_of(requested_by: str = "") -> str:
    """Who is at work: the user of the operating system, and the team that it is done for, if one is given.

    A service that works for somebody names them in the environment as GPUNET_ACTOR; its own user is told of too. A name
    with " for " in it, after which a team would follow, stands in quotation marks.

    Raises
    ------
    InputError
        If GPUNET_ACTOR is too long.

    Examples
    --------
    >>> actor_of("harm reduction").endswith(" for harm reduction")
    True
    """
    user = _user()
    asked = " ".join(os.environ.get(_ACTOR, "").split())
    if len(asked) > _LONGEST_ACTOR:
        raise InputError(
            f"{_ACTOR} has {len(asked):,} characters: name who is at work in {_LONGEST_ACTOR:,} or fewer, as the log "
            "takes no more"
        )
    who = f"{asked} (through {user})" if asked else user
    if _FOR in who or who.startswith('"'):
        who = json.dumps(who, ensure_ascii=False)
    return f"{who}{_FOR}{requested_by}" if requested_by else who


def team_of(actor: str) -> str:
    """The team that an actor works for, or nothing.

    >>> team_of("pat for harm reduction"), team_of("pat"), team_of('"jane for Ethics (through svc)" for triage')
    ('harm reduction', '', 'triage')
    """
    if actor.startswith('"'):
        with suppress(ValueError):  # of an earlier version, which had no quotation marks of its own
            actor = actor[json.JSONDecoder().raw_decode(actor)[1] :]
    return actor.partition(_FOR)[2]


def _user() -> str:
    if sys.platform != "win32":  # what LOGNAME says, anybody can say
        import pwd

        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            return f"uid {os.geteuid()}"
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def new_entry(
    operation: str, *, purpose: str, task_ref: str, object_sha256: str, persons: int | None, actor: str
) -> dict[str, Any]:
    """The fields of an entry but for its place in a log.

    Raises
    ------
    ValueError
        If one of them cannot stand in a log: an error of ours.
    """
    if operation not in OPERATIONS:
        raise ValueError(f"no operation of a log: {operation}")
    entry = {
        "operation": operation,
        "actor": printable(actor, line_breaks=False),
        "purpose": printable(purpose, line_breaks=False),
        "task_ref": printable(task_ref, line_breaks=False),
        "object_sha256": object_sha256,
        "persons": persons,
    }
    if why := _wrong({**_placed(entry, 1, FIRST), "sha256": FIRST}):
        raise ValueError(f"an entry of a log: {why}")
    return entry


def line_of(entry: Mapping[str, Any], seq: int, previous: str) -> tuple[bytes, dict[str, Any]]:
    """The line, with its end, that an entry is at its place in a log, and its ten fields; its time is now.

    Raises
    ------
    InputError
        If it is one that could not be read again: its texts are too long.
    """
    placed = _placed(entry, seq, previous)
    whole = {**placed, "sha256": _hash_of(placed)}
    line = _written(whole)
    if len(line) >= LONGEST_LINE:
        raise InputError(
            f"a line of the log would have {len(line):,} characters, and {LONGEST_LINE:,} can be read again: shorten "
            "purpose, task_ref and requested_by of [governance]"
        )
    if why := read_line(line)[1]:
        raise ValueError(f"a line of a log that could not be read again: {why}")
    return line + b"\n", whole


def read_line(line: bytes) -> tuple[dict[str, Any], str]:
    """The fields of a line without its end, and what is wrong with it, or nothing.

    A line can be written in one way alone, so one that is not its fields' is another's work.
    """
    try:
        found = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError):
        return {}, "it is no line of a log"
    if not isinstance(found, dict) or tuple(found) != FIELDS:
        return {}, "it has not the ten fields of a log, in their order"
    if why := _wrong(found):
        return {}, why
    if _written(found) != line:
        return {}, "it is not written as lines of a log are"
    if _hash_of({name: found[name] for name in FIELDS[:-1]}) != found["sha256"]:
        return found, "its text is not that of its sha256, so it was changed"
    return found, ""


def _placed(entry: Mapping[str, Any], seq: int, previous: str) -> dict[str, Any]:
    time = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    of = {"seq": seq, "time": time, **entry, "previous_sha256": previous}
    return {name: of[name] for name in FIELDS[:-1]}


def _written(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def _hash_of(placed: Mapping[str, Any]) -> str:
    return hashlib.sha256(_written(placed)).hexdigest()


def _wrong(entry: Mapping[str, Any]) -> str:
    """What of the ten fields is not what it has to be."""
    if not _is_count(entry["seq"], 1):
        return "its seq is no number of a line"
    if entry["persons"] is not None and not _is_count(entry["persons"], 0):
        return "its persons are no count"
    for name in ("time", "operation", "actor", "purpose", "task_ref", "object_sha256", "previous_sha256", "sha256"):
        if not isinstance(entry[name], str):
            return f"its {name} is no text"
        if name.endswith("sha256") and not _SHA256.fullmatch(entry[name]):
            return f"its {name} is no SHA-256"
    if not _TIME.fullmatch(entry["time"]):
        return "its time is none"
    return "" if entry["operation"] in OPERATIONS else "its operation is none of the six"


def _is_count(value: Any, least: int) -> bool:
    return type(value) is int and value >= least
