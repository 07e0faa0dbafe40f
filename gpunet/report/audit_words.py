"""What an audit found, in sentences: for its page, and for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import polars as pl

from gpunet.base.words import counted
from gpunet.evaluate.attributes import EVERYBODY, NOT_KNOWN
from gpunet.report.drivers import FAMILY_WORDS
from gpunet.report.named import named
from gpunet.report.outcome import OFFENDING, Outcome

__all__ = [
    "FEATURES_IN_WORDS",
    "RULES",
    "calibration_lead",
    "errors_lead",
    "missing_lead",
    "percent",
    "positives_words",
    "proxies_lead",
    "selection_lead",
]

#: The rules that select persons, in words.
RULES = {
    "threshold": "the model's threshold",
    "top_100": "the list of the first 100",
    "top_500": "the list of the first 500",
}

#: Families of features, as an audit calls them, in words.
FEATURES_IN_WORDS = {**FAMILY_WORDS, "history": FAMILY_WORDS["own record"], "all": "all features together"}

# An attribute of which more than this share of persons is not told has lost a large group.
_LARGE = 0.01

# The AUC of guesses that know nothing.
_COIN = 0.5

_TOO_SMALL = "too small, or would give a small one away"

#: How a name of somebody else's is written.
Name = Callable[[object], str]


def percent(share: float) -> str:
    """A share in percent.

    >>> percent(0.0352), percent(0.00042), percent(1.0)
    ('3.5 %', '0.042 %', '100 %')
    """
    of = 100 * share
    return f"{of:.2g} %" if 0 < abs(of) < 1 else f"{of:.3g} %" if abs(of) >= 99.95 else f"{of:.1f} %"


def positives_words(positives: int | None, least: int) -> str:
    """To how many it happened, which is null where these or all others are few.

    >>> positives_words(1234, 10), positives_words(None, 10)
    ('1,234', 'fewer than 10, or all but fewer than 10,')
    """
    return f"fewer than {least}, or all but fewer than {least}," if positives is None else f"{positives:,}"


def missing_lead(fairness: pl.DataFrame, by: Sequence[str], persons: int, name: Name = named) -> Iterator[str]:
    """For each attribute of which a large group is not told, how much is missing and what brings it back."""
    for attribute in by:
        of = fairness.filter((pl.col("by") == attribute) & (pl.col("rule") == "threshold"))
        hidden = of.filter(pl.col("persons").is_null())
        share = 1 - int(of["persons"].sum()) / persons
        if len(hidden) and share > _LARGE:
            unknown = NOT_KNOWN in hidden["group"].to_list()
            mend = "a file that has the attribute of everybody" if unknown else "a file with small groups put together"
            yield (
                f"By {name(attribute)}, groups with {percent(share)} of all persons are not told, so that a small one "
                f"cannot be found by subtraction: {mend} brings them back."
            )


def _single(fairness: pl.DataFrame, by: str, measure: str, rule: str = "threshold") -> pl.DataFrame:
    """The groups of one attribute under a rule of which a measure is told, by the measure."""
    of = fairness.filter((pl.col("by") == by) & (pl.col("rule") == rule)).drop_nulls(measure)
    return of.sort(measure, "group", descending=[True, False])


def _of_everybody(fairness: pl.DataFrame, measure: str, rule: str) -> float | None:
    found = fairness.filter((pl.col("by") == EVERYBODY) & (pl.col("rule") == rule))[measure]
    return None if not len(found) else found[0]


def _beyond_chance(of: pl.DataFrame, measure: str) -> str:
    """In how many groups a measure differs from everybody's by more than its interval, as far as that is known."""
    low, high = pl.col(f"{measure}_difference_low"), pl.col(f"{measure}_difference_high")
    known = of.filter(low.is_not_null() & high.is_not_null())
    if not len(known):
        return "whether that is more than chance cannot be told, as there are no intervals"
    found, groups = known.filter((low > 0) | (high < 0)).height, len(known)
    without = f" ({counted(len(of) - groups, 'more group')} without an interval)" if len(of) > groups else ""
    if groups == 1:
        which = f"the one group that is told {'differs' if found else 'does not differ'}"
    elif found == groups == 2:
        which = "both groups that are told differ"
    else:
        which = f"{found or 'none'} of {groups} groups that are told {'differ' if found > 1 else 'differs'}"
    return f"{which} from everybody by more than chance{without}"


def _span(of: pl.DataFrame, measure: str, name: Name) -> str:
    """The largest and the smallest value of some groups."""
    shares = [
        f"{percent(row[measure])} of {name(row['group'])}" for row in (of.row(0, named=True), of.row(-1, named=True))
    ]
    return shares[0] if len(of) == 1 else " and ".join(shares)


