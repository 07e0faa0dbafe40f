"""The one file that knows CuPy: where arrays lie, and the operations that the array API standard has not.

Code over arrays is written once, against ``xp = namespace(array)`` and the functions below, and so runs on NumPy, on
CuPy, and in tests on array-api-strict, which refuses whatever is outside the standard. Each function has a NumPy path,
which is the fast one there, and a path of standard calls alone for everything else. All of them are exact: results are
the same on every kind of array.

What the standard does not promise is not used: arrays have no length (``shape[0]`` is), slices stay within an array,
integers of different signs are not mixed, nothing is assigned to by an array of positions.

Arrays that cross between host and device do so in :func:`to_host` and :func:`to_device`, which count their bytes. The
single numbers that ``int(...)``, ``float(...)`` or the length of a result ask of the device cross too, eight bytes each
and a fixed number of times a stage; these are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from gpunet.base.array_types import Bool, Int64, UInt64
from gpunet.base.errors import EngineError
from gpunet.base.stopping import raise_if_stopped
from gpunet.base.transfers import count_to_device, count_to_host

__all__ = [
    "begins_run",
    "bits_by_code",
    "count_by_code",
    "dense",
    "distinct",
    "greatest",
    "greatest_by_code",
    "inverse_order",
    "is_on_host",
    "least",
    "least_by_code",
    "least_so_far",
    "namespace",
    "put_at",
    "row_numbers",
    "running_sum",
    "sort_order",
    "spread_over",
    "sum_by_code",
    "to_device",
    "to_host",
    "wrapped",
]

Array = NDArray[Any]  # or CuPy's, or any other of the standard's


def namespace(*arrays: Any) -> Any:
    """The functions of the array API standard for the kind that these arrays are of.

    Who works on arrays begins with this, so it is here that such work looks whether it is to stop.

    Raises
    ------
    TypeError
        If they are of different kinds, or one is no array.
    """
    raise_if_stopped()
    return array_namespace(*arrays)


def is_on_host(array: Any) -> bool:
    """Whether it is a NumPy array."""
    return isinstance(array, np.ndarray)


def to_host(array: Any) -> NDArray[Any]:
    """The array as NumPy's: itself, or a copy whose bytes are counted."""
    if isinstance(array, np.ndarray):
        return array
    host: NDArray[Any] = array.get() if hasattr(array, "get") else np.asarray(array)
    count_to_host(host.nbytes)
    return host


def to_device(array: Any) -> Any:
    """The array as CuPy's: itself if it is not NumPy's, else a copy on the current device, whose bytes are counted.

    Raises
    ------
    EngineError
        If CuPy is not installed.
    """
    if not isinstance(array, np.ndarray):
        return array
    count_to_device(array.nbytes)
    return _device_namespace().asarray(array)


def wrapped(array: Any) -> Any:
    """An array that Numba made on the device as CuPy's, in the same memory.

    Raises
    ------
    EngineError
        If CuPy is not installed.
    """
    return _device_namespace().asarray(array)


def _device_namespace() -> Any:
    try:
        import cupy  # noqa: TID251
    except ImportError as error:
        raise EngineError('the GPU engine needs CuPy, which is not installed: pip install "gpunet[gpu]"') from error
    return cupy


def greatest(values: Array, otherwise: int) -> int:
    """The greatest of some integers, `otherwise` if there are none."""
    xp = namespace(values)
    return int(xp.max(values)) if values.shape[0] else otherwise


def least(values: Array, otherwise: int) -> int:
    """The least of some integers, `otherwise` if there are none."""
    xp = namespace(values)
    return int(xp.min(values)) if values.shape[0] else otherwise


def least_so_far(values: Array) -> Array:
    """The least of the first 1, 2, ..., n of some numbers."""
    if isinstance(values, np.ndarray):
        return np.minimum.accumulate(values)
    xp, step = namespace(values), 1
    while step < values.shape[0]:
        later, earlier = values[step:], values[:-step]
        values = xp.concat([values[:step], xp.where(earlier < later, earlier, later)])
        step *= 2
    return values


