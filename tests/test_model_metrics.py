from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from gpunet.model import evaluate
from gpunet.model.metrics import past_violence_score

NAN = np.nan


def test_against_values_by_hand() -> None:
    labels = np.array([True, False, True, False, False])
    probability = np.array([0.9, 0.8, 0.4, 0.3, 0.1])
    found = evaluate(labels, probability, 0.5)
    assert found["base_rate"] == 0.4
    assert found["mean_probability"] == pytest.approx(0.5)
    model = found["model"]
    assert (model["flagged"], model["precision"], model["recall"], model["f1"]) == (2, 0.5, 0.5, 0.5)
    assert model["auc"] == pytest.approx(5 / 6)  # of 2 x 3 pairs one is the wrong way round
    assert model["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert model["brier"] == pytest.approx((0.01 + 0.64 + 0.36 + 0.09 + 0.01) / 5)
    assert model["brier_skill"] == pytest.approx(1 - 0.222 / 0.24)
    assert model["precision_top_100"] is None
    assert found["past_violence"] is None
    chance = found["chance"]
    assert (chance["precision"], chance["recall"], chance["auc"], chance["brier_skill"]) == (0.4, 0.4, 0.5, 0.0)
    assert chance["f1"] == pytest.approx(0.4)


def test_lists_share_out_equals() -> None:
    labels = np.zeros(600, bool)
    labels[:50] = True  # 50 of the 60 first, then 10 of 500 equals
    labels[60:70] = True
    value = np.where(np.arange(600) < 60, 0.9, np.where(np.arange(600) < 560, 0.5, 0.1))
    found = evaluate(labels, value, 0.9)["model"]
    assert found["precision_top_100"] == pytest.approx((50 + 40 * 10 / 500) / 100)
    assert found["precision_top_500"] == pytest.approx((50 + 440 * 10 / 500) / 500)


def test_chance_is_the_mean_over_all_orders() -> None:
    labels = np.array([True, True, False, False, False])
    results = []
    for order in itertools.permutations(range(5)):
        value = np.empty(5)
        value[list(order)] = np.arange(5) / 5
        results.append(evaluate(labels, value, 0.6))
    for measure in ("precision", "recall", "f1", "auc", "average_precision"):
        mean = np.mean([r["model"][measure] for r in results])
        assert results[0]["chance"][measure] == pytest.approx(mean, rel=1e-12)
    long = np.arange(3000) < 60
    drawn = np.random.default_rng(0)
    mean = np.mean([evaluate(long, drawn.random(3000), 0.5)["model"]["average_precision"] for _ in range(150)])
    expected = evaluate(long, drawn.random(3000), 0.5)["chance"]["average_precision"]
    assert expected == pytest.approx(mean, rel=0.05)  # four standard errors of 150 draws


@pytest.mark.parametrize(
    ("labels", "undefined"),
    [
        (np.zeros(700, bool), {"recall", "auc", "average_precision", "brier_skill"}),
        (np.ones(700, bool), {"auc", "brier_skill"}),
    ],
)
def test_one_class_leaves_measures_open(labels: np.ndarray, undefined: set[str]) -> None:
    found = evaluate(labels, np.linspace(0, 1, 700), 0.5)
    for name in ("model", "chance"):
        assert {measure for measure, value in found[name].items() if value is None} == undefined
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_nobody_flagged_and_nobody_there() -> None:
    labels = np.array([True, False])
    found = evaluate(labels, np.array([0.2, 0.1]), 0.5)
    assert found["model"]["precision"] is found["chance"]["precision"] is None
    assert found["model"]["recall"] == found["model"]["f1"] == 0
    nobody = evaluate(labels[:0], np.zeros(0), 0.5, past_violence=np.zeros(0))
    assert nobody["persons"] == nobody["positives"] == nobody["model"]["flagged"] == 0
    rest = {k: v for k, v in nobody["model"].items() if k != "flagged"}
    assert set(rest.values()) == {None}
    json.dumps(nobody, allow_nan=False)


def test_past_violence_orders_by_arrests_then_by_recency() -> None:
    arrests = np.array([0, 2, 1, 1, 1, 1, NAN])
    days = np.array([NAN, 900, 10, 5, 5, NAN, 3])
    score = past_violence_score(arrests, days)
    order = np.argsort(-score, kind="stable").tolist()
    assert order == [1, 3, 4, 2, 5, 0, 6]
    assert score[3] == score[4]
    assert score[0] == score[6] == 0
    assert (score[1:6] > 0).all()
    assert past_violence_score(np.array([1.0, 2.0]), np.array([5.0, 5.0])).tolist() == [1, 2]
    found = evaluate(np.array([0, 1, 1, 0, 1, 0, 0], bool), np.zeros(7), 0.5, past_violence=score)
    assert found["past_violence"]["flagged"] == 5
    assert found["past_violence"]["precision"] == 0.6
    assert found["past_violence"]["brier"] is None
