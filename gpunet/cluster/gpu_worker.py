"""What runs on the workers that have a GPU: starting the engine there, and one call of it.

A worker sets up its GPU when the first task comes, and again after it was started anew, so every task brings what that
takes. Modules that need CUDA are imported here alone, inside functions: the process that was started needs none.
"""

from __future__ import annotations

import gc
import os
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from gpunet.base.array_types import Int32, Int64
from gpunet.base.errors import EngineError
from gpunet.config.pool_config import PoolConfig
from gpunet.engines.gpu import graphs
from gpunet.engines.gpu.cugraph import MOST_EDGES
from gpunet.tables.arrays import to_host

if TYPE_CHECKING:
    from gpunet.engines.gpu.engine import GpuEngine

__all__ = ["DEVICE_LOCK", "Adjacency", "Answer", "Setup", "call", "engine_here", "free_here", "start"]

#: A worker may have several threads; what is on the device, and how much is free, is one thread's at a time.
DEVICE_LOCK = threading.RLock()

_ENGINES: list[GpuEngine] = []


@dataclass(frozen=True)
class Setup:
    """How a worker sets up its GPU: the pool, and whether to keep one that is there already."""

    pool: PoolConfig
    adopt: bool


@dataclass(frozen=True, eq=False)
class Adjacency:
    """A network's rows and columns, int64[n + 1] and int32, as they are sent to workers."""

    indptr: Int64
    indices: Int32

    def __setstate__(self, state: dict[str, NDArray[Any]]) -> None:
        """Take what came over the wire, where arrays need not begin at an address that kernels are compiled for."""
        for name, array in state.items():
            object.__setattr__(self, name, np.require(array, requirements=["ALIGNED", "WRITEABLE"]))

    @property
    def nbytes(self) -> int:
        """Bytes of both."""
        return self.indptr.nbytes + self.indices.nbytes


_PLACED: WeakKeyDictionary[Adjacency, tuple[Any, Any]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Answer:
    """What a call found, on the host; None if the GPU's memory did not suffice by the estimate."""

    needed: int
    free: int
    found: Any = None


def engine_here(setup: Setup) -> GpuEngine:
    """The engine of this process, started if it is not there yet.

    Raises
    ------
    EngineError
        If it cannot be; the text says why.
    """
    if not _ENGINES:
        os.environ.setdefault("RAPIDS_NO_INITIALIZE", "1")
        from gpunet.engines.gpu import start_engine

        _ENGINES.append(start_engine(1, setup.pool, adopt=setup.adopt))
    return _ENGINES[0]


def start(setup: Setup) -> dict[str, Any] | str:
    """Start the engine: what the manifest says of the GPU, or why there is none."""
    try:
        with DEVICE_LOCK:
            return {**asdict(engine_here(setup).info), "pool_bytes_free": free_here(setup)}
    except EngineError as error:
        return str(error)


def free_here(setup: Setup) -> int:
    """Bytes of this worker's GPU that may be taken, when all that can come again is gone."""
    with DEVICE_LOCK:
        engine_here(setup)
        from gpunet.engines.gpu import memory, search_chunks

        search_chunks.forget()
        _PLACED.clear()
        gc.collect()
        return memory.free_bytes()


def call(network: Adjacency, setup: Setup, name: str, arguments: tuple[Any, ...]) -> Answer:
    """Call the method `name` of the GPU engine with a network and host arrays, unless memory does not suffice."""
    with DEVICE_LOCK:
        engine = engine_here(setup)
        from gpunet.engines.gpu import memory

        needed = _needed(network, name, arguments)
        free = memory.free_bytes()
        if needed > free:
            free = free_here(setup)
            needed = _needed(network, name, arguments)
        if needed > free or (name in graphs.CALLS and len(network.indices) >= MOST_EDGES):
            return Answer(needed, free)
        with memory.stage(name):
            rows = _placed(network, engine)
            given = [engine.to_engine(each) if isinstance(each, np.ndarray) else each for each in arguments]
            found = getattr(engine, name)(*rows, *given)
            return Answer(needed, free, _on_host(found))


def _placed(network: Adjacency, engine: GpuEngine) -> tuple[Any, Any]:
    rows = _PLACED.get(network)
    if rows is None:
        _PLACED.clear()
        rows = _PLACED[network] = (engine.to_engine(network.indptr), engine.to_engine(network.indices))
    return rows


def _needed(network: Adjacency, name: str, arguments: tuple[Any, ...]) -> int:
    """What a call takes: the network unless it is there, what is passed, and what it uses on the way."""
    from gpunet.engines.gpu import memory

    n, edges = len(network.indptr) - 1, len(network.indices)
    passed = sum(each.nbytes for each in arguments if isinstance(each, np.ndarray))
    there = 0 if network in _PLACED else network.nbytes
    if (known := graphs.CALLS.get(name)) is not None:
        return there + passed + graphs.bytes_needed(n, edges, known)
    sets = arguments[-1] if name == "hop_counts" else 1
    return there + passed + memory.needed_by_path_features(n, edges // 2, sets)


def _on_host(found: Any) -> Any:
    if isinstance(found, tuple):
        return tuple(_on_host(each) for each in found)
    return found if isinstance(found, int) else np.ascontiguousarray(to_host(found))
