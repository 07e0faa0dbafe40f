"""Grades of ties as people write them: codes, codes with words behind them, official words; nothing else is a grade."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.config.config import load_config
from gpunet.reading.grades import grade_of, meaning_of_grade
from gpunet.reading.ties_table import read_ties
from tests.tie_tables import GOOD, TODAY

CODES = {"source_grade": "123", "information_grade": "ABCDE", "handling": "PC"}

OFFICIAL = {
    "source_grade": {"Reliable": 1, "Untested": 2, "Not reliable": 3},
    "information_grade": {
        "Known directly": 1, "Known indirectly but corroborated": 2, "Known indirectly": 3, "Not known": 4,
        "Suspected to be false": 5, "Suspected false": 5,
    },
    "handling": {
        "Permission": 1, "Permission to share": 1, "Permission without conditions": 1, "Conditions": 2,
        "Conditions apply": 2,
    },
}  # fmt: skip

WORDS = [(column, words, grade) for column, of in OFFICIAL.items() for words, grade in of.items()]


def cases(words: str) -> list[str]:
    return [words, words.upper(), words.lower(), "  " + words.replace(" ", " \t ") + " "]


@pytest.mark.parametrize(("column", "words", "grade"), WORDS)
def test_official_words_are_grades_alone_and_behind_their_code_only(column: str, words: str, grade: int) -> None:
    for text in cases(words):
        assert grade_of(text, column) == grade
        for number, code in enumerate(CODES[column], 1):
            for between in (" ", "-", ":", ".", ")", " - ", ": ", ") "):
                wrong = number != grade and (column != "handling" or number == 1)  # C - permission is no contradiction
                assert grade_of(f"{code}{between}{text}", column) == (-1 if wrong else number)


@pytest.mark.parametrize("column", CODES)
@given(st.data())
def test_a_code_with_other_words_is_its_grade_and_needs_something_between(column: str, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(CODES[column])))
    code = data.draw(st.sampled_from([str.upper, str.lower]))(CODES[column][number - 1])
    between = data.draw(st.sampled_from([" ", "-", ":", ".", ")", " - ", ".) "]))
    rest = data.draw(st.sampled_from(["", "told by him", "seen", "log 7", "zz"]))
    assert grade_of(f"{code}{between}{rest}", column) == number
    joined = data.draw(st.sampled_from(["x", "_", "/", ",", "9"]))
    assert grade_of(f"{code}{joined}{rest}", column) == -1


@pytest.mark.parametrize("text", ["01", "1.0", "1.00", "001 - Reliable", "1.0 reliable", "1."])
def test_numbers_are_grades_of_the_source_however_they_are_written(text: str) -> None:
    assert grade_of(text, "source_grade") == 1


NONE = {
    "source_grade": ["0", "4", "10", "11", "1.5", "1.05", "1-2", "1 2", "1 or 2", "1/2", "1 - 3: told", "-1", "+1", "A",
                     "one", "grade 1", "reliable source", "notreliable", "1 - not reliable at all"],
    "information_grade": ["F", "1", "A1", "A-C", "A or B", "A - C: told", "AB", "known", "known directly by him"],
    "handling": ["X", "PC", "P/C", "P or C", "P - with conditions", "permission with conditions", "no conditions",
                 "lawful", "secret"],
}  # fmt: skip


@pytest.mark.parametrize(("column", "text"), [(column, text) for column, of in NONE.items() for text in of])
def test_everything_else_is_no_grade(column: str, text: str) -> None:
    assert grade_of(text, column) == -1


def test_words_count_in_a_table_as_their_codes_do() -> None:
    rows = [
        {**GOOD, "source_grade": "Reliable", "information_grade": "B: corroborated", "handling": "Conditions apply"},
        {**GOOD, "source_grade": "1", "information_grade": "b", "handling": "C"},  # the same again
        {**GOOD, "source_grade": "not reliable"},
        {**GOOD, "information_grade": "Not known"},
        {**GOOD, "source_grade": "1-2"},
    ]
    config = load_config({"ties": {"calls": {"use": True}}})
    _, report = read_ties(pl.DataFrame(rows), config, today=TODAY)
    assert report.by_reason == {"bad_source_grade": 1, "information_too_low": 1, "source_too_low": 1}
    assert (report.files[0].accepted, report.files[0].duplicate) == (1, 1)
    assert "1 with handling C" in report.notes[0]
    floats = pl.DataFrame([{**GOOD, "source_grade": 1.0}])
    assert read_ties(floats, config, today=TODAY)[1].files[0].accepted == 1


def test_not_known_is_a_grade_unless_it_is_said_to_be_none() -> None:
    row = pl.DataFrame([{**GOOD, "information_grade": "not known"}])
    for null_values, reason in (
        (None, "information_too_low"), (["x"], "information_too_low"), (["Not known"], "missing_information_grade"),
    ):  # fmt: skip
        given = {} if null_values is None else {"null_values": null_values}
        config = load_config({"input": given, "ties": {"calls": {"use": True}}})
        assert read_ties(row, config, today=TODAY)[1].by_reason == {reason: 1}
        for column in CODES:
            assert "unknown" in meaning_of_grade(config.input, column).null_words
