"""A signal ends the work as an exception, also where somebody takes that for something else."""

import os
import signal
import sys
import threading
from importlib import import_module

import numpy as np
import pytest

from gpunet.kernels.jit import njit
from gpunet.runs.stopping import Stopped, stoppable


def optional_import():
    """A library's own: whatever goes wrong in it is an ImportError, which its user can do without."""
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except BaseException as error:
        raise ImportError("initialisation failed") from error


def test_a_signal_is_an_exception_and_a_second_one_is_not():
    cleaned = []

    def work():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            cleaned.append(True)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped, match=r"^stopped by SIGINT: go on$"), stoppable("go on"):
        work()
    assert cleaned == [True]
    assert signal.getsignal(signal.SIGINT) == before


def test_an_import_that_a_signal_ended_is_no_import_error():
    with pytest.raises(Stopped, match=r"^stopped by SIGTERM: go on$"), stoppable("go on"):
        optional_import()


def test_a_signal_that_was_lost_is_told_again():
    reached = []

    def work(check):
        check()
        try:
            optional_import()
        except ImportError:
            reached.append("without the library")
        check()
        reached.append("the end")

    with pytest.raises(Stopped, match=r"^stopped by SIGTERM: go on$"), stoppable("go on") as check:
        work(check)
    assert reached == ["without the library"]


def test_other_errors_stay_what_they_are():
    with pytest.raises(ImportError, match="of its own"), stoppable("go on"):
        raise ImportError("of its own")


def test_an_import_comes_to_its_end(tmp_path, monkeypatch):
    lines = "import os, signal", "os.kill(os.getpid(), signal.SIGTERM)", "whole = True"
    (tmp_path / "imported_amid_a_signal.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    reached = []

    def work():
        module = import_module("imported_amid_a_signal")
        reached.append(module)

    with pytest.raises(Stopped, match=r"^stopped by SIGTERM: go on$") as raised, stoppable("go on"):
        work()
    assert raised.value.__context__ is None
    assert not reached
    assert sys.modules.pop("imported_amid_a_signal").whole


@njit
def slow(steps):
    found = np.zeros(2)
    for i in range(steps):
        found[0] = found[0] * 0.999 + np.sin(i)
    return found, found + 1


def test_a_signal_while_compiled_code_runs_on_the_main_thread():
    """What is raised when Numba gives back several arrays comes out of it as a SystemError, at best."""
    slow(10)
    finished = []

    def work():
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        for number in range(100):
            slow(5_000_000)
            finished.append(number)

    with pytest.raises(Stopped, match=r"^stopped by SIGTERM: go on$") as raised, stoppable("go on"):
        work()
    assert raised.value.__context__ is None
    assert len(finished) < 100
