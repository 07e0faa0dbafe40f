"""Which labels the features of training and test persons may know.

``paper``
    Features are computed once, and everybody's see the labels of all others. Training persons' features then know the
    labels of test persons, and through them a classifier can: "one's own label is left out" is not enough.
``cross_fitted``
    With test fold i, the training rows of fold j are computed with the labels of the folds i and j hidden, and so are
    the test rows, once for each j. No feature has seen a label of the test fold, and training and test rows see equally
    many labels. One computation serves test fold i with training fold j and the other way round.
``same_event``
    As ``cross_fitted``, and every offence in an incident that a hidden person was in is hidden too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from itertools import combinations
from typing import Protocol

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import build_network, vertex_sets
from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.base.progress import ProgressCallback, begun
from gpunet.base.stopping import raise_if_stopped
from gpunet.config.config import PathConfig
from gpunet.config.registry import Feature
from gpunet.engines.protocol import Engine
from gpunet.evaluate.families import known_columns
from gpunet.evaluate.labels import hide
from gpunet.evaluate.predicted import Kept
from gpunet.features import columns_over_vertices
from gpunet.features.column import Columns
from gpunet.features.community import louvain_partition, recent_gang
from gpunet.features.geographic import geographic_features
from gpunet.features.layers import layer_features, layers_of
from gpunet.features.tables import feature_table
from gpunet.features.temporal import temporal_features
from gpunet.features.victims import exposure_features
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import as_eager, numbers_of

__all__ = ["HiddenFeatures", "Hiding", "Matrices"]


class Hiding(Protocol):
    """What :class:`Matrices` takes features from: some :class:`HiddenFeatures`, or a part of them."""

    community: Int64

    @property
    def declared(self) -> Mapping[str, Feature]:
        """The columns."""

    def matrix(self, hidden: Bool | None = None, *, events: bool = False) -> Float64:
        """Values of every person with the labels of any persons hidden."""


class HiddenFeatures:
    """Features of section 5 of every person, with the labels of any persons hidden.

    No label enters the network, its partitions and some of the columns: these are computed once.

    Attributes
    ----------
    arrests
        All of them, in the engine's memory.
    network, community
        The network, and int64[n_persons], each person's community in it, -1 outside.
    declared
        ``{column: its declaration}``, in the order of the matrices' columns.
    engine, path_config
        What computes them, and how paths are searched.
    """

    def __init__(self, arrests: Arrests, engine: Engine, path_config: PathConfig | None = None) -> None:
        self.engine, self.path_config = engine, path_config or arrests.config.path
        with engine.stage("network"):
            self.arrests = arrests.to_engine(engine)
            self.network = build_network(self.arrests, engine)
            assert self.network.person is not None  # it was made of arrests
            self._person = self.network.person
            self._gang = recent_gang(self.arrests)
        with engine.stage("partition"):
            self._partition = louvain_partition(self._gang[self._person], self.network, engine)
        self.community: Int64 = np.full(arrests.n_persons, -1, dtype=np.int64)
        self.community[to_host(self._person)] = to_host(self._partition.community)
        self.declared: Mapping[str, Feature] = known_columns(self.network.sets, arrests.layers)
        self._follow = np.array([feature.follows_offences for feature in self.declared.values()])
        self._open: Float64 | None = None

    def hidden(self, persons: Bool, *, events: bool) -> Arrests:
        """The arrests as :func:`gpunet.evaluate.labels.hide` leaves them, in the engine's memory."""
        return hide(self.arrests, self.engine.to_engine(persons), events=events)

    def matrix(self, hidden: Bool | None = None, *, events: bool = False) -> Float64:
        """float64[n_persons, columns], NaN where null; `hidden` and `events` are as in :func:`hide`, nobody if None."""
        if self._open is None:
            self._open = self._computed(self.arrests, list(self.declared))
        if hidden is None:
            return self._open
        names = [name for name, follows in zip(self.declared, self._follow, strict=True) if follows]
        found = self._open.copy()
        found[:, self._follow] = self._computed(self.hidden(hidden, events=events), names)
        return found

    def _beside(self, arrests: Arrests, declared: Mapping[str, Feature]) -> Columns:
        """The columns of layers and of victims nearby over persons, as far as there are such."""
        families = {feature.family for feature in declared.values()}
        found: Columns = {}
        if "layers" in families:
            found, _ = layer_features(arrests, layers_of(arrests, self.network), self.engine, self.path_config)
        if "victims" in families:
            found |= exposure_features(arrests, self.network, self.engine)
        return found

    def _computed(self, arrests: Arrests, names: list[str]) -> Float64:
        """The named columns, which hold those of paths of the set of everybody all or not at all."""
        declared = {name: self.declared[name] for name in names}
        sets = vertex_sets(arrests.person_offences[self._person], arrests.config.violent_offences)
        network = dataclasses.replace(self.network, sets=sets)
        over_vertices, _ = columns_over_vertices(
            network,
            self._partition,
            {feature.family for feature in declared.values()},
            self.engine,
            self.path_config,
            stage=self.engine.stage,
            sets=[c for c in sets if c != "all" or f"betweenness__{c}" in declared],
        )
        beside = self._beside(arrests, declared)
        with self.engine.stage("tables"):
            over_vertices = {name: column for name, column in over_vertices.items() if name in declared}
            found = geographic_features(arrests) | temporal_features(arrests) | beside
            frame = as_eager(
                feature_table(arrests.person_ids, declared, found, over_vertices, self._person, self._gang)
            )
            columns = [numbers_of(frame.get_column(name)).astype(np.float64) for name in names]
        return np.stack(columns, axis=1)


