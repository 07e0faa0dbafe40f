"""Kernels that other processes compile: they are on disk when they are called, and nobody is left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from two_kernels import TWO_KERNELS

from gpunet.base.stopping import Stopped, stoppable
from gpunet.cli.first_kernels import FEATURE_KERNELS, kernels_of
from gpunet.kernels.ahead import Compilers, Kernel, _started, compilers, not_on_disk
from gpunet.kernels.jit import when_compiling
from gpunet.runs.run_options import RunOptions

#: Half a second for each file of the cache, between two halves.
SLOW_TO_WRITE = """
import time
from contextlib import contextmanager
from numba.core.caching import IndexDataCacheFile
from gpunet.kernels.jit import njit

opened = IndexDataCacheFile._open_for_write

@contextmanager
def slowly(self, path):
    with opened(self, path) as file:
        yield file
        file.flush()
        time.sleep(0.5)

IndexDataCacheFile._open_for_write = slowly

@njit
def kernel(x):
    return 2 * x
"""

#: A kernel whose module takes longer to load than any test.
SLEEPS = Kernel("ahead_sleeps", "kernel", "i8")
SLEEPER = SimpleNamespace(__module__=SLEEPS.module, __name__=SLEEPS.name)

CALLED = """
import sys
from pathlib import Path
from gpunet.cli.first_kernels import FEATURE_KERNELS
from gpunet.cli.run import run_features
from numba.core.dispatcher import Dispatcher

folder = Path(sys.argv[1])
rows = ["person_id,incident_id,date,offence"]
rows += [f"{p},{i},2020-01-{1 + i:02},ROBBERY" for i in range(20) for p in (i, (i + 1) % 20, 7 * i % 20, 20 + i)]
(folder / "arrests.csv").write_text("\\n".join(dict.fromkeys(rows)))
run_features(folder / "arrests.csv", folder / "out")
told = {(k.module, k.name): k.arguments() for k in FEATURE_KERNELS}
called, compiled = {}, False
for name, module in list(sys.modules.items()):
    if name.startswith("gpunet.kernels.cpu."):
        for function in vars(module).values():
            if isinstance(function, Dispatcher) and function.signatures:
                called[function.py_func.__module__, function.py_func.__name__] = function.signatures
                compiled |= bool(function.stats.cache_misses)
inner = sorted(set(called) - set(told))
print(compiled, sorted(key for key, types in called.items() if len(types) > 1))
print(inner, sorted(set(told) - set(called)), [k for k in told if called.get(k) != [told[k]]])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of modules, for this process and for those that it starts."""
    (tmp_path / "ahead_two.py").write_text(TWO_KERNELS)
    (tmp_path / f"{SLEEPS.module}.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("ahead_two", "ahead_slow"):
        sys.modules.pop(name, None)


def test_kernels_are_on_disk_when_they_are_called(folder: Path) -> None:
    kernels = [
        Kernel("ahead_two", "twice", "i8"),
        Kernel("ahead_two", "nobody", "i8"),  # what cannot be compiled does not stop the others
        Kernel("ahead_two", "thrice", "f8"),
    ]
    known = [kernel for kernel in kernels if kernel.name != "nobody"]
    assert not_on_disk(known) == known
    module = import_module("ahead_two")
    told: list[str] = []
    others = Compilers(kernels, processes=2)
    try:
        with when_compiling(lambda: told.append("compiling"), others.wait_for) as compiling:
            assert (module.twice(2), module.thrice(0.5)) == (4, 1.5)
            assert told == ["compiling"]  # one waits as long
            assert compiling.seconds > 0.0
            waited = compiling.seconds
            assert (module.twice(3), module.thrice(1.5)) == (6, 4.5)
            assert compiling.seconds == waited
            assert module.twice(0.5) == 1.0  # of other types nobody had heard
            assert compiling.seconds > waited
    finally:
        others.end()
    # They were loaded, also by the call that waited, but for that of other types.
    assert [list(kernel.stats.cache_hits.values()) for kernel in (module.twice, module.thrice)] == [[1], [1]]
    assert [list(kernel.stats.cache_misses.values()) for kernel in (module.twice, module.thrice)] == [[1], []]
    assert not_on_disk(known) == []
    with compilers(known, processes=2) as none:
        assert none is None


def test_one_waits_for_what_one_needs_and_it_comes_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process asks for its first kernel when one is waited for; with any other it would be busy for ten minutes."""
    waited_for = threading.Event()
    feed = Compilers._feed

    def feed_then(self: Compilers, process: subprocess.Popen[bytes]) -> None:
        waited_for.wait()
        feed(self, process)

    monkeypatch.setattr(Compilers, "_feed", feed_then)
    monkeypatch.setattr("gpunet.kernels.ahead.raise_if_stopped", waited_for.set)  # called while one waits
    others = Compilers([SLEEPS, Kernel("ahead_two", "thrice", "i8")], processes=1)
    try:
        others.wait_for(import_module("ahead_two").thrice.py_func)
        assert not_on_disk([Kernel("ahead_two", "thrice", "i8")]) == []
    finally:
        waited_for.set()
        others.end()


