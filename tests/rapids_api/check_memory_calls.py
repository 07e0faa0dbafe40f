"""What gpunet.engines.gpu.memory rests on in RMM, CuPy, cuDF and Numba, held against the real packages; without a GPU.

The ordinary tests do not collect this file. Calls of RMM and CuPy stand in the tables beside it.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

os.environ.setdefault("RAPIDS_NO_INITIALIZE", "1")

import cupy  # noqa: TID251
import pytest
from numba import cuda  # noqa: TID251
from numba.cuda.cudadrv import driver  # noqa: TID251
from rmm.allocators.cupy import rmm_cupy_allocator
from rmm.allocators.numba import RMMNumbaManager


def test_cupy_and_numba_take_their_memory_from_rmm() -> None:
    assert list(inspect.signature(rmm_cupy_allocator).parameters) == ["nbytes"]
    assert "set_allocator(allocator=None)" in str(cupy.cuda.set_allocator.__doc__)
    assert list(inspect.signature(cuda.set_memory_manager).parameters) == ["mm_plugin"]
    assert RMMNumbaManager(context=None).interface_version == 1
    with pytest.raises(NotImplementedError):  # the reason why free memory is not asked of Numba
        RMMNumbaManager(context=None).get_memory_info()


def test_errors_for_lack_of_memory_are_recognised() -> None:
    from gpunet.kernels.jit_cuda import out_of_memory

    code = driver.binding.CUresult.CUDA_ERROR_OUT_OF_MEMORY
    assert out_of_memory(driver.CudaAPIError(code, f"Call to cuMemAlloc results in {code.name}"))
    assert not out_of_memory(driver.CudaAPIError(driver.binding.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "wrong"))
    assert issubclass(cupy.cuda.memory.OutOfMemoryError, MemoryError)
    assert out_of_memory(cupy.cuda.memory.OutOfMemoryError(10, 0, 0))


def test_numba_has_what_kernels_and_their_callers_use() -> None:
    for name, given in {
        "device_array": ["shape", "dtype"],
        "to_device": ["obj"],
        "as_cuda_array": ["obj"],
        "synchronize": [],
        "current_context": [],
    }.items():
        signature = inspect.signature(getattr(cuda, name))
        signature.bind(*given)
    assert callable(driver.Context.get_memory_info)
    assert set(driver.MemoryInfo._fields) == {"free", "total"}
    for name in ("add", "exch", "or_"):
        assert hasattr(cuda.atomic, name)
    for name in ("popc", "grid", "syncthreads", "threadIdx", "blockIdx", "blockDim", "gridDim", "shared"):
        assert hasattr(cuda, name)


def test_cudf_sets_numbas_memory_when_it_is_imported() -> None:
    """So memory is to be set up afterwards, and CuPy's allocator and Numba's manager are the same as cuDF's."""
    code = (
        "from numba.cuda.cudadrv import driver; assert driver._memory_manager is None; import cudf;"
        "print(driver._memory_manager.__name__)"
    )
    environment = os.environ | {"RAPIDS_NO_INITIALIZE": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.strip() == "RMMNumbaManager", done.stderr
