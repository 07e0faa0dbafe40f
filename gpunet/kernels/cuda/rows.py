"""What several CUDA kernels share: filled arrays, sizes of grids, and searches in sorted rows and in short lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gpunet.base.array_types import Int32, Int64
from gpunet.kernels.jit_cuda import cuda, device, kernel

__all__ = ["filled", "grid_size", "holds", "lists", "row_of", "smaller"]

#: The most blocks of a kernel whose threads go through their work in strides: enough to fill any device of today.
GRID = 4096

_THREADS = 256


def filled(
    shape: tuple[int, ...], dtype: DTypeLike, value: int, blocks: int | None = None, threads: int = _THREADS
) -> Any:
    """An array in the device's memory that holds `value` everywhere; nothing crosses from the host for it."""
    size = int(np.prod(shape, dtype=np.int64))
    if not size:
        return cuda.device_array(shape, dtype)
    flat = cuda.device_array(size, dtype)
    _fill[grid_size(size, threads, blocks), threads](flat, value)
    return flat.reshape(*shape)


def grid_size(work: int, threads: int, blocks: int | None = None) -> int:
    """How many blocks to start for so many pieces of work, a thread each: at least one, at most `blocks`."""
    return max(1, min(-(-work // threads), blocks or GRID))


@kernel
def _fill(flat: NDArray[Any], value: int) -> None:
    for i in range(cuda.grid(1), len(flat), cuda.gridsize(1)):
        flat[i] = value


@device
def smaller(values: NDArray[Any], begin: int, end: int, bound: int) -> int:
    """The first place of the ascending ``values[begin:end]`` whose value is not below `bound`; `end` if there is none.

    For ``begin == 0`` this is how many are smaller.
    """
    while begin < end:
        middle = (begin + end) >> 1
        if values[middle] < bound:
            begin = middle + 1
        else:
            end = middle
    return begin


@device
def holds(indices: Int32, begin: int, end: int, x: int) -> bool:
    """Whether x is among the ascending ``indices[begin:end]``."""
    at = smaller(indices, begin, end, x)
    return bool(at < end and indices[at] == x)


@device
def row_of(indptr: Int64, e: int) -> int:
    """The row in which place e of all rows lies: ``indptr[row] <= e < indptr[row + 1]``."""
    return smaller(indptr, 0, len(indptr), e + 1) - 1


@device
def lists(values: Int32, size: int, x: int) -> bool:
    """Whether x is among ``values[:size]``, in any order."""
    for i in range(size):  # noqa: SIM110 - any() of a generator does not compile
        if values[i] == x:
            return True
    return False
