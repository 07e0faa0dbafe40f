"""The model's CUDA loops against the CPU's, bit for bit; test_cuda_kernels.py runs this file.

It has a process to itself, since what kernels run on is chosen before they are defined. Tables are small: every
access of memory is checked.
"""

from __future__ import annotations

from typing import Any

import compiled_kernels  # noqa: F401
import numpy as np
import pytest
from model_tables import KINDS, table

from gpunet.config.config import ModelConfig
from gpunet.kernels.jit_cuda import cuda, on_host
from gpunet.model import loops_cuda, train
from gpunet.model.boosted_nodes import boosted_nodes, margin_without_trees
from gpunet.model.trees import BoostedTrees


@pytest.fixture(autouse=True)
def few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two blocks of four threads, so that a thread takes several rows."""
    monkeypatch.setattr(loops_cuda, "THREADS", 4)
    monkeypatch.setattr(loops_cuda, "_MOST_BLOCKS", 2)


@pytest.fixture(scope="module")
def matrix() -> Any:
    frame, _ = table(21, seed=1)
    return frame


def trained(kind: str) -> Any:
    frame, labels = table(400)
    return train(frame, labels, kind=kind, config=ModelConfig(max_rounds=4, folds=2), threads=1)


def columns_of(model: Any, frame: Any) -> tuple[Any, Any]:
    rows = model.table(frame).matrix
    return rows, cuda.to_device(np.ascontiguousarray(rows.T))


def moved_to_device(arrays: Any) -> list[Any]:
    return [cuda.to_device(array) for array in arrays]


@pytest.mark.parametrize("kind", KINDS)
def test_margins_have_the_bits_of_xgboosts_own(matrix: Any, kind: str) -> None:
    model = trained(kind)
    rows, columns = columns_of(model, matrix)
    booster = model.classifier._booster
    out = cuda.to_device(np.zeros(len(rows), np.float32))
    loops_cuda.walk_boosted(columns, out, margin_without_trees(booster), *moved_to_device(boosted_nodes(booster)))
    np.testing.assert_array_equal(on_host(out).astype(np.float64), BoostedTrees.margin(model.classifier, rows, 1))


@pytest.mark.parametrize("kind", KINDS)
def test_shap_values_have_the_bits_of_the_cpus(matrix: Any, kind: str) -> None:
    model = trained(kind)
    rows, columns = columns_of(model, matrix)
    tables = model.classifier._tables
    fields = list(tables)
    start = np.zeros((rows.shape[1] + 1, len(rows)))
    start[-1] = model.classifier._bias
    out = cuda.to_device(start)
    loops_cuda.add_shapley_values(columns, out, *moved_to_device(fields))
    np.testing.assert_array_equal(on_host(out).T, BoostedTrees.contributions(model.classifier, rows, 1))


def test_nobody_is_no_launch() -> None:
    nothing = cuda.to_device(np.zeros((3, 0), np.float32))
    out = cuda.to_device(np.zeros(0, np.float32))
    loops_cuda.walk_boosted(nothing, out, 0.5)
    loops_cuda.add_shapley_values(nothing, out)
    assert on_host(out).shape == (0,)
