"""Grades of rows of ties, of the source, the information and its handling: codes, official words, or both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Int8
from gpunet.config.input_config import InputConfig
from gpunet.reading.values import Meaning, Values, meaning_of
from gpunet.tables.arrays import distinct

__all__ = ["GRADES", "INFORMATION", "Graded", "grade_of", "grades", "meaning_of_grade"]

#: Grades of the information by the numbers that they are known by here.
INFORMATION = {letter: i for i, letter in enumerate("ABCDE", 1)}

#: What the 3x5x2 intelligence report calls them.
_SOURCE_WORDS = {"reliable": 1, "untested": 2, "not reliable": 3}
_INFORMATION_WORDS = {
    "known indirectly but corroborated": 2,  # before the one that it begins with
    "known directly": 1,
    "known indirectly": 3,
    "not known": 4,
    "suspected to be false": 5,
    "suspected false": 5,
}

#: That there are conditions, and not that there are none.
_CONDITIONS = re.compile(r"(?<!\bno )(?<!\bwithout )(?<!\bwithout any )\bcondition")

#: Behind a code: the end, or what parts it from words.
_BETWEEN = r"(?=$|[\s\-:.)])"

#: How words begin that name another code beside the first, as in "1 or 2" and "A - C".
_ANOTHER = re.compile(r"(?:(?:or|to|and)\s|[/,;&])?\s*(\w+)\s*(?:$|[-:.)/,;&])")


@dataclass(frozen=True)
class _Scale:
    """How grades of a column are written, all in small letters and with single blanks.

    ``codes``: a grade's number by its code; ``code``: how a text begins that has one in front. ``of_words``: the number
    of words alone, and ``of_rest`` of those behind a code, 0 if they tell none.
    """

    codes: Mapping[str, int]
    code: re.Pattern[str]
    of_words: Callable[[str], int]
    of_rest: Callable[[str], int]


def _begins(words: Mapping[str, int]) -> Callable[[str], int]:
    return lambda rest: next((grade for text, grade in words.items() if rest.startswith(text)), 0)


def _is(words: Mapping[str, int]) -> Callable[[str], int]:
    return lambda text: words.get(text, 0)


def _of_handling(text: str) -> int:
    if text.startswith("permission"):
        return 0 if _CONDITIONS.search(text) else 1  # with conditions it is neither plainly
    return 2 if text.startswith("condition") else 0


#: By our name of the column. Behind a digit no other may stand: 1.5 and 1-2 are no grades, 01 and 1.0 are.
GRADES: Mapping[str, _Scale] = {
    "source_grade": _Scale(
        {"1": 1, "2": 2, "3": 3},
        re.compile(rf"0*([1-3])(?:\.0+)?(?![\s\-:.)]*\d){_BETWEEN}"),
        _is(_SOURCE_WORDS),
        _begins(_SOURCE_WORDS),
    ),
    "information_grade": _Scale(
        {letter.lower(): grade for letter, grade in INFORMATION.items()},
        re.compile(rf"([a-e]){_BETWEEN}"),
        _is(_INFORMATION_WORDS),
        _begins(_INFORMATION_WORDS),
    ),
    "handling": _Scale(
        {"p": 1, "c": 2},
        re.compile(rf"([pc]){_BETWEEN}"),
        _of_handling,
        lambda rest: 2 if _CONDITIONS.search(rest) else 0,
    ),
}


def grade_of(text: str, column: str) -> int:
    """The number of a grade as it is written, -1 if it is none of the column's, or tells two.

    Examples
    --------
    >>> grade_of("1 - Reliable", "source_grade"), grade_of("Not  reliable", "source_grade")
    (1, 3)
    >>> grade_of("B: known indirectly but corroborated", "information_grade"), grade_of("C", "handling")
    (2, 2)
    >>> grade_of("1 - Not reliable", "source_grade"), grade_of("1 or 2", "source_grade"), grade_of("9", "source_grade")
    (-1, -1, -1)
    """
    scale, text = GRADES[column], " ".join(text.lower().split())
    told = scale.code.match(text)
    if told is None:
        return scale.of_words(text) or -1
    grade, rest = scale.codes[told[1]], text[told.end() :].lstrip(" -:.)")
    another = _ANOTHER.match(rest)
    if scale.of_rest(rest) not in (0, grade) or (another and scale.codes.get(another[1], grade) != grade):
        return -1
    return grade


def grades(values: Values | None, column: str, n: int) -> Int8:
    """A column of n grades by their numbers: 0 where a row has none, -1 where it has none that is known."""
    if values is None:
        return np.zeros(n, np.int8)
    lookup = [grade_of(text, column) for text in values.column.texts()]
    found: Int8 = np.array([*lookup, 0], np.int8)[values.column.codes]
    return found


def meaning_of_grade(config: InputConfig, column: str) -> Meaning:
    """How texts of a column of grades are understood: the words of a grade are no null words unless given as such."""
    meaning = meaning_of(config, "offence")  # that of any column of plain texts
    given = {word.strip().lower() for word in config.null_values or ()}
    official = {word for word in meaning.null_words - given if grade_of(word, column) > 0}
    return replace(meaning, null_words=meaning.null_words - official)


@dataclass(frozen=True)
class Graded:
    """Which kinds in use have grades, and which would need them.

    Attributes
    ----------
    given
        The kind and the column, where a row has a grade.
    lacking
        By kind and column, rows that are left out for having no grade, and have none there, which the kind asks for.
    """

    given: set[tuple[str, str]] = field(default_factory=set)
    lacking: Counter[tuple[str, str]] = field(default_factory=Counter)

    def copy(self) -> Graded:
        """One that does not change with this."""
        return Graded(self.given.copy(), self.lacking.copy())

    def count(self, kinds: Sequence[str], kind: Any, column: str, grade: Int8, wanted: Bool) -> None:
        """Add a batch: the place of each row's kind, its grade, and whether it is left out for having none."""
        self.given.update((kinds[i], column) for i in distinct(kind[grade > 0]).tolist())
        rows = np.bincount(kind[wanted & (grade == 0)], minlength=len(kinds))
        self.lacking.update({(kinds[i], column): int(rows[i]) for i in np.flatnonzero(rows).tolist()})
