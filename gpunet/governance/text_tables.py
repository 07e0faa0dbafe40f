"""Tables in text, as others export them: CSV, JSON and JSON lines whose columns or keys say whom rows are about."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Iterator
from io import TextIOBase, TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any

from gpunet.base.paths import open_regular
from gpunet.governance.traces import MOST_BYTES, PERSONS, Unreadable
from gpunet.governance.wanted import Wanted

__all__ = ["ids_in_csv", "is_about", "persons_under_keys"]

_DELIMITERS = (",", ";", "\t", "|")

#: The column of lists.
_SEVERAL = "person_ids"

#: No line with the names of columns is longer.
_LONGEST_HEAD = 1 << 16


def is_about(path: Path, wanted: Wanted) -> bool:
    """Whether a table in text has one of the persons in a column, or under a key, of persons.

    Which kind it is the text says, and not the file's name. What is none of these tables is about nobody.

    Raises
    ------
    Unreadable
        If it has columns of persons, and rows that cannot be parted into columns.
    OSError
        If it cannot be read.
    """
    with open_regular(path) as file:
        if file.readline(_LONGEST_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
            return any(_has(value, wanted) for value in _json_in(path))
        file.seek(0)
        with TextIOWrapper(file, "utf-8-sig", "replace") as lines:
            return not wanted.persons.isdisjoint(ids_in_csv(lines))


def ids_in_csv(lines: TextIOBase, columns: Collection[str] = PERSONS) -> Iterator[str]:
    r"""What stands in the columns of persons of a CSV: ``person_ids`` has several, with blanks between.

    Lines end as any system ends them. Raises `Unreadable` if such a table cannot be parted into columns.

    >>> from io import StringIO
    >>> sorted(set(ids_in_csv(StringIO("person_id,days\r12,7\r", newline=None))))
    ['12', 'person_id']
    """
    head = lines.readline(_LONGEST_HEAD)
    try:
        for delimiter in _DELIMITERS:
            names = [_plain(name) for name in next(csv.reader([head], delimiter=delimiter), [])]
            if found := [at for at, name in enumerate(names) if name in columns]:
                break
        else:
            return
        for row in csv.reader(chain([head], lines), delimiter=delimiter):
            for at in (at for at in found if at < len(row)):
                cell = row[at].strip()
                yield from (cell, cell.removeprefix("'"))  # by which a sign was defused
                if names[at] == _SEVERAL:
                    yield from cell.split()
    except csv.Error as error:  # a field of more than 128 KiB
        raise Unreadable(f"it is a damaged table ({error})") from error


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
        yield from _values_of(text.split("\n"))  # other line breaks stand within texts


def _values_of(lines: Iterable[str]) -> Iterator[Any]:
    for line in lines:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue


def _has(value: Any, wanted: Wanted) -> bool:
    """Whether one of the ids stands anywhere under a key of persons."""
    return not wanted.persons.isdisjoint(persons_under_keys(value))


def persons_under_keys(value: Any) -> Iterator[str]:
    """What stands anywhere in JSON under a key of persons, as text.

    >>> list(persons_under_keys({"tables": {"ties": [{"person_a": 12, "days": 7}]}}))
    ['12']
    """
    left = [value]
    while left:
        found = left.pop()
        if isinstance(found, dict):
            for key, of in found.items():
                if _plain(key) in PERSONS:
                    yield from (
                        str(one) for one in (of if isinstance(of, list) else [of]) if isinstance(one, str | int)
                    )
            left += found.values()
        elif isinstance(found, list):
            left += found
