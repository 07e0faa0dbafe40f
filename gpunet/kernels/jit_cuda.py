"""The one place that holds the options of Numba's CUDA compiler, and that knows where it comes from.

Only the modules named ``*_cuda`` import this one, and only a GPU engine imports those: without numba-cuda the rest of
the package works. With ``NUMBA_ENABLE_CUDASIM=1`` in the environment before Numba is first imported, kernels run on
Numba's simulator, which needs no device: one Python thread stands for each thread of the device.

Kernels use no warp operations, which the simulator lacks. Functions that name ``cuda`` must be in the module of the
kernel that calls them: the simulator puts its own in that module's place.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gpunet.errors import EngineError
from gpunet.kernels.jit import SOURCES_DIGEST

try:
    from numba import cuda as _cuda  # noqa: TID251
except ImportError as error:
    raise EngineError("the CUDA kernels need numba-cuda, which is not installed: pip install numba-cuda") from error

cuda: Any = _cuda

# The kernels' numbers of blocks are chosen on purpose, and a small network has few.
warnings.filterwarnings("ignore", message="Grid size .* under-utilization")

__all__ = ["Kernel", "blocks_that_fit", "cuda", "device", "kernel", "on_device"]

F = TypeVar("F", bound=Callable[..., Any])


class Kernel(Protocol):
    """What is started as ``kernel[blocks, threads](...)``."""

    def __getitem__(self, shape: tuple[int, int]) -> Callable[..., None]:
        """Say how many blocks of how many threads."""


def kernel(function: Callable[..., None]) -> Kernel:
    """Compile `function` for the device, where it can be started: cached on disk, IEEE arithmetic (no fast-math)."""
    function.__qualname__ = f"{function.__qualname__}_{SOURCES_DIGEST}"  # as in gpunet.kernels.jit
    return cast(Kernel, cuda.jit(cache=True)(function))


def device(function: F) -> F:
    """Compile `function` for the device, for kernels to call."""
    return cast(F, cuda.jit(device=True)(function))


def on_device(array: NDArray[Any], dtype: DTypeLike) -> Any:
    """A copy of `array` in the device's memory, as `dtype`."""
    return cuda.to_device(np.ascontiguousarray(array, dtype=dtype))


def blocks_that_fit(block_bytes: int, most: int, share: float = 0.8) -> int:
    """How many blocks of so many bytes of workspace, at most `most`, have room in a share of the free memory.

    Raises
    ------
    EngineError
        If not even one has.
    """
    free, _ = cuda.current_context().get_memory_info()
    fit = free * share / block_bytes  # the simulator's memory is infinite
    if fit < 1:
        raise EngineError(f"a search needs {block_bytes:,} bytes of GPU memory, and {free:,} are free")
    return int(min(fit, most))
