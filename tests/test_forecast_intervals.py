"""A forecast beside past violence alone and chance, with intervals of pairs: values, draws, and what cannot be told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpunet.evaluate.bootstrap import draw_communities
from gpunet.evaluate.forecast_intervals import Compared, Window, forecast_intervals, number_of_draws
from gpunet.evaluate.schemas import MEASURES
from gpunet.model import evaluate

THRESHOLD = 0.3


def window(n: int, seed: int) -> Window:
    """Persons in about n / 4 communities, a third of them alone; ties among their values."""
    rng = np.random.default_rng(seed)
    label = rng.random(n) < 0.25
    probability = np.round(np.clip(rng.normal(0.2 + 0.2 * label, 0.15), 0, 1), 2)
    past = np.where(rng.random(n) < 0.2 + 0.5 * label, rng.integers(1, 9, n), 0).astype(float)
    return Window(probability, past, label, np.where(rng.random(n) < 1 / 3, -1, rng.integers(0, n // 4, n)))


def everybody(persons: Window, draws: int = 50, seed: int = 1) -> Compared:
    flags = {"all": np.ones(len(persons), np.bool_)}
    return forecast_intervals(persons, THRESHOLD, flags, draws=draws, seed=seed)["all"]


def evaluated(persons: Window, rows: Any = slice(None)) -> dict[str, Any]:
    past = None if persons.past_violence is None else persons.past_violence[rows]
    return evaluate(persons.label[rows], persons.probability[rows], THRESHOLD, past_violence=past)


@settings(max_examples=20)
@given(st.integers(1, 700), st.integers(0, 1000))
def test_values_are_those_of_the_evaluation(n: int, seed: int) -> None:
    persons = window(max(n, 4), seed)
    chosen = np.arange(len(persons)) % 2 == 0
    flags = {"all": np.ones(len(persons), np.bool_), "some": chosen}
    found = forecast_intervals(persons, THRESHOLD, flags, draws=0, seed=1)
    for name, rows in flags.items():
        right, one = evaluated(persons, rows), found[name]
        for order, of in (("model", one.model), ("past_violence", one.past_violence)):
            for measure in MEASURES:
                value = right[order][measure]
                assert of[measure].value == (None if value is None else pytest.approx(value, rel=1e-12, abs=1e-15))
        assert one.chance == {measure: right["chance"][measure] for measure in MEASURES}
        assert one.base_rate.value == pytest.approx(right["base_rate"], rel=1e-12)
        assert (one.persons, one.positives, one.flagged) == (
            right["persons"], right["positives"], right["model"]["flagged"],
        )  # fmt: skip
        assert one.hits == (persons.label & (persons.probability >= THRESHOLD))[rows].sum()
        assert one.model["recall"].interval is None
        assert one.model["recall"].reason in ("no draws (bootstrap = 0)", "no positives")


def test_differences_are_taken_draw_by_draw() -> None:
    """A slow loop: in each draw the persons of a community stand as often as it was drawn."""
    persons = window(600, 3)
    found = everybody(persons, draws=40, seed=7)
    draws = draw_communities(persons.community, np.arange(600), 40, seed=7)
    of_draws = []
    for j in range(40):
        rows = [i for i in range(600) for _ in range(draws.weights[draws.code[i], j])]
        of_draws.append(evaluated(persons, rows))
    for measure in MEASURES:
        if measure == "brier":
            continue
        pairs = [(one["model"][measure], one["past_violence"][measure]) for one in of_draws]
        less = np.percentile([a - b for a, b in pairs], [2.5, 97.5])
        assert found.difference[measure].interval == pytest.approx(tuple(less), rel=1e-9, abs=1e-12)
        assert found.model[measure].interval == pytest.approx(tuple(np.percentile([a for a, _ in pairs], [2.5, 97.5])))
        assert found.difference[measure].value == found.model[measure].value - found.past_violence[measure].value
    assert found.difference["brier"].value is None
    assert found.difference["brier"].reason == "the values are no probabilities"
    rates = np.percentile([one["base_rate"] for one in of_draws], [2.5, 97.5])
    assert found.base_rate.interval == pytest.approx(tuple(rates))


def test_an_interval_of_pairs_is_narrower_than_two_of_one() -> None:
    """The model's value is the record's, but for a little: what is drawn moves both alike."""
    rng = np.random.default_rng(2)
    label = rng.random(2000) < 0.2
    record = np.round(np.clip(rng.normal(3 + 2 * label, 2), 0, None))
    probability = np.clip(record / 20 + rng.normal(0, 0.01, 2000), 0, 1)
    found = everybody(Window(probability, record, label, rng.integers(0, 300, 2000)), draws=200)

    def width(of: Any) -> float:
        return of["auc"].interval[1] - of["auc"].interval[0]

    assert width(found.difference) < 0.4 * min(width(found.model), width(found.past_violence))


def test_groups_are_measured_in_the_same_draws_as_everybody() -> None:
    persons = window(400, 5)
    flags = {"all": np.ones(400, np.bool_), "again": np.ones(400, np.bool_), "none": np.zeros(400, np.bool_)}
    found = forecast_intervals(persons, THRESHOLD, flags, draws=30, seed=2)
    assert found["all"].difference == found["again"].difference
    assert found["none"].model["auc"].reason == "nobody is in the population"
    assert found["none"].base_rate.value is None
    assert everybody(persons, 30, seed=2).model == found["all"].model
    assert everybody(persons, 30, seed=3).model != found["all"].model


def test_without_a_record_there_is_nothing_to_compare_with() -> None:
    persons = window(300, 4)
    found = everybody(Window(persons.probability, None, persons.label, persons.community))
    assert found.past_violence["auc"].value is found.difference["auc"].value is None
    assert found.difference["auc"].reason == "the record of past violence is not known"
    assert found.model == everybody(persons).model


def test_nobody_was_arrested() -> None:
    persons = window(300, 4)
    found = everybody(Window(persons.probability, persons.past_violence, np.zeros(300, np.bool_), persons.community))
    assert found.model["auc"].value is found.difference["recall"].value is None
    assert found.model["precision_top_100"].value == 0.0
    assert found.model["precision_top_100"].interval is found.base_rate.interval is None


def test_calibration_has_groups_of_one_size_with_intervals() -> None:
    persons = window(2000, 6)
    groups = everybody(persons).calibration
    assert sum(of["persons"] for of in groups) == 2000
    assert sum(of["positives"] for of in groups) == persons.label.sum()
    order = np.argsort(persons.probability, kind="stable")
    lowest = order[: groups[0]["persons"]]
    assert groups[0]["mean_value"] == pytest.approx(persons.probability[lowest].mean())
    assert groups[0]["observed"] == pytest.approx(persons.label[lowest].mean())
    assert all(of["observed_low"] <= of["observed"] <= of["observed_high"] for of in groups[3:])


def test_draws_fit_into_memory() -> None:
    few, many = np.arange(1000), np.full(1_000_000, -1)
    assert number_of_draws(few, 2000) == 2000
    assert number_of_draws(np.arange(300_000), 2000) == 500
    assert number_of_draws(many, 2000) == 200
    assert number_of_draws(many, 100) == 100
    assert number_of_draws(many, 0) == number_of_draws(np.array([], np.int64), 0) == 0
    assert number_of_draws(np.repeat([4, 5], 1_000_000), 2000) == 2000
