"""What a Dask worker preloads that has stand-ins for its GPU."""

from __future__ import annotations

import sys
from typing import Any

import compiled_kernels  # noqa: F401
import cugraph_dask_stand_in
import pretend_gpu
import pytest
import simulated_gpu

from gpunet.engines.gpu import memory
from gpunet.kernels import jit_cuda

#: What memory was asked to be set up for.
ASKED: list[Any] = []

_patch = pytest.MonkeyPatch()
simulated_gpu.install(_patch)
pretend_gpu.install(_patch)
_patch.setitem(sys.modules, "cudf", cugraph_dask_stand_in.CUDF)
_patch.setattr(memory, "set_up_memory", lambda pool, *, adopt: ASKED.append((pool, adopt)))


def free(size: int | None) -> None:
    """Let so many bytes of the device be free; all that there are if None."""
    jit_cuda._FREE[:] = [] if size is None else [lambda: size]


def held() -> tuple[int, int]:
    """Layouts and networks on the device."""
    from gpunet.cluster import gpu_worker
    from gpunet.engines.gpu import search_chunks

    return len(search_chunks._NETWORKS), len(gpu_worker._PLACED)


def asked() -> list[Any]:
    return ASKED
