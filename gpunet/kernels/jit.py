"""The one place that holds Numba's compiler options, and that knows when it compiles."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.event import Event, Listener, install_listener

__all__ = ["SOURCES_DIGEST", "WAITING", "Compiling", "njit", "sources_digest", "when_compiling"]

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

#: A kind of Numba's events: this process waits for a kernel that another one compiles.
WAITING = "gpunet:waiting"

# What is called with a kernel's function before Numba looks for it on disk, see :func:`when_compiling`.
_called_before: list[Callable[[Any], None]] = []


def njit(function: F) -> F:
    """Compile `function` to machine code: cached on disk, without the GIL, IEEE arithmetic (no fast-math).

    ``nogil`` lets batches run on Python threads, so that the number of threads is a plain argument and the division of
    work into batches, and with it every bit of the result, does not depend on it.
    """
    # Numba's cache looks at the function's own file alone, but kernels hold code of each other. A name that changes
    # with all of them keeps code that was compiled from older files from being taken for current.
    function.__qualname__ = f"{function.__qualname__}_{SOURCES_DIGEST}"
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    kernel = numba.njit(**options)(function)  # noqa: TID251
    if kernel is not function:  # as it is where Numba is switched off
        kernel.compile = partial(_compile, function, kernel.compile)
    return cast(F, kernel)


def _compile(function: Any, compile: Callable[[Any], Any], signature: Any) -> Any:
    """Do what Numba's `compile` does: load the kernel from disk, or compile it; after whoever wants to be asked."""
    for before in tuple(_called_before):
        before(function)
    return compile(signature)


@contextmanager
def when_compiling(told: Callable[[], None], before: Callable[[Any], None] | None = None) -> Iterator[Compiling]:
    """Inside, `told` is called once, before this process compiles or waits for a first kernel; not for those on disk.

    `before` is called with the kernel's function whenever a kernel is called that this process has not loaded yet, and
    before it looks for it on disk. Both are called in whichever thread needs the kernel.
    """
    # Numba tells of "compile" when it has looked into its cache in vain.
    compiling = Compiling(told)
    hooks = [] if before is None else [before]
    _called_before.extend(hooks)
    try:
        with install_listener("numba:compile", compiling), install_listener(WAITING, compiling):
            yield compiling
    finally:
        for hook in hooks:
            _called_before.remove(hook)


class Compiling(Listener):
    """Calls `told` at the first event, and knows for how long there was compiled, or waited for who does."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.seconds = 0.0
        self._left = [told]
        self._lock = threading.Lock()  # one thread compiles at a time, but many can wait
        self._depth, self._begin = 0, 0.0

    def on_start(self, event: Event) -> None:
        """A kernel is compiled, perhaps for another one, or waited for."""
        with self._lock:
            if self._depth == 0:
                self._begin = time.monotonic()
            self._depth += 1  # first of all: Numba tells of the end also if `told` raises
            told, self._left = self._left, []
        for each in told:
            each()

    def on_end(self, event: Event) -> None:
        """It is."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                self.seconds += time.monotonic() - self._begin
