"""Rows that go to other workers: a shuffle of dask.dataframe, by numbers of buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dask.dataframe as dd
import narwhals as nw
import numpy as np
import pyarrow as pa
from distributed import Client, Future, futures_of

from gpunet.cluster.partitions import DistributedArrests
from gpunet.cluster.results import threads_of
from gpunet.cluster.waiting import connected
from gpunet.reading.location import Location
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import to_arrow

__all__ = ["BUCKET", "FRAMES", "Texts", "bucket_count", "columns_of", "frame_of", "range_of", "shuffled", "table_of"]

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


def range_of(values: Any, starts: Any) -> Any:
    """int32[n], the range into which each of the `values` falls; range i begins at ``starts[i]``, ascending."""
    return (np.searchsorted(starts, values, side="right") - 1).astype(np.int32)


class Texts(Sequence[str]):
    """Texts of an Arrow array as a sequence, each made when it is asked for."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, i: Any) -> Any:
        return self._array[i].as_py()


def table_of(frame: Any) -> pa.Table:
    """All columns but :data:`BUCKET`; texts are ``large_string``."""
    return to_arrow(frame.reset_index(drop=True))


def bucket_count(arrests: DistributedArrests) -> int:
    """Into how many buckets to shuffle rows of arrests: enough for the threads and for memory, at most one a part."""
    return min(len(arrests.partitions), max(2 * threads_of(arrests.client), -(-len(arrests) // _ROWS), 1))


def shuffled(client: Client, frames: Sequence[Future], like: Any, buckets: int) -> list[Future]:
    """Frames of which the i-th has the rows of bucket i, in no particular order.

    Parameters
    ----------
    client
        Of the cluster.
    frames
        Frames with a column :data:`BUCKET` of numbers below `buckets`. The column is their index then.
    like
        A frame without rows and with the same columns.
    buckets
        How many frames to make.

    Raises
    ------
    EngineError
        If the scheduler is lost.
    """
    with connected(client), client.as_current():
        whole = dd.from_delayed(list(frames), meta=like, verify_meta=False)
        ordered = whole.set_index(BUCKET, divisions=list(range(buckets + 1)), shuffle_method=_METHOD)
        held = client.persist(ordered)
    # Their keys are pairs of a name and the number of the bucket.
    return sorted(futures_of(held), key=lambda future: int(future.key[1]))
