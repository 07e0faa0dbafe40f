"""What an update is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gpunet.config.config import Config
from gpunet.reading.corrections import Corrections

__all__ = ["TOP", "Asked"]

#: Ranks are told of whoever enters or leaves the first so many.
TOP = 1000


@dataclass(frozen=True)
class Asked:
    """What an update is asked for.

    Attributes
    ----------
    config
        The configuration of the earlier run, which names the old tables of ties and victims and then the new ones.
    corrections
        What is to be corrected.
    top
        Ranks are told of whoever enters or leaves the first so many.
    old
        Where the old files are; None if what was kept of reading does.
    again
        Whether a new file is one of the old ones, so that all have to be looked at together.
    old_victims, old_ties
        Where the old tables of victims and of ties are.
    """

    config: Config
    corrections: Corrections
    top: int = TOP
    old: Sequence[str] | None = None
    again: bool = False
    old_victims: Sequence[str] = ()
    old_ties: Sequence[str] = ()
