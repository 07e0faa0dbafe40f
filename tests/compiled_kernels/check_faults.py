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
from compiled_kernels import KernelError, in_every_order, running
from compiled_kernels.arrays import device_array, to_device
from compiled_kernels.launch import Kernel
from compiled_kernels.state import STATE


@cuda.jit
def barrier_of_some(out):
    if cuda.threadIdx.x < 3:
        cuda.syncthreads()  # here
    out[cuda.threadIdx.x] = 1


@cuda.jit
def two_barriers(out):
    if cuda.threadIdx.x < 3:
        cuda.syncthreads()  # here
    else:
        cuda.syncthreads()  # here
    out[cuda.threadIdx.x] = 1


@cuda.jit
def ended_before(out):
    if cuda.threadIdx.x == 2:
        return
    cuda.syncthreads()  # here
    out[cuda.threadIdx.x] = 1


@cuda.jit(device=True)
def wait_twice(out):
    out[cuda.threadIdx.x] = 0
    cuda.syncthreads()  # here


@cuda.jit
def barrier_of_two_calls(out):
    if cuda.threadIdx.x % 2:
        wait_twice(out)
    else:
        wait_twice(out)


@cuda.jit
def reads_beyond(source, out):
    i = cuda.grid(1)
    out[i] = source[i + 1]  # here


@cuda.jit
def writes_beyond(out):
    out[cuda.grid(1) + 1] = 1  # here


@cuda.jit
def counts_beyond(out):
    cuda.atomic.add(out, cuda.grid(1) + 1, 1)  # here


@cuda.jit
def into_the_next_row(table):
    """Within the array, but not within its row."""
    table[0, cuda.threadIdx.x + 1] = 1  # here


@cuda.jit
def beyond_shared(out):
    few = cuda.shared.array(4, np.int32)
    few[cuda.threadIdx.x + 1] = 0  # here
    cuda.syncthreads()
    out[0] = few[1]


@cuda.jit
def beyond_local(out):
    few = cuda.local.array(4, np.int32)
    few[out[0] + 5 + cuda.threadIdx.x] = 0  # here
    out[cuda.threadIdx.x] = few[0]


@cuda.jit
def reads_before(source, out):
    """An index below 0 is counted from the end, on a device too, but not twice."""
    out[cuda.grid(1)] = source[cuda.grid(1) - 17]  # here


@cuda.jit
def writes_before(out):
    out[cuda.grid(1) - 17] = 1  # here


@cuda.jit
def reads_beyond_shared(out):
    few = cuda.shared.array(4, np.int32)
    few[cuda.threadIdx.x] = 0
    cuda.syncthreads()
    out[cuda.threadIdx.x] = few[cuda.threadIdx.x + 1]  # here


@cuda.jit
def before_shared(out):
    few = cuda.shared.array(4, np.int32)
    few[cuda.threadIdx.x - 5] = 0  # here
    cuda.syncthreads()
    out[0] = few[1]


@cuda.jit
def reads_beyond_local(out):
    few = cuda.local.array(4, np.int32)
    for i in range(4):
        few[i] = i
    out[cuda.threadIdx.x] = few[out[0] + 4]  # here


@cuda.jit
def before_local(out):
    few = cuda.local.array(4, np.int32)
    few[out[0] - 5] = 0  # here
    out[cuda.threadIdx.x] = few[0]


@cuda.jit
def reads_rubbish(source, out):
    out[cuda.grid(1)] = source[cuda.grid(1)]  # here


@cuda.jit
def counts_rubbish(source, out):
    cuda.atomic.add(source, 0, out[0])  # here


@cuda.jit
def reads_shared_rubbish(out):
    few = cuda.shared.array(8, np.int32)
    if cuda.threadIdx.x < 7:
        few[cuda.threadIdx.x] = 1
    cuda.syncthreads()
    out[cuda.threadIdx.x] = few[cuda.threadIdx.x]  # here


@cuda.jit
def reads_local_rubbish(out):
    few = cuda.local.array(4, np.int32)
    few[out[0]] = 1
    out[cuda.threadIdx.x] = few[out[0] + 1]  # here


