"""Classifiers on folds: what they are given, what they say, and that it depends on nothing else."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from imblearn.over_sampling import SMOTENC
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from gpunet.base.errors import EngineError
from gpunet.config.evaluate_config import CLASSIFIERS as NAMES
from gpunet.evaluate.classifiers import CLASSIFIERS
from gpunet.evaluate.classifiers_gpu import gpu_classifiers, left_to_the_cpu
from gpunet.evaluate.fitting import held_out_values, oversampled, seed_of
from gpunet.model.boosting import PARAMETERS

DOCS = Path(__file__).resolve().parents[1] / "docs" / "classifiers.md"


def test_the_registry_is_that_of_the_configuration_and_of_the_documentation() -> None:
    assert tuple(CLASSIFIERS) == NAMES
    text = DOCS.read_text(encoding="utf-8")
    for name, c in CLASSIFIERS.items():
        parameters = ", ".join(f"{key}={value!r}" for key, value in c.parameters.items())
        cell = f"`{parameters}` " if parameters else ""
        assert f"| `{name}` | `{c.path}` | {'kept' if c.takes_nan else 'filled in'} | {cell}| {c.why} |\n" in text


def test_xgboost_is_trained_as_the_model_of_a_run() -> None:
    names = {"learning_rate": "eta", "reg_lambda": "lambda", "n_estimators": "", "n_jobs": ""}
    given = {names.get(key, key): value for key, value in CLASSIFIERS["xgboost"].parameters.items()}
    assert {key: value for key, value in given.items() if key} == {
        key: value for key, value in PARAMETERS.items() if key != "objective"
    }


#: The classifiers with fewer trees.
QUICK = {
    name: replace(c, parameters={**c.parameters, **{key: 20 for key in c.parameters if key == "n_estimators"}})
    for name, c in CLASSIFIERS.items()
}


class Folds:
    """Matrices in the place of a protocol's: `views` of every row, of which training takes the first."""

    def __init__(self, views: list[np.ndarray], fold: np.ndarray) -> None:
        self.views, self.fold, self.n_folds = views, fold, int(fold.max()) + 1

    def training(self, test: int, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = np.flatnonzero(self.fold != test)
        return rows, self.views[0][np.ix_(rows, columns)]

    def tests(self, test: int, columns: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        rows = np.flatnonzero(self.fold == test)
        return rows, [view[np.ix_(rows, columns)] for view in self.views]


def persons(n: int = 240, gaps: bool = True) -> tuple[Folds, np.ndarray, np.ndarray]:
    """Columns: two that tell, with gaps, a flag, one that is the same for all, one that is null for all."""
    rng = np.random.default_rng(5)
    labels = rng.random(n) < 0.3
    matrix = rng.standard_normal((n, 5)).astype(np.float32)
    matrix[:, 0] += 2 * labels
    matrix[:, 1] = np.exp(3 * matrix[:, 1] + labels)
    matrix[:, 2] = rng.random(n) < 0.2 + 0.4 * labels
    matrix[:, 3] = 7
    matrix[:, 4] = np.nan if gaps else 0
    if gaps:
        matrix[rng.random(n) < 0.1, 1] = np.nan
    views = [matrix, matrix + np.array([0.5, 0, 0, 0, 0], np.float32)]
    return Folds(views, (np.arange(n) % 3).astype(np.int32)), labels, np.array([False, False, True, False, False])


def values_of(name: str, folds: Folds, labels: np.ndarray, flags: np.ndarray, **more: Any) -> np.ndarray:
    options = {"seed": 3, "smote": False, "threads": 2, **more}
    classifier = options.pop("classifier", QUICK[name])
    return held_out_values(folds, labels, classifier, np.arange(5), flags, **options)


@pytest.mark.parametrize("name", NAMES)
def test_every_classifier_finds_what_there_is_whatever_the_number_of_threads(name: str) -> None:
    folds, labels, flags = persons()
    found = values_of(name, folds, labels, flags)
    assert found.tobytes() == values_of(name, folds, labels, flags, threads=1).tobytes()
    greater = found[labels][:, None] > found[~labels]
    assert greater.mean() > 0.75
    named = found >= CLASSIFIERS[name].threshold
    assert 0.1 < named.mean() < 0.6
    if CLASSIFIERS[name].says == "probability":
        assert 0 <= found.min() <= found.max() <= 1
    else:
        assert found.min() < 0


def test_values_are_means_over_the_computations_of_the_test_rows() -> None:
    folds, labels, flags = persons(gaps=False)
    found = values_of("linear_regression", folds, labels, flags)
    expected = np.zeros(len(labels))
    for test in range(3):
        train, held_out = folds.fold != test, folds.fold == test
        one = [np.column_stack([np.ones(len(labels)), view[:, :3]]).astype(np.float64) for view in folds.views]
        weights = np.linalg.lstsq(one[0][train], labels[train].astype(float), rcond=None)[0]
        expected[held_out] = (one[0][held_out] @ weights + one[1][held_out] @ weights) / 2
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("name", ["logistic_regression", "svm", "random_forest"])
def test_gaps_are_filled_and_columns_scaled_by_training_rows_alone(name: str) -> None:
    folds, labels, flags = persons()
    before = values_of(name, folds, labels, flags, smote=name == "random_forest")
    tested = np.flatnonzero(folds.fold == 0)
    only = Folds([view.copy() for view in folds.views], folds.fold)
    for view in only.views:
        view[tested[1:]] = 1000
    after = held_out_values(
        SimpleNamespace(n_folds=1, training=folds.training, tests=only.tests), labels, QUICK[name], np.arange(5),
        flags, seed=3, smote=name == "random_forest", threads=1,
    )  # fmt: skip
    assert after[tested[0]] == before[tested[0]]
    assert (after[tested[1:]] != before[tested[1:]]).any()


def test_rows_that_are_all_alike_give_the_share_of_positives() -> None:
    _, labels, flags = persons()
    alike = Folds([np.full((len(labels), 5), 2, np.float32)] * 2, (np.arange(len(labels)) % 3).astype(np.int32))
    for name in NAMES:
        found = values_of(name, alike, labels, flags)
        assert np.isfinite(found).all(), name
        if CLASSIFIERS[name].says != "margin":
            assert abs(found.mean() - labels.mean()) < 0.1, name


def test_seeds_follow_from_names() -> None:
    seeds = {seed_of(seed, name, fold) for seed in (1, 2) for name in NAMES for fold in range(3)}
    assert len(seeds) == 2 * len(NAMES) * 3
    assert all(0 <= seed < 2**31 for seed in seeds)


# --- SMOTE -----------------------------------------------------------------------------------------------------------


def rare(positives: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((60, 4)).astype(np.float32)
    matrix[:, 2] = matrix[:, 2] > 0
    target = np.zeros(60, dtype=np.int32)
    target[:positives] = 1
    return matrix, target


@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("positives", [2, 3, 20])
def test_oversampling_adds_positives_between_positives(positives: int, flag: bool) -> None:
    matrix, target = rare(positives)
    flags = np.array([False, False, flag, False])
    found, labels = oversampled(matrix, target, flags, seed=1)
    assert np.bincount(labels).tolist() == [60 - positives, 60 - positives]
    np.testing.assert_array_equal(found[:60], matrix)
    new, old = found[60:], matrix[:positives]
    assert (labels[60:] == 1).all()
    numbers = [0, 1, 3]
    assert (new[:, numbers] >= old[:, numbers].min(axis=0) - 1e-6).all()
    assert (new[:, numbers] <= old[:, numbers].max(axis=0) + 1e-6).all()
    assert set(np.unique(new[:, 2])) <= {0.0, 1.0} or not flag
    again, _ = oversampled(matrix, target, flags, seed=1)
    np.testing.assert_array_equal(found, again)
    assert (oversampled(matrix, target, flags, seed=2)[0] != found).any()


def test_oversampling_is_smotenc() -> None:
    """The encoder that is quicker gives the same."""
    matrix, target = rare(20)
    flags = np.array([False, False, True, False])
    expected, labels = SMOTENC([2], random_state=1).fit_resample(matrix, target)
    found, found_labels = oversampled(matrix, target, flags, seed=1)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found_labels, labels)


def test_a_forest_trained_with_smote_names_more_of_the_rare() -> None:
    folds, labels, flags = persons()
    plain, more = (values_of("random_forest", folds, labels, flags, smote=smote) for smote in (False, True))
    assert more[labels].mean() > plain[labels].mean()


# --- on a GPU, without one -------------------------------------------------------------------------------------------


class Forest(RandomForestClassifier):
    """``cuml.ensemble.RandomForestClassifier`` as far as it is called here: it takes no NaN."""

    def __init__(self, *, n_estimators: int = 100, n_streams: int = 4, random_state: Any = None) -> None:
        super().__init__(n_estimators=n_estimators, random_state=random_state)
        self.n_streams = n_streams

    def fit(self, X: Any, y: Any) -> Any:
        assert not np.isnan(X).any()
        return super().fit(X, y)


@pytest.fixture
def cuml(monkeypatch: pytest.MonkeyPatch) -> None:
    parts: dict[str, dict[str, Any]] = {
        "cuml": {},
        "cuml.ensemble": {"RandomForestClassifier": Forest},
        "cuml.naive_bayes": {"GaussianNB": GaussianNB},
        "cuml.linear_model": {"LinearRegression": LinearRegression, "LogisticRegression": LogisticRegression},
        "cuml.svm": {"SVC": SVC},
    }
    for name, holds in parts.items():
        module = ModuleType(name)
        module.__dict__.update(holds)
        monkeypatch.setitem(sys.modules, name, module)


def test_with_a_gpu_classifiers_are_those_of_cuml(cuml: None) -> None:
    folds, labels, flags = persons()
    found = gpu_classifiers()
    assert tuple(found) == NAMES
    assert found["xgboost"].parameters == {**CLASSIFIERS["xgboost"].parameters, "device": "cuda"}
    for name in ("decision_tree", "neural_network"):
        assert found[name] is CLASSIFIERS[name]
    for name in ("random_forest", "naive_bayes", "linear_regression", "logistic_regression", "svm"):
        assert found[name].path.startswith("cuml.")
        values = values_of(name, folds, labels, flags, classifier=found[name], threads=1)
        assert (values[labels][:, None] > values[~labels]).mean() > 0.75
    (warning,) = left_to_the_cpu(NAMES)
    assert warning.endswith("decision_tree, neural_network")
    assert left_to_the_cpu(["svm", "xgboost"]) == []


def test_without_cuml_the_gpu_is_refused() -> None:
    with pytest.raises(EngineError, match="cuml"):
        gpu_classifiers()


def test_flags_alone_are_oversampled_too() -> None:
    rng = np.random.default_rng(2)
    target = (np.arange(60) % 5 == 0).astype(np.int32)
    rows, found = oversampled((rng.random((60, 3)) < 0.5).astype(np.float64), target, np.ones(3, np.bool_), 1)
    assert np.bincount(found).tolist() == [48, 48]
    assert set(np.unique(rows)) == {0.0, 1.0}
