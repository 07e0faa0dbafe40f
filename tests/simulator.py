"""Makes Numba's CUDA simulator fit for tests; imported by the files that run kernels on it, ahead of the kernels."""

from __future__ import annotations

import os
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

    The simulator asks all its threads again and again whether they wait; here the last one wakes the others. It makes a
    block's shared array when a thread first asks for it, without a lock, so that two threads that ask at once may have
    one each. And the memory that it gives is often zero by chance, as a device's is not.
    """
    sys.setswitchinterval(2e-4)
    if not config.ENABLE_CUDASIM:
        return
    _keep_to_one_processor()
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
        return self.fn(*arguments)  # its kernel has put the simulator's module in place

    if start.__name__ != "checked":
        kernel.FakeCUDAKernel.__call__ = checked
    kernel.BlockManager = _block_manager(kernel)
    kernel.FakeWithinKernelCUDAArray = lambda array: array._ary
    kernelapi.FakeCUDAShared = Shared
    cuda.device_array = used


def _keep_to_one_processor() -> None:
    """Threads that take turns by Python's lock take twice as long for it on several."""
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[os.getpid() % len(processors)]})


def _rubbish(array: np.ndarray) -> np.ndarray:
    array.reshape(-1).view(np.uint8)[:] = 0xA5
    return array


def _block_manager(kernel: Any) -> type:
    """A block whose threads sleep at the barrier until all that have not ended yet are there."""

    class Thread(kernel.BlockThread):  # type: ignore[misc]
        def run(self) -> None:
            super().run()
            with self._manager.barrier:
                self._manager.failed |= self.exception is not None
                self._manager.running -= 1
                self._manager.pass_if_all_wait()

        def syncthreads(self) -> None:
            block = self._manager
            with block.barrier:
                block.waiting += 1
                passed = block.passed
                block.pass_if_all_wait()
                block.barrier.wait_for(lambda: block.passed > passed or block.failed)
                if block.failed:
                    raise RuntimeError("another thread of the block has failed")

    class Block(kernel.BlockManager):  # type: ignore[misc]
        def run(self, grid_point: Any, *args: Any) -> None:
            self.barrier, self.passed, self.waiting, self.failed = threading.Condition(), 0, 0, False
            points = list(np.ndindex(*self._block_dim))
            self.running = len(points)
            threads = [Thread(lambda: self._f(*args), self, grid_point, point, self._debug) for point in points]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            errors = [thread.exception for thread in threads if thread.exception]
            if errors:
                error, traceback = min(errors, key=lambda each: "another thread" in str(each[0]))
                raise error.with_traceback(traceback)

        def pass_if_all_wait(self) -> None:
            if self.waiting == self.running or self.failed:
                self.passed, self.waiting = self.passed + 1, 0
                self.barrier.notify_all()

    return Block
