"""A GPU that is none: NumPy arrays that behave like CuPy's.

What is replaced is what needs a device and nothing else: where an array lies, CuPy's functions, the device that
XGBoost works on, and the CUDA loops (tests/cuda_model.py runs those).
An array of :class:`OnGpu` refuses what CuPy refuses: to be mixed with an array in the host's memory.
"""

from __future__ import annotations

from typing import Any

import array_api_compat.numpy
import numpy as np
import pytest

from gpunet.base.transfers import count_to_device, count_to_host
from gpunet.model import boosting, loops_cuda, matrix, shapley

__all__ = ["OnGpu", "install"]


class OnGpu(np.ndarray):
    """A NumPy array in CuPy's place."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [_checked(each) for each in inputs]
        into = options.pop("out", None)
        if into is not None:
            options["out"] = tuple(_checked(each) for each in into)
        result = getattr(ufunc, method)(*plain, **options)
        return result if result is NotImplemented else (into[0] if into is not None else _placed(result))

    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        np.asarray(self)[_index(index)] = _checked(value)

    def get(self) -> Any:
        return np.array(np.asarray(self))


def _checked(value: Any) -> Any:
    """The plain array inside; TypeError for one in the host's memory, as from CuPy."""
    if isinstance(value, OnGpu):
        return value.view(np.ndarray)
    if isinstance(value, np.ndarray) and value.ndim:
        raise TypeError("an array in the host's memory met one on the GPU")
    return value


def _index(index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    plain = tuple(_checked(part) for part in parts)
    return plain if isinstance(index, tuple) else plain[0]


def _placed(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_placed(each) for each in value)
    return np.asarray(value).view(OnGpu) if isinstance(value, np.ndarray | np.generic) else value


class _Functions:
    """NumPy's functions with arrays of OnGpu for arguments and results."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(array_api_compat.numpy, name)
        if isinstance(found, type) or not callable(found):
            return found

        def function(*arguments: Any, **options: Any) -> Any:
            given = [
                [_checked(each) for each in value] if isinstance(value, list) else _checked(value)
                for value in arguments
            ]
            return _placed(found(*given, **{name: _checked(value) for name, value in options.items()}))

        return function


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put all of it in place of a GPU's libraries."""
    import xgboost as xgb

    ask = matrix.namespace

    def to_device(array: Any) -> Any:
        if isinstance(array, OnGpu):
            return array
        count_to_device(np.asarray(array).nbytes)
        return np.array(array).view(OnGpu)

    def to_host(array: Any) -> Any:
        if isinstance(array, OnGpu):
            count_to_host(array.nbytes)
        return np.array(array) if isinstance(array, OnGpu) else np.asarray(array)

    seam = {
        "on_gpu": lambda array: isinstance(array, OnGpu),
        "namespace": lambda array: _Functions() if isinstance(array, OnGpu) else ask(array),
        "to_device": to_device,
        "to_host": to_host,
    }
    from gpunet.model import boosting_gpu, forest, scoring, table, trained, trees

    for module in (boosting, boosting_gpu, forest, matrix, scoring, table, trained, trees):
        for name, function in seam.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, function)
    monkeypatch.setitem(boosting.DEVICE, "gpu", "cpu")
    predict = xgb.Booster.inplace_predict

    def inplace_predict(self: Any, data: Any, *, base_margin: Any, **options: Any) -> Any:
        assert isinstance(data, OnGpu)
        assert isinstance(base_margin, OnGpu)
        found = predict(self, np.asarray(data), base_margin=np.asarray(base_margin), **options)
        return found.view(OnGpu)

    boost = xgb.Booster.boost

    def checked_boost(self: Any, data: Any, iteration: int, **given: Any) -> None:
        if "grad" in given:  # else XGBoost has an objective to ask for them
            assert type(given["grad"]) is type(given["hess"])
            given |= {name: np.asarray(given[name]) for name in ("grad", "hess")}
        boost(self, data, iteration, **given)

    monkeypatch.setattr(xgb.Booster, "inplace_predict", inplace_predict)
    monkeypatch.setattr(xgb.Booster, "boost", checked_boost)
    for name in ("add_shapley_values", "walk_boosted"):
        monkeypatch.setattr(loops_cuda, name, globals()[f"_{name}"])


def _rows(columns: Any) -> Any:
    return np.ascontiguousarray(np.asarray(columns).T)


def _add_shapley_values(columns: Any, out: Any, *tables: Any) -> None:
    shapley.add_shapley_values(np.asarray(columns), np.asarray(out), *(np.asarray(t) for t in tables))


def _walk_boosted(columns: Any, out: Any, start: float, *trees: Any) -> None:
    rows, total = _rows(columns), np.full(columns.shape[1], start, dtype=np.float32)
    roots, feature, condition, left, right, null_left, zero_left = (np.asarray(array) for array in trees)
    for root in roots:
        node = np.full(len(rows), root)
        while (inner := left[node] >= 0).any():
            x = rows[np.arange(len(rows)), np.where(inner, feature[node], 0)]
            goes_left = np.where(np.isnan(x), null_left[node], np.where(x == 0, zero_left[node], x < condition[node]))
            node = np.where(inner, np.where(goes_left, left[node], right[node]), node)
        total += condition[node]
    np.asarray(out)[...] = total
