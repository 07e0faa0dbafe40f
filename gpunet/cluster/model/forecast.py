"""Forecasting from feature tables that lie in parts on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from distributed import Client, Future

from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.base.errors import ModelError
from gpunet.base.progress import ProgressCallback, labelled
from gpunet.cluster.model.partitions import Snapshot, TablePartition, check_alike, read_snapshot
from gpunet.cluster.model.scores import DistributedScores, DistributedTested, probabilities, score_distributed
from gpunet.cluster.model.training_distributed import fit_distributed
from gpunet.cluster.model.training_single import cross_fit_on_one, fit_on_one
from gpunet.cluster.model.workers import team
from gpunet.config.config import ModelConfig
from gpunet.config.sides import OFFENDER
from gpunet.model.assembling import assemble, assemble_later
from gpunet.model.folds import group_codes
from gpunet.model.forecasting import Forecast
from gpunet.model.matrix import check_device
from gpunet.model.outcome import Known, collect_warnings, evaluate_forecast, violence_record
from gpunet.model.table import check_present, check_same_taxonomy
from gpunet.model.training import CrossFit, Kept, ModelConfigLike, assign_folds, fitted, is_of, model_config
from gpunet.tables.arrays import inverse_order

__all__ = ["DistributedScores", "TablePartition", "forecast_distributed"]


def forecast_distributed(
    client: Client,
    past: Sequence[Future],
    test: Sequence[Future],
    now: Sequence[Future],
    past_labels: Sequence[Future],
    test_labels: Sequence[Future],
    config: ModelConfigLike | None = None,
    *,
    windows: tuple[str, str] = ("[T-2H, T-H)", "[T-H, T)"),
    workers: int | None = None,
    unencrypted: bool = False,
    device: str | None = None,
    progress: ProgressCallback | None = None,
    kept: Kept | None = None,
) -> Forecast:
    """Do what :func:`gpunet.model.forecast` does, where the features are parts on the workers of a cluster.

    This process holds a few values a person (number, label, fold, probability, record), never a matrix.

    Parameters
    ----------
    client
        Of the cluster.
    past, test, now
        Futures of :class:`TablePartition`, by ascending persons, as of T-2H, T-H and T.
    past_labels, test_labels
        Futures of booleans aligned with the rows of the parts of `past` and `test`.
    config, windows, progress, kept
        As in :func:`gpunet.model.forecast`.
    unencrypted
        XGBoost's workers listen on every interface, and talk to each other without encryption or proof of identity.
        Only if this is true they train together. Otherwise one worker trains with the rows of all, and the model has
        the bytes that one process gives.
    workers
        How many train together, if they do; as many as are there now, if None. They are waited for up to a minute.
        Without some of them the others train, with a warning: the model depends on how many they are, and on the
        threads of each.
    device
        ``"cpu"`` or ``"gpu"``: where matrices are and trees are grown on the workers; where they are, if None.

    Returns
    -------
    Forecast
        Its ``scores`` are :class:`gpunet.cluster.model.scores.DistributedScores`, and ``tested`` comes in the same
        way. With ``random_forest`` one worker trains with the rows of all, also with `unencrypted`.

    Raises
    ------
    ModelError
        If the past snapshot cannot train a model (it names the window and the counts), or features do not fit.
    ConfigError
        If `config` is not understood.
    EngineError
        If `device` is neither "cpu" nor "gpu", workers are lost again and again, or one has too little memory.
    """
    if device is not None:
        check_device(device)
    before, after = (
        read_snapshot(client, past, "the past snapshot", device),
        read_snapshot(client, test, "the test snapshot", device),
    )
    check_present(before.columns, after.columns, "the features")
    labels_of_test = after.labels(client, test_labels)
    labels = before.labels(client, past_labels)[before.order], labels_of_test[after.order]
    settings = model_config(config)
    assert settings.side == OFFENDER  # tables of victims are read by one process, whose run divides paths alone
    together = unencrypted and settings.kind == "xgboost"
    training = _Trainer(client, settings, device, workers or len(team(client)) if together else None)

    keep, fits = kept or fitted, partial(is_of, source=before, config=settings)

    def fit_past() -> CrossFit:
        what = f"the past snapshot, labels of {windows[0]}"
        return training.cross_fit([before], [past_labels], labels[0], labelled(progress, "(past)"), what)

    first = keep("past", fit_past, partial(fits, labels=labels[0]))
    check_same_taxonomy(first.model, after, "the model", "the feature table")
    of_test = probabilities(client, first.model, after, device=device)
    probability = of_test[after.order]

    def fit_both() -> CrossFit:
        check_alike(before, after)
        stage_progress, futures = labelled(progress, "(past and test)"), [past_labels, test_labels]
        return training.train_later([before, after], futures, labels, first, probability, stage_progress)

    final = keep("both", fit_both, partial(fits, labels=np.concatenate(labels), first=first))
    present = read_snapshot(client, now, "the present snapshot", device)
    check_present(final.model.features, present.columns, "the features")
    check_same_taxonomy(final.model, present, "the model", "the feature table")
    scored = score_distributed(client, final.model, present, device=device, progress=progress)
    known, new = _known(after, labels[1], windows[1]), ~np.isin(after.numbers, before.numbers)
    evaluation = evaluate_forecast(
        first,
        final.model,
        (_known(before, labels[0], windows[0]), known),
        new=new[after.order],
        probability=probability,
        mean_contribution=scored.mean_contribution,
    )
    mismatches = [*first.model.mismatches(after), *final.model.mismatches(present)]
    warnings = collect_warnings(first, final, mismatches, labels[1], windows[1])
    record = violence_record(after.arrests, after.since)
    tested = DistributedTested(client, after, of_test, record, new, labels_of_test)
    return Forecast(final.model, scored, tested, evaluation, warnings)


@dataclass(frozen=True, eq=False)
class _Trainer:
    """Trains on parts: with XGBoost on so many `workers` together, or, if that is None, on one with all rows."""

    client: Client
    config: ModelConfig
    device: str | None
    workers: int | None

    def cross_fit(
        self,
        snapshots: Sequence[Snapshot],
        label_futures: Sequence[Sequence[Future]],
        labels: Bool,
        progress: ProgressCallback | None,
        what: str,
    ) -> CrossFit:
        """Do what :func:`gpunet.model.training.cross_fit` does, with the rows of all parts of the snapshots."""
        if not len(labels):
            raise ModelError(f"{what}: there are no rows")
        same: dict[str, Any] = {"config": self.config, "progress": progress}
        if self.workers is None:
            return cross_fit_on_one(self.client, snapshots, label_futures, device=self.device, what=what, **same)
        numbers = np.concatenate([snapshot.numbers[snapshot.order] for snapshot in snapshots])
        assignment = assign_folds(labels, group_codes(numbers), self.config, what)
        device, order = "gpu" if snapshots[0].on_gpu else "cpu", _order_of_all(snapshots)
        places = inverse_order(order, len(order))
        fitted = fit_distributed(
            self.client, snapshots, labels[places], assignment.fold[places], workers=self.workers, device=device, **same
        )
        fitted = replace(fitted, held_out_margin=fitted.held_out_margin[order])
        return assemble(fitted, snapshots[0], labels, assignment, self.config, what)

    def train_later(
        self,
        snapshots: Sequence[Snapshot],
        label_futures: Sequence[Sequence[Future]],
        labels: tuple[Bool, Bool],
        first: CrossFit,
        probability: Float64,
        progress: ProgressCallback | None,
    ) -> CrossFit:
        """Do what :func:`gpunet.model.training.train_later` does, with the rows of all parts of both snapshots."""
        same: dict[str, Any] = {"rounds": first.model.training["rounds"], "config": self.config, "progress": progress}
        if self.workers is None:
            fitted = fit_on_one(self.client, snapshots, label_futures, device=self.device, **same)
        else:
            device, order = "gpu" if snapshots[0].on_gpu else "cpu", _order_of_all(snapshots)
            in_parts = np.concatenate(labels)[inverse_order(order, len(order))]
            fitted = fit_distributed(
                self.client, snapshots, in_parts, None, workers=self.workers, device=device, **same
            )
        persons = len(np.unique(np.concatenate([snapshot.numbers for snapshot in snapshots])))
        what = "both past snapshots"
        return assemble_later(fitted, snapshots[0], labels, first, probability, persons, self.config, what)


def _order_of_all(snapshots: Sequence[Snapshot]) -> Int64:
    """The rows of all snapshots, one after the other, each in the order of training."""
    starts = np.cumsum([0, *map(len, snapshots)])
    return np.concatenate([start + snapshot.order for start, snapshot in zip(starts[:-1], snapshots, strict=True)])


def _known(snapshot: Snapshot, labels: Bool, window: str) -> Known:
    """What happened to the persons of a snapshot, in the order of training."""
    record = violence_record(snapshot.arrests, snapshot.since)
    return Known(window, labels, None if record is None else record[snapshot.order])
