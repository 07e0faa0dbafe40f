"""What an audit found, in sentences: for its page, and for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import polars as pl

from gpunet.evaluate.attributes import EVERYBODY, NOT_KNOWN
from gpunet.report.named import named
from gpunet.report.outcome import OFFENDING, Outcome

__all__ = [
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


def _single(fairness: pl.DataFrame, by: str, measure: str) -> pl.DataFrame:
    """The groups of one attribute under the threshold of which a measure is told, by the measure."""
    of = fairness.filter((pl.col("by") == by) & (pl.col("rule") == "threshold")).drop_nulls(measure)
    return of.sort(measure, "group", descending=[True, False])


def _of_everybody(fairness: pl.DataFrame, measure: str) -> float | None:
    found = fairness.filter((pl.col("by") == EVERYBODY) & (pl.col("rule") == "threshold"))[measure]
    return None if not len(found) else found[0]


def _differ(of: pl.DataFrame, measure: str) -> int:
    """In how many groups a measure differs from everybody's by more than its interval."""
    low, high = pl.col(f"{measure}_difference_low"), pl.col(f"{measure}_difference_high")
    return of.filter((low > 0) | (high < 0)).height


def _of_groups(found: int, groups: int) -> str:
    if groups == 1:
        return "that of the one group told differs" if found else "that of the one group told does not differ"
    return f"{found or 'none'} of {groups} groups told {'differs' if found == 1 else 'differ'}"


def _span(of: pl.DataFrame, measure: str, name: Name) -> str:
    """The largest and the smallest value of some groups."""
    shares = [
        f"{percent(row[measure])} of {name(row['group'])}" for row in (of.row(0, named=True), of.row(-1, named=True))
    ]
    return shares[0] if len(of) == 1 else " and ".join(shares)


def selection_lead(fairness: pl.DataFrame, by: Sequence[str], name: Name = named) -> Iterator[str]:
    """For each attribute, of which group the threshold selects the largest and the smallest share."""
    everybody = _of_everybody(fairness, "selection_rate")
    for attribute in by:
        of = _single(fairness, attribute, "selection_rate")
        if not len(of) or everybody is None:
            yield f"By {name(attribute)} nothing can be told of who is selected: the groups are {_TOO_SMALL}."
            continue
        yield (
            f"By {name(attribute)}, the model's threshold selects {_span(of, 'selection_rate', name)}; of everybody "
            f"{percent(everybody)}. Beyond chance, {_of_groups(_differ(of, 'selection_rate'), len(of))} from everybody."
        )


def errors_lead(
    fairness: pl.DataFrame, by: Sequence[str], name: Name = named, outcome: Outcome = OFFENDING
) -> Iterator[str]:
    """For each attribute, whose persons are selected wrongly most often."""
    everybody = _of_everybody(fairness, "false_positive_rate")
    for attribute in by:
        of = _single(fairness, attribute, "false_positive_rate")
        if not len(of) or everybody is None:
            yield f"By {name(attribute)} nothing can be told of errors: the numbers are {_TOO_SMALL}."
            continue
        yield (
            f"By {name(attribute)}, of persons who were not {outcome.violence_of_many} the threshold selects "
            f"{_span(of, 'false_positive_rate', name)}; of everybody {percent(everybody)}. Beyond chance, "
            f"{_of_groups(_differ(of, 'false_positive_rate'), len(of))} from everybody."
        )


def calibration_lead(
    fairness: pl.DataFrame, by: Sequence[str], name: Name = named, outcome: Outcome = OFFENDING
) -> str:
    """Of which group the probabilities are furthest from what happened."""
    rows = [row for attribute in by for row in _single(fairness, attribute, "calibration").iter_rows(named=True)]
    if not rows:
        return f"Whether probabilities mean the same in every group cannot be told: the numbers are {_TOO_SMALL}."
    sure = [row for row in rows if _excludes_zero(row["calibration_low"], row["calibration_high"])]
    if not sure:
        return "In no group that is told do the probabilities differ from what happened by more than chance explains."
    worst = max(sure, key=lambda row: abs(row["calibration"]))
    return (
        f"The probabilities are furthest from what happened in {name(worst['group'])} (by {name(worst['by'])}): "
        f"{percent(worst['mean_score'])} were said to be {outcome.violence_of_many}, and {percent(worst['observed'])} "
        f"were. They differ beyond chance in {len(sure)} of {len(rows)} groups told."
    )


def _excludes_zero(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and (low > 0 or high < 0)


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
        by_family = f"; of single families, {family['family']} does best ({family['auc']:.2f})" if family else ""
        yield (
            f"By {name(attribute)}, the features together tell {name(best['group'])} from all others with an AUC of "
            f"{best['auc']:.2f} ({span}), where 0.5 is a coin and 1 is certain{by_family}."
        )
