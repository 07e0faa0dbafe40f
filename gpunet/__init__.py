"""Network features from police arrest tables, at national scale.

The names below are the public interface. They are loaded on first use, so that ``import gpunet`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gpunet.base._version import __version__
from gpunet.base.threads import sleep_while_waiting

if TYPE_CHECKING:
    from gpunet.arrests.network import build_network, network_from_edges, ties_table
    from gpunet.base.errors import ConfigError, EngineError, GpunetError, InputError, ModelError
    from gpunet.config.config import Config, ModelConfig, PathConfig, load_config
    from gpunet.evaluate.emerging import evaluate_emerging
    from gpunet.evaluate.known import evaluate_known
    from gpunet.features import compute_features
    from gpunet.features.path import estimate_path_work, path_features
    from gpunet.model import load_model, score, train
    from gpunet.panels.panel import panel
    from gpunet.reading import read_arrests
    from gpunet.search.estimate import PathEstimate

sleep_while_waiting()  # before XGBoost is loaded, by whatever of ours

__all__ = [
    "Config",
    "ConfigError",
    "EngineError",
    "GpunetError",
    "InputError",
    "ModelConfig",
    "ModelError",
    "PathConfig",
    "PathEstimate",
    "__version__",
    "build_network",
    "compute_features",
    "estimate_path_work",
    "evaluate_emerging",
    "evaluate_known",
    "load_config",
    "load_model",
    "network_from_edges",
    "panel",
    "path_features",
    "read_arrests",
    "score",
    "ties_table",
    "train",
]

_HOME = {
    "Config": "gpunet.config.config",
    "ModelConfig": "gpunet.config.config",
    "PathConfig": "gpunet.config.config",
    "load_config": "gpunet.config.config",
    "ConfigError": "gpunet.base.errors",
    "EngineError": "gpunet.base.errors",
    "GpunetError": "gpunet.base.errors",
    "InputError": "gpunet.base.errors",
    "ModelError": "gpunet.base.errors",
    "compute_features": "gpunet.features",
    "PathEstimate": "gpunet.search.estimate",
    "estimate_path_work": "gpunet.features.path",
    "path_features": "gpunet.features.path",
    "evaluate_known": "gpunet.evaluate.known",
    "load_model": "gpunet.model",
    "score": "gpunet.model",
    "train": "gpunet.model",
    "evaluate_emerging": "gpunet.evaluate.emerging",
    "build_network": "gpunet.arrests.network",
    "network_from_edges": "gpunet.arrests.network",
    "panel": "gpunet.panels.panel",
    "ties_table": "gpunet.arrests.network",
    "read_arrests": "gpunet.reading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gpunet' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
