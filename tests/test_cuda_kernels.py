"""The CUDA kernels as compiled, on this processor with every check, and on a device where there is one."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = sorted(str(path) for path in Path(__file__).parent.glob("cuda_*.py"))
KERNELS = Path(__file__).parents[1] / "gpunet" / "kernels"

REFUSED = ("gpunet.kernels.cuda.", "gpunet.kernels.jit_cuda", "gpunet.model.loops_cuda", "gpunet.engines.gpu.")

WITHOUT_CUDA = """
import sys
sys.modules["numba.cuda"] = None
REFUSED = {refused}
import pkgutil
from importlib import import_module
import gpunet
from gpunet.base.errors import EngineError
for module in pkgutil.walk_packages(gpunet.__path__, "gpunet."):
    name = module.name
    if name.endswith("__main__"):
        continue
    if not name.startswith(REFUSED):
        import_module(name)
        continue
    try:
        import_module(name)
    except EngineError as error:
        print(name, error)
"""


def lanes() -> list[str]:
    """Where the kernels can run here."""
    code = "from numba import cuda; print(cuda.is_available())"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return ["processor", "device"] if asked.stdout.strip() == "True" else ["processor"]


def run_checks(lane: str, *more: str, **changes: str) -> None:
    """All files of tests of kernels, in one process, which compiles each kernel once."""
    changes["GPUNET_TEST_KERNELS"] = lane
    changes["NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS"] = "0"  # pytest would make errors of them
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CHECKS, *more]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=KERNELS.parents[1], env={**os.environ, **changes}, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("lane", lanes())
def test_kernels(lane: str) -> None:
    run_checks(lane, GPUNET_TEST_ORDER="random")


@pytest.mark.slow
@pytest.mark.parametrize("order", ["forward", "backward"])
def test_kernels_in_other_orders(order: str) -> None:
    run_checks("processor", GPUNET_TEST_ORDER=order)


@pytest.mark.slow
def test_kernels_without_checks() -> None:
    run_checks("processor", GPUNET_TEST_BUILD="fast")


def test_every_kernel_can_be_compiled_ahead_of_a_device() -> None:
    """scripts/compile_cuda.py has the types of all kernels, and so has to know each."""
    root = KERNELS.parents[1]
    kernels = {
        f"{path.stem}.{node.name}"
        for path in [*(KERNELS / "cuda").glob("*.py"), root / "gpunet" / "model" / "loops_cuda.py"]
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(each) == "kernel" for each in node.decorator_list)
    }
    script = ast.parse((root / "scripts" / "compile_cuda.py").read_text(encoding="utf-8"))
    assert len(kernels) > 20
    assert kernels <= {ast.unparse(node) for node in ast.walk(script) if isinstance(node, ast.Attribute)}


def test_everything_else_works_without_numba_cuda() -> None:
    command = [sys.executable, "-c", WITHOUT_CUDA.replace("{refused}", repr(REFUSED))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=KERNELS.parents[1], check=False)
    assert done.returncode == 0, done.stderr
    refused = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    kernels = {f"gpunet.kernels.cuda.{path.stem}" for path in (KERNELS / "cuda").glob("[a-z]*.py")}
    assert kernels <= set(refused)
    assert all(name.startswith(REFUSED) for name in refused)
    assert all("pip install" in text for text in refused.values())
