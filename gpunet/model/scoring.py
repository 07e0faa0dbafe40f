"""Scores: a probability, a rank and the features that moved it most, for every person."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.errors import ModelError
from gpunet.frames import make_frame, make_series
from gpunet.model.matrix import namespace, on_gpu, to_host
from gpunet.model.table import PERSON, FeatureTable
from gpunet.model.trained import Model
from gpunet.parallel import available_threads
from gpunet.progress import ProgressCallback

__all__ = ["FACTORS", "Scored", "score", "score_table"]

#: Features named for each person.
FACTORS = 5

#: Rows explained at once: bounds the memory of the contributions. Fixed, so that the sums over rows are too. A GPU has
#: a thread a row, and takes as many rows as keep it busy.
_CHUNK = {"cpu": 1 << 16, "gpu": 1 << 18}


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores as a frame, and each feature's mean absolute contribution over all persons, float64[p] (log-odds)."""

    frame: Any
    mean_contribution: NDArray[np.float64]


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
        Called as the work goes on, see :mod:`gpunet.progress`.

    Returns
    -------
    native frame
        Of the caller's kind (Polars for a path), sorted by person_id: ``person_id``; ``probability``, float64,
        calibrated; ``rank``, int64, 1 for the highest probability, equals in the order of person_id; ``factor_1`` to
        ``factor_5``, names of the features with the greatest absolute contribution, and ``contribution_1`` to
        ``contribution_5``, float64, signed, in raw log-odds (see :meth:`Model.contributions`). A feature that did not
        move a person at all is not named: with fewer than five that did, the rest is null.

    Raises
    ------
    ModelError
        If a column is missing or of the wrong type (all are named), the features have other violent sets than the
        model, or a person has two rows; also if `model` is not a Model.
    ConfigError
        If `threads` is less than 1.
    EngineError
        If `device` is neither, or a GPU's libraries are not installed.

    Warns
    -----
    UserWarning
        If betweenness is approximate in `features` and was not in training, or the other way round, or to another
        epsilon.
    """
    if not isinstance(model, Model):
        raise ModelError(
            f"score: the first argument must be a Model, as train and load_model return it, not {type(model).__name__}"
        )
    table = model.table(features, device=device)
    if doubt := model.doubt(table):
        warnings.warn(doubt, stacklevel=2)
    return score_table(model, table, threads=threads, progress=progress).frame


def score_table(
    model: Model, table: FeatureTable, *, threads: int | None = None, progress: ProgressCallback | None = None
) -> Scored:
    """Do what :func:`score` does, for a table from :meth:`Model.table`."""
    table = _sorted_by_person(table)
    n, p, count = len(table), len(model.features), available_threads(threads)
    factor = np.full((n, FACTORS), -1, dtype=np.int32)
    contribution = np.zeros((n, FACTORS))
    total = np.zeros(p)
    probability = np.empty(n)
    chunk = _CHUNK["gpu" if on_gpu(table.matrix) else "cpu"]
    for start in range(0, n, chunk):
        rows = slice(start, min(start + chunk, n))
        matrix = table.matrix[rows]
        probability[rows] = model.calibration(to_host(model.classifier.margin(matrix, count)))
        moved = model.classifier.contributions(matrix, count)[:, :p]
        xp = namespace(moved)
        total += to_host(xp.sum(xp.abs(moved), axis=0))
        factor[rows], contribution[rows] = (to_host(part) for part in _strongest(moved))
        if progress is not None:
            progress("score", rows.stop, n)
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(-probability, kind="stable")] = np.arange(1, n + 1)
    columns: dict[str, Any] = {PERSON: table.person_ids, "probability": probability, "rank": rank}
    for k in range(FACTORS):
        columns[f"factor_{k + 1}"] = _names(f"factor_{k + 1}", factor[:, k], model.features)
    for k in range(FACTORS):
        columns[f"contribution_{k + 1}"] = (contribution[:, k], factor[:, k] < 0)
    return Scored(make_frame(columns, table.backend), total / max(n, 1))


def _strongest(moved: Any) -> tuple[Any, Any]:
    """Columns of each row's greatest contributions, of equals the first (-1: none left), and the contributions."""
    xp, (n, p) = namespace(moved), moved.shape
    factor = xp.full((n, FACTORS), -1, dtype=xp.int32)
    contribution = xp.zeros((n, FACTORS), dtype=xp.float64)
    rows, size = xp.arange(n), xp.abs(moved)
    for k in range(min(FACTORS, p)):
        first = xp.argmax(size, axis=1)
        found = moved[rows, first]
        contribution[:, k] = found
        factor[:, k] = xp.where(found != 0, xp.astype(first, xp.int32), xp.asarray(-1, dtype=xp.int32))
        size[rows, first] = -1.0
    return factor, contribution


def _names(name: str, codes: NDArray[np.int32], features: tuple[str, ...]) -> Any:
    import pyarrow as pa

    names = pa.array(features, type=pa.large_string())
    return make_series(name, names.take(pa.array(codes, mask=codes < 0)))


def _sorted_by_person(table: FeatureTable) -> FeatureTable:
    import pyarrow.compute as pc

    ids = table.ids()
    order = pc.sort_indices(ids).to_numpy().astype(np.int64)
    ordered = ids.take(order)
    if len(ids) > 1 and pc.any(pc.equal(ordered[1:], ordered[:-1])).as_py():
        raise ModelError(f"the features: a {PERSON} has more than one row")
    return table if np.array_equal(order, np.arange(len(order))) else table.take(order)
