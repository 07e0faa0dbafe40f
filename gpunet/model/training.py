"""Training: folds by person, cross-fitting, calibration and threshold on held-out persons, then all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from gpunet.base._version import __version__
from gpunet.base.arguments import checked
from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.base.errors import ConfigError, ModelError
from gpunet.base.progress import ProgressCallback, begun
from gpunet.base.threads import available_threads, threads_for
from gpunet.config.config import Config, ModelConfig, load_config
from gpunet.model.assembling import CrossFit, FoldAssignment, assemble, assemble_later
from gpunet.model.classifier import kind_module
from gpunet.model.folds import NEVER, fold_count, held_out_folds, person_folds, person_groups
from gpunet.model.labels import read_labels
from gpunet.model.matrix import device_given
from gpunet.model.table import FeatureTable, TaxonomyLike, read_features
from gpunet.model.trained import Model

__all__ = [
    "CrossFit",
    "FoldAssignment",
    "Kept",
    "ModelConfigLike",
    "assign_folds",
    "cross_fit",
    "fitted",
    "is_of",
    "model_config",
    "train",
    "train_later",
]

#: The model's configuration: itself, the whole configuration, or a mapping with the keys of ``[model]``.
ModelConfigLike: TypeAlias = ModelConfig | Config | Mapping[str, Any]


_TRAINING = {"rows", "persons", "positive_rows", "folds", "held_out_rows", "rounds", "seed", "parameters", "libraries"}


#: ``kept(name, fit, fits)``: what ``fit()`` gives, or gave in an earlier run; what was kept of that has to be what
#: ``fits`` is true of.
Kept: TypeAlias = Callable[[str, Callable[[], CrossFit], Callable[[CrossFit], bool]], CrossFit]


@checked(device=device_given)
def train(
    features: Any,
    labels: Any,
    *,
    kind: str | None = None,
    config: ModelConfigLike | None = None,
    groups: ArrayLike | None = None,
    taxonomy: TaxonomyLike | None = None,
    threads: int | None = None,
    device: str | None = None,
    progress: ProgressCallback | None = None,
) -> Model:
    """Train a model that says how probable the label is for a person.

    Parameters
    ----------
    features
        Path of a ``features.parquet``, any frame, or a :class:`FeatureTable`: ``person_id`` and columns of numbers
        or flags, nulls allowed. Text columns are left out.
    labels
        n booleans aligned with the rows, or a frame ``person_id, label``.
    kind
        ``"xgboost"`` or ``"random_forest"``; by default what `config` says.
    config
        Seed, folds, rounds: a :class:`gpunet.ModelConfig`, a :class:`gpunet.Config` (its ``model`` counts), or a
        mapping with the keys of ``[model]``; all defaults if None.
    groups
        n values; rows with equal ones are never on both sides of a split. By default the person_id.
    taxonomy
        The violent sets behind the features (or their hash), where a feature file does not say. The model refuses
        features of other sets.
    threads
        Number of threads, all by default. The model does not depend on it.
    device
        ``"cpu"`` or ``"gpu"``: where the matrix is kept and the model trained; ``"cpu"`` if not given, but a
        FeatureTable stays where it is. The two give models that are alike, not the same; their files are of one kind.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`.

    Returns
    -------
    Model
        With threshold and calibration from predictions about held-out persons. The same input and configuration give
        the same bytes.

    Raises
    ------
    ModelError
        If features and labels do not fit each other, or one class has fewer than four persons.
    ConfigError
        If `config` or `threads` is not understood.
    EngineError
        If `device` is neither, or a GPU's libraries are not installed.

    Examples
    --------
    >>> features = pl.DataFrame({"person_id": range(60), "degree__all": [i % 6 for i in range(60)]})
    >>> model = gpunet.train(features, [i % 6 > 3 for i in range(60)], config={"max_rounds": 5}, threads=1)
    >>> model.features
    ('degree__all',)
    """
    table = read_features(features, taxonomy=taxonomy, device=device)
    return cross_fit(
        table, read_labels(table, labels), kind=kind, config=config, groups=groups, threads=threads, progress=progress
    ).model


def cross_fit(
    table: FeatureTable,
    labels: Bool,
    *,
    kind: str | None = None,
    config: ModelConfigLike | None = None,
    groups: ArrayLike | None = None,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    what: str = "the training data",
) -> CrossFit:
    """Do what :func:`train` does, where the table is, and also return the held-out predictions.

    `what` names the data in errors.
    """
    begun(progress, "cross-fit")  # matrices of millions of rows are binned first
    config = model_config(config)
    module = kind_module(config.kind if kind is None else kind)
    if not len(table):
        raise ModelError(f"{what}: there are no rows")
    assignment = assign_folds(labels, person_groups(table, groups), config, what)
    fitted = module.fit(
        table.matrix,
        labels,
        assignment.fold,
        config=config,
        threads=threads_for(table.matrix.size, available_threads(threads)),
        rounds=None,
        progress=progress,
    )
    return assemble(fitted, table, labels, assignment, config, what)


def train_later(
    table: FeatureTable,
    labels: tuple[Bool, Bool],
    first: CrossFit,
    probability: Float64,
    *,
    kind: str | None = None,
    config: ModelConfigLike | None = None,
    threads: int | None = None,
    progress: ProgressCallback | None = None,
    what: str,
) -> CrossFit:
    """Train on two snapshots what was cross-fitted on the earlier one, without cross-fitting again.

    Parameters
    ----------
    table
        The rows of both snapshots, the earlier ones first.
    labels
        bool[n] and bool[m], of the two.
    first
        Trained on the earlier snapshot. It gives the number of rounds.
    probability
        float64[m], what its model said of the later snapshot: with the held-out ones of `first` they give calibration
        and threshold.
    kind, config, threads, progress, what
        As in :func:`cross_fit`.
    """
    begun(progress, "train on all")
    config = model_config(config)
    fitted = kind_module(config.kind if kind is None else kind).fit(
        table.matrix,
        np.concatenate(labels),
        None,
        config=config,
        threads=threads_for(table.matrix.size, available_threads(threads)),
        rounds=first.model.training["rounds"],
        progress=progress,
    )
    persons = int(person_groups(table).max()) + 1
    return assemble_later(fitted, table, labels, first, probability, persons, config, what)


def assign_folds(labels: Bool, person: Int64, config: ModelConfig, what: str) -> FoldAssignment:
    """Assign rows to as many folds as `config` wants and the labels allow; `person` is each row's, codes 0..m-1.

    Where some of the folds have positives enough to judge by, the others are never held out.
    """
    n_folds = fold_count(labels, person, config.folds, what)
    fold = person_folds(labels, person, n_folds, config.seed)
    fold[fold >= held_out_folds(labels, fold, n_folds)] = NEVER
    return FoldAssignment(fold, n_folds, int(person.max()) + 1)


def fitted(name: str, fit: Callable[[], CrossFit], fits: Callable[[CrossFit], bool]) -> CrossFit:
    """As :data:`Kept`, where nothing is kept."""
    return fit()


def is_of(
    found: CrossFit,
    source: Any,
    labels: Bool,
    *,
    config: ModelConfigLike | None = None,
    kind: str | None = None,
    first: CrossFit | None = None,
) -> bool:
    """Whether a training that comes from a file can be of these features and labels, with this configuration.

    `source` has what :func:`gpunet.model.assembling.assemble` needs of the features; `first` is what
    :func:`train_later` was given, if that made it, not :func:`cross_fit`.
    """
    import xgboost as xgb

    config, model, n = model_config(config), found.model, len(labels)
    kind = config.kind if kind is None else kind
    same = (model.kind, model.version, model.features, model.taxonomy, model.sets, model.betweenness, model.side) == (
        kind, __version__, source.columns, source.taxonomy, source.sets, source.betweenness, config.side,
    )  # fmt: skip
    shapes = found.fold.shape == found.probability.shape == (n,)
    if not same or not shapes or not n or model.training.keys() != _TRAINING:
        return False
    held_out, training = found.fold != NEVER, dict(model.training)
    if not np.array_equal(held_out, ~np.isnan(found.probability)) or not _is_after(found, first):
        return False
    parameters, *numbers = (training.pop(key) for key in ("parameters", "persons", "rounds", "folds"))
    told = training == {
        "rows": n, "positive_rows": int(labels.sum()), "held_out_rows": int(held_out.sum()), "seed": config.seed,
        "libraries": {"xgboost": xgb.__version__},
    }  # fmt: skip
    if not all(type(number) is int for number in numbers):
        return False
    persons, rounds, folds = numbers
    return (
        told
        and folds <= persons <= n
        and 2 <= folds <= config.folds
        and 0 <= int(found.fold.max()) < folds + (first is not None)
        and 1 <= rounds <= config.max_rounds
        and rounds == model.classifier.n_trees
        and isinstance(parameters, dict)
        and parameters.items() >= kind_module(kind).PARAMETERS.items()
        and bool(np.any(found.probability == model.threshold))
    )


def _is_after(found: CrossFit, first: CrossFit | None) -> bool:
    """Whether `found` can be what :func:`train_later` made after `first`, if it did."""
    if first is None:
        return True
    m, same = len(first.fold), [(one.model.training["rounds"], one.model.training["folds"]) for one in (found, first)]
    later = np.full(len(found.fold) - m, first.fold.max() + 1)
    return same[0] == same[1] and np.array_equal(found.fold, np.concatenate([first.fold, later]))


def model_config(config: ModelConfigLike | None) -> ModelConfig:
    """The configuration of the model, from whatever holds one; ConfigError if nothing does."""
    if config is None or isinstance(config, ModelConfig):
        return config or ModelConfig()
    if isinstance(config, Config):
        return config.model
    if isinstance(config, Mapping):
        return load_config({"model": config}).model
    raise ConfigError(
        "config: expected a ModelConfig, a Config, a mapping with the keys of [model] or None, "
        f"not {type(config).__name__}"
    )