def distinct(values: Array) -> Array:
    """The distinct values of a flat array of integers, ascending."""
    ordered = _sorted(values)  # on NumPy too: many times faster than numpy.unique, which hashes
    return ordered[begins_run(ordered)]


def dense(values: Array) -> tuple[Array, int]:
    """int64[n], the position of each of some integers among the distinct ones, and how many these are."""
    xp = namespace(values)
    if isinstance(values, np.ndarray):  # a search for each would miss the cache each time
        order = np.argsort(values)
        rank = np.cumsum(begins_run(values[order]), dtype=np.int64) - 1
        found = np.empty(len(values), np.int64)
        found[order] = rank
        return found, int(rank[-1]) + 1 if len(rank) else 0
    known = distinct(values)
    return xp.astype(xp.searchsorted(known, values), xp.int64), known.shape[0]


def inverse_order(order: Array, n: int) -> Int64:
    """int64[n], where each of the numbers 0..n-1 stands in `order`, which holds some of them once; else any number."""
    xp, size = namespace(order), order.shape[0]
    places = xp.arange(size, dtype=xp.int64)
    if isinstance(order, np.ndarray):
        found = np.zeros(n, np.int64)
        found[order] = places
        return found
    by_number = sort_order([order])
    return spread_over(by_number, order[by_number], n, 0)


def sort_order(keys: Sequence[Array]) -> Array:
    """int64[n], the positions in ascending order by the last key, then by the one before it, and so on; stable."""
    raise_if_stopped()
    if isinstance(keys[0], np.ndarray):
        return np.lexsort(tuple(keys)) if len(keys) > 1 else np.argsort(keys[0], kind="stable")
    xp, n = namespace(*keys), keys[0].shape[0]
    if n < 2:
        return xp.arange(n, dtype=xp.int64)
    order = xp.argsort(keys[0], stable=True)
    for key in keys[1:]:
        order = order[xp.argsort(key[order], stable=True)]
    return order


def begins_run(*keys: Array) -> Bool:
    """bool[n], whether any of the keys (which run parallel) differs from its element before; true for the first."""
    xp, n = namespace(*keys), keys[0].shape[0]
    new = xp.ones(min(n, 1), dtype=xp.bool)
    if n < 2:
        return new  # type: ignore[no-any-return]
    differs = keys[0][1:] != keys[0][:-1]
    for key in keys[1:]:
        differs = differs | (key[1:] != key[:-1])
    return xp.concat([new, differs])  # type: ignore[no-any-return]


def count_by_code(code: Array, n: int) -> Int64:
    """int64[n], how often each of the codes 0..n-1 occurs."""
    if isinstance(code, np.ndarray):
        return np.bincount(code, minlength=n)
    bounds = _bounds(_sorted(code), n)
    return bounds[1:] - bounds[:-1]


def sum_by_code(code: Array, values: Array, n: int) -> Int64:
    """int64[n], the sum of the `values` (integers or flags) that stand beside each of the codes 0..n-1."""
    xp = namespace(code, values)
    values = xp.astype(values, xp.int64)  # a copy: NumPy's loop over arrays that Numba made is seven times slower
    if isinstance(code, np.ndarray):
        total = np.zeros(n, np.int64)
        np.add.at(total, code, values)
        return total
    order = sort_order([code])
    bounds = _bounds(code[order], n)
    running = running_sum(values[order])
    return running[bounds[1:]] - running[bounds[:-1]]


def least_by_code(code: Array, values: Array, n: int, otherwise: int) -> Array:
    """The least of the `values` beside each of the codes 0..n-1, in their own type; `otherwise` where there are none.

    No value may be greater than `otherwise`.
    """
    return _extreme_by_code(code, values, n, otherwise, greatest=False)


def greatest_by_code(code: Array, values: Array, n: int, otherwise: int) -> Array:
    """As :func:`least_by_code`, for the greatest; no value may be less than `otherwise`."""
    return _extreme_by_code(code, values, n, otherwise, greatest=True)