@cuda.jit(device=True)
def first_of_few(k):
    few = cuda.local.array(2, np.int64)
    few[k] = 1
    return few[0]  # here


@cuda.jit
def reads_what_a_call_has_left(out):
    out[cuda.threadIdx.x] = first_of_few(0) + first_of_few(out[0] + 1)


@cuda.jit
def all_write_one(out):
    out[0] = cuda.threadIdx.x  # here


@cuda.jit
def reads_the_neighbours(out):
    i = cuda.threadIdx.x
    out[i] = i  # here
    if i > 0:
        out[i] += out[i - 1]  # here


@cuda.jit
def writes_where_others_read(out):
    i = cuda.threadIdx.x
    held = out[(i + 1) % cuda.blockDim.x]  # here
    out[i] = held + 1  # here


@cuda.jit
def forgets_a_barrier(out):
    few = cuda.shared.array(8, np.int32)
    i = cuda.threadIdx.x
    few[i] = i
    out[i] = few[(i + 1) % 8]  # here


@cuda.jit
def all_write_one_shared(out):
    few = cuda.shared.array(2, np.int32)
    few[0] = cuda.threadIdx.x  # here
    cuda.syncthreads()
    out[cuda.threadIdx.x] = few[0]


@cuda.jit
def bare_beside_atomic(out):
    if cuda.threadIdx.x == 5:
        out[0] = 0  # here
    else:
        cuda.atomic.add(out, 0, 1)  # here


@cuda.jit
def barrier_of_blocks(out):
    """A barrier orders a block's own threads alone."""
    if cuda.blockIdx.x == 0 and cuda.threadIdx.x == 0:
        out[0] = 1  # here
    cuda.syncthreads()
    if cuda.blockIdx.x == 1:
        out[1 + cuda.threadIdx.x] = out[0]  # here


@cuda.jit
def blocks_write_one(out):
    if cuda.threadIdx.x == 0:
        out[0] = cuda.blockIdx.x  # here


@cuda.jit
def sets_what_others_count(out):
    """Of the blocks' accesses those without a race come last."""
    if cuda.grid(1) == 0:
        out[0] = 0  # here
    cuda.syncthreads()
    cuda.atomic.add(out, 0, 1)  # here


@cuda.jit
def looks_among_looks(out):
    """One look of many has an order that matters."""
    i = cuda.threadIdx.x
    if i == 3:
        out[1] = out[0]  # here
    elif i < 7 and out[0] < 9:  # any order: to see whether it hides the other look
        out[2] = 1  # any order: all write the same
    if i == 6:
        cuda.atomic.add(out, 0, 1)  # here


def of_zeros(size: int) -> Any:
    return to_device(np.zeros(size, np.int32))


def one() -> tuple[Any, ...]:
    return (of_zeros(1),)


def eight() -> tuple[Any, ...]:
    return (of_zeros(8),)


def sixteen() -> tuple[Any, ...]:
    return (of_zeros(16),)


#: Whose fault lies in a function that they call.
IN_A_CALL: dict[Kernel, Any] = {barrier_of_two_calls: wait_twice, reads_what_a_call_has_left: first_of_few}

