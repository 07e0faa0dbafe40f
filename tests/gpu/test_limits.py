"""Little memory, no GPU, a package that is missing: the right numbers, or one clear message and no run folder.

GPUNET_TEST_PERSONS is the size of the synthetic tables, 10,000 if not given.
"""

from __future__ import annotations

import os
import subprocess
import sys

import engine_contract as contract
import polars as pl
import pytest

from gpunet.synthetic import write_tables

# Holds all but so many bytes of the device's memory, then does what the command line says. Memory that another program
# holds is what a full GPU looks like; it works whatever pool the engine makes of the rest.
BALLAST = """
import sys
import rmm
left = int(sys.argv.pop(1))
free, total = rmm.mr.available_device_memory()
ballast = rmm.DeviceBuffer(size=max(free - left, 0), mr=rmm.mr.CudaMemoryResource())
from gpunet.cli.app import main
main()
"""

WITHOUT = """
import sys
sys.modules[sys.argv.pop(1)] = None
from gpunet.cli.app import main
main()
"""

MIB = 2**20


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "arrests"
    write_tables(folder, persons=int(os.environ.get("GPUNET_TEST_PERSONS", "10000")), seed=4)
    return str(folder)


def features(environment, tables, out, program, *first, **changes):
    command = [sys.executable, "-c", program, *first, "features", tables, "--out", str(out), "--engine", "gpu"]
    return subprocess.run(command, capture_output=True, text=True, env={**environment, **changes}, check=False)


@pytest.mark.parametrize("left", [8192 * MIB, 2048 * MIB, 1024 * MIB, 512 * MIB, 256 * MIB])
def test_little_memory_gives_the_same_numbers_or_a_message(environment, tables, tmp_path, left):
    done = features(environment, tables, tmp_path / "run", BALLAST, str(left))
    if done.returncode == 0:
        # Louvain's columns vary from run to run; the rest must not depend on the size of batches.
        whole = features(environment, tables, tmp_path / "whole", BALLAST, str(1 << 60))
        assert whole.returncode == 0, whole.stderr
        found, expected = (
            contract.without_louvain(contract.of_frame(pl.read_parquet(tmp_path / name / "features.parquet")))
            for name in ("run", "whole")
        )
        contract.assert_same_bits(found, expected)
    else:
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert "memory" in done.stderr
        assert any(character.isdigit() for character in done.stderr)
        assert not (tmp_path / "run" / "run.json").exists()


def test_much_memory_is_enough(environment, tables, tmp_path):
    """So that the test above cannot pass by refusing everything."""
    done = features(environment, tables, tmp_path / "run", BALLAST, str(8192 * MIB))
    assert done.returncode == 0, done.stderr


def one_message(done, *parts):
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("gpunet: ")
    for part in parts:
        assert part in done.stderr


def test_no_gpu_is_one_message(environment, tables, tmp_path):
    program = "from gpunet.cli.app import main; main()"
    done = features(environment, tables, tmp_path / "run", program, CUDA_VISIBLE_DEVICES="")
    one_message(done, "GPU")
    assert not (tmp_path / "run" / "run.json").exists()


@pytest.mark.parametrize("package", ["cudf", "pylibcugraph", "cupy", "rmm"])
def test_a_missing_package_is_one_message_that_says_what_to_install(environment, tables, tmp_path, package):
    done = features(environment, tables, tmp_path / "run", WITHOUT, package)
    one_message(done, package, 'pip install "gpunet[gpu]"')
    assert not (tmp_path / "run" / "run.json").exists()
