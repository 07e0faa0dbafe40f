"""``link_effects.parquet``: which features of whom would differ if links that nobody has decided were true."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.array_types import Bool, Float64
from gpunet.tables.frames import to_arrow

__all__ = ["effects_table"]

#: Two values that differ by no more than this share may be one, added up in another order.
_ROUNDING = 1e-9


def effects_table(
    without: Any, with_links: Any, merged: Mapping[str, str], least_change: float = 0.0, but: Collection[str] = ()
) -> pa.Table:
    """What differs between features without uncertain links and with them, by person and column.

    Parameters
    ----------
    without, with_links
        Tables of features of any kind of frame, with ``person_id``.
    merged
        ``{id: the id that it has in the second table}`` for the persons whose id is another one there.
    least_change
        Values that differ by no more than this share of the larger one are left out; by rounding in any case.
    but
        Columns that are not compared.

    Returns
    -------
    pyarrow.Table
        ``person_id`` of the first table; ``column``; ``without`` and ``with_links``, float64, flags as 0 and 1, null
        where there is no value. In the order of the persons in the first table and of its columns.
    """
    old, new = to_arrow(without), to_arrow(with_links)
    ids = old["person_id"].combine_chunks()
    place = _places(ids, new["person_id"].combine_chunks(), merged)
    columns = [name for name in old.column_names if name != "person_id" and name in new.column_names]
    parts = []
    for number, name in enumerate(name for name in columns if name not in but):
        before, after = _numbers(old[name]), np.append(_numbers(new[name]), np.nan)[place]
        (rows,) = np.nonzero(_differ(before, after, max(least_change, _ROUNDING)))
        parts.append((rows, np.full(len(rows), number), before[rows], after[rows], [name] * len(rows)))
    rows, numbers, before, after = (np.concatenate([part[i] for part in parts]) for i in range(4))
    names = pa.array([name for part in parts for name in part[4]], pa.large_string())
    order = np.lexsort((numbers, rows))
    return pa.table(
        {
            "person_id": ids.take(pa.array(rows[order])),
            "column": names.take(pa.array(order)),
            "without": pa.array(before[order], from_pandas=True),
            "with_links": pa.array(after[order], from_pandas=True),
        }
    )


def _places(ids: Any, among: Any, merged: Mapping[str, str]) -> Any:
    """int64[n], the row of each person in the other table; -1, the last one, of nobody."""
    texts = ids.cast(pa.large_string())
    if merged:
        gone = pa.array(list(merged), pa.large_string())
        stays = pa.array(list(merged.values()), pa.large_string())
        texts = pc.coalesce(stays.take(pc.index_in(texts, value_set=gone)), texts)
    found = pc.index_in(texts, value_set=among.cast(pa.large_string())).fill_null(-1)
    return np.asarray(found, dtype=np.int64)


def _numbers(column: Any) -> Float64:
    """The values of a column, NaN where there is none."""
    values = column.combine_chunks()
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    found: Float64 = np.asarray(values.cast(pa.float64()).fill_null(np.nan), dtype=np.float64)
    return found


def _differ(before: Float64, after: Float64, share: float) -> Bool:
    gone, come = np.isnan(before), np.isnan(after)
    with np.errstate(invalid="ignore"):
        far = np.abs(before - after) > share * np.maximum(np.abs(before), np.abs(after))
    found: Bool = np.where(gone | come, gone != come, far & (before != after))
    return found
