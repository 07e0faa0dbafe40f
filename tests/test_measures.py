"""Measures under weights are scikit-learn's; those of whole weights are of persons that occur so often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from gpunet.evaluate.measures import Ordered, measures_of, order_of, reasons_of, together
from gpunet.evaluate.predicted import Predicted
from gpunet.evaluate.schemas import MEASURES
from gpunet.kernels.cpu.measures import weighted_measures
from gpunet.model.metrics import _top_precision


def prediction(label: Any, value: Any, named: Any = None, **more: Any) -> Predicted:
    value = np.array(value, float)
    named = value >= 0.5 if named is None else np.array(named, bool)
    person, label = np.arange(len(value)), np.array(label, bool)
    return Predicted("known", "paper", "xgboost", False, "all", "violent", person, label, value, named, **more)


@st.composite
def predictions(draw: st.DrawFn) -> tuple[Predicted, NDArray[np.int32], NDArray[np.uint8]]:
    """A prediction with equals among its values, everybody's community, and weightings: alike, and two others."""
    n, communities = draw(st.integers(0, 25)), draw(st.integers(1, 6))

    def each(what: st.SearchStrategy[Any]) -> Any:
        return draw(st.lists(what, min_size=n, max_size=n))

    kind = draw(st.sampled_from([st.booleans(), st.just(True), st.just(False)]))
    values = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5 + 1e-16, 0.75, 1.0])
    predicted = prediction(each(kind), each(values), each(st.booleans()))
    weighting = st.lists(st.integers(0, 4), min_size=communities, max_size=communities)
    weights = np.array([[1] * communities, draw(weighting), draw(weighting)], np.uint8).T
    community = np.array(each(st.integers(0, communities - 1)), np.int32)
    return predicted, community, np.ascontiguousarray(weights)


def expected(label: Any, value: Any, named: Any, weight: Any) -> list[float]:
    """By scikit-learn, with its sample weights; NaN where it would warn, or give something for nothing."""
    counted = {"sample_weight": weight}
    positives, total, flagged = (label * weight).sum(), weight.sum(), (named * weight).sum()
    one = (label, value)
    return [
        precision_score(label, named, **counted) if flagged else np.nan,
        recall_score(label, named, **counted) if positives else np.nan,
        f1_score(label, named, **counted) if flagged + positives else np.nan,
        roc_auc_score(*one, **counted) if 0 < positives < total else np.nan,
        average_precision_score(*one, **counted) if positives else np.nan,
        brier_score_loss(label.astype(int), value, pos_label=1, **counted) if total else np.nan,
    ]


@settings(max_examples=25)
@given(predictions())
def test_measures_under_weights_are_those_of_scikit_learn(case: Any) -> None:
    predicted, community, weights = case
    found, _ = measures_of(order_of(predicted, community), weights)
    for j in range(weights.shape[1]):
        weight = weights[community, j].astype(float)
        with sklearn.config_context(skip_parameter_validation=True):  # it takes most of the time
            wanted = expected(predicted.label, predicted.value, predicted.named, weight)
        np.testing.assert_allclose(found[:6, j], wanted, rtol=1e-12, atol=1e-15)


@given(predictions(), st.lists(st.integers(1, 12), min_size=1, max_size=3))
def test_lists_and_groups_are_of_persons_that_occur_so_often(case: Any, tops: list[int]) -> None:
    predicted, community, weights = case
    persons = order_of(predicted, community)
    found, observed = weighted_measures(
        weights, persons.community, persons.positive, persons.named, persons.value, persons.ends, np.array(tops),
        persons.cuts,
    )  # fmt: skip
    bounds = [0, *persons.cuts]
    for j in range(weights.shape[1]):
        often = weights[community, j]
        label, value = np.repeat(predicted.label, often), np.repeat(predicted.value, often)
        wanted = [_top_precision(label, value, k) for k in tops]
        np.testing.assert_allclose(found[6:, j], [np.nan if v is None else v for v in wanted], rtol=1e-12)
        for group in range(len(observed)):
            rows = slice(bounds[group], bounds[group + 1])
            labels = np.repeat(persons.positive[rows], weights[persons.community[rows], j])
            np.testing.assert_allclose(observed[group, j], labels.mean() if len(labels) else np.nan, rtol=1e-12)


@given(predictions(), st.booleans(), st.booleans())
def test_whatever_is_not_defined_has_a_reason(case: Any, is_probability: bool, is_order: bool) -> None:
    predicted, community, weights = case
    predicted = replace(predicted, is_probability=is_probability, is_order=is_order)
    persons = order_of(predicted, community)
    found, observed = measures_of(persons, np.ones((len(weights), 1), np.uint8))
    missing = {name for name, value in zip(MEASURES, found[:, 0], strict=True) if np.isnan(value)}
    assert missing == set(reasons_of(persons))
    assert len(observed) == (0 if not is_probability else len(persons.cuts))
    every = f"{', '.join(MEASURES)}: nobody is in the population"
    assert (together(reasons_of(persons)) == every) == (len(persons) == 0)


@given(predictions())
def test_groups_keep_equals_together_and_are_of_one_size_without(case: Any) -> None:
    persons: Ordered = order_of(case[0], case[1])
    bounds = [0, *persons.cuts]
    assert bounds[-1] == len(persons)
    assert sorted(set(bounds)) == bounds
    for cut in persons.cuts[:-1]:
        assert persons.value[cut - 1] > persons.value[cut]
    n = len(persons)
    distinct = order_of(prediction([True] * n, np.arange(n) / max(n, 1)), case[1])
    sizes = np.diff([0, *distinct.cuts])
    assert len(sizes) == min(n, 10)
    assert sizes.max(initial=0) - sizes.min(initial=n) <= 1


def test_order_and_parts() -> None:
    persons = order_of(prediction([1, 0, 1, 0], [0.2, 0.9, 0.2, 0.4]), np.array([7, 8, 9, 6], np.int32))
    assert persons.row.tolist() == [1, 3, 0, 2]
    assert persons.community.tolist() == [8, 6, 7, 9]
    part = persons.of(np.array([True, False, True, True]))
    assert part.row.tolist() == [3, 0, 2]
    assert part.ends.tolist() == [True, False, True]


def test_a_value_that_is_no_number_is_an_error_of_the_program() -> None:
    with pytest.raises(ValueError, match="no finite number"):
        order_of(prediction([1, 0], [np.nan, 0.1]), np.zeros(2, np.int32))
