from __future__ import annotations

import itertools
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost as xgb
from model_tables import KINDS, QUICK, table
from scipy.optimize import root
from sklearn.metrics import f1_score, roc_auc_score
from threadpoolctl import threadpool_limits

from gpunet.base.errors import ConfigError, ModelError
from gpunet.config.config import Config, ModelConfig
from gpunet.model import boosting_rounds, cross_fit, forecast, forest, read_features, score, train
from gpunet.model.boosting_rounds import PATIENCE, grow_together
from gpunet.model.calibration import Calibration, best_threshold, fit_calibration, sigmoid
from gpunet.model.folds import fold_count, person_folds, person_groups
from gpunet.model.labels import read_labels
from gpunet.model.origin import Origin
from gpunet.model.table import stack
from gpunet.model.trained import model_from_bytes
from gpunet.tables.parquet import write_parquet


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_input_gives_the_same_bytes_with_any_number_of_threads(kind: str) -> None:
    frame, labels = table(5000)
    config = ModelConfig(max_rounds=12, folds=2)
    first, again, two = (train(frame, labels, kind=kind, config=config, threads=t).to_bytes() for t in (1, 1, 2))
    assert first == again
    assert first == two


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_matters(kind: str) -> None:
    frame, labels = table()
    models = [train(frame, labels, kind=kind, config=ModelConfig(max_rounds=5, seed=s), threads=1) for s in (1, 2)]
    assert models[0].to_bytes() != models[1].to_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_finds_the_signal_and_is_calibrated(kind: str) -> None:
    frame, labels = table(3000)
    fitted = cross_fit(read_features(frame), labels, kind=kind, config=QUICK, threads=1)
    fresh, happened = table(3000, seed=1)
    probability = fitted.model.predict_proba(fresh, threads=1)
    assert roc_auc_score(happened, probability) > 0.8
    assert roc_auc_score(labels, fitted.probability) > 0.8
    # Maximum likelihood with an intercept keeps the mean, but for Platt's targets: one person in each class.
    assert fitted.probability.mean() == pytest.approx(labels.mean(), abs=1 / len(labels))
    # Three standard errors of the difference of two samples, of 3,000 and of 1,500 persons.
    assert probability.mean() == pytest.approx(happened.mean(), abs=0.033)
    high = probability > np.median(probability)
    assert probability[high].mean() == pytest.approx(happened[high].mean(), abs=0.055)
    assert probability[~high].mean() == pytest.approx(happened[~high].mean(), abs=0.055)


def test_text_columns_are_skipped_and_kinds_of_numbers_kept() -> None:
    frame, labels = table()
    model = train(frame, labels, config=QUICK, threads=1)
    assert model.features == tuple(c for c in frame.columns if c not in ("person_id", "gang"))
    assert model.kind == "xgboost"


def test_a_person_in_both_snapshots_is_never_on_both_sides() -> None:
    first, labels = table(300, seed=0)
    second, later = table(300, seed=1, first_id=150)
    both = stack(read_features(first), read_features(second))
    all_labels = np.concatenate([labels, later])
    fold = cross_fit(both, all_labels, config=QUICK, threads=1).fold
    ids = both.person_ids.to_numpy()
    per_person = pl.DataFrame({"id": ids, "fold": fold}).group_by("id").agg(pl.col("fold").n_unique(), pl.len())
    assert per_person["len"].max() == 2
    assert per_person["fold"].max() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_predictions_cannot_have_seen_the_person(kind: str) -> None:
    """Features that identify the person and labels without a pattern: only a leak can predict them."""
    rng = np.random.default_rng(0)
    n, copies = 60, 25
    person = np.repeat(np.arange(n), copies)
    labels = (rng.random(n) < 0.5)[person]
    frame = pl.DataFrame({"person_id": person, "mark": rng.permutation(n)[person], "other": rng.random(n * copies)})
    features = read_features(frame)
    honest = cross_fit(features, labels, kind=kind, config=QUICK, threads=1)
    leaky = cross_fit(features, labels, kind=kind, config=QUICK, groups=np.arange(n * copies), threads=1)
    assert roc_auc_score(labels, honest.probability) < 0.65
    assert roc_auc_score(labels, leaky.probability) > 0.8


def test_folds_spread_each_class_evenly() -> None:
    groups = np.repeat(np.arange(50), 2)
    labels = np.zeros(100, bool)
    labels[:22:2] = True  # one of the two rows of 11 persons
    fold = person_folds(labels, groups, 5, seed=3)
    assert (fold[::2] == fold[1::2]).all()
    assert np.bincount(fold[labels], minlength=5).tolist() == [3, 2, 2, 2, 2]
    assert sorted(np.bincount(fold[::2]).tolist()) == [9, 10, 10, 10, 11]


