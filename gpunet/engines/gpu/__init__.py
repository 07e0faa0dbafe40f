"""The GPU engine: what of it runs on the host. Nothing in here is imported unless that engine is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpunet.config.pool_config import PoolConfig
    from gpunet.engines.gpu.engine import GpuEngine

__all__ = ["start_engine"]


def start_engine(threads: int, pool: PoolConfig | None = None, *, adopt: bool = False) -> GpuEngine:
    """The engine on the first GPU that is visible, with the memory of all libraries in one pool.

    `pool` and `adopt` are those of :func:`gpunet.engines.gpu.memory.set_up_memory`.

    Raises
    ------
    EngineError
        If there is no GPU, or something that the engine needs is missing or too old; the text says what to do.
    """
    from gpunet.engines.gpu.check import require_gpu

    info = require_gpu()  # before anything is imported that would fail less clearly
    from gpunet.engines.gpu.memory import set_up_memory

    set_up_memory(pool, adopt=adopt)  # before anything takes memory
    from gpunet.engines.gpu.engine import GpuEngine

    return GpuEngine(threads, info)
