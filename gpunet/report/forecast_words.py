"""What a forecast is worth, in sentences that say plainly where a simple ranking is as good."""

from __future__ import annotations

import re
from datetime import date, timedelta

from gpunet.evaluate.forecast_intervals import Compared, Estimate
from gpunet.report.audience import Audience
from gpunet.report.few import is_few, lists_of, told_lists
from gpunet.report.outcome import OFFENDING, Outcome

__all__ = [
    "MEASURES_SHOWN",
    "below_sentence",
    "first_hundred_told",
    "interval_words",
    "measure_words",
    "number_words",
    "of_first_hundred",
    "order_sentence",
    "share",
    "top_sentence",
    "verdict",
    "window_words",
]

_LIST = 100
_TOP = f"precision_top_{_LIST}"

_MEASURE_WORDS = {
    "precision_top_100": "Of the first 100, share with a {event}",
    "precision_top_500": "Of the first 500, share with a {event}",
    "auc": "Pairs ranked the right way round (AUC)",
    "average_precision": "Mean precision over the whole order (average precision)",
    "precision": "Of those flagged, share with a {event} (precision)",
    "recall": "Of those with a {event}, share flagged (recall)",
    "f1": "Precision and recall in one (F1)",
    "brier": "Mean squared error of the probabilities (Brier)",
}

#: Measures in the order of tables.
MEASURES_SHOWN = tuple(_MEASURE_WORDS)

#: Of a number that would tell how few others there are.
_UNDISCLOSED = "an undisclosed number"

_VERDICTS = {
    "better": "the model's list is better",
    "no better": "as far as this window shows, the model's list is no better than that of {record} alone",
    "worse": "{record} alone gives the better list",
}

#: AUC of a random order.
_CHANCE = 0.5


def measure_words(name: str, outcome: Outcome = OFFENDING) -> str:
    """What a measure says, for a reader who has not met it.

    >>> measure_words("recall")
    'Of those with a violent arrest, share flagged (recall)'
    """
    return _MEASURE_WORDS[name].format(event=outcome.event)


#: Why a difference of two lists of persons, or an end of its interval, may be no whole number.
_PARTS = (
    "(Parts of a person: persons of equal value at the end of a list count by their share, and an end of an interval "
    "may lie between two draws.)"
)


def top_sentence(
    found: Compared, audience: Audience, *, window: str = "the test window", outcome: Outcome = OFFENDING
) -> str:
    """The first 100 persons of the model beside those of past violence alone: which list is better, if that is known.

    Where the interval of the difference holds 0 the model is said to be no better.
    """
    ours, simple, less = found.model[_TOP], found.past_violence[_TOP], found.difference[_TOP]
    if ours.value is None:
        return f"There is no list of {_LIST} persons to judge the forecast by: {ours.reason}."
    verdicts = {which: words.format(record=outcome.record) for which, words in _VERDICTS.items()}
    of_all = found.persons, found.positives, audience
    words = ["" if of.value is None else of_first_hundred(of.value, *of_all) for of in (ours, simple)]
    told = f"Of the {_LIST} persons that the model ranks highest {words[0]} had a {outcome.event} in {window}"
    if simple.value is None or less.value is None:
        return f"{told}; there is no record of {outcome.record} to compare with."
    told += f"; of the {_LIST} that {outcome.record} alone ranks highest, {words[1]}"
    if less.interval is None:
        return f"{told}. Whether that is a difference or chance cannot be told: {less.reason}."
    which = verdict(less)
    if not all(first_hundred_told(of.value, *of_all) for of in (ours, simple)):
        return f"{told}. {verdicts[which].capitalize()}."
    numbers = [number_words(_LIST * end, signed=True) for end in (less.value, *less.interval)]
    value, low, high = numbers
    parts = f" {_PARTS}" if any("." in number for number in numbers) else ""
    if which == "no better":
        differ = f"{value}, but its 95 % interval, {low} to {high}, holds 0"
    else:
        differ = f"{value} (95 % interval {low} to {high})"
    return f"{told}. The difference is {differ}: {verdicts[which]}.{parts}"


def first_hundred_told(value: float | None, persons: int, positives: int, audience: Audience) -> bool:
    """Whether this audience may be told how many of an order's first 100 are positives, `value` being their share."""
    return value is None or _TOP in told_lists(lists_of({_TOP: value}, persons, positives), audience)


def of_first_hundred(value: float, persons: int, positives: int, audience: Audience) -> str:
    """How many of an order's first 100 are positives: no whole number if equals at its end count by their share.

    Whether it is few is asked before it is rounded.

    >>> [of_first_hundred(value, 900, 200, Audience("public")) for value in (0.098, 0.49, 0.902)]
    ['fewer than 10', '49', 'more than 90']
    """
    number = round(_LIST * value, 6)
    if first_hundred_told(value, persons, positives, audience):
        return number_words(number)
    return audience.out_of(number, _LIST) if is_few(number, _LIST) else _UNDISCLOSED


def order_sentence(found: Compared, outcome: Outcome = OFFENDING) -> str:
    """The order of everybody: the area under the ROC curve, in words, beside past violence alone and chance."""
    ours, simple, less = (of["auc"] for of in (found.model, found.past_violence, found.difference))
    if ours.value is None:
        return f"How well the model orders everybody cannot be told: {ours.reason}."
    told = (
        f"Of two persons, one with and one without a {outcome.event} in the test window, the model ranks the right "
        f"one higher in {_tenths(ours.value)} of all cases{_in_brackets(ours)}"
    )
    if (ours.value if ours.interval is None else ours.interval[0]) <= _CHANCE:
        told += ", which is no better than tossing a coin (50 %)"
    if simple.value is None or less.value is None:
        return f"{told}."
    told += f"; {outcome.record} alone in {_tenths(simple.value)}{_in_brackets(simple)}"
    which = verdict(less)
    words = {"better": "better than", "worse": "worse than", "no better": "no better than"}
    return f"{told}. Over everybody the model is {words[which]} {outcome.record} alone." if which else f"{told}."


def below_sentence(found: Compared, audience: Audience, outcome: Outcome = OFFENDING) -> str:
    """By which measures the model is below past violence alone, or below chance; "" if by none.

    It is the values that are compared, not their intervals: whoever looks for the better order sees the same.
    """
    measures = {"average_precision": "average precision"}
    top = found.model[_TOP].value
    if first_hundred_told(top, found.persons, found.positives, audience):
        measures[_TOP] = f"the share of the first {_LIST}"
    said = [
        f"by {words} the model ({ours:.3f}) is below {' and '.join(under)}"
        for name, words in measures.items()
        if (ours := found.model[name].value) is not None and (under := _under(found, name, ours, outcome))
    ]
    return f"{'; '.join(said).capitalize()}." if said else ""


def _under(found: Compared, name: str, ours: float, outcome: Outcome) -> list[str]:
    """What is above the model by a measure, with its value; the list of past violence is told of elsewhere."""
    others = {"chance": found.chance[name]}
    if name != _TOP:
        others = {f"{outcome.record} alone": found.past_violence[name].value, **others}
    return [f"{words} ({value:.3f})" for words, value in others.items() if value is not None and ours < value]


def verdict(less: Estimate) -> str:
    """``better``, ``worse`` or ``no better`` by the interval of a difference, "" where there is none.

    >>> verdict(Estimate(0.08, (-0.05, 0.15))), verdict(Estimate(0.08, (0.01, 0.15))), verdict(Estimate(0.1))
    ('no better', 'better', '')
    """
    if less.interval is None:
        return ""
    low, high = less.interval
    return "better" if low > 0 else "worse" if high < 0 else "no better"


def interval_words(estimate: Estimate, form: str = "{:.3f}") -> str:
    """A value with its interval, as a table shows it; a dash for what is not defined.

    >>> interval_words(Estimate(0.8008, (0.7811, 0.8188))), interval_words(Estimate(None))
    ('0.801 (0.781 to 0.819)', '-')
    """
    if estimate.value is None:
        return "-"
    value = form.format(estimate.value)
    return value if estimate.interval is None else f"{value} ({' to '.join(map(form.format, estimate.interval))})"


def share(value: float) -> str:
    """A share in percent, with as many digits as are of use.

    >>> share(0.8008), share(0.0333), share(0.0004)
    ('80 %', '3.3 %', '0.04 %')
    """
    percent = 100 * value
    if percent >= 10 or not percent:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.1g} %"


def window_words(window: str) -> str:
    """The first and the last day of a window as ``run.json`` has it; anything else as it is.

    >>> window_words("[2014-03-05, 2014-09-01)")
    '2014-03-05 to 2014-08-31'
    """
    days = re.fullmatch(r"\[(\d{4}-\d\d-\d\d), (\d{4}-\d\d-\d\d)\)", window)
    return window if days is None else f"{days[1]} to {date.fromisoformat(days[2]) - timedelta(days=1)}"


def _tenths(value: float) -> str:
    return f"{100 * value:.1f} %"


def _in_brackets(estimate: Estimate) -> str:
    if estimate.interval is None:
        return ""
    low, high = map(_tenths, estimate.interval)
    return f" (95 % interval {low} to {high})"


def number_words(value: float, *, signed: bool = False) -> str:
    """A number of persons with at most one digit, none if it is whole.

    >>> number_words(41.0), number_words(41.333), number_words(-5.0, signed=True), number_words(8.0, signed=True)
    ('41', '41.3', '-5', '+8')
    """
    rounded = round(value, 1)
    text = f"{abs(rounded):.1f}".removesuffix(".0")
    sign = "-" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + text
