"""Which engine to take: chosen once, where a user's call comes in, and never swapped silently."""

from __future__ import annotations

from gpunet.base.arguments import given
from gpunet.base.errors import EngineError
from gpunet.base.threads import available_threads
from gpunet.base.words import shortened
from gpunet.engines.protocol import Engine

__all__ = ["ENGINES", "resolve_engine"]

ENGINES = ("auto", "cpu", "gpu")


def resolve_engine(engine: str | Engine, threads: int | None = None) -> Engine:
    """The engine to use for what the user asked for, with so many threads of the host (all available if None).

    ``"auto"`` is the CPU's: a GPU is used by those alone who ask for it.

    Raises
    ------
    EngineError
        If it is not known or not available; the text says what is missing, or what is available instead.
    ConfigError
        If `threads` is no number of threads.
    """
    if not isinstance(engine, str):
        if isinstance(engine, type) or not callable(getattr(engine, "to_engine", None)):
            raise EngineError(f"engine: expected {' or '.join(ENGINES)}, or an engine, not {given(engine)}")
        return engine
    if engine == "gpus":  # what a run was begun with that is to go on
        raise EngineError(
            "this was begun on the GPUs of a cluster and goes on on such alone: leave --cluster none out, or give "
            "local-cuda or the address of a scheduler whose workers have GPUs"
        )
    if engine not in ENGINES:
        raise EngineError(f"unknown engine {shortened(engine)!r}; choose one of {', '.join(ENGINES)}")
    usable = available_threads(threads)
    if engine == "gpu":
        from gpunet.engines.gpu import start_engine

        return start_engine(usable)
    from gpunet.engines.cpu import CpuEngine

    return CpuEngine(usable)
