"""Every kind of fault, planted in a small kernel, is named with kernel and line; test_compiled_kernels.py runs this."""

from __future__ import annotations

import ctypes
import faulthandler
import inspect
import mmap
import os
import re
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import cuda  # noqa: TID251

import compiled_kernels
from compiled_kernels import KernelError, in_every_order, planted, running
from compiled_kernels.arrays import device_array, to_device
from compiled_kernels.launch import Kernel
from compiled_kernels.state import STATE


def of_zeros(size: int) -> Any:
    return to_device(np.zeros(size, np.int32))


def one() -> tuple[Any, ...]:
    return (of_zeros(1),)


def eight() -> tuple[Any, ...]:
    return (of_zeros(8),)


def sixteen() -> tuple[Any, ...]:
    return (of_zeros(16),)


def pair() -> tuple[Any, ...]:
    return of_zeros(16), of_zeros(16)


def rows() -> tuple[Any, ...]:
    return (to_device(np.zeros((2, 8), np.int32)),)


def rubbish() -> tuple[Any, ...]:
    return device_array(8, np.int32), of_zeros(8)


#: Whose fault lies in a function that they call.
IN_A_CALL: dict[Kernel, Any] = {
    planted.barrier_of_two_calls: planted.wait_twice,
    planted.reads_what_a_call_has_left: planted.first_of_few,
}