def _by_rule(fairness: pl.DataFrame, by: str, measure: str, name: Name) -> Iterator[str]:
    """For each rule that a table has, a sentence on what it does to the groups of one attribute."""
    told = fairness["rule"].to_list()
    for rule, words in RULES.items():
        if rule not in told:
            continue
        of, everybody = _single(fairness, by, measure, rule), _of_everybody(fairness, measure, rule)
        if not len(of) or everybody is None:
            yield f"Of {words} nothing can be told: the numbers are {_TOO_SMALL}."
            continue
        yield (
            f"{words[0].upper()}{words[1:]} selects {_span(of, measure, name)}, and {percent(everybody)} of everybody: "
            f"{_beyond_chance(of, measure)}."
        )


def _is_told(fairness: pl.DataFrame, by: str, measure: str) -> bool:
    return bool(len(fairness.filter(pl.col("by") == by).drop_nulls(measure)))


def selection_lead(fairness: pl.DataFrame, by: Sequence[str], name: Name = named) -> Iterator[list[str]]:
    """For each attribute a sentence a rule: of which group it selects the largest and the smallest share."""
    for attribute in by:
        if not _is_told(fairness, attribute, "selection_rate"):
            yield [f"By {name(attribute)} nothing can be told of who is selected: the groups are {_TOO_SMALL}."]
            continue
        first, *others = _by_rule(fairness, attribute, "selection_rate", name)
        yield [f"By {name(attribute)}, {first[0].lower()}{first[1:]}", *others]


def errors_lead(
    fairness: pl.DataFrame, by: Sequence[str], name: Name = named, outcome: Outcome = OFFENDING
) -> Iterator[list[str]]:
    """For each attribute a sentence a rule: whose persons it selects wrongly most often."""
    for attribute in by:
        if not _is_told(fairness, attribute, "false_positive_rate"):
            yield [f"By {name(attribute)} nothing can be told of errors: the numbers are {_TOO_SMALL}."]
            continue
        first, *others = _by_rule(fairness, attribute, "false_positive_rate", name)
        yield [
            f"By {name(attribute)}, of persons who were not {outcome.violence_of_many}, {first[0].lower()}{first[1:]}",
            *others,
        ]


def calibration_lead(
    fairness: pl.DataFrame, by: Sequence[str], name: Name = named, outcome: Outcome = OFFENDING
) -> str:
    """Of which group the probabilities are furthest from what happened."""
    rows = [row for attribute in by for row in _single(fairness, attribute, "calibration").iter_rows(named=True)]
    if not rows:
        return f"Whether probabilities mean the same in every group cannot be told: the numbers are {_TOO_SMALL}."
    known = [row for row in rows if row["calibration_low"] is not None and row["calibration_high"] is not None]
    if not known:
        return "Whether probabilities mean the same in every group cannot be told, as there are no intervals."
    sure = [row for row in known if row["calibration_low"] > 0 or row["calibration_high"] < 0]
    if not sure:
        return "In no group that is told do the probabilities differ from what happened by more than chance explains."
    worst = max(sure, key=lambda row: abs(row["calibration"]))
    return (
        f"The probabilities are furthest from what happened in {name(worst['group'])} (by {name(worst['by'])}): "
        f"{percent(worst['mean_score'])} were said to be {outcome.violence_of_many}, and {percent(worst['observed'])} "
        f"were. They differ beyond chance in {len(sure)} of {len(known)} groups told."
    )


def proxies_lead(proxies: pl.DataFrame, by: Sequence[str], name: Name = named) -> Iterator[str]:
    """For each attribute, which group the features guess best, and which family does."""
    for attribute in by:
        told = proxies.filter(pl.col("by") == attribute).drop_nulls("auc")
        together = told.filter(pl.col("family") == "all").sort("auc", "group", descending=[True, False])
        if not len(together):
            yield f"Whether features stand in for {name(attribute)} cannot be told: the groups are {_TOO_SMALL}."
            continue
        sure = together.filter(pl.col("auc_low") > _COIN)
        best: dict[str, Any] = (sure if len(sure) else together).row(0, named=True)
        low, high = best["auc_low"], best["auc_high"]
        span = "no interval can be had" if low is None else f"{low:.2f} to {high:.2f}"
        if not len(sure) and low is not None:
            yield (
                f"By {name(attribute)}, the features guess no group better than a coin (best: {name(best['group'])}, "
                f"with an AUC of {best['auc']:.2f}, {span}; 0.5 is a coin and 1 is certain)."
            )
            continue
        alone = told.filter(
            (pl.col("family") != "all") & (pl.col("group") == best["group"]) & (pl.col("auc_low") > _COIN)
        )
        family = alone.sort("auc", "family", descending=[True, False]).row(0, named=True) if len(alone) else None
        by_family = ""
        if family:
            words = FEATURES_IN_WORDS.get(family["family"])
            of_what = f"{family['family']} ({words})" if words else family["family"]
            by_family = f"; of single families, {of_what} does best ({family['auc']:.2f})"
        yield (
            f"By {name(attribute)}, the features together tell {name(best['group'])} from all others with an AUC of "
            f"{best['auc']:.2f} ({span}), where 0.5 is a coin and 1 is certain{by_family}."
        )
