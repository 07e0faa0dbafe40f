"""What every Python of a rehearsal (``scripts/measure_gpu.py --rehearse``) begins with: a GPU that is none.

Kernels run on the processor. Where RAPIDS is needed, other libraries stand for it: for the GPU engine those of
tests/cuda_engine.py, for cuGraph beside it those of tests/pretended_rapids.py, for several GPUs those of
tests/dask_cuda_stand_in.py. GPUNET_REHEARSAL names the modules that are needed.
"""

from __future__ import annotations

import os
import sys
import traceback
from types import SimpleNamespace
from typing import Any

NEEDED = os.environ.get("GPUNET_REHEARSAL", "").split()


def _engine() -> None:
    """The GPU engine's libraries."""
    import cudf_stand_in
    import numpy as np
    import pretend_gpu
    import pytest
    import simulated_gpu

    patch = pytest.MonkeyPatch()
    simulated_gpu.install(patch)
    if "xgboost" not in NEEDED:
        return
    from gpunet.model import matrix, table

    column = matrix.column
    patch.setitem(sys.modules, "cudf", cudf_stand_in)
    pretend_gpu.install(patch)
    patch.setattr(table, "column", lambda series, device: matrix.place(np.asarray(column(series, "gpu")), device))


def _memory() -> None:
    """RMM, as far as tests of little memory ask it to hold some."""
    from compiled_kernels import memory

    def hold(size: int, mr: object) -> object:
        memory.limit_memory(memory.memory_bytes() - size)
        return mr

    known = {"available_device_memory": lambda: (memory.free_bytes(), memory.memory_bytes())}
    mr = SimpleNamespace(**known, CudaMemoryResource=object)
    sys.modules["rmm"] = SimpleNamespace(mr=mr, DeviceBuffer=hold)  # type: ignore[assignment]


def _cugraph() -> None:
    """What stands beside the GPU engine."""
    import pytest
    from pretended_rapids import OnDevice, rapids

    rapids.__wrapped__(pytest.MonkeyPatch())
    cupy: Any = sys.modules["cupy"]
    cupy.ndarray = cupy.generic = OnDevice  # what array-api-compat asks every array about
    _benchmarks()


def _benchmarks() -> None:
    """What the suite asks the machine, and what is installed, before it measures anything on a GPU."""
    from benchmarks import versions

    known = versions.installed_version
    versions.installed_version = lambda package: known(package) or ("0" if package.endswith("-cu13") else None)
    from benchmarks import device

    device.gpu = lambda: {"name": "none", "driver": "none", "cuda": None, "memory_bytes": None, "count": 0}


def _gpus() -> None:
    """Several GPUs, as far as the process that starts workers knows them; these load tests/simulated_worker.py."""
    import cugraph_dask_stand_in
    import dask_cuda_stand_in
    import pytest

    from gpunet.cluster import gpus
    from gpunet.model import boosting

    patch = pytest.MonkeyPatch()
    cugraph_dask_stand_in.install(patch)
    patch.setitem(sys.modules, "dask_cuda", dask_cuda_stand_in)
    patch.setattr(gpus, "require_device", lambda: None)
    patch.setattr(gpus, "count_devices", lambda: dask_cuda_stand_in.GPUS)
    patch.setitem(boosting.DEVICE, "gpu", "cpu")


def _begin() -> None:
    if "dask_cuda" in NEEDED:
        _gpus()
        return
    import compiled_kernels  # noqa: F401

    if {"cudf", "cupy"} & set(NEEDED):
        _engine()
    if "rmm" in NEEDED:
        _memory()
    if "cugraph" in NEEDED:
        _cugraph()


if "GPUNET_REHEARSAL" in os.environ:
    try:
        _begin()
    except BaseException:  # Python would go on without any of it
        traceback.print_exc()
        os._exit(70)
