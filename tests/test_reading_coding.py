"""The parts of reading by themselves: dictionaries, the order of texts, dates, names of protected columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from dirty_tables import BAD_DATES, DATES
from hypothesis import given
from hypothesis import strategies as st
from reading_at import HOMES
from reading_naive import naive_date

from gpunet.reading import coded_rows
from gpunet.reading.coded_rows import CodedRows, repeats_of
from gpunet.reading.dates import NO_TIMESTAMP, parse_dates, timestamp_of, timestamp_text
from gpunet.reading.location import HOST, Column, Location, code_series, in_order, joined
from gpunet.reading.protected import is_protected
from gpunet.reading.values import Meaning, values_of

# Texts that share beginnings of every length around the eight bytes that are compared at once, and NUL bytes.
_prefix = st.sampled_from(["", "a", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghabcdefgh", "é" * 5, "\0", "a\0\0"])
_texts = st.lists(st.builds(str.__add__, _prefix, st.text(alphabet="ab\0é日😀", max_size=12)), max_size=80)


@pytest.mark.parametrize("location", [HOST, *HOMES.values()], ids=["host", *HOMES])
@given(st.lists(st.one_of(st.none(), _texts.map("".join)), max_size=60), st.lists(_texts.map("".join), max_size=9))
def test_texts_are_coded_by_place_and_ordered_by_code_point(
    location: Location, texts: list[str | None], more: list[str]
) -> None:
    parts = [code_series(location.series("a", pa.array(t, pa.large_string())), location) for t in (texts, more)]
    column = in_order(joined(parts, location, "a", as_integers=False), location)
    values = column.values.to_list()
    assert values == sorted({t for t in [*texts, *more] if t is not None}, key=str.encode)
    assert [None if c < 0 else values[c] for c in np.asarray(column.codes).tolist()] == [*texts, *more]


def test_values_that_no_row_has_are_left_out() -> None:
    column = in_order(Column(HOST.series("a", pa.array(["b", "x", "a"])), np.array([2, 0, -1, 2], np.int8)), HOST)
    assert column.values.to_list() == ["a", "b"]
    assert column.codes.tolist() == [0, 1, -1, 0]


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 5), max_size=60), st.integers(1, 9), st.booleans())
def test_rows_that_equal_an_earlier_one(rows: list[tuple[int, ...]], size: int, recorded: bool) -> None:
    values = np.array(rows, np.int64).reshape(-1, 5)
    texts = HOST.series("a", pa.array(["x", "y", "z"]))
    names = ("person_id", "incident_id", "beat")  # only a person is never missing
    columns = {name: Column(texts, values[:, k].astype(np.int8) - (k > 0)) for k, name in enumerate(names)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coded_rows, "_BLOCK_ROWS", size)
        told = (values[:, 4].astype(np.int32), np.zeros(len(rows), np.bool_)) if recorded else ()
        found = repeats_of(CodedRows(columns, values[:, 3], *told))
    equal = [[other[4] for other in rows[:i] if other[:4] == row[:4]] for i, row in enumerate(rows)]
    assert found.every.tolist() == [i for i, days in enumerate(equal) if days]
    needless = [i for i, days in enumerate(equal) if days and (not recorded or min(days) <= rows[i][4])]
    assert found.needless.tolist() == needless


@given(
    st.lists(
        st.one_of(
            st.text(st.sampled_from(" \t\n\x1c\x85\xa0\u1680\u2003\u2028\u202f\u205f\u3000a\u200b\u2010")), st.none()
        )
    )
)
def test_blank_is_what_python_calls_space(texts: list[str | None]) -> None:
    coded = code_series(HOST.series("a", pa.array(texts, pa.large_string())), HOST)
    column = values_of(coded, Meaning(frozenset()), HOST).column
    assert (column.codes >= 0).tolist() == [t is not None and bool(t.strip()) for t in texts]


_almost_dates = st.one_of(
    st.sampled_from(DATES + BAD_DATES),
    st.text("0123456789-T: +Z.", max_size=28),
    st.from_regex(
        r"\A(1[89]|20)\d\d-?[01]\d-?[0-3]\d([T ][0-2]\d(:?[0-6]\d){0,2}([.,]\d{0,8})?(Z|[+-]\d\d:?\d?\d?)?)?\Z"
    ),
)


@given(st.lists(_almost_dates.filter(lambda t: t.isascii() and bool(t.strip())), min_size=1, max_size=30))
def test_dates_are_parsed_as_the_naive_reading_does(texts: list[str]) -> None:
    timestamps = parse_dates(pa.array(texts, pa.large_string()))
    low, high = (timestamp_of(naive_date(t)) for t in ("1900-01-01", "2024-01-01"))
    for text, timestamp in zip(texts, timestamps.tolist(), strict=True):
        try:
            expected = timestamp_of(naive_date(text))
        except ValueError:
            assert timestamp == NO_TIMESTAMP or not low <= timestamp <= high, (
                text
            )  # the range of dates is checked elsewhere
        else:
            assert timestamp == expected, text


def test_every_day_of_four_centuries_is_its_number() -> None:
    days = np.arange("1800-01-01", "2201-01-01", dtype="datetime64[D]")
    timestamps = parse_dates(pa.array(days.astype(str).tolist(), pa.large_string()))
    np.testing.assert_array_equal(timestamps, days.astype("datetime64[us]").astype(np.int64))


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [(0, "1970-01-01"), (-1, "1969-12-31T23:59:59.999999"), (86_400_000_000, "1970-01-02"),
     (10**6, "1970-01-01T00:00:01"), (10**18, "33658-09-27T01:46:40")],
)  # fmt: skip
def test_timestamps_are_written_as_iso_text(timestamp: int, text: str) -> None:
    assert timestamp_text(timestamp) == text


@pytest.mark.parametrize(
    "name",
    ["race", "RACE", "suspect_race", "SuspectRace", "PERP_RACE", "perprace", "sex", "Sex", "victim_sex", "sexCode",
     "gender", "suspectGender", "self_defined_ethnicity", "officer-defined ethnicity", "nationality", "Nationality1",
     "citizenship_status", "religion", "religious belief", "COUNTRY_OF_BIRTH", "countryOfBirth", "immigration status",
     "sexual_orientation", "SexualOrientation", "is_disabled", "disability", "ethnic_appearance"],
)  # fmt: skip
def test_protected_names(name: str) -> None:
    assert is_protected(name)


@pytest.mark.parametrize(
    "name",
    ["trace", "embrace", "terrace", "incident_sexual_assault", "sexual_offence", "sex_offence_flag", "sex_offender",
     "essex", "Middlesex", "origin", "status", "person_id", "incident_id", "date", "offence", "district", "beat",
     "gang", "force", "international", "birth_date", "officer_id", "grace_period", ""],
)  # fmt: skip
def test_names_that_are_not_protected(name: str) -> None:
    assert not is_protected(name)
