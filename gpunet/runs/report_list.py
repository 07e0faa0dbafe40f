"""The list of a report's files. ``run.json`` lists a run's results and stays as it is: a report can be made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from gpunet.base.errors import InputError
from gpunet.base.paths import read_regular
from gpunet.runs.result_names import NAME

__all__ = ["PAGE", "REPORT_LIST", "REPORT_NAMES", "listed_files", "outputs_of", "report_outputs", "stored_list"]

PAGE = "report.html"
REPORT_LIST = "report.json"

#: The names of a report's files.
REPORT_NAMES = (PAGE, REPORT_LIST, f"figures/{NAME}.csv")

_MOST_BYTES = 1 << 20

_Outputs = dict[str, dict[str, Any]]


def listed_files(files: Mapping[str, bytes]) -> _Outputs:
    """Size and SHA-256 of files by name, as ``run.json`` has them of a run's."""
    return {name: {"bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in sorted(files.items())}


def stored_list(path: Path) -> dict[str, Any]:
    """What a list of a report says.

    Raises
    ------
    InputError
        If it is not one.
    """
    try:
        found: dict[str, Any] = json.loads(read_regular(path, _MOST_BYTES))
        if found["gpunet"] != "report":
            raise ValueError(found["gpunet"])
        outputs_of(found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is not that of a report, or is damaged: move it away") from error
    return found


def outputs_of(stored: Mapping[str, Any]) -> list[_Outputs]:
    """The files that a list names, and those that they replace: one who was killed may have left some of both."""
    return [
        {name: {"bytes": of["bytes"], "sha256": of["sha256"]} for name, of in stored[part].items()}
        for part in ("outputs", "replaces")
    ]


def report_outputs(path: Path) -> list[_Outputs]:
    """As :func:`outputs_of`, with the list itself; InputError if it is no list of a report."""
    outputs = outputs_of(stored_list(path))
    return [*outputs, listed_files({REPORT_LIST: read_regular(path, _MOST_BYTES)})]
