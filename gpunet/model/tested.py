"""What the evaluated model said of each person of the test snapshot, and what happened: a row a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Bool, Float32, Float64
from gpunet.config.sides import OFFENDER, OWN_RECORD, Side
from gpunet.model.table import PERSON, FeatureTable
from gpunet.tables.frames import make_frame, make_series

__all__ = ["own_columns", "own_names", "side_column", "tested_frame"]


def own_names(side: Side) -> tuple[str, str, str]:
    """Features as of the test snapshot's day that say for whom a forecast is good.

    >>> own_names("offender")
    ('own_arrests', 'own_violent_arrests', 'degree__all')
    """
    record = OWN_RECORD[side]
    return record.events, record.violent, "degree__all"


def own_columns(table: FeatureTable, side: Side = OFFENDER) -> dict[str, Float32 | None]:
    """The columns :func:`own_names` of n persons, None for those that the features lack."""
    return {name: table.column(name) for name in own_names(side)}


def side_column(side: Side, n: int) -> dict[str, Any]:
    """The column ``side`` of n rows, which stands beside everything that is said of victims; of offenders nothing."""
    if side == OFFENDER:
        return {}
    return {"side": make_series("side", pa.repeat(pa.scalar(side, pa.large_string()), n))}


def tested_frame(
    person_ids: Any,
    own: Mapping[str, Float32 | None],
    probability: Float64,
    record: Float64 | None,
    new: Bool,
    labels: Bool,
    backend: str,
    side: Side,
) -> Any:
    """The frame of n persons, in their order.

    Its columns: ``person_id``, ``probability`` (float64, of the model that the past alone has trained),
    ``past_violence`` (float64, :func:`gpunet.model.metrics.past_violence_score`: who comes first has the greater one),
    ``own_arrests``, ``own_violent_arrests``, ``degree__all`` (int64, as of the snapshot's day), ``new_person`` (bool,
    whether the model has not seen the person) and ``label`` (bool, what happened). What the features lack is null. Of
    victims there is a column ``side`` after the first, ``past_violence`` is called ``past_victimisation``, and the
    columns of :func:`own_names` are those of victims.
    """
    n = len(probability)
    unknown = (np.zeros(n), np.ones(n, np.bool_))
    columns: dict[str, Any] = {PERSON: person_ids, **side_column(side, n), "probability": probability}
    columns[OWN_RECORD[side].order] = unknown if record is None else record
    for name, values in own.items():
        missing = np.ones(n, np.bool_) if values is None else np.isnan(values)
        known = np.zeros(n) if values is None else values
        columns[name] = (np.where(missing, 0, known).astype(np.int64), missing)
    return make_frame({**columns, "new_person": new, "label": labels}, backend)
