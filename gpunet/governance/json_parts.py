"""JSON that a run or somebody has written, read without trust in what it holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gpunet.base.paths import read_regular
from gpunet.runs.folder import MOST_JSON_BYTES

__all__ = ["json_in", "part_of", "parts_of"]


def json_in(path: Path) -> dict[str, Any]:
    """The object in a file; empty if it is not there or damaged."""
    try:
        found = json.loads(read_regular(path, MOST_JSON_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def part_of(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object that another has under a name; empty if it has none.

    >>> part_of({"input": {"files": []}, "model": None}, "model")
    {}
    """
    part = of.get(name)
    return part if isinstance(part, Mapping) else {}


def parts_of(of: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects in the list that another has under a name; none if it has no list.

    >>> parts_of({"runs": [{"folder": "a"}, None], "review": None}, "runs")
    [{'folder': 'a'}]
    """
    parts = of.get(name)
    return [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []
