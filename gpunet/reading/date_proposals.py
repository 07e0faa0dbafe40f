"""What to write into the configuration for dates that were not read: proposed with its meaning, never applied."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from gpunet.base.array_types import Bool, Int64
from gpunet.base.errors import ConfigError
from gpunet.base.shapes import example, hint, values_are_shown
from gpunet.reading.date_codes import MONTH, OFFSET, WEEKDAY, WORDS, ZONE
from gpunet.reading.date_formats import DateFormats, date_formats, patterns_of
from gpunet.reading.dates import BAD_DATE, DAY_US, EARLIEST, PLACEHOLDER_DAYS, day_in_words, latest_timestamp

__all__ = ["Proposal", "date_proposals"]

#: Numbers without anything between say a date only from here on, 1954-10-03: that of serials of five digits from 20000.
_NUMBERS_FROM = -5_569 * DAY_US

_TIME = r"(?<!\d)\d\d?:\d\d(?P<S>:\d\d(?P<f>[.,:]\d+)?)?(?P<p> *[ap]\.?m\.?(?![a-z]))?"

#: Dates of numbers, and how they may be meant; {0} is what stands between them. What follows a None is thought of only
#: where nothing before it fits.
_DATES: tuple[tuple[str, tuple[str | None, ...]], ...] = (
    (r"\d{4}([-/. ])\d\d?\1\d\d?", ("%Y{0}%m{0}%d", None, "%Y{0}%d{0}%m")),
    (r"\d\d?([-/. ])\d\d?\1\d{4}", ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y")),
    (r"\d\d?([-/. ])\d\d?\1\d\d", ("%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")),
    (r"\d{4}([-/. ])\d\d?", ("%Y{0}%m",)),
    (r"\d\d?([-/. ])\d{4}", ("%m{0}%Y",)),
    (r"\d{4}([-/. ])\d{3}", ("%Y{0}%j",)),
    (r"()\d{5}", ("%y%j",)),
    (r"()\d{6}", ("%y%m%d", "%d%m%y", "%m%d%y", "%Y%m")),
    (r"()\d{7}", ("%Y%j", "%d%m%Y", "%m%d%Y")),
    (r"()\d{8}", ("%d%m%Y", "%m%d%Y", None, "%Y%d%m")),
    (r"()\d{10}", ("%Y%m%d%H", "%y%m%d%H%M")),
    (r"()\d{12}", ("%Y%m%d%H%M", "%d%m%Y%H%M", "%m%d%Y%H%M", "%y%m%d%H%M%S")),
    (r"()\d{14}", ("%Y%m%d%H%M%S", "%d%m%Y%H%M%S", "%m%d%Y%H%M%S")),
    (r"()\d{17}", ("%Y%m%d%H%M%S%f",)),
)

_PLACEHOLDERS = [day for day, _ in PLACEHOLDER_DAYS]

#: So many ways to write dates are looked at, so many are proposed together, and between so many is the choice.
_MOST_SHAPES, _MOST_FORMATS, _MOST_CHOICES = 60, 12, 4


@dataclass(frozen=True)
class Proposal:
    """What could be written into the configuration.

    ``values``: up to three of those that were not read. ``formats``: values for `date_format`, each of which reads what
    can be read; if there are several, only the user knows which is right. ``null_dates``: for the key of that name,
    placeholders out of the range of dates. ``unread``: how many of the values are no dates so far. ``sentence``: all of
    it in words, but for placeholders that are read as they are: these are counted in a warning of their own.
    """

    values: tuple[str, ...]
    formats: tuple[str | tuple[str, ...], ...]
    null_dates: tuple[str, ...]
    unread: int
    sentence: str


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A format, the times that it makes of the values, and which of these it reads as plausible ones.

    ``last``: it is thought of only where no other fits.
    """

    given: str
    timestamps: Int64
    reads: Bool
    last: bool


