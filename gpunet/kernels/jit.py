"""The one place that holds Numba's compiler options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["njit"]

F = TypeVar("F", bound=Callable[..., Any])


def njit(function: F) -> F:
    """Compile `function` to machine code: cached on disk, without the GIL, IEEE arithmetic (no fast-math).

    ``nogil`` lets batches run on Python threads, so that the number of threads is a plain argument and the division of
    work into batches, and with it every bit of the result, does not depend on it.
    """
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))  # noqa: TID251
