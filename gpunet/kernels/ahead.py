"""Kernels compiled by other processes into Numba's cache on disk, while this one reads tables.

Numba compiles one function at a time, on one processor: a lock sees to that, and most of the work is Python's. So where
nothing is on disk yet, processes of their own compile, each the next kernel in the list that no other has begun, and
whoever comes to need one waits for them (:class:`gpunet.kernels.jit.Compiling`). Nothing depends on them: what they
could not compile is compiled where it is called.

A process is told of one kernel a line on its standard input, and answers with a line. Where that input ends, as it does
whatever ends the process that it works for, it ends at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numba

from gpunet.base.stopping import raise_if_stopped

__all__ = ["Compilers", "Kernel", "compilers", "not_on_disk"]

#: More gain little: the kernels that take longest to compile are few.
_MOST_PROCESSES = 4

_START = "import json, sys; sys.path[:] = json.loads(sys.stdin.readline()); import gpunet.kernels.ahead as a; a._work()"


@dataclass(frozen=True)
class Kernel:
    """A kernel of a module, and the types of its arguments as Numba writes them, such as ``i8[::1], i4[::1]``.

    A named tuple that the module knows is written as one of the types of its fields: ``Bits(u8[::1], b1[::1])``.
    """

    module: str
    name: str
    types: str

    def function(self) -> Any:
        """It."""
        return getattr(import_module(self.module), self.name)

    def arguments(self) -> tuple[Any, ...]:
        """The types: Numba's cache, unlike its compiler, does not know them as text."""
        named = {
            name: partial(_named_tuple, kind)
            for name, kind in vars(import_module(self.module)).items()
            if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")
        }
        return eval(f"({self.types},)", {}, {**vars(numba.types), **named})  # type: ignore[no-any-return]

    def compile(self) -> None:
        """Load it from disk, or compile it and put it there."""
        self.function().compile(self.arguments())


def _named_tuple(kind: type, *fields: Any) -> Any:
    return numba.types.NamedTuple(fields, kind)  # type: ignore[no-untyped-call]


def not_on_disk(kernels: Iterable[Kernel]) -> list[Kernel]:
    """Those of which nothing has been compiled from these sources, by this version of Python."""
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return []
    return [kernel for kernel in kernels if not _files(kernel.function())]


def _files(function: Any) -> list[Path]:
    # Numba's index of what it has compiled of a function, for which types and processors; the name holds the digest.
    name = f"*.{function.py_func.__qualname__}-*.py{sys.version_info.major}{sys.version_info.minor}*.nbi"
    return list(Path(function.stats.cache_path).glob(name))


class Compilers:
    """Processes at work on a list of kernels."""

    def __init__(self, kernels: Sequence[Kernel], processes: int) -> None:
        self._left = deque(kernels)
        self._theirs = {(kernel.module, kernel.name) for kernel in kernels}
        self.processes: list[subprocess.Popen[str]] = []
        self._threads: list[threading.Thread] = []
        for _ in range(min(processes, len(kernels), _MOST_PROCESSES)):
            process = _started()
            if process is None:
                break
            self.processes.append(process)
            self._threads.append(threading.Thread(target=self._feed, args=(process,), daemon=True))
            self._threads[-1].start()

    def _feed(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        # Until it ends, or there is nothing left to do: then it ends.
        with suppress(OSError, IndexError), process.stdin:
            process.stdin.write(json.dumps(sys.path) + "\n")
            while process.poll() is None:
                kernel = self._left.popleft()
                process.stdin.write(json.dumps([kernel.module, kernel.name, kernel.types]) + "\n")
                process.stdin.flush()
                if not process.stdout.readline():
                    break

    def wait_for(self, function: Any) -> None:
        """Wait until they are done, if the function is a kernel of theirs.

        Raises
        ------
        Stopped
            If a signal comes, see :func:`gpunet.base.stopping.raise_if_stopped`.
        """
        if (function.__module__, function.__name__) not in self._theirs:
            return
        for thread in self._threads:
            while thread.is_alive():
                raise_if_stopped()
                thread.join(0.1)

    def end(self) -> None:
        """End them, whatever they do: Numba's cache is never left with half a file under a name that is read."""
        self._left.clear()
        for process in self.processes:
            process.kill()
        for thread in self._threads:
            thread.join()
        for process in self.processes:
            with process:  # waits for it, and closes its pipes
                pass


def _started() -> subprocess.Popen[str] | None:
    # Of the same interpreter with the same path, in which what lies in the current folder has no place.
    arguments = [sys.executable, "-P", "-c", _START]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.Popen(arguments, text=True, **pipes)  # type: ignore[call-overload, no-any-return]
    except OSError:  # the system has no room for another
        return None


@contextmanager
def compilers(kernels: Iterable[Kernel], processes: int) -> Iterator[Compilers | None]:
    """Inside, processes compile those of the kernels that are not on disk; None if there are none, or one processor.

    When the block ends, so do they.
    """
    missing = not_on_disk(kernels) if processes > 1 and sys.executable else []
    if not missing:
        yield None
        return
    found = Compilers(missing, processes)
    try:
        yield found
    finally:
        found.end()


def _work() -> None:
    """What such a process does."""
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    while True:
        with suppress(Exception):  # whoever needs the kernel meets the error
            Kernel(*json.loads(lines.get())).compile()
        print(flush=True)


def _listen(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)
