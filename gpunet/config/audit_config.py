"""What ``[audit]`` says: how groups of persons are compared, and how small a group may be told of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt
from pydantic.dataclasses import dataclass

from gpunet.config.validation import CHECKED, names_keys

__all__ = ["AuditConfig"]


@names_keys("audit")
@dataclass(frozen=True, config=CHECKED)
class AuditConfig:
    """``gpunet audit``; its intervals follow ``[evaluate] bootstrap`` and ``[model] seed``."""

    min_persons: Annotated[StrictInt, Field(ge=3, le=1_000_000)] = 10
    """No group and no denominator of fewer persons is told, nor what could be subtracted to give one."""
    folds: Annotated[StrictInt, Field(ge=2, le=100)] = 5
    """Folds by person in which features guess an attribute."""
    proxy_persons: Annotated[StrictInt, Field(ge=100, le=10_000_000)] = 10_000
    """Of more persons than this, so many are drawn to see how well features guess an attribute."""
