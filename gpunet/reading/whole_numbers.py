"""Ids of text files that are whole numbers with a point and zero throughout, as pandas writes numbers with gaps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gpunet.reading.values import EXACT, Meaning, is_null_word, trimmed

__all__ = ["NotThroughout", "PointZero"]

#: So many rows are looked at first, and so many before these.
_FIRST, _FEW = 100, 4

#: Most ids, and nothing else that has to be looked at twice.
_PLAIN = re.compile(r"[A-Za-z0-9/_-]+")

_POINT_ZERO = r"\A\s*[+-]?\d+[.,]0*\s*\z"


class NotThroughout(Exception):  # noqa: N818 - it says what the column is
    """A column has a value that is no such number, after others were taken for numbers: the file is read again."""


class PointZero:
    """The columns of one file in which every value so far is a whole number with ``.0``; the point is taken away.

    `columns` are those to look at; texts with the meaning of no value do not count.
    """

    def __init__(self, columns: Iterable[str], meaning: Meaning) -> None:
        self._columns, self._meaning = list(columns), meaning
        self._changed: set[str] = set()

    def without(self, table: pa.Table) -> pa.Table:
        """The next rows of the file, with the numbers without point.

        Raises
        ------
        NotThroughout
            If a column turns out to have other values too, and rows were changed before.
        """
        for name in list(self._columns):
            texts = table.column(name)
            few = any(map(self._is_other, texts[:_FEW].to_pylist()))  # these tell it of most columns
            if few or not self._are_numbers(texts[:_FIRST]) or not self._are_numbers(texts):
                if name in self._changed:
                    raise NotThroughout(name)
                self._columns.remove(name)
                continue
            number = pc.match_substring_regex(texts, _POINT_ZERO)
            if pc.any(number).as_py():
                self._changed.add(name)
                position = table.column_names.index(name)
                table = table.set_column(position, table.field(position), _without_point(texts, number))
        return table

    def _is_other(self, text: str | None) -> bool:
        """Whether a text is certainly no such number; quick, so that not every column of small files is searched."""
        return text is not None and bool(_PLAIN.fullmatch(text)) and text.lower() not in self._meaning.null_words

    def _are_numbers(self, texts: Any) -> bool:
        known = pc.drop_null(texts)
        number = pc.match_substring_regex(known, _POINT_ZERO)
        return pc.all(pc.or_(number, is_null_word(trimmed(known), self._meaning))).as_py() is not False


def _without_point(texts: Any, number: Any) -> Any:
    whole = pc.replace_substring_regex(trimmed(pc.if_else(number, texts, None)), r"[.,]0*\z", "")
    exact = pc.less(pc.abs(whole.cast(pa.float64())), EXACT)
    return pc.if_else(pc.fill_null(exact, False), whole, texts)
