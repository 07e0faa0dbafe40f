"""What an experiment says of persons, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from gpunet.base.array_types import Bool, Float64, Int64

__all__ = ["Evaluation", "Kept", "Predicted"]


@dataclass(frozen=True, eq=False)
class Predicted:
    """What one classifier, or heuristic, said of every person of an experiment.

    Attributes
    ----------
    experiment
        ``"known"`` or ``"emerging"``.
    protocol
        Of ``known``: which labels features could know. None in ``emerging``.
    classifier, smote, family
        What predicted, whether it was trained with oversampling, and from which features; ``"all"`` is all of them.
    outcome
        What was to be predicted: ``violent`` in ``known``; ``horizon`` or ``ever_after`` in ``emerging``.
    person
        int64[n], positions among the persons of the arrests.
    label
        bool[n], what is true.
    value
        float64[n], what was predicted: greater is more likely.
    named
        bool[n], who counts as predicted positive.
    fold
        Of ``known``: int64[n], the fold in which the person was held out. None in ``emerging``, and of heuristics.
    month
        Of ``emerging``: the day that the prediction is of.
    is_probability
        Whether the values are probabilities: only these have a Brier score and a calibration.
    is_order
        Whether the values order persons; what names persons only has no AUC and no average precision.
    unknown
        Why nothing could be predicted, "" if it could. Then all values are NaN, nobody is named, and no measure is
        defined.
    """

    experiment: str
    protocol: str | None
    classifier: str
    smote: bool
    family: str
    outcome: str
    person: Int64
    label: Bool
    value: Float64
    named: Bool
    fold: Int64 | None = None
    month: date | None = None
    is_probability: bool = True
    is_order: bool = True
    unknown: str = ""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The outcome of an experiment: frames of the caller's kind, columns as :mod:`gpunet.evaluate.schemas` has them.

    ``descriptives`` holds values that JSON can hold; ``warnings`` are sentences for the user. ``layers`` and
    ``watching``, whose columns :mod:`gpunet.evaluate.layer_schemas` has, are None without layers beside co-arrest.
    """

    results: Any
    predictions: Any
    curves: Any
    calibration: Any
    leak: Any
    descriptives: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    layers: Any = None
    watching: Any = None


class Kept(Protocol):
    """Keeps what took long to compute, so that a run that was ended goes on from there."""

    def __call__(self, name: str, compute: Callable[[], Float64], shape: tuple[int, ...]) -> Float64:
        """What `compute` gives, or gave under that name in an earlier run with the same input and configuration.

        It is of that shape; what was kept and is not is damaged. Nulls, as NaN, are in tables of features alone.
        """
