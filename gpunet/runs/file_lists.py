"""Lists of files that are made beside a run's results: ``run.json`` stays as it is, as they can be made again.

Each list is a JSON file with the size and SHA-256 of the files that it names, of a report or of public records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.paths import read_regular
from gpunet.runs.result_names import NAME, Found

__all__ = [
    "ALL_LISTED",
    "CARDS",
    "FILE_LISTS",
    "LIST_NAMES",
    "REPORT",
    "FileList",
    "listed_files",
    "listed_in",
    "outputs_of",
    "stored_list",
]

_MOST_BYTES = 1 << 20

_Outputs = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class FileList:
    """A list that a run's folder can hold, and the files that it may name.

    Attributes
    ----------
    name
        The list's file.
    made_by
        The command that makes it, which it says under ``gpunet``.
    what
        What it lists, in words.
    files
        The names that its files can have, as :class:`gpunet.runs.result_names.ResultNames` takes them.
    """

    name: str
    made_by: str
    what: str
    files: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The files and the list itself."""
        return (*self.files, self.name)


REPORT = FileList("report.json", "report", "a report", ("report.html", f"figures/{NAME}.csv"))
CARDS = FileList("cards.json", "cards", "public records", ("atrs.md", "model_card.md", "algo_care.md"))

#: Every list.
FILE_LISTS = (REPORT, CARDS)

#: The lists' own names.
LIST_NAMES = frozenset(of.name for of in FILE_LISTS)

#: Every name of a file that is made beside results.
ALL_LISTED = tuple(name for of in FILE_LISTS for name in of.names)


def listed_files(files: Mapping[str, bytes]) -> _Outputs:
    """Size and SHA-256 of files by name, as ``run.json`` has them of a run's.

    >>> listed_files({"atrs.md": b"a"})["atrs.md"]["bytes"]
    1
    """
    return {name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in sorted(files.items())}


def stored_list(path: Path, of: FileList) -> dict[str, Any]:
    """What such a list says.

    Raises
    ------
    InputError
        If it is not one.
    """
    try:
        found: dict[str, Any] = json.loads(read_regular(path, _MOST_BYTES))
        if found["gpunet"] != of.made_by:
            raise ValueError(found["gpunet"])
        outputs_of(found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is not that of {of.what}, or is damaged: move it away") from error
    return found


def outputs_of(stored: Mapping[str, Any]) -> list[_Outputs]:
    """The files that a list names, and those that they replace: one who was killed may have left some of both."""
    return [
        {name: {"bytes": of["bytes"], "sha256": of["sha256"]} for name, of in stored[part].items()}
        for part in ("outputs", "replaces")
    ]


def listed_in(found: Found) -> list[_Outputs]:
    """As :func:`outputs_of` of every list that was found, with the lists themselves; InputError if one is none."""
    outputs = []
    for of in FILE_LISTS:
        if (path := found.files.get(of.name)) is not None:
            outputs += [*outputs_of(stored_list(path, of)), listed_files({of.name: read_regular(path, _MOST_BYTES)})]
    return outputs
