"""Every way in which a machine can lack what the GPU engine needs: one sentence, and what to do."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gpunet.base.errors import EngineError
from gpunet.engines.gpu import check

H200 = ("NVIDIA H200", 150_754_820_096, (9, 0))
T4 = ("Tesla T4", 15_843_721_216, (7, 5))
V100 = ("Tesla V100-SXM2-16GB", 16_945_512_448, (7, 0))


class Driver:
    """The functions of libcuda.so.1 that are called, of a machine with these devices."""

    def __init__(self, *devices: tuple[str, int, tuple[int, int]], cuda: int = 13_000, code: int = 0) -> None:
        self.devices, self.cuda, self.code = devices, cuda, code

    def cuDriverGetVersion(self, version: Any) -> int:
        version._obj.value = self.cuda
        return 0

    def cuInit(self, flags: int) -> int:
        assert flags == 0
        return self.code

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = len(self.devices)
        return 0

    def cuDeviceGet(self, handle: Any, number: int) -> int:
        handle._obj.value = number
        return 0

    def cuDeviceGetName(self, name: Any, size: int, handle: Any) -> int:
        name.value = self.devices[handle.value][0].encode()[: size - 1]
        return 0

    def cuDeviceTotalMem_v2(self, memory: Any, handle: Any) -> int:
        memory._obj.value = self.devices[handle.value][1]
        return 0

    def cuDeviceGetAttribute(self, value: Any, attribute: int, handle: Any) -> int:
        value._obj.value = self.devices[handle.value][2][{75: 0, 76: 1}[attribute]]
        return 0


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make this machine one with a driver (or none), a driver's version, and all packages but some."""

    def make(driver: Driver | None, version: str = "580.65.06", missing: tuple[str, ...] = ()) -> None:
        monkeypatch.setattr(check, "_load_driver", lambda: driver)
        monkeypatch.setattr(check, "_driver_version", lambda: version)
        monkeypatch.setattr(check, "_is_installed", lambda name: name not in missing)
        monkeypatch.setattr(check, "_platform", lambda: "linux")
        for name in check.LIBRARIES:
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return make


def refusal() -> str:
    with pytest.raises(EngineError) as caught:
        check.require_gpu()
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_first_visible_gpu_is_described(machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    machine(Driver(H200, T4, cuda=13_010))
    installed = {"cudf-cu13": "26.10.2", "rmm-cu13": "26.10.0"}
    monkeypatch.setattr(check, "package_versions", lambda packages: {name: installed.get(name) for name in packages})
    assert check.require_gpu() == check.GpuInfo(
        name="NVIDIA H200",
        driver="580.65.06",
        cuda="13.1",
        memory_bytes=150_754_820_096,
        compute_capability="9.0",
        versions=installed,
    )


def test_all_visible_gpus_are_counted(machine: Callable[..., None]) -> None:
    machine(Driver(H200, T4, H200))
    assert check.count_devices() == 3


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (("cudf",), 'the GPU engine needs cudf-cu13, which is not installed: pip install "gpunet[gpu]"'),
        (("rmm", "cupy"), 'needs cupy-cuda13x, rmm-cu13, which are not installed: pip install "gpunet[gpu]"'),
    ],
)
def test_missing_packages_are_named(machine: Callable[..., None], missing: tuple[str, ...], sentence: str) -> None:
    machine(Driver(H200), missing=missing)
    assert refusal().endswith(sentence)


