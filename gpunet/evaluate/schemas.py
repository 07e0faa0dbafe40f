"""Every column of the tables that an experiment gives, declared once. Frames, their metadata and docs read this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np

from gpunet.base._version import __version__
from gpunet.base.days import NO_DAY, day_number
from gpunet.model.metrics import TOP
from gpunet.tables.frames import Column, make_frame, make_series
from gpunet.tables.gather import gather

__all__ = [
    "MEASURES",
    "TABLES",
    "ResultColumn",
    "dates_of",
    "dictionary",
    "dictionary_of",
    "frame_of",
    "frame_of_rows",
    "metadata_of",
    "repeated",
]

Dtype = Literal["int64", "float64", "bool", "text", "date", "person id"]


@dataclass(frozen=True)
class ResultColumn:
    """One column: its name, type, unit and meaning, and when its value is null (empty if never)."""

    name: str
    dtype: Dtype
    unit: str
    definition: str
    null: str = ""


_UNKNOWN = "nothing could be predicted"
_ONE_CLASS = "nobody or everybody is positive, or the values do not order persons"
_NO_ORDER = "nobody is positive, or the values do not order persons"
_NO_PROBABILITY = "there is nobody, or the values are no probabilities"

#: The measures of ``results``, in its order: unit, definition, when it is null.
MEASURES: Mapping[str, tuple[str, str, str]] = {
    "precision": ("share", "tp / (tp + fp).", "nobody is named"),
    "recall": ("share", "tp / (tp + fn).", "nobody is positive"),
    "f1": ("share", "2 tp / (2 tp + fp + fn).", "nobody is named or positive"),
    "auc": (
        "share",
        "Area under the ROC curve: of the pairs of a positive and another person, those in which the positive has the "
        "greater value; pairs of equals count half.",
        _ONE_CLASS,
    ),
    "average_precision": (
        "share",
        "Sum over the distinct values, from the greatest, of the recall gained there times the precision of everybody "
        "down to there (step-wise, as scikit-learn's).",
        _NO_ORDER,
    ),
    "brier": ("share", "Mean of (value - label)²: 0 is best.", _NO_PROBABILITY),
    **{
        f"precision_top_{k}": (
            "share",
            f"Share of positives among the {k} persons of the greatest values; equals at the end of the list count by "
            "their share.",
            f"there are fewer than {k} persons, or the values do not order persons",
        )
        for k in TOP
    },
}

_INTERVAL = (
    "{end} end of the approximate 95 % interval of {name}: percentiles of draws of the network's communities, since "
    "persons of a network are not independent."
)
_NO_INTERVAL = "{name} is null or no interval can be had; `undefined` says why"


def _intervals(name: str, unit: str) -> list[ResultColumn]:
    return [
        ResultColumn(
            f"{name}_{end}", "float64", unit,
            _INTERVAL.format(end={"low": "Lower", "high": "Upper"}[end], name=name), _NO_INTERVAL.format(name=name),
        )
        for end in ("low", "high")
    ]  # fmt: skip


_PROTOCOL = ResultColumn(
    "protocol", "text", "name", "Whose labels features could know: paper, cross_fitted or same_event.",
    "of emerging, and of what is not trained",
)  # fmt: skip
_MODEL = (
    ResultColumn("classifier", "text", "name", "What predicted: a classifier or a heuristic."),
    ResultColumn("smote", "bool", "flag", "Whether it was trained with oversampling (SMOTE)."),
    ResultColumn("family", "text", "name", "The features that it was given; all is every family."),
)
_MONTH = ResultColumn("month", "date", "day", "The day that the prediction is of.", "of known")
_POPULATION = ResultColumn(
    "population", "text", "name",
    "The persons that count: all; no_violent_before, those with no violent arrest of their own before; "
    "violent_before, those with one.",
)  # fmt: skip
_OUTCOME = ResultColumn(
    "outcome", "text", "name",
    "What was to be predicted: violent (a violent arrest at any time), horizon (one within the horizon from the month "
    "on) or ever_after (one at any time from the month on).",
)  # fmt: skip
_COUNTED = (
    ResultColumn("persons", "int64", "persons", "Persons of the population that were predicted."),
    ResultColumn("positives", "int64", "persons", "Those of them whose label is true."),
)
_UNDEFINED = ResultColumn(
    "undefined", "text", "text", "The reason for every null among the measures and intervals.", "none is null"
)
_KEYS = (_PROTOCOL, *_MODEL, _MONTH, _POPULATION, _OUTCOME)

_RESULTS = (
    ResultColumn("experiment", "text", "name", "known or emerging."),
    *_KEYS,
    *_COUNTED,
    ResultColumn("tp", "int64", "persons", "True positives: positive and named.", _UNKNOWN),
    ResultColumn("fp", "int64", "persons", "False positives: named, not positive.", _UNKNOWN),
    ResultColumn("fn", "int64", "persons", "False negatives: positive, not named.", _UNKNOWN),
    ResultColumn("tn", "int64", "persons", "True negatives: neither.", _UNKNOWN),
    *(
        column
        for name, (unit, definition, null) in MEASURES.items()
        for column in (ResultColumn(name, "float64", unit, definition, f"{null}; {_UNKNOWN}"), *_intervals(name, unit))
    ),
    ResultColumn(
        "mean_value", "float64", "share", "Mean of the predicted probabilities.", f"{_NO_PROBABILITY}; {_UNKNOWN}"
    ),
    _UNDEFINED,
)

_PREDICTIONS = (
    ResultColumn("person_id", "person id", "id", "The person."),
    _PROTOCOL,
    *_MODEL,
    ResultColumn("fold", "int64", "fold", "The fold in which the person was held out.", "of what has no folds"),
    _MONTH,
    _OUTCOME,
    ResultColumn("value", "float64", "value", "What was predicted: greater is more likely.", _UNKNOWN),
    ResultColumn("named", "bool", "flag", "Whether the person counts as predicted positive.", _UNKNOWN),
    ResultColumn("label", "bool", "flag", "What is true."),
)

_CURVES = (
    *_KEYS,
    ResultColumn("curve", "text", "name", "roc or precision_recall."),
    ResultColumn("x_measure", "text", "name", "What x is: false_positive_rate or recall."),
    ResultColumn("y_measure", "text", "name", "What y is: true_positive_rate or precision."),
    ResultColumn(
        "threshold", "float64", "value", "Persons of this value or a greater one are named.",
        "at the end where nobody is named",
    ),
    ResultColumn("x", "float64", "share", "The point's x; thinned, with the area under the curve kept."),
    ResultColumn("y", "float64", "share", "The point's y."),
)  # fmt: skip

_CALIBRATION = (
    *_KEYS,
    ResultColumn("group", "int64", "number", "Ten groups of one size, from the smallest values; equals are together."),
    *_COUNTED,
    ResultColumn("mean_value", "float64", "share", "Mean predicted probability of the group."),
    ResultColumn("observed", "float64", "share", "positives / persons of the group."),
    *_intervals("observed", "share"),
    _UNDEFINED,
)

_LEAK = (
    ResultColumn("protocol", "text", "name", "The protocol that paper is compared with."),
    *_MODEL,
    _POPULATION,
    *_COUNTED,
    ResultColumn("auc_paper", "float64", "share", "AUC under the protocol paper.", _ONE_CLASS),
    ResultColumn("auc", "float64", "share", "AUC under the other protocol.", _ONE_CLASS),
    ResultColumn(
        "leak", "float64", "share",
        "auc_paper - auc: what labels seen by features add, and what else the protocols differ in, such as how many of "
        "the others' labels are known.",
        _ONE_CLASS,
    ),
    *_intervals("leak", "share"),
    _UNDEFINED,
)  # fmt: skip

#: The tables of an experiment, and the columns of each in its order.
TABLES: Mapping[str, tuple[ResultColumn, ...]] = {
    "results": _RESULTS,
    "predictions": _PREDICTIONS,
    "curves": _CURVES,
    "calibration": _CALIBRATION,
    "leak": _LEAK,
}


def dictionary(table: str) -> list[dict[str, Any]]:
    """The dictionary of a table's columns.

    >>> dictionary("leak")[0]["column"], dictionary("leak")[0]["null"]
    ('protocol', None)
    """
    return dictionary_of(TABLES[table])


def dictionary_of(declared: Sequence[ResultColumn]) -> list[dict[str, Any]]:
    """The dictionary of some columns."""
    return [
        {"column": c.name, "dtype": c.dtype, "unit": c.unit, "null": c.null or None, "definition": c.definition}
        for c in declared
    ]


def metadata_of(table: str) -> dict[str, Any]:
    """What a table's Parquet file says of itself."""
    return {"version": __version__, "table": table, "columns": dictionary(table)}


