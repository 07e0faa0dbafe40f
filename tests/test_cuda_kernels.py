"""The CUDA kernels on Numba's simulator, in a process of its own, and on a device where there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CHECKS = ("cuda_kernels.py", "cuda_feature_kernels.py")

#: The modules that cannot do without numba-cuda.
KERNELS = [
    "betweenness_cuda",
    "betweenness_search_cuda",
    "betweenness_steps_cuda",
    "closeness_cuda",
    "cores_cuda",
    "cores_search_cuda",
    "jit_cuda",
    "neighbourhood_cuda",
    "rows_cuda",
    "ties_cuda",
    "tipping_cuda",
    "tipping_search_cuda",
]

WITHOUT_CUDA = """
import sys
sys.modules["numba.cuda"] = None
import pkgutil
from importlib import import_module
import gpunet
from gpunet.errors import EngineError
for module in pkgutil.walk_packages(gpunet.__path__, "gpunet."):
    name = module.name
    if name.endswith("__main__"):
        continue
    if not name.endswith("_cuda"):
        import_module(name)
        continue
    try:
        import_module(name)
    except EngineError as error:
        print(name.rsplit(".")[-1], error)
"""


def lanes() -> list[str]:
    """Where the kernels can run here."""
    code = "from numba import cuda; print(cuda.is_available())"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return ["simulator", "device"] if asked.stdout.strip() == "True" else ["simulator"]


@pytest.mark.parametrize("checks", CHECKS)
@pytest.mark.parametrize("lane", lanes())
def test_kernels(lane: str, checks: str) -> None:
    environment = os.environ | {
        "NUMBA_ENABLE_CUDASIM": "1" if lane == "simulator" else "0",
        "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0",  # pytest would make errors of them
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(TESTS / checks)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=TESTS.parent, env=environment, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_else_works_without_numba_cuda() -> None:
    command = [sys.executable, "-c", WITHOUT_CUDA]
    done = subprocess.run(command, capture_output=True, text=True, cwd=TESTS.parent, check=False)
    assert done.returncode == 0, done.stderr
    refused = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert [name for name, _ in refused] == [*KERNELS, "loops_cuda"]
    assert all("pip install numba-cuda" in text for _, text in refused)
