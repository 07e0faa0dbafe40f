"""What each column of a panel is to a model: the contents of panel.json."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from gpunet.config.evaluate_config import Unit
from gpunet.config.layer_registry import layer_declarations
from gpunet.config.layers import NO_LAYERS, Layers
from gpunet.config.registry import DECLARATIONS
from gpunet.panels.series import lagged_days
from gpunet.panels.units import id_columns

__all__ = ["roles"]

_RECORDED = {
    "person": "of the person",
    "gang": "on which the gang is recorded",
    "force": "by the force",
    "beat": "in the beat",
    "district": "in the district",
}


def _families(layers: Layers) -> list[tuple[re.Pattern[str], str]]:
    """What names the columns of each declaration have, in panels of whatever unit; those of layers are longer."""
    declared = (*layer_declarations(layers), *DECLARATIONS)
    return [
        (re.compile(re.escape(feature.name).replace(re.escape("{C}"), ".+") + "(__sum|__mean|__max)?"), feature.family)
        for feature in declared
    ]


def roles(
    unit: Unit,
    days: Sequence[date],
    after: date,
    every: str,
    horizon: int,
    last_day: int,
    columns: Sequence[str],
    series: Sequence[str] | None = None,
    layers: Layers = NO_LAYERS,
) -> dict[str, Any]:
    """What a panel is of, and the role of every column: ``id``, ``time``, ``static``, ``past`` or ``target``.

    These are the words of mlforecast and neuralforecast: static features never change for a unit, past ones (historic
    exogenous) are known up to a day. Nothing of a snapshot is static. ``label_complete`` is ``filter``: no feature, but
    the rows whose label is known. Features have their ``family`` beside them.

    Parameters
    ----------
    unit, days, after, every, horizon, last_day
        As the panel was made; `after` is the day of the grid that follows the last one.
    columns
        Those of the snapshots.
    series
        Those of the series, None if there are none.
    layers
        Those of the network beside co-arrest.

    Returns
    -------
    dict
        Values that JSON can hold.

    Examples
    --------
    >>> from datetime import date
    >>> from gpunet.panels.roles import roles
    >>> found = roles("person", [date(2013, 1, 1)], date(2013, 2, 1), "1mo", 30, 20_000, ["person_id", "label"])
    >>> [(column["column"], column["role"]) for column in found["columns"]]
    [('as_of', 'time'), ('person_id', 'id'), ('label', 'target')]
    """
    of_unit, families = _RECORDED[unit], _families(layers)
    found: dict[str, Any] = {
        "unit": unit,
        "days": [day.isoformat() for day in days],
        "every": every,
        "horizon_days": horizon,
        "id_columns": list(id_columns(unit)),
        "time": "as_of",
        "target": "label",
        "label": f"a violent arrest {of_unit} within {horizon} days, from as_of on, as all the data know it",
        "label_complete": "whether these days are all in the data; where not, a label that is false may become true",
        "columns": [
            _role("as_of", "time", families),
            *(_role(name, _of_panel(name, unit), families) for name in columns),
        ],
    }
    if series is not None:
        found["series"] = _series(unit, days, after, horizon, last_day, series, families)
    return found


def _series(
    unit: Unit,
    days: Sequence[date],
    after: date,
    horizon: int,
    last_day: int,
    columns: Sequence[str],
    families: Sequence[tuple[re.Pattern[str], str]],
) -> dict[str, Any]:
    """What ``series.parquet`` is of."""
    lagged = lagged_days(days, after, horizon, last_day)
    known = {"unique_id": "id", "ds": "time", "y": "target"}
    return {
        "first_ds": lagged[0][0].isoformat() if lagged else None,
        "last_ds": lagged[-1][0].isoformat() if lagged else None,
        "first_ds_because": f"the features beside a ds are those of a snapshot {horizon} days or more before it, and "
        f"the first snapshot is of {days[0]}",
        "y": f"violent arrests {_RECORDED[unit]} from ds on, before the next day of the grid",
        "lag": f"every past column was known {horizon} days before ds, so it may also be given as known in the future",
        "columns": [_role(name, known.get(name, "past"), families) for name in columns],
    }


def _of_panel(name: str, unit: Unit) -> str:
    if name in id_columns(unit):
        return "id"
    return {"label": "target", "label_complete": "filter"}.get(name, "past")


def _role(name: str, role: str, families: Sequence[tuple[re.Pattern[str], str]]) -> dict[str, str]:
    """The entry of a column; of features it says which family they are of, so that one can be left out."""
    family = next((family for pattern, family in families if role == "past" and pattern.fullmatch(name)), None)
    return {"column": name, "role": role} | ({} if family is None else {"family": family})
