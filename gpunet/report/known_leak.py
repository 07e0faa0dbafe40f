"""How much of what the paper's protocol finds is labels that its features have seen."""

from __future__ import annotations

from typing import Any

import polars as pl

from gpunet.report.experiment_charts import dots
from gpunet.report.experiment_rows import known_of, leak_of, most_persons
from gpunet.report.experiment_words import (
    CLASSIFIERS,
    FAMILIES,
    PROTOCOLS,
    between,
    in_a_sentence,
    in_order,
    with_intervals,
    with_words,
)
from gpunet.report.figure import Figure, Paragraph, Section, Table
from gpunet.report.source import Source

__all__ = ["known_leak", "leak_sentence"]

#: The paper's classifier, whose leak is told first.
_FIRST = "random forest"

_COUNTS = ("persons", "positives", "negatives")

_TITLE = "How much of the paper's protocol is leak"

_HOW = (
    "Under the paper's protocol features are computed once, from the labels of everybody but the person whose features "
    "they are. The features of your neighbours then hold your label, and a classifier that is trained on them can find "
    "it there. With the labels of the test persons hidden nothing of the kind is possible. The difference between the "
    "two is the leak; it also has the effect that fewer labels of other persons are known, which makes it somewhat "
    "larger, and that several predictions are averaged, which makes it somewhat smaller."
)
#: Measured on labels drawn at random: docs/results.md.
_RANDOM = (
    "What the protocol alone gives is seen on labels drawn at random, of which nothing can be told: on synthetic "
    "tables a random forest reached an AUC of 0.98 for them, from places alone, and 0.5 with the labels of the test "
    "persons hidden."
)
_BOTH = 'Two protocols measure it: "gpunet evaluate known --protocol paper --protocol cross_fitted".'


def leak_sentence(source: Source) -> str:
    """How much of the AUC under the paper's protocol is lost without the labels of the test persons, in words."""
    rows = _first(with_words(leak_of(source)).filter(family=FAMILIES["all"]).drop_nulls("leak"))
    if not rows:
        return _without_leak(source)
    row = rows[0]
    name = in_a_sentence(row["classifier"])
    said = (
        f"Under the paper's protocol {name} ranks a violent person above another in "
        f"{100 * row['auc_paper']:.0f} of 100 pairs (AUC {row['auc_paper']:.3f}); with {row['protocol']} in "
        f"{100 * row['auc']:.0f} (AUC {row['auc']:.3f}). {_verdict(row)}"
    )
    further = [f" With {each['protocol']} the AUC is {each['auc']:.3f}." for each in rows[1:]]
    return said + "".join(further)


