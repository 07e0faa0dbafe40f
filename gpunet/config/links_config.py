"""What ``[links]`` says: which links between ids nobody has decided, and are tried all the same."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from gpunet.config.validation import AS_GIVEN, CHECKED, names_keys

__all__ = ["LinksConfig"]


@names_keys("links")
@dataclass(frozen=True, config=CHECKED)
class LinksConfig:
    """How links between ids of persons (``[input] person_links``) count that nobody has decided."""

    min_probability: Annotated[float, Field(strict=True, ge=0, le=1), AS_GIVEN] = 0.9
    """Undecided links of this probability or more are uncertain: results are without them, and ``link_effects.parquet``
    lists what would differ with them. Those below are left alone."""
    least_change: Annotated[float, Field(strict=True, ge=0), AS_GIVEN] = 0.01
    """A feature is listed there if it differs by more than this share of its larger value; one person fewer in the
    network moves closeness and betweenness of everybody a little. 0 lists whatever differs by more than rounding."""
