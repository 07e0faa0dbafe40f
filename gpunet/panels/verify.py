"""Verifying a panel: snapshots computed again from tables that end before their day, and compared byte by byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool
from gpunet.base.errors import VerificationError
from gpunet.base.passing_folder import passing_folder
from gpunet.config.evaluate_config import Unit
from gpunet.features import compute_all
from gpunet.panels.days import is_complete
from gpunet.panels.recut import input_rows
from gpunet.panels.snapshots import labels_of, unit_rows, with_labels
from gpunet.reading.corrections import Corrections
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import to_arrow
from gpunet.tables.parquet import read_parquet, write_parquet

__all__ = ["days_to_verify", "verify"]


def days_to_verify(days: Sequence[date], count: int) -> tuple[date, ...]:
    """So many of the days, or all if they are fewer, spread evenly; of several the first and the last among them.

    Examples
    --------
    >>> from datetime import date
    >>> from gpunet.panels.verify import days_to_verify
    >>> [day.month for day in days_to_verify([date(2013, month, 1) for month in range(1, 13)], 3)]
    [1, 6, 12]
    """
    if count == 1:
        return (days[-1],)  # the most of the data
    at = np.linspace(0, len(days) - 1, min(count, len(days))).astype(np.int64)
    return tuple(days[i] for i in at.tolist())


def verify(
    inputs: Any,
    arrests: Arrests,
    days: Sequence[date],
    unit: Unit,
    horizon: int,
    part: Callable[[date], Path],
    *,
    compute: Callable[[Arrests], Any] | None = None,
    beside: Callable[[Arrests], Arrests] | None = None,
    write: Callable[[Path, Any], object] = write_parquet,
    today: date | None = None,
    keep_going: bool = False,
    corrections: Corrections | None = None,
) -> list[dict[str, Any]]:
    """Compute snapshots again from tables that end before their day, and compare the bytes of their files.

    The tables are read anew, cut row by row (recorded before the day, and of an arrest that is dated before it), and
    what is left is read from scratch: nothing that came later can have a part in it, but in the label, which is that of
    all the data. All rows are in memory meanwhile.

    Parameters
    ----------
    inputs
        What the arrests were read from, as :func:`gpunet.read_arrests` takes it.
    arrests
        All the data.
    days
        Those of the snapshots to verify.
    unit, horizon
        Those of the panel.
    part
        Gives the path of a snapshot's file by its day.
    compute
        Gives the features of arrests as a frame; the CPU engine's if None. It has to be repeatable, as the GPU engine
        is not.
    beside
        Puts to arrests that were cut what other tables tell as of the same day; nothing if None. These tables are cut
        as they were for the snapshots, and not row by row.
    write
        Writes a table to a path as the snapshots were written.
    today, keep_going, corrections
        As the arrests were read.

    Returns
    -------
    list of dict
        ``day``, ``equal`` (true) and ``sha256`` of each, values that JSON can hold.

    Raises
    ------
    VerificationError
        If a snapshot is another one; it names the day and the first column that differs.
    """
    compute = compute or (lambda cut: compute_all(cut).features)
    rows = input_rows(inputs, arrests.config, today, keep_going=keep_going, corrections=corrections)
    found = []
    with passing_folder() as folder:
        again = folder / "part.parquet"
        for day in days:
            cut = rows.read_before(day) if beside is None else beside(rows.read_before(day))
            label = labels_of(arrests, arrests.before(day), unit, horizon)
            table = unit_rows(cut, unit, compute(cut))
            write(again, _labelled(table, label, complete=is_complete(day, horizon, arrests.last_day)))
            sha256 = sha256_of(part(day))
            if sha256_of(again) != sha256:
                raise VerificationError(
                    f"the snapshot of {day} is another one when it is computed from the rows that were known before "
                    f"that day alone: {_difference(part(day), again)}; the error is ours, so do not use the panel"
                )
            found.append({"day": day.isoformat(), "equal": True, "sha256": sha256})
    return found


def _labelled(table: Any, label: Bool, *, complete: bool) -> Any:
    """The table with the labels of all the data, or as it is where it has other rows, which is found out then."""
    return with_labels(table, label, complete=complete) if len(label) == len(table) else table.to_native()


def _difference(one: Path, other: Path) -> str:
    """What differs between two files of snapshots, in words."""
    before, after = (to_arrow(read_parquet(path)) for path in (one, other))
    if len(before) != len(after):
        return f'column "{before.column_names[0]}" has {len(after):,} values and not {len(before):,}'
    for name in before.column_names:
        if name not in after.column_names or not before[name].equals(after[name]):
            return f'column "{name}" differs'
    return "the bytes of the files differ"
