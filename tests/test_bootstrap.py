"""Draws of communities: what is drawn, what follows for a measure, and how often an interval holds the truth."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from test_measures import prediction

from gpunet.evaluate.bootstrap import communities_of, draw_communities, interval_of, why_no_interval
from gpunet.evaluate.measures import measures_of, order_of
from gpunet.evaluate.schemas import MEASURES
from gpunet.model import evaluate


def test_communities_come_from_a_table_of_groups() -> None:
    groups = pl.DataFrame({"person_id": [1, 2, 3], "community": pl.Series([5, None, 5], dtype=pl.Int64)})
    for frame in (groups, groups.to_pandas(), groups.to_arrow()):
        assert communities_of(frame).tolist() == [5, -1, 5]


def test_who_is_outside_the_network_is_a_community_alone() -> None:
    draws = draw_communities(np.array([3, -1, 3, 0, -1, 8]), np.array([0, 1, 2, 4, 5]), 50, seed=1)
    code = draws.code.tolist()
    assert code[3] == -1  # not in the experiment
    assert code[0] == code[2]
    assert sorted({code[0], code[1], code[4], code[5]}) == [0, 1, 2, 3]
    assert draws.weights.shape == (4, 50)
    assert draws.number == 50
    assert (draws.weights.sum(0) == 4).all()
    assert len(np.unique(draws.weights, axis=1).T) > 10
    again = draw_communities(np.array([3, -1, 3, 0, -1, 8]), np.array([0, 1, 2, 4, 5]), 50, seed=1)
    other = draw_communities(np.array([3, -1, 3, 0, -1, 8]), np.array([0, 1, 2, 4, 5]), 50, seed=2)
    assert np.array_equal(draws.weights, again.weights)
    assert not np.array_equal(draws.weights, other.weights)
    nobody = draw_communities(np.array([-1]), np.array([], int), 3, seed=1)
    assert (nobody.weights.shape, nobody.code.tolist()) == ((0, 3), [-1])


def test_intervals_equal_a_slow_loop_over_persons() -> None:
    rng = np.random.default_rng(5)
    n = 700
    community = rng.integers(-1, 40, n)
    label = rng.random(n) < 0.3
    value = np.round(np.clip(rng.normal(0.3 + 0.2 * label, 0.2), 0, 1), 2)
    draws = draw_communities(community, np.arange(n), 60, seed=3)
    found, _ = measures_of(order_of(prediction(label, value), draws.code), draws.weights)
    slow = []
    for j in range(60):
        persons = [i for i in range(n) for _ in range(draws.weights[draws.code[i], j])]
        slow.append(evaluate(label[persons], value[persons], 0.5)["model"])
    for i, name in enumerate(MEASURES):
        values = np.array([np.nan if one[name] is None else one[name] for one in slow])
        np.testing.assert_allclose(found[i], values, rtol=1e-12)
        assert interval_of(found[i]) == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])))


def test_draws_in_which_a_measure_is_not_defined_are_left_out_if_few() -> None:
    nan = np.nan
    assert interval_of(np.array([nan, 1.0, 2.0, 3.0])) == pytest.approx((1.05, 2.95))
    assert interval_of(np.array([nan, nan, 1.0, 2.0])) is not None
    assert interval_of(np.array([nan, nan, nan, 2.0])) is None
    assert interval_of(np.array([nan])) is interval_of(np.array([])) is None


def test_communities_too_few_to_be_drawn_from() -> None:
    label, value = [1, 1, 0, 0, 0], [0.9, 0.3, 0.6, 0.2, 0.1]

    def why(*community: int, draws: int = 10) -> dict[str, str]:
        return why_no_interval(order_of(prediction(label, value), np.array(community, np.int32)), draws)

    assert why(0, 1, 2, 3, 3) == {}
    one = why(0, 0, 1, 2, 3)
    assert set(one) == set(MEASURES) - {"brier"}
    assert set(one.values()) == {"positives in fewer than 2 communities"}
    assert why(0, 1, 0, 0, 0) == {"auc": "negatives in fewer than 2 communities"} | {
        "precision": "persons named in fewer than 2 communities"
    }
    assert why(4, 4, 4, 4, 4)["brier"] == "persons in fewer than 2 communities"
    assert set(why(0, 1, 2, 3, 3, draws=0).values()) == {"no draws (bootstrap = 0)"}
    nobody = why_no_interval(order_of(prediction([], []), np.zeros(0, np.int32)), 10)
    assert set(nobody) == set(MEASURES)


def test_intervals_of_communities_hold_the_truth_as_often_as_they_say() -> None:
    """Members of a community are named together. Were persons drawn, intervals would be far too short."""
    rng = np.random.default_rng(11)
    communities, size, tries = 60, 8, 80
    covered = {"communities": 0, "persons": 0}
    for attempt in range(tries):
        named = np.repeat(rng.random(communities) < 0.4, size)  # so recall is 0.4 in truth
        label = rng.random(communities * size) < 0.5
        of = {"communities": np.repeat(np.arange(communities), size), "persons": np.full(communities * size, -1)}
        for way, community in of.items():
            draws = draw_communities(community, np.arange(len(label)), 200, seed=attempt)
            found, _ = measures_of(order_of(prediction(label, named, named), draws.code), draws.weights)
            low, high = interval_of(found[list(MEASURES).index("recall")]) or (1, 0)
            covered[way] += low <= 0.4 <= high
    assert 0.87 <= covered["communities"] / tries <= 0.99
    assert covered["persons"] / tries < 0.75