def test_nobody_waits_for_ever(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpunet.kernels.ahead._PATIENCE", 0.2)
    others = Compilers([SLEEPS, Kernel("ahead_two", "twice", "i8")], processes=1)
    try:
        others.wait_for(SLEEPER)
        others.wait_for(import_module("ahead_two").twice.py_func)  # one that keeps one waiting is not asked again
    finally:
        others.end()
    assert not_on_disk([Kernel("ahead_two", "twice", "i8")]) != []


def test_one_that_ends_early_is_not_waited_for(folder: Path) -> None:
    others = Compilers([SLEEPS], processes=1)
    others.processes[0].kill()
    try:
        others.wait_for(SLEEPER)
    finally:
        others.end()


def test_there_is_no_process_without_a_thread_for_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class NoRoom(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr("gpunet.kernels.ahead._started", lambda: started.append(_started()) or started[-1])
    monkeypatch.setattr(threading, "Thread", NoRoom)
    others = Compilers([SLEEPS], processes=2)
    assert others.processes == []
    assert [process.returncode for process in started] == [-signal.SIGKILL]
    others.wait_for(SLEEPER)
    others.end()


def test_they_write_what_they_have_begun_to_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is told to end while the file of a kernel is half written: the other half follows."""
    monkeypatch.setattr("gpunet.kernels.ahead._SECONDS_TO_END", 60.0)
    (folder / "ahead_slow.py").write_text(SLOW_TO_WRITE)
    others = Compilers([Kernel("ahead_slow", "kernel", "i8")], processes=1)
    try:
        while not (cached := list((folder / "__pycache__").glob("*.nb[ci].tmp.*"))):
            assert others.processes[0].poll() is None
            time.sleep(0.01)
    finally:
        others.end()
    assert [path.exists() for path in cached] == [False]
    assert others.processes[0].returncode == 0
    assert not_on_disk([Kernel("ahead_slow", "kernel", "i8")]) == []


def test_told_once_whatever_that_leads_to(folder: Path) -> None:
    module = import_module("ahead_two")

    def told() -> None:
        raise KeyError("told")

    with when_compiling(told) as compiling:
        with pytest.raises(KeyError, match="told"):
            module.twice(1)
        before = compiling.seconds
        assert (module.twice(1), module.thrice(1)) == (2, 3)
        assert compiling.seconds > before


def test_nobody_is_started_for_one_processor(folder: Path) -> None:
    with compilers([Kernel("ahead_two", "twice", "i8")], processes=1) as none:
        assert none is None


def test_a_signal_ends_the_wait_and_those_at_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpunet.kernels.ahead._SECONDS_TO_END", 60.0)
    others = Compilers([SLEEPS], processes=2)
    (process,) = others.processes
    try:
        others.wait_for(len)  # is none of theirs
        while others._left:  # until it is at work
            assert process.poll() is None
            time.sleep(0.01)
        with stoppable("later"):
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(Stopped, match="stopped by SIGTERM: later"):
                others.wait_for(SLEEPER)
        assert process.poll() is None
    finally:
        others.end()
    assert process.returncode == 0  # by itself: nobody had to kill it


def test_they_end_when_the_process_that_they_work_for_does(folder: Path) -> None:
    program = f"""
import os, sys
from gpunet.kernels.ahead import Compilers, Kernel
others = Compilers([Kernel("{SLEEPS.module}", "kernel", "i8")], 1)
print(others.processes[0].pid, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), 9)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        pid = int(parent.stdout.readline())
        orphan = os.pidfd_open(pid)
        parent.stdin.write("\n")
    assert parent.returncode == -signal.SIGKILL
    ended, _, _ = select.select([orphan], [], [], 600)
    os.close(orphan)
    assert ended


def test_the_kernels_of_features_are_those_that_features_call(tmp_path: Path) -> None:
    """With the types that they are called with; in a process that has called nothing else.

    And of what a process compiles for them, whoever calls it, nothing has several types, but for one that is meant to.
    """
    for turn in ("1", "2"):
        (tmp_path / turn).mkdir()
        line = [sys.executable, "-c", CALLED, str(tmp_path / turn)]
        of_types, found = subprocess.run(line, check=True, capture_output=True, text=True).stdout.splitlines()
        compiled, several = of_types.split(maxsplit=1)
        assert several in ("[]", "[('gpunet.kernels.cpu.betweenness_lanes', '_back')]")
        if compiled == "False":  # else kernels that others call are among the called: once more, from the disk
            break
    assert found == "[] [] []"


@pytest.mark.parametrize(
    ("command", "options", "some"),
    [
        ("features", RunOptions(), True),
        ("run", RunOptions(engine="cpu", cluster="none"), True),
        ("run", RunOptions(engine="auto"), True),  # as it stands for the CPU's
        ("audit", RunOptions(), False),
        ("flags", RunOptions(), False),
        ("features", RunOptions(engine="gpu"), False),
        ("features", RunOptions(engine="gpus"), False),
        ("panel", RunOptions(cluster="local"), False),
    ],
)
def test_they_are_compiled_where_this_process_computes(command: str, options: RunOptions, some: bool) -> None:
    assert kernels_of(command, options) == (FEATURE_KERNELS if some else ())
