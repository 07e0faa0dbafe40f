"""The one place that holds Numba's compiler options, and the intrinsics that Numba does not have by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["njit", "popcount"]

F = TypeVar("F", bound=Callable[..., Any])


def njit(function: F) -> F:
    """Compile `function` to machine code: cached on disk, without the GIL, IEEE arithmetic (no fast-math).

    ``nogil`` lets batches run on Python threads, so that the number of threads is a plain argument and the division of
    work into batches, and with it every bit of the result, does not depend on it.
    """
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))  # noqa: TID251


def _popcount(typingctx: Any, value: Any) -> Any:
    """Number of set bits of an unsigned 64-bit integer, as one machine instruction."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)])
        return builder.call(function, args)

    return types.uint64(types.uint64), codegen


popcount = cast(Callable[[Any], int], intrinsic(_popcount))
