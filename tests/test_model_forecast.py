from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost as xgb
from model_tables import KINDS, QUICK, table
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from gpunet.base.errors import ModelError
from gpunet.config.offences import PRESETS
from gpunet.model import CrossFit, Forecast, forecast, score, train
from gpunet.model.calibration import best_threshold
from gpunet.model.classifier import kind_module
from gpunet.model.table import read_features, stack
from gpunet.model.zeros import without_zeros, zeros_of

PAST, PAST_LABELS = table(700, seed=0)
TEST, TEST_LABELS = table(800, seed=1)
NOW, _ = table(900, seed=2)


def run(kind: str = "xgboost", **changes: Any) -> Forecast:
    given = {"past": PAST, "test": TEST, "now": NOW, "past_labels": PAST_LABELS, "test_labels": TEST_LABELS, **changes}
    return forecast(config=QUICK, kind=kind, threads=1, **given)


@pytest.mark.parametrize("kind", KINDS)
def test_end_to_end(kind: str) -> None:
    result = run(kind)
    assert result.model.kind == kind
    assert result.scores.equals(score(result.model, NOW, threads=1))
    evaluation = result.evaluation
    assert json.loads(json.dumps(evaluation, allow_nan=False)) == evaluation
    assert evaluation["past"] == {"window": "[T-2H, T-H)", "persons": 700, "positives": int(PAST_LABELS.sum())}
    assert evaluation["test"] == {
        "window": "[T-H, T)", "persons": 800, "positives": int(TEST_LABELS.sum()),
        "new_persons": 100, "new_positives": int(TEST_LABELS[700:].sum()),
    }  # fmt: skip
    assert evaluation["results"]["persons"] == 800
    assert evaluation["results_new_persons"]["persons"] == 100
    assert evaluation["results"]["model"]["auc"] > evaluation["results"]["past_violence"]["auc"] > 0.6
    assert evaluation["training"]["rows"] == 1500
    assert evaluation["training"]["persons"] == 800
    assert evaluation["evaluated_model"]["rows"] == 700
    assert [group["persons"] for group in evaluation["calibration"]] == [80] * 10
    importance = evaluation["importance"]
    assert {row["feature"] for row in importance} == set(result.model.features)
    means = [row["mean_absolute_contribution"] for row in importance]
    assert means == sorted(means, reverse=True)
    assert importance[0]["feature"] in ("count", "twice_count", "own_violent_arrests", "level")
    assert sum(row["loss_share"] for row in importance) == pytest.approx(1)


def test_the_results_come_from_the_past_alone() -> None:
    honest = train(PAST, PAST_LABELS, config=QUICK, threads=1)
    results = run().evaluation["results"]
    assert results["threshold"] == honest.threshold
    assert results["mean_probability"] == honest.predict_proba(TEST, threads=1).mean()
    # Other labels of the test window change what is reported, not what was predicted.
    other = run(test_labels=~TEST_LABELS).evaluation["results"]
    assert (other["threshold"], other["mean_probability"]) == (results["threshold"], results["mean_probability"])
    assert other["model"]["auc"] == pytest.approx(1 - results["model"]["auc"])


def trainings(kind: str) -> dict[str, CrossFit]:
    found: dict[str, CrossFit] = {}
    run(kind, kept=lambda name, fit, fits: found.setdefault(name, fit()))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_final_model_is_trained_on_both_snapshots(kind: str) -> None:
    """With as many trees as the first; XGBoost by itself grows the same."""
    first, final = trainings(kind).values()
    zeros = zeros_of(final.model.classifier._booster)
    assert len(zeros) == (kind == "xgboost")
    matrix = without_zeros(stack(read_features(PAST), read_features(TEST)).matrix, zeros)
    labels = np.concatenate([PAST_LABELS, TEST_LABELS])
    rounds = final.model.training["rounds"]
    assert rounds == first.model.training["rounds"] > 10
    options = {**kind_module(kind).PARAMETERS, "seed": 1, "base_score": float(labels.mean())}
    if kind == "random_forest":
        options, grown = {**options, "eta": 1.0, "num_parallel_tree": rounds}, 1
    else:
        grown = rounds
    booster = xgb.train(options, xgb.QuantileDMatrix(matrix, labels), grown)
    rows = xgb.DMatrix(without_zeros(final.model.table(NOW).matrix, zeros))
    final.model.classifier._booster.feature_names = None
    ours, theirs = (each.predict(rows, output_margin=True) for each in (final.model.classifier._booster, booster))
    assert ours == pytest.approx(theirs, abs=1e-3)  # gradients are rounded here


