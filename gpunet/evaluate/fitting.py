"""Training and testing one classifier on every fold, folds side by side."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from zlib import crc32

import numpy as np

from gpunet.base.array_types import Bool, Float32, Float64, Int32, Int64
from gpunet.base.parallel import in_batches
from gpunet.base.progress import ProgressCallback
from gpunet.evaluate.classifiers import Classifier, preparation

__all__ = ["FoldRows", "held_out_values", "seed_of"]

#: Neighbours among which SMOTE draws; fewer where there are fewer positives.
_NEIGHBOURS = 5


class FoldRows(Protocol):
    """The rows that are trained and tested on, fold by fold, such as :class:`gpunet.evaluate.protocols.Matrices`."""

    n_folds: int

    def training(self, test: int, columns: Int64) -> tuple[Int64, Any]:
        """The rows that the fold `test` is predicted from, and their matrix."""

    def tests(self, test: int, columns: Int64) -> tuple[Int64, list[Any]]:
        """The rows of the fold `test`, and a matrix of them for each computation of their features."""


def seed_of(seed: int, *what: str | int) -> int:
    """A seed for one task, from the experiment's and the task's names: no order of tasks enters.

    >>> seed_of(1, "random_forest", 3) == seed_of(1, "random_forest", 3) != seed_of(1, "random_forest", 4)
    True
    """
    name = crc32(" ".join(map(str, what)).encode())
    return int(np.random.SeedSequence([seed, name]).generate_state(1)[0]) >> 1


def held_out_values(
    matrices: FoldRows,
    labels: Bool,
    classifier: Classifier,
    columns: Int64,
    flags: Bool,
    *,
    seed: int,
    smote: bool,
    threads: int,
    stage: str = "",
    progress: ProgressCallback | None = None,
    folds: Sequence[int] | None = None,
) -> Float64:
    """float64[n], for each row what is said of it by the classifier that was trained without its fold.

    Where there are several computations of its features it is the mean of what is said for each.

    Parameters
    ----------
    matrices
        Training and test rows.
    labels
        bool[n].
    columns
        int64[columns], positions of those that the classifier is given.
    flags
        bool[columns], which of these are flags, as SMOTE wants to know.
    folds
        Those whose rows are asked about, all if None; of others values are NaN.
    seed
        Of this classifier on these columns; folds have seeds of their own.
    """

    def one_fold(test: int) -> tuple[Int64, Float64]:
        openmp.limit(limits=1, user_api="openmp")  # of this thread, which ends with the pool
        rows, matrix = matrices.training(test, columns)
        model = _Trained(classifier, seed_of(seed, test), flags if smote else None)
        model.fit(matrix, labels[rows])
        tested, views = matrices.tests(test, columns)
        said = model.values(np.concatenate(views))  # at once: a forest takes long to begin
        return tested, said.reshape(len(views), -1).mean(axis=0)

    out = np.full(len(labels), np.nan)
    folds = range(matrices.n_folds) if folds is None else folds
    with _one_thread_each() as openmp:
        for _, (rows, values) in in_batches(one_fold, folds, threads, stage=stage, progress=progress):
            out[rows] = values
    return out


class _Trained:
    """A classifier with what prepares its rows; `flags` says which columns SMOTE takes for categories, None without."""

    def __init__(self, classifier: Classifier, seed: int, flags: Bool | None) -> None:
        self._classifier, self._seed, self._flags = classifier, seed, flags
        self._model = classifier.make(seed)
        self._prepared = preparation() if flags is not None or not classifier.takes_nan else None
        self._constant: float | None = None  # what is said of everybody if the rows trained on are all alike

    def fit(self, matrix: Float32 | Float64, labels: Bool) -> None:
        if np.array_equal(matrix, np.broadcast_to(matrix[0], matrix.shape), equal_nan=True):
            self._constant = float(labels.mean()) - 0.5 + self._classifier.threshold
            return
        target = labels.astype(np.int32)
        prepared: Any = matrix
        if self._prepared is not None:
            prepared = self._prepared.fit_transform(matrix)
        if self._flags is not None:
            gaps = prepared.shape[1] - matrix.shape[1]  # flags as well
            flags = np.concatenate([self._flags, np.ones(gaps, dtype=np.bool_)])
            prepared, target = oversampled(prepared, target, flags, self._seed)
        self._model.fit(prepared, target)

    def values(self, matrix: Float32 | Float64) -> Float64:
        if self._constant is not None:
            return np.full(len(matrix), self._constant)
        return self._classifier.values(
            self._model, matrix if self._prepared is None else self._prepared.transform(matrix)
        )


def oversampled(matrix: Any, target: Int32, flags: Bool, seed: int) -> tuple[Any, Int32]:
    """The rows with as many synthetic ones of the rarer class that both are equally many.

    SMOTE, or SMOTENC where there are `flags`, which synthetic rows take from most of their neighbours; SMOTEN where
    there is nothing else.
    """
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    neighbours = min(_NEIGHBOURS, int(np.bincount(target, minlength=2).min()) - 1)
    if flags.all():
        found = SMOTEN(k_neighbors=neighbours, random_state=seed).fit_resample(matrix, target)
    elif not flags.any():
        found = SMOTE(k_neighbors=neighbours, random_state=seed).fit_resample(matrix, target)
    else:
        sampler = SMOTENC(
            np.flatnonzero(flags).tolist(), categorical_encoder=_encoder(), k_neighbors=neighbours, random_state=seed
        )
        found = sampler.fit_resample(matrix, target)
    return found[0], found[1]


def _encoder() -> Any:
    from sklearn.preprocessing import OneHotEncoder

    class DenseInverse(OneHotEncoder):  # type: ignore[misc]
        """Of a sparse matrix the inverse looks at each row by itself, in Python: most of SMOTENC's time."""

        def inverse_transform(self, X: Any) -> Any:
            return super().inverse_transform(X.toarray())

    return DenseInverse(handle_unknown="ignore", dtype=np.float64)


@contextmanager
def _one_thread_each() -> Iterator[Any]:
    """BLAS has one thread, and no classifier warns; gives what limits OpenMP's threads.

    Classifiers would warn that they could train longer. scikit-learn's forests reset Python's filters of warnings
    for a moment, of the whole process: with several at work they are empty at times, on which it warns, whatever the
    filters were. So what is not ignored is recorded, and that is dropped.
    """
    import sklearn.svm  # noqa: F401 - so that the libraries are loaded whose threads are limited
    from threadpoolctl import ThreadpoolController

    pools = ThreadpoolController()
    with warnings.catch_warnings(record=True), pools.limit(limits=1, user_api="blas"):
        warnings.simplefilter("ignore")
        yield pools
