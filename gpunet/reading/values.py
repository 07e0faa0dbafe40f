"""What the texts of a column stand for: trimmed and in Unicode's form NFC, ids by their rules, and which are no value.

Only distinct texts are looked at, so a table with many rows costs little more than one with few.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.base.array_types import Bool
from gpunet.config.config import IdRules, InputConfig
from gpunet.reading.location import Column, Location, to_codes
from gpunet.tables import arrays
from gpunet.tables.frames import on_host, series_to_arrow

__all__ = [
    "EXACT",
    "NULL_WORDS",
    "SPACE",
    "Meaning",
    "Values",
    "by_rules",
    "is_bad_id",
    "is_null_word",
    "meaning_of",
    "trimmed",
    "values_of",
]

#: Words that systems write where there is no value, compared without case: of R, MySQL, PostgreSQL, SQL Server, pandas,
#: Excel and SPSS, and what forms have people write.
NULL_WORDS = (
    "na", "n/a", "n.a.", "n/k", "<na>", "#n/a", "#n/a n/a", "#na", "null", "(null)", "[null]", "<null>", "#null!",
    "nil", "none", "(none)", "<none>", "nan", "-nan", "1.#qnan", "-1.#ind", "nat", "nul", "\\n", "-", "--", "---",
    "\u2013", "\u2014", "?", "??", ".", "..", "...", "#value!", "#ref!", "#name?", "#div/0!", "#num!", "(blank)",
    "(empty)", "empty", "unknown", "unk", "unknwn", "(unknown)", "not known", "not available", "not applicable",
    "not recorded", "not provided", "not stated", "not specified", "undefined", "undetermined", "unspecified",
    "missing", "(missing)",
)  # fmt: skip

#: So many letters of the name of a column of ids stand for a header that comes again, and not for an id.
_HEADER = 6

#: The characters that ``str.isspace`` knows.
SPACE = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B),
                          0x2028, 0x2029, 0x202F, 0x205F, 0x3000)))  # fmt: skip

#: A number in scientific notation: what a spreadsheet leaves of a long id. Without a point and a sign it may be an id.
_SCIENTIFIC = r"\A[+-]?(\d+[.,]\d*e[+-]?\d+|\d+e\+\d+)\z"

#: Whole numbers from here on are not all floats.
EXACT = 1 << 53


@dataclass(frozen=True)
class Meaning:
    """How the texts of one column are understood.

    ``null_words`` are compared without case. ``rules`` are None where the column does not hold ids.
    """

    null_words: frozenset[str]
    rules: IdRules | None = None


@dataclass(frozen=True, eq=False)
class Values:
    """A coded column, what of it is no id, and which words stood for no value.

    ``bad``: bool[n], None if there is none; their code is -1, as that of nulls. ``words``: rows by word.
    """

    column: Column
    bad: Any
    words: Counter[str]


def meaning_of(config: InputConfig, column: str) -> Meaning:
    """How the texts of a column are understood. Persons, incidents, and what else is in the incident key, have ids."""
    given = config.null_values
    words = frozenset() if given is not None and not given else _folded((*NULL_WORDS, *(given or ())))
    if column in ("person_id", "incident_id"):
        names = config.source_names(column)  # the header comes again where tables were put below each other
        long = [name for name in names if len(name) >= _HEADER]
        headers = _folded(tuple(re.sub("[_-]", between, name) for name in long for between in ("_", "-", " ", "")))
        return Meaning(words | headers if words else words, getattr(config.id_rules, column))
    return Meaning(words, IdRules() if column in config.id_columns else None)


@lru_cache(maxsize=64)
def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.strip(SPACE).lower() for word in words)


def values_of(column: Column, meaning: Meaning, location: Location) -> Values:
    """What a coded column of texts or whole numbers stands for."""
    if not len(column.values):
        return Values(column, None, Counter())
    given = series_to_arrow(on_host(column.values))
    is_text = not pa.types.is_integer(given.type)
    if not is_text and not any(map(_is_number, meaning.null_words)):
        return Values(column, None, Counter())  # a column of whole numbers is as it should be
    texts = trimmed(given.cast(pa.large_string()))
    null, as_written = np.array(is_null_word(texts, meaning)), texts
    bad = np.zeros(len(texts), np.bool_)
    if meaning.rules is not None and is_text:
        bad = _bad_ids(pc.utf8_lower(texts)) & ~null
        texts = by_rules(texts, meaning.rules)
        null |= np.asarray(is_null_word(texts, meaning))  # warnings name ids as the rules leave them
    words = _rows_of_words(column, as_written, null)
    if not null.any() and not bad.any() and (not is_text or texts.equals(given)):
        return Values(column, None, words)
    values, lookup = column.values, np.arange(len(texts), dtype=np.int32)
    if is_text:
        encoded = texts.dictionary_encode()
        values, lookup = location.series(values.name, encoded.dictionary), np.asarray(encoded.indices)
    lookup = np.append(np.where(null | bad, -1, lookup), -1).astype(np.int32)
    bad_rows = to_codes(location.array(np.append(bad, False)), column.codes) if bad.any() else None
    return Values(Column(values, to_codes(location.array(lookup), column.codes)), bad_rows, words)


def is_null_word(texts: Any, meaning: Meaning) -> Any:
    """Whether each text, trimmed, stands for no value: PyArrow's flags."""
    return pc.is_in(pc.utf8_lower(texts), value_set=_blank_or(meaning.null_words))


