"""Parts of the work, and sums whose bits depend on the chunks alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.search import reduction as adding
from gpunet.search.reduction import add_up, chunks_of, sum_of_chunk, sums_of_chunks


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
    chunks = chunks_of(batches, weights)
    assert [i for chunk in chunks for i in range(chunk.begin, chunk.end)] == list(range(len(batches)))
    for chunk in chunks:
        inside = batches[chunk.begin : chunk.end]
        assert (chunk.first, chunk.last) == (min(b.first for b in inside), max(b.last for b in inside))
        assert chunk.weight == pytest.approx(sum(weights[chunk.begin : chunk.end]))
    assert all(chunk.weight >= adding._LEAST_WEIGHT for chunk in chunks[:-1])


def test_parts_are_about_equal_and_not_too_many():
    weights = np.random.default_rng(1).uniform(1e5, 1e6, 50_000)
    chunks = chunks_of([Span(0, 1)] * len(weights), weights.tolist())
    equal = weights.sum() / adding._MOST_CHUNKS
    assert len(chunks) <= adding._MOST_CHUNKS
    assert all(equal <= chunk.weight <= equal + 1e6 for chunk in chunks[:-1])
    assert chunks[-1].weight <= equal + 1e6


def value(_, batch):
    rng = np.random.default_rng([batch.first, batch.last])
    return rng.normal(size=(2, batch.last - batch.first, 3)) * 10.0 ** rng.integers(-9, 9)


@given(BATCHES, st.integers(1, 4))
def test_sums_of_parts_have_the_bits_of_one_process(batches, threads):
    weights = [4e5] * len(batches)
    found, expected, in_turn = np.zeros((3, 2, 40, 3))
    calls = []
    reducer = partial(add_up, threads=threads)
    reducer(value, None, batches, weights, found, "s", lambda *step: calls.append(step))
    for chunk in chunks_of(batches, weights):
        inside = batches[chunk.begin : chunk.end]
        expected[:, chunk.first : chunk.last] += sum_of_chunk(value, None, inside, chunk.first, chunk.last)
    assert found.tobytes() == expected.tobytes()
    for batch in batches:
        in_turn[:, batch.first : batch.last] += value(None, batch)
    np.testing.assert_allclose(found, in_turn, rtol=1e-9, atol=1e-3)
    assert calls[-1][1] == calls[-1][2]


@given(BATCHES, st.data())
def test_parts_computed_together_are_those_computed_alone(batches, data):
    chunks = chunks_of(batches, [4e5] * len(batches))
    begin = data.draw(st.integers(0, len(chunks)))
    end = data.draw(st.integers(begin, len(chunks)))
    if begin == end:
        return
    run = chunks[begin:end]
    inside = batches[run[0].begin : run[-1].end]
    found = sums_of_chunks(sum_of_chunk, value, None, inside, run)
    for chunk, sums in zip(run, found, strict=True):
        alone = sum_of_chunk(value, None, batches[chunk.begin : chunk.end], chunk.first, chunk.last)
        assert sums.tobytes() == alone.tobytes()
