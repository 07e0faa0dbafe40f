"""Parts of the work, and sums whose bits depend on the parts alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.features import adding
from gpunet.features.adding import add_up, parts_of, sum_of_part, sums_of_parts


@dataclass
class Span:
    first: int
    last: int


def spans_of(bounds):
    return [Span(first, first + size) for first, size in bounds]


BATCHES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=60).map(spans_of)


@given(BATCHES, st.data())
def test_parts_cover_the_batches_in_order(batches, data):
    weights = [data.draw(st.floats(1.0, 1e7)) for _ in batches]
    parts = parts_of(batches, weights)
    assert [i for part in parts for i in range(part.begin, part.end)] == list(range(len(batches)))
    for part in parts:
        inside = batches[part.begin : part.end]
        assert (part.first, part.last) == (min(b.first for b in inside), max(b.last for b in inside))
        assert part.weight == pytest.approx(sum(weights[part.begin : part.end]))
    assert all(part.weight >= adding._LEAST_WEIGHT for part in parts[:-1])


def test_parts_are_about_equal_and_not_too_many():
    weights = np.random.default_rng(1).uniform(1e5, 1e6, 50_000)
    parts = parts_of([Span(0, 1)] * len(weights), weights.tolist())
    equal = weights.sum() / adding._MOST_PARTS
    assert len(parts) <= adding._MOST_PARTS
    assert all(equal <= part.weight <= equal + 1e6 for part in parts[:-1])
    assert parts[-1].weight <= equal + 1e6


def value(_, batch):
    rng = np.random.default_rng([batch.first, batch.last])
    return rng.normal(size=(2, batch.last - batch.first, 3)) * 10.0 ** rng.integers(-9, 9)


@given(BATCHES, st.integers(1, 4))
def test_sums_of_parts_have_the_bits_of_one_process(batches, threads):
    weights = [4e5] * len(batches)
    found, expected, in_turn = np.zeros((3, 2, 40, 3))
    calls = []
    adder = partial(add_up, threads=threads)
    adder(value, None, batches, weights, found, "s", lambda *step: calls.append(step))
    for part in parts_of(batches, weights):
        inside = batches[part.begin : part.end]
        expected[:, part.first : part.last] += sum_of_part(value, None, inside, part.first, part.last)
    assert found.tobytes() == expected.tobytes()
    for batch in batches:
        in_turn[:, batch.first : batch.last] += value(None, batch)
    np.testing.assert_allclose(found, in_turn, rtol=1e-9, atol=1e-3)
    assert calls[-1][1] == calls[-1][2]


@given(BATCHES, st.data())
def test_parts_computed_together_are_those_computed_alone(batches, data):
    parts = parts_of(batches, [4e5] * len(batches))
    begin = data.draw(st.integers(0, len(parts)))
    end = data.draw(st.integers(begin, len(parts)))
    if begin == end:
        return
    run = parts[begin:end]
    inside = batches[run[0].begin : run[-1].end]
    found = sums_of_parts(sum_of_part, value, None, inside, run)
    for part, sums in zip(run, found, strict=True):
        alone = sum_of_part(value, None, batches[part.begin : part.end], part.first, part.last)
        assert sums.tobytes() == alone.tobytes()