def _extreme_by_code(code: Array, values: Array, n: int, otherwise: int, greatest: bool) -> Array:
    if isinstance(code, np.ndarray):
        out = np.full(n, otherwise, values.dtype)
        (np.maximum if greatest else np.minimum).at(out, code, values)
        return out
    xp, order = namespace(code, values), sort_order([values, code])
    bounds = _bounds(code[order], n)
    at = bounds[1:] - 1 if greatest else bounds[:-1]
    index = xp.where(bounds[1:] > bounds[:-1], at, order.shape[0])
    return xp.concat([values[order], xp.full(1, otherwise, dtype=values.dtype)])[index]


def bits_by_code(code: Array, values: UInt64, n: int, bits: int) -> UInt64:
    """uint64[n], the bits that are set in any of the `values` beside each of the codes 0..n-1.

    Only the lowest `bits` bits may be set in them.
    """
    if isinstance(code, np.ndarray):
        out = np.zeros(n, np.uint64)
        np.bitwise_or.at(out, code, values)
        return out
    xp = namespace(code, values)
    order = sort_order([code])
    bounds, ordered = _bounds(code[order], n), values[order]
    union = xp.zeros(n, dtype=xp.uint64)
    for bit in range(bits):
        running = running_sum(xp.astype((ordered >> bit) & 1, xp.int64))
        union = union | (xp.astype(running[bounds[1:]] > running[bounds[:-1]], xp.uint64) << bit)
    return union


def spread_over(values: Array, positions: Array, n: int, otherwise: Any) -> Array:
    """An array of n with `values` at these positions, ascending and distinct, and `otherwise` at all others."""
    raise_if_stopped()
    if isinstance(values, np.ndarray):
        out = np.full(n, otherwise, values.dtype)
        out[positions] = values
        return out
    xp = namespace(values, positions)
    every = xp.arange(n, dtype=positions.dtype)
    at = xp.searchsorted(positions, every)
    none = xp.full(1, -1, dtype=positions.dtype)
    inside = xp.concat([positions, none])[at] == every
    index = xp.where(inside, at, positions.shape[0])
    return xp.concat([values, xp.full(1, otherwise, dtype=values.dtype)])[index]


def put_at(values: Array, positions: Array, n: int, otherwise: Any) -> Array:
    """As :func:`spread_over`, where the `positions` are distinct and in any order."""
    if isinstance(values, np.ndarray):
        return spread_over(values, positions, n, otherwise)
    order = sort_order([positions])
    return spread_over(values[order], positions[order], n, otherwise)


def running_sum(values: Array) -> Int64:
    """int64[n + 1], the sums of the first 0, 1, ..., n of some integers."""
    xp = namespace(values)
    if not values.shape[0]:
        return xp.zeros(1, dtype=xp.int64)  # type: ignore[no-any-return]
    return xp.cumulative_sum(values, dtype=xp.int64, include_initial=True)  # type: ignore[no-any-return]


def row_numbers(indptr: Int64, length: int) -> Int64:
    """int64[length], the row of each element of the rows that begin at ``indptr[:-1]``; ``length == indptr[-1]``."""
    if isinstance(indptr, np.ndarray):
        return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    xp = namespace(indptr)
    every = xp.arange(length, dtype=xp.int64)
    return xp.searchsorted(indptr[1:], every, side="right")


def _sorted(values: Array) -> Array:
    xp = namespace(values)
    return xp.sort(values, stable=False) if values.shape[0] > 1 else values


def _bounds(ordered: Array, n: int) -> Int64:
    """int64[n + 1]: where each of the codes 0..n-1 begins among ascending codes, and where the last one ends."""
    xp = namespace(ordered)
    codes = xp.arange(n + 1, dtype=xp.int64)
    return xp.searchsorted(xp.astype(ordered, xp.int64, copy=False), codes)  # type: ignore[no-any-return]
