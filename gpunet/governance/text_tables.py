"""Tables in text, as others export them: CSV, JSON and JSON lines whose columns or keys say whom rows are about."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gpunet.base.paths import open_regular
from gpunet.governance.traces import MOST_BYTES, PERSONS, Wanted

__all__ = ["is_about"]

_DELIMITERS = (",", ";", "\t", "|")

#: The column of lists.
_SEVERAL = "person_ids"

#: No line with the names of columns is longer.
_LONGEST_HEAD = 1 << 16


def is_about(path: Path, wanted: Wanted) -> bool:
    """Whether a table in text has one of the persons in a column, or under a key, of persons.

    Which kind it is the text says, and not the file's name. What cannot be read so far is none of these tables.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open_regular(path) as file:
        head = file.readline(_LONGEST_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] in (b"{", b"["):
        return any(_has(value, wanted) for value in _json_in(path))
    return not wanted.persons.isdisjoint(_ids_in(path, head.decode(errors="replace")))


def _ids_in(path: Path, head: str) -> Iterator[str]:
    """What stands in the columns of persons of a CSV: ``person_ids`` has several, with blanks between."""
    for delimiter in _DELIMITERS:
        names = [_plain(name) for name in next(csv.reader([head], delimiter=delimiter), [])]
        if columns := [at for at, name in enumerate(names) if name in PERSONS]:
            break
    else:
        return
    with open_regular(path) as file:
        lines = (line.decode(errors="replace") for line in file)
        try:
            for row in csv.reader(lines, delimiter=delimiter):
                for at in (at for at in columns if at < len(row)):
                    cell = row[at].strip()
                    yield from (cell, cell.removeprefix("'"))  # by which a sign was defused
                    if names[at] == _SEVERAL:
                        yield from cell.split()
        except csv.Error:  # a field of more than 128 KiB
            return


def _plain(name: str) -> str:
    """The name of a column, whatever its case."""
    return name.strip().lower()


def _json_in(path: Path) -> Iterator[Any]:
    """The value of a file of JSON, or those of its lines."""
    with open_regular(path) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES or not any(f'"{name}"'.encode() in data for name in PERSONS):
        return
    text = data.decode("utf-8-sig", errors="replace")
    try:
        yield json.loads(text)
    except (ValueError, RecursionError):
        yield from _values_of(text.splitlines())


def _values_of(lines: Iterable[str]) -> Iterator[Any]:
    for line in lines:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue


def _has(value: Any, wanted: Wanted) -> bool:
    """Whether one of the ids stands anywhere under a key of persons.

    >>> _has({"tables": {"ties": [{"person_a": 12}]}}, Wanted(frozenset({"12"})))
    True
    >>> _has({"days": 12}, Wanted(frozenset({"12"})))
    False
    """
    left = [value]
    while left:
        found = left.pop()
        if isinstance(found, dict):
            for key, of in found.items():
                values = of if isinstance(of, list) else [of]
                if _plain(key) in PERSONS and not wanted.persons.isdisjoint(
                    str(one) for one in values if isinstance(one, str | int)
                ):
                    return True
            left += found.values()
        elif isinstance(found, list):
            left += found
    return False