FAULTS: list[tuple[Kernel, Callable[[], tuple[Any, ...]], int, int, str]] = [
    (planted.barrier_of_some, eight, 1, 8, r"[35] threads of block 0 ended before a barrier at which the others"),
    (planted.two_barriers, eight, 1, 8, "wait at different barriers, the others at planted.py"),
    (planted.ended_before, eight, 1, 8, "1 threads of block 0 ended before a barrier at which the others"),
    (planted.barrier_of_two_calls, eight, 1, 8, "threads of block 0 wait at different barriers"),
    (planted.reads_beyond, pair, 2, 8, "thread 7 of block 1 has the index 16 in an axis of 16"),
    (planted.writes_beyond, sixteen, 2, 8, "thread 7 of block 1 has the index 16 in an axis of 16"),
    (planted.counts_beyond, sixteen, 2, 8, "thread 7 of block 1 has the index 16 in an axis of 16"),
    (planted.into_the_next_row, rows, 1, 8, "has the index 8 in an axis of 8"),
    (planted.beyond_shared, one, 1, 4, "thread 3 of block 0 has the index 4 in an axis of 4"),
    (planted.beyond_local, eight, 1, 2, r"has the index \d in an axis of 4"),
    (planted.reads_before, pair, 2, 8, "thread 0 of block 0 has the index -17 in an axis of 16"),
    (planted.writes_before, sixteen, 2, 8, "thread 0 of block 0 has the index -17 in an axis of 16"),
    (planted.reads_beyond_shared, eight, 1, 4, "thread 3 of block 0 has the index 4 in an axis of 4"),
    (planted.before_shared, one, 1, 4, "thread 0 of block 0 has the index -5 in an axis of 4"),
    (planted.reads_beyond_local, eight, 1, 2, "has the index 4 in an axis of 4"),
    (planted.before_local, eight, 1, 2, "has the index -5 in an axis of 4"),
    (planted.reads_rubbish, rubbish, 1, 8, r"nobody has written, at element \d of"),
    (planted.counts_rubbish, rubbish, 1, 1, "what nobody has written, at element 0"),
    (planted.reads_shared_rubbish, eight, 1, 8, "thread 7 of block 0 reads what nobody has written, in shared mem"),
    (planted.reads_local_rubbish, eight, 1, 1, "reads what nobody has written, in an array of its own"),
    (planted.reads_what_a_call_has_left, eight, 1, 1, "reads what nobody has written, in an array of its own"),
    (planted.all_write_one, one, 1, 2, r"a race: .* and thread \d of this block .* meet at element 0 of out"),
    (planted.reads_the_neighbours, eight, 1, 8, "a race"),
    (planted.writes_where_others_read, eight, 1, 8, "a race"),
    (planted.forgets_a_barrier, eight, 1, 8, "a race: .* meet in shared memory|reads what nobody has written"),
    (planted.all_write_one_shared, eight, 1, 2, r"a race: .* and thread \d of this block .* meet in shared memory"),
    (planted.shifts_in_shared, eight, 1, 8, r"a race: .* of this block .* meet in shared memory"),
    (planted.bare_beside_atomic, one, 1, 8, "a race: .* meet at element 0 of out without order"),
    (planted.blocks_write_one, one, 2, 8, r"a race: .* of another block at .* meet at element 0 of out"),
    (planted.sets_what_others_count, one, 3, 8, r"a race: .* of another block at .* meet at element 0 of out"),
    (planted.looks_among_looks, eight, 1, 8, r"a race: .* of this block at .* meet at element 0 of out"),
    (planted.barrier_of_blocks, sixteen, 2, 8, r"a race: .* of another block at .* meet at element 0 of out"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kernel", "given", "blocks", "threads", "words"), FAULTS, ids=lambda each: getattr(each, "__name__", "")
)
@pytest.mark.parametrize("order", compiled_kernels.ORDERS)
def test_a_fault_is_named_with_kernel_and_line(
    kernel: Kernel, given: Callable[[], tuple[Any, ...]], blocks: int, threads: int, words: str, order: str
) -> None:
    lines, first = inspect.getsourcelines(IN_A_CALL.get(kernel, kernel).py_func)
    here = [first + i for i, line in enumerate(lines) if line.rstrip().endswith("# here")]
    with running("checked", order, seed=4), pytest.raises(KernelError) as caught:
        kernel[blocks, threads](*given())
    said = str(caught.value)
    assert re.search(words, said), said
    found = re.match(rf"{kernel.__name__}, planted\.py:(\d+): ", said)
    assert found, said
    assert int(found[1]) in here, said
    assert said.endswith(lines[int(found[1]) - first].strip())


@pytest.mark.parametrize("kernel", [planted.barrier_of_some, planted.two_barriers, planted.ended_before])
def test_the_fast_build_finds_barriers_of_some(kernel: Kernel) -> None:
    with running("fast"), pytest.raises(KernelError, match=f"^{kernel.__name__}, planted"):
        kernel[1, 8](of_zeros(8))


def test_the_fast_build_finds_writes_beyond_an_array() -> None:
    with running("fast"), pytest.raises(KernelError, match=r"^writes_beyond: .* before or after the array out"):
        planted.writes_beyond[2, 8](of_zeros(16))
    with running("fast"):
        planted.reads_beyond[2, 8](of_zeros(17), of_zeros(16))


def test_a_kernel_goes_on_after_a_fault() -> None:
    """What has been left in the middle does no harm to what comes next."""
    for _ in range(3):
        with running("checked"), pytest.raises(KernelError, match="race"):
            planted.reads_the_neighbours[4, 8](of_zeros(8))
        in_turn[2, 8](found := of_zeros(16))
        np.testing.assert_array_equal(found.copy_to_host(), np.arange(16))


@cuda.jit
def in_turn(out):
    out[cuda.grid(1)] = cuda.grid(1)


@cuda.jit
def first_come(queue, tail):
    queue[cuda.atomic.add(tail, 0, 1)] = cuda.grid(1)


@cuda.jit
def adds_in_turn(values, out):
    cuda.atomic.add(out, 0, values[cuda.grid(1)])


@cuda.jit
def last_block(out):
    cuda.atomic.exch(out, 0, cuda.blockIdx.x)


def queue() -> np.ndarray:
    first_come[2, 8](found := of_zeros(16), of_zeros(1))
    return found.copy_to_host()


def sum_of_floats() -> np.ndarray:
    adds_in_turn[1, 64](to_device(1 / np.arange(1.0, 65.0)), found := to_device(np.zeros(1)))
    return found.copy_to_host()


def last() -> np.ndarray:
    last_block[4, 1](found := of_zeros(1))
    return found.copy_to_host()


@pytest.mark.parametrize(("work", "kernel"), [(queue, first_come), (sum_of_floats, adds_in_turn), (last, last_block)])
def test_a_result_that_depends_on_the_order_is_found(work: Callable[[], np.ndarray], kernel: Kernel) -> None:
    with pytest.raises(AssertionError) as caught:
        in_every_order(work, np.testing.assert_array_equal)
    line = kernel.py_func.__code__.co_firstlineno
    assert caught.value.__notes__ == [f"in the order backward, of {kernel.__name__}, check_faults.py:{line}"]


def test_what_depends_on_the_order_may_be_put_in_one() -> None:
    in_every_order(lambda: np.sort(queue()), np.testing.assert_array_equal)


@cuda.jit
def much_of_its_own(out):
    much = cuda.local.array(3000, np.int64)
    much[out[0]] = 1
    out[1] = much[out[1]]


@pytest.mark.parametrize("build", compiled_kernels.BUILDS)
def test_arrays_for_which_there_is_no_room(build: str) -> None:
    with running(build), pytest.raises(NotImplementedError, match=r"no more than 16,384 bytes of local arrays"):
        much_of_its_own[1, 1](of_zeros(2))


@pytest.mark.filterwarnings("ignore:This process")
def test_a_stack_that_is_too_small_ends_the_process() -> None:
    """It does not spoil the next thread's."""
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        end = STATE.stacks + STATE.stack_bytes
        ctypes.memset(end + mmap.PAGESIZE, 1, 1)  # the last place that a stack has
        ctypes.memset(end + mmap.PAGESIZE - 1, 1, 1)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGSEGV


def test_what_a_device_refuses() -> None:
    for blocks, threads in ((0, 8), (1, 0), (1, 1025)):
        with pytest.raises(ValueError, match=f"in_turn is started with {blocks} blocks of {threads} threads"):
            in_turn[blocks, threads]
    with pytest.raises(TypeError, match="in_turn is given an array that is not on the device"):
        in_turn[1, 8](np.zeros(8, np.int32))
    with pytest.raises(TypeError, match="no array of the host's"):
        np.asarray(of_zeros(3))
