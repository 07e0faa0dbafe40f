"""A trained model: classifier, calibration, threshold and the features it needs, in memory and as one file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gpunet.base._version import __version__
from gpunet.base.array_types import Float64
from gpunet.base.errors import ModelError, in_words
from gpunet.base.paths import read_regular
from gpunet.base.threads import available_threads
from gpunet.config.sides import OFFENDER, Side
from gpunet.model.calibration import Calibration
from gpunet.model.classifier import kind_module
from gpunet.model.matrix import to_host
from gpunet.model.metadata import FORMATS, model_metadata_of
from gpunet.model.origin import Origin, origin_mismatches
from gpunet.model.precision import betweenness_mismatch
from gpunet.model.seal import is_sealed
from gpunet.model.structure import check_names
from gpunet.model.table import FeatureTable, check_same_taxonomy, read_features
from gpunet.model.trial import remember
from gpunet.tables.files import write_whole

if TYPE_CHECKING:
    from gpunet.model.trees import BoostedTrees

__all__ = ["Model", "check_finite", "load_model", "model_from_bytes"]

_MOST_BYTES = 1 << 31  # of a model file


@dataclass(frozen=True, eq=False)
class Model:
    """What :func:`gpunet.model.train` makes and :func:`gpunet.model.score` uses.

    Attributes
    ----------
    classifier
        The trees.
    features
        The columns that it needs, in its order.
    calibration
        From margin to probability.
    threshold
        A person whose probability is at least this is called positive; it gave the greatest F1 on held-out persons.
    taxonomy, sets
        Hash of the violent sets behind the features, and the sets themselves; None where they were not known.
    training
        How it was trained, in values that JSON can hold: rows, persons, positives, folds, rounds, seed, parameters,
        libraries.
    version
        Version of this package that trained it.
    betweenness
        How the betweenness columns it was trained on were computed, None where they were not known.
    origin
        What the features it was trained on were computed from, None where that was not known.
    side
        Whom it forecasts: ``"offender"``, who is arrested for a violent offence, or ``"victim"``, who becomes a victim
        of one. It stands beside every score that it gives.
    """

    classifier: BoostedTrees
    features: tuple[str, ...]
    calibration: Calibration
    threshold: float
    taxonomy: str | None
    sets: Mapping[str, tuple[str, ...]] | None
    training: Mapping[str, Any]
    version: str = __version__
    betweenness: Mapping[str, Any] | None = None
    origin: Origin | None = None
    side: Side = OFFENDER

    @property
    def kind(self) -> str:
        """``"xgboost"`` or ``"random_forest"``."""
        return self.classifier.kind

    @property
    def suffix(self) -> str:
        """The suffix of its file, ``.ubj``."""
        return ".ubj"

    def table(self, features: Any, *, device: str | None = None) -> FeatureTable:
        """Read `features` (path, frame or FeatureTable) as this model needs them, into the memory of `device`.

        `device` is as in :func:`gpunet.model.score`.

        Raises
        ------
        ModelError
            If a column is missing or of the wrong type (all are named), or the features have other violent sets.
        """
        table = read_features(features, columns=self.features, device=device)
        check_same_taxonomy(self, table, "the model", "the feature table")
        return table

    def mismatches(self, table: Any) -> tuple[str, ...]:
        """Sentences on what is otherwise in `table` than in training: day, settings, the precision of betweenness."""
        found = origin_mismatches(self.origin, table.origin)
        if any(name.startswith("betweenness__") for name in self.features):
            precision = betweenness_mismatch(self, table, "the model's training", "the feature table")
            return (*found, precision) if precision else found
        return found

    def predict_margin(self, features: Any, *, threads: int | None = None, device: str | None = None) -> Float64:
        """Raw log-odds before calibration, float64[n], in the order of the rows of `features`."""
        table = self.table(features, device=device)
        return to_host(self.classifier.margin(table.matrix, available_threads(threads)))

    def predict_proba(self, features: Any, *, threads: int | None = None, device: str | None = None) -> Float64:
        """Calibrated probabilities, float64[n], in the order of the rows of `features`; ModelError if not finite."""
        probability = self.calibration(self.predict_margin(features, threads=threads, device=device))
        check_finite(int((~np.isfinite(probability)).sum()), len(probability))
        return probability

    def contributions(self, features: Any, *, threads: int | None = None, device: str | None = None) -> Float64:
        """What each feature adds to each person's raw log-odds, signed.

        Returns
        -------
        float64[n, p + 1]
            One column for each of :attr:`features`, then the part that is the same for everyone. A row sums to
            :meth:`predict_margin`, to float32. SHAP values (TreeSHAP, Lundberg et al. 2020), of the forest carried
            over to log-odds.
        """
        table = self.table(features, device=device)
        return to_host(self.classifier.contributions(table.matrix, available_threads(threads)))

    def to_bytes(self) -> bytes:
        """The model's file. Equal models give equal bytes."""
        metadata = {
            "format": FORMATS[self.side],
            "kind": self.kind,
            **({} if self.side == OFFENDER else {"side": self.side}),
            "gpunet": self.version,
            "features": list(self.features),
            "taxonomy": self.taxonomy,
            "sets": None if self.sets is None else {name: list(patterns) for name, patterns in self.sets.items()},
            "betweenness": None if self.betweenness is None else dict(self.betweenness),
            "origin": None if self.origin is None else self.origin.as_dict(),
            "calibration": {"slope": self.calibration.slope, "intercept": self.calibration.intercept},
            "threshold": self.threshold,
            "training": dict(self.training),
        }
        data = self.classifier.to_bytes(json.dumps(metadata, allow_nan=False))
        remember(data)
        return data

    def save(self, path: str | Path) -> None:
        """Write the model as one file, whole or not at all: XGBoost's UBJSON.

        :attr:`suffix` is the usual one, but :func:`load_model` does not go by names.

        Raises
        ------
        ModelError
            If the file cannot be written: no such folder, a folder of that name, no permission, no space; or a
            feature has a name with control characters, which no file of a model may have.
        """
        target = _checked_path(path)
        check_names(list(self.features))
        data = self.to_bytes()
        try:
            if target.is_dir():
                raise ModelError(f"cannot save the model as {path}: that is a folder; name a file in it")
            write_whole(target, lambda partial: partial.write_bytes(data))
        except (OSError, ValueError) as error:  # ValueError: a name with a null character
            raise ModelError(f"cannot save the model as {path}: {in_words(error)}") from error


