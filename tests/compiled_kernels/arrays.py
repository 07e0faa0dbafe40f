"""Arrays on the device: what Numba's have of what the engine and its tests use. None of them is an ndarray."""

from __future__ import annotations

from typing import Any

import numpy as np

from compiled_kernels import settings
from compiled_kernels.memory import Allocation

__all__ = ["DeviceArray", "device_array", "to_device"]


class DeviceArray:
    """An array in the device's memory, or a view of one."""

    def __init__(self, held: np.ndarray, allocation: Allocation) -> None:
        self.held, self.allocation = held, allocation

    dtype = property(lambda self: self.held.dtype)
    shape = property(lambda self: self.held.shape)
    strides = property(lambda self: self.held.strides)
    size = property(lambda self: self.held.size)
    ndim = property(lambda self: self.held.ndim)
    nbytes = property(lambda self: self.held.nbytes)
    itemsize = property(lambda self: self.held.itemsize)

    def __len__(self) -> int:
        return len(self.held)

    def __array__(self, *given: Any, **named: Any) -> np.ndarray:
        raise TypeError("an array on the device is no array of the host's: copy_to_host()")

    def __getitem__(self, key: Any) -> Any:
        found = self.held[key]
        return DeviceArray(found, self.allocation) if isinstance(found, np.ndarray) else found

    def reshape(self, *shape: Any) -> DeviceArray:
        return DeviceArray(self._contiguous().reshape(*shape), self.allocation)

    def ravel(self) -> DeviceArray:
        return self.reshape(-1)

    def view(self, dtype: Any) -> DeviceArray:
        assert np.dtype(dtype).itemsize == self.itemsize, "a view's elements must be as long as the array's"
        return DeviceArray(self.held.view(dtype), self.allocation)

    def copy_to_host(self, ary: np.ndarray | None = None, stream: int = 0) -> np.ndarray:
        if ary is None:
            return self.held.copy()
        ary[...] = self.held
        return ary

    def copy_to_device(self, ary: Any, stream: int = 0) -> None:
        self._contiguous()[...] = ary.held if isinstance(ary, DeviceArray) else np.asarray(ary)
        if self.allocation.has_shadow:
            self.allocation.set_written(self.allocation.offset(self.held.ctypes.data), self.nbytes)

    def _contiguous(self) -> np.ndarray:
        assert self.held.flags.c_contiguous, "a view with gaps"
        return self.held


def device_array(shape: Any, dtype: Any = np.float64, *given: Any, **named: Any) -> DeviceArray:
    """An array of rubbish."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    allocation = Allocation(size, dtype.itemsize)
    if settings.build == "checked":
        allocation.watch()
    return DeviceArray(allocation.bytes.view(dtype).reshape(shape), allocation)


def to_device(array: Any, *given: Any, **named: Any) -> DeviceArray:
    """A copy on the device."""
    array = np.ascontiguousarray(array) if np.ndim(array) else np.asarray(array)
    made = device_array(array.shape, array.dtype)
    made.copy_to_device(array)
    return made
