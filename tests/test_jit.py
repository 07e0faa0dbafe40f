"""Compiled kernels are cached under names that change with any kernel's source."""

from __future__ import annotations

from pathlib import Path

from gpunet.kernels import jit
from gpunet.kernels.cpu.traversal import component_labels


def test_the_digest_sees_every_kernel_file(tmp_path: Path, monkeypatch) -> None:
    for path in Path(jit.__file__).parent.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "jit.py"))
    before = jit.sources_digest(cuda=True)
    assert jit.sources_digest(cuda=False) == jit.SOURCES_DIGEST != before
    with (tmp_path / "closeness_cuda.py").open("a") as file:
        file.write("# changed\n")
    assert jit.sources_digest(cuda=True) != before
    assert jit.sources_digest(cuda=False) == jit.SOURCES_DIGEST
    with (tmp_path / "lanes.py").open("a") as file:
        file.write("# changed\n")
    assert jit.sources_digest(cuda=False) != jit.SOURCES_DIGEST


def test_kernels_carry_it() -> None:
    assert component_labels.py_func.__qualname__ == f"component_labels_{jit.SOURCES_DIGEST}"
