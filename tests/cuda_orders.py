"""Results of whole kernels do not depend on the order of threads and blocks; test_cuda_kernels.py runs this file."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compiled_kernels import in_every_order
from cuda_feature_kernels import crowd, shells, tipped
from cuda_kernels import Case, random_network, random_weight

from gpunet.kernels.cuda.closeness import farness_cuda
from gpunet.kernels.cuda.neighbourhood import hop_counts_cuda
from gpunet.kernels.jit_cuda import on_host

NETWORK = random_network(40, 50, 7)
WEIGHT = random_weight(40, [1.0, 0.4, 0.1], 5)
CROWD = crowd()
INSIDE = np.arange(CROWD.n) % 2 == 0


def betweenness() -> Any:
    return Case(NETWORK, WEIGHT, np.arange(40), np.ones(40)).gpu(blocks=3)


def closeness() -> Any:
    everyone = np.arange(40, dtype=np.int32)
    return farness_cuda(NETWORK.indptr, NETWORK.indices, WEIGHT, np.ones(40, bool), everyone, 0, 40, 1, 16, 3)


def neighbourhood() -> Any:
    bits = np.arange(CROWD.n, dtype=np.uint64) % 4 | np.uint64(1)
    return on_host(hop_counts_cuda(CROWD.indptr, CROWD.indices, bits, 2, 3, 8, 4))


def shell() -> Any:
    return shells(CROWD, INSIDE, 3, 8, 2)


def tipping() -> Any:
    return np.stack(tipped(CROWD, INSIDE, 2, 3, 8, 2))


@pytest.mark.parametrize("work", [betweenness, closeness, neighbourhood, shell, tipping])
def test_bits_do_not_depend_on_the_order(work: Any) -> None:
    in_every_order(work, np.testing.assert_array_equal)


def test_the_script_that_compares_whole_networks() -> None:
    script = runpy.run_path(str(Path(__file__).parents[1] / "scripts" / "check_kernels.py"), run_name="check_kernels")
    found = script["compare"](script["_synthetic"](100, None))
    assert found["agrees"], found
    assert {row["call"] for row in found["calls"]} == set(script["KERNELS"])
    largest = script["largest_difference"]
    assert largest(np.array([1, 2.5]), np.array([1, 2.0])) == 0.25
    assert largest(np.array([1, 2]), np.array([1, 2.0])) == np.inf
