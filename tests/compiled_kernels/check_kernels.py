"""Kernels without a fault: what they compute, and what arrays on the device can; test_compiled_kernels.py runs this."""

from __future__ import annotations

import gc
import math
import os

import numpy as np
import pytest
from numba import cuda  # noqa: TID251

from compiled_kernels import BUILDS, ORDERS, in_every_order, kept, memory, running, settings
from compiled_kernels.arrays import device_array, to_device

pytestmark = pytest.mark.usefixtures("way")


@pytest.fixture(params=[(build, order) for build in BUILDS for order in ORDERS], ids="-".join)
def way(request):
    build, order = request.param
    with running(build, order):
        yield


@cuda.jit
def sums_of_blocks(values, out):
    """A tree of sums in shared memory."""
    held = cuda.shared.array(64, np.float64)
    i = cuda.threadIdx.x
    held[i] = values[cuda.grid(1)] if cuda.grid(1) < len(values) else 0.0
    cuda.syncthreads()
    width = cuda.blockDim.x // 2
    while width > 0:
        if i < width:
            held[i] += held[i + width]
        cuda.syncthreads()
        width //= 2
    if i == 0:
        out[cuda.blockIdx.x] = held[0]


def test_sums_with_barriers():
    values = np.random.default_rng(1).random(600)
    out = device_array(10, np.float64)
    sums_of_blocks[10, 64](to_device(values), out)
    padded = np.zeros(640)
    padded[:600] = values
    np.testing.assert_allclose(out.copy_to_host(), padded.reshape(10, 64).sum(axis=1), rtol=1e-14)


@cuda.jit
def atomics(values, numbers, real):
    i = cuda.grid(1)
    if i < len(values):
        cuda.atomic.add(numbers, 0, values[i])
        cuda.atomic.sub(numbers, 1, values[i])
        cuda.atomic.max(numbers, 2, values[i])
        cuda.atomic.min(numbers, 3, values[i])
        cuda.atomic.or_(numbers, 4, values[i])
        cuda.atomic.exch(numbers, 5, 7)
        cuda.atomic.compare_and_swap(numbers[6:], 0, 9)
        cuda.atomic.cas(numbers, 7, 0, 8)
        cuda.atomic.add(real, 0, float(values[i]))
        cuda.atomic.max(real, 1, float(values[i]))
        cuda.atomic.min(real, 2, float(values[i]))


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_atomics(kind, real):
    values = np.arange(3, 40).astype(kind)
    numbers, reals = to_device(np.zeros(8, kind)), to_device(np.array([0.0, 0.0, 99.0], real))
    atomics[3, 16](to_device(values), numbers, reals)
    assert numbers.copy_to_host().tolist() == [values.sum(), -values.sum(), 39, 0, 63, 7, 9, 8]
    assert reals.copy_to_host().tolist() == [values.sum(), 39, 3]


@cuda.jit
def arithmetic(a, b, x, out, real):
    i = cuda.grid(1)
    if i < len(a):
        out[i, 0] = a[i] * b[i]  # of 32 bits in 64
        out[i, 1] = cuda.popc(a[i])
        out[i, 2] = min(a[i], b[i]) - max(a[i], b[i])
        out[i, 3] = math.isnan(x[i])
        digits, exponent = math.frexp(x[i])
        real[i] = math.ldexp(digits, exponent) if not math.isnan(x[i]) else 0.0


def test_arithmetic():
    a, b = np.random.default_rng(2).integers(-(2**31), 2**31, (2, 50)).astype(np.int32)
    x = np.where(a > 0, a.astype(float) / 3, np.nan)
    out, real = device_array((50, 4), np.int64), device_array(50, np.float64)
    arithmetic[4, 16](to_device(a), to_device(b), to_device(x), out, real)
    found = out.copy_to_host()
    np.testing.assert_array_equal(found[:, 0], a.astype(np.int64) * b)
    np.testing.assert_array_equal(found[:, 1], [int(v).bit_count() for v in a.view(np.uint32)])
    np.testing.assert_array_equal(found[:, 2], np.minimum(a, b).astype(np.int64) - np.maximum(a, b))
    np.testing.assert_array_equal(found[:, 3], np.isnan(x))
    np.testing.assert_array_equal(real.copy_to_host(), np.nan_to_num(x))


@cuda.jit
def by_turns(flags, counts, size):
    """Arrays of bytes, many barriers, a loop that all threads leave together."""
    i = cuda.threadIdx.x
    for turn in range(size):
        if i == turn % cuda.blockDim.x:
            flags[turn] = not flags[turn]
            counts[cuda.blockIdx.x] += 1
        cuda.syncthreads()


