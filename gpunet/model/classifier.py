"""What every classifier offers to the rest of the package, and the kinds there are.

A kind is a module with two functions, ``fit`` and ``from_bytes``; it is imported when it is first asked for, because
XGBoost, scikit-learn and skops take long to import. Another kind is one more module and one more entry here.

Where a kind trains and predicts is decided by the matrix: on a GPU where it lies there (CuPy), else in the host's
memory. What a classifier gives back for a matrix lies where the matrix does.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from gpunet.base.errors import ModelError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import ModelConfig

__all__ = ["KINDS", "Classifier", "Fitted", "Kind", "kind_module"]

_MODULES = {"xgboost": "gpunet.model.boosting", "random_forest": "gpunet.model.forest"}

#: The kinds of model.
KINDS = tuple(_MODULES)


class Classifier(Protocol):
    """A trained two-class classifier over matrices float32[n, p], of NumPy or CuPy, in which NaN means null."""

    @property
    def kind(self) -> str:
        """One of :data:`KINDS`."""

    @property
    def n_features(self) -> int:
        """Number p of columns that it was trained on."""

    def margin(self, matrix: Any, threads: int) -> Any:
        """Raw log-odds before calibration, float64[n]."""

    def contributions(self, matrix: Any, threads: int) -> Any:
        """float64[n, p + 1]: what each feature adds to the margin, and last the part that is the same for everyone."""

    def importance(self) -> NDArray[np.float64]:
        """float64[p]: each feature's share of the loss that training removed; sums to 1, or all 0 without a split."""

    def to_bytes(self, metadata: str) -> bytes:
        """The whole classifier as one file, with the text `metadata` inside; of one kind, wherever it was trained."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """The outcome of a fit.

    Attributes
    ----------
    classifier
        Trained on all rows.
    held_out_margin
        float64[n] in the host's memory: for each row the margin of a classifier that never saw the row's person.
    rounds
        Boosting rounds, or trees.
    parameters
        What the library was told, for the record; a GPU is named in it.
    libraries
        ``{library: version}``.
    warnings
        Sentences for the user.
    """

    classifier: Classifier
    held_out_margin: NDArray[np.float64]
    rounds: int
    parameters: dict[str, Any]
    libraries: dict[str, str]
    warnings: tuple[str, ...] = ()


class Kind(Protocol):
    """What the module of a kind holds."""

    SUFFIX: str

    def fit(
        self,
        matrix: Any,
        labels: NDArray[np.bool_],
        folds: NDArray[np.int32],
        *,
        names: tuple[str, ...],
        config: ModelConfig,
        threads: int,
        progress: ProgressCallback | None,
    ) -> Fitted:
        """Cross-fit over `folds` (int32[n], the fold in which a row is held out), then train on all rows.

        `labels` and `folds` are in the host's memory.
        """

    def from_bytes(self, data: bytes) -> tuple[Classifier, str]:
        """The inverse of :meth:`Classifier.to_bytes`; ModelError if it is not such a file."""


def kind_module(kind: str) -> Kind:
    """Import and return the module of `kind`.

    Raises
    ------
    ModelError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise ModelError(f'unknown kind of model "{kind}"; there are {", ".join(KINDS)}')
    return cast(Kind, importlib.import_module(_MODULES[kind]))
