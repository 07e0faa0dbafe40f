"""The one place that holds the options of Numba's CUDA compiler, and that knows where it comes from.

Only CUDA kernels import this one (:mod:`gpunet.kernels.cuda`, and ``loops_cuda`` of models), and only a GPU engine
those: without numba-cuda the rest of the package works. Tests run kernels as compiled without a device
(``tests/compiled_kernels``), and hold every access against all others that have no order.

Kernels use no warp operations. Where two threads may touch a place between two barriers and any order will do, a
comment at the line or right above it says "any order", and why.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gpunet.base.errors import EngineError, ResourceError
from gpunet.base.transfers import count_to_device, count_to_host
from gpunet.kernels.jit import sources_digest

try:
    from numba import cuda as _cuda  # noqa: TID251
except ImportError as error:
    raise EngineError("the CUDA kernels need numba-cuda, which is not installed: pip install numba-cuda") from error

cuda: Any = _cuda

# The kernels' numbers of blocks are chosen on purpose, and a small network has few.
warnings.filterwarnings("ignore", message="Grid size .* under-utilization")

__all__ = [
    "Kernel",
    "TooLittleMemoryError",
    "cuda",
    "device",
    "free_bytes",
    "halving",
    "kernel",
    "most_that_fit",
    "on_device",
    "on_host",
    "out_of_memory",
    "synchronize",
    "take_memory_from",
    "zeros",
]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_FILL_THREADS = 256

# What to ask for the free memory, if not the device itself.
_FREE: list[Callable[[], int]] = []

_DIGEST = sources_digest(cuda=True)


class TooLittleMemoryError(MemoryError):
    """The device's memory does not suffice for the smallest step of some work."""


class Kernel(Protocol):
    """What is started as ``kernel[blocks, threads](...)``."""

    def __getitem__(self, shape: tuple[int, int]) -> Callable[..., None]:
        """Say how many blocks of how many threads."""


def kernel(function: Callable[..., None]) -> Kernel:
    """Compile `function` for the device, where it can be started: cached on disk, IEEE arithmetic (no fast-math)."""
    function.__qualname__ = f"{function.__qualname__}_{_DIGEST}"  # as in gpunet.kernels.jit
    try:
        return cast(Kernel, cuda.jit(cache=True)(function))
    except RuntimeError:  # neither the package's folder nor the user's can be written to: compiled by each process
        return cast(Kernel, cuda.jit()(function))


def device(function: F) -> F:
    """Compile `function` for the device, for kernels to call."""
    return cast(F, cuda.jit(device=True)(function))


def on_device(array: Any, dtype: DTypeLike) -> Any:
    """`array` in the device's memory, as `dtype`: a copy of one that is in the host's, else the memory that it has.

    Raises
    ------
    TypeError
        If an array that is on the device has another type.
    """
    if isinstance(array, np.ndarray):
        host = np.ascontiguousarray(array, dtype=dtype)
        count_to_device(host.nbytes)
        return cuda.to_device(host)
    if np.dtype(array.dtype) != np.dtype(dtype):
        raise TypeError(f"an array on the device must be {np.dtype(dtype)} here, not {array.dtype}")
    return cuda.as_cuda_array(array) if hasattr(array, "__cuda_array_interface__") else array


def on_host(array: Any) -> NDArray[Any]:
    """A copy of an array of Numba's in the host's memory."""
    host = np.asarray(array.copy_to_host())
    count_to_host(host.nbytes)
    return host


def zeros(size: int, dtype: DTypeLike) -> Any:
    """An array of zeros on the device, which does not cross from the host."""
    array = cuda.device_array(size, dtype)
    if size:
        _fill[-(-size // _FILL_THREADS), _FILL_THREADS](array, np.dtype(dtype).type(0))
    return array


@kernel
def _fill(array: Any, value: Any) -> None:
    i = cuda.grid(1)
    if i < len(array):
        array[i] = value


def synchronize() -> None:
    """Wait for the device, so that errors of kernels that were started are raised here."""
    cuda.synchronize()


# What libraries say whose errors are of no type of their own: Numba, the CUDA runtime, RMM through cuGraph or XGBoost.
_NO_MEMORY = ("CUDA_ERROR_OUT_OF_MEMORY", "cudaErrorMemoryAllocation", "bad_alloc", "out_of_memory")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device's memory does not suffice, whichever library it comes from."""
    if isinstance(error, MemoryError):  # also RMM's, cuDF's and CuPy's
        return not type(error).__module__.startswith("numpy")  # that is the host's
    return any(text in str(error) for text in _NO_MEMORY)


def take_memory_from(manager: Any, free: Callable[[], int]) -> None:
    """Let Numba take the device's memory from a pool; `free` says how much the pool has left.

    A pool's manager for Numba does not tell. Call it before Numba first uses the device: later it changes nothing.
    """
    cuda.set_memory_manager(manager)
    _FREE.append(free)


def free_bytes() -> int:
    """Bytes of the device's memory that can be taken: of the pool, if there is one."""
    if _FREE:
        return _FREE[-1]()
    free, _ = cuda.current_context().get_memory_info()
    return int(min(free, np.iinfo(np.int64).max))


def most_that_fit(make: Callable[[int], T], each: int, most: int, share: float = 0.8) -> T:
    """``make(blocks)`` for as many blocks as a share of the free memory holds at `each` bytes, and at most `most`.

    Free memory may be in pieces that are too small. Where `make` runs out of it, half as many are tried.

    Raises
    ------
    EngineError
        If there is no memory for one block.
    """
    try:
        return halving(make, min(most, max(1, int(free_bytes() * share // each))))
    except TooLittleMemoryError as error:
        raise ResourceError(
            f"a search needs {each:,} bytes of GPU memory at least, and {free_bytes():,} are free: use a GPU with "
            "more memory, or --engine cpu"
        ) from error


def halving(work: Callable[[int], T], size: int, least: int = 1) -> T:
    """``work(size)``; where that runs out of the device's memory, with half the size, and so on.

    Raises
    ------
    TooLittleMemoryError
        If the memory does not suffice even for the least size.
    """
    while True:
        try:
            return work(size)
        except Exception as error:
            if not out_of_memory(error):
                raise
            if size <= least:
                raise TooLittleMemoryError(f"not enough memory on the device for a size of {size}: {error}") from error
        gc.collect()  # what the failed attempt has left
        size = max((size + 1) // 2, least)
