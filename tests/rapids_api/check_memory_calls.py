"""Calls of gpunet.gpu.memory and gpunet.kernels.jit_cuda, held against the real RMM, CuPy and Numba; needs no GPU."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("RAPIDS_NO_INITIALIZE", "1")

import cupy
import pytest
import rmm.mr
from numba import cuda
from numba.cuda.cudadrv import driver
from rmm.allocators.cupy import rmm_cupy_allocator
from rmm.allocators.numba import RMMNumbaManager


@pytest.fixture(scope="module")
def stubs() -> dict[str, ast.ClassDef]:
    """RMM's classes are compiled: their parameters stand in the stubs beside them."""
    folder = Path(rmm.mr.__file__).parents[1] / "pylibrmm" / "memory_resource"
    tree = ast.parse((folder / "_memory_resource.pyi").read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def parameters(stubs: dict[str, ast.ClassDef], name: str) -> list[str]:
    begin = next(node for node in stubs[name].body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    return [argument.arg for argument in begin.args.args][1:]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("CudaAsyncMemoryResource", ["release_threshold"]),
        ("PoolMemoryResource", ["upstream_mr", "initial_pool_size", "maximum_pool_size"]),
        ("LimitingResourceAdaptor", ["upstream_mr", "allocation_limit"]),
    ],
)
def test_resources_take_what_they_are_given(stubs: dict[str, ast.ClassDef], name: str, given: list[str]) -> None:
    assert hasattr(rmm.mr, name)
    assert [parameter for parameter in parameters(stubs, name) if parameter in given] == given


def test_a_limit_takes_two_things_in_this_order_and_counts(stubs: dict[str, ast.ClassDef]) -> None:
    assert parameters(stubs, "LimitingResourceAdaptor") == ["upstream_mr", "allocation_limit"]
    assert parameters(stubs, "CudaMemoryResource") == []
    assert list(inspect.signature(rmm.mr.LimitingResourceAdaptor.get_allocated_bytes).parameters) == ["self"]


def test_the_current_resource_and_free_memory() -> None:
    assert list(inspect.signature(rmm.mr.set_current_device_resource).parameters) == ["mr"]
    assert not inspect.signature(rmm.mr.available_device_memory).parameters


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
