"""The one place that holds Numba's compiler options, and that knows when it compiles."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.event import Event, Listener, install_listener

__all__ = ["SOURCES_DIGEST", "Compiling", "njit", "sources_digest", "when_compiling"]

F = TypeVar("F", bound=Callable[..., Any])


def sources_digest(*, cuda: bool) -> str:
    """Eight digits that change with any file of this room; those of CUDA kernels count only with `cuda`."""
    digest, room = hashlib.sha256(), Path(__file__).parent
    for path in sorted(room.rglob("*.py")):
        name = path.relative_to(room).as_posix()
        if cuda or not name.startswith(("cuda/", "jit_cuda")):
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


#: A part of the names of compiled kernels, see :func:`njit`.
SOURCES_DIGEST = sources_digest(cuda=False)


def njit(function: F) -> F:
    """Compile `function` to machine code: cached on disk, without the GIL, IEEE arithmetic (no fast-math).

    ``nogil`` lets batches run on Python threads, so that the number of threads is a plain argument and the division of
    work into batches, and with it every bit of the result, does not depend on it.
    """
    # Numba's cache looks at the function's own file alone, but kernels hold code of each other. A name that changes
    # with all of them keeps code that was compiled from older files from being taken for current.
    function.__qualname__ = f"{function.__qualname__}_{SOURCES_DIGEST}"
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    return cast(F, numba.njit(**options)(function))  # noqa: TID251


@contextmanager
def when_compiling(told: Callable[[], None], before: Callable[[Any], None] | None = None) -> Iterator[Compiling]:
    """Inside, `told` is called once, before this process compiles a first kernel; not for those on disk already.

    Then, and before each further kernel that is called and not on disk, `before` is called with the kernel's function.
    Both are called in whichever thread compiles, while all others that want to compile wait.
    """
    # Numba tells of it when it has looked into its cache in vain.
    compiling = Compiling(told, before)
    with install_listener("numba:compile", compiling):
        yield compiling


class Compiling(Listener):
    """Calls `told` at the first event, and knows for how long there was compiled: one thread does at a time.

    The time in `before` counts too.
    """

    def __init__(self, told: Callable[[], None], before: Callable[[Any], None] | None) -> None:
        self.seconds = 0.0
        self._left = [told]
        self._before = before
        self._depth, self._begin = 0, 0.0

    def on_start(self, event: Event) -> None:
        """A kernel is compiled, perhaps for another one."""
        if self._left:
            self._left.pop()()
        if self._depth == 0:
            self._begin = time.monotonic()
            if self._before is not None:
                self._before(event.data["dispatcher"].py_func)
        self._depth += 1

    def on_end(self, event: Event) -> None:
        """It is."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.monotonic() - self._begin
