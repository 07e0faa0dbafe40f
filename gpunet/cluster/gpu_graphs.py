"""Algorithms on a whole network: on the GPU of one worker where it fits, else on all of them by ``cugraph.dask``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from gpunet.base.array_types import Int32, Int64
from gpunet.base.errors import EngineError, ResourceError
from gpunet.cluster.all_workers import on_each_worker
from gpunet.cluster.executor import ClusterExecutor
from gpunet.cluster.gpu_worker import Adjacency, Answer, Setup, call, free_here
from gpunet.engines.gpu import graphs
from gpunet.engines.gpu.graphs import Make

__all__ = ["GpuGraphs"]

_ONE, _ALL = "one GPU", "cugraph.dask"

_ADVICE = "use GPUs with more memory, or --cluster local"


class GpuGraphs:
    """Calls of the GPU engine's methods that take a network and have no parts, from and to arrays on the host.

    The network is sent to every worker once. A call that does not fit into the memory of one GPU, by the estimate that
    the GPU engine itself goes by, is distributed over all of them if cuGraph can.

    Parameters
    ----------
    executor
        What sends networks; one of its own, so that a network stays where it is while a graph is searched.
    setup
        How workers set up their GPUs.
    refused
        Why the workers may not speak to each other outside Dask; None if they may.
    """

    def __init__(self, executor: ClusterExecutor, setup: Setup, refused: str | None) -> None:
        self._executor, self._setup, self._refused = executor, setup, refused
        self._network: Adjacency | None = None
        self._said: dict[tuple[str, str], dict[str, Any]] = {}

    def __call__(self, name: str, indptr: Int64, indices: Int32, *arguments: Any) -> Any:
        """What the method `name` of :class:`gpunet.engines.gpu.engine.GpuEngine` finds.

        Raises
        ------
        EngineError
            If it fits neither into one GPU nor, distributed, into all of them; or workers are lost.
        """
        if self._network is None or self._network.indptr is not indptr or self._network.indices is not indices:
            self._network = Adjacency(indptr, indices)
        answer: Answer = self._executor.call(call, self._network, self._setup, name, arguments)
        if answer.found is not None:
            self._note(name, _ONE, answer.needed, answer.free)
            return answer.found
        if name not in _METHODS:
            reason = f"cannot be divided over several: {_ADVICE}"
        elif self._refused is not None:
            reason = f"may not be divided over several: {self._refused}"
        else:
            return self._on_all(name, answer.needed, indptr, indices, *arguments)
        raise ResourceError(
            f"{name} needs at least {answer.needed:,} bytes of one GPU's memory, and {answer.free:,} are free; it "
            f"{reason}"
        )

    def describe(self) -> list[Mapping[str, Any]]:
        """What was called, and where; for the manifest."""
        return [dict(said) for said in self._said.values()]

    def count(self) -> int:
        """How many calls there have been."""
        return sum(said["times"] for said in self._said.values())

    def release(self) -> None:
        """Let go of the network, and of all else on the GPUs that can come again when it is needed."""
        self._network = None
        self._executor.release()
        on_each_worker(self._executor.client, free_here, self._setup)

    def _on_all(self, name: str, needed: int, *arguments: Any) -> Any:
        """By ``cugraph.dask``, if a GPU's share fits into each of them."""
        from gpunet.cluster.cugraph_dask import DistributedGraph

        client = self._executor.client
        free = min(on_each_worker(client, free_here, self._setup).values())
        workers = len(client.nthreads())
        share = -(-needed // workers)
        if share > free:
            raise ResourceError(
                f"{name} needs at least {share:,} bytes on each of {workers} GPUs, and {free:,} are free on one of "
                f"them: {_ADVICE}"
            )
        try:
            make = partial(DistributedGraph, client, direct=self._executor.direct)
            found = _METHODS[name](*arguments, make=make)
        except EngineError:
            raise
        except Exception as error:  # a library that comes from several processes raises what it likes
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise ResourceError(f"{name} by cugraph.dask on {workers} GPUs has failed: {reason}") from error
        self._note(name, _ALL, share, free)
        return found

    def _note(self, name: str, where: str, needed: int, free: int) -> None:
        said = self._said.setdefault(
            (name, where), {"call": name, "by": where, "times": 0, "needed_bytes": needed, "free_bytes": free}
        )
        said["times"] += 1
        said["needed_bytes"] = max(said["needed_bytes"], needed)
        said["free_bytes"] = min(said["free_bytes"], free)


def _louvain(indptr: Any, indices: Any, field: Any, make: Make) -> Any:
    return np.where(field >= 0, graphs.louvain(indptr, indices, field, make), -1).astype(np.int32, copy=False)


def _betweenness(indptr: Any, indices: Any, total: int, make: Make) -> Any:
    return graphs.betweenness(indptr, indices, total=total, make=make)


# What has a version for several GPUs.
_METHODS: Mapping[str, Callable[..., Any]] = {
    "core_numbers": graphs.core_numbers,
    "louvain": _louvain,
    "triangles": graphs.triangles,
    "component_labels": graphs.component_labels,
    "betweenness_by_library": _betweenness,
}
