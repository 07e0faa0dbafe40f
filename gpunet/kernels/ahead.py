"""Kernels compiled by other processes into Numba's cache on disk, while this one reads tables.

Numba compiles one function at a time, on one processor: a lock sees to that, and most of the work is Python's. So where
nothing is on disk yet, processes of their own compile, each the next kernel in the list that no other has begun, and
whoever comes to need one waits until it is there (:func:`gpunet.kernels.jit.when_compiling`), and then loads it.
Nothing depends on them: what they could not compile is compiled where it is called.

A process is told of one kernel a line on its standard input, and asks for the next with a line. Where that input ends,
as it does whatever ends the process that it works for, it ends at once, but for a file that it is writing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
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
from numba.core.caching import IndexDataCacheFile
from numba.core.event import trigger_event

from gpunet.base.stopping import raise_if_stopped
from gpunet.kernels.jit import WAITING

__all__ = ["Compilers", "Kernel", "compilers", "not_on_disk"]

#: More gain little: the kernels that take longest to compile are few.
_MOST_PROCESSES = 4

#: For so many seconds a kernel is waited for: ten times what the largest takes on a busy machine.
_PATIENCE = 120.0

#: And so many for the end of a process, which only writes what it has begun to write.
_SECONDS_TO_END = 5.0

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
        self._awaited = {(kernel.module, kernel.name) for kernel in kernels}
        self._changed = threading.Condition()  # holds whoever reads or changes these, or writes to a process
        self._listening: set[int] = set()
        self.processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[threading.Thread] = []
        for _ in range(min(processes, len(kernels), _MOST_PROCESSES)):
            if not self._start():
                break

    def _start(self) -> bool:
        process = _started()
        if process is None:
            return False
        thread = threading.Thread(target=self._feed, args=(process,), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no room for another
            process.kill()
            with process:
                return False
        self.processes.append(process)
        self._threads.append(thread)
        return True

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        """Give it one kernel after another, until it ends, or there is nothing left to do: then it ends."""
        assert process.stdout is not None
        kernel = None
        while process.stdout.readline():
            kernel = self._next(process, kernel)
        self._done(kernel)

    def _next(self, process: subprocess.Popen[bytes], before: Kernel | None) -> Kernel | None:
        assert process.stdin is not None
        with self._changed:
            self._done(before)
            self._listening.add(process.pid)
            if not self._left:
                process.stdin.close()
                return None
            kernel = self._left.popleft()
            with suppress(OSError):  # it has ended
                process.stdin.write(_line([kernel.module, kernel.name, kernel.types]))
            return kernel

    def _done(self, kernel: Kernel | None) -> None:
        """It is on disk, or will not be."""
        with self._changed:
            if kernel is not None:
                self._awaited.discard((kernel.module, kernel.name))
            self._changed.notify_all()

    def wait_for(self, function: Any) -> None:
        """Wait until it is on disk, if the function is a kernel of theirs; if nobody has begun it, it is the next.

        Raises
        ------
        Stopped
            If a signal comes, see :func:`gpunet.base.stopping.raise_if_stopped`.
        """
        wanted = function.__module__, function.__name__
        if wanted not in self._awaited:
            return
        until = time.monotonic() + _PATIENCE
        with trigger_event(WAITING), self._changed:
            self._left = deque(sorted(self._left, key=lambda kernel: (kernel.module, kernel.name) != wanted))
            while wanted in self._awaited and any(thread.is_alive() for thread in self._threads):
                raise_if_stopped()
                self._changed.wait(0.1)
                if time.monotonic() > until:  # whatever is the matter, this process can do without them
                    self._left.clear()
                    self._awaited.clear()

    def end(self) -> None:
        """End them, whatever they do; none of them leaves half a file."""
        with self._changed:
            self._left.clear()
            for process in self.processes:
                assert process.stdin is not None
                process.stdin.close()
                if process.pid not in self._listening:  # it loads libraries, and writes nothing yet
                    process.kill()
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_SECONDS_TO_END)
            process.kill()
        for thread in self._threads:
            thread.join()
        for process in self.processes:
            with process:  # closes its pipes
                pass


def _line(values: Sequence[str]) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _started() -> subprocess.Popen[bytes] | None:
    # Of the same interpreter with the same path, in which what lies in the current folder has no place. In a session of
    # its own: what a terminal or a shell sends to this process and all that it has started is not for it.
    arguments = [sys.executable, "-P", "-c", _START]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    try:
        process = subprocess.Popen(arguments, bufsize=0, start_new_session=True, **pipes)  # type: ignore[call-overload]
    except OSError:  # the system has no room for another
        return None
    with suppress(OSError):  # if it has ended already, it is told nothing
        process.stdin.write(_line(sys.path))
    return process  # type: ignore[no-any-return]


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
    # What libraries print is no answer.
    answers = os.dup(1)
    os.dup2(2, 1)
    lines: SimpleQueue[bytes] = SimpleQueue()
    writing = threading.Lock()
    save: Any = IndexDataCacheFile.save

    def save_undisturbed(*arguments: Any) -> None:
        with writing:
            save(*arguments)

    IndexDataCacheFile.save = save_undisturbed  # type: ignore[method-assign]
    threading.Thread(target=_listen, args=(lines, writing), daemon=True).start()
    while True:
        os.write(answers, b"\n")
        with suppress(Exception):  # whoever needs the kernel meets the error
            Kernel(*json.loads(lines.get())).compile()


def _listen(lines: SimpleQueue[bytes], writing: threading.Lock) -> None:
    for line in sys.stdin.buffer:
        lines.put(line)
    # Numba gives a file its name when all of it is written, but leaves it behind if it ends before.
    with writing:
        os._exit(0)