@pytest.mark.parametrize("kind", KINDS)
def test_the_final_model_is_calibrated_on_the_held_out_and_the_later_snapshot(kind: str) -> None:
    first, final = trainings(kind).values()
    labels = np.concatenate([PAST_LABELS, TEST_LABELS])
    margins = logit(np.concatenate([first.probability, first.model.predict_proba(TEST, threads=1)]))
    by_hand = LogisticRegression(C=np.inf, tol=1e-10).fit(margins[:, None], labels)
    expected = by_hand.predict_proba(margins[:, None])[:, 1]
    assert final.probability == pytest.approx(expected, abs=2 / labels.sum())  # Platt's targets are not quite 0 and 1
    assert final.probability.mean() == pytest.approx(labels.mean(), abs=1 / len(labels))
    assert final.model.threshold == best_threshold(labels, final.probability)
    assert (final.fold == np.concatenate([first.fold, np.full(len(TEST), 3)])).all()
    assert final.model.training["folds"] == 3
    assert final.model.training["held_out_rows"] == len(labels)
    margin = first.model.predict_margin(TEST, threads=1)
    assert final.model.calibration(margin) == pytest.approx(final.probability[len(PAST) :], rel=1e-9)


def test_repeatable_and_whatever_the_frames() -> None:
    labels = pl.DataFrame({"person_id": PAST["person_id"], "label": PAST_LABELS}).reverse()
    first, again = run(), run(past=PAST.to_pandas(), test=TEST.to_arrow(), past_labels=labels)
    assert first.model.to_bytes() == again.model.to_bytes()
    assert first.evaluation == again.evaluation
    assert first.scores.equals(again.scores)


def test_progress_tells_the_two_trainings_apart() -> None:
    seen: dict[str, tuple[float, float]] = {}
    run(progress=lambda stage, done, total: seen.__setitem__(stage, (done, total)))
    assert list(seen) == ["cross-fit (past)", "train on all (past)", "train on all (past and test)", "score"]
    assert all(done == total for done, total in seen.values())


def test_a_past_without_positives_names_the_window_and_the_counts() -> None:
    with pytest.raises(ModelError, match=r"labels of July to December: only 0 of 700 persons"):
        run(past_labels=np.zeros(700, bool), windows=("July to December", "January to June"))


def test_a_test_window_without_positives_is_reported_not_fatal() -> None:
    result = run(test_labels=np.zeros(800, bool))
    assert any("nobody had the label true in [T-H, T)" in text for text in result.warnings)
    assert result.evaluation["results"]["model"]["auc"] is None
    json.dumps(result.evaluation, allow_nan=False)


def test_without_the_own_record_there_is_no_past_violence_baseline() -> None:
    result = run(past=PAST.drop("days_since_last_violent"), test=TEST.head(700), test_labels=TEST_LABELS[:700])
    assert result.evaluation["results"]["past_violence"] is None
    assert result.evaluation["results_new_persons"] is None
    assert "days_since_last_violent" not in result.model.features


def test_snapshots_that_do_not_fit_each_other_are_refused() -> None:
    with pytest.raises(ModelError, match='missing: "noise"'):
        run(test=TEST.drop("noise"))
    with pytest.raises(ModelError, match='missing: "noise"'):
        run(now=NOW.drop("noise"))
    with pytest.raises(ModelError, match="int64 in one snapshot and large_string"):
        run(test=TEST.with_columns(pl.col("person_id").cast(pl.String)))
    other = read_features(TEST, taxonomy=PRESETS["home_office"])
    with pytest.raises(ModelError, match="the violent sets differ"):
        run(past=read_features(PAST, taxonomy=PRESETS["fbi_index"]), test=other)
