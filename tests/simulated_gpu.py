"""Stand-ins for what of the GPU engine needs a device.

Our kernels run as compiled, on this processor (compiled_kernels). array-api-strict stands for CuPy, which takes nothing
from the host unasked either, and NetworkX for cuGraph. Only the thinnest seams are replaced, so that everything else is
the engine's own. Import it before any module of kernels.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import array_api_strict
import compiled_kernels  # noqa: F401
import numpy as np
import pylibcugraph_stand_in
import pytest

from gpunet.kernels import jit_cuda

__all__ = ["INFO", "install"]

_from_host = jit_cuda.on_device


def _on_device(array: Any, dtype: Any) -> Any:
    if isinstance(array, array_api_strict._array_object.Array):
        array = np.asarray(array)
        assert array.dtype == np.dtype(dtype), f"{array.dtype} where {np.dtype(dtype)} is due"
        return jit_cuda.cuda.to_device(np.ascontiguousarray(array))  # it is there already: nothing is counted
    return _from_host(array, dtype)


jit_cuda.on_device = _on_device  # before the kernels' modules take it from there

from gpunet.engines.gpu import check, memory, search_chunks, search_plan, searches  # noqa: E402
from gpunet.engines.gpu import engine as gpu_engine  # noqa: E402
from gpunet.tables import arrays  # noqa: E402

INFO = check.GpuInfo("Pretended", "580.65", "13.0", 2**37, "9.0", {"cupy-cuda13x": "14.0"})


class _Cupy:
    """What :mod:`gpunet.tables.arrays` asks of CuPy."""

    @staticmethod
    def asarray(array: Any) -> Any:
        return array_api_strict.asarray(array.copy_to_host() if hasattr(array, "copy_to_host") else array)


def install(patch: pytest.MonkeyPatch) -> None:
    """Put all of it in place."""
    patch.setitem(sys.modules, "pylibcugraph", pylibcugraph_stand_in)
    patch.setattr(arrays, "_device_namespace", lambda: _Cupy)
    patch.setattr(check, "require_gpu", lambda: INFO)
    patch.setattr(memory, "set_up_memory", lambda pool, *, adopt: None)
    few = search_plan.Sizes(threads=16)
    for module, names in (
        (searches, ("all_dependencies", "add_samples", "farness")),
        (search_chunks, ("dependencies", "samples", "farness")),
    ):
        for name in names:
            patch.setattr(module, name, partial(getattr(module, name), sizes=few))
    for name in dir(gpu_engine):
        if name.endswith("_cuda"):
            patch.setattr(gpu_engine, name, partial(getattr(gpu_engine, name), blocks=2, threads=16))
