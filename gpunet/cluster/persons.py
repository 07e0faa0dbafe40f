"""Columns over persons, each part on its worker."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

import numpy as np
from distributed import Future
from numpy.typing import NDArray

from gpunet.cluster.network import DistributedNetwork
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests
from gpunet.cluster.results import each, fetched
from gpunet.cluster.ties import violent_groups
from gpunet.features.column import Columns
from gpunet.features.geographic import PlaceTotals, geographic_features, place_totals
from gpunet.features.history import history_features
from gpunet.features.temporal import temporal_features

__all__ = ["columns_over_persons"]


def columns_over_persons(arrests: DistributedArrests, found: DistributedNetwork, family: str) -> list[Future]:
    """Futures of the columns of a family (``geographic``, ``temporal`` or ``history``) for each part's persons."""
    client, parts = arrests.client, arrests.partitions
    if family == "history":
        return each(client, family, _history, parts, today=arrests.today)
    if family == "temporal":
        return each(client, family, _temporal, parts, violent_groups(arrests, found.incidents, found.ranges))
    n_places = {"district": len(arrests.district_names), "beat": len(arrests.beat_names)}
    of_parts = fetched(client, each(client, "places", _places, parts, n_places=n_places))
    totals = {kind: reduce(add, (part[kind] for part in of_parts)) for kind in n_places}
    return each(client, family, _geographic, parts, totals=totals)


def _history(part: ArrestPartition, today: int) -> Columns:
    return history_features(part.arrests, today)


def _temporal(part: ArrestPartition, groups: NDArray[np.int64]) -> Columns:
    return temporal_features(part.arrests, groups)


def _places(part: ArrestPartition, n_places: Mapping[str, int]) -> dict[str, PlaceTotals]:
    return place_totals(part.arrests, n_places)


def _geographic(part: ArrestPartition, totals: Mapping[str, PlaceTotals]) -> Columns:
    return geographic_features(part.arrests, totals)