def test_groups_come_from_ids_of_any_type() -> None:
    frame = pl.DataFrame({"person_id": ["b", "a", "b"], "x": [1.0, 2.0, 3.0]})
    codes = person_groups(read_features(frame))
    assert codes[0] == codes[2] != codes[1]
    with pytest.raises(ModelError, match="groups"):
        person_groups(read_features(frame), [1, 2])


def test_fewer_folds_where_positives_are_few() -> None:
    frame, _ = table(200)
    labels = np.zeros(200, bool)
    labels[:6] = True
    fitted = cross_fit(read_features(frame), labels, config=ModelConfig(max_rounds=5), threads=1)
    assert fitted.model.training["folds"] == 3
    assert any("3 folds instead of 5" in text for text in fitted.warnings)


@pytest.mark.parametrize(("positives", "text"), [(0, "only 0 of 200"), (3, "only 3 of 200"), (200, "only 0 of 200")])
def test_too_few_of_a_class_is_an_error_that_counts(positives: int, text: str) -> None:
    frame, _ = table(200)
    with pytest.raises(ModelError, match=text):
        train(frame, np.arange(200) < positives, threads=1)


def test_fold_count_counts_persons_not_rows() -> None:
    groups = np.zeros(20, np.int64)
    groups[10:] = np.arange(1, 11)
    with pytest.raises(ModelError, match="only 1 of 11 persons with the label true"):
        fold_count(np.arange(20) < 10, groups, 5, "the data")


def test_no_rows_and_unknown_kinds_are_errors() -> None:
    frame, labels = table(20)
    with pytest.raises(ModelError, match="no rows"):
        train(frame.head(0), labels[:0])
    for kind in ("perceptron", "", ["xgboost"]):
        with pytest.raises(ModelError, match="unknown kind"):
            train(frame, labels, kind=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("config", [Config(model=QUICK), {"max_rounds": 40, "folds": 3}])
def test_the_configuration_may_be_the_whole_one_or_a_mapping(config: Any) -> None:
    frame, labels = table(200)
    expected = train(frame, labels, config=QUICK, threads=1)
    assert train(frame, labels, config=config, threads=1).to_bytes() == expected.to_bytes()
    assert expected.training["folds"] == 3
    result = forecast(frame, frame, frame, labels, labels, config, threads=1)
    assert result.evaluation["evaluated_model"] == expected.training


def test_without_a_configuration_the_defaults_hold() -> None:
    frame, labels = table(60)
    configs: list[Any] = [None, {}, ModelConfig()]
    assert len({train(frame, labels, config=config, threads=1).to_bytes() for config in configs}) == 1


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"rounds": 5}, "rounds"),
        ({"folds": 1}, "folds"),
        ({"folds": "three"}, "folds"),
        ({"model": {}}, "unknown key"),
        ("config.toml", "expected a ModelConfig, a Config, a mapping .*, not str"),
        (5, "not int"),
    ],
)
def test_a_configuration_that_is_not_understood_is_refused(config: Any, text: str) -> None:
    frame, labels = table(60)
    with pytest.raises(ConfigError, match=text):
        train(frame, labels, config=config)


def test_no_threads_are_an_error_of_the_configuration() -> None:
    frame, labels = table(60)
    with pytest.raises(ConfigError, match="threads"):
        train(frame, labels, config=QUICK, threads=0)


def test_labels_from_a_frame_are_matched_by_person() -> None:
    frame, labels = table(50)
    shuffled = pl.DataFrame({"person_id": frame["person_id"], "label": labels}).sample(
        fraction=1.0, shuffle=True, seed=1
    )
    extra = pl.concat([shuffled, pl.DataFrame({"person_id": [9999], "label": [True]})])
    features = read_features(frame)
    assert (read_labels(features, extra) == labels).all()
    assert (read_labels(features, extra.to_pandas()) == labels).all()
    assert (read_labels(features, labels.astype(np.int64)) == labels).all()


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (pl.DataFrame({"person_id": [0], "label": [True]}), "1 of the 2 persons"),
        (pl.DataFrame({"person_id": [0, 1, 1], "label": [True, False, True]}), "more than one row"),
        (pl.DataFrame({"person_id": [0, 1], "label": [True, None]}), "nulls"),
        (pl.DataFrame({"person_id": ["0", "1"], "label": [True, False]}), "int64 in the features"),
        (pl.DataFrame({"person_id": [0, 1]}), "no column label"),
        ([True], "expected 2 values"),
        ([[True], [True, False]], "expected 2 values"),
        ([0, 2], "only true and false"),
        (["yes", "no"], "expected true and false"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: object, text: str) -> None:
    features = read_features(pl.DataFrame({"person_id": [0, 1], "x": [1, 2]}))
    with pytest.raises(ModelError, match=text):
        read_labels(features, labels)


