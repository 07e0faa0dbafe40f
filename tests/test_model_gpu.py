"""Models on a GPU, without one: see tests/pretend_gpu.py for what stands in its place."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import array_api_strict
import narwhals as nw
import numpy as np
import polars as pl
import pytest
from model_tables import KINDS, QUICK, table
from pretend_gpu import OnGpu, install

from gpunet.base.errors import EngineError, ModelError
from gpunet.base.transfers import transfers_of_part
from gpunet.config.config import ModelConfig
from gpunet.model import cross_fit, forecast, load_model, read_features, score, train
from gpunet.model.boosting_gpu import DeviceFold, gradients
from gpunet.model.loops import boosting_gradients
from gpunet.model.matrix import column, to_device

CHECKS = Path(__file__).with_name("cuda_model.py")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_trained_on_the_gpu_is_a_file_that_either_scores(gpu: None, kind: str, tmp_path: Path) -> None:
    frame, labels = table()
    model = train(frame, labels, kind=kind, config=QUICK, threads=1, device="gpu")
    model.save(tmp_path / "model")
    back = load_model(tmp_path / "model")
    assert back.to_bytes() == model.to_bytes() == (tmp_path / "model").read_bytes()
    people, _ = table(300, seed=1)
    scores = score(back, people, threads=1)
    assert scores.equals(score(back, people, threads=1, device="gpu"))
    assert scores.equals(score(model, people, threads=1, device="gpu"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_trained_on_the_cpu_scores_the_same_on_the_gpu(gpu: None, kind: str) -> None:
    frame, labels = table()
    model = train(frame, labels, kind=kind, config=QUICK, threads=1)
    people, _ = table(300, seed=1)
    assert score(model, people, threads=1).equals(score(model, people, threads=1, device="gpu"))
    for ask in (model.predict_margin, model.predict_proba, model.contributions):
        found = ask(people, threads=1, device="gpu")
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, ask(people, threads=1))


@pytest.mark.parametrize("kind", KINDS)
def test_training_on_the_gpu_grows_the_trees_of_the_cpu(gpu: None, kind: str) -> None:
    """With XGBoost on the CPU underneath both, only our own share of the work differs."""
    frame, labels = table(1500)
    there, here = (
        cross_fit(read_features(frame, device=device), labels, kind=kind, config=QUICK, threads=1)
        for device in ("gpu", "cpu")
    )
    assert there.model.training == here.model.training
    assert (there.fold == here.fold).all()
    # The loop's exp is in float32, the array code's in float64: a gradient may differ by 2^-24.
    np.testing.assert_allclose(there.probability, here.probability, rtol=1e-5)
    people, _ = table(300, seed=1)
    np.testing.assert_allclose(
        there.model.predict_margin(people, threads=1), here.model.predict_margin(people, threads=1), rtol=1e-5
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_input_gives_the_same_bytes(gpu: None, kind: str) -> None:
    frame, labels = table()
    config = ModelConfig(max_rounds=5, folds=2)
    first, again = (train(frame, labels, kind=kind, config=config, device="gpu").to_bytes() for _ in range(2))
    assert first == again


@pytest.mark.parametrize("kind", KINDS)
def test_a_forecast_on_the_gpu_is_that_of_the_cpu(gpu: None, kind: str) -> None:
    (past, before), (test, after), (now, _) = table(400), table(400, seed=1, first_id=200), table(400, seed=2)
    there, here = (
        forecast(past, test, now, before, after, QUICK, kind=kind, threads=1, device=device)
        for device in ("gpu", "cpu")
    )
    assert there.evaluation["test"] == here.evaluation["test"]
    assert there.evaluation["results"]["past_violence"] == here.evaluation["results"]["past_violence"]
    auc = [each.evaluation["results"]["model"]["auc"] for each in (there, here)]
    assert auc[0] == pytest.approx(auc[1], abs=1e-4)
    np.testing.assert_allclose(there.scores["probability"], here.scores["probability"], rtol=1e-4)
    assert there.scores.columns == here.scores.columns
    assert len(there.evaluation["importance"]) == len(here.evaluation["importance"])


def test_the_matrix_crosses_once_and_scores_bring_back_little(gpu: None) -> None:
    frame, labels = table(500)
    for kind in KINDS:
        model = train(frame, labels, kind=kind, config=QUICK, threads=1)
        with transfers_of_part() as crossed:
            features = model.table(frame, device="gpu")
        assert isinstance(features.matrix, OnGpu)
        assert (crossed.to_device, crossed.to_host) == (500 * 8 * 4, 0)
        score(model, features, threads=1)  # what the trees take to the device stays there
        with transfers_of_part() as crossed:
            score(model, features, threads=1)
        margins, factors, contributions, sums = 500 * 8, 500 * 5 * 4, 500 * 5 * 8, 8 * 8
        assert (crossed.to_device, crossed.to_host) == (0, margins + factors + contributions + sums)


def test_training_brings_back_the_held_out_margins_and_no_more(gpu: None) -> None:
    frame, labels = table(500)
    features = read_features(frame, device="gpu")
    with transfers_of_part() as crossed:
        train(features, labels, config=QUICK, threads=1)
    assert crossed.to_device == 500 * (1 + 4)  # labels and folds
    assert crossed.to_host == 500 * 8
    with transfers_of_part() as crossed:
        train(features, labels, kind="random_forest", config=QUICK, threads=1)
    assert crossed.to_host == 500 * 8


def test_a_table_stays_where_it_is_unless_told_otherwise(gpu: None) -> None:
    frame, labels = table(100)
    features = read_features(frame, device="gpu")
    assert isinstance(read_features(features).matrix, OnGpu)
    assert isinstance(read_features(features, columns=["flag", "count"]).matrix, OnGpu)
    assert isinstance(features.take(np.array([3, 1])).matrix, OnGpu)
    there, here = features.to_device("cpu"), read_features(frame)
    assert type(there.matrix) is np.ndarray
    np.testing.assert_array_equal(there.matrix, here.matrix)
    assert type(features.column("count")) is np.ndarray
    with pytest.raises(ModelError, match=r'infinite values.*: "noise"'):
        read_features(frame.with_columns(noise=pl.lit(np.inf)), device="gpu")
    assert train(features, labels, config=QUICK).training["rows"] == 100


def test_labels_and_groups_may_lie_on_the_gpu(gpu: None) -> None:
    frame, labels = table(200)
    groups = np.arange(200) // 2
    given = train(frame, to_gpu(labels), config=QUICK, groups=to_gpu(groups), device="gpu")
    assert given.to_bytes() == train(frame, labels, config=QUICK, groups=groups, device="gpu").to_bytes()


def test_a_cudf_column_stays_on_the_gpu(gpu: None) -> None:
    """A series of cuDF's, cast by Narwhals, is asked for its CuPy array with NaN for nulls."""
    asked: list[Any] = []

    def to_cupy(*, na_value: float) -> Any:
        asked.append(na_value)
        return to_gpu(np.array([1.0, na_value]))

    class Native(SimpleNamespace):
        def __len__(self) -> int:
            return 2

    native = Native(to_cupy=to_cupy)
    series: Any = SimpleNamespace(implementation=nw.Implementation.CUDF, to_native=lambda: native)
    series.cast = lambda dtype: series if dtype is nw.Float64 else None
    with transfers_of_part() as crossed:
        values = column(series, "gpu")
    assert isinstance(values, OnGpu)
    np.testing.assert_array_equal(np.asarray(values), [1.0, np.nan])
    assert np.isnan(asked).all()
    assert (crossed.to_device, crossed.to_host) == (0, 0)


