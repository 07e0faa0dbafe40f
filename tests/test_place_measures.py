"""PAI, PEI* and recapture against enumeration in plain Python."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.places.measures import CHANCE, MEASURES, TriedWindow, flagged, found_in, most_in, result_rows

VALUES = st.sampled_from([0.0, 0.25, 1.0, 3.0])


def on_average(values, count, amounts):
    """Mean over every list of so many places of which none outside has a greater value than one inside."""
    places = range(len(values))
    sums = [
        sum(amounts[i] for i in chosen)
        for chosen in combinations(places, count)
        if min(values[i] for i in chosen) >= max((values[i] for i in places if i not in chosen), default=0.0)
    ]
    return sum(sums) / len(sums)


@given(st.data())
def test_what_is_found_is_the_mean_over_lots_among_equals(data):
    n = data.draw(st.integers(1, 8))
    values = data.draw(st.lists(VALUES, min_size=n, max_size=n))
    amounts = data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    count = data.draw(st.integers(1, n))
    found = found_in(np.array(values), count, np.array([amounts], np.float64))
    assert found.tolist() == pytest.approx([on_average(values, count, amounts)])
    assert most_in(np.array(amounts), count) == sum(sorted(amounts)[n - count :])


@pytest.mark.parametrize(
    ("places", "share", "count"), [(1, 0.01, 1), (100, 0.05, 5), (100, 0.07, 7), (101, 0.05, 6), (3, 0.99, 3)]
)
def test_how_many_places_a_share_is(places, share, count):
    assert flagged(places, share) == count


@st.composite
def windows(draw):
    found = []
    for _ in range(draw(st.integers(1, 4))):
        n = draw(st.integers(1, 6))
        numbers = st.lists(st.integers(0, 3), min_size=n, max_size=n)
        values = draw(st.lists(VALUES, min_size=n, max_size=n))
        label, base = (np.array(draw(numbers), np.int64) for _ in range(2))
        area = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=n, max_size=n)))
        found.append(TriedWindow({"one": np.array(values)}, label, base, area, draw(st.integers(0, 2))))
    return found


def by_hand(windows, model, share):
    """The three measures from the definitions, with None where one is not defined."""
    hits = area = base = best = 0.0
    for window in windows:
        n = len(window.label)
        count = flagged(n, share)
        values = [0.0] * n if model == CHANCE else window.forecasts[model].tolist()
        hits += on_average(values, count, window.label.tolist())
        area += on_average(values, count, window.area.tolist())
        base += on_average(values, count, window.base.tolist())
        best += sum(sorted(window.label.tolist())[n - count :])
    all_hits, all_base = (sum(int(getattr(window, name).sum()) for window in windows) for name in ("label", "base"))
    rate = hits / all_hits if all_hits else None
    return {
        "pai": None if rate is None else rate / (area / sum(window.area.sum() for window in windows)),
        "pei": hits / best if best else None,
        "recapture": None if rate is None or not base else rate / (base / all_base),
    }


@given(windows(), st.sampled_from([0.2, 0.5]))
def test_measures_are_those_of_their_definitions(windows, share):
    for row in result_rows(windows, ["one"], [share], 0, 1):
        expected = by_hand(windows, row["model"], share)
        assert {name: row[name] for name in MEASURES} == {
            name: None if value is None else pytest.approx(value) for name, value in expected.items()
        }
        assert row["pai_low"] is row["pei_high"] is None  # no draws
        assert row["hits_elsewhere"] == sum(window.elsewhere for window in windows)


@given(windows())
def test_intervals_are_percentiles_of_measures_of_drawn_windows(windows):
    draws, seed = 30, 7
    (row, _) = result_rows(windows, ["one"], [0.4], draws, seed)
    n = len(windows)
    if n < 2:
        assert row["pai_low"] is row["recapture_low"] is None
        return
    drawn = np.random.default_rng(seed).multinomial(n, [1 / n] * n, size=draws)
    of_draws = [
        by_hand([windows[i] for i in range(n) for _ in range(times[i])], "one", 0.4) for times in drawn.tolist()
    ]
    for name in MEASURES:
        values = [each[name] for each in of_draws if each[name] is not None]
        if row[name] is None or 2 * len(values) < draws:
            assert row[f"{name}_low"] is row[f"{name}_high"] is None
        else:
            assert [row[f"{name}_low"], row[f"{name}_high"]] == pytest.approx(
                np.percentile(values, [2.5, 97.5]).tolist()
            )


def test_chance_is_one_with_intervals_of_one_and_perfection_is_pei_1():
    rng = np.random.default_rng(1)
    label = rng.poisson(0.3, (20, 200))
    windows = [TriedWindow({"sees all": of.astype(float)}, of, np.roll(of, 1), np.ones(200), 0) for of in label]
    rows = {(row["model"], row["share"]): row for row in result_rows(windows, ["sees all"], [0.01, 0.1], 200, 1)}
    for share in (0.01, 0.1):
        chance = rows[CHANCE, share]
        assert [chance[name] for name in ("pai", "pai_low", "pai_high", "recapture")] == pytest.approx([1.0] * 4)
        assert chance["pei"] < 0.5
        assert rows["sees all", share]["pei"] == pytest.approx(1)
    assert rows["sees all", 0.01]["pai"] > rows["sees all", 0.1]["pai"]  # tiny areas have the greatest PAI


def test_rows_are_the_same_whatever_the_other_rows():
    rng = np.random.default_rng(2)
    windows = [
        TriedWindow(
            {"a": rng.random(50), "b": rng.random(50)}, rng.poisson(0.5, 50), rng.poisson(2, 50), np.ones(50), 0
        )
        for _ in range(6)
    ]
    both, alone = (result_rows(windows, models, [0.1], 100, 3) for models in (["a", "b"], ["b"]))
    assert [row["model"] for row in both] == ["a", "b", CHANCE]
    assert both[1:] == alone
    assert both != result_rows(windows, ["a", "b"], [0.1], 100, 4)
    assert result_rows([], ["a"], [0.1], 100, 3) == []
