"""Synthetic arrest tables of any size, shaped like the paper's; docs/synthetic.md says how and how close."""

from __future__ import annotations

from gpunet.synthetic.config import ActivityConfig, CircleConfig, PlaceConfig, SyntheticConfig, ViolenceConfig
from gpunet.synthetic.dirty import DirtySummary, write_dirty_tables
from gpunet.synthetic.tables import FEWEST_PERSONS, SyntheticSummary, make_arrests, write_tables

__all__ = [
    "FEWEST_PERSONS",
    "ActivityConfig",
    "CircleConfig",
    "DirtySummary",
    "PlaceConfig",
    "SyntheticConfig",
    "SyntheticSummary",
    "ViolenceConfig",
    "make_arrests",
    "write_dirty_tables",
    "write_tables",
]
