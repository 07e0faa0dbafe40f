"""How good predictions are, against what is known already and against chance. Values that JSON can hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float32, Float64

__all__ = ["TOP", "chance", "evaluate", "past_violence_score"]

#: Lengths of the lists whose precision is reported.
TOP = (100, 500)


def evaluate(
    labels: Bool, probability: Float64, threshold: float, *, past_violence: Float64 | None = None
) -> dict[str, Any]:
    """Compare predictions with what happened.

    Parameters
    ----------
    labels
        bool[n], what happened.
    probability
        float64[n], what was predicted.
    threshold
        From this probability on a person counts as predicted positive.
    past_violence
        float64[n] from :func:`past_violence_score`, None where the record is not at hand.

    Returns
    -------
    dict
        ``persons, positives, base_rate, mean_probability, threshold`` and, each a dictionary of the same measures,
        ``model``, ``past_violence`` (None without the record) and ``chance``. The measures: ``flagged`` (number
        predicted positive), ``precision``, ``recall``, ``f1``, ``auc`` (area under the ROC curve),
        ``average_precision``, ``brier``, ``brier_skill`` (1 - Brier / Brier of the base rate for everyone),
        ``precision_top_100``, ``precision_top_500``. A measure that is not defined is None: precision where nobody is
        flagged, recall and average precision without positives, AUC and Brier skill with one class, a list longer
        than n, Brier of a baseline that gives no probabilities.

    Notes
    -----
    Past violence flags whoever has a violent arrest on record. Chance is exact expectation, not a draw: as many
    persons as the model flags, chosen at random, and a random order. Equals at the end of a list count by their share,
    which is the expectation over their orders.
    """
    n, positives = len(labels), int(labels.sum())
    flagged = probability >= threshold
    rate = positives / n if n else None
    return {
        "persons": n,
        "positives": positives,
        "base_rate": rate,
        "mean_probability": float(probability.mean()) if n else None,
        "threshold": float(threshold),
        "model": {**_decision(labels, flagged), **_ranking(labels, probability), **_brier(labels, probability)},
        "past_violence": None if past_violence is None else {
            **_decision(labels, past_violence > 0),
            **_ranking(labels, past_violence),
            "brier": None,
            "brier_skill": None,
        },
        "chance": chance(n, positives, int(flagged.sum())),
    }  # fmt: skip


def past_violence_score(violent_arrests: Float64 | Float32, days_since: Float64 | Float32) -> Float64:
    """Order persons by their violent arrests, then by how recent the last one is.

    Parameters
    ----------
    violent_arrests
        [n], number of violent arrests on record, NaN as 0.
    days_since
        [n], days since the last of them, NaN where there is none or it is undated (which comes last among equals).

    Returns
    -------
    float64[n]
        Whole numbers, greater for who comes first, equal for who is alike, 0 exactly without a violent arrest.
    """
    arrests = np.nan_to_num(np.asarray(violent_arrests, dtype=np.float64))
    since = np.nan_to_num(np.asarray(days_since, dtype=np.float64), nan=np.inf)
    since[arrests <= 0] = np.inf
    keys = np.column_stack([np.maximum(arrests, 0.0), -since])
    levels, code = np.unique(keys, axis=0, return_inverse=True)
    start = 0 if len(levels) and levels[0, 0] == 0 else 1
    return code.reshape(-1).astype(np.float64) + start


def _decision(labels: Bool, flagged: Bool) -> dict[str, Any]:
    hits, count, positives = int((labels & flagged).sum()), int(flagged.sum()), int(labels.sum())
    return {
        "flagged": count,
        "precision": hits / count if count else None,
        "recall": hits / positives if positives else None,
        "f1": 2 * hits / (count + positives) if count + positives else None,
    }


def _ranking(labels: Bool, value: Float64) -> dict[str, Any]:
    from sklearn.metrics import average_precision_score, roc_auc_score

    positives = int(labels.sum())
    return {
        "auc": float(roc_auc_score(labels, value)) if 0 < positives < len(labels) else None,
        "average_precision": float(average_precision_score(labels, value)) if positives else None,
        **{f"precision_top_{k}": _top_precision(labels, value, k) for k in TOP},
    }


def _top_precision(labels: Bool, value: Float64, k: int) -> float | None:
    if len(labels) < k:
        return None
    cut = np.partition(value, len(value) - k)[len(value) - k]
    above, equal = value > cut, value == cut
    share = (k - int(above.sum())) / int(equal.sum())
    return float((int(labels[above].sum()) + share * int(labels[equal].sum())) / k)


def _brier(labels: Bool, probability: Float64) -> dict[str, float | None]:
    from sklearn.metrics import brier_score_loss

    if not len(labels):
        return {"brier": None, "brier_skill": None}
    rate = float(labels.mean())
    brier = float(brier_score_loss(labels.astype(np.int8), probability, pos_label=1))
    reference = rate * (1 - rate)
    return {"brier": brier, "brier_skill": 1 - brier / reference if reference > 0 else None}


def chance(n: int, positives: int, flagged: int) -> dict[str, Any]:
    """Exact expectations of the measures of a random order of n persons, so many of them flagged; None if undefined."""
    rate = positives / n if n else None
    one_class = rate is None or positives in (0, n)
    return {
        "flagged": flagged,
        "precision": rate if flagged else None,
        "recall": flagged / n if positives else None,
        "f1": 2 * flagged * rate / (flagged + positives) if rate is not None and flagged + positives else None,
        "auc": None if one_class else 0.5,
        "average_precision": _expected_average_precision(n, positives) if positives else None,
        **{f"precision_top_{k}": rate if n >= k else None for k in TOP},
        "brier": None if rate is None else rate * (1 - rate),
        "brier_skill": None if one_class else 0.0,
    }


def _expected_average_precision(n: int, positives: int) -> float:
    """Mean average precision over all orders: the i-th person counts P/n/i of itself and of each one before it."""
    harmonic = math.fsum(1 / i for i in range(1, n + 1)) if n <= 1000 else math.log(n) + 0.57721566490153286 + 0.5 / n
    others = (positives - 1) / (n - 1) * (n - harmonic) if n > 1 else 0.0
    return (harmonic + others) / n
