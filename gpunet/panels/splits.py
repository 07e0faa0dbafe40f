"""Training and test days of a panel, with a horizon between them, so that no training label reaches into a test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from gpunet.base.days import day_number
from gpunet.base.words import counted
from gpunet.panels.days import is_complete
from gpunet.tables.frames import make_frame, make_series

__all__ = ["splits_table", "why_no_splits"]


def splits_table(days: Sequence[date], horizon: int, last_day: int) -> Any:
    """``split, as_of, role``: for every test day the days to train on.

    A test day is one whose label is complete. It is trained on the days of which the label's days had all passed by
    then, D' + horizon <= D: a horizon is purged between them. Test days without any are left out.

    Parameters
    ----------
    days
        Those of the panel, ascending.
    horizon
        Days that a label looks ahead.
    last_day
        Number of the data's last day.

    Returns
    -------
    frame
        Of Polars: ``split`` (from 0, ascending by test day), ``as_of`` and ``role``, ``train`` or ``test``.

    Examples
    --------
    >>> from datetime import date
    >>> from gpunet.panels.splits import splits_table
    >>> splits_table([date(2013, 1, 1), date(2013, 2, 1)], 30, 1_000_000).rows()
    [(0, datetime.date(2013, 1, 1), 'train'), (0, datetime.date(2013, 2, 1), 'test')]
    """
    rows: list[tuple[int, date, str]] = []
    split = 0
    for test in (day for day in days if is_complete(day, horizon, last_day)):
        if before := [day for day in days if day + timedelta(days=horizon) <= test]:
            rows += [(split, day, "train") for day in before] + [(split, test, "test")]
            split += 1
    columns: dict[str, Any] = {
        "split": np.array([row[0] for row in rows], np.int64),
        "as_of": np.array([day_number(row[1]) for row in rows], np.int32),
        "role": make_series("role", [row[2] for row in rows], "polars"),
    }
    return make_frame(columns, dates=("as_of",))


def why_no_splits(days: Sequence[date], horizon: int, last_day: int) -> str:
    """Why there is no split, where :func:`splits_table` has no row; parameters are its own.

    Examples
    --------
    >>> from datetime import date
    >>> from gpunet.panels.splits import why_no_splits
    >>> why_no_splits([date(2013, 1, 1), date(2013, 2, 1)], 60, 1_000_000)[:58]
    'no snapshot with a complete label is 60 days after another'
    """
    if not any(is_complete(day, horizon, last_day) for day in days):
        return (
            f"no snapshot's label is complete: the data end less than {counted(horizon, 'day')} after the first of "
            "them, so splits.parquet has no row; give a shorter --horizon or an earlier --from"
        )
    return (
        f"no snapshot with a complete label is {counted(horizon, 'day')} after another, so splits.parquet has no row: "
        "there is none to train on; give a shorter --horizon, or an earlier --from or later --to"
    )
