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
from gpunet.reading.header import SEPARATORS
from gpunet.reading.rejections import FILE

__all__ = ["PERSON_COLUMNS", "is_one_of", "pattern_of", "rows_naming", "unmistakable"]

#: Columns of rejected rows that say whom a row is about.
PERSON_COLUMNS = ("person_id", "person_a", "person_b")

_LINE = "line"

#: Columns that are no values of the input.
_OF_REPORT = frozenset({FILE, "row_number", "source_file", "reason"})

#: What parts the ids in a cell that has several, or has words beside one.
_BETWEEN_IDS = re.compile(r"[\s;,|&()]+")

#: What may stand around an id in a cell, as spreadsheets write texts of digits: ="0012".
_AROUND = " \t\r\n\"'="

#: What stands within dates, numbers and ids, and parts no fields unless the line has a separator of tables.
_WITHIN = frozenset("-./_\"'")


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
    for name, parts in (*((name, _listed) for name in PERSON_COLUMNS), (_LINE, _fields)):
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
    forms = _forms(frozenset(ids))
    for text in (cell.casefold(), re.sub(r"\.0+$", "", cell.strip(_AROUND).casefold())):
        zeros = len(text) - len(text.lstrip("0"))
        if any(text[start:] in forms for start in range(zeros + 1)):
            return True
    return False


@lru_cache(maxsize=4)
def _forms(ids: frozenset[str]) -> frozenset[str]:
    return frozenset(form.casefold() for id_ in ids for form in (id_, id_.strip(_AROUND)) if form)


def _listed(cell: str) -> list[str]:
    return [cell, *_BETWEEN_IDS.split(cell)]


def _fields(line: str) -> Iterator[str]:
    """The fields of a malformed row, by every separator of tables that is in it: the file's own is not kept.

    Without any, by whatever else the configuration may have told to part fields at.
    """
    yield line
    marks = {mark for mark in line if not mark.isalnum()}
    for separator in [mark for mark in SEPARATORS if mark in marks] or sorted(marks - _WITHIN - set("\r\n")):
        try:
            for row in csv.reader(io.StringIO(line, newline=None), delimiter=separator, skipinitialspace=True):
                yield from row
        except csv.Error:  # a field of more than 128 KiB
            yield from line.split(separator)
