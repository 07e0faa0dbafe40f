"""The parts of reading by themselves: dictionaries, the order of texts, dates, names of protected columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from dirty_tables import BAD_DATES, DATES
from hypothesis import given
from hypothesis import strategies as st
from reading_naive import naive_date

from gpunet.reading.coding import RowCoder, TextCoder
from gpunet.reading.columns import to_texts
from gpunet.reading.dates import NO_TIMESTAMP, parse_dates, timestamp_of, timestamp_text
from gpunet.reading.loops import is_present, stable_order
from gpunet.reading.protected import is_protected

# Texts that share beginnings of every length around the eight bytes that are compared at once, and NUL bytes.
_prefix = st.sampled_from(["", "a", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghabcdefgh", "é" * 5, "\0", "a\0\0"])
_texts = st.lists(st.builds(str.__add__, _prefix, st.text(alphabet="ab\0é日😀", max_size=12)), max_size=80)


def coded(coder: TextCoder, texts: list[str | None]) -> list[int]:
    column = to_texts(pa.array(texts, pa.large_string()))
    return coder.code(column, np.ones(len(texts), dtype=np.bool_)).tolist()


@given(_texts)
def test_texts_are_coded_by_first_appearance_and_ordered_by_code_point(texts: list[str]) -> None:
    coder = TextCoder()
    expected: dict[str, int] = {}
    codes = coded(coder, texts)
    assert codes == [expected.setdefault(t, len(expected)) if t.strip() else -1 for t in texts]
    assert coder.to_arrow().to_pylist() == list(expected)
    assert [coder.text(i) for i in range(len(coder))] == list(expected)
    assert [coder.text(i) for i in coder.order()] == sorted(expected, key=str.encode)


def test_large_dictionaries_grow_and_are_ordered() -> None:
    rng = np.random.default_rng(5)
    texts = [f"HX-20{n % 7}-{n * 7919:015d}{'x' * (n % 9)}" for n in rng.integers(0, 40_000, 150_000)]
    coder = TextCoder()
    codes = coded(coder, texts[:70_001]) + coded(coder, texts[70_001:])
    expected: dict[str, int] = {}
    assert codes == [expected.setdefault(t, len(expected)) for t in texts]
    assert [coder.text(i) for i in coder.order()] == sorted(expected)


def test_long_runs_of_equal_beginnings_are_ordered() -> None:
    texts = [f"{'same beginning ' * 4}{i * 7919 % 1000:04d}{'tail' * 3}{i % 3}" for i in range(1000)]
    texts += ["\0" * n + "." for n in range(60)] + ["\0" * n + "z" for n in range(60)]
    coder = TextCoder()
    coded(coder, texts)
    assert [coder.text(i) for i in coder.order()] == sorted(texts)


@given(st.lists(st.tuples(*[st.integers(-2, 3)] * 3), max_size=60))
def test_rows_are_coded_by_first_appearance(rows: list[tuple[int, int, int]]) -> None:
    coder = RowCoder(3)
    expected: dict[tuple[int, int, int], int] = {}
    codes = coder.code(np.array(rows, dtype=np.int32).reshape(-1, 3))
    assert codes.tolist() == [expected.setdefault(r, len(expected)) for r in rows]
    assert [tuple(r) for r in coder.rows[: len(coder)].tolist()] == list(expected)


def test_many_rows_are_coded() -> None:
    rows = np.random.default_rng(3).integers(0, 300, (200_000, 2)).astype(np.int32)
    coder = RowCoder(2)
    codes = np.concatenate([coder.code(rows[:90_000]), coder.code(rows[90_000:])])
    np.testing.assert_array_equal(coder.rows[codes], rows)
    assert len(coder) == len(np.unique(rows, axis=0))


@given(
    st.lists(
        st.one_of(
            st.text(st.sampled_from(" \t\n\x1c\x85\xa0\u1680\u2003\u2028\u202f\u205f\u3000a\u200b\u2010")), st.none()
        )
    )
)
def test_blank_is_what_python_calls_space(texts: list[str | None]) -> None:
    column = to_texts(pa.array(texts, pa.large_string()))
    assert column.present.tolist() == [t is not None and bool(t.strip()) for t in texts]
    assert is_present(column.data, column.offsets, np.ones(len(texts), dtype=np.bool_)).tolist() == [
        bool((t or "").strip()) for t in texts
    ]


_almost_dates = st.one_of(
    st.sampled_from(DATES + BAD_DATES),
    st.text("0123456789-T: +Z.", max_size=28),
    st.from_regex(
        r"\A(1[89]|20)\d\d-?[01]\d-?[0-3]\d([T ][0-2]\d(:?[0-6]\d){0,2}([.,]\d{0,8})?(Z|[+-]\d\d:?\d?\d?)?)?\Z"
    ),
)


@given(st.lists(_almost_dates.filter(lambda t: t.isascii() and bool(t.strip())), min_size=1, max_size=30))
def test_dates_are_parsed_as_the_naive_reading_does(texts: list[str]) -> None:
    column = to_texts(pa.array(texts, pa.large_string()))
    bad = np.zeros(len(texts), dtype=np.bool_)
    timestamps = parse_dates(column.data, column.offsets, column.present, bad)
    low, high = (timestamp_of(naive_date(t)) for t in ("1900-01-01", "2024-01-01"))
    for text, timestamp, is_bad in zip(texts, timestamps.tolist(), bad.tolist(), strict=True):
        try:
            expected = timestamp_of(naive_date(text))
        except ValueError:
            assert is_bad or not low <= timestamp <= high, text  # the range of dates is checked elsewhere
        else:
            assert (timestamp, is_bad) == (expected, False), text
        assert (timestamp == NO_TIMESTAMP) == is_bad


def test_every_day_of_four_centuries_is_its_number() -> None:
    days = np.arange("1800-01-01", "2201-01-01", dtype="datetime64[D]")
    column = to_texts(pa.array(days.astype(str).tolist(), pa.large_string()))
    bad = np.zeros(len(days), dtype=np.bool_)
    timestamps = parse_dates(column.data, column.offsets, column.present, bad)
    assert not bad.any()
    np.testing.assert_array_equal(timestamps, days.astype("datetime64[us]").astype(np.int64))


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [(0, "1970-01-01"), (-1, "1969-12-31T23:59:59.999999"), (86_400_000_000, "1970-01-02"),
     (10**6, "1970-01-01T00:00:01"), (10**18, "33658-09-27T01:46:40")],
)  # fmt: skip
def test_timestamps_are_written_as_iso_text(timestamp: int, text: str) -> None:
    assert timestamp_text(timestamp) == text


@given(st.lists(st.integers(0, 5), max_size=50))
def test_stable_order(codes: list[int]) -> None:
    order = stable_order(np.array(codes, dtype=np.int32), 6)
    np.testing.assert_array_equal(order, np.argsort(np.array(codes, dtype=np.int32), kind="stable"))


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
