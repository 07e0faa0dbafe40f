"""Dates in every writing and type: formats held against datetime.strptime, proposals against what they would read."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gpunet import read_arrests
from gpunet.base.days import day_number
from gpunet.base.errors import ConfigError, InputError
from gpunet.base.shapes import shape_of, values_shown
from gpunet.config.config import InputConfig
from gpunet.reading.date_formats import ISO, date_formats
from gpunet.reading.date_proposals import date_proposals
from gpunet.reading.dates import (
    BAD_DATE,
    DAY_US,
    EARLIEST,
    NO_TIMESTAMP,
    PLACEHOLDER_DAYS,
    day_in_words,
    null_days,
    parse_dates,
    timestamp_of,
    timestamp_text,
)
from gpunet.reading.dialects import as_text, as_timestamps
from gpunet.reading.periods import frame_with_starts, starts_of, with_starts

EPOCH = dt.datetime(1970, 1, 1)


def parsed(texts: Sequence[str], given: str | Sequence[str] = ()) -> list[str | None]:
    """ISO text of each date, None of one that is not read."""
    timestamps = date_formats(given).parse(pa.array(texts, pa.large_string())).tolist()
    return [None if t == BAD_DATE else timestamp_text(t) for t in timestamps]


def series_of(values: Any) -> nw.Series[Any]:
    """A column called "date" of a PyArrow array, a pandas series or a frame."""
    if isinstance(values, pa.Array):
        values = pa.table({"date": values})
    elif isinstance(values, pd.Series):
        values = values.to_frame("date")
    return nw.from_native(values, eager_only=True).get_column("date")


def stamped(values: Any, given: str | Sequence[str] = ()) -> list[str | None]:
    """ISO text of each date of a column, None of a null one, "bad" of one that is not read."""
    timestamps = as_timestamps(series_of(values), 'frame: column "date"', date_formats(given)).tolist()
    return [None if t == NO_TIMESTAMP else "bad" if t == BAD_DATE else timestamp_text(t) for t in timestamps]


# Formats of strptime

MOMENTS = st.datetimes(dt.datetime(1969, 1, 1), dt.datetime(2068, 12, 31, 23, 59, 59))
SEPARATED = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%Y/%m/%d", "%y-%m-%d", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%A, %d. %b %Y",
    "%Y-%j", "%m/%Y", "%b %Y", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S.%f", "%H:%M %d/%m/%y",
    "%b %d %Y %I:%M%p", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%d/%m/%Y, %I.%M %p",
    "%d%% %m %Y", "%Y-%m-%d %H:%M:%S %Z", "(%d) [%m] {%Y} \\ ^ $ ? * + | é",
)  # fmt: skip
RUNS = ("%d%m%Y", "%Y%m%d", "%m%d%y", "%y%m%d", "%Y%m", "%y%j", "%Y%j", "%d%b%Y", "%Y%m%d%H%M%S", "%Y%m%d %H%M")


def without_zeros(text: str) -> str:
    return re.sub(r"(?<![\d.])0(?=\d)(?!\d{3})", "", text)


@given(st.sampled_from(SEPARATED + RUNS), st.lists(MOMENTS, min_size=1, max_size=8), st.booleans(), st.booleans())
def test_what_strptime_writes_is_read_as_strptime_reads_it(
    given: str, moments: list[dt.datetime], short: bool, upper: bool
) -> None:
    zone = dt.timezone(dt.timedelta(hours=-6)) if "%z" in given else dt.UTC
    texts = [moment.replace(tzinfo=zone).strftime(given) for moment in moments]
    if short and given in SEPARATED and "%y" not in given and "%j" not in given and "%z" not in given:
        texts = [without_zeros(text) for text in texts]
    if upper:
        texts = [f" {text.upper().replace('É', 'é')}\t" for text in texts]
    expected = [dt.datetime.strptime(text.strip(), given) for text in texts]
    found = date_formats(given).parse(pa.array(texts, pa.large_string()))
    assert found.tolist() == [timestamp_of(moment) for moment in expected], texts


_number = st.integers(0, 99).map(str) | st.integers(0, 99).map("{:02}".format)
_year = st.integers(1890, 2070).map(str) | _number


@given(
    st.sampled_from(["%d/%m/%Y %H:%M:%S", "%m/%d/%y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"]),
    st.lists(st.tuples(_year, _number, _number, _number, _number, _number, st.sampled_from(["AM", "pm"])), max_size=9),
)
def test_numbers_at_random_are_a_date_where_they_are_to_strptime(given: str, rows: list[tuple[str, ...]]) -> None:
    order = [given.lower().index(code) for code in ("%y", "%m", "%d")]
    texts = []
    for *date, hour, minute, second, half in rows:
        day = "/".join(part for _, part in sorted(zip(order, date, strict=True)))
        texts.append(f"{day} {hour}:{minute}:{second}" + (f" {half}" if "%p" in given else ""))
    found = date_formats(given).parse(pa.array(texts, pa.large_string())).tolist()
    for text, timestamp in zip(texts, found, strict=True):
        try:
            expected = timestamp_of(dt.datetime.strptime(text, given))
        except ValueError:
            assert timestamp < EARLIEST, text
        else:
            assert timestamp == expected, text


@pytest.mark.parametrize(
    ("given", "text", "expected"),
    [
        ("%d %b %Y", "1 Sept 2013", "2013-09-01"), ("%d %b %Y", "1 feb. 2013", "2013-02-01"),
        ("%D", "02/01/13", "2013-02-01"), ("%F %T", "2013-2-1 9:05:07", "2013-02-01T09:05:07"),
        ("%e-%b-%Y", "1-FEB-2013", "2013-02-01"), ("%-d/%-m/%Y", "1/2/2013", "2013-02-01"),
        ("%d/%m/%y", "01/02/68", "2068-02-01"), ("%d/%m/%y", "01/02/69", "1969-02-01"),
        ("%Y-%m-%d %I:%M %p", "2013-02-01 12:05 a.m.", "2013-02-01T00:05:00"),
        ("%Y-%m-%d %I:%M %p", "2013-02-01 12:05 P.M.", "2013-02-01T12:05:00"),
        ("%Y-%m-%d %H:%M:%S.%f", "2013-02-01 00:00:00.0000009", "2013-02-01"),
        ("%Y-%m-%d %H:%M %Z", "2013-02-01 23:30 Europe/London", "2013-02-01T23:30:00"),
        ("%Y-%m-%d %H:%M %Z", "2013-02-01 23:30 GMT+01:00", "2013-02-01T23:30:00"),
        ("%d%m%Y", "1022013", "2013-02-01"), ("%y%m%d", "50113", "2005-01-13"), ("%Y-%j", "2012-366", "2012-12-31"),
        # What is no date.
        ("%d/%m/%Y", "31/02/2013", None), ("%d/%m/%Y", "00/02/2013", None), ("%d/%m/%Y", "1/2/13", None),
        ("%d/%m/%y", "1/2/2013", None), ("%d/%m/%Y", "29/02/2013", None), ("%d/%m/%Y", "01-02-2013", None),
        ("%d/%m/%Y", "01/02/2013 x", None), ("%d/%m/%Y %H:%M", "01/02/2013 24:00", None),
        ("%m/%d/%Y %I:%M %p", "02/01/2013 13:00 PM", None), ("%m/%d/%Y %I:%M %p", "02/01/2013 00:00 AM", None),
        ("%m/%d/%Y %H:%M %Z", "02/01/2013 09:00 PM", None), ("%Y-%j", "2013-366", None), ("%Y-%j", "2013-000", None),
        ("%d%m%Y", "122013", None), ("%d %b %Y", "1 Fxb 2013", None), ("%H%M%S%f %d/%m/%Y", "1301512 1/2/2013", None),
    ],
)  # fmt: skip
def test_formats_by_hand(given: str, text: str, expected: str | None) -> None:
    assert parsed([text], given) == [expected]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("dd/mm/yyyy", '"dd/mm/yyyy" is neither a format of strptime, .*, nor one of dayfirst, monthfirst'),
        ("day first", "neither"), ("%d/%m/%Q", 'the code "%Q"'), ("%d/%m/%", 'the code "%"'),
        ("%d/%m", "lacks the year"), ("%Y", "lacks the year or the month"), ("%d/%m/%Y %Y", '"%Y" more than once'),
        ("%d/%m/%Y %y", "more than once, or in two ways"), ("%d/%m/%b/%Y", "in two ways"), ("%d %j %Y", "in two ways"),
        ("%d/%m/%Y %I:%M", "%I and %p alone"), ("%d/%m/%Y %H:%M %p", "%I and %p alone"),
        ("%d/%m/%Y %M", "without the larger"), ("%d/%m/%Y %H:%M:%f", "without the larger"),
        (["%d/%m/%Y", "%m/%d/%Y"], r'"%d/%m/%Y" reads ".*" as 12 January 2001, "%m/%d/%Y" as 1 December 2001'),
        (["dayfirst", "monthfirst"], "never guessed"), (["monthfirst", "%d.%m.%y %H:%M"], "never guessed"),
        (["%y/%m/%d", "dayfirst"], "never guessed"), (["%Y%m", "%y%m%d"], "never guessed"),
        (["%d%m%y", "excel"], "never guessed"), (["epoch", "%Y%m%d%H%M"], "never guessed"),
        (["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %M:%H:%S"], "as 05:07:11, .* as 07:05:11"), (["dayfirst", "%b"], "lacks"),
        (["dayfirst", ""], "neither"),
    ],
)  # fmt: skip
def test_what_is_no_format_or_contradicts_another_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"^\[input\] date_format: .*{message}"):
        date_formats(given)


# Beside each other, and beside ISO


def test_without_a_format_dates_are_iso_alone() -> None:
    assert date_formats("") is date_formats([]) is date_formats() is ISO
    texts = ["2013-02-01", "20130201T0930", "2013-2-1", "2013/02/01", "01/02/2013", "1359763800", "41306", "2013-02"]
    assert parsed(texts) == ["2013-02-01", "2013-02-01T09:30:00", *[None] * 6]


@pytest.mark.parametrize(
    "given", ["dayfirst", "monthfirst", "epoch", "excel", "%d%m%Y", "%Y/%m/%d", "%Y-%m-%d", "%Y-%m"]
)
def test_iso_is_read_beside_every_format(given: str) -> None:
    days = [dt.date(1999, 12, 31) + dt.timedelta(days=17 * k) for k in range(500)]
    for text in ("%Y-%m-%d", "%Y%m%d", "%Y-%m-%dT00:00:00Z"):
        assert parsed([day.strftime(text) for day in days], given) == [day.isoformat() for day in days]


@pytest.mark.parametrize("given", ["%Y-%d-%m", "%Y/%d/%m", "%Y%d%m", "%Y %d %b"])
def test_where_the_day_comes_before_the_month_behind_the_year_iso_is_not_read(given: str) -> None:
    assert parsed(["2013-01-02", "20130102"], given) == [
        "2013-02-01" if given == "%Y-%d-%m" else None,
        "2013-02-01" if given == "%Y%d%m" else None,
    ]


def test_formats_of_a_list_are_tried_for_each_value() -> None:
    texts = ["01/02/2013", "2013/02/01", "1359763800", "41306.5", "20130201", "1 Feb 2013", "2013.02.01"]
    assert parsed(texts, ["dayfirst", "%Y/%m/%d", "epoch", "excel"]) == [
        "2013-02-01", "2013-02-01", "2013-02-02T00:10:00", "2013-02-01T12:00:00", "2013-02-01", "2013-02-01", None,
    ]  # fmt: skip
    assert parsed(["20010203"], "%d%m%Y") == ["2001-02-03"]  # and not a day of the year 203


# Words

NAMES = ("Jan", "FEB", "march", "Apr.", "May", "June", "JULY", "Aug", "Sept", "Oct", "November", "dec")


@st.composite
def _written(draw: st.DrawFn, day_first: bool) -> tuple[str, dt.datetime]:
    """A text as people write dates with the day, or the month, first, and what it says."""
    moment = draw(MOMENTS)
    padded = draw(st.booleans())
    day, month = (f"{part:02}" if padded else str(part) for part in (moment.day, moment.month))
    year = draw(st.sampled_from([f"{moment:%Y}", f"{moment:%y}"]))
    separator = draw(st.sampled_from("/.- "))
    first, second = (day, month) if day_first else (month, day)
    name = NAMES[moment.month - 1]
    ordinal = "th" if 3 < moment.day < 21 else ""
    date = draw(
        st.sampled_from(
            [
                f"{first}{separator}{second}{separator}{year}", f"{day}{separator}{name}{separator}{year}",
                f"{day}{ordinal} {name}, {year}", f"{name} {day}{ordinal}, {year}", f"{name}  {moment.day} {year}",
                f"{moment:%A}, {day} {name} {year}", f"{day}{name.strip('.')}{year}",
            ]
        )
    )  # fmt: skip
    hour, midnight = moment.hour, dt.datetime.combine(moment.date(), dt.time())
    half = draw(st.sampled_from(["am", " AM", " a.m."])).replace("a", "p" if hour > 11 else "a")
    half = half.replace("A", "P") if hour > 11 else half
    clock, said = draw(
        st.sampled_from(
            [
                ("", midnight), (f" {hour:02}:{moment:%M}", moment.replace(second=0, microsecond=0)),
                (f" {hour}:{moment:%M:%S}", moment.replace(microsecond=0)), (f", {moment:%H:%M:%S.%f}", moment),
                (f" {moment:%H%M}", moment.replace(second=0, microsecond=0)),
                (f" {(hour + 11) % 12 + 1}:{moment:%M:%S}{half}", moment.replace(microsecond=0)),
                (f"T{hour:02}.{moment:%M}", moment.replace(second=0, microsecond=0)),
            ]
        )
    )  # fmt: skip
    zone = draw(st.sampled_from(["", " UTC", " CST", "Z", "-06:00", " +0530", " GMT+0100", " Europe/London"]))
    return f"{date}{clock}{zone if clock else ''}", said


@pytest.mark.parametrize("word", ["dayfirst", "monthfirst"])
@given(st.data())
def test_day_or_month_first_in_every_writing(word: str, data: st.DataObject) -> None:
    rows = data.draw(st.lists(_written(word == "dayfirst"), min_size=1, max_size=12))
    texts, moments = zip(*rows, strict=True)
    found = date_formats(word).parse(pa.array(texts, pa.large_string()))
    assert found.tolist() == [timestamp_of(moment) for moment in moments], texts


@pytest.mark.parametrize(
    "text",
    ["31/02/2013", "13/13/2013", "1/2", "1/2/201", "01/02-2013", "2013/02/01", "1/2/2013 24:00", "1/2/2013 13:05 PM",
     "1/2/2013 9", "1/2/2013 9:60", "Feb 2013", "Feb 13", "32 Feb 2013", "1 Feb", "1/2/2013 9:05 xx", "1//2/2013", "x",
     "01022013", "1/2/2013 9:05 +24:00"],
)  # fmt: skip
@pytest.mark.parametrize("word", ["dayfirst", "monthfirst"])
def test_what_is_no_date_in_either_order(word: str, text: str) -> None:
    assert parsed([text], word) == [None]


@given(st.datetimes(dt.datetime(1973, 3, 4), dt.datetime(2100, 1, 1)))
def test_seconds_of_an_epoch_by_the_number_of_their_digits(moment: dt.datetime) -> None:
    micro = timestamp_of(moment)
    texts = [
        str(micro * 1000),
        str(micro),
        str(micro // 1000),
        str(micro // 10**6),
        f"{micro // 10**6}.{micro % 10**6:06}",
    ]
    expected = [micro, micro, micro // 1000 * 1000, micro // 10**6 * 10**6, micro]
    assert date_formats("epoch").parse(pa.array(texts, pa.large_string())).tolist() == expected


def test_seconds_of_an_epoch_by_hand() -> None:
    texts = [
        "1359763800",
        "-1000000000",
        "-1000000000.5",
        "0",
        "12345",
        "20130201",
        "99999999999",
        "9999999999999999999",
    ]
    assert parsed(texts, "epoch") == [
        "2013-02-02T00:10:00", "1938-04-24T22:13:20", "1938-04-24T22:13:19.500000", "1970-01-01", None, "2013-02-01",
        None, None,
    ]  # fmt: skip


@given(st.datetimes(dt.datetime(1927, 5, 19), dt.datetime(2100, 1, 1)))
def test_serials_of_spreadsheets(moment: dt.datetime) -> None:
    serial = (moment - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)
    found = date_formats("excel").parse(pa.array([repr(serial), f"{serial:.11f}"], pa.large_string()))
    assert np.abs(found - timestamp_of(moment)).max() <= 1000
    assert parsed(["41306", "41306.0", "41306,5", "2013", "0", "413060", "41306-1"], "excel") == [
        "2013-02-01", "2013-02-01", "2013-02-01T12:00:00", None, None, None, None,
    ]  # fmt: skip


# Proposals

#: Ways in which portals write the first of February 2013, and the settings that are proposed for them.
SHAPES: list[tuple[str, Any]] = [
    ("2013-02-01 23:30:00 -06:00", "%Y-%m-%d %H:%M:%S %z"),
    ("2013-02-01 23:30:00 UTC", "%Y-%m-%d %H:%M:%S %Z"),
    ("2013-02-01 9:05", "%Y-%m-%d %H:%M"),
    ("2013-02-01 09:05 PM", "%Y-%m-%d %I:%M %p"),
    ("2013-2-1", "%Y-%m-%d"),
    ("2013/02/01", "%Y/%m/%d"),
    ("2013.02.01", "%Y.%m.%d"),
    ("2013-02", "%Y-%m"),
    ("02/01/2013", ("dayfirst", "monthfirst")),
    ("2/1/2013", ("dayfirst", "monthfirst")),
    ("2/1/13", ("dayfirst", "monthfirst")),
    ("02/01/2013 11:30:00 PM", ("dayfirst", "monthfirst")),
    ("2/1/2013 23:30", ("dayfirst", "monthfirst")),
    ("01.02.2013", ("dayfirst", "monthfirst")),
    ("01-FEB-13", "%d-%b-%y"),
    ("01-Feb-2013", "%d-%b-%Y"),
    ("1 Feb 2013", "%d %b %Y"),
    ("Feb 1, 2013", "%b %d, %Y"),
    ("Feb  1 2013 12:00AM", "%b %d %Y %I:%M%p"),
    ("41306", "excel"),
    ("01FEB2013", "%d%b%Y"),
    ("01/Feb/2013:23:30:00 +0000", "%d/%b/%Y:%H:%M:%S %z"),
    ("Fri Feb  1 23:30:00 CST 2013", "%a %b %d %H:%M:%S %Z %Y"),
    ("Fri, 01 Feb 2013 23:30:00 GMT", "%a, %d %b %Y %H:%M:%S %Z"),
    ("Friday, February 1, 2013", "%a, %b %d, %Y"),
    ("2013-Feb-01", "%Y-%b-%d"),
    ("Feb 2013", "%b %Y"),
    ("Feb-13", "%b-%y"),
    ("02/2013", "%m/%Y"),
    ("201302", "%Y%m"),
    ("2013-032", "%Y-%j"),
    ("2013032", "%Y%j"),
    ("13032", "%y%j"),
    ("01022013", ("%d%m%Y", "%m%d%Y")),
    ("130201", ("%y%m%d", "%d%m%y")),
    ("20130201233000", "%Y%m%d%H%M%S"),
    ("2013-02-01T11:30:00.000 PM", "%Y-%m-%dT%I:%M:%S.%f %p"),
    ("23:30 2013/02/01", "%H:%M %Y/%m/%d"),
]


@pytest.mark.parametrize(("text", "expected"), SHAPES)
def test_the_proposed_setting_reads_the_date(text: str, expected: Any) -> None:
    proposal = date_proposals([text], column="Date Occurred")
    assert proposal.formats == (expected if isinstance(expected, tuple) else (expected,))
    assert proposal.values == (text,)
    assert proposal.sentence.startswith(f'column "Date Occurred": dates such as "{text}" need a format: write [input] ')
    days = [(parsed([text], one)[0] or "")[:10] for one in proposal.formats]
    assert "2013-02-01" in days
    assert len(set(days)) == len(days)
    for one, day in zip(proposal.formats, days, strict=True):
        words = f"{int(day[8:])} {dt.date.fromisoformat(day):%B %Y}"
        assert re.search(
            rf'date_format = "{re.escape(str(one))}" if ("{re.escape(text)}"|it) is {words}', proposal.sentence
        )


def test_proposals_by_hand() -> None:
    both = date_proposals(["01/05/2013 11:30:00 PM", "02/05/2013 01:00:00 AM"])
    assert both.sentence == (
        'column "date": dates such as "01/05/2013 11:30:00 PM" and "02/05/2013 01:00:00 AM" need a format: write '
        '[input] date_format = "dayfirst" if "01/05/2013 11:30:00 PM" is 1 May 2013, or date_format = "monthfirst" if '
        "it is 5 January 2013"
    )
    assert date_proposals(["01/02/2013", "13/02/2013"]).formats == ("dayfirst",)
    assert date_proposals(["01/02/2013", "02/13/2013"]).formats == ("monthfirst",)
    assert date_proposals(["2013/01/02", "2013/13/02"]).formats == ("%Y/%d/%m",)
    assert date_proposals(["1359763800", "1359763800000"]).formats == ("epoch",)
    mixed = date_proposals(
        ["1/2/2013", "1/2/2013 9:05 PM", "1 Feb 2013", "41306", "2013-2-1", "2013-02-01T24:00:00", "?"]
    )
    assert mixed.formats == (("dayfirst", "excel", "%Y-%m-%d"), ("monthfirst", "excel", "%Y-%m-%d"))
    assert mixed.values == ("1/2/2013", "41306", "2013-2-1")
    assert mixed.sentence.endswith(
        '; dates such as "?" are not understood: write [input] date_format with strptime codes, as in '
        '"%d/%m/%Y %H:%M", or null_values if they stand for no date; dates such as "9999-99-99A99:99:99" are no days '
        "of the calendar or no times of day; --show-values shows it"
    )
    assert date_proposals(["2013-2-1"], given="dayfirst").formats == (("dayfirst", "%Y-%m-%d"),)


@pytest.mark.parametrize(
    "text", ["2013-0230", "20130230", "yesterday", "2013", "20:13", "2013Q1", "31/02/2013", "13-Feb"]
)
def test_what_is_no_date_in_any_way_is_said_to_be_none(text: str) -> None:
    proposal = date_proposals([text])
    assert (proposal.formats, proposal.null_dates) == ((), ())
    assert text not in proposal.sentence
    assert f'"{shape_of(text)}" are not understood: write [input] date_format' in proposal.sentence
    with values_shown(True):
        proposal = date_proposals([text])
    assert f'"{text}" are not understood: write [input] date_format with strptime codes' in proposal.sentence


def test_what_is_written_as_a_date_is_told_to_be_no_day() -> None:
    with values_shown(True):
        said = [date_proposals([text]).sentence for text in ("2024-02-30", "2013-02-01T24:00:00")]
        several = date_proposals(["2024-02-30", "2099-01-01", "1899-12-30", "soon"]).sentence
        in_format = date_proposals(["13/02/2013", "31/02/2013", "13/02/2999"]).sentence
    assert said == [
        'column "date": dates such as "2024-02-30" are no days of the calendar',
        'column "date": dates such as "2013-02-01T24:00:00" are no days of the calendar or no times of day',
    ]
    assert several == (
        'column "date": dates such as "soon" are not understood: write [input] date_format with strptime codes, as in '
        '"%d/%m/%Y %H:%M", or null_values if they stand for no date; dates such as "2024-02-30" are no days of the '
        'calendar; dates such as "2099-01-01" and "1899-12-30" lie before 1900 or after today'
    )
    assert 'dates such as "13/02/2013" and "13/02/2999" need a format' in in_format
    assert date_proposals(["9999-12-31"], given="dayfirst").sentence.endswith(
        "lie before 1900 or after today; --show-values shows it"
    )
    assert in_format.endswith(
        'dates such as "31/02/2013" are no days of the calendar; dates such as "13/02/2999" lie before 1900 or after '
        "today"
    )


def test_dates_in_both_orders_are_not_proposed_for() -> None:
    torn = date_proposals(["01/02/2013", "13/02/2013", "02/13/2013", "14/02/2013"])
    assert (torn.formats, torn.unread) == ((), 4)
    assert '"13/02/2013" is a date with "dayfirst" alone, "02/13/2013" with "monthfirst" alone' in torn.sentence
    against = date_proposals(["13/02/2013"], given="monthfirst")
    assert against.formats == ()
    assert 'do not fit [input] date_format = "monthfirst": "13/02/2013" is a date with "dayfirst"' in against.sentence


def test_placeholders_are_proposed_for_null_dates() -> None:
    with values_shown(True):
        zero = date_proposals(["0000-00-00", "9999-12-31 00:00:00"])
    assert (zero.formats, zero.null_dates, zero.unread) == ((), ("0000-00-00", "9999-12-31"), 0)
    assert zero.sentence.endswith('"9999-12-31 00:00:00" lie before 1900 or after today')
    mixed = date_proposals(["13/02/2013", "00/00/0000", "31/12/9999"])
    assert (mixed.formats, mixed.null_dates) == (("dayfirst",), ("0000-00-00", "9999-12-31"))
    assert mixed.sentence.endswith(
        'null_dates = ["0000-00-00", "9999-12-31"] for these placeholders to be no date; --show-values shows it'
    )
    late = date_proposals(["2999-05-05"]).sentence
    assert late.endswith('"9999-99-99" lie before 1900 or after today; --show-values shows it')


def test_control_bytes_and_long_values_do_not_get_into_the_sentence() -> None:
    with values_shown(True):
        sentence = date_proposals(["\x1b[31mred\x07", "x" * 500, "a\u202eb"], column="d\x9b").sentence
    assert sentence.isprintable()
    assert '"\\u001b[31mred\\u0007"' in sentence
    assert len(sentence) < 400


FAMILIES = (*SEPARATED[:16], "%d%m%Y", "%y%m%d", "%Y%m%d%H%M%S")


@given(st.sampled_from(FAMILIES), st.lists(st.datetimes(dt.datetime(1985, 1, 1), dt.datetime(2024, 1, 1)), min_size=1))
def test_one_of_the_proposed_settings_is_always_the_right_one(given: str, moments: list[dt.datetime]) -> None:
    texts = [moment.strftime(given) for moment in moments]
    truth = [dt.datetime.strptime(text, given) for text in texts]
    assume(any(parse_dates(pa.array(texts, pa.large_string())) == BAD_DATE))
    unread = [i for i, timestamp in enumerate(parse_dates(pa.array(texts, pa.large_string()))) if timestamp == BAD_DATE]
    proposal = date_proposals([texts[i] for i in unread])
    expected = [timestamp_of(truth[i]) for i in unread]
    found = [
        date_formats(one).parse(pa.array([texts[i] for i in unread], pa.large_string())) for one in proposal.formats
    ]
    assert expected in [timestamps.tolist() for timestamps in found], (texts, proposal)


# Types


@pytest.mark.parametrize(
    ("values", "given", "expected"),
    [
        (pa.array([20130105, None, 2013, 0, -20130105]), (), ["2013-01-05", None, "bad", "bad", "bad"]),
        (pa.array([20130105], pa.uint32()), (), ["2013-01-05"]),
        (pa.array([20130105.0, None, 0.0, 1.5, float("nan"), float("inf")]), (),
         ["2013-01-05", None, "bad", "bad", None, "bad"]),
        (pa.array([20130105.0, 2013010.0], pa.float32()), "%Y%j", ["bad", "2013-01-10"]),
        (pa.array([Decimal("20130105.00"), None, Decimal("1.50")]), (), ["2013-01-05", None, "bad"]),
        (pa.array([Decimal("41306.50")]), "excel", ["2013-02-01T12:00:00"]),
        (pa.array([1359763800, 1359763800000, 20130105]), "epoch",
         ["2013-02-02T00:10:00", "2013-02-02T00:10:00", "2013-01-05"]),
        (pa.array([1359763800.25, 1359763800000000000.0]), "epoch",
         ["2013-02-02T00:10:00.250000", "2013-02-02T00:10:00"]),
        (pa.array([41306.979166666664, 41306.0]), "excel", ["2013-02-01T23:30:00", "2013-02-01"]),
        (pa.array([1022013, 13022013]), "%d%m%Y", ["2013-02-01", "2013-02-13"]),
        (pa.array([True, None]), "epoch", ["bad", None]),
        (pa.array(["20130105", " ", None]).dictionary_encode(), (), ["2013-01-05", None, None]),
        (pa.array([dt.date(2013, 2, 1)]), "%Y-%d-%m", ["2013-02-01"]),
        (pa.array([dt.datetime(2013, 1, 31, 23, 30)], pa.timestamp("us", "Europe/Berlin")), "epoch",
         ["2013-02-01T00:30:00"]),
        (pd.Series([20130105, None], dtype="Int64"), (), ["2013-01-05", None]),
    ],
)  # fmt: skip
def test_columns_of_other_types(values: Any, given: Any, expected: list[str | None]) -> None:
    if isinstance(values, pa.DictionaryArray):
        values = pl.from_arrow(pa.table({"date": values}))
    assert stamped(values, given) == expected


def test_a_column_of_mixed_types() -> None:
    values = [
        pd.Period("2013-02"), pd.Period("2013-02-05 10:00", "h"), dt.datetime(2013, 1, 2, 3), dt.date(2013, 1, 2),
        pd.Timestamp("2013-02-01 23:30", tz="America/Chicago"), np.datetime64("2013-01-09T01", "ns"), "2013-02-03", " ",
        20130105, 20130106.0, Decimal(20130107), np.int64(20130108), None, pd.NaT, pd.NA, float("nan"), True, {}, 41306,
    ]  # fmt: skip
    read = [
        "2013-02-01", "2013-02-05T10:00:00", "2013-01-02T03:00:00", "2013-01-02", "2013-02-01T23:30:00",
        "2013-01-09T01:00:00", "2013-02-03", None, "2013-01-05", "2013-01-06", "2013-01-07", "2013-01-08", None, None,
        None, None, "bad", "bad",
    ]  # fmt: skip
    column = pd.Series(values, dtype=object)
    assert stamped(column) == [*read, "bad"]
    assert stamped(column, "excel") == [*read, "2013-02-01"]
    swapped = pd.Series([dt.date(2013, 1, 2), "2013-01-02"], dtype=object)
    assert stamped(swapped, "%Y-%d-%m") == ["2013-01-02", "2013-02-01"]  # a format is for texts alone


MONTH_ENDS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
FREQUENCIES = [
    "D", "h", "min", "s", "ms", "us", "ns", "B", "M", "2M",
    *(f"W-{day}" for day in ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")),
    *(f"{name}-{end}" for name in "QY" for end in MONTH_ENDS),
]  # fmt: skip


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_a_period_is_the_moment_at_which_it_begins(frequency: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of business days
        periods = [*pd.period_range("2011-12-29 05:00", periods=300, freq=frequency),
                   *pd.period_range("1965-01-03", periods=300, freq=frequency)]  # fmt: skip
        column = pd.Series([*periods, pd.NaT], dtype=f"period[{frequency}]")
        expected = [*(timestamp_of(period.start_time) for period in periods), NO_TIMESTAMP]
        table = pa.Table.from_pandas(column.to_frame("date"))
        assert as_timestamps(series_of(column), "x", date_formats("epoch")).tolist() == expected
        assert as_timestamps(series_of(table), "x", date_formats("epoch")).tolist() == expected
    # So the column looks where pandas has not been loaded: whole numbers, and what they are beside it.
    kind = table.schema.field("date").type
    stored = table.column("date").cast(kind.storage_type)
    metadata = {"ARROW:extension:name": "pandas.period", "ARROW:extension:metadata": f'{{"freq": "{frequency}"}}'}
    plain = pa.table([stored], schema=pa.schema([pa.field("date", pa.int64(), metadata=metadata)]))
    assert with_starts(plain, "x").column("date").cast(pa.int64()).to_pylist() == [*expected[:-1], None]
    begun = frame_with_starts(nw.from_native(plain, eager_only=True), "x")
    assert as_timestamps(begun.get_column("date"), "x").tolist() == expected


def test_periods_in_frames_of_every_kind(tmp_path: Any) -> None:
    frame = pd.DataFrame({"date": pd.period_range("2013-01", periods=4, freq="M"), "x": range(4)})[1:3]
    frame.to_parquet(tmp_path / "a.parquet")
    for table in (frame, pa.Table.from_pandas(frame), pl.read_parquet(tmp_path / "a.parquet")):
        begun = frame_with_starts(nw.from_native(table, eager_only=True), "frame")
        assert begun.get_column("date").to_list() == [dt.datetime(2013, 2, 1), dt.datetime(2013, 3, 1)]
        assert begun.get_column("x").to_list() == [1, 2]
        assert stamped(table) == ["2013-02-01", "2013-03-01"]
        assert as_text(series_of(table), "x").to_pylist() == ["2013-02-01", "2013-03-01"]
    (batch,) = pq.ParquetFile(tmp_path / "a.parquet").iter_batches(columns=["date"])
    assert with_starts(batch, "a").column("date").to_pylist() == [dt.datetime(2013, 2, 1), dt.datetime(2013, 3, 1)]


@pytest.mark.parametrize("frequency", ["3X", "W-XYZ", "M-JAN", "", "None", "D-SUN"])
def test_a_period_of_an_unknown_frequency_is_refused(frequency: str) -> None:
    with pytest.raises(
        InputError, match=rf'a: column "date": periods of the frequency "{frequency}" are not known; write'
    ):
        starts_of(pa.array([1]), frequency, 'a: column "date"')


def test_numbers_and_periods_are_dates_of_arrests() -> None:
    frame = pd.DataFrame({"person_id": ["a", "b"], "incident_id": ["1", "1"], "offence": ["x", "y"]})
    for dates, expected in (
        ([20130105, 20130106], ["2013-01-05", "2013-01-06"]),
        (pd.period_range("2013-01", periods=2, freq="M"), ["2013-01-01", "2013-02-01"]),
    ):
        table = frame.assign(date=dates)
        for either in (table, pa.Table.from_pandas(table)):
            arrests = read_arrests(either)
            assert arrests.day.tolist() == [day_number(dt.date.fromisoformat(day)) for day in expected]


# Days that stand for none


def test_null_days() -> None:
    days = [day for day, _ in PLACEHOLDER_DAYS]
    texts = tuple(text for _, text in PLACEHOLDER_DAYS)
    assert days == sorted(set(days))
    assert list(texts) == sorted(texts)
    assert null_days(InputConfig(null_dates=texts)) == PLACEHOLDER_DAYS
    read = parse_dates(pa.array(["1900-01-01T00:00:00", "9999-12-31", "00000000", "2013-02-01", "0000-00-01"]))
    assert np.isin(read // DAY_US, days).tolist() == [True, True, True, False, False]
    ((zero, _),) = null_days(InputConfig(null_dates=("0000-00-00",)))
    found = date_formats("dayfirst").parse(pa.array(["00/00/0000", "0000-00-00 00:00:00"], pa.large_string()))
    assert (found // DAY_US).tolist() == [zero, zero]
    assert not {BAD_DATE // DAY_US, NO_TIMESTAMP // DAY_US} & set(days)
    assert null_days(InputConfig()) == ()
    for text in ("soon", "01/01/1900", "1900-01-01T05:00", "2013-02-30"):
        with pytest.raises(ConfigError, match=rf'^\[input\] null_dates: "{text}" is not a day; write it as in "1900'):
            null_days(InputConfig(null_dates=("1900-01-01", text)))


@given(st.dates(dt.date(1, 1, 1)))
def test_a_day_in_words(day: dt.date) -> None:
    timestamp = (day - EPOCH.date()).days * DAY_US
    assert day_in_words(timestamp + 5) == f"{day.day} {day:%B} {day.year:04}"


def test_a_long_format_is_told_shortened():
    with pytest.raises(ConfigError) as raised:
        date_formats("x" * 100_000)
    assert len(str(raised.value)) < 300
