"""Scores: a probability, a rank and the features that contributed most, for every person."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.arguments import checked, instance_of
from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.base.errors import ModelError
from gpunet.base.progress import ProgressCallback, begun
from gpunet.base.threads import available_threads
from gpunet.config.sides import OFFENDER, VICTIM, Side
from gpunet.model.matrix import device_given, namespace, on_gpu, to_host
from gpunet.model.table import PERSON, FeatureTable
from gpunet.model.tested import side_column
from gpunet.model.trained import Model, check_finite
from gpunet.tables.arrays import inverse_order
from gpunet.tables.frames import make_frame, make_series

__all__ = [
    "COLUMNS_OF_SIDE",
    "FACTORS",
    "SCORE_COLUMNS",
    "Explained",
    "Scored",
    "add_contributions",
    "explain",
    "mean_of",
    "ranks",
    "score",
    "score_table",
    "scores_frame",
]

#: Features named for each person.
FACTORS = 5

#: Of a table of scores.
SCORE_COLUMNS = (
    PERSON,
    "probability",
    "rank",
    *(f"factor_{k + 1}" for k in range(FACTORS)),
    *(f"contribution_{k + 1}" for k in range(FACTORS)),
)

#: The same by side: scores of victims say beside each person that they are.
COLUMNS_OF_SIDE: Mapping[Side, tuple[str, ...]] = {
    OFFENDER: SCORE_COLUMNS,
    VICTIM: (PERSON, "side", *SCORE_COLUMNS[1:]),
}

#: Rows explained at once: bounds the memory of the contributions. A GPU has a thread a row, and takes as many rows as
#: keep it busy.
_CHUNK = {"cpu": 1 << 16, "gpu": 1 << 18}

#: Contributions are added up over persons in whole multiples of this, without rounding.
_UNIT = 2.0**-32


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores as a frame, and each feature's mean absolute contribution over all persons, float64[p] (log-odds)."""

    frame: Any
    mean_contribution: Float64


@dataclass(frozen=True, eq=False)
class Explained:
    """What a model says of n rows.

    Attributes
    ----------
    probability
        float64[n], calibrated.
    factor, contribution
        int32[n, FACTORS] and float64[n, FACTORS]: columns of the greatest contributions (-1: none), and these.
    contributions
        Sums over the rows of each feature's absolute contributions, for :func:`add_contributions` and :func:`mean_of`.
    not_finite
        Rows with a probability or contribution that is no finite number, for :func:`check_finite`.
    """

    probability: Float64
    factor: Int32
    contribution: Float64
    contributions: tuple[int, ...]
    not_finite: int = 0


@checked(model=instance_of(Model, "a Model, as train and load_model return it", ModelError), device=device_given)
def score(
    model: Model,
    features: Any,
    *,
    threads: int | None = None,
    device: str | None = None,
    progress: ProgressCallback | None = None,
) -> Any:
    """Score every person of `features`.

    Parameters
    ----------
    model
        From :func:`gpunet.model.train` or :func:`gpunet.model.load_model`.
    features
        Path of a ``features.parquet``, any frame, or a :class:`FeatureTable`, with one row a person. Columns that the
        model does not know are ignored.
    threads
        Number of threads, all by default. The scores do not depend on it.
    device
        ``"cpu"`` or ``"gpu"``, wherever the model was trained; ``"cpu"`` if not given, but a FeatureTable stays where
        it is.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`.

    Returns
    -------
    native frame
        Of the caller's kind (Polars for a path), sorted by person_id: ``person_id``; ``probability``, float64,
        calibrated; ``rank``, int64, 1 for the highest probability, equals in the order of person_id; ``factor_1`` to
        ``factor_5``, names of the features with the greatest absolute contribution, and ``contribution_1`` to
        ``contribution_5``, float64, signed, in raw log-odds (see :meth:`Model.contributions`). A feature that did not
        move a person at all is not named: with fewer than five that did, the rest is null. Of a model that forecasts
        who becomes a victim there is a column ``side`` after the first, which says ``victim`` in every row.

    Raises
    ------
    ModelError
        If a column is missing or of the wrong type (all are named), the features have other violent sets than the
        model, or a person has two rows; also if `model` is not a Model, or a score would not be a finite number.
    ConfigError
        If `threads` is less than 1.
    EngineError
        If `device` is neither, or a GPU's libraries are not installed.

    Warns
    -----
    UserWarning
        For each thing in which `features` differ from what the model was made for, as far as both are known (a feature
        file and a model of a run know): the as-of day lies before the model's, or more than its horizon after it, or
        is not there; the largest incident, the incident key or another setting on which features depend is another;
        betweenness is approximate in one alone, or to another epsilon.

    Examples
    --------
    >>> features = pl.DataFrame({"person_id": range(600), "degree__all": [i % 6 for i in range(600)]})
    >>> model = gpunet.train(features, [i % 6 > 3 for i in range(600)], config={"max_rounds": 5}, threads=1)
    >>> scores = gpunet.score(model, features, threads=1)
    >>> best = scores.sort("rank").row(0, named=True)
    >>> best["person_id"], best["factor_1"], best["probability"] > 0.5
    (4, 'degree__all', True)
    """
    table = model.table(features, device=device)
    for mismatch in model.mismatches(table):
        warnings.warn(mismatch, stacklevel=2)
    return score_table(model, table, threads=threads, progress=progress).frame