def test_boosting_stops_early_on_noise_and_says_when_it_could_go_on() -> None:
    rng = np.random.default_rng(0)
    noise = pl.DataFrame({"person_id": np.arange(400), "x": rng.random(400), "y": rng.random(400)})
    stopped = cross_fit(read_features(noise), rng.random(400) < 0.3, config=ModelConfig(folds=2), threads=1)
    assert stopped.model.training["rounds"] < 50
    frame, labels = table(800)
    short = cross_fit(read_features(frame), labels, config=ModelConfig(max_rounds=5), threads=1)
    assert any("max_rounds = 5" in text for text in short.warnings)


def test_calibration_finds_the_true_parameters_and_never_turns_ranks_round() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(0, 2, 200_000)
    labels = rng.random(200_000) < sigmoid(0.5 * margin - 1.0)
    found = fit_calibration(margin, labels)
    assert found.slope == pytest.approx(0.5, abs=0.02)
    assert found.intercept == pytest.approx(-1.0, abs=0.02)
    against = fit_calibration(-margin, labels)
    assert against.slope == 0
    assert against(margin).mean() == pytest.approx(labels.mean(), abs=1e-4)
    assert fit_calibration(np.zeros(10), np.arange(10) < 5) == Calibration(0.0, 0.0)
    apart = fit_calibration(np.arange(10.0), np.arange(10) >= 5)
    assert np.isfinite([apart.slope, apart.intercept]).all()


@pytest.mark.parametrize(("n", "base", "spread"), [(40, -1.0, 1.0), (600, -3.0, 2.0), (20_000, -4.0, 0.5)])
def test_calibration_is_the_maximum_of_platts_likelihood(n: int, base: float, spread: float) -> None:
    rng = np.random.default_rng(n)
    margin = rng.normal(base, spread, n)
    labels = rng.random(n) < sigmoid(0.7 * margin + 0.2)
    positives = labels.sum()
    target = np.where(labels, (positives + 1) / (positives + 2), 1 / (n - positives + 2))

    def slopes_of_the_loss(parameters: Any) -> Any:
        error = 1 / (1 + np.exp(-(parameters[0] * margin + parameters[1]))) - target
        return np.array([(error * margin).mean(), error.mean()])

    expected = root(slopes_of_the_loss, [1.0, 0.0], tol=1e-13).x
    found = fit_calibration(margin, labels)
    assert (found.slope, found.intercept) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-6)


def test_calibration_has_the_same_bits_with_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(-4, 1, 200_000)
    labels = rng.random(len(margin)) < sigmoid(margin)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(fit_calibration(margin, labels))
    assert found[0] == found[1]


def test_a_forest_is_xgboosts_with_all_trees_in_one_round() -> None:
    """And a leaf is the share of positives among its rows, at least 20 of them."""
    frame, labels = table(3000)
    trees = 32
    model = train(frame, labels, kind="random_forest", config=ModelConfig(max_rounds=trees, folds=2), threads=1)
    matrix, given = model.table(frame).matrix, forest.PARAMETERS
    options = {**given, "eta": 1.0, "num_parallel_tree": trees, "seed": 1, "nthread": 2}
    rate = round(float(labels.mean()) * 2**24) / 2**24
    data = xgb.QuantileDMatrix(matrix, labels, max_bin=given["max_bin"])
    booster = xgb.train({**options, "base_score": rate}, data, 1)
    booster.feature_names = list(model.features)
    expected, found = (
        each.trees_to_dataframe().drop(columns=["Tree", "Cover"]) for each in (booster, model.classifier._booster)
    )
    assert found.equals(expected)
    leaves = model.classifier._booster.trees_to_dataframe().query("Feature == 'Leaf'")
    assert leaves["Cover"].min() >= 20
    assert len(leaves) > 4 * trees


def test_a_forest_has_all_its_trees_whatever_they_bring() -> None:
    rng = np.random.default_rng(0)
    noise = pl.DataFrame({"person_id": np.arange(400), "x": rng.random(400), "y": rng.random(400)})
    found = cross_fit(
        read_features(noise), rng.random(400) < 0.3, kind="random_forest",
        config=ModelConfig(folds=2, max_rounds=60), threads=1,
    )  # fmt: skip
    assert found.model.training["rounds"] == 60
    assert not any("max_rounds" in text for text in found.warnings)


