"""What two values of a column have to have in common to speak for one person: found out from what stands in it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyarrow as pa

from gpunet.config.input_config import InputConfig
from gpunet.reading.date_formats import date_formats
from gpunet.reading.dates import BAD_DATE, DAY_US, null_days, timestamp_text

__all__ = ["IN_WORDS", "Compared", "Kind", "compared", "pairs_alike"]

Kind: TypeAlias = Literal["date", "postcode", "name", "exact"]

#: What is compared of each kind.
IN_WORDS: dict[Kind, str] = {
    "date": "dates: equal, one character apart, within a month, within a year",
    "postcode": "UK postcodes: equal, of one sector, district or area",
    "name": "names: equal, or alike by Jaro-Winkler (0.92, 0.88)",
    "exact": "equal or not",
}

#: So large a share of a column's distinct values has to be of a kind, in both tables.
_MOST = 0.95

_POSTCODE = re.compile(r"([A-Za-z]{1,2}[0-9][A-Za-z0-9]?) ?([0-9][A-Za-z]{2})")

#: Names are longer than codes of one or two letters.
_SHORTEST_NAME = 3

_Texts: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True)
class Compared:
    """A column that is compared: its values in both tables, written alike, and how they are compared."""

    name: str
    kind: Kind
    a: _Texts
    b: _Texts


def compared(name: str, a: _Texts, b: _Texts, config: InputConfig) -> Compared:
    """What kind of values a column has, and these written alike.

    A kind is what 95 % of the distinct values are, in each table that has any. Values of it that are none count as
    missing, but of names and of what is only compared for equality.

    Examples
    --------
    >>> from gpunet.config.input_config import InputConfig
    >>> compared("born", ("1990-01-02", None), ("1990-01-02 00:00",), InputConfig())
    Compared(name='born', kind='date', a=('1990-01-02', None), b=('1990-01-02',))
    >>> compared("post code", ("ab1 2cd",), ("AB12CD",), InputConfig()).a
    ('AB1 2CD',)
    >>> compared("surname", ("O'Neil ",), ("ONEIL",), InputConfig()).b
    ('oneil',)
    """
    dates = _dates({text for text in (*a, *b) if text is not None}, config)
    if _mostly(a, b, dates.__contains__):
        nothing = {text for _, text in null_days(config)}
        days = {text: None if day in nothing else day for text, day in dates.items()}
        return Compared(name, "date", _each(a, days), _each(b, days))
    if _mostly(a, b, lambda text: _postcode(text) is not None):
        return Compared(name, "postcode", tuple(map(_postcode, a)), tuple(map(_postcode, b)))
    plain_a, plain_b = tuple(map(_plain, a)), tuple(map(_plain, b))
    return Compared(name, "name" if _mostly(plain_a, plain_b, _is_name) else "exact", plain_a, plain_b)


def pairs_alike(column: Compared) -> int:
    """How many pairs of a record of A and one of B have the same value."""
    of_a, of_b = Counter(column.a), Counter(column.b)
    return sum(count * of_b[text] for text, count in of_a.items() if text is not None)


def _mostly(a: _Texts, b: _Texts, is_one: Callable[[str], bool]) -> bool:
    """Whether most distinct values of both tables are of a kind; a table without values has no say."""
    tables = [found for values in (a, b) if (found := {text for text in values if text is not None})]
    return bool(tables) and all(sum(map(is_one, sorted(of))) >= _MOST * len(of) for of in tables)


def _dates(texts: set[str], config: InputConfig) -> dict[str, str]:
    """The days of the texts that are dates, in ISO's writing."""
    ordered = sorted(texts)
    found = date_formats(config.date_format).parse(pa.array(ordered, pa.large_string())).tolist()
    return {
        text: timestamp_text(timestamp // DAY_US * DAY_US)
        for text, timestamp in zip(ordered, found, strict=True)
        if timestamp != BAD_DATE
    }


def _each(texts: _Texts, written: dict[str, str | None]) -> _Texts:
    return tuple(None if text is None else written.get(text) for text in texts)


def _postcode(text: str | None) -> str | None:
    """A UK postcode in capitals, with a blank before its last three characters; None if it is none."""
    found = None if text is None else _POSTCODE.fullmatch(text.strip())
    return None if found is None else f"{found[1]} {found[2]}".upper()


def _is_name(plain: str) -> bool:
    return len(plain) >= _SHORTEST_NAME and not any(c.isdigit() for c in plain)


def _plain(text: str | None) -> str | None:
    """A text without case, accents and what stands between letters and digits."""
    if text is None:
        return None
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in letters if c.isalnum() or c.isspace() or c == "-")
    return " ".join(kept.replace("-", " ").split()) or None