class Matrices:
    """The rows on which classifiers are trained and tested, fold by fold, under one protocol.

    Rows are the persons of the experiment, numbered 0..n-1 in their order.

    Parameters
    ----------
    features
        Of all arrests.
    protocol
        One of ``paper``, ``cross_fitted``, ``same_event``.
    person
        int64[n], positions of the experiment's persons among those of the arrests.
    fold
        int32[n], the fold in which each is held out.
    kept
        Keeps each computation of features.
    progress
        Told of the computations, of which there is one for each two folds.
    """

    def __init__(
        self,
        features: Hiding,
        protocol: str,
        person: Int64,
        fold: Int32,
        kept: Kept,
        progress: ProgressCallback | None = None,
    ) -> None:
        self.fold, self.n_folds = fold, int(fold.max()) + 1
        self._features, self._protocol, self._person, self._kept = features, protocol, person, kept
        self._found: dict[tuple[int, ...], Float64] = {}
        self._compute(progress)

    def training(self, test: int, columns: Int64) -> tuple[Int64, Float64]:
        """The rows outside the fold `test`, and their matrix, rows ascending."""
        rows = np.flatnonzero(self.fold != test)
        if self._protocol == "paper":
            return rows, self._found[()][np.ix_(rows, columns)]
        matrix = np.empty((len(self.fold), len(columns)), dtype=np.float64)
        for other in range(self.n_folds):
            if other != test:
                matrix[self.fold == other] = self._of_fold(other, test, columns)
        return rows, matrix[rows]

    def tests(self, test: int, columns: Int64) -> tuple[Int64, list[Float64]]:
        """The rows of the fold `test`, and a matrix of them from each computation that was made for it."""
        rows = np.flatnonzero(self.fold == test)
        if self._protocol == "paper":
            return rows, [self._found[()][np.ix_(rows, columns)]]
        return rows, [self._of_fold(test, other, columns) for other in range(self.n_folds) if other != test]

    def _of_fold(self, fold: int, other: int, columns: Int64) -> Float64:
        """The rows of a fold from the computation in which the labels of it and of another one are hidden."""
        pair = (min(fold, other), max(fold, other))
        among = self.fold[np.isin(self.fold, pair)] == fold
        found: Float64 = self._found[pair][np.ix_(among, columns)]
        return found

    def _compute(self, progress: ProgressCallback | None) -> None:
        begun(progress, "features")
        pairs: list[tuple[int, ...]] = [()] if self._protocol == "paper" else [*combinations(range(self.n_folds), 2)]
        for number, pair in enumerate(pairs, 1):
            raise_if_stopped()
            name = ", ".join([self._protocol, "features", *(f"fold {k}" for k in pair)])
            shape = (int(self._among(pair).sum()), len(self._features.declared))
            self._found[pair] = self._kept(name, partial(self._rows, pair), shape)
            if progress is not None:
                progress("features", number, len(pairs))

    def _among(self, pair: tuple[int, ...]) -> Bool:
        """Who is in these folds; everybody if there are none."""
        return np.isin(self.fold, pair) if pair else np.ones(len(self.fold), dtype=np.bool_)

    def _rows(self, pair: tuple[int, ...]) -> Float64:
        """Features of the persons of these folds, with their labels hidden; of everybody and nobody's if none are."""
        among = self._among(pair)
        hidden = None
        if pair:
            hidden = np.zeros(len(self._features.community), dtype=np.bool_)
            hidden[self._person[among]] = True
        matrix = self._features.matrix(hidden, events=self._protocol == "same_event")
        return matrix[self._person[among]].astype(np.float64)
