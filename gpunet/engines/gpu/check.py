"""Is there a GPU that the engine can use? If not, one sentence says what is missing and what to do about it.

The driver is asked through its own library, so that a machine without one, or with an old one, gets an answer and not
an import error from deep inside a package. Nothing here imports a GPU package before it is known to be of use.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gpunet.base.errors import EngineError
from gpunet.base.versions import package_versions

__all__ = ["Device", "GpuInfo", "count_devices", "import_library", "require_device", "require_gpu"]

#: Modules that every run on the GPU imports, and the packages they come in.
LIBRARIES: Mapping[str, str] = {
    "numba_cuda": "numba-cuda",
    "cupy": "cupy-cuda13x",
    "rmm": "rmm-cu13",
    "cudf": "cudf-cu13",
    "pylibcugraph": "pylibcugraph-cu13",
}

#: Modules that parts of a run import when they come to them.
FURTHER: Mapping[str, str] = {
    "dask_cuda": "dask-cuda",
    "dask_cudf": "dask-cudf-cu13",
    "cugraph": "cugraph-cu13",
    "cuml": "cuml-cu13",
}

#: The oldest that RAPIDS 26.10 supports with CUDA 13 (its page on platform support): Turing.
_CUDA = (13, 0)
_DRIVER = "580"
_CAPABILITY = (7, 5)

_INSTALL = 'pip install "gpunet[gpu]"'
_OR_CPU = "or use --engine cpu"

#: Codes of the driver (cuda.h) that have a sentence of their own.
_NO_DEVICE = 100
_MEANINGS = {
    2: "out of memory",
    34: "libcuda.so.1 is the CUDA toolkit's stub, not the driver's library",
    101: "CUDA_VISIBLE_DEVICES names a device that is not there",
    802: "the GPUs' fabric is not yet initialised",
    803: "the driver and its library are of different versions (a restart is due after an update)",
    804: "forward compatibility is not supported on this GPU",
    999: "unknown error; on a machine that slept, reloading the module nvidia_uvm can help",
}

_COMPUTE_CAPABILITY_MAJOR = 75  # CUdevice_attribute
_COMPUTE_CAPABILITY_MINOR = 76


@dataclass(frozen=True)
class GpuInfo:
    """The GPU that is used, for the manifest and for ``gpunet info``.

    Attributes
    ----------
    name
        As the driver calls it.
    driver
        Version of the driver, e.g. "580.65.06"; "unknown" where it does not tell.
    cuda
        The CUDA version that the driver supports, e.g. "13.0".
    memory_bytes
        The device's whole memory.
    compute_capability
        E.g. "9.0".
    versions
        Package to version, of the packages installed.
    """

    name: str
    driver: str
    cuda: str
    memory_bytes: int
    compute_capability: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Device:
    """A GPU as the driver describes it."""

    name: str
    memory_bytes: int
    capability: tuple[int, int]


class _DriverError(Exception):
    """A call of the driver did not succeed; `code` is its CUresult."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def require_gpu() -> GpuInfo:
    """Describe the GPU that the engine will use, after making sure that it can.

    That is the first of those that CUDA_VISIBLE_DEVICES leaves visible. The packages are imported last, which takes
    some seconds the first time; the run needs them anyway.

    Raises
    ------
    EngineError
        If a package is missing or cannot be imported, there is no driver or no device, or either is too old. The text
        is one sentence that says which, and what to do.
    """
    cuda, device = require_device()
    for name in LIBRARIES:
        import_library(name)
    # Those with no version are installed under another name, as from conda.
    versions = package_versions([*LIBRARIES.values(), *FURTHER.values()])
    return GpuInfo(
        device.name,
        _driver_version(),
        _dotted(cuda),
        device.memory_bytes,
        _dotted(device.capability),
        {package: found for package, found in versions.items() if found is not None},
    )


def require_device() -> tuple[tuple[int, int], Device]:
    """The driver's CUDA and the first GPU, after making sure of all that :func:`require_gpu` does but imports.

    No memory of a GPU is taken, so a process can ask that leaves the GPUs to others.

    Raises
    ------
    EngineError
        As for :func:`require_gpu`.
    """
    _require_packages()
    driver = _load_driver()
    if driver is None:
        raise EngineError(
            f"the GPU engine found no NVIDIA driver on this machine: install driver {_DRIVER} or later, {_OR_CPU}"
        )
    try:
        cuda = _cuda_version(driver)
        _require_cuda(cuda)
        device = _first_device(driver)
    except _DriverError as error:
        meaning = _MEANINGS.get(error.code, "see CUresult in NVIDIA's documentation of the driver")
        raise EngineError(
            f"the NVIDIA driver {_driver_version()} could not be started (code {error.code}: {meaning}): see that "
            f"nvidia-smi works, {_OR_CPU}"
        ) from error
    if device.capability < _CAPABILITY:
        raise EngineError(
            f"the GPU {device.name} has compute capability {_dotted(device.capability)}, and the GPU engine needs "
            f"{_dotted(_CAPABILITY)} (Turing) or later: choose another with CUDA_VISIBLE_DEVICES, {_OR_CPU}"
        )
    return cuda, device


