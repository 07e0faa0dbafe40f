"""A signal is a flag, which ends the work between its pieces, also where somebody takes that for something else."""

import os
import signal
import threading
import time

import pytest

from gpunet.base.parallel import in_batches
from gpunet.base.stopping import Stopped, raise_if_stopped, stoppable


def stop(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


def test_the_first_signal_counts_and_a_second_one_does_not_disturb():
    cleaned = []

    def work():
        stop(signal.SIGINT)
        try:
            raise_if_stopped()
        finally:
            stop()
            cleaned.append(True)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped, match=r"^stopped by SIGINT: go on$"), stoppable("go on"):
        work()
    assert cleaned == [True]
    assert signal.getsignal(signal.SIGINT) == before
    raise_if_stopped()  # it is over


def test_a_signal_that_was_lost_is_told_again():
    reached = []

    def work():
        try:
            stop()
            raise_if_stopped()
        except BaseException:
            reached.append("went on")
        raise_if_stopped()
        reached.append("the end")

    with pytest.raises(Stopped, match=r"^stopped by SIGTERM: go on$"), stoppable("go on"):
        work()
    assert reached == ["went on"]


def test_an_error_after_a_signal_is_the_stop():
    def work():
        stop()
        raise ImportError("initialisation failed")

    with pytest.raises(Stopped, match=r"^stopped by SIGTERM: go on$"), stoppable("go on"):
        work()


def test_other_errors_stay_what_they_are():
    with pytest.raises(ImportError, match="of its own"), stoppable("go on"):
        raise ImportError("of its own")


def test_what_is_done_is_not_stopped():
    with stoppable("go on"):
        stop()
    raise_if_stopped()


def test_batches_in_work_are_finished_and_nothing_new_is_begun():
    begun, finished = [], []

    def work(number):
        begun.append(number)
        time.sleep(0.01)
        if number == 4:
            stop()
        finished.append(number)
        return number

    def all_of_them():
        for _ in in_batches(work, range(100), 2):
            pass

    with pytest.raises(Stopped, match=r"^stopped by SIGTERM: go on$") as raised, stoppable("go on"):
        all_of_them()
    assert raised.value.__context__ is None
    assert sorted(begun) == sorted(finished)
    assert len(begun) < 20


def test_nothing_changes_in_other_threads():
    before, there = signal.getsignal(signal.SIGTERM), []

    def run():
        with stoppable("go on"):
            there.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert there == [before]
