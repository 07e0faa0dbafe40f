"""Peak memory: of a part of the work where the platform tells, the highest so far where it does not."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from gpunet.base import memory
from gpunet.base.memory import part_peak, peak_memory, reset_peak
from gpunet.runs.manifest import StageClock

LARGE = 200 * 10**6  # bytes; freed at once, for the system hands out so large a block by itself
RESETS = os.access("/proc/self/clear_refs", os.W_OK)


def use(size: int = LARGE) -> None:
    np.ones(size // 8)


def stages() -> dict:
    clock = StageClock("cpu")
    with clock.stage("large"):
        use()
    with clock.stage("small"):
        use(1000)
    return clock.times()


def test_a_small_stage_after_a_large_one_has_a_small_peak():
    times = stages()
    large, small = (stage["peak_memory_bytes"] for stage in times["stages"])
    assert times["peak_memory_is"] == ("of the stage" if RESETS else "so far")
    assert (large - small > 0.75 * LARGE) == RESETS
    assert times["peak_memory_bytes"] >= max(large, small) > 0


def test_without_a_mark_to_set_back_it_is_the_highest_so_far_and_said_so(monkeypatch):
    monkeypatch.setattr(memory, "_CLEAR", Path("/nowhere/clear_refs"))
    times = stages()
    large, small = (stage["peak_memory_bytes"] for stage in times["stages"])
    assert times["peak_memory_is"] == "so far"
    assert small >= large


def test_without_proc_the_peak_is_that_of_getrusage(monkeypatch):
    monkeypatch.setattr(memory, "_STATUS", Path("/nowhere/status"))
    monkeypatch.setattr(memory, "_CLEAR", Path("/nowhere/clear_refs"))
    with part_peak() as part:
        use()
    assert LARGE < part.size < 1000 * LARGE  # in bytes, not in units of 1024
    assert not part.of_part


def test_a_part_holds_the_peaks_of_the_parts_within_it():
    with part_peak() as outer:
        use()
        with part_peak() as inner:
            use(1000)
    with part_peak() as around:
        with part_peak() as within:
            use()
        use(1000)
    if RESETS:
        assert outer.size - inner.size > 0.75 * LARGE
    assert outer.size >= inner.size > 0
    assert around.size >= within.size
    assert around.size - inner.size > 0.75 * LARGE or not RESETS


def test_parts_of_other_threads_take_nothing_away():
    begun, go_on = threading.Event(), threading.Event()
    found = []

    def other() -> None:
        with part_peak() as part:
            begun.set()
            go_on.wait(60)
        found.append(part.size)

    thread = threading.Thread(target=other)
    thread.start()
    assert begun.wait(60)
    with part_peak() as here:
        use()
    with part_peak():
        use(1000)  # sets the mark back while the other is open
    go_on.set()
    thread.join(60)
    assert found[0] >= here.size


def test_the_peak_of_the_process_outlives_every_reset():
    with part_peak() as part:
        use()
    reset_peak()
    reset_peak()
    assert peak_memory() >= part.size


def test_a_stage_that_fails_leaves_nothing_open():
    before = list(memory._MARK.open)
    with pytest.raises(ValueError, match="no"), part_peak():
        raise ValueError("no")
    assert memory._MARK.open == before