def count_devices() -> int:
    """How many GPUs this process can see; to be asked when :func:`require_device` has found one."""
    return len(_devices(_load_driver()))


def import_library(name: str) -> Any:
    """The module `name`, one of the GPU packages, imported.

    Raises
    ------
    EngineError
        If it is not installed, or if importing it fails.
    """
    package = LIBRARIES.get(name) or FURTHER.get(name, name)
    try:
        return import_module(name)
    except Exception as error:  # a library that will not load raises what it likes
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            raise EngineError(f"the GPU engine needs {package}, which is not installed: {_INSTALL}") from error
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise EngineError(
            f"{package} is installed, but importing it fails ({reason}): {_INSTALL} in a new environment"
        ) from error


def _require_packages() -> None:
    missing = [package for module, package in LIBRARIES.items() if not _is_installed(module)]
    if not missing:
        return
    where = "" if _platform() == "linux" else ", on Linux or in WSL, which is where RAPIDS runs"
    verb = "is" if len(missing) == 1 else "are"
    raise EngineError(f"the GPU engine needs {', '.join(missing)}, which {verb} not installed: {_INSTALL}{where}")


def _require_cuda(cuda: tuple[int, int]) -> None:
    if cuda < _CUDA:
        raise EngineError(
            f"the NVIDIA driver {_driver_version()} supports CUDA {_dotted(cuda)}, and the GPU engine needs CUDA "
            f"{_dotted(_CUDA)}: install driver {_DRIVER} or later, {_OR_CPU}"
        )


def _first_device(driver: Any) -> Device:
    try:
        devices = _devices(driver)
    except _DriverError as error:
        if error.code != _NO_DEVICE:
            raise
        devices = []
    if devices:
        return devices[0]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        raise EngineError(
            f"CUDA_VISIBLE_DEVICES is {visible!r}, which hides every GPU: unset it or name one that nvidia-smi lists, "
            f"{_OR_CPU}"
        )
    raise EngineError(
        f"the NVIDIA driver {_driver_version()} finds no GPU: see what nvidia-smi says (a container has to be given "
        f"its GPUs), {_OR_CPU}"
    )


def _dotted(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"


# The probes. Tests put others in their place, so each does one thing.


def _platform() -> str:
    return sys.platform


def _is_installed(module: str) -> bool:
    return find_spec(module) is not None


def _load_driver() -> Any:
    """The driver's library, or None where there is none."""
    try:
        return ctypes.CDLL("nvcuda.dll" if _platform() == "win32" else "libcuda.so.1")
    except OSError:
        return None


def _driver_version() -> str:
    """The version that NVIDIA gives the driver, or "unknown"."""
    try:
        pynvml = import_module("pynvml")
        pynvml.nvmlInit()
        try:
            return str(pynvml.nvmlSystemGetDriverVersion())
        finally:
            pynvml.nvmlShutdown()
    except Exception:  # it is for the message alone
        return "unknown"


def _ask(function: Any, *arguments: Any) -> None:
    code = function(*arguments)
    if code != 0:
        raise _DriverError(code)


def _cuda_version(driver: Any) -> tuple[int, int]:
    """The newest CUDA that the driver supports; it tells without being initialised."""
    number = ctypes.c_int()
    _ask(driver.cuDriverGetVersion, ctypes.byref(number))
    return number.value // 1000, number.value % 1000 // 10


def _devices(driver: Any) -> list[Device]:
    """The devices that are visible. This makes no context on any."""
    _ask(driver.cuInit, 0)
    count = ctypes.c_int()
    _ask(driver.cuDeviceGetCount, ctypes.byref(count))
    return [_device(driver, i) for i in range(count.value)]


def _device(driver: Any, number: int) -> Device:
    handle, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    name, memory = ctypes.create_string_buffer(256), ctypes.c_size_t()
    _ask(driver.cuDeviceGet, ctypes.byref(handle), number)
    _ask(driver.cuDeviceGetName, name, len(name), handle)
    _ask(driver.cuDeviceTotalMem_v2, ctypes.byref(memory), handle)
    _ask(driver.cuDeviceGetAttribute, ctypes.byref(major), _COMPUTE_CAPABILITY_MAJOR, handle)
    _ask(driver.cuDeviceGetAttribute, ctypes.byref(minor), _COMPUTE_CAPABILITY_MINOR, handle)
    return Device(name.value.decode(errors="replace"), memory.value, (major.value, minor.value))
