"""The classifiers as cuML has them, and XGBoost on the device: matrices come from the host, and values go back there.

What cuML has not stays with scikit-learn. cuML's forest takes no NaN and is grown in one stream, so that it is the same
each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from gpunet.engines.gpu.check import import_library
from gpunet.evaluate.classifiers import CLASSIFIERS, Classifier

__all__ = ["gpu_classifiers", "left_to_the_cpu"]

_CUML: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "random_forest": ("cuml.ensemble.RandomForestClassifier", {"n_estimators": 100, "n_streams": 1}),
    "naive_bayes": ("cuml.naive_bayes.GaussianNB", {}),
    "linear_regression": ("cuml.linear_model.LinearRegression", {}),
    "logistic_regression": ("cuml.linear_model.LogisticRegression", {"max_iter": 1000}),
    "svm": ("cuml.svm.SVC", {"kernel": "rbf"}),
}  # fmt: skip


def gpu_classifiers() -> Mapping[str, Classifier]:
    """:data:`gpunet.evaluate.classifiers.CLASSIFIERS` with those of cuML, as far as there are such.

    Raises
    ------
    EngineError
        If cuML is not installed, or cannot be imported.
    """
    import_library("cuml")
    found = dict(CLASSIFIERS)
    for name, (path, parameters) in _CUML.items():
        found[name] = replace(found[name], path=path, parameters=parameters, takes_nan=False)
    boosted = found["xgboost"]
    found["xgboost"] = replace(boosted, parameters={**boosted.parameters, "device": "cuda"})
    return found


def left_to_the_cpu(names: Iterable[str]) -> list[str]:
    """A sentence on those of the named classifiers that are trained on the CPU all the same, if there are any."""
    left = [name for name in names if name not in _CUML and name != "xgboost"]
    return [f"trained on the CPU, for cuML has no such classifier: {', '.join(left)}"] if left else []
