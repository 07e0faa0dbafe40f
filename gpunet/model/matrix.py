"""Where a model's arrays are: the host's memory, or a GPU's.

The matrix decides. Everything that is given one works where it lies, and gives back arrays of the same kind; the few
things that go to the host (margins, the five strongest features of a person, sums over persons) go through
:func:`to_host`. The array code in this package is written against ``namespace(array)``, so that one body serves both.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np

from gpunet.base.arguments import given
from gpunet.base.errors import EngineError
from gpunet.tables.arrays import namespace, to_device, to_host
from gpunet.tables.frames import numbers_of

__all__ = [
    "DEVICES",
    "as_host_values",
    "bytes_needed",
    "check_device",
    "column",
    "device_given",
    "namespace",
    "on_gpu",
    "place",
    "to_device",
    "to_host",
]

#: Where a model can be trained and used.
DEVICES = ("cpu", "gpu")


def check_device(device: str) -> None:
    """Raise EngineError unless `device` is one of :data:`DEVICES`."""
    if not isinstance(device, str) or device not in DEVICES:
        raise EngineError(f"unknown device {given(device)}; choose one of {', '.join(DEVICES)}")


def device_given(_: str, device: Any) -> Any:
    """A check of an argument: None, or one of :data:`DEVICES`."""
    if device is not None:
        check_device(device)
    return device


def on_gpu(array: Any) -> bool:
    """Whether an array, or the values of a cuDF series, lie in a GPU's memory."""
    return hasattr(array, "__cuda_array_interface__")


def as_host_values(values: Any) -> Any:
    """A caller's labels or groups, brought to the host if they are a CuPy array or a cuDF series."""
    if not on_gpu(values):
        return values
    return values.to_numpy() if hasattr(values, "to_numpy") else to_host(values)


def place(array: Any, device: str) -> Any:
    """`array` in the memory of `device`."""
    return to_device(array) if device == "gpu" else to_host(array)


def bytes_needed(rows: int, columns: int, folds: int) -> int:
    """Bytes that training and scoring take at least: matrices of three days, one quantised, and each booster's rows.

    A row of a booster has its margin, gradients and place in the tree.
    """
    return rows * (columns * (3 * 4 + 1) + 30 * (folds + 1))


def column(series: nw.Series[Any], device: str) -> Any:
    """Numbers or flags of a series as float[n], NaN where null, in the memory of `device`.

    A cuDF series for the GPU stays there; any other is handed over by the host, in float32.
    """
    numbers = numbers_of(series)
    if device == "gpu" and isinstance(numbers, np.ndarray):
        numbers = numbers.astype(np.float32)
    return place(numbers, device)
