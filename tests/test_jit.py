"""Compiled kernels are cached under names that change with any kernel's source."""

from __future__ import annotations

import shutil
from pathlib import Path

from gpunet.kernels import jit
from gpunet.kernels.cpu.traversal import component_labels


def test_the_digest_sees_every_kernel_file(tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(Path(jit.__file__).parent, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "jit.py"))
    before = jit.sources_digest(cuda=True)
    assert jit.sources_digest(cuda=False) == jit.SOURCES_DIGEST != before
    with (tmp_path / "cuda" / "closeness.py").open("a") as file:
        file.write("# changed\n")
    assert jit.sources_digest(cuda=True) != before
    assert jit.sources_digest(cuda=False) == jit.SOURCES_DIGEST
    seen = {jit.SOURCES_DIGEST}
    for name in ("lanes.py", "cpu/closeness.py"):
        with (tmp_path / name).open("a") as file:
            file.write("# changed\n")
        assert jit.sources_digest(cuda=False) not in seen
        seen.add(jit.sources_digest(cuda=False))


def test_kernels_carry_it() -> None:
    assert component_labels.py_func.__qualname__ == f"component_labels_{jit.SOURCES_DIGEST}"