def test_the_threshold_has_the_greatest_f1() -> None:
    rng = np.random.default_rng(0)
    probability = np.round(rng.random(300), 2)  # with ties
    labels = rng.random(300) < probability
    chosen = best_threshold(labels, probability)
    by_hand = max((f1_score(labels, probability >= t), t) for t in np.unique(probability))
    assert (f1_score(labels, probability >= chosen), chosen) == pytest.approx(by_hand)


@pytest.mark.parametrize("kind", KINDS)
def test_progress_reaches_the_end_of_every_stage(kind: str) -> None:
    frame, labels = table(200)
    told: list[tuple[str, float]] = []
    train(
        frame, labels, kind=kind, config=QUICK, threads=1,
        progress=lambda stage, done, total: told.append((stage, done / total)),
    )  # fmt: skip
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["cross-fit", "train on all"]
    for name in ("cross-fit", "train on all"):
        shares = [share for stage, share in told if stage == name]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert len(shares) > 3


def test_cross_fitting_comes_to_its_end_by_small_steps_wherever_it_stops() -> None:
    """Margins that come nearer to the labels for 60 rounds, with a pause of 15, and then no more."""

    class Model:
        def boost(self, number: int) -> None:
            self.number = number

        def write_held_out(self, out: np.ndarray) -> None:
            out[:2] = self.number if self.number < 20 or 35 <= self.number < 60 else 0

    told: list[float] = []
    grown = grow_together(
        [Model()],
        np.full(3, np.nan),
        np.ones(3, dtype=bool),
        500,
        lambda stage, done, total: told.append(done / total),  # type: ignore[list-item]
    )
    assert grown.rounds == 60
    assert len(told) == 60 + PATIENCE
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert max(later - first for first, later in itertools.pairwise([0.0, *told])) < 0.05


@pytest.mark.parametrize("enough", [True, False])
def test_a_round_that_gains_less_than_its_standard_error_is_not_taken(
    enough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 100 persons 60 gain as much as 40 lose, or 52 as 48: the mean is 2 standard errors above zero, or 0.4.

    Where persons are too few to go by that, any gain counts.
    """
    monkeypatch.setattr(boosting_rounds, "ENOUGH_OF_EACH", 50 if enough else 51)

    class Model:
        def __init__(self, winners: int) -> None:
            self.winners, self.number = winners, 0

        def boost(self, number: int) -> None:
            self.number = number

        def write_held_out(self, out: np.ndarray) -> None:
            step = np.where(np.arange(len(out)) < self.winners, 1e-6, -1e-6)
            out[:] = np.where(labels, 1.0, -1.0) * (1.0 + (step if self.number == 1 else 0.0))

    labels = np.arange(100) % 2 == 0
    for winners, rounds in ((60, 2), (52, 1 if enough else 2), (40, 1)):
        grown = grow_together([Model(winners)], np.full(100, np.nan), labels, 500)  # type: ignore[list-item]
        assert grown.rounds == rounds
        assert (np.abs(grown.margins) == 1.0).all() == (rounds == 1)


def test_importing_the_package_imports_no_learning_library() -> None:
    code = "import sys, gpunet.model; print([m for m in ('xgboost', 'sklearn', 'numba', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_model_keeps_what_a_feature_file_says_of_its_origin(tmp_path: Path) -> None:
    frame, labels = table(200)
    settings = {"[network] max_incident_size": 50}
    write_parquet(tmp_path / "features.parquet", frame, {"as_of": "2014-02-01", "settings": settings})
    model = train(tmp_path / "features.parquet", labels, config=QUICK, threads=1)
    assert model.origin == model_from_bytes(model.to_bytes()).origin == Origin(date(2014, 2, 1), None, settings)
    assert train(frame, labels, config=QUICK, threads=1).origin is None


def test_names_that_xgboost_does_not_allow_or_takes_for_one_are_kept() -> None:
    frame, labels = table(200)
    names = {"count": "a[", "level": "a]", "noise": "a_", "empty": "a<b", "flag": "a\0b", "twice_count": ""}
    frame = frame.rename(names)
    model = train(frame, labels, config=QUICK, threads=1)
    back = model_from_bytes(model.to_bytes())
    assert set(names.values()) < set(back.features)
    assert score(back, frame, threads=1).equals(score(model, frame, threads=1))
