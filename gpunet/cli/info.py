"""What this machine offers: versions, engines, and what a GPU would need."""

from __future__ import annotations

import ctypes
import platform

from gpunet.base.errors import EngineError
from gpunet.base.threads import available_threads
from gpunet.base.versions import package_versions
from gpunet.runs.manifest import versions

__all__ = ["describe"]

#: What the extra ``gpu`` brings, as the distributions are named.
_GPU_PACKAGES = (
    "cudf-cu13",
    "pylibcugraph-cu13",
    "cugraph-cu13",
    "cuml-cu13",
    "rmm-cu13",
    "cupy-cuda13x",
    "numba-cuda",
    "dask-cuda",
    "dask-cudf-cu13",
)


def describe() -> str:
    """Return the text that ``gpunet info`` prints.

    The GPU engine is asked for as a run would ask for it: where it cannot be had, the text has the sentence with which
    a run would stop.
    """
    of_gpunet, python, *packages = versions().items()
    lines = [f"gpunet {of_gpunet[1]} on Python {python[1]}, {platform.platform()}", ""]
    lines += ["Packages", *(_line(name, found or "missing") for name, found in packages)]
    lines += ["", "For a GPU", _line("driver", _driver())]
    lines += [_line(name, found or "missing") for name, found in package_versions(_GPU_PACKAGES).items()]
    lines += ["", "Engines", _line("cpu", f"available, {available_threads()} threads"), _line("gpu", _gpu())]
    return "\n".join(lines)


def _line(name: str, text: str) -> str:
    return f"  {name:17} {text}"


def _driver() -> str:
    """The CUDA version of NVIDIA's driver, asked of the driver itself, whatever packages there are."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "missing"
    number = ctypes.c_int()
    if driver.cuDriverGetVersion(ctypes.byref(number)) != 0:
        return "found, but it does not answer"
    return f"for CUDA {number.value // 1000}.{number.value % 1000 // 10}"


def _gpu() -> str:
    """The GPU that the engine would use, or why it cannot."""
    from gpunet.engines.gpu.check import require_gpu

    try:
        found = require_gpu()
    except EngineError as error:
        return f"not available: {error}"
    memory = found.memory_bytes / 2**30
    return (
        f"available, {found.name} with {memory:.0f} GiB, compute capability {found.compute_capability}, driver "
        f"{found.driver} for CUDA {found.cuda}"
    )
