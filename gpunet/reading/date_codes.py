"""The codes of strptime: what they match, as regular expressions of RE2, and dates written in them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from gpunet.base.errors import ConfigError
from gpunet.base.words import shortened
from gpunet.reading.dates import MONTHS

__all__ = ["CODES", "HALF", "MONTH", "OFFSET", "WEEKDAY", "WORDS", "ZONE", "codes_of", "regex_of", "written"]

#: What `date_format` may be beside strptime codes.
WORDS = ("dayfirst", "monthfirst", "epoch", "excel")

# Parts of regular expressions, for any case.
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
OFFSET = r"[+-](?:[01]\d|2[0-3])(?::?[0-5]\d(?::?[0-5]\d)?)?"
ZONE = r"(?:[a-z]{3,5}|ut|z|[a-z_]+(?:/[a-z0-9_+-]+)+)"  # at least three letters, as AM and PM are none
HALF = r"(?P<p>[ap]\.?m\.?)"

#: What each strptime code matches, and how it is written, for :meth:`str.format`.
CODES = {
    "Y": (r"(?P<y>\d{4})", "{y:04}"),
    "y": (r"(?P<y>\d\d)", "{y2:02}"),
    "m": (r"(?P<m>\d\d?)", "{m:02}"),
    "d": (r"(?P<d>\d\d?)", "{d:02}"),
    "j": (r"(?P<j>\d{1,3})", "{j:03}"),
    "b": (rf"(?P<b>{MONTH})\.?", "{b}"),
    "H": (r"(?P<H>\d\d?)", "{H:02}"),
    "I": (r"(?P<H>\d\d?)", "{I:02}"),
    "M": (r"(?P<M>[0-5]?\d)", "{M:02}"),
    "S": (r"(?P<S>[0-5]?\d)", "{S:02}"),
    "f": (r"(?P<f>\d+)", "{f:06}"),
    "p": (HALF, "{p}"),
    "a": (WEEKDAY, "{a}"),
    "z": (rf"(?:z|{OFFSET})", "+0100"),
    "Z": (rf"{ZONE}(?:{OFFSET})?", "UTC"),
    "%": ("%", "%"),
}  # fmt: skip

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

#: Codes that stand for others.
_SAME = {"B": "%b", "h": "%b", "A": "%a", "e": "%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "F": "%Y-%m-%d"}

#: Codes of digits where digits stand in front, so that none may be left out.
_EXACT = {
    "m": r"(?P<m>\d\d)", "d": r"(?P<d>\d\d)", "j": r"(?P<j>\d{3})",
    "H": r"(?P<H>\d\d)", "I": r"(?P<H>\d\d)", "M": r"(?P<M>[0-5]\d)", "S": r"(?P<S>[0-5]\d)",
}  # fmt: skip


def codes_of(given: str) -> list[str]:
    """The codes of a strptime format and the text between them, in turn, the text first.

    Raises
    ------
    ConfigError
        If it is none, or does not tell the day.
    """
    where = f'[input] date_format: "{shortened(given)}"'
    plain = re.sub(r"%%|%[-_0#]?([a-zA-Z])", lambda code: _SAME.get(code[1], f"%{code[1] or '%'}"), given.strip())
    parts = re.split(r"%(.|\Z)", plain, flags=re.DOTALL)
    codes = [code for code in parts[1::2] if code != "%"]
    if not codes:
        raise ConfigError(
            f'{where} is neither a format of strptime, as "%d/%m/%Y %H:%M", nor one of {", ".join(WORDS)}'
        )
    for code in codes:
        if code not in CODES:
            known = " ".join(f"%{known}" for known in [*CODES, *_SAME])
            raise ConfigError(f'{where} has the code "%{code}", which is not known; known are {known}')
    groups = [{"y": "Y", "I": "H"}.get(code, code) for code in codes]
    if doubled := [code for code in dict.fromkeys(groups) if groups.count(code) > 1]:
        raise ConfigError(f'{where} has "%{doubled[0]}" more than once, or in two ways')
    if "Y" not in groups or not {"m", "b", "j"} & set(groups):
        raise ConfigError(f"{where} lacks the year or the month")
    if len({"m", "b", "j"} & set(groups)) > 1 or {"j", "d"} <= set(groups):
        raise ConfigError(f"{where} tells the day or the month in two ways")
    if ("I" in codes) != ("p" in codes):
        raise ConfigError(f"{where} has one of %I and %p alone; with %p hours are %I, without it %H")
    if any(small in codes and large not in groups for small, large in ("fS", "SM", "MH")):
        raise ConfigError(f"{where} has a part of the time of day without the larger one")
    return parts


def regex_of(given: str) -> str:
    """The regular expression, for any case, of a strptime format.

    White space stands for any of it, and numbers may lack the zeros in front. Of numbers that follow each other without
    anything between only the first may; so there is one way to read a text.

    Raises
    ------
    ConfigError
        If the format is not understood, or does not tell year and month.
    """
    parts = codes_of(given)
    codes, regex, in_run = [*parts[1::2], ""], "", False
    exact = ("f", "") in zip(codes, parts[::2], strict=True)  # of a run that ends with any number of digits
    for text, code, after, then in zip(parts[::2], codes, [*parts[2::2], " "], [*codes[1:], ""], strict=True):
        regex += re.sub(r"(?:\\?\s)+", r"\\s+", re.escape(text))
        in_run = exact or (in_run and not text)
        if in_run and code in _EXACT:
            regex += _EXACT[code]
        elif code == "y" and not in_run and not after and then in _EXACT:
            regex += r"(?P<y>\d\d?)"
        elif code:
            regex += CODES[code][0]
        in_run = code in _EXACT or code in ("Y", "y", "f")
    return f"(?i:{regex})"


@lru_cache(maxsize=1)
def _samples() -> list[dict[str, Any]]:
    """Parts of some moments of 2001 to 2013, every day of the month and hour among them."""
    moments = [datetime(2001, 1, 1) + k * timedelta(days=11, hours=5, minutes=7, seconds=11) for k in range(400)]
    return [
        {
            "y": at.year, "y2": at.year % 100, "m": at.month, "b": MONTHS[at.month - 1][:3], "d": at.day,
            "j": at.timetuple().tm_yday, "a": _WEEKDAYS[at.weekday()], "H": at.hour, "I": (at.hour + 11) % 12 + 1,
            "M": at.minute, "S": at.second, "f": 0, "p": "PM" if at.hour > 11 else "AM",
        }
        for at in moments
    ]  # fmt: skip


def written(given: str) -> list[str]:
    """Some moments in a format: its numbers with zeros in front, without, and with all but the text's first."""
    parts = codes_of(given)
    texts = [text.replace("{", "{{").replace("}", "}}") for text in parts[::2]]
    codes = [CODES[code][1] for code in parts[1::2]]
    padded = "".join(text + code for text, code in zip(texts, [*codes, ""], strict=True))
    written = [template.format(**sample) for template in (padded, re.sub(r":0\d", "", padded)) for sample in _samples()]
    return written + [text[1:] for text in written[: len(_samples())] if text.startswith("0")]
