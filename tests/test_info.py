"""What ``gpunet info`` says of engines: the same check that a run makes, and its sentence."""

from __future__ import annotations

import pytest

from gpunet.base.errors import EngineError
from gpunet.cli import info
from gpunet.engines.gpu import check


def engines() -> dict[str, str]:
    """Engine to what is said of it."""
    lines = info.describe().split("Engines\n")[1].splitlines()
    return {line.split()[0]: " ".join(line.split()[1:]) for line in lines}


def test_a_gpu_that_can_be_used_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    found = check.GpuInfo("NVIDIA H200", "580.65.06", "13.0", 141 * 2**30, "9.0", {"cudf-cu13": "26.10.0"})
    monkeypatch.setattr(check, "require_gpu", lambda: found)
    said = engines()
    assert list(said) == ["cpu", "gpu"]
    assert said["cpu"].startswith("available, ")
    assert said["gpu"] == (
        "available, NVIDIA H200 with 141 GiB, compute capability 9.0, driver 580.65.06 for CUDA 13.0"
    )


def test_why_there_is_none_is_told_as_a_run_would(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> check.GpuInfo:
        raise EngineError("the GPU engine found no NVIDIA driver on this machine: install one")

    monkeypatch.setattr(check, "require_gpu", refuse)
    assert engines()["gpu"] == "not available: the GPU engine found no NVIDIA driver on this machine: install one"


def test_every_package_that_a_run_imports_is_listed() -> None:
    text = info.describe()
    for package in (*check.LIBRARIES.values(), *check.FURTHER.values()):
        assert f"\n  {package} " in text
    assert "\n  driver " in text