def _first(data: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of the classifier to be told of, one a protocol; that of the paper's if it is there."""
    names = in_order(data["classifier"], CLASSIFIERS)
    name = _FIRST if _FIRST in names else next(iter(names), None)
    places = {word: place for place, word in enumerate(PROTOCOLS.values())}
    rows = data.filter(classifier=name).to_dicts() if name else []
    return sorted(rows, key=lambda row: places.get(row["protocol"], len(places)))


def _verdict(row: dict[str, Any]) -> str:
    lost, low, above = between(row, "leak"), row["leak_low"], row["auc_paper"] - 0.5
    if row["leak"] <= 0 or above <= 0:
        return f"The difference, {lost}, is no gain: nothing is lost by an honest test."
    if low is not None and low <= 0:
        return f"The difference, {lost}, cannot be told from none."
    share = min(row["leak"] / above, 1)
    unsure = "; without an interval nobody can say whether that is chance" if low is None else ""
    return (
        f"The difference, {lost}, is {share:.0%} of what the paper's protocol has above the 0.5 of a toss of a coin"
        f"{unsure}."
    )


def _without_leak(source: Source) -> str:
    protocols = set(known_of(source)["protocol"].drop_nulls())
    if not protocols:
        return "There is nothing to show: the numbers are too small for this page."
    if protocols == {"paper"}:
        return (
            "Only the paper's protocol was tried, in which features know the labels of the persons who are tested: its "
            "figures are too good, and nothing here says by how much."
        )
    if "paper" not in protocols:
        return (
            "No classifier was shown a label of the persons whom it was tested on: the paper's protocol was not tried."
        )
    return "How much of the paper's protocol's AUC is labels that features have seen cannot be said: no AUC is defined."


def known_leak(source: Source) -> Section:
    """The leak, of every classifier and family, as its own figure."""
    data = with_words(leak_of(source)).drop("population")
    everything = data.filter(family=FAMILIES["all"])
    if not everything["leak"].drop_nulls().len():
        return Section("leak", _TITLE, _without_leak(source), (Paragraph(_BOTH), Paragraph(_HOW)))
    parts: list[Figure | Table | Paragraph] = [Paragraph(_HOW), Paragraph(_RANDOM), _figure(everything)]
    name = _first(everything.drop_nulls("leak"))[0]["classifier"]
    parts.append(_by_family(data.filter(classifier=name).drop_nulls("leak"), name))
    return Section("leak", _TITLE, _lead(everything), (*parts, _table(everything)))


def _lead(data: pl.DataFrame) -> str:
    """From the least to the most that a classifier loses, a sentence a protocol."""
    said = []
    for protocol in in_order(data.drop_nulls("leak")["protocol"], PROTOCOLS):
        rows = data.filter(protocol=protocol).drop_nulls("leak").sort("leak", maintain_order=True)
        least, most = rows.row(0, named=True), rows.row(-1, named=True)
        other = f", {in_a_sentence(least['classifier'])} least, {between(least, 'leak')}" if len(rows) > 1 else ""
        said.append(
            f"With {protocol} {in_a_sentence(most['classifier'])} loses {between(most, 'leak')} of its AUC"
            f"{', more than any other' if other else ''}{other}."
        )
    return " ".join(said)


def _figure(data: pl.DataFrame) -> Figure:
    shown = data.drop_nulls("leak")
    chart = dots(
        shown, "leak", "AUC under the paper's protocol less AUC under this one", rows=_names(shown), of="classifier",
        by="protocol", domain=list(PROTOCOLS.values()), at=0,
    )  # fmt: skip
    sentence = (
        "How much AUC each classifier loses, with all features, when labels of the test persons are hidden from them; "
        f"{with_intervals(shown, 'leak', 'bars are approximate 95 % intervals, and ')}at 0 nothing leaks."
    )
    return Figure("leak_by_classifier", "Leak by classifier", sentence, most_persons(shown), shown, chart, _COUNTS)


def _by_family(data: pl.DataFrame, classifier: str) -> Figure:
    rows = in_order(data["family"], FAMILIES)
    chart = dots(
        data, "leak", "AUC under the paper's protocol less AUC under this one", rows=rows, of="family", by="protocol",
        domain=list(PROTOCOLS.values()), at=0,
    )  # fmt: skip
    worst = data.filter(pl.col("family") != FAMILIES["all"]).sort("leak", descending=True, maintain_order=True)
    most = f"; {worst['family'][0]} leak most" if len(worst) else ""
    sentence = f"The same of {in_a_sentence(classifier)}, given one family of features alone{most}."
    return Figure("leak_by_family", "Leak by family of features", sentence, most_persons(data), data, chart, _COUNTS)


def _table(data: pl.DataFrame) -> Table:
    words = [between(row, "leak") for row in data.iter_rows(named=True)]
    shown = data.with_columns(pl.Series("difference", words, dtype=pl.String))
    heads = {
        "classifier": "classifier", "protocol": "compared with", "auc_paper": "AUC, paper", "auc": "AUC, this one",
        "difference": f"leak{with_intervals(data, 'leak', ' (interval)')}",
    }  # fmt: skip
    formats = {"auc_paper": "{:.3f}", "auc": "{:.3f}"}
    of_draws = with_intervals(data, "leak", "; an interval is of draws of whole communities of the network")
    sentence = f"The figures behind it{of_draws}."
    return Table("leak_table", "Leak, in numbers", sentence, most_persons(data), shown, heads, formats, _COUNTS)


def _names(data: pl.DataFrame) -> list[str]:
    return in_order(data["classifier"], CLASSIFIERS)
