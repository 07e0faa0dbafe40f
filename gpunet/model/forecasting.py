"""Forecasting as a force would: learn from the last window but one, test on the last, predict the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow.compute as pc

from gpunet.base.array_types import Bool, Int64
from gpunet.base.progress import ProgressCallback, labelled
from gpunet.model.labels import read_labels
from gpunet.model.outcome import Known, collect_warnings, evaluate_forecast, record_of
from gpunet.model.scoring import score_table
from gpunet.model.table import FeatureTable, TaxonomyLike, read_features, stack
from gpunet.model.tested import own_columns, tested_frame
from gpunet.model.trained import Model
from gpunet.model.training import CrossFit, Kept, ModelConfigLike, cross_fit, fitted, is_of, model_config, train_later
from gpunet.tables.arrays import inverse_order

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
    tested
        What the evaluated model said of the persons of the test snapshot, and what happened: a frame as
        :func:`gpunet.model.tested.tested_frame` makes it.
    evaluation
        Values that JSON can hold; see :func:`forecast`.
    warnings
        Sentences for the user.
    """

    model: Model
    scores: Any
    tested: Any
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
    kept: Kept | None = None,
    orders: tuple[Int64, Int64, Int64] | None = None,
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
        As in :func:`gpunet.model.train`. By the configuration's side, past violence is that of arrests, or of
        victimisations.
    betweenness
        How the betweenness columns were computed, where the sources do not say.
    windows
        The two label windows in words, for messages and the record.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`.
    kept
        Called as ``kept(name, fit, fits)`` for each of the two trainings, ``past`` and ``both``; returns what ``fit()``
        does, or what it did in an earlier run with the same input, of which ``fits(found)`` is true.
    orders
        The rows of `past`, `test` and `now` in the order in which folds are drawn, trees are trained and sums are added
        up, and in which equals of `now` are ranked, where that is another one than theirs, and than that of person_id.
        What is returned has their own order.

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
    read_options: dict[str, Any] = {"taxonomy": taxonomy, "betweenness": betweenness, "device": device}
    tables = [read_features(source, **read_options) for source in (past, test)]
    before, after = tables[0], tables[1].select(tables[0].columns)
    labels = read_labels(before, past_labels), read_labels(after, test_labels)
    ids, own, labels_of_test = after.person_ids, own_columns(after, model_config(config).side), labels[1]
    places = None
    if orders is not None:
        before, after = before.take(orders[0]), after.take(orders[1])
        labels = labels[0][orders[0]], labels[1][orders[1]]
        places = inverse_order(orders[1], len(after))
    del tables
    options: dict[str, Any] = {"config": config, "kind": kind, "threads": threads}
    what = f"the past snapshot, labels of {windows[0]}"

    keep, fits = kept or fitted, partial(is_of, source=before, kind=kind, config=config)

    def fit_past() -> CrossFit:
        return cross_fit(before, labels[0], progress=labelled(progress, "(past)"), what=what, **options)

    first = keep("past", fit_past, partial(fits, labels=labels[0]))
    probability = first.model.predict_proba(after, threads=threads)

    def fit_both() -> CrossFit:
        both, stage_progress = stack(before, after), labelled(progress, "(past and test)")
        return train_later(
            both, labels, first, probability, progress=stage_progress, what="both past snapshots", **options
        )

    final = keep("both", fit_both, partial(fits, labels=np.concatenate(labels), first=first))
    present = final.model.table(now, device=device)
    ranked = None if orders is None else orders[2]
    scored = score_table(final.model, present, threads=threads, progress=progress, order=ranked)
    side, new = final.model.side, _new(before, after)
    known = Known(windows[1], labels[1], record_of(after, side))
    evaluation = evaluate_forecast(
        first,
        final.model,
        (Known(windows[0], labels[0], record_of(before, side)), known),
        new=new,
        probability=probability,
        mean_contribution=scored.mean_contribution,
    )
    mismatches = [*first.model.mismatches(after), *final.model.mismatches(present)]
    warnings = collect_warnings(first, final, mismatches, labels[1], windows[1])
    record = known.record
    if places is not None:
        probability, new = probability[places], new[places]
        record = None if record is None else record[places]
    tested = tested_frame(ids, own, probability, record, new, labels_of_test, after.backend, side)
    return Forecast(final.model, scored.frame, tested, evaluation, warnings)


def _new(before: FeatureTable, after: FeatureTable) -> Bool:
    """Who of `after` was not in `before`, bool[n]."""
    known = pc.is_in(after.ids(), value_set=before.ids()).to_numpy(zero_copy_only=False).astype(bool)
    return np.asarray(~known)
