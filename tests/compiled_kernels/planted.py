"""Small kernels, each with a fault at the lines that end with "here"."""

from __future__ import annotations

import numpy as np
from numba import cuda  # noqa: TID251

import compiled_kernels  # noqa: F401


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
def shifts_in_shared(out):
    few = cuda.shared.array(8, np.int32)
    i = cuda.threadIdx.x
    few[i] = i
    cuda.syncthreads()
    few[i] = few[(i + 1) % 8]  # here
    cuda.syncthreads()
    out[i] = few[i]


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
