"""The GPU: what it is, whether gpunet can use it, and when it is done.

CUDA's own packages are imported by name and only when a measurement needs them, for most machines have none.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.versions import installed_version

__all__ = ["GPU_PACKAGES", "copy_seconds", "engine_error", "gpu", "gpu_versions", "on_host", "synchronise"]

#: What results on a GPU depend on, beside the packages that every run names.
GPU_PACKAGES = ("cudf-cu13", "cugraph-cu13", "libcugraph-cu13", "cuml-cu13", "rmm-cu13", "cupy-cuda13x", "numba-cuda")

_ROOT = Path(__file__).resolve().parent.parent

_QUERY = ("name", "driver_version", "memory.total", "compute_cap")

# In a process of its own: an engine may keep most of the GPU's memory for as long as its process lasts.
_PROBE = """
import json
import gpunet
try:
    found = gpunet.path_features(gpunet.network_from_edges([0, 1], [1, 2], 3), engine="gpu")
    right = found["betweenness__all"].tolist() == [0.0, 1.0, 0.0]
    print(json.dumps(None if right else "the GPU engine does not know the middle of a path"))
except gpunet.EngineError as error:
    print(json.dumps(str(error)))
"""


def gpu() -> dict[str, Any] | None:
    """Name, driver, CUDA version of the driver, memory and capability of the first GPU; None where there is none."""
    command = ["nvidia-smi", f"--query-gpu={','.join(_QUERY)}", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    lines = asked.stdout.splitlines()
    if not lines:
        return None
    name, driver, memory, capability = (part.strip() for part in lines[0].split(","))
    size = int(memory) * 2**20 if memory.isdigit() else None  # in MiB; not every device tells
    found = {"name": name, "driver": driver, "cuda": _cuda_of_driver(), "memory_bytes": size}
    return {**found, "capability": capability, "count": len(lines)}


def _cuda_of_driver() -> str | None:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    number = ctypes.c_int()
    if driver.cuDriverGetVersion(ctypes.byref(number)) != 0:
        return None
    return f"{number.value // 1000}.{number.value % 1000 // 10}"


def gpu_versions() -> dict[str, str | None]:
    """Versions of the packages that compute on a GPU, None for one that is missing."""
    return {name: installed_version(name) for name in GPU_PACKAGES}


def engine_error() -> str | None:
    """What gpunet's GPU engine says is missing on this machine; None if it works."""
    path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}
    asked = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, env=environment)
    if asked.returncode != 0:
        return f"the GPU engine cannot be tried: {([*asked.stderr.strip().splitlines()] or ['no message'])[-1]}"
    answer = json.loads(asked.stdout.splitlines()[-1])
    return None if answer is None else str(answer)


def synchronise() -> None:
    """Wait until the GPU has done everything that it was told to do."""
    importlib.import_module("cupy").cuda.runtime.deviceSynchronize()


def copy_seconds(to_device: int, to_host: int) -> float:
    """Seconds of copying so many bytes to the GPU and back, in one piece each, from and to ordinary memory."""
    cupy = importlib.import_module("cupy")
    here, there = np.ones(max(to_device, 1), np.uint8), cupy.ones(max(to_host, 1), np.uint8)
    synchronise()
    began = time.perf_counter()
    sent, fetched = cupy.asarray(here), there.get()
    synchronise()
    seconds = time.perf_counter() - began
    del sent, fetched
    return seconds


def on_host(values: Any) -> Any:
    """An array of the GPU's as NumPy's, any other as it is."""
    return values.get() if hasattr(values, "__cuda_array_interface__") else values
