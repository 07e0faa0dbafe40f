"""What is missing before T: days after the data's end, and last weeks that are recorded late."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.arrests.completeness import completeness
from gpunet.base.days import day_number, day_to_date
from gpunet.base.errors import InputError

END = date(2015, 1, 1)
LAST = day_number(END)


def arrests(days: int, mean: float, *, seed: int = 1, season: float = 0.0, growth: float = 0.0) -> dict[int, int]:
    """Poisson counts of so many days before END; the season's height and the growth a year as shares of the mean."""
    day = np.arange(LAST - days, LAST)
    rate = mean * (1 + season * np.sin(2 * np.pi * day / 365.25)) * (1 + growth) ** ((day - LAST) / 365.25)
    return dict(zip(day.tolist(), np.random.default_rng(seed).poisson(rate).tolist(), strict=True))


def thinned(counts: dict[int, int], last: int, share: float) -> dict[int, int]:
    """The same with no more than a share of the arrests of the last days."""
    return {day: int(n * share) if day >= LAST - last else n for day, n in counts.items()}


@given(
    st.integers(100, 2000),
    st.sampled_from([1.0, 4.0, 40.0]),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.3]),
    st.sampled_from([-0.2, 0.0, 0.3]),
)
def test_seasons_growth_and_chance_are_no_late_recording(days, mean, seed, season, growth):
    counts = arrests(days, mean, seed=seed, season=season, growth=growth)
    found = completeness({"": counts}, END)
    assert found is None or found.late == ()


@given(st.integers(4, 40), st.sampled_from([6.0, 50.0]), st.integers(0, 10**6), st.sampled_from([0.0, 0.1, 0.25]))
def test_weeks_recorded_late_are_found(weeks, mean, seed, share):
    counts = thinned(arrests(1500, mean, seed=seed, season=0.2), 7 * weeks, share)
    found = completeness({"": counts}, END)
    # Where nothing at all is left of them, they are simply after the end of the data.
    short = sum(one.days for one in found.late) + found.days_beyond
    assert abs(short - 7 * weeks) <= 14
    assert abs((date.fromisoformat(found.as_of) - END).days + 7 * weeks) <= 14


def test_the_numbers_and_the_day_that_would_be_right():
    counts = dict.fromkeys(range(LAST - 1400, LAST), 10)
    (late,) = completeness({"": thinned(counts, 28, 0.3)}, END).late
    assert (late.force, late.days, late.arrests, late.expected) == (None, 28, 84, 280)
    assert late.as_of == "2014-12-04"
    (sentence,) = completeness({"": thinned(counts, 28, 0.3)}, END).warnings(END, 180)
    assert "the last 28 days up to 2014-12-31 hold 84 arrests" in sentence
    assert "about 280 were to be expected" in sentence
    assert "--as-of 2014-12-04" in sentence


def test_a_few_stray_arrests_do_not_make_the_data_longer():
    counts = dict.fromkeys(range(LAST - 1400, LAST - 200), 10) | {LAST - 1: 1, LAST - 90: 1}
    found = completeness({"": counts}, END)
    assert found.days_beyond == 0
    assert found.late[0].as_of == day_to_date(LAST - 203).isoformat()  # whole weeks back from the last arrest


def test_one_force_that_is_late_is_named():
    on_time = dict.fromkeys(range(LAST - 1400, LAST), 30)
    late = thinned(dict.fromkeys(range(LAST - 1400, LAST), 5), 56, 0.0)
    found = completeness({"north": on_time, "south": late}, END)
    assert [(one.force, one.days) for one in found.late] == [("south", 56)]
    assert found.as_of == "2014-11-06"
    assert 'of force "south"' in found.warnings(END, 180)[0]


def test_a_week_a_year_is_no_reason_to_warn():
    quiet_christmas = {day: 1 if (day_to_date(day).month, day_to_date(day).day) >= (12, 22) else 10
                       for day in range(LAST - 1400, LAST)}  # fmt: skip
    assert completeness({"": quiet_christmas}, END).late == ()


@pytest.mark.parametrize(("days", "refused"), [(0, False), (1, False), (31, False), (32, True), (400, True)])
def test_days_beyond_the_data(days, refused):
    end = END + timedelta(days=days)
    found = completeness({"": dict.fromkeys(range(LAST - 1400, LAST), 10)}, end)
    assert (found.days_beyond, found.as_of, found.last_date) == (days, "2015-01-01", "2014-12-31")
    warnings = found.warnings(end, 180)
    assert len(warnings) == (days > 0)
    if days:
        assert f"the last {min(days, 180)} day" in warnings[0]
        assert "--as-of 2015-01-01" in warnings[0]
    if refused:
        with pytest.raises(InputError, match="--allow-incomplete"):
            found.refuse_beyond(end)
    else:
        found.refuse_beyond(end)


def test_few_arrests_say_nothing_of_weeks():
    assert completeness({"": {LAST - 900: 1, LAST - 500: 1, LAST - 100: 2}}, END).late == ()
    assert completeness({"": {}}, END) is None
    assert completeness({"": {LAST + 5: 3}}, END) is None