@lru_cache(maxsize=64)
def _blank_or(words: frozenset[str]) -> Any:
    return pa.array(["", *sorted(words)], pa.large_string())


def _is_number(word: str) -> bool:
    return word.lstrip("-").isdecimal()


def _rows_of_words(column: Column, texts: Any, null: Bool) -> Counter[str]:
    """How many rows have each text that stands for no value, but for blank ones."""
    words: Counter[str] = Counter()
    if null.any():
        xp = arrays.namespace(column.codes)
        rows = arrays.to_host(arrays.count_by_code(xp.astype(column.codes, xp.int64) + 1, len(texts) + 1))
        for at in np.flatnonzero(null).tolist():
            if word := texts[at].as_py():
                words[word] += int(rows[at + 1])
    return words


def trimmed(texts: Any) -> Any:
    """Texts without white space around them, in Unicode's form NFC."""
    texts = pc.utf8_trim(texts, SPACE)
    if pc.any(pc.starts_with(texts, '="')).as_py():  # so that a spreadsheet leaves the zeros
        texts = pc.utf8_trim(pc.replace_substring_regex(texts, r'\A="([^"]*)"\z', r"\1"), SPACE)
    return texts if pc.all(pc.string_is_ascii(texts)).as_py() else pc.utf8_normalize(texts, "NFC")


def _bad_ids(lower: Any) -> Bool:
    """Whether each text, in small letters, is a number of which digits are lost."""
    bad: Bool = np.array(pc.match_substring(lower, "e"))  # so few texts have to be held against a pattern
    if bad.any():
        (at,) = np.nonzero(bad)
        bad[at] = np.asarray(pc.match_substring_regex(lower.take(pa.array(at)), _SCIENTIFIC))
    long = pc.and_(pc.greater(pc.utf8_length(lower), 17), pc.ends_with(lower, ".0"))
    for place in np.flatnonzero(np.asarray(long)).tolist():
        bad[place] = bad[place] or _is_large_float(lower[place].as_py())
    return bad


def _is_large_float(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+\.0", text)) and abs(int(text[:-2])) >= EXACT


def is_bad_id(text: str | None) -> bool:
    """Whether a text is a number in scientific notation, or one so large that floats leave out some of its like."""
    return text is not None and bool(_bad_ids(pa.array([text.strip(SPACE).lower()], pa.large_string()))[0])


def by_rules(texts: Any, rules: IdRules) -> Any:
    """Ids by the rules of the configuration; of an id that they leave nothing of, the empty text."""
    if rules.before:
        texts = trimmed(pc.replace_substring_regex(texts, f"(?s){re.escape(rules.before)}.*", ""))
    plain = pc.all(pc.string_is_ascii(texts)).as_py()
    if rules.strip_hyphens and plain:
        texts = pc.replace_substring(pc.replace_substring(texts, "-", ""), " ", "")
    elif rules.strip_hyphens:
        texts = pc.replace_substring_regex(texts, "[-\u2010-\u2015\u2212\\s\u00ad\u200b-\u200d\u2060\ufeff]", "")
    if rules.casefold:
        fold = pa.array([t.casefold() for t in texts.to_pylist()], pa.large_string()) if not plain else None
        texts = pc.ascii_lower(texts) if fold is None else fold
    if rules.strip_zeros:
        stripped = pc.utf8_ltrim(texts, "0")
        texts = pc.if_else(pc.and_(pc.equal(stripped, ""), pc.not_equal(texts, "")), "0", stripped)
    return texts
