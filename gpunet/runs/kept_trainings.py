"""The trainings of a forecast as the contents of checkpoints, and back; what is no such training is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from gpunet.base.array_types import UInt8
from gpunet.base.errors import GpunetError
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.read_back import Damaged, numbers, require, valid

if TYPE_CHECKING:
    from gpunet.model import CrossFit, Model


__all__ = ["fit_of", "of_fit"]


@checked(config=ConfigDict(extra="forbid"))
class _FitValues:
    warnings: tuple[str, ...]


_FIT_VALUES = TypeAdapter(_FitValues)


def of_fit(fit: CrossFit) -> Contents:
    """One of the two trainings of a forecast."""
    file = _file(fit.model)
    return Contents({"warnings": fit.warnings}, {"file": file, "fold": fit.fold, "probability": fit.probability})


def fit_of(contents: Contents) -> CrossFit:
    """The inverse of :func:`of_fit`; :func:`gpunet.model.training.is_of` tells whether it is of some data.

    Raises
    ------
    Damaged
        If it cannot be a training.
    """
    from gpunet.model import CrossFit

    arrays, values = contents.arrays, valid(_FIT_VALUES, contents.values, "its values")
    fold, probability = arrays.get("fold"), arrays.get("probability")
    require(fold is not None and fold.ndim == 1, "fold is missing")
    fold = numbers(fold, "fold", np.int32, fold.shape, -1, np.inf)  # type: ignore[union-attr]
    require(isinstance(probability, np.ndarray) and probability.shape == fold.shape, "probability is missing")
    held_out = fold >= 0  # of others nothing is known
    numbers(probability[held_out], "probability", np.float64, (int(held_out.sum()),), 0, 1)  # type: ignore[index]
    require(np.isnan(probability[~held_out]).all(), "probability is out of its range")  # type: ignore[index]
    return CrossFit(_model(arrays.get("file")), fold, probability, values.warnings)  # type: ignore[arg-type]


def _file(model: Model) -> UInt8:
    return np.frombuffer(model.to_bytes(), np.uint8)


def _model(file: Any) -> Model:
    from gpunet.model.structure import check_structure
    from gpunet.model.trained import model_from_bytes

    require(isinstance(file, np.ndarray) and file.dtype == np.uint8 and file.ndim == 1, "the model is missing")
    data = file.tobytes()
    try:
        check_structure(data)  # whoever has sent the folder may have made it
        model = model_from_bytes(data)
    except GpunetError as error:
        raise Damaged(f"its model: {error}") from error
    require(model.to_bytes() == data, "its model is not as models are written")
    return model
