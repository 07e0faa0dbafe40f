"""Rows that go to other workers: a shuffle of dask.dataframe, by numbers of buckets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dask.dataframe as dd
import narwhals as nw
import numpy as np
import pyarrow as pa
from distributed import Client, Future, futures_of
from numpy.typing import NDArray

from gpunet.base.array_types import Int32, Int64
from gpunet.cluster.partitions import DistributedArrests
from gpunet.cluster.results import each, fetched, finished, threads_of
from gpunet.cluster.waiting import connected
from gpunet.reading.location import Location
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import to_arrow

__all__ = [
    "BUCKET",
    "FRAMES",
    "bounds_of",
    "bucket_count",
    "columns_of",
    "frame_of",
    "place_of",
    "range_of",
    "range_of_texts",
    "shuffled",
    "table_of",
]

#: The column that says where a row goes; no column of a table can be called so.
BUCKET = ":bucket"

#: The kind of frame that is shuffled.
FRAMES = Location("pandas", to_host)

# Every step of it is a task that can be repeated if a worker is lost. "p2p" has fewer tasks, but always writes to disk,
# and unpickles what it reads from there.
_METHOD = "tasks"

# Rows for which a bucket more is worth its tasks, which grow faster than the buckets: some hundred megabytes.
_ROWS = 1 << 21


def frame_of(columns: Mapping[str, Any]) -> Any:
    """A frame to be shuffled, of arrays and series; one of them is :data:`BUCKET`."""
    return FRAMES.frame(columns).to_native()


def columns_of(frame: Any, names: Sequence[str]) -> tuple[Any, ...]:
    """Arrays of columns of numbers or flags."""
    table = nw.from_native(frame, eager_only=True)
    return tuple(FRAMES.values(table[name]) for name in names)


def bounds_of(examples: Iterable[str] | Iterable[int], n: int) -> list[str] | list[int]:
    """At most n - 1 distinct bounds, ascending, that cut the examples into about equal ranges.

    Texts are ordered as UTF-8 orders their bytes, which is Python's order of texts too.
    """
    ordered = sorted(examples)
    places = (len(ordered) * k // n for k in range(1, n)) if ordered else ()
    return sorted({ordered[place] for place in places})  # type: ignore[return-value]


def range_of(values: Any, bounds: Sequence[int] | Int64) -> Int32:
    """int32[n], the range into which each of the `values` falls: how many bounds are not greater, of ascending ones."""
    found: Int32 = np.searchsorted(np.asarray(bounds, np.int64), values, side="right").astype(np.int32)
    return found


def range_of_texts(texts: pa.Array, codes: NDArray[Any], bounds: Sequence[str]) -> Int32:
    """int32[n], the range of each text ``texts[code]``. The `texts` ascend, so bounds are looked for, not rows."""
    return range_of(codes, [place_of(texts, bound) for bound in bounds])


def place_of(texts: pa.Array, text: str) -> int:
    """Where a text is, or would be, among ascending ones."""
    return bisect_left(range(len(texts)), text, key=lambda i: texts[i].as_py())


def table_of(frame: Any) -> pa.Table:
    """All columns but :data:`BUCKET`; texts are ``large_string``."""
    return to_arrow(frame.reset_index(drop=True))


def bucket_count(arrests: DistributedArrests) -> int:
    """Into how many buckets to shuffle rows of arrests: enough for the threads and for memory, at most one a part."""
    return min(len(arrests.partitions), max(2 * threads_of(arrests.client), -(-len(arrests) // _ROWS), 1))


def shuffled(client: Client, frames: Sequence[Future], buckets: int) -> list[Future]:
    """Frames, made, of which the i-th has the rows of bucket i, in no particular order.

    Parameters
    ----------
    client
        Of the cluster.
    frames
        Frames with a column :data:`BUCKET` of numbers below `buckets`; at least one. The column is their index then.
    buckets
        How many frames to make.

    Raises
    ------
    EngineError
        As of :func:`gpunet.cluster.results.finished`.
    """
    (like,) = fetched(client, each(client, "columns", _without_rows, frames[:1]))
    with connected(client), client.as_current():
        whole = dd.from_delayed(list(frames), meta=like, verify_meta=False)
        ordered = whole.set_index(BUCKET, divisions=list(range(buckets + 1)), shuffle_method=_METHOD)
        held = client.persist(ordered)
    # Their keys are pairs of a name and the number of the bucket. They are waited for here: a scheduler in this process
    # shares Dask's expressions with us while it unpacks them, and fails if the last reference goes at that moment.
    return finished(client, sorted(futures_of(held), key=lambda future: int(future.key[1])))


def _without_rows(frame: Any) -> Any:
    return frame.take([])  # a slice would be sent with the texts of all rows
