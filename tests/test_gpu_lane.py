"""The lane of the real GPU, on a machine that need not have one: when it runs, and that it never passes by skipping."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LANE = ROOT / "tests" / "gpu"

SOME_TESTS = """
import pytest

def test_that_passes():
    assert True

def test_that_is_skipped():
    pytest.skip("no such device")

@pytest.mark.skipif(True, reason="never here")
def test_that_is_marked():
    assert True

@pytest.mark.xfail(reason="known")
def test_that_is_expected_to_fail():
    assert False
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}  # a device would be left alone
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def test_without_a_gpu_it_fails_at_once_and_says_why():
    done = pytest_in(ROOT, "tests/gpu")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert re.search(r"tests/gpu needs a GPU that works: .*(pip install|--engine cpu)", said), said
    assert "passed" not in done.stdout


def test_it_is_not_part_of_the_ordinary_tests():
    done = pytest_in(ROOT, "--collect-only", "--ignore-glob=tests/test_[!g]*.py", "tests")
    assert done.returncode == 0, done.stdout
    assert "test_gpu_lane.py" in done.stdout
    assert "tests/gpu/" not in done.stdout


def lane(tmp_path: Path, tests: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Tests of one's own with the lane's conftest, on a machine that is said to have a GPU."""
    text = (LANE / "conftest.py").read_text()
    (tmp_path / "conftest.py").write_text(text + "\n\ndef engine_error() -> None:\n    return None\n")
    for name, test in tests.items():
        (tmp_path / name).write_text(test)
    return pytest_in(tmp_path, str(tmp_path))


def test_a_skip_is_a_failure(tmp_path):
    done = lane(tmp_path, {"test_some.py": SOME_TESTS})
    assert done.returncode == 1
    assert "2 failed, 1 passed, 1 error" in done.stdout  # a mark skips before the test begins
    assert "no such device" in done.stdout
    assert "Here a skip is a failure" in done.stdout


def test_a_module_that_skips_itself_is_a_failure(tmp_path):
    skips = 'import pytest\n\npytest.importorskip("no_such_library")\n'
    done = lane(tmp_path, {"test_some.py": skips, "test_other.py": "def test_that_passes():\n    assert True\n"})
    assert done.returncode != 0
    assert "Here a skip is a failure" in done.stdout


def test_passing_tests_pass(tmp_path):
    done = lane(tmp_path, {"test_some.py": "def test_that_passes():\n    assert True\n"})
    assert done.returncode == 0
    assert "1 passed" in done.stdout