def dates_of(table: str) -> tuple[str, ...]:
    """The names of a table's columns that hold dates."""
    return tuple(column.name for column in TABLES[table] if column.dtype == "date")


def frame_of(table: str, columns: Mapping[str, Column | Sequence[Any]], backend: str = "polars") -> Any:
    """A frame of a table's columns, in the order in which they are declared.

    Parameters
    ----------
    table
        One of :data:`TABLES`.
    columns
        ``{name: values}``, every declared column and no other: a list in which None is null, or what
        :func:`gpunet.tables.frames.make_frame` takes. Dates are ``datetime.date``.
    backend
        The kind of frame.
    """
    declared = TABLES[table]
    if columns.keys() != {column.name for column in declared}:
        raise ValueError(f"{table}: columns {sorted(columns)} are not those that are declared")
    found = {column.name: _typed(column, columns[column.name]) for column in declared}
    return make_frame(found, backend, dates=dates_of(table))


def frame_of_rows(declared: Sequence[ResultColumn], rows: Sequence[Mapping[str, Any]], backend: str = "polars") -> Any:
    """A frame of some columns, of which every row has each."""
    return make_frame({c.name: _typed(c, [row[c.name] for row in rows]) for c in declared}, backend)


def repeated(
    table: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]], lengths: Sequence[int]
) -> dict[str, Column]:
    """Some columns of a table, in which a row's values stand for so many rows.

    >>> repeated("curves", ["smote"], [{"smote": True}, {"smote": None}], [2, 1])["smote"]
    (array([ True,  True, False]), array([False, False,  True]))
    """
    at = np.repeat(np.arange(len(rows)), np.array(lengths, np.int64))
    found: dict[str, Column] = {}
    for column in (column for column in TABLES[table] if column.name in names):
        values = _typed(column, [row[column.name] for row in rows])
        if isinstance(values, nw.Series):
            found[column.name] = gather(values, at, column.name)
        else:
            found[column.name] = (values[0][at], values[1][at]) if isinstance(values, tuple) else values[at]
    return found


def _typed(column: ResultColumn, values: Any) -> Column:
    if not isinstance(values, list):
        return values  # type: ignore[no-any-return]
    if column.dtype == "text":
        import pyarrow as pa

        texts: nw.Series[Any] = make_series(column.name, pa.array(values, pa.large_string()))
        return texts
    if column.dtype == "date":
        return np.array([NO_DAY if day is None else day_number(day) for day in values], np.int32)
    dtype = np.dtype(column.dtype)
    mask = np.array([value is None for value in values], np.bool_)
    return np.array([0 if value is None else value for value in values], dtype), mask
