"""Makes Numba's CUDA simulator fit for tests; imported by the files that run kernels on it, ahead of the kernels."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
from numba import config

__all__ = ["prepare"]


def prepare() -> None:
    """Let threads take turns often, share what is shared, and find nothing in memory but what they have put there.

    Kernels are refused what a device refuses: no blocks, no threads or more than 1,024, and arrays in the host's memory
    (which Numba would copy there and back, uncounted).

    The simulator's threads wait for each other by polling: with Python's usual 5 ms a turn they mostly wait. It makes
    a block's shared array when a thread first asks for it, without a lock, so that two threads that ask at once may
    have one each. And the memory that it gives is often zero by chance, as a device's is not.
    """
    sys.setswitchinterval(2e-4)
    if not config.ENABLE_CUDASIM:
        return
    from numba import cuda  # noqa: TID251
    from numba.cuda.simulator import kernel, kernelapi  # noqa: TID251

    lock = threading.Lock()
    device_array = cuda.device_array
    start = kernel.FakeCUDAKernel.__call__

    class Shared(kernelapi.FakeCUDAShared):  # type: ignore[misc]
        def array(self, shape: Any, dtype: Any) -> Any:
            line = sys._getframe(1)
            with lock:
                return self._allocations.setdefault((line.f_code, line.f_lineno), _rubbish(np.empty(shape, dtype)))

    def used(*given: Any, **named: Any) -> Any:
        array = device_array(*given, **named)
        _rubbish(array._ary)
        return array

    def checked(self: Any, *arguments: Any) -> Any:
        if self.block_dim is not None:  # functions that kernels call have none
            assert min(*self.grid_dim, *self.block_dim) >= 1, f"{self.fn.__name__} is started with nothing to do"
            assert self.block_dim[0] <= 1024
            assert not any(isinstance(each, np.ndarray) for each in arguments), "an array that is not on the device"
        return start(self, *arguments)

    if start.__name__ != "checked":
        kernel.FakeCUDAKernel.__call__ = checked
    kernelapi.FakeCUDAShared = Shared
    cuda.device_array = used


def _rubbish(array: np.ndarray) -> np.ndarray:
    array.reshape(-1).view(np.uint8)[:] = 0xA5
    return array
