"""An experiment's tables, from what classifiers and heuristics said of its persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network, build_network
from gpunet.base.array_types import Int64
from gpunet.base.parallel import in_batches
from gpunet.base.progress import ProgressCallback, part_of
from gpunet.base.threads import available_threads
from gpunet.config.config import Config
from gpunet.engines.protocol import Engine
from gpunet.evaluate.ablation import Ablated
from gpunet.evaluate.bootstrap import Draws, draw_communities, with_those_alone
from gpunet.evaluate.curves import AXES
from gpunet.evaluate.descriptives import descriptives
from gpunet.evaluate.judged import Judged, Populations, judge
from gpunet.evaluate.layer_schemas import layer_frame
from gpunet.evaluate.layer_worth import worth_rows
from gpunet.evaluate.leak import leak_rows
from gpunet.evaluate.predicted import Evaluation, Predicted
from gpunet.evaluate.schemas import TABLES, frame_of, repeated
from gpunet.evaluate.watching import watching_rows, watching_warnings
from gpunet.tables.arrays import to_host
from gpunet.tables.gather import gather

__all__ = ["Populations", "evaluation_of"]


def evaluation_of(
    predicted: Sequence[Predicted],
    populations: Populations,
    community: Int64,
    arrests: Arrests,
    config: Config,
    *,
    network: Network | None = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    warnings: Sequence[str] = (),
    ablated: Sequence[Ablated] = (),
) -> Evaluation:
    """Results, predictions, curves, calibration, leak and descriptives of one experiment; and what layers are worth.

    Parameters
    ----------
    predicted
        What was said, in the order of the tables' rows; all of one experiment.
    populations
        Gives, for a prediction, the populations beside ``all``, in the order of the rows.
    community
        int64[n_persons], the community of every person of the arrests, -1 outside the network (then a person is a
        community of their own): :func:`gpunet.evaluate.bootstrap.communities_of` makes it of a table of groups.
    arrests
        All arrests of the experiment: for the persons' ids, the kind of frame, and the descriptives.
    config
        ``[evaluate] bootstrap`` draws, by ``[model] seed``.
    network
        That of the arrests, if it is at hand; else it is built.
    engine, threads
        With which the descriptives are computed; the results do not depend on the number of threads.
    progress
        Called as the work goes on.
    warnings
        Sentences that go into the evaluation.
    ablated
        The model with every layer and without each.
    """
    threads = available_threads(threads)
    backend = arrests.backend
    persons = np.unique(_joined([one.person for one in predicted], np.int64))
    community = with_those_alone(community, to_host(arrests.first_rows))
    draws = draw_communities(community, persons, config.evaluate.bootstrap, config.model.seed)
    judging = in_batches(
        lambda one: judge(one, populations, draws), predicted, threads, stage="statistics", progress=progress
    )
    judged = [row for _, rows in judging for row in rows]
    groups = [{**one.keys, **group} for one in judged for group in one.calibration]
    of_layers, more = _of_layers(arrests, network, ablated, draws, config.model.seed, threads)
    return Evaluation(
        results=_table("results", [{**one.keys, **one.result} for one in judged], backend),
        predictions=_predictions(predicted, arrests),
        curves=_curves(judged, backend),
        calibration=_table("calibration", groups, backend),
        leak=_table("leak", leak_rows(judged), backend),
        descriptives=descriptives(
            arrests, network, engine=engine, threads=threads, progress=part_of(progress, "statistics")
        ),
        warnings=(*warnings, *more),
        **of_layers,
    )


def _of_layers(
    arrests: Arrests, network: Network | None, ablated: Sequence[Ablated], draws: Draws, seed: int, threads: int
) -> tuple[dict[str, Any], list[str]]:
    """The tables of layers beside co-arrest, none if there are none, and warnings of these."""
    if not arrests.layers:
        return {}, []
    watching = watching_rows(arrests, build_network(arrests) if network is None else network)
    rows = {"layers": worth_rows(ablated, draws, seed, threads), "watching": watching}
    return {name: layer_frame(name, of, arrests.backend) for name, of in rows.items()}, watching_warnings(watching)


def _table(name: str, rows: Sequence[Mapping[str, Any]], backend: str) -> Any:
    return frame_of(name, {column.name: [row[column.name] for row in rows] for column in TABLES[name]}, backend)


def _predictions(predicted: Sequence[Predicted], arrests: Arrests) -> Any:
    names = ("protocol", "classifier", "smote", "family", "month", "outcome")
    keys = [{name: getattr(one, name) for name in names} for one in predicted]
    lengths = [len(one.person) for one in predicted]
    orders = [np.argsort(one.person) for one in predicted]

    def by_person(values: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
        return _joined([of[order] for of, order in zip(values, orders, strict=True)], dtype)

    folds = [np.full(n, -1) if one.fold is None else one.fold for one, n in zip(predicted, lengths, strict=True)]
    fold = by_person(folds, np.int64)
    unknown = np.repeat(np.array([bool(one.unknown) for one in predicted], np.bool_), lengths)
    columns = {
        **repeated("predictions", names, keys, lengths),
        "person_id": gather(arrests.person_ids, by_person([one.person for one in predicted], np.int64), "person_id"),
        "fold": (fold, fold < 0),
        "value": (by_person([one.value for one in predicted], np.float64), unknown),
        "named": (by_person([one.named for one in predicted], np.bool_), unknown),
        "label": by_person([one.label for one in predicted], np.bool_),
    }
    return frame_of("predictions", columns, arrests.backend)


def _curves(judged: Sequence[Judged], backend: str) -> Any:
    keys, points = [], []
    for one in judged:
        for curve, found in one.curves.items():
            x_measure, y_measure = AXES[curve]
            keys.append({**one.keys, "curve": curve, "x_measure": x_measure, "y_measure": y_measure})
            points.append(found)
    threshold, x, y = (_joined([found[i] for found in points], np.float64) for i in range(3))
    named = [column.name for column in TABLES["curves"] if column.name not in ("threshold", "x", "y")]
    columns = {
        **repeated("curves", named, keys, [len(found[0]) for found in points]),
        "threshold": (threshold, np.isnan(threshold)),
        "x": x,
        "y": y,
    }
    return frame_of("curves", columns, backend)


def _joined(arrays: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *arrays])
