"""Snapshots: what was known as of a day, a row a unit, and beside it what happened from that day on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import narwhals as nw

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.as_of import violent_between
from gpunet.base.array_types import Bool
from gpunet.config.evaluate_config import Unit
from gpunet.panels.days import is_complete
from gpunet.panels.units import unit_labels, unit_table
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import as_eager, backend_of, make_series

__all__ = ["label_within", "labels_of", "snapshot_table", "unit_rows", "with_labels"]


def label_within(arrests: Arrests, day: date, horizon: int) -> Bool:
    """bool[persons of the snapshot], in their order: a violent arrest on a day in ``[day, day + horizon)``.

    `arrests` are those of all the data: what happened is told as it is known in the end.
    """
    return to_host(violent_between(arrests, day, day + timedelta(days=horizon)))


def labels_of(arrests: Arrests, cut: Arrests, unit: Unit, horizon: int) -> Bool:
    """The labels of the rows of the `cut`, in their order; `arrests` are all the data."""
    assert cut.as_of is not None  # it was cut
    if unit == "person":
        return label_within(arrests, cut.as_of, horizon)
    return unit_labels(arrests, cut, unit, horizon)


def snapshot_table(arrests: Arrests, cut: Arrests, unit: Unit, horizon: int, features: Any) -> Any:
    """The table of one snapshot: what is of a unit, ``label`` and ``label_complete``.

    Parameters
    ----------
    arrests
        All the data, from which labels are.
    cut
        ``arrests.before(day)``: what is known as of the snapshot's day.
    unit
        What a row is.
    horizon
        Days from the snapshot's on in which a violent arrest makes the label true.
    features
        Those of `cut`: what :func:`gpunet.compute_features` returns for all families or some.

    Returns
    -------
    frame
        Native, of the kind that `features` are. Its columns and their types do not depend on the day.
    """
    assert cut.as_of is not None  # it was cut
    table = unit_rows(cut, unit, features)
    label = labels_of(arrests, cut, unit, horizon)
    return with_labels(table, label, complete=is_complete(cut.as_of, horizon, arrests.last_day))


def unit_rows(cut: Arrests, unit: Unit, features: Any) -> nw.DataFrame[Any]:
    """What is of each unit as of the day of the `cut`, without labels."""
    return as_eager(features if unit == "person" else unit_table(cut, unit, features))


def with_labels(table: nw.DataFrame[Any], label: Bool, *, complete: bool) -> Any:
    """The native table with ``label`` and ``label_complete`` behind its columns."""
    kind = backend_of(table)
    flags = {"label": label, "label_complete": label | True if complete else label & False}
    return table.with_columns(*(make_series(name, values, kind) for name, values in flags.items())).to_native()
