"""What this machine offers: versions, engines, and what a GPU would need."""

from __future__ import annotations

import ctypes
import platform
from importlib.metadata import PackageNotFoundError, version

from gpunet.manifest import versions
from gpunet.parallel import available_threads

__all__ = ["describe"]

# The CUDA 13 wheels of RAPIDS, as their distributions are named.
_GPU_PACKAGES = ("cudf-cu13", "cugraph-cu13", "cuml-cu13", "cupy-cuda13x", "numba-cuda", "dask-cuda")


def describe() -> str:
    """Return the text that ``gpunet info`` prints."""
    lines = [f"gpunet {versions()['gpunet']} on Python {platform.python_version()}, {platform.platform()}", ""]
    lines += ["Packages", *[f"  {name:14} {found or 'missing'}" for name, found in versions().items()][2:]]
    lines += ["", "Engines", f"  cpu            available, {available_threads()} threads"]
    lines += ["  gpu            not in this version of gpunet", "", "For a GPU this machine has"]
    lines += [f"  {'driver':14} {_driver()}"]
    lines += [f"  {name:14} {_installed(name)}" for name in _GPU_PACKAGES]
    return "\n".join(lines)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _driver() -> str:
    """The CUDA version of NVIDIA's driver, asked of the driver itself."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "missing (no NVIDIA driver found)"
    number = ctypes.c_int()
    if driver.cuDriverGetVersion(ctypes.byref(number)) != 0:
        return "found, but it does not answer"
    return f"for CUDA {number.value // 1000}.{number.value % 1000 // 10}"
