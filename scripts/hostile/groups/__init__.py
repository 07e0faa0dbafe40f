"""The cases, a file a group."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scripts.hostile.case import Case
from scripts.hostile.groups import (
    api,
    checkpoints,
    configurations,
    files,
    folders,
    formats,
    models,
    scored,
    signals,
    values,
)

#: What makes the cases of each group. A case's random numbers come from the seed and its name, so the list is the same
#: for every seed.
GROUPS: dict[str, tuple[Callable[[], Iterator[Case]], ...]] = {
    "files": (files.cases, formats.cases),
    "values": (values.cases,),
    "configurations": (configurations.cases,),
    "folders": (folders.cases,),
    "checkpoints": (checkpoints.cases,),
    "models": (models.cases, scored.cases),
    "api": (api.cases,),
    "signals": (signals.cases,),
}


def all_cases() -> Iterator[Case]:
    """Every case, group by group."""
    for makers in GROUPS.values():
        for make in makers:
            yield from make()