def date_proposals(values: Sequence[str | None], column: str = "date", given: str | Sequence[str] = ()) -> Proposal:
    """Find formats for texts that are no dates as the configuration has it.

    Parameters
    ----------
    values
        The texts, one at least; some thousand distinct ones are enough.
    column
        The name of their column in the table, for the sentence.
    given
        The present `date_format`, which stays a part of what is proposed.

    Examples
    --------
    >>> date_proposals(["13/02/2013", "01/05/2013"]).formats
    ('dayfirst',)
    >>> date_proposals(["01/05/2013"]).formats
    ('dayfirst', 'monthfirst')
    """
    texts = list(dict.fromkeys(text for text in values if text and text.strip()))
    array = pa.array(texts, pa.large_string())
    present = tuple(filter(None, (given,) if isinstance(given, str) else given))
    unread = date_formats(present).parse(array) == BAD_DATE
    candidates = _candidates(texts, array)
    combinations, torn = _combined(candidates, unread, present)
    formats = [(*present, *(one.given for one in chosen)) for chosen in combinations if chosen and not torn]
    timestamps = date_formats(formats[0] if formats else present).parse(array)
    first = [int(np.argmax(one.reads & unread)) for one in combinations[0]]
    shown = [*dict.fromkeys((*first, *np.flatnonzero(unread).tolist(), *range(len(texts))))][:3]
    are_dates = np.any([one.reads for one in candidates], axis=0) if candidates else np.zeros(len(texts), np.bool_)

    def such_as(places: Sequence[int]) -> str:
        listed = dict.fromkeys(_quoted(texts[at]) if are_dates[at] else example(texts[at]) for at in places[:3])
        return f"dates such as {_and(list(listed))}"

    said = []
    if torn or formats:
        choice = "need a format: write [input] " + _choice_words(texts, formats, combinations) if formats else ""
        about = [at for at in shown if unread[at] and (torn or timestamps[at] != BAD_DATE)]
        said.append(f"{such_as(about)} {choice or _torn_words(texts, torn, present)}")
    if not torn:
        told = np.isin(timestamps // DAY_US, timestamps[unread] // DAY_US) & np.isin(
            timestamps // DAY_US, _PLACEHOLDERS
        )
        late = ((timestamps < EARLIEST) | (timestamps > latest_timestamp(None))) & ~told
        faults = _faults(texts, array, timestamps == BAD_DATE, date_formats(formats[0] if formats else present))
        faults = [*faults, ("lie before 1900 or after today", late & (timestamps != BAD_DATE))]
        said += [f"{such_as(np.flatnonzero(those).tolist())} {fault}" for fault, those in faults if those.any()]
    if nulls := _refused(timestamps[unread]):
        said.append(f"write [input] null_dates = {_toml(nulls)} for these placeholders to be no date")
    sentence = f'column "{_plain(column)}": {"; ".join(said)}' + ("" if are_dates.all() else hint())
    examples = tuple(texts[at] for at in shown)
    return Proposal(examples, tuple(map(_setting, formats)), _refused(timestamps), int(unread.sum()), sentence)


def _faults(texts: Sequence[str], array: Any, bad: Bool, formats: DateFormats) -> list[tuple[str, Bool]]:
    """What is wrong with the texts that are `bad` in these formats, and with which of them: each has one fault."""
    fits = np.any([pattern.fits(array) for pattern in formats.patterns], axis=0)
    written = bad & fits & np.array([bool(formats.given or re.match(r"\s*\d{4}-\d\d-\d\d", text)) for text in texts])
    times = any(":" in texts[at] for at in np.flatnonzero(written).tolist())
    return [
        (
            'are not understood: write [input] date_format with strptime codes, as in "%d/%m/%Y %H:%M", or null_values '
            "if they stand for no date",
            bad & ~written,
        ),
        ("are no days of the calendar" + (" or no times of day" if times else ""), written),
    ]