def to_gpu(array: Any) -> Any:
    return array.view(OnGpu)


def test_what_is_missing_for_a_gpu_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, labels = table(100)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(EngineError, match=r"CuPy, which is not installed: pip install \"gpunet\[gpu\]\""):
        train(frame, labels, device="gpu")
    with pytest.raises(EngineError, match="CuPy"):
        to_device(np.zeros(3))
    for device in ("cuda", "", "GPU"):
        with pytest.raises(EngineError, match="unknown device"):
            train(frame, labels, device=device)


def test_gradients_and_loss_are_the_loops_in_any_array_library() -> None:
    rng = np.random.default_rng(0)
    n = 2000
    margin = rng.normal(-2, 3, n).astype(np.float32)
    margin[:2] = -120, 120  # a hessian is never 0
    labels, folds = rng.random(n) < 0.2, rng.integers(0, 3, n).astype(np.int32)
    expected = np.empty(n, np.float32), np.empty(n, np.float32)
    boosting_gradients(margin, labels, folds, 1, *expected)
    xp = array_api_strict
    device = [xp.asarray(array) for array in (margin, labels, folds)]
    found = gradients(device[0], device[1], device[2] == 1)
    for array, by_loop in zip(found, expected, strict=True):
        assert array.dtype == xp.float32
        # Numba's exp of a float32 is one itself: one unit apart at most.
        np.testing.assert_allclose(np.asarray(array), by_loop, rtol=0, atol=2.0**-24)
        assert (np.asarray(array) == by_loop).mean() > 0.95
    fold = DeviceFold.__new__(DeviceFold)
    fold._margin, fold._labels, fold._held_out = device[0], device[1], device[2] == 1
    out = xp.asarray(np.full(n, 7.0))
    fold.write_held_out(out)
    np.testing.assert_array_equal(np.asarray(out), np.where(folds == 1, margin.astype(np.float64), 7.0))
