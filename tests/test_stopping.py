"""A signal ends the work as an exception, also where somebody takes that for something else."""

import os
import signal

import pytest

from gpunet.stopping import Stopped, stoppable


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
