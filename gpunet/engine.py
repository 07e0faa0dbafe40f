"""Which engine computes, chosen once at the entry and never swapped silently."""

from __future__ import annotations

from typing import Literal

from gpunet.errors import EngineError

__all__ = ["ENGINES", "resolve_engine"]

ENGINES = ("auto", "cpu", "gpu")


def resolve_engine(engine: str) -> Literal["cpu"]:
    """The engine to use for what the user asked for.

    Raises
    ------
    EngineError
        If it is not known or not available; the text says what is available instead.
    """
    if engine not in ENGINES:
        raise EngineError(f"unknown engine {engine!r}; choose one of {', '.join(ENGINES)}")
    if engine == "gpu":
        raise EngineError(
            "the GPU engine is not part of this version of gpunet: use --engine cpu (or auto, which is the same here)"
        )
    return "cpu"
