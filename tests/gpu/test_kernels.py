"""The kernels' own tests, which elsewhere run on the processor, on the device."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CHECKS = sorted(TESTS.glob("cuda_*.py"))


def test_there_are_kernels():
    assert TESTS / "cuda_kernels.py" in CHECKS


@pytest.mark.parametrize("checks", CHECKS, ids=lambda path: path.stem)
def test_kernels(checks, environment):
    # With a block or two a launch, Numba rightly says that the device is not full: these are tests, not measurements.
    changes = {"GPUNET_TEST_KERNELS": "device", "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(checks)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=TESTS.parent, env={**environment, **changes}, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
