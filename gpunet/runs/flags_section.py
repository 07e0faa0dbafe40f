"""What ``run.json`` says of flags: the schema that it is read back by."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StrictFloat, StrictStr
from pydantic.dataclasses import dataclass

from gpunet.base.stored_numbers import Count, Share

__all__ = ["FlagsSection"]


@dataclass
class _FlaggedRun:
    folder: StrictStr
    gpunet: StrictStr
    run_json_sha256: StrictStr
    as_of: StrictStr
    persons: Count


@dataclass
class _Raised:
    as_of: StrictStr
    flag: StrictStr
    side: StrictStr
    persons: Count


@dataclass
class _Worth:
    """A row of ``flag_worth``; what is not known is None."""

    flag: StrictStr
    side: StrictStr
    as_of: StrictStr
    days: Count
    alerts: Count
    alerts_a_week: StrictFloat | None
    hits: Count | None
    precision: Share | None
    precision_low: Share | None
    precision_high: Share | None
    chance: Share | None
    lift: StrictFloat | None
    median_lead_days: StrictFloat | None
    new_persons: Share | None
    worth: StrictStr


@dataclass
class FlagsSection:
    """The section ``flags`` of a manifest."""

    runs: Annotated[list[_FlaggedRun], Field(min_length=1)]
    declared: dict[str, dict[str, Any]]
    raised: list[_Raised]
    worth: list[_Worth]
    horizon_days: Count
    population: StrictStr
    snapshots: list[StrictStr]
    evidence_listed: Count

    def __post_init__(self) -> None:
        if not {row.flag for row in self.worth} <= {line.flag for line in self.raised}:
            raise ValueError("flags that were not raised have a worth")
