"""Numbers of what was stored, as Pydantic checks them when they are read again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt

__all__ = ["Count", "Share"]

#: How many of something.
Count = Annotated[StrictInt, Field(ge=0)]

#: A part of a whole.
Share = Annotated[StrictFloat, Field(ge=0, le=1)]
