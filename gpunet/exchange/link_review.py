"""``gpunet link-review``: what somebody decides of a link is written into its file; what was decided before stays."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from gpunet.base.errors import InputError
from gpunet.base.lock import held
from gpunet.config.config import load_config
from gpunet.exchange.link_file import SCHEMA, read_links, write_links
from gpunet.exchange.link_log import entered, governed_by
from gpunet.reading.links_table import Decision
from gpunet.tables.files import sha256_of

__all__ = ["decide", "undecided"]

_SHOWN = ("person_a", "person_b", "probability", "on")
_DECIDED = ("decision", "decided_by", "decided_at", "note")


def undecided(file: Path, config: Any = None) -> list[dict[str, Any]]:
    """The links of a file that nobody has decided: ids, probability, and the columns that agree, in the file's order.

    Raises
    ------
    InputError
        If it is not a file of links.
    """
    table, metadata = read_links(file)
    rows: list[dict[str, Any]] = table.select([*_SHOWN, "decision"]).to_pylist()
    found = [{name: row[name] for name in _SHOWN} for row in rows if row["decision"] is None]
    settings = governed_by(load_config(config), metadata)
    persons = len({row[name] for row in found for name in ("person_a", "person_b")})
    entered(settings, file, "consultation", sha256_of(file), persons)
    return found


def decide(
    file: Path, person_a: str, person_b: str, decision: Decision, by: str, note: str | None = None, config: Any = None
) -> int:
    """Write down what somebody decides of the link between two ids, whichever comes first.

    A decision can be changed: the earlier one goes into the column ``history``, a list in JSON.

    Parameters
    ----------
    file
        The file of links.
    person_a, person_b
        The ids.
    decision
        ``"yes"``, they are one person, or ``"no"``.
    by
        Who decides.
    note
        Why.
    config
        ``[governance]`` says where the log is.

    Returns
    -------
    int
        How many links of the file nobody has decided yet.

    Raises
    ------
    InputError
        If it is not a file of links or has no link between the two, or nobody is named; no id is told.
    StorageError
        If somebody else changes it for minutes, or it cannot be written.
    """
    if not by.strip():
        raise InputError("--by: name who decides")
    read_links(file)  # or a lock would be made beside what is none
    with held(file, str(file)):  # nobody else changes it meanwhile
        table, metadata = read_links(file)
        columns = {name: table[name].to_pylist() for name in SCHEMA.names}
        pair = {person_a, person_b}
        both = zip(columns["person_a"], columns["person_b"], strict=True)
        at = next((row for row, ids in enumerate(both) if set(ids) == pair), None)
        if at is None:
            raise InputError(f"{file} has no link between these two ids: gpunet link-review {file} --list shows them")
        if columns["decision"][at] is not None:
            earlier = json.loads(columns["history"][at] or "[]")
            earlier.append({name: columns[name][at] for name in _DECIDED})
            columns["history"][at] = json.dumps(earlier, ensure_ascii=False)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for name, value in zip(_DECIDED, (decision, by.strip(), now, note), strict=True):
            columns[name][at] = value
        changed = pa.table(columns, schema=SCHEMA)
        settings = governed_by(load_config(config), metadata)
        write_links(file, changed, metadata, lambda sha256: entered(settings, file, "alteration", sha256, 2))
    return sum(value is None for value in columns["decision"])
