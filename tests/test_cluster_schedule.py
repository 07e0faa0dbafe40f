"""Parts are grouped into few tasks, none of which is too large."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gpunet.cluster import schedule
from gpunet.search.reduction import Chunk


def parts_with(sizes):
    """Parts of so many positions and such a weight."""
    return [Chunk(i, i + 1, 3, 3 + positions, weight) for i, (positions, weight) in enumerate(sizes)]


PARTS = st.lists(st.tuples(st.integers(1, 200_000), st.floats(1.0, 1e8)), max_size=300).map(parts_with)


@given(PARTS, st.integers(1, 500), st.integers(1, 200))
def test_runs_cover_the_parts_in_order_and_are_bounded(chunks, position_bytes, slots):
    runs = schedule.runs_of_chunks(chunks, position_bytes, slots)
    assert [i for begin, end in runs for i in range(begin, end)] == list(range(len(chunks)))
    for begin, end in runs:
        assert begin < end
        if end > begin + 1:  # one chunk alone may be as large as it likes
            weight = sum(chunk.weight for chunk in chunks[begin:end])
            left = sum(chunk.weight for chunk in chunks[begin:])
            assert weight <= schedule._MOST_WEIGHT
            assert weight <= left / slots / 2 * (1 + 1e-9)
            assert sum(chunk.last - chunk.first for chunk in chunks[begin:end]) * position_bytes <= schedule._MOST_BYTES


@given(st.integers(1, 100), st.integers(1, 20))
def test_equal_parts_come_in_few_runs_that_shrink_to_one(count, slots):
    runs = schedule.runs_of_chunks(parts_with([(100, 1e5)] * count), 8, slots)
    sizes = [end - begin for begin, end in runs]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == max(1, count // (2 * slots))
    assert sizes[-min(2 * slots, count) :] == [1] * min(2 * slots, count)


def test_the_first_runs_are_about_a_second_at_most():
    runs = schedule.runs_of_chunks(parts_with([(6000, 2e6)] * 60), 56, 1)
    assert [end - begin for begin, end in runs] == [10, 10, 10, 10, 10, 5, 2, 1, 1, 1]


def test_a_large_answer_is_sent_alone():
    assert schedule.runs_of_chunks(parts_with([(1_000_000, 1e6)] * 3), 56, 1) == [(0, 1), (1, 2), (2, 3)]


def test_no_parts_no_runs():
    assert schedule.runs_of_chunks([], 8, 2) == []
