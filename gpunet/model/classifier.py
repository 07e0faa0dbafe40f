"""The kinds of model there are, and what a fit of any of them comes to.

A kind is a module with a function ``fit`` and the class of its trained trees. It is imported when it is first asked
for, because Numba takes long to import. Another kind is one more module and one more entry here.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from gpunet.base.arguments import given
from gpunet.base.array_types import Bool, Float64, Int32
from gpunet.base.errors import ModelError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import ModelConfig

if TYPE_CHECKING:
    from gpunet.model.trees import BoostedTrees

__all__ = ["KINDS", "Fitted", "Kind", "kind_module"]

_MODULES = {"xgboost": "gpunet.model.boosting", "random_forest": "gpunet.model.forest"}

#: The kinds of model.
KINDS = tuple(_MODULES)


@dataclass(frozen=True, eq=False)
class Fitted:
    """The outcome of a fit.

    Attributes
    ----------
    classifier
        Trained on all rows.
    held_out_margin
        float64[n] in the host's memory: for each row that was held out the margin of a classifier that never saw the
        row's person, NaN for others; float64[0] if nobody was held out.
    rounds
        Boosting rounds, or trees.
    parameters
        The library's parameters, for the record; a GPU is named in them.
    warnings
        Sentences for the user.
    """

    classifier: BoostedTrees
    held_out_margin: Float64
    rounds: int
    parameters: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Kind(Protocol):
    """What the module of a kind holds."""

    TREES: type[BoostedTrees]
    PARAMETERS: dict[str, Any]

    def fit(
        self,
        matrix: Any,
        labels: Bool,
        folds: Int32 | None,
        *,
        config: ModelConfig,
        threads: int,
        rounds: int | None,
        progress: ProgressCallback | None,
    ) -> Fitted:
        """Cross-fit over `folds` (int32[n], where a row is held out, -1 if nowhere), then train on all rows.

        Without folds all rows are trained on at once, for the number of `rounds` that is given then.

        Trees are grown where the matrix is, a GPU's memory (CuPy) or the host's, where `labels` and `folds` always are.
        """


def kind_module(kind: str) -> Kind:
    """Import and return the module of `kind`.

    Raises
    ------
    ModelError
        If there is no such kind.
    """
    if not isinstance(kind, str):
        raise ModelError(f"unknown kind of model, {given(kind)}; there are {', '.join(KINDS)}")
    if kind not in KINDS:
        raise ModelError(f'unknown kind of model "{kind}"; there are {", ".join(KINDS)}')
    return cast(Kind, importlib.import_module(_MODULES[kind]))
