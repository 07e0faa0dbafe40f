"""Synthetic arrest tables of any size, shaped like the paper's; docs/synthetic.md says how and how close."""

from __future__ import annotations

from gpunet.synthetic.config import ActivityConfig, CircleConfig, PlaceConfig, SyntheticConfig, ViolenceConfig
from gpunet.synthetic.dirty import DirtySummary, write_dirty_tables
from gpunet.synthetic.further import FURTHER, make_ties, make_victims
from gpunet.synthetic.further_config import AssociationConfig, KindConfig, VictimConfig
from gpunet.synthetic.plan import FEWEST_PERSONS
from gpunet.synthetic.summary import SyntheticSummary
from gpunet.synthetic.tables import make_arrests, write_tables

__all__ = [
    "FEWEST_PERSONS",
    "FURTHER",
    "ActivityConfig",
    "AssociationConfig",
    "CircleConfig",
    "DirtySummary",
    "KindConfig",
    "PlaceConfig",
    "SyntheticConfig",
    "SyntheticSummary",
    "VictimConfig",
    "ViolenceConfig",
    "make_arrests",
    "make_ties",
    "make_victims",
    "write_dirty_tables",
    "write_tables",
]