def score_table(
    model: Model,
    table: FeatureTable,
    *,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    order: Int64 | None = None,
) -> Scored:
    """Do what :func:`score` does, for a table from :meth:`Model.table`.

    `order` are its rows in the order in which equals are ranked, where that is not the order of person_id.
    """
    by_person = _by_person(table)
    if by_person is not None:
        table = table.take(by_person)
        order = None if order is None else inverse_order(by_person, len(table))[order]
    found = explain(model, table, threads=available_threads(threads), progress=progress)
    check_finite(found.not_finite, len(table))
    rank = ranks(found.probability, order)
    frame = scores_frame(table.person_ids, found, rank, model.features, table.backend, model.side)
    return Scored(frame, mean_of(found.contributions, len(table)))


def explain(model: Model, table: FeatureTable, *, threads: int, progress: ProgressCallback | None = None) -> Explained:
    """Probability and strongest features of each row of a table from :meth:`Model.table`."""
    begun(progress, "score")
    n, p = len(table), len(model.features)
    factor = np.full((n, FACTORS), -1, dtype=np.int32)
    contribution = np.zeros((n, FACTORS))
    total, not_finite = [0] * p, 0
    probability = np.empty(n)
    chunk = _CHUNK["gpu" if on_gpu(table.matrix) else "cpu"]
    for start in range(0, n, chunk):
        rows = slice(start, min(start + chunk, n))
        matrix = table.matrix[rows]
        probability[rows] = model.calibration(to_host(model.classifier.margin(matrix, threads)))
        contributions = model.classifier.contributions(matrix, threads)[:, :p]
        factor[rows], contribution[rows] = (to_host(part) for part in _strongest(contributions))
        strongest = contribution[rows]  # what is not finite is greater than all others
        not_finite += int((~(np.isfinite(probability[rows]) & np.isfinite(strongest).all(axis=1))).sum())
        if not_finite:
            continue  # nothing is made of the sums
        total = add_contributions(total, _units(contributions))
        if progress is not None:
            progress("score", rows.stop, n)
    return Explained(probability, factor, contribution, tuple(total), not_finite)


def ranks(probability: Float64, order: Int64 | None = None) -> Int64:
    """int64[n]: 1 for the highest, equals in the order in which `order` lists them, or in their own.

    Examples
    --------
    >>> ranks(np.array([0.5, 0.5, 0.9])).tolist(), ranks(np.array([0.5, 0.5, 0.9]), np.array([1, 2, 0])).tolist()
    ([2, 3, 1], [3, 2, 1])
    """
    rank = np.empty(len(probability), dtype=np.int64)
    best = np.argsort(-(probability if order is None else probability[order]), kind="stable")
    rank[best if order is None else order[best]] = np.arange(1, len(probability) + 1)
    return rank


def scores_frame(
    person_ids: Any, found: Explained, rank: Int64, features: tuple[str, ...], backend: str, side: Side = OFFENDER
) -> Any:
    """The frame that :func:`score` describes, of persons in the order of their ids."""
    factor, contribution = found.factor, found.contribution
    said = side_column(side, len(rank))
    columns: dict[str, Any] = {PERSON: person_ids, **said, "probability": found.probability, "rank": rank}
    for k in range(FACTORS):
        columns[f"factor_{k + 1}"] = _names(f"factor_{k + 1}", factor[:, k], features)
    for k in range(FACTORS):
        columns[f"contribution_{k + 1}"] = (contribution[:, k], factor[:, k] < 0)
    return make_frame(columns, backend)


def add_contributions(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Sums over other rows, added: whole numbers, so that neither order nor division of the rows matters."""
    return [a + b for a, b in zip(first, second, strict=True)]


def mean_of(contributions: Sequence[int], n: int) -> Float64:
    """Mean absolute contribution of each feature over n rows, float64[p]."""
    return np.array([total * _UNIT / max(n, 1) for total in contributions], dtype=np.float64)


def _units(contributions: Any) -> list[int]:
    """Each feature's absolute contributions, added up over the rows, in whole units."""
    xp = namespace(contributions)
    units = xp.astype(xp.round(xp.abs(contributions) / _UNIT), xp.int64)
    return [int(total) for total in to_host(xp.sum(units, axis=0))]


def _strongest(contributions: Any) -> tuple[Any, Any]:
    """Columns of each row's greatest contributions, of equals the first (-1: none left), and the contributions."""
    xp, (n, p) = namespace(contributions), contributions.shape
    factor = xp.full((n, FACTORS), -1, dtype=xp.int32)
    contribution = xp.zeros((n, FACTORS), dtype=xp.float64)
    rows, size = xp.arange(n), xp.abs(contributions)
    for k in range(min(FACTORS, p)):
        first = xp.argmax(size, axis=1)
        found = contributions[rows, first]
        contribution[:, k] = found
        factor[:, k] = xp.where(found != 0, xp.astype(first, xp.int32), xp.asarray(-1, dtype=xp.int32))
        size[rows, first] = -1.0
    return factor, contribution


def _names(name: str, codes: Int32, features: tuple[str, ...]) -> Any:
    names = pa.array(features, type=pa.large_string())
    return make_series(name, names.take(pa.array(codes, mask=codes < 0)))


def _by_person(table: FeatureTable) -> Int64 | None:
    """The rows in the order of person_id; None if they are in it."""
    ids = table.ids()
    order = pc.sort_indices(ids).to_numpy().astype(np.int64)
    ordered = ids.take(order)
    if len(ids) > 1 and pc.any(pc.equal(ordered[1:], ordered[:-1])).as_py():
        raise ModelError(f"the features: a {PERSON} has more than one row")
    return None if np.array_equal(order, np.arange(len(order))) else order