def _refused(timestamps: Int64) -> tuple[str, ...]:
    """The placeholders out of the range of dates that are among the timestamps."""
    met = frozenset((timestamps // DAY_US).tolist())
    first, last = EARLIEST // DAY_US, latest_timestamp(None) // DAY_US
    return tuple(text for day, text in PLACEHOLDER_DAYS if day in met and not first <= day <= last)


def _candidates(texts: Sequence[str], array: Any) -> list[_Candidate]:
    """Every format that reads something, the more general first."""
    numeric = any(re.match(r"\s*\d\d?[-/. ]+\d\d?[-/. ]+\d", text) for text in texts)
    found = dict.fromkeys(WORDS if numeric else WORDS[2:], False)  # no order is proposed where only names of months are
    for text in texts:
        for shape, last in _shapes(text):
            if len(found) < _MOST_SHAPES and not re.search(r"\d", shape) and _is_proposed(shape):
                found.setdefault(shape, last)
    out = []
    for given, last in found.items():
        try:
            timestamps = DateFormats((), patterns_of(given)).parse(array)
        except ConfigError:
            continue
        bare = given in WORDS[2:] or not re.search(r"%.[^%]", given)
        reads = (timestamps >= (_NUMBERS_FROM if bare else EARLIEST)) & (timestamps <= latest_timestamp(None))
        if reads.any():
            out.append(_Candidate(given, timestamps, reads, last))
    return out


def _shapes(text: str) -> Iterator[tuple[str, bool]]:
    """Formats of strptime that the text may be written in, and whether each is one for want of a better."""
    shape = re.sub(_TIME, _time_codes, " ".join(text.replace("%", "%%").split()), count=1, flags=re.IGNORECASE)
    shape, named = re.subn(rf"(?<![a-z%]){MONTH}(?![a-z])\.?", "%b", shape, count=1, flags=re.IGNORECASE)
    shape = re.sub(rf"(?<![a-z%]){WEEKDAY}(?![a-z])", "%a", shape, count=1, flags=re.IGNORECASE)
    shape = re.sub(rf"(%[MSfp] ?)(?:z|{OFFSET})(?![^ ])", r"\1%z", shape, count=1, flags=re.IGNORECASE)
    shape = re.sub(rf"(%[MSfp] ?){ZONE}(?:{OFFSET})?(?![^ ])", r"\1%Z", shape, count=1, flags=re.IGNORECASE)
    if named:
        shape, has_year = re.subn(r"(?<!\d)\d{4}(?!\d)", "%Y", shape, count=1)
        if not has_year:
            shape = re.sub(r"(.*\D)\d\d(?!\d)", r"\1%y", shape, count=1)
        yield re.sub(r"(?<!\d)\d\d?(?!\d)", "%d", shape, count=1), False
        return
    for regex, formats in _DATES:
        if found := re.search(rf"(?<!\d){regex}(?!\d)", shape):
            for at, one in enumerate(formats):
                if one is not None:
                    codes = one.format(found[1])
                    yield shape[: found.start()] + codes + shape[found.end() :], None in formats[:at]
            return


def _is_proposed(shape: str) -> bool:
    """Whether a format may be shown: words that stand around a date may be a name."""
    return values_are_shown() or not re.search(r"[^\W\d_]{3}", re.sub("%.", " ", shape))


def _time_codes(found: re.Match[str]) -> str:
    seconds, fraction, half = found["S"], found["f"], found["p"]
    codes = ("%I" if half else "%H") + ":%M" + (":%S" if seconds else "") + (f"{fraction[0]}%f" if fraction else "")
    return codes + (" " * half.startswith(" ") + "%p" if half else "")


def _combined(
    candidates: Sequence[_Candidate], wanted: Bool, present: tuple[str, ...]
) -> tuple[list[tuple[_Candidate, ...]], tuple[_Candidate, ...]]:
    """Formats that together read what can be read, in every combination of those that read the same as other days.

    The second value are formats that would be needed together and contradict each other, or the present ones.
    """
    combinations: list[tuple[_Candidate, ...]] = [()]
    left = wanted
    while len(combinations[0]) < _MOST_FORMATS:
        best = max(candidates, key=lambda one: (np.count_nonzero(one.reads & left), not one.last), default=None)
        if best is None or not (best.reads & left).any():
            break
        news = best.reads & left
        options = [best]
        for one in candidates:
            alike = one.last == best.last and np.array_equal(one.reads & left, news)
            if alike and not any(np.array_equal(one.timestamps[news], other.timestamps[news]) for other in options):
                options.append(one)
        longer = [(*chosen, one) for chosen in combinations for one in options if _fit(present, (*chosen, one))]
        if not longer:
            against = (one for one in combinations[0] if not _fit((), (one, best)))
            return combinations, (*against, best)
        combinations, left = longer[:_MOST_CHOICES], left & ~news
    return combinations, ()


def _fit(present: tuple[str, ...], chosen: Sequence[_Candidate]) -> bool:
    try:
        date_formats((*present, *(one.given for one in chosen)))
    except ConfigError:
        return False
    return True


def _choice_words(
    texts: Sequence[str], formats: Sequence[tuple[str, ...]], combinations: Sequence[tuple[_Candidate, ...]]
) -> str:
    """Each line of configuration, and what some of the values are with it."""
    examples = []
    for options in zip(*combinations, strict=True):
        reads = options[0].reads
        differs = np.any([reads & (one.timestamps != options[0].timestamps) for one in options], axis=0)
        if differs.any() or len(combinations) == 1:
            examples.append((int(np.argmax(differs if differs.any() else reads)), options))
    lines = []
    for number, value in enumerate(formats):
        subject = "it" if number and len(examples) == 1 else None
        days = [
            f"{subject or _quoted(texts[at])} is {day_in_words(int(options[number].timestamps[at]))}"
            for at, options in examples[:3]
        ]
        lines.append(f"date_format = {_toml(_setting(value))} if {' and '.join(days)}")
    return ", or ".join(lines)


def _torn_words(texts: Sequence[str], torn: Sequence[_Candidate], present: tuple[str, ...]) -> str:
    other = torn[-1]
    if len(torn) == 1:
        example = texts[int(np.argmax(other.reads))]
        return (
            f"do not fit [input] date_format = {_toml(_setting(present))}: {_quoted(example)} is a date with "
            f'"{other.given}", which contradicts it'
        )
    one = torn[0]
    ours, theirs = (texts[int(np.argmax(a.reads & ~b.reads))] for a, b in ((one, other), (other, one)))
    return (
        f'are written in two ways that contradict each other: {_quoted(ours)} is a date with "{one.given}" alone, '
        f'{_quoted(theirs)} with "{other.given}" alone, and others may be either; write them alike in the tables, or '
        f'[input] date_format = "{one.given}" to have those rejected that do not fit'
    )


def _setting(formats: tuple[str, ...]) -> str | tuple[str, ...]:
    return formats if len(formats) > 1 else formats[0]


def _toml(value: str | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False)  # a text, and a list of texts, is written alike in both


def _and(texts: Sequence[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def _quoted(text: str) -> str:
    """A text that is a date."""
    return f'"{_plain(text if len(text) <= 60 else text[:57] + "...")}"'


def _plain(text: Iterable[str]) -> str:
    """The text with control bytes, and whatever else is not to be seen, as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
