"""What an update is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gpunet.config.config import Config

__all__ = ["TOP", "Asked"]

#: Ranks are told of whoever enters or leaves the first so many.
TOP = 1000


@dataclass(frozen=True)
class Asked:
    """What an update is asked for, beside what is to be corrected, which the options of a run say.

    Attributes
    ----------
    config
        The configuration of the earlier run, which names the old tables of ties and victims and then the new ones.
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
    top: int = TOP
    old: Sequence[str] | None = None
    again: bool = False
    old_victims: Sequence[str] = ()
    old_ties: Sequence[str] = ()
