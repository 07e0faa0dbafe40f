"""Whom rejected rows name: ids in columns of persons, and as fields of rows that could not be parted into columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.array_types import Bool
from gpunet.reading.rejections import FILE

__all__ = [
    "PERSON_COLUMNS",
    "fields_of",
    "forms_of",
    "is_one_of",
    "listed_in",
    "pattern_of",
    "rows_naming",
    "searched",
    "unmistakable",
]

#: Columns of rejected rows that say whom a row is about.
PERSON_COLUMNS = ("person_id", "person_a", "person_b")

_LINE = "line"

#: Columns that are no values of the input.
_OF_REPORT = frozenset({FILE, "row_number", "source_file", "reason"})

#: What parts fields or ids: no blank, and nothing that stands within dates, numbers, names and ids.
_MARK = r"[^\w\s./'\-]|[\x01\t-\r\x1c-\x1f\x85\u2028\u2029]"
_MARKS = re.compile(_MARK)

#: What parts the ids in a cell that has several, or has words beside one; a colon stands behind a force.
_BETWEEN_IDS = re.compile(rf"(?:(?!:)(?:{_MARK})|\s)+")

#: A time of day, whose colons part nothing.
_TIME = re.compile(r"(?<![\d:])\d{1,2}:\d\d(:\d\d)?(?![\d:])")

#: What may stand around an id in a cell, as spreadsheets write texts of digits: ="0012".
_AROUND = " \t\r\n\"'="


def unmistakable(ids: Iterable[str]) -> frozenset[str]:
    """Those ids that are of a form which no other number or word has: five characters or more, letters and digits.

    >>> sorted(unmistakable(["12", "40213", "stone", "P-00412"]))
    ['P-00412']
    """
    long = (text for text in ids if len(text) >= 5)
    return frozenset(text for text in long if re.search(r"\d", text) and re.search(r"[^\W\d]", text))


def pattern_of(ids: Iterable[str]) -> str:
    r"""What finds ids as whole words, for PyArrow: between whatever is neither letter nor digit, zeros before them.

    >>> import pyarrow as pa, pyarrow.compute as pc
    >>> pc.match_substring_regex(pa.array(["id 0012, theft", "4512"]), pattern_of(["12"])).to_pylist()
    [True, False]
    """
    return r"(?i)(^|[^\pL\pN])(" + "|".join(map(_escaped, sorted(ids))) + r")($|[^\pL\pN])"


def _escaped(text: str) -> str:
    """The id as a pattern; zeros may stand before it."""
    return "0*" + re.sub(r"([^\w])", r"\\\1", text) if text.isascii() else "0*" + re.escape(text)


def rows_naming(rejected: pa.Table, ids: Collection[str], *, in_texts: bool = True) -> Bool:
    """bool[n], which rejected rows name one of some ids.

    An id counts in a column of persons, and in a malformed row as a field of its own. Dates, offences and words of
    texts have short ids too, of nobody: in these only ids that are :func:`unmistakable` count, and only `in_texts`.
    Case, zeros before an id and quotation marks around it do not count.

    >>> table = pa.table({"person_id": ["012", "44"], "date": ["bad", "2014-12-45"], "line": [None, None]})
    >>> rows_naming(table, {"12"}).tolist()
    [True, False]
    """
    named = np.zeros(len(rejected), np.bool_)
    if not ids or not len(rejected):
        return named
    ids = frozenset(ids)
    words = pattern_of(ids)
    for name, parts in (*((name, listed_in) for name in PERSON_COLUMNS), (_LINE, fields_of)):
        if name in rejected.column_names:
            texts = rejected.column(name).cast(pa.large_string())
            near = np.flatnonzero(pc.match_substring_regex(texts, words).fill_null(False))
            for at, text in zip(near.tolist(), texts.take(near).to_pylist(), strict=True):
                named[at] |= any(is_one_of(part, ids) for part in parts(text))
    if in_texts and (sure := unmistakable(ids)):
        for name in (name for name in rejected.column_names if name not in _OF_REPORT):
            texts = rejected.column(name).cast(pa.large_string())
            named |= np.asarray(pc.match_substring_regex(texts, pattern_of(sure)).fill_null(False))
    return named


def is_one_of(cell: str, ids: Collection[str]) -> bool:
    """Whether a cell has one of some ids and nothing else, as tables of the input may write it.

    >>> [is_one_of(cell, {"12"}) for cell in ("12", '="0012"', "12.0", "12 a")]
    [True, True, True, False]
    """
    wanted = searched(frozenset(ids))
    return any(form.casefold() in wanted for form in forms_of(cell))


def forms_of(cell: str) -> Iterator[str]:
    """The ids that a cell may mean that has nothing else: as it is, and without what stands around it.

    >>> list(forms_of("'012.0'"))
    ["'012.0'", '012', '12']
    """
    for text in (cell,) if cell.isalnum() else dict.fromkeys((cell, re.sub(r"\.0+$", "", cell.strip(_AROUND)))):
        zeros = len(text) - len(text.lstrip("0"))
        yield from (text[start:] for start in range(zeros + 1) if text[start:])


@lru_cache(maxsize=4)
def searched(ids: frozenset[str]) -> frozenset[str]:
    """What a form of a cell, without case, has to be one of to mean one of some ids."""
    return frozenset(form.casefold() for id_ in ids for form in (id_, id_.strip(_AROUND)) if form)


def listed_in(cell: str) -> list[str]:
    """A cell of persons, and the ids in it if it has several, or words beside one.

    >>> [listed_in(cell)[1:] for cell in ("44 (12)", "40213/40214", "AB/12/2014")]
    [['44', '12', ''], ['40213/40214', '40213', '40214'], ['AB/12/2014']]
    """
    parts = _BETWEEN_IDS.split(cell)
    alike = [part.split("/") for part in parts if len({re.sub(r"\d+", "0", one) for one in part.split("/")}) == 1]
    return [cell, *parts, *(one for several in alike if len(several) > 1 for one in several)]


def fields_of(line: str) -> Iterator[str]:
    r"""The fields of a malformed row, by every mark that is in it, as the file's own separator is not kept.

    They come as texts of tables have them, with quoted ones whole, and parted at all marks: whoever has left out a
    quotation mark has joined what stands behind it, lines too. Dates, times of day and words are not parted.

    >>> sorted({"40205", "99"} & {*fields_of('40213,2014-02-11,"theft,99\n40205,2014-12-45,x')})
    ['40205', '99']
    >>> sorted({"12", "30", "45"} & {*fields_of("40213,2014-12-45 12:30,theft of 12")})
    []
    """
    yield line
    yield from _MARKS.split(_TIME.sub(lambda time: time[0].replace(":", "."), line))
    for mark in sorted({mark for mark in line if _MARKS.fullmatch(mark)} - {*'"\r\n'}):
        try:
            for row in csv.reader(io.StringIO(line, newline=None), delimiter=mark, skipinitialspace=True):
                yield from row
        except csv.Error:  # a field of more than 128 KiB
            yield from line.split(mark)