FAULTS: list[tuple[Kernel, Callable[[], tuple[Any, ...]], int, int, str]] = [
    (barrier_of_some, eight, 1, 8, r"[35] threads of block 0 ended before a barrier at which the others"),
    (two_barriers, eight, 1, 8, "wait at different barriers, the others at check_faults.py"),
    (ended_before, eight, 1, 8, "1 threads of block 0 ended before a barrier at which the others"),
    (barrier_of_two_calls, eight, 1, 8, "threads of block 0 wait at different barriers"),
    (reads_beyond, lambda: (of_zeros(16), of_zeros(16)), 2, 8, "thread 7 of block 1 has the index 16 in an axis of 16"),
    (writes_beyond, sixteen, 2, 8, "thread 7 of block 1 has the index 16 in an axis of 16"),
    (counts_beyond, sixteen, 2, 8, "thread 7 of block 1 has the index 16 in an axis of 16"),
    (into_the_next_row, lambda: (to_device(np.zeros((2, 8), np.int32)),), 1, 8, "has the index 8 in an axis of 8"),
    (beyond_shared, one, 1, 4, "thread 3 of block 0 has the index 4 in an axis of 4"),
    (beyond_local, lambda: (of_zeros(2),), 1, 2, r"has the index \d in an axis of 4"),
    (reads_before, lambda: (of_zeros(16), of_zeros(16)), 2, 8, "thread 0 of block 0 has the index -17 in an axis of"),
    (writes_before, sixteen, 2, 8, "thread 0 of block 0 has the index -17 in an axis of 16"),
    (reads_beyond_shared, eight, 1, 4, "thread 3 of block 0 has the index 4 in an axis of 4"),
    (before_shared, one, 1, 4, "thread 0 of block 0 has the index -5 in an axis of 4"),
    (reads_beyond_local, eight, 1, 2, "has the index 4 in an axis of 4"),
    (before_local, eight, 1, 2, "has the index -5 in an axis of 4"),
    (reads_rubbish, lambda: (device_array(8, np.int32), of_zeros(8)), 1, 8, r"nobody has written, at element \d of"),
    (counts_rubbish, lambda: (device_array(1, np.int32), of_zeros(1)), 1, 1, "what nobody has written, at element 0"),
    (reads_shared_rubbish, eight, 1, 8, "thread 7 of block 0 reads what nobody has written, in shared mem"),
    (reads_local_rubbish, eight, 1, 1, "thread 0 of block 0 reads what nobody has written, in an array of its own"),
    (reads_what_a_call_has_left, eight, 1, 1, "reads what nobody has written, in an array of its own"),
    (all_write_one, one, 1, 2, r"a race: .* and thread \d of this block .* meet at element 0 of out"),
    (reads_the_neighbours, eight, 1, 8, "a race"),
    (writes_where_others_read, eight, 1, 8, "a race"),
    (forgets_a_barrier, eight, 1, 8, "a race: .* meet in shared memory|reads what nobody has written"),
    (all_write_one_shared, eight, 1, 2, r"a race: .* and thread \d of this block .* meet in shared memory"),
    (bare_beside_atomic, one, 1, 8, "a race: .* meet at element 0 of out without order"),
    (blocks_write_one, one, 2, 8, r"a race: .* of another block at .* meet at element 0 of out"),
    (sets_what_others_count, one, 3, 8, r"a race: .* of another block at .* meet at element 0 of out"),
    (looks_among_looks, eight, 1, 8, r"a race: .* of this block at .* meet at element 0 of out"),
    (barrier_of_blocks, lambda: (of_zeros(9),), 2, 8, r"a race: .* of another block at .* meet at element 0 of out"),
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
    found = re.match(rf"{kernel.__name__}, check_faults\.py:(\d+): ", said)
    assert found, said
    assert int(found[1]) in here, said
    assert said.endswith(lines[int(found[1]) - first].strip())


@pytest.mark.parametrize("kernel", [barrier_of_some, two_barriers, ended_before])
def test_the_fast_build_finds_barriers_of_some(kernel: Kernel) -> None:
    with running("fast"), pytest.raises(KernelError, match=f"^{kernel.__name__}, check_faults"):
        kernel[1, 8](of_zeros(8))


def test_the_fast_build_finds_writes_beyond_an_array() -> None:
    with running("fast"), pytest.raises(KernelError, match=r"^writes_beyond: .* before or after the array out"):
        writes_beyond[2, 8](of_zeros(16))
    with running("fast"):
        reads_beyond[2, 8](of_zeros(17), of_zeros(16))


def test_a_kernel_goes_on_after_a_fault() -> None:
    """What has been left in the middle does no harm to what comes next."""
    for _ in range(3):
        with running("checked"), pytest.raises(KernelError, match="race"):
            reads_the_neighbours[4, 8](of_zeros(8))
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
