"""What predicts the persons of a month: classifiers trained on the past alone, and heuristics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float32, Float64, Int32, Int64
from gpunet.base.errors import ModelError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import Config
from gpunet.evaluate.classifiers import Classifier
from gpunet.evaluate.fitting import held_out_values, seed_of
from gpunet.evaluate.months import Month, Snapshots
from gpunet.evaluate.predicted import Kept, Predicted
from gpunet.model.calibration import best_threshold
from gpunet.model.folds import fold_count, person_folds

__all__ = ["TRAINED", "Experiment", "PastAndPresent"]

#: The classifiers that are trained for each month.
TRAINED = ("random_forest", "xgboost")

#: The forest that names nobody who was not arrested lately, and the one that it follows.
_FILTERED, _FOREST = "filtered_random_forest", "random_forest"


@dataclass(frozen=True)
class Experiment:
    """What predicts the persons of any month."""

    settings: Config
    classifiers: Mapping[str, Classifier]
    threads: int
    kept: Kept
    snapshots: Snapshots

    def predicted(self, month: Month, past: date, progress: ProgressCallback | None = None) -> list[Predicted]:
        """What was said of a month by everything that predicts, for each outcome.

        `past` is the day trained on; `progress` is told of each classifier under its name.
        """
        unknown = "" if len(month.person) else f"nobody is in the population of {month.day}"
        untrained, fold = unknown, np.empty(0, np.int32)
        if not unknown:
            untrained, fold = self.folds(month, past)
        nothing = np.full(len(month.person), np.nan), np.zeros(len(month.person), np.bool_)
        said: dict[str, tuple[Float64, Bool]] = {}
        for name in TRAINED:
            said[name] = nothing if untrained else self._said(name, month, past, fold, progress)
        value, named = said[_FOREST]
        filtered = np.where(month.active, value, 0.0), named & month.active
        said[_FILTERED] = nothing if untrained else filtered
        common: dict[str, Any] = {"experiment": "emerging", "protocol": None, "smote": False, "family": "all"}
        common |= {"person": month.person, "month": month.day}
        found = []
        for outcome, label in month.labels.items():
            known = {**common, "outcome": outcome, "label": label}
            found += [
                Predicted(classifier=name, value=value, named=named, unknown=untrained, **known)
                for name, (value, named) in said.items()
            ]
            found += [
                Predicted(
                    classifier=name,
                    value=named.astype(np.float64),
                    named=named,
                    unknown=unknown,
                    is_probability=False,
                    is_order=False,
                    **known,
                )
                for name, named in month.named.items()
            ]
        return found

    def folds(self, month: Month, past: date) -> tuple[str, Int32]:
        """Why no classifier can be trained for a month, "" if it can; and the folds of its training rows."""
        labels, model = month.past_labels, self.settings.model
        row = np.arange(len(labels))
        try:
            what = f"training on {past} with what was known on {month.day}"
            return "", person_folds(labels, row, fold_count(labels, row, model.folds, what), model.seed)
        except ModelError as error:
            return str(error), np.empty(0, np.int32)

    def _said(
        self, name: str, month: Month, past: date, fold: Int32, progress: ProgressCallback | None
    ) -> tuple[Float64, Bool]:
        """What a trained classifier says of the persons of a month, and whom it names."""

        def compute() -> Float64:
            columns, known = self.snapshots.features(past)
            rows = PastAndPresent(fold, known, self.snapshots.features(month.day)[1])
            values = self.values(name, month, rows, len(columns), stage=name, progress=progress)
            held_out, present = values[: len(fold)], values[len(fold) :]
            return np.append(present, best_threshold(month.past_labels, held_out))

        found = self.kept(f"{name} of {month.day}", compute, (len(month.person) + 1,))
        return found[:-1], found[:-1] >= found[-1]

    def values(
        self,
        name: str,
        month: Month,
        rows: PastAndPresent,
        columns: int,
        *,
        stage: str,
        progress: ProgressCallback | None,
        folds: Sequence[int] | None = None,
    ) -> Float64:
        """What a classifier says of these rows, each of so many columns; see :func:`held_out_values`."""
        return held_out_values(
            rows,
            np.concatenate([month.past_labels, np.zeros(len(month.person), np.bool_)]),
            self.classifiers[name],
            np.arange(columns),
            np.zeros(columns, np.bool_),
            seed=seed_of(self.settings.model.seed, "emerging", name, str(month.day)),
            smote=False,
            threads=self.threads,
            stage=stage,
            progress=progress,
            folds=folds,
        )


class PastAndPresent:
    """Rows of the past, in folds, and then those of the present, which are a fold that nothing is trained on.

    What is trained without the present is trained on all of the past; see :class:`gpunet.evaluate.fitting.FoldRows`.
    """

    def __init__(self, fold: Int32, past: Float32, present: Float32) -> None:
        self._fold, self._past, self._present = fold, past, present
        self.present_fold = int(fold.max()) + 1
        self.n_folds = self.present_fold + 1

    def training(self, test: int, columns: Int64) -> tuple[Int64, Float32]:
        """The rows of the past outside the fold `test`, and their matrix."""
        rows = np.flatnonzero(self._fold != test)
        return rows, self._past[np.ix_(rows, columns)]

    def tests(self, test: int, columns: Int64) -> tuple[Int64, list[Float32]]:
        """The rows of the fold `test`, and their matrix."""
        if test == self.present_fold:
            n = len(self._fold)
            return np.arange(n, n + len(self._present)), [self._present[:, columns]]
        rows = np.flatnonzero(self._fold == test)
        return rows, [self._past[np.ix_(rows, columns)]]
