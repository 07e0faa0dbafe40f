"""Rows of frames on workers, sent to the frame of the range that each is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.dataframe as dd
import pyarrow as pa
from distributed import Client, Future, futures_of

from gpunet.frames import from_arrow, to_arrow

__all__ = ["by_range", "from_frame", "to_frame"]


def by_range(client: Client, frames: Sequence[Future], meta: Any, column: str, n: int) -> list[Future]:
    """Bring together the rows whose `column` is k in the k-th of n frames.

    The shuffle is Dask's, by tasks: they can be computed again where a worker is lost, and all they pass on stays in
    memory. (The other kind, peer to peer, keeps rows on disk and unpickles them from there.)

    Parameters
    ----------
    client
        Of the cluster.
    frames
        Futures of pandas or cuDF frames with the columns and types of `meta`, a frame without rows.
    column
        The name of a column of whole numbers from 0 to n - 1.
    n
        Number of ranges.

    Returns
    -------
    list
        Futures of n frames without `column`, as persistent as the futures. The order of rows within is any.
    """
    divided = dd.from_delayed(list(frames), meta=meta, verify_meta=False)
    ranges = divided.set_index(column, divisions=[*range(n), n - 1], shuffle_method="tasks")
    with client.as_current():
        futures = futures_of(client.persist(ranges))
    return sorted(futures, key=lambda future: int(future.key[1]))


def to_frame(table: pa.Table, backend: str) -> Any:
    """A frame of the kind that Dask shuffles, "pandas" or "cudf"."""
    return from_arrow(table, backend).to_native()


def from_frame(frame: Any) -> pa.Table:
    """The columns of such a frame; texts are ``large_string``."""
    return to_arrow(frame.reset_index(drop=True))