def load_model(path: str | Path) -> Model:
    """Read a model file, whatever its name; it says of which kind it is.

    Anybody may have made it. So its size, its structure and the names of its features are checked in a process of its
    own before XGBoost reads it there, and only then here (docs/security.md); that takes a second or two. A file that
    this process has saved is read at once.

    Raises
    ------
    ModelError
        If it cannot be read, is damaged, or was not made by this package or by a later version with another format.

    Examples
    --------
    >>> features = pl.DataFrame({"person_id": range(60), "degree__all": [i % 6 for i in range(60)]})
    >>> model = gpunet.train(features, [i % 6 > 3 for i in range(60)], config={"max_rounds": 5}, threads=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.ubj")
    ...     again = gpunet.load_model(f"{folder}/model.ubj")
    >>> again.features == model.features
    True
    """
    source = _checked_path(path)
    try:
        data = read_regular(source, _MOST_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise ModelError(f"cannot read the model {path}: {in_words(error)}") from error
    try:
        return model_from_bytes(data, foreign=True)
    except ModelError as error:
        raise ModelError(f"{path} is not a model: {error}") from error


def check_finite(others: int, n: int) -> None:
    """Raise ModelError if `others` of n persons have scores that are not finite."""
    if others:
        raise ModelError(
            f"{others:,} of {n:,} persons would get a score, or reasons for it, that are no finite numbers: the trees "
            "of the model are damaged, and nothing is written; train it again"
        )


def model_from_bytes(data: bytes, *, foreign: bool = False) -> Model:
    """The inverse of :meth:`Model.to_bytes`; ModelError if they are not a model's.

    `foreign` ones, which anybody may have made, are tried out in another process first.
    """
    from gpunet.model.trees import read_booster

    booster, text = read_booster(data, foreign=foreign)
    found = model_metadata_of(text)
    if found.format > 1 and not is_sealed(data):
        raise ModelError("it has lost its SHA-256, so it is damaged: take another copy of it")
    classifier = kind_module(found.kind).TREES(booster)
    classifier.check_described(found.features, found.training["rounds"])
    origin = found.origin
    return Model(
        classifier=classifier,
        features=found.features,
        calibration=Calibration(found.calibration.slope, found.calibration.intercept),
        threshold=found.threshold,
        taxonomy=found.taxonomy,
        sets=found.sets,
        training=found.training,
        version=found.gpunet,
        betweenness=found.betweenness,
        origin=None if origin is None else Origin(**vars(origin)),
        side=found.side,
    )


def _checked_path(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise ModelError(f"the model's file: expected a path, not {type(path).__name__}")
    if not os.fspath(path).strip():
        raise ModelError("the model's file: the path is empty; name a file (is a variable not set?)")
    return Path(path)
