"""The same model without a layer: what the network would tell if nobody had kept those ties, or those victims.

Of a layer that is left out its own columns go, with ``victim`` those of victims too, and those of the union of all
layers are computed anew without its ties; all other columns are as they were. Persons, folds and seeds stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.joined import without_layer
from gpunet.arrests.network import Network
from gpunet.base.array_types import Float32, Float64
from gpunet.base.progress import ProgressCallback
from gpunet.base.stopping import raise_if_stopped
from gpunet.config.config import PathConfig
from gpunet.config.layers import ANY, VICTIM, Layers
from gpunet.config.registry import columns
from gpunet.engines.protocol import Engine
from gpunet.evaluate.month_predictions import Experiment, PastAndPresent
from gpunet.evaluate.months import Month
from gpunet.evaluate.predicted import Predicted
from gpunet.features.column import Column
from gpunet.features.layers import layer_features, layers_of

__all__ = ["MODEL", "Ablated", "MonthsWithout", "columns_of_layer", "union_columns", "union_without", "without_columns"]

#: The classifier whose predictions are compared.
MODEL = "xgboost"


@dataclass(frozen=True, eq=False)
class Ablated:
    """What the model said with every layer, and without one; of the latter nobody is named, as values alone count."""

    layer: str
    complete: Predicted
    without: Predicted


def columns_of_layer(sets: Collection[str], layers: Layers, layer: str) -> frozenset[str]:
    """The columns that go if there is no such layer: those of the union too, if no other is left.

    >>> both = Layers(("calls", "intelligence"))
    >>> sorted(columns_of_layer(["all", "violent"], both, "calls"))[:2]
    ['degree__all__calls', 'degree__violent__calls']
    """
    others = Layers(tuple(kind for kind in layers.kinds if kind != layer), layers.victims and layer != VICTIM)
    return frozenset(columns(sets, layers=layers)) - frozenset(columns(sets, layers=others))


def union_columns(sets: Collection[str], layers: Layers, layer: str) -> tuple[str, ...]:
    """The columns of the union of all layers that are computed anew without one; none if no other is left."""
    gone = columns_of_layer(sets, layers, layer)
    of_union = (name for name in columns(sets, ["layers"], layers=layers) if name.endswith(f"__{ANY}"))
    return tuple(name for name in of_union if name not in gone)


def union_without(arrests: Arrests, network: Network, layer: str, engine: Engine, path_config: PathConfig) -> Float64:
    """float64[n_persons, :func:`union_columns`], NaN where null; `network` is that of co-arrest."""
    others = without_layer(arrests, layer)
    if not others.layers:
        return np.empty((arrests.n_persons, 0))
    union = layers_of(others, network)[ANY]
    found, _ = layer_features(others, {ANY: union}, engine, path_config)
    wanted = union_columns(arrests.config.sets, arrests.layers, layer)
    return np.stack([_numbers(found[name]) for name in wanted], axis=1)


def _numbers(column: Column) -> Float64:
    if not isinstance(column, tuple):
        return column.astype(np.float64)
    return np.where(column[1], np.nan, column[0].astype(np.float64))


def without_columns(
    names: Sequence[str], matrix: NDArray[Any], gone: Collection[str], anew: Sequence[str], union: Float64
) -> NDArray[Any]:
    """A matrix of the named columns without those that are `gone`, and with those of the union computed `anew`.

    >>> without_columns(["a", "b", "c"], np.array([[1.0, 2.0, 3.0]]), {"a"}, ["c"], np.array([[9.0]])).tolist()
    [[2.0, 9.0]]
    """
    kept = [i for i, name in enumerate(names) if name not in gone]
    found = matrix[:, kept]
    place = {names[i]: j for j, i in enumerate(kept)}
    for name, values in zip(anew, union.T, strict=True):
        found[:, place[name]] = values
    return found


class MonthsWithout:
    """What the model says of months without each layer; see :class:`gpunet.evaluate.months.Snapshots`.

    Parameters
    ----------
    experiment
        That of the months, with its snapshots.
    engine, path_config
        What computes the union of the layers that are left, and how its paths are searched.
    """

    def __init__(self, experiment: Experiment, engine: Engine, path_config: PathConfig) -> None:
        self._experiment, self._engine, self._path = experiment, engine, path_config
        arrests = experiment.snapshots.arrests
        self._sets, self._of = arrests.config.sets, arrests.layers
        self._unions: dict[tuple[date, str], Float64] = {}

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are left out, one after the other."""
        return self._of.single

    def predicted(
        self, month: Month, past: date, complete: Sequence[Predicted], progress: ProgressCallback | None = None
    ) -> list[Ablated]:
        """The model's predictions among those of the `complete` features, each beside its like without each layer.

        `progress` is told of each layer under ``without`` and its name.
        """
        of_model = [one for one in complete if one.classifier == MODEL]
        found = []
        for layer in self.layers if of_model else ():
            raise_if_stopped()
            value = of_model[0].value if of_model[0].unknown else self._value(layer, month, past, progress)
            nobody = np.zeros(len(value), np.bool_)
            found += [Ablated(layer, one, replace(one, value=value, named=nobody)) for one in of_model]
        return found

    def keep(self, days: Collection[date]) -> None:
        """Forget all other days."""
        self._unions = {(day, layer): of for (day, layer), of in self._unions.items() if day in days}

    def _value(self, layer: str, month: Month, past: date, progress: ProgressCallback | None) -> Float64:
        def compute() -> Float64:
            _, fold = self._experiment.folds(month, past)
            rows = PastAndPresent(fold, self.features(past, layer), self.features(month.day, layer))
            width = self.features(past, layer).shape[1]
            folds, stage = [rows.present_fold], f"without {layer}"
            values = self._experiment.values(MODEL, month, rows, width, stage=stage, progress=progress, folds=folds)
            return values[len(fold) :]

        return self._experiment.kept(f"{MODEL} of {month.day} without {layer}", compute, (len(month.person),))

    def features(self, day: date, layer: str) -> Float32:
        """float32[n, columns] of the persons as of a day, without a layer."""
        snapshots = self._experiment.snapshots
        names, matrix = snapshots.features(day)
        anew = union_columns(self._sets, self._of, layer)
        if (day, layer) not in self._unions:
            persons = snapshots.population(day)
            shape = (persons.cut.n_persons, len(anew))
            compute = partial(union_without, persons.cut, persons.network, layer, self._engine, self._path)
            found = self._experiment.kept(f"any layer but {layer} as of {day}", compute, shape)
            self._unions[day, layer] = found[persons.row]
        gone = columns_of_layer(self._sets, self._of, layer)
        return without_columns(names, matrix, gone, anew, self._unions[day, layer])
