"""Forecasting as a force would: learn from the last window but one, test on the last, predict the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.model.metrics import evaluate, past_violence_score
from gpunet.model.scoring import score_table
from gpunet.model.table import FeatureTable, TaxonomyLike, read_features, read_labels, stack
from gpunet.model.trained import Model
from gpunet.model.training import CrossFit, ModelConfigLike, cross_fit
from gpunet.progress import ProgressCallback, labelled

__all__ = ["Forecast", "forecast"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """The outcome of :func:`forecast`.

    Attributes
    ----------
    model
        Trained on both past snapshots.
    scores
        Scores at T: a frame as :func:`gpunet.model.score` makes it.
    evaluation
        Values that JSON can hold; see :func:`forecast`.
    warnings
        Sentences for the user.
    """

    model: Model
    scores: Any
    evaluation: dict[str, Any]
    warnings: tuple[str, ...]


def forecast(
    past: Any,
    test: Any,
    now: Any,
    past_labels: Any,
    test_labels: Any,
    config: ModelConfigLike | None = None,
    *,
    kind: str | None = None,
    taxonomy: TaxonomyLike | None = None,
    betweenness: Mapping[str, Any] | None = None,
    windows: tuple[str, str] = ("[T-2H, T-H)", "[T-H, T)"),
    threads: int | None = None,
    device: str | None = None,
    progress: ProgressCallback | None = None,
    kept: Callable[[str, Callable[[], CrossFit]], CrossFit] | None = None,
) -> Forecast:
    """Train on the past, report honest results on the test snapshot, train on both, score everyone now.

    Parameters
    ----------
    past, test, now
        Features as of T-2H, T-H and T (H the horizon): paths, frames or :class:`FeatureTable`. The columns of `past`
        are the model's; the others must have them too.
    past_labels, test_labels
        What happened in the window after that day: booleans aligned with the rows, or frames ``person_id, label``.
    config, kind, taxonomy, threads, device
        As in :func:`gpunet.model.train`.
    betweenness
        How the betweenness columns were computed, where the sources do not say.
    windows
        The two label windows in words, for messages and the record.
    progress
        Called as the work goes on, see :mod:`gpunet.progress`.
    kept
        Called as ``kept(name, fit)`` for each of the two trainings, ``past`` and ``both``; returns what ``fit()`` does,
        or what it did in an earlier run with the same input.

    Returns
    -------
    Forecast
        Its ``evaluation`` holds ``past`` and ``test`` (window, persons, positives; for `test` also how many persons
        were not in `past`, and how many of them were positive), ``results`` (:func:`gpunet.model.metrics.evaluate` on
        `test`, with the model and the threshold from `past` alone), ``results_new_persons`` (the same over the persons
        of `test` that were not in `past`, None if there are none), ``held_out`` (the same measures within `past`, by
        cross-fitting), ``calibration`` (ten groups of `test` by predicted probability), ``importance`` (a list of
        ``feature, mean_absolute_contribution`` over the persons of `now` in log-odds, and ``loss_share``, greatest
        first), ``training`` (of the final model) and ``evaluated_model`` (of the one that was tested).

    Raises
    ------
    ModelError
        If the past snapshot cannot train a model (it names the window and the counts), or features do not fit.
    ConfigError
        If `config` or `threads` is not understood.
    EngineError
        If `device` is neither "cpu" nor "gpu", or a GPU's libraries are not installed.
    """
    told: dict[str, Any] = {"taxonomy": taxonomy, "betweenness": betweenness, "device": device}
    tables = [read_features(source, **told) for source in (past, test)]
    before, after = tables[0], tables[1].select(tables[0].columns)
    labels = read_labels(before, past_labels), read_labels(after, test_labels)
    options: dict[str, Any] = {"config": config, "kind": kind, "threads": threads}
    what = f"the past snapshot, labels of {windows[0]}"

    def fit_past() -> CrossFit:
        return cross_fit(before, labels[0], progress=labelled(progress, "(past)"), what=what, **options)

    def fit_both() -> CrossFit:
        both, told = stack(before, after), labelled(progress, "(past and test)")
        return cross_fit(both, np.concatenate(labels), progress=told, what="both past snapshots", **options)

    first = fit_past() if kept is None else kept("past", fit_past)
    probability = first.model.predict_proba(after, threads=threads)
    final = fit_both() if kept is None else kept("both", fit_both)
    present = final.model.table(now, device=device)
    scored = score_table(final.model, present, threads=threads, progress=progress)
    evaluation = {
        "past": {"window": windows[0], "persons": len(before), "positives": int(labels[0].sum())},
        **_test_results(first, before, after, labels[1], probability, windows[1]),
        "held_out": evaluate(labels[0], first.probability, first.model.threshold, past_violence=_record(before)),
        "importance": _importance(final.model, scored.mean_contribution),
        "training": dict(final.model.training),
        "evaluated_model": dict(first.model.training),
    }
    doubts = [model.doubt(table) for model, table in ((first.model, after), (final.model, present))]
    warnings = list(dict.fromkeys((*first.warnings, *final.warnings, *filter(None, doubts))))
    if not labels[1].any():
        warnings.append(f"nobody had the label true in {windows[1]}: there are no results to report")
    return Forecast(final.model, scored.frame, evaluation, tuple(warnings))


def _test_results(
    first: CrossFit,
    before: FeatureTable,
    after: FeatureTable,
    labels: NDArray[np.bool_],
    probability: NDArray[np.float64],
    window: str,
) -> dict[str, Any]:
    import pyarrow.compute as pc

    new = ~pc.is_in(after.ids(), value_set=before.ids()).to_numpy(zero_copy_only=False).astype(bool)
    record, threshold = _record(after), first.model.threshold
    return {
        "test": {
            "window": window,
            "persons": len(after),
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
    }


def _record(table: FeatureTable) -> NDArray[np.float64] | None:
    """The past-violence baseline's order, None where the table lacks the person's own record."""
    arrests, since = table.column("own_violent_arrests"), table.column("days_since_last_violent")
    return None if arrests is None or since is None else past_violence_score(arrests, since)


def _reliability(labels: NDArray[np.bool_], probability: NDArray[np.float64]) -> list[dict[str, float]]:
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


def _importance(model: Model, mean_contribution: NDArray[np.float64]) -> list[dict[str, Any]]:
    share = model.classifier.importance()
    return [
        {
            "feature": model.features[j],
            "mean_absolute_contribution": float(mean_contribution[j]),
            "loss_share": float(share[j]),
        }
        for j in np.argsort(-mean_contribution, kind="stable")
    ]
