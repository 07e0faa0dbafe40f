"""Operations over arrays against plain Python, on NumPy and on arrays that allow only what the standard has."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.errors import EngineError
from gpunet.base.transfers import transfers_of_part
from gpunet.tables import arrays

MODULES = [np, array_api_strict]

each_module = pytest.mark.parametrize("xp", MODULES, ids=lambda module: module.__name__)


@st.composite
def coded(draw: st.DrawFn) -> tuple[int, list[int], list[int]]:
    """A number of codes, some of which may not occur, and elements with a code and a value each."""
    n = draw(st.integers(0, 8))
    codes = draw(st.lists(st.integers(0, n - 1), max_size=30)) if n else []
    return n, codes, draw(st.lists(st.integers(-9, 9), min_size=len(codes), max_size=len(codes)))


def beside(code: int, codes: list[int], values: list[int]) -> list[int]:
    return [value for c, value in zip(codes, values, strict=True) if c == code]


def assert_is(found: Any, expected: list[Any], dtype: Any, xp: ModuleType) -> None:
    """An array of the module that was given, of this type and these elements."""
    assert type(found) is type(xp.zeros(1))
    assert found.dtype == dtype
    assert np.asarray(found).tolist() == expected


@each_module
@given(case=coded())
def test_counts_and_sums_by_code(xp: ModuleType, case: tuple[int, list[int], list[int]]) -> None:
    n, codes, values = case
    code, value = xp.asarray(codes, dtype=xp.int32), xp.asarray(values, dtype=xp.int32)
    counts = [codes.count(c) for c in range(n)]
    assert_is(arrays.count_by_code(code, n), counts, xp.int64, xp)
    assert_is(arrays.sum_by_code(code, value, n), [sum(beside(c, codes, values)) for c in range(n)], xp.int64, xp)
    positive = [sum(v > 0 for v in beside(c, codes, values)) for c in range(n)]
    assert_is(arrays.sum_by_code(code, value > 0, n), positive, xp.int64, xp)


@each_module
def test_sums_are_exact_beyond_floats(xp: ModuleType) -> None:
    large = xp.asarray([2**60, 1, -(2**60), 2**62], dtype=xp.int64)
    code = xp.asarray([1, 1, 0, 0], dtype=xp.int64)
    assert_is(arrays.sum_by_code(code, large, 2), [2**62 - 2**60, 2**60 + 1], xp.int64, xp)


@each_module
@given(case=coded())
def test_extremes_by_code(xp: ModuleType, case: tuple[int, list[int], list[int]]) -> None:
    n, codes, values = case
    code, value = xp.asarray(codes, dtype=xp.int32), xp.asarray(values, dtype=xp.int32)
    low = [min(beside(c, codes, values), default=9) for c in range(n)]
    high = [max(beside(c, codes, values), default=-10) for c in range(n)]
    assert_is(arrays.least_by_code(code, value, n, otherwise=9), low, xp.int32, xp)
    assert_is(arrays.greatest_by_code(code, value, n, otherwise=-10), high, xp.int32, xp)
    assert arrays.least(value, otherwise=77) == min(values, default=77)
    assert arrays.greatest(value, otherwise=-77) == max(values, default=-77)


@each_module
@given(case=coded(), bits=st.integers(1, 64), data=st.data())
def test_bits_by_code(xp: ModuleType, case: tuple[int, list[int], list[int]], bits: int, data: st.DataObject) -> None:
    n, codes, _ = case
    flags = data.draw(st.lists(st.integers(0, 2**bits - 1), min_size=len(codes), max_size=len(codes)))
    code, values = xp.asarray(codes, dtype=xp.int32), xp.asarray(np.array(flags, np.uint64))
    expected = [int(np.bitwise_or.reduce(np.array(beside(c, codes, flags), np.uint64))) for c in range(n)]
    assert_is(arrays.bits_by_code(code, values, n, bits), expected, xp.uint64, xp)


@each_module
@given(case=coded())
def test_orders_and_runs(xp: ModuleType, case: tuple[int, list[int], list[int]]) -> None:
    _, codes, values = case
    code, value = xp.asarray(codes, dtype=xp.int32), xp.asarray(values, dtype=xp.int64)
    places = range(len(codes))
    assert_is(arrays.sort_order([code]), sorted(places, key=lambda i: codes[i]), xp.int64, xp)
    order = sorted(places, key=lambda i: (codes[i], values[i]))
    assert_is(arrays.sort_order([value, code]), order, xp.int64, xp)
    assert_is(arrays.distinct(value), sorted(set(values)), xp.int64, xp)
    pairs = list(zip(codes, values, strict=True))
    expected = [i == 0 or pairs[i] != pairs[i - 1] for i in places]
    assert_is(arrays.begins_run(code, value), expected, xp.bool, xp)


@each_module
@given(at=st.sets(st.integers(0, 12)), n=st.integers(13, 15))
def test_values_at_positions(xp: ModuleType, at: set[int], n: int) -> None:
    positions = sorted(at)
    place = xp.asarray(positions, dtype=xp.int32)
    for values, otherwise, dtype in (
        ([p * 10 for p in positions], -1, xp.int64),
        ([p / 3 for p in positions], 0, xp.float64),
        ([p % 2 == 0 for p in positions], True, xp.bool),
    ):
        expected = [values[positions.index(i)] if i in at else otherwise for i in range(n)]
        found = arrays.spread_over(xp.asarray(values, dtype=dtype), place, n, otherwise)
        assert_is(found, expected, dtype, xp)


@each_module
@given(sizes=st.lists(st.integers(0, 4), max_size=9))
def test_rows(xp: ModuleType, sizes: list[int]) -> None:
    size = xp.asarray(sizes, dtype=xp.int64)
    indptr = arrays.running_sum(size)
    assert_is(indptr, [sum(sizes[:i]) for i in range(len(sizes) + 1)], xp.int64, xp)
    expected = [row for row, count in enumerate(sizes) for _ in range(count)]
    assert_is(arrays.row_numbers(indptr, sum(sizes)), expected, xp.int64, xp)


def test_two_kinds_of_array_do_not_mix() -> None:
    with pytest.raises(TypeError):
        arrays.namespace(np.zeros(2), array_api_strict.zeros(2))


def test_what_crosses_is_counted_and_what_is_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_device_namespace", lambda: array_api_strict)
    host = np.arange(6, dtype=np.int32)
    with transfers_of_part() as crossed:
        device = arrays.to_device(host)
        assert not arrays.is_on_host(device)
        assert arrays.to_device(device) is device
        back = arrays.to_host(device)
        assert arrays.is_on_host(back)
        assert arrays.to_host(back) is back
    assert back.tolist() == host.tolist()
    assert (crossed.to_device, crossed.to_host) == (24, 24)


def test_arrays_of_a_device_are_asked_for_their_copy() -> None:
    """CuPy's arrays refuse to be made NumPy's by anything but their own method."""
    device = SimpleNamespace(get=lambda: np.ones(3))
    with transfers_of_part() as crossed:
        assert arrays.to_host(device).tolist() == [1, 1, 1]
    assert crossed.to_host == 24


def test_without_cupy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(EngineError, match=r"gpunet\[gpu\]"):
        arrays.to_device(np.zeros(1))
