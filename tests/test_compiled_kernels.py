"""The lane of compiled kernels itself: planted faults are named, and kernels without a fault compute what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def test_faults_and_kernels() -> None:
    """In a process of their own, since Numba's CUDA is another there."""
    checks = [str(TESTS / "compiled_kernels" / f"check_{name}.py") for name in ("any_order", "faults", "kernels")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *checks]
    environment = {**os.environ, "GPUNET_TEST_KERNELS": "processor"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=TESTS.parent, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
