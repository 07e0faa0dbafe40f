"""The experiment ``known`` without a layer, under the same protocol: the labels of the same persons are hidden."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.joined import without_layer
from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.base.progress import ProgressCallback, ended
from gpunet.config.layers import VICTIM
from gpunet.config.registry import Feature
from gpunet.evaluate.ablation import MODEL, Ablated, columns_of_layer, union_columns, union_without, without_columns
from gpunet.evaluate.fitting import FoldRows
from gpunet.evaluate.predicted import Kept, Predicted
from gpunet.evaluate.protocols import HiddenFeatures, Matrices

__all__ = ["VICTIMS_LEFT_OUT", "Fit", "MatricesWithout", "left_out", "without_victims"]

#: What is said of all rows by the model that is trained on so many columns of them.
Fit = Callable[[FoldRows, int, ProgressCallback | None], Float64]

#: Why ``known`` knows no victims: they were not hidden with the labels.
VICTIMS_LEFT_OUT = (
    "the layer of victims, and features of victims nearby, are left out of the experiment known: whoever is tied to "
    "the victim of a violent incident was arrested for it, which is the label that is to be told; what they are worth "
    "is told by evaluate emerging"
)


def without_victims(arrests: Arrests) -> Arrests:
    """The arrests as the features of ``known`` see them: who was a victim of whom tells who is violent."""
    return arrests if arrests.victims is None else without_layer(arrests, VICTIM)


def left_out(
    features: HiddenFeatures,
    complete: Predicted,
    fold: Int32,
    matrices: Callable[[], Matrices],
    fit: Fit,
    kept: Kept,
    progress: ProgressCallback | None = None,
) -> list[Ablated]:
    """The model's prediction under a protocol beside its like without each layer.

    Parameters
    ----------
    features
        Of all persons, with every layer.
    complete
        What the model said with these.
    fold
        int32[n], the fold in which each person is held out.
    matrices
        The rows with every layer, made when they are needed.
    fit
        Trains the model.
    kept
        Keeps computations.
    progress
        Told of the stage ``layers``.
    """
    layers = features.arrests.layers.single
    protocol = str(complete.protocol)

    def value(layer: str, told: ProgressCallback | None) -> Float64:
        halves = [_part(told, "", half, 2) for half in (0, 1)]
        rows = MatricesWithout(matrices(), features, layer, protocol, complete.person, fold, kept, halves[0])
        return fit(rows, rows.width, halves[1])

    found = []
    for number, layer in enumerate(layers):
        told = _part(progress, "layers", number, len(layers))
        name = f"{protocol}, {MODEL}, without {layer}"
        values = kept(name, partial(value, layer, told), complete.person.shape)
        nobody = np.zeros(len(values), np.bool_)
        found.append(Ablated(layer, complete, replace(complete, value=values, named=nobody)))
    ended(progress, "layers")
    return found


def _part(progress: ProgressCallback | None, stage: str, number: int, total: int) -> ProgressCallback | None:
    """Tells of whatever is done as of the `number`-th of so many parts of a stage."""
    if progress is None:
        return None
    return lambda _, done, whole: progress(stage, number + done / whole, total)


class _HiddenUnion:
    """The columns of the union of all layers but one, with the labels of any persons hidden."""

    def __init__(self, features: HiddenFeatures, layer: str) -> None:
        self._features, self._layer = features, layer
        self.community: Int64 = features.community
        arrests = features.arrests
        names = union_columns(arrests.config.sets, arrests.layers, layer)
        self.declared: Mapping[str, Feature] = {name: features.declared[name] for name in names}

    def matrix(self, hidden: Bool | None = None, *, events: bool = False) -> Float64:
        """As of :class:`HiddenFeatures`."""
        of = self._features
        arrests = of.arrests if hidden is None else of.hidden(hidden, events=events)
        return union_without(arrests, of.network, self._layer, of.engine, of.path_config)


class MatricesWithout:
    """The rows of :class:`gpunet.evaluate.protocols.Matrices` without a layer; all columns are asked for at once.

    Parameters
    ----------
    complete
        Those with every layer.
    features, protocol, person, fold, kept
        As of :class:`Matrices`.
    layer
        The layer that is left out.
    progress
        Told of the computations.
    """

    def __init__(
        self,
        complete: Matrices,
        features: HiddenFeatures,
        layer: str,
        protocol: str,
        person: Int64,
        fold: Int32,
        kept: Kept,
        progress: ProgressCallback | None = None,
    ) -> None:
        arrests = features.arrests
        self.n_folds = complete.n_folds
        self._complete, self._names = complete, tuple(features.declared)
        self._gone = columns_of_layer(arrests.config.sets, arrests.layers, layer)
        union = _HiddenUnion(features, layer)
        self._anew = tuple(union.declared)
        kept_apart = _under(kept, f"without {layer}, ")
        self._union = Matrices(union, protocol, person, fold, kept_apart, progress) if self._anew else None

    @property
    def width(self) -> int:
        """How many columns there are."""
        return sum(name not in self._gone for name in self._names)

    def training(self, test: int, columns: Int64) -> tuple[Int64, Float64]:
        """As of :class:`Matrices`."""
        rows, found = self._complete.training(test, self._all)
        union = np.empty((len(rows), 0)) if self._union is None else self._union.training(test, self._every)[1]
        return rows, self._without(found, union)[:, columns]

    def tests(self, test: int, columns: Int64) -> tuple[Int64, list[Float64]]:
        """As of :class:`Matrices`."""
        rows, found = self._complete.tests(test, self._all)
        none = [np.empty((len(rows), 0))] * len(found)
        unions = none if self._union is None else self._union.tests(test, self._every)[1]
        return rows, [self._without(of, union)[:, columns] for of, union in zip(found, unions, strict=True)]

    @property
    def _all(self) -> Int64:
        return np.arange(len(self._names))

    @property
    def _every(self) -> Int64:
        return np.arange(len(self._anew))

    def _without(self, matrix: Float64, union: Float64) -> Float64:
        return without_columns(self._names, matrix, self._gone, self._anew, union)


def _under(kept: Kept, prefix: str) -> Kept:
    """Keeps under names of its own."""
    return lambda name, compute, shape: kept(f"{prefix}{name}", compute, shape)
