"""Numbers and names in sentences, and advice on what to write into the configuration."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = ["Advice", "counted", "plain_name", "quoted", "shortened", "toml_key", "toml_of"]

_BETWEEN = re.compile(r"[\s_-]+")

#: Other spellings of our names.
_OTHERWISE = {"offense": "offence"}


class Advice(NamedTuple):
    """What may be wrong, in words, and the key under ``[input]`` with the value that sets it right; "" if none does."""

    about: str
    key: str = ""
    value: Any = None

    @property
    def line(self) -> str:
        """The line to write."""
        return f"{self.key} = {toml_of(self.value)}" if self.key else ""

    @property
    def sentence(self) -> str:
        """The two as one sentence."""
        return f"{self.about}, write [input] {self.line}" if self.line else self.about


def toml_of(value: Any) -> str:
    """A value as it is written in TOML, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{toml_key(key)} = {toml_of(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_of, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def toml_key(name: str) -> str:
    """A key as it is written in TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def counted(n: int, noun: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


@lru_cache(maxsize=1024)  # thousands of files have the same few names
def plain_name(name: str) -> str:
    """A name of a column as names are compared: without case, blanks, underscores and hyphens; "offense" is "offence".

    Examples
    --------
    >>> plain_name("Person ID") == plain_name("person-id")
    True
    """
    plain = _BETWEEN.sub("", unicodedata.normalize("NFC", name).casefold())
    return _OTHERWISE.get(plain, plain)


def quoted(names: Iterable[object]) -> str:
    """``"a", "b c"``: where a name begins and ends is seen, blanks are too."""
    return ", ".join(f'"{name}"' for name in names)


def shortened(text: str, longest: int = 60) -> str:
    """The text, or its beginning and three points."""
    return text if len(text) <= longest else text[:longest] + "..."
