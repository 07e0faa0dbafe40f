"""What the names in an experiment's tables are called on a page, and what its measures mean, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

__all__ = [
    "CLASSIFIERS",
    "FAMILIES",
    "MEASURES",
    "OUTCOMES",
    "POPULATIONS",
    "PROTOCOLS",
    "alone",
    "between",
    "in_a_sentence",
    "in_order",
    "listed",
    "most_honest",
    "ordered",
    "with_intervals",
    "with_words",
]

#: In the order in which they stand in figures.
CLASSIFIERS: Mapping[str, str] = {
    "random_forest": "random forest",
    "xgboost": "XGBoost",
    "filtered_random_forest": "random forest, last 200 days",
    "naive_bayes": "naive Bayes",
    "linear_regression": "linear regression",
    "logistic_regression": "logistic regression",
    "decision_tree": "decision tree",
    "neural_network": "neural network",
    "svm": "support vector machine",
    "past_violent_arrests": "past violent arrests",
    "past_violent_arrests_180d": "past violent arrests, last 180 days",
    "two_hop_heuristic": "two-hop heuristic",
}

PROTOCOLS: Mapping[str, str] = {
    "paper": "the paper's protocol",
    "cross_fitted": "labels of the test persons hidden",
    "same_event": "shared incidents hidden as well",
}

FAMILIES: Mapping[str, str] = {
    "all": "all features",
    "neighbourhood": "neighbours",
    "community": "groups and communities",
    "path": "paths through the network",
    "geographic": "places",
    "temporal": "times and shared arrests",
}

POPULATIONS: Mapping[str, str] = {
    "all": "everybody",
    "no_violent_before": "no violent arrest before",
    "violent_before": "with a violent arrest before",
}

OUTCOMES: Mapping[str, str] = {
    "horizon": "within the horizon",
    "ever_after": "at any later time in the data",
    "violent": "at any time",
}

MEASURES: Mapping[str, str] = {
    "auc": (
        "AUC: of all pairs of a violent person and another, the share in which the violent one is ranked higher; 0.5 "
        "is a toss of a coin, 1 is never wrong"
    ),
    "precision": "precision: of the persons who are named, the share who are violent",
    "recall": "recall: of the persons who are violent, the share who are named",
    "f1": "F1: precision and recall in one number (their harmonic mean); 1 is best, and naming nobody rightly gives 0",
}

#: Why nothing has an interval: a page says it once, not in every cell.
_NO_DRAWS = "no draws (bootstrap = 0)"

_WITHOUT_ARTICLE = ("XGBoost", "naive Bayes", "linear regression", "logistic regression", "past violent arrests")

_WORDS = {
    "classifier": CLASSIFIERS,
    "protocol": PROTOCOLS,
    "family": FAMILIES,
    "population": POPULATIONS,
    "outcome": OUTCOMES,
}


def with_words(data: pl.DataFrame) -> pl.DataFrame:
    """The table with words in place of the names in its columns; ``smote`` goes into ``classifier``.

    >>> row = {"classifier": ["random_forest", "new_one"], "smote": [True, False], "family": ["path", "all"]}
    >>> with_words(pl.DataFrame(row)).rows()
    [('random forest, SMOTE', 'paths through the network'), ('new one', 'all features')]
    """
    found = data.with_columns(
        pl.col(name).replace(words).str.replace_all("_", " ") for name, words in _WORDS.items() if name in data.columns
    )
    if "smote" not in data.columns:
        return found
    sampled = pl.when("smote").then(pl.lit(", SMOTE")).otherwise(pl.lit(""))
    return found.with_columns(pl.col("classifier") + sampled).drop("smote")


def in_order(words: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """The words that occur, once each: in the order of the names that have them, then the others by alphabet.

    >>> in_order(["XGBoost", "else", "random forest, SMOTE", "random forest"], CLASSIFIERS)
    ['random forest', 'random forest, SMOTE', 'XGBoost', 'else']
    """
    places = {word: place for place, word in enumerate(names.values())}
    return sorted(set(words), key=lambda word: (places.get(word.removesuffix(", SMOTE"), len(places)), word))


def ordered(data: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The rows sorted by columns of words, in the order in which those stand in figures.

    >>> ordered(pl.DataFrame({"classifier": ["XGBoost", "random forest"]}), "classifier")[0, 0]
    'random forest'
    """
    orders = {column: in_order(data[column], _WORDS[column]) for column in columns}
    places = [pl.col(column).replace_strict(order, range(len(order))) for column, order in orders.items()]
    return data.sort(places, maintain_order=True)


def between(row: Mapping[str, Any], name: str) -> str:
    """A measure of a row with its interval, or why it or that is not defined; the number alone if nothing was drawn.

    >>> between({"auc": 0.8421, "auc_low": 0.81, "auc_high": 0.86}, "auc")
    '0.842 (0.810 to 0.860)'
    >>> between({"auc": None, "auc_low": None, "auc_high": None, "undefined": "auc, brier: no positives"}, "auc")
    'not defined: no positives'
    >>> undrawn = {"auc": 0.8, "auc_low": None, "auc_high": None}
    >>> between(undrawn | {"undefined": "auc interval: no draws (bootstrap = 0)"}, "auc")
    '0.800'
    """
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if value is None:
        return _with_reason("not defined", row, name)
    if None in (low, high):
        why = _with_reason("no interval", row, f"{name} interval")
        return f"{value:.3f}" if why.endswith(_NO_DRAWS) else f"{value:.3f} ({why})"
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def with_intervals(data: pl.DataFrame, name: str, said: str) -> str:
    """What is said of the intervals of a measure, where one of them has a value; nothing where none has.

    >>> with_intervals(pl.DataFrame({"f1_low": [None, 0.2]}), "f1", "F1 (interval)")
    'F1 (interval)'
    """
    return said if data[f"{name}_low"].drop_nulls().len() else ""


def alone(row: Mapping[str, Any], name: str) -> str:
    """A measure of a row without its interval, or why it is not defined."""
    return _with_reason("not defined", row, name) if row[name] is None else f"{row[name]:.3f}"


def _with_reason(said: str, row: Mapping[str, Any], name: str) -> str:
    """The part of ``undefined`` that is about the name: ``"auc, brier: no positives; f1: nobody is named"``."""
    for part in (row.get("undefined") or "").split("; "):
        names, _, why = part.partition(": ")
        if name in names.split(", "):
            return f"{said}: {why}"
    return said


def most_honest(protocols: Iterable[str]) -> str:
    """Of protocols, in words, the one to believe: that which hides the labels of the test persons, and no more."""
    tried = set(protocols)
    order = ("cross_fitted", "same_event", "paper")
    return next((PROTOCOLS[name] for name in order if PROTOCOLS[name] in tried), PROTOCOLS["paper"])


def in_a_sentence(classifier: str) -> str:
    """A classifier in a sentence: ``the random forest``, but ``XGBoost``.

    >>> in_a_sentence("random forest, SMOTE"), in_a_sentence("naive Bayes")
    ('the random forest, SMOTE', 'naive Bayes')
    """
    return classifier if classifier.startswith(_WITHOUT_ARTICLE) else f"the {classifier}"


def listed(words: Iterable[str]) -> str:
    """``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
