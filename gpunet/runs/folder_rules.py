"""What holds for everything that is written into a run's folder: what is said of it, what is sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from gpunet.config.governance_config import NO_PURPOSE

__all__ = ["Entering", "FolderRules"]

#: Called with a run's manifest and the SHA-256 of its ``run.json`` before its results are put in place.
Entering: TypeAlias = Callable[[Mapping[str, Any], str], None]


@dataclass(frozen=True)
class FolderRules:
    """See :func:`gpunet.governance.rules.folder_rules`.

    Attributes
    ----------
    stated
        The purpose and whatever else ``[governance]`` says; ``run.json`` and the metadata of every table have it.
    sealed
        Names of results that are sealed as they are written.
    entering
        Enters the run into the log; None where none is kept.
    replacing
        Called with the folder before anything is done in it: InputError if what is there is not to be replaced.
    told
        What ``run.json`` says besides.
    warnings
        What every run with this configuration has to tell.
    """

    stated: Mapping[str, Any] = field(default_factory=lambda: {"purpose": NO_PURPOSE})
    sealed: frozenset[str] = frozenset()
    entering: Entering | None = None
    replacing: Callable[[Path], None] | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