def test_elsewhere_than_linux_it_says_where_rapids_runs(
    machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(None, missing=tuple(check.LIBRARIES))
    monkeypatch.setattr(check, "_platform", lambda: "darwin")
    assert refusal().endswith('pip install "gpunet[gpu]", on Linux or in WSL, which is where RAPIDS runs')


def test_no_driver(machine: Callable[..., None]) -> None:
    machine(None)
    assert refusal() == (
        "the GPU engine found no NVIDIA driver on this machine: install driver 580 or later, or use --engine cpu"
    )


def test_a_driver_too_old_for_cuda_13(machine: Callable[..., None]) -> None:
    machine(Driver(H200, cuda=12_080), version="570.133.20")
    assert refusal() == (
        "the NVIDIA driver 570.133.20 supports CUDA 12.8, and the GPU engine needs CUDA 13.0: install driver 580 or "
        "later, or use --engine cpu"
    )


@pytest.mark.parametrize("driver", [Driver(code=100), Driver()])
def test_no_device(machine: Callable[..., None], driver: Driver) -> None:
    machine(driver)
    assert refusal() == (
        "the NVIDIA driver 580.65.06 finds no GPU: see what nvidia-smi says (a container has to be given its GPUs), or "
        "use --engine cpu"
    )


@pytest.mark.parametrize("visible", ["", "-1"])
def test_devices_hidden_by_the_environment(
    machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch, visible: str
) -> None:
    machine(Driver(code=100))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert refusal() == (
        f"CUDA_VISIBLE_DEVICES is {visible!r}, which hides every GPU: unset it or name one that nvidia-smi lists, or "
        "use --engine cpu"
    )


@pytest.mark.parametrize(("code", "words"), [(803, "different versions"), (999, "unknown error"), (46, "see CUresult")])
def test_a_driver_that_does_not_start(machine: Callable[..., None], code: int, words: str) -> None:
    machine(Driver(H200, code=code))
    text = refusal()
    assert text.startswith(f"the NVIDIA driver 580.65.06 could not be started (code {code}: ")
    assert words in text
    assert text.endswith("see that nvidia-smi works, or use --engine cpu")


def test_a_driver_that_does_not_tell_its_version(machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver(H200)
    monkeypatch.setattr(driver, "cuDriverGetVersion", lambda version: 34)
    machine(driver)
    assert "(code 34: libcuda.so.1 is the CUDA toolkit's stub" in refusal()


def test_a_gpu_too_old_for_rapids(machine: Callable[..., None]) -> None:
    machine(Driver(V100, H200))
    assert refusal() == (
        "the GPU Tesla V100-SXM2-16GB has compute capability 7.0, and the GPU engine needs 7.5 (Turing) or later: "
        "choose another with CUDA_VISIBLE_DEVICES, or use --engine cpu"
    )
    machine(Driver(T4))
    assert check.require_gpu().compute_capability == "7.5"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a module of this source where it is found first."""

    def put(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(tmp_path)

    return put


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise OSError('libnvJitLink.so.13: undefined\\n  symbol')", "OSError: libnvJitLink.so.13: undefined symbol"),
        ("import gpunet_has_no_such_module", "ModuleNotFoundError: No module named 'gpunet_has_no_such_module'"),
    ],
)
def test_a_package_that_does_not_import_shows_why(
    machine: Callable[..., None], package: Callable[[str, str], None], source: str, reason: str
) -> None:
    machine(Driver(H200))
    package("cudf", source)
    assert refusal() == (
        f'cudf-cu13 is installed, but importing it fails ({reason}): pip install "gpunet[gpu]" in a new environment'
    )


def test_a_library_of_a_part_is_asked_for_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(check.FURTHER, "gpunet_has_no_such_module", "such-cu13")
    with pytest.raises(EngineError) as caught:
        check.import_library("gpunet_has_no_such_module")
    assert str(caught.value) == 'the GPU engine needs such-cu13, which is not installed: pip install "gpunet[gpu]"'


def test_probes_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put in place of the probes above gives what they give."""
    assert check._is_installed("numpy")
    assert not check._is_installed("gpunet_has_no_such_module")
    versions = check.package_versions(["numpy", "gpunet-has-no-such-package"])
    assert versions == {"numpy": np.__version__, "gpunet-has-no-such-package": None}
    monkeypatch.setattr(check.ctypes, "CDLL", lambda name: name)
    assert check._load_driver() in ("libcuda.so.1", "nvcuda.dll")

    def no_library(name: str) -> ctypes.CDLL:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(check.ctypes, "CDLL", no_library)
    assert check._load_driver() is None


def test_the_drivers_version_is_asked_of_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = ModuleType("pynvml")
    calls: list[str] = []
    vars(nvml).update(
        nvmlInit=lambda: calls.append("init"),
        nvmlSystemGetDriverVersion=lambda: "595.10",
        nvmlShutdown=lambda: calls.append("shutdown"),
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert check._driver_version() == "595.10"
    assert calls == ["init", "shutdown"]
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert check._driver_version() == "unknown"


def test_importing_the_checks_imports_no_gpu_package() -> None:
    code = (
        "import sys; import gpunet.engines.gpu.check, gpunet.engines.gpu.graphs\n"
        f"print(sorted({{*{list(check.LIBRARIES)}, *{list(check.FURTHER)}, 'numba'}} & "
        "set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
