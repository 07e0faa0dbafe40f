"""What the evaluated model said of each person of the test snapshot, and what happened: a row a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float32, Float64
from gpunet.model.table import PERSON, FeatureTable
from gpunet.tables.frames import make_frame

__all__ = ["OWN", "own_columns", "tested_frame"]

#: Features as of the test snapshot's day that say for whom a forecast is good.
OWN = ("own_arrests", "own_violent_arrests", "degree__all")


def own_columns(table: FeatureTable) -> dict[str, Float32 | None]:
    """The columns :data:`OWN` of n persons, None for those that the features lack."""
    return {name: table.column(name) for name in OWN}


def tested_frame(
    person_ids: Any,
    own: Mapping[str, Float32 | None],
    probability: Float64,
    record: Float64 | None,
    new: Bool,
    labels: Bool,
    backend: str,
) -> Any:
    """The frame of n persons, in their order.

    Its columns: ``person_id``, ``probability`` (float64, of the model that the past alone has trained),
    ``past_violence`` (float64, :func:`gpunet.model.metrics.past_violence_score`: who comes first has the greater one),
    ``own_arrests``, ``own_violent_arrests``, ``degree__all`` (int64, as of the snapshot's day), ``new_person`` (bool,
    whether the model has not seen the person) and ``label`` (bool, what happened). What the features lack is null.
    """
    n = len(probability)
    unknown = (np.zeros(n), np.ones(n, np.bool_))
    columns: dict[str, Any] = {PERSON: person_ids, "probability": probability}
    columns["past_violence"] = unknown if record is None else record
    for name, values in own.items():
        missing = np.ones(n, np.bool_) if values is None else np.isnan(values)
        known = np.zeros(n) if values is None else values
        columns[name] = (np.where(missing, 0, known).astype(np.int64), missing)
    return make_frame({**columns, "new_person": new, "label": labels}, backend)
