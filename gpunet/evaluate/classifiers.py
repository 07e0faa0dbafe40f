"""The classifiers of the paper's Table 8, and XGBoost: what each is, and what it is trained with.

The paper names its classifiers and not their parameters. Parameters are scikit-learn's defaults but for those that are
written out here; docs/classifiers.md has the same table. A classifier is given a matrix of numbers with NaN where a
feature is null. One that cannot take NaN is given the median of the training rows in its place, a flag for each column
that has gaps, and columns of mean 0 and variance 1. Medians, means and variances are those of the training rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np

from gpunet.base.array_types import Float32, Float64

__all__ = ["CLASSIFIERS", "Classifier", "preparation"]


@dataclass(frozen=True)
class Classifier:
    """One classifier.

    Attributes
    ----------
    path
        Its class, as it is imported.
    parameters
        What it is made with, and ``why``.
    says
        What its values are: a ``probability``, a ``number`` that stands for 0 or 1, or a ``margin`` from 0.
    takes_nan
        Whether it is given nulls as they are; if not, they are filled in and columns are scaled.
    seeded
        Whether it draws at random.
    seconds
        Of a processor for a fit of 8,400 persons, roughly: for the display of progress alone.
    """

    path: str
    parameters: Mapping[str, Any]
    why: str
    says: Literal["probability", "number", "margin"] = "probability"
    takes_nan: bool = False
    seeded: bool = False
    seconds: float = 0.1

    @property
    def threshold(self) -> float:
        """From which value on a person counts as predicted positive."""
        return 0.0 if self.says == "margin" else 0.5

    def make(self, seed: int) -> Any:
        """A new one, not trained."""
        module, _, name = self.path.rpartition(".")
        drawn = {"random_state": seed} if self.seeded else {}
        return getattr(import_module(module), name)(**self.parameters, **drawn)

    def values(self, trained: Any, matrix: Float32 | Float64) -> Float64:
        """What a trained one says of each row."""
        if self.says == "probability":
            found = trained.predict_proba(matrix)[:, 1]
        elif self.says == "margin":
            found = trained.decision_function(matrix)
        else:
            found = trained.predict(matrix)
        return np.asarray(found, dtype=np.float64).reshape(len(matrix))


#: By name, in the order of the configuration's.
CLASSIFIERS: Mapping[str, Classifier] = {
    "random_forest": Classifier(
        "sklearn.ensemble.RandomForestClassifier",
        {"n_estimators": 100, "n_jobs": 1},
        "The defaults, written out. Forests of several folds are grown side by side instead of one by several threads.",
        takes_nan=True,
        seeded=True,
        seconds=2.0,
    ),
    "naive_bayes": Classifier("sklearn.naive_bayes.GaussianNB", {}, "The defaults."),
    "linear_regression": Classifier(
        "sklearn.linear_model.LinearRegression",
        {},
        "The defaults: least squares on 0 and 1, the paper's LR. Values are as they come, below 0 and above 1 too.",
        says="number",
    ),
    "logistic_regression": Classifier(
        "sklearn.linear_model.LogisticRegression",
        {"max_iter": 1000},
        "The default of 100 steps does not always suffice for all features together.",
    ),
    "decision_tree": Classifier(
        "sklearn.tree.DecisionTreeClassifier",
        {"min_samples_leaf": 20},
        "A leaf of fewer persons says little of a share: by default a tree's leaves are of one class each.",
        takes_nan=True,
        seeded=True,
    ),
    "neural_network": Classifier(
        "sklearn.neural_network.MLPClassifier",
        {"hidden_layer_sizes": (32,), "alpha": 1.0, "learning_rate_init": 0.005, "max_iter": 30},
        "A layer of about half as many units as there are features. Few and larger steps with a stronger penalty: by "
        "default it learns the training persons by heart.",
        seeded=True,
        seconds=1.0,
    ),
    "svm": Classifier(
        "sklearn.svm.SVC",
        {"kernel": "rbf", "cache_size": 400},
        "The defaults; the cache, in MiB, is for speed alone.",
        says="margin",
        seconds=5.0,
    ),
    "xgboost": Classifier(
        "xgboost.XGBClassifier",
        {
            "n_estimators": 200,
            "tree_method": "hist",
            "learning_rate": 0.05,
            "max_depth": 4,
            "min_child_weight": 5.0,
            "reg_lambda": 1.0,
            "subsample": 0.8,
            "colsample_bytree": 0.5,
            "max_bin": 256,
            "n_jobs": 1,
        },
        "As the model of `gpunet run` (docs/model.md), with a fixed number of rounds.",
        takes_nan=True,
        seeded=True,
        seconds=0.4,
    ),
}


def preparation() -> Any:
    """What fills in nulls, adds a flag for each column with gaps, and scales; not fitted."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
