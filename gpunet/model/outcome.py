"""What a forecast reports: results on the test snapshot, held-out results, calibration and importance.

Works on one value a person, whether the persons' features lie here or on the workers of a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float32, Float64
from gpunet.config.sides import OWN_RECORD, Side
from gpunet.model.folds import NEVER
from gpunet.model.metrics import evaluate, past_violence_score
from gpunet.model.table import FeatureTable
from gpunet.model.trained import Model
from gpunet.model.training import CrossFit

__all__ = ["Known", "collect_warnings", "evaluate_forecast", "record_of", "violence_record"]


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the n persons of a past snapshot.

    Attributes
    ----------
    window
        The label window, in words.
    labels
        bool[n], what happened in it.
    record
        float64[n] from :func:`violence_record`, None where the features lack the record.
    """

    window: str
    labels: Bool
    record: Float64 | None


def violence_record(arrests: Float32 | None, since: Float32 | None) -> Float64 | None:
    """The past-violence baseline's order, float64[n], of the number of violent events on record and days since.

    The features are :data:`gpunet.config.sides.OWN_RECORD`'s. None where one of the two is not there.
    """
    return None if arrests is None or since is None else past_violence_score(arrests, since)


def record_of(table: FeatureTable, side: Side) -> Float64 | None:
    """:func:`violence_record` of the persons of a table: of their own violent arrests, or own victimisations."""
    record = OWN_RECORD[side]
    return violence_record(table.column(record.violent), table.column(record.since))


def evaluate_forecast(
    first: CrossFit,
    final: Model,
    past: tuple[Known, Known],
    *,
    new: Bool,
    probability: Float64,
    mean_contribution: Float64,
) -> dict[str, Any]:
    """The evaluation of a forecast; :func:`gpunet.model.forecast` says what it holds.

    Parameters
    ----------
    first, final
        Trained on the past snapshot, and on both.
    past
        The past snapshot with its n persons, and the one to test on with its m.
    new
        bool[m], who of the second was not in the first.
    probability
        float64[m], of the persons of the second, by `first`.
    mean_contribution
        float64[p], of each feature in `final`, over the persons of the present.
    """
    before, after = past
    labels, record, threshold = after.labels, after.record, first.model.threshold
    return {
        "past": {"window": before.window, "persons": len(before.labels), "positives": int(before.labels.sum())},
        "test": {
            "window": after.window,
            "persons": len(labels),
            "positives": int(labels.sum()),
            "new_persons": int(new.sum()),
            "new_positives": int(labels[new].sum()),
        },
        "results": evaluate(labels, probability, threshold, past_violence=record),
        "results_new_persons": evaluate(
            labels[new], probability[new], threshold, past_violence=None if record is None else record[new]
        )
        if new.any()
        else None,
        "calibration": _reliability(labels, probability),
        "held_out": _held_out(before, first),
        "importance": _importance(final, mean_contribution),
        "training": dict(final.training),
        "evaluated_model": dict(first.model.training),
    }


def _held_out(before: Known, first: CrossFit) -> dict[str, Any]:
    """The results of the first training on the persons that were held out in it."""
    rows = first.fold != NEVER
    record = None if before.record is None else before.record[rows]
    return evaluate(before.labels[rows], first.probability[rows], first.model.threshold, past_violence=record)


def collect_warnings(
    first: CrossFit, final: CrossFit, mismatches: Iterable[str], labels: Bool, window: str
) -> tuple[str, ...]:
    """All sentences for the user, each once; `labels` are those of the test window."""
    warnings = list(dict.fromkeys((*first.warnings, *final.warnings, *mismatches)))
    if not labels.any():
        warnings.append(f"nobody had the label true in {window}: there are no results to report")
    return tuple(warnings)


def _reliability(labels: Bool, probability: Float64) -> list[dict[str, float]]:
    """Ten groups of one size by predicted probability, lowest first: what was predicted and what happened."""
    order = np.argsort(probability, kind="stable")
    return [
        {
            "persons": len(rows),
            "mean_probability": float(probability[rows].mean()),
            "observed": float(labels[rows].mean()),
        }
        for rows in np.array_split(order, 10)
        if len(rows)
    ]


def _importance(model: Model, mean_contribution: Float64) -> list[dict[str, Any]]:
    share = model.classifier.importance()
    return [
        {
            "feature": model.features[j],
            "mean_absolute_contribution": float(mean_contribution[j]),
            "loss_share": float(share[j]),
        }
        for j in np.argsort(-mean_contribution, kind="stable")
    ]
