"""Models: train, validate, score, explain, save. They take feature frames and know nothing of arrests or networks.

XGBoost and scikit-learn are imported when they are first used.
"""

from __future__ import annotations

from gpunet.model.forecasting import Forecast, forecast
from gpunet.model.metrics import evaluate
from gpunet.model.scoring import score
from gpunet.model.table import FeatureTable, read_features
from gpunet.model.trained import Model, load_model
from gpunet.model.training import CrossFit, cross_fit, train

__all__ = [
    "CrossFit",
    "FeatureTable",
    "Forecast",
    "Model",
    "cross_fit",
    "evaluate",
    "forecast",
    "load_model",
    "read_features",
    "score",
    "train",
]
