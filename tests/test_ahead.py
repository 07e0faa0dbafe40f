"""Kernels that other processes compile: they are on disk when they are called, and nobody is left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from gpunet.base.stopping import Stopped, stoppable
from gpunet.cli.first_kernels import FEATURE_KERNELS, kernels_of
from gpunet.kernels.ahead import Compilers, Kernel, compilers, not_on_disk
from gpunet.kernels.jit import when_compiling
from gpunet.runs.run_options import RunOptions

TWO_KERNELS = """
from gpunet.kernels.jit import njit

@njit
def twice(x):
    return 2 * x

@njit
def thrice(x):
    return 3 * x
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
called = {}
for name, module in list(sys.modules.items()):
    if name.startswith("gpunet.kernels.cpu."):
        for function in vars(module).values():
            if isinstance(function, Dispatcher) and function.signatures:
                called[function.py_func.__module__, function.py_func.__name__] = function.signatures
inner = sorted(set(called) - set(told))
print(inner, sorted(set(told) - set(called)), [k for k in told if called.get(k) != [told[k]]])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of modules, for this process and for those that it starts."""
    (tmp_path / "ahead_two.py").write_text(TWO_KERNELS)
    (tmp_path / f"{SLEEPS.module}.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("ahead_two", None)


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
        others.wait_for(module.twice.py_func)
        with when_compiling(lambda: told.append("compiling")):
            assert (module.twice(2), module.thrice(0.5)) == (4, 1.5)
            assert told == []
            assert module.twice(0.5) == 1.0  # of other types nobody had heard
            assert told == ["compiling"]
    finally:
        others.end()
    assert not_on_disk(known) == []
    with compilers(known, processes=2) as none:
        assert none is None


def test_whoever_needs_one_of_theirs_waits_for_it_once_it_has_told(folder: Path) -> None:
    order: list[str] = []
    module = import_module("ahead_two")
    with when_compiling(lambda: order.append("told"), lambda function: order.append(function.__name__)) as compiling:
        assert (module.twice(1), module.thrice(1), module.twice(1)) == (2, 3, 2)
    assert order == ["told", "twice", "thrice"]
    assert compiling.seconds > 0.0


def test_nobody_is_started_for_one_processor(folder: Path) -> None:
    with compilers([Kernel("ahead_two", "twice", "i8")], processes=1) as none:
        assert none is None


def test_a_signal_ends_the_wait_and_those_at_work(folder: Path) -> None:
    others = Compilers([SLEEPS], processes=2)
    try:
        others.wait_for(len)  # is none of theirs
        with stoppable("later"):
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(Stopped, match="stopped by SIGTERM: later"):
                others.wait_for(SLEEPER)
    finally:
        others.end()
    (process,) = others.processes
    assert process.returncode == -signal.SIGKILL


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
    ended, _, _ = select.select([orphan], [], [], 60)
    os.close(orphan)
    assert ended


def test_the_kernels_of_features_are_those_that_features_call(tmp_path: Path) -> None:
    """With the types that they are called with; in a process that has called nothing else."""
    subprocess.run([sys.executable, "-c", CALLED, str(tmp_path)], check=True)  # whatever was still to be compiled
    done = subprocess.run([sys.executable, "-c", CALLED, str(tmp_path)], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["[]", "[]", "[]"]


@pytest.mark.parametrize(
    ("command", "options", "some"),
    [
        ("features", RunOptions(), True),
        ("run", RunOptions(engine="cpu", cluster="none"), True),
        ("audit", RunOptions(), False),
        ("features", RunOptions(engine="gpu"), False),
        ("panel", RunOptions(cluster="local"), False),
    ],
)
def test_they_are_compiled_where_this_process_computes(command: str, options: RunOptions, some: bool) -> None:
    assert kernels_of(command, options) == (FEATURE_KERNELS if some else ())
