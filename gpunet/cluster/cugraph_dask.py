"""The one file that knows ``cugraph.dask``: a graph that is distributed over the GPUs of a cluster, and its algorithms.

Read in RAPIDS 26.10, and nothing of it tried yet on a device:

* Isolated vertices cannot be in such a graph; here they get what they would have.
* libcugraph adds the other direction of every tie of an undirected graph, so each is given once, which halves what is
  sent. It numbers vertices anew inside, and results name ours.
* Ids are int64 where counts could overflow int32, and scores have the weights' type, as on one GPU; see
  :mod:`gpunet.engines.gpu.cugraph`.
* The workers speak through NCCL and UCX, which are not Dask's connections and are not encrypted. They are set up for
  one graph and ended with it, so that a worker that was started anew meanwhile does no harm.
* Frames are made on the workers and results leave them as NumPy's arrays, but an empty frame that says what columns
  there are is made by this process, too: that takes some memory of the first GPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from dask import delayed
from distributed import Client
from numpy.typing import NDArray

from gpunet.base.array_types import Float64, Int64
from gpunet.cluster.all_workers import with_all_workers
from gpunet.engines.gpu.check import import_library
from gpunet.engines.gpu.cugraph import MOST_LEVELS, least_gain

__all__ = ["DistributedGraph"]


class DistributedGraph:
    """What :class:`gpunet.engines.gpu.cugraph.Graph` is on one GPU, from and to arrays on the host.

    `source` and `target` hold every tie in both directions; at least one.
    """

    def __init__(
        self,
        client: Client,
        n: int,
        source: NDArray[Any],
        target: NDArray[Any],
        weight: Float64 | None = None,
        *,
        wide: bool = False,
        renumber: bool = True,  # libcugraph always does it here
        direct: bool = False,
    ) -> None:
        ids = np.int64 if wide else np.int32
        once = source < target
        self._client, self._n, self._direct = client, n, direct
        self._columns: dict[str, NDArray[Any]] = {
            "source": source[once].astype(ids),
            "target": target[once].astype(ids),
        }
        if weight is not None:
            self._columns["weight"] = weight[once]

    def core_number(self) -> Int64:
        """Core numbers; 0 of isolated vertices."""
        return self._by(lambda cugraph, graph: cugraph.dask.core_number(graph), "core_number", 0)

    def louvain(self, fields: int) -> Int64:
        """Clusters, by any numbers, at the resolution `fields`; -1 of isolated vertices."""
        gain = least_gain(fields)
        return self._by(
            lambda cugraph, graph: cugraph.dask.louvain(
                graph, max_level=MOST_LEVELS, resolution=float(fields), threshold=gain
            )[0],
            "partition",
            -1,
        )

    def triangle_count(self) -> Int64:
        """Triangles that the vertex is a corner of."""
        return self._by(lambda cugraph, graph: cugraph.dask.triangle_count(graph), "counts", 0)

    def weakly_connected_components(self) -> Int64:
        """Connected components, by any numbers; isolated vertices have one each."""
        labels = self._by(lambda cugraph, graph: cugraph.dask.weakly_connected_components(graph), "labels", -1)
        return np.where(labels >= 0, labels, np.arange(self._n) + (labels.max() + 1))

    def betweenness_centrality(self) -> Float64:
        """Betweenness from all sources, not normalised, each unordered pair once; 0 of isolated vertices."""
        return self._by(
            lambda cugraph, graph: cugraph.dask.betweenness_centrality(graph, normalized=False, endpoints=False),
            "betweenness_centrality",
            0.0,
        )

    def _by(self, ask: Callable[[Any, Any], Any], column: str, otherwise: float) -> NDArray[Any]:
        """The column of `ask`'s frame by vertex, int64 or float64 as `otherwise`, which those without a tie get.

        cuGraph, and whoever waits for pieces of its frames, would wait for ever for a worker that has ended.
        """
        vertex, value = with_all_workers(self._client, lambda: self._found(ask, column))
        out = np.full(self._n, otherwise)
        out[vertex] = value
        return out

    def _found(self, ask: Callable[[Any, Any], Any], column: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Vertices that have a tie, each once, in any order, and the column of `ask`'s frame beside them."""
        with _communicating(self._client) as (cugraph, workers):
            graph = cugraph.Graph(directed=False)
            graph.from_dask_cudf_edgelist(
                self._frame(workers),
                source="source",
                destination="target",
                weight="weight" if "weight" in self._columns else None,
                renumber=True,
                store_transposed=False,
            )
            return self._columns_of(ask(cugraph, graph), ("vertex", column))

    def _frame(self, workers: list[str]) -> Any:
        """All ties as a frame with a piece on each worker."""
        cudf, dask_cudf = import_library("cudf"), import_library("dask_cudf")
        bounds = np.linspace(0, len(self._columns["source"]), len(workers) + 1).astype(np.int64)
        pieces = []
        for worker, first, last in zip(workers, bounds[:-1], bounds[1:], strict=True):
            piece = {name: values[first:last] for name, values in self._columns.items()}
            (sent,) = self._client.scatter([piece], workers=[worker], hash=False, direct=self._direct)
            pieces.append(self._client.submit(_frame_of, sent, workers=[worker], allow_other_workers=False, pure=False))
        like = cudf.DataFrame({name: values[:0] for name, values in self._columns.items()})
        return dask_cudf.from_delayed(pieces, meta=like)

    def _columns_of(self, frame: Any, names: tuple[str, str]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Two columns of a frame on the workers, here."""
        wanted = [delayed(_arrays_of)(part, names) for part in frame.to_delayed()]
        found = self._client.gather(self._client.compute(wanted), direct=self._direct)
        first, second = zip(*found, strict=True)
        return np.concatenate(first), np.concatenate(second)


@contextmanager
def _communicating(client: Client) -> Iterator[tuple[Any, list[str]]]:
    """``(cugraph, addresses of the workers)`` while the workers can talk to each other."""
    cugraph = import_library("cugraph")
    import_library("cugraph.dask.comms.comms")
    with client.as_current():
        cugraph.dask.comms.comms.initialize(p2p=True)
        try:
            yield cugraph, list(cugraph.dask.comms.comms.get_workers())
        finally:
            _destroy(cugraph)


def _destroy(cugraph: Any) -> None:
    """End the communication; if a worker has ended, so that this process can begin another with other workers."""
    left = cugraph.dask.comms.comms.get_comms()
    try:
        cugraph.dask.comms.comms.destroy()
    except Exception:  # there is nobody to tell, and the module still thinks that it has begun
        left.nccl_initialized = left.ucx_initialized = False  # or it would try again when it is collected
        left.destroy = lambda: None
        cugraph.dask.comms.comms.destroy()


def _frame_of(columns: dict[str, NDArray[Any]]) -> Any:
    cudf = import_library("cudf")
    return cudf.DataFrame(columns)


def _arrays_of(frame: Any, names: tuple[str, str]) -> list[NDArray[Any]]:
    return [frame[name].to_numpy() for name in names]
