"""What was fitted becomes a model: calibrated, with a threshold, by what was said of rows that were held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64, Int32
from gpunet.config.config import ModelConfig
from gpunet.model.calibration import Calibration, best_threshold, fit_calibration, log_odds
from gpunet.model.classifier import Fitted
from gpunet.model.folds import NEVER
from gpunet.model.trained import Model

__all__ = ["CrossFit", "FoldAssignment", "HeldOut", "assemble", "assemble_later", "held_out", "held_out_later"]


@dataclass(frozen=True, eq=False)
class CrossFit:
    """A model, and what it said of persons while it did not know them.

    Attributes
    ----------
    model
        Trained on all rows.
    fold
        int32[n], the fold in which each row was held out; -1 if it was not.
    probability
        float64[n], calibrated, each by a classifier trained without the row's person, NaN where none was; of
        :func:`train_later` those of the later snapshot by one that was trained before it, which counts as a fold more.
    warnings
        Sentences for the user.
    """

    model: Model
    fold: Int32
    probability: Float64
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FoldAssignment:
    """Rows assigned to folds by person.

    Attributes
    ----------
    fold
        int32[n], the fold in which each row is held out; -1 if it never is.
    folds, persons
        How many there are of each, also of folds that are never held out.
    """

    fold: Int32
    folds: int
    persons: int


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What was said of n rows by models that did not know them, and what follows from it.

    Attributes
    ----------
    calibration
        Of the model's margins.
    probability
        float64[n], calibrated; NaN of rows that all models knew.
    threshold
        The probability with the greatest F1.
    """

    calibration: Calibration
    probability: Float64
    threshold: float


def held_out(margin: Float64, labels: Bool) -> HeldOut:
    """Of the held-out margins of a cross-fitting, float64[n], NaN of rows that were not held out."""
    rows = ~np.isnan(margin)
    calibration = fit_calibration(margin[rows], labels[rows])
    probability = np.full(len(margin), np.nan)
    probability[rows] = calibration(margin[rows])
    return HeldOut(calibration, probability, best_threshold(labels[rows], probability[rows]))


def held_out_later(first: CrossFit, probability: Float64, labels: Bool) -> HeldOut:
    """Of an earlier snapshot that `first` was cross-fitted on and a later one, which got `probability` from its model.

    `labels` are those of both. Probabilities stand for margins, of which they are a function that keeps ranks.
    """
    found = held_out(log_odds(np.concatenate([first.probability, probability])), labels)
    return HeldOut(first.model.calibration.then(found.calibration), found.probability, found.threshold)


def assemble(
    fitted: Fitted, source: Any, labels: Bool, assignment: FoldAssignment, config: ModelConfig, what: str
) -> CrossFit:
    """Calibrate what was fitted, choose the threshold, and make a model of it.

    `source` has the ``columns``, ``taxonomy``, ``sets``, ``betweenness`` and ``origin`` of the features.
    """
    told = held_out(fitted.held_out_margin, labels)
    model = _model(fitted, source, labels, assignment, config, told)
    warnings = list(fitted.warnings)
    if assignment.folds < config.folds:
        warnings.append(
            f"{what}: {assignment.folds} folds instead of {config.folds}, because there are few positives or negatives"
        )
    return CrossFit(model, assignment.fold, told.probability, (*warnings, *_flat(model, what)))


def assemble_later(
    fitted: Fitted,
    source: Any,
    labels: tuple[Bool, Bool],
    first: CrossFit,
    probability: Float64,
    persons: int,
    config: ModelConfig,
    what: str,
) -> CrossFit:
    """What :func:`assemble` does, of a model that was trained as :func:`train_later` does; `persons` are in both."""
    both = np.concatenate(labels)
    told = held_out_later(first, probability, both)
    fold = np.concatenate([first.fold, np.full(len(labels[1]), first.fold.max() + 1, dtype=np.int32)])
    assignment = FoldAssignment(fold, first.model.training["folds"], persons)
    model = _model(fitted, source, both, assignment, config, told)
    return CrossFit(model, fold, told.probability, (*fitted.warnings, *_flat(model, what)))


def _model(
    fitted: Fitted, source: Any, labels: Bool, assignment: FoldAssignment, config: ModelConfig, told: HeldOut
) -> Model:
    import xgboost as xgb

    fitted.classifier.name_features(source.columns)
    return Model(
        classifier=fitted.classifier,
        features=source.columns,
        calibration=told.calibration,
        threshold=told.threshold,
        taxonomy=source.taxonomy,
        sets=source.sets,
        training={  # with the keys of _TRAINING
            "rows": len(labels),
            "persons": assignment.persons,
            "positive_rows": int(labels.sum()),
            "folds": assignment.folds,
            "held_out_rows": int((assignment.fold != NEVER).sum()),
            "rounds": fitted.rounds,
            "seed": config.seed,
            "parameters": fitted.parameters,
            "libraries": {"xgboost": xgb.__version__},
        },
        betweenness=source.betweenness,
        origin=source.origin,
        side=config.side,
    )


def _flat(model: Model, what: str) -> tuple[str, ...]:
    text = f"{what}: the features do not predict the label; every probability is the base rate"
    return () if model.calibration.slope else (text,)