def test_barriers_in_a_loop():
    flags, counts = to_device(np.arange(100) % 3 == 0), to_device(np.zeros(1, np.int64))
    by_turns[1, 32](flags, counts, 100)
    np.testing.assert_array_equal(flags.copy_to_host(), np.arange(100) % 3 != 0)
    assert counts.copy_to_host().tolist() == [100]


@cuda.jit
def late_look(flag, out):
    # Any order: all write the same.
    flag[0] = 1
    if flag[0] == 1:  # any order: its own has been written
        out[cuda.grid(1)] = 1


def test_lines_that_say_that_any_order_will_do():
    out = to_device(np.zeros(32, np.int32))
    late_look[2, 16](to_device(np.zeros(1, np.int32)), out)
    assert out.copy_to_host().all()


@cuda.jit
def doubled(values, out):
    for i in range(cuda.grid(1), len(values), cuda.gridsize(1)):
        out[i] = 2 * values[i]


def test_one_launch_after_another_has_an_order():
    values, out = to_device(np.arange(100)), device_array(100, np.int64)
    for _ in range(3):
        doubled[2, 16](values, out)
        doubled[3, 8](out, values)
    np.testing.assert_array_equal(values.copy_to_host(), np.arange(100) * 64)


def test_views():
    table = to_device(np.arange(24).reshape(4, 6))
    assert (table.shape, table.size, table.ndim, table.nbytes, len(table)) == ((4, 6), 24, 2, 192, 4)
    assert table[1, 2] == 8
    doubled[1, 16](table[1], out := device_array(6, np.int64))
    np.testing.assert_array_equal(out.copy_to_host(), 2 * np.arange(6, 12))
    doubled[1, 16](table.ravel()[::5], out[:5])
    np.testing.assert_array_equal(out.copy_to_host()[:5], 2 * np.arange(0, 24, 5))
    doubled[1, 16](table.reshape(24).view(np.int64), whole := device_array(24, np.int64))
    np.testing.assert_array_equal(whole.reshape(4, 6).copy_to_host(), 2 * np.arange(24).reshape(4, 6))
    whole[:4].copy_to_device(np.full(4, 3))
    host = np.empty(24, np.int64)
    assert whole.copy_to_host(host) is host
    assert host[:5].tolist() == [3, 3, 3, 3, 8]


def test_memory_is_rubbish_and_comes_to_an_end():
    gc.collect()
    assert (device_array(8, np.uint8).copy_to_host() == 0xA5).all()
    before = memory.free_bytes()
    held = [device_array(size, kind) for size in (0, 1, 1000) for kind in (np.bool_, np.float64)]
    assert before - memory.free_bytes() == sum(each.nbytes for each in held)
    with pytest.raises(MemoryError, match=r"CUDA_ERROR_OUT_OF_MEMORY: [\d,]+ bytes asked"):
        device_array(memory.memory_bytes(), np.uint8)
    del held
    gc.collect()
    assert memory.free_bytes() == before


def test_the_fast_build_leaves_the_shadow_alone():
    with running("fast"):
        held = device_array(1000, np.int32)
        doubled[1, 8](held, held)
        first = held.allocation.begin // 4
        memory._SHADOW[first + 1, 1] = 7
        del held
        gc.collect()
    assert memory._SHADOW[first : first + 1000].sum() == 7
    memory._SHADOW[first + 1, 1] = 0


def test_a_shadow_goes_with_its_array():
    with running("checked"):
        held = to_device(np.arange(1000))
        first = held.allocation.begin // 4
    with running("fast"):
        doubled[1, 8](held, held)
    assert memory._SHADOW[first : first + 2000].any()
    del held
    gc.collect()
    assert not memory._SHADOW[first : first + 2000].any()


def test_few_folders_are_kept(tmp_path):
    for i in range(5):
        (tmp_path / str(i)).mkdir()
        (tmp_path / str(i) / "kernel.json").touch()
        os.utime(tmp_path / str(i), (i, i))
    (tmp_path / "old.json").touch()
    os.utime(tmp_path / "old.json", (0.5, 0.5))
    kept.make_room(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4"]
    kept.make_room(tmp_path / "nowhere", 2)
    assert not (tmp_path / "nowhere").exists()


def test_every_order_is_the_same():
    before = settings.build, settings.order

    def work():
        doubled[2, 16](to_device(np.arange(50)), out := device_array(50, np.int64))
        return out.copy_to_host()

    np.testing.assert_array_equal(in_every_order(work, np.testing.assert_array_equal), 2 * np.arange(50))
    assert (settings.build, settings.order) == before
