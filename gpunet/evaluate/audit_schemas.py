"""Every column of the tables that an audit gives, declared once. Frames, their metadata and docs read this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gpunet.base._version import __version__
from gpunet.config.sides import OFFENDER, VICTIM, Side
from gpunet.evaluate.schemas import ResultColumn, dictionary_of, frame_of_rows

__all__ = ["AUDIT_LAYER_TABLES", "AUDIT_TABLES", "GROUP_MEASURES", "audit_frame", "audit_metadata"]

#: The measures of a group, in the order of ``fairness``: unit, definition.
GROUP_MEASURES: Mapping[str, tuple[str, str]] = {
    "selection_rate": ("share", "selected / persons."),
    "precision": ("share", "Selected positives / selected."),
    "recall": ("share", "Selected positives / positives."),
    "false_positive_rate": ("share", "Selected who are not positive / persons who are not positive."),
    "mean_score": ("share", "Mean probability; the same for every rule."),
    "observed": ("share", "positives / persons; the same for every rule."),
    "calibration": ("share", "mean_score - observed: above 0 the model says too much of the group."),
}

_HIDDEN = "it is not told, as `undefined` says"
_NO_INTERVAL = "the measure is null or no interval can be had; `undefined` says why"
_DRAWS = "percentiles of draws of the network's communities"

_GROUP = (
    ResultColumn("by", "text", "name", "The attribute, or two as in ethnicity x sex; everybody in the first rows."),
    ResultColumn("group", "text", "name", "Its value, or both; not known of persons of whom the table has none."),
    ResultColumn("group_a", "text", "name", "The value of the first attribute.", "of everybody"),
    ResultColumn("group_b", "text", "name", "The value of the second attribute.", "of one attribute, and everybody"),
)


def _of_measure(name: str, unit: str, definition: str) -> list[ResultColumn]:
    whole = f"{name} of the group less that of everybody"
    return [
        ResultColumn(name, "float64", unit, definition, _HIDDEN),
        ResultColumn(f"{name}_low", "float64", unit, f"Lower end of its approximate 95 % interval: {_DRAWS}.",
                     _NO_INTERVAL),
        ResultColumn(f"{name}_high", "float64", unit, "Upper end.", _NO_INTERVAL),
        ResultColumn(f"{name}_difference", "float64", unit, f"{whole}.", f"{_HIDDEN}, or of everybody"),
        ResultColumn(f"{name}_difference_low", "float64", unit, f"Lower end of its interval, {whole} in each draw.",
                     _NO_INTERVAL),
        ResultColumn(f"{name}_difference_high", "float64", unit, "Upper end.", _NO_INTERVAL),
    ]  # fmt: skip


#: Who is positive, by the side that the audited run is of.
_POSITIVES: Mapping[Side, str] = {
    OFFENDER: "Those with a violent arrest in the test window.",
    VICTIM: "Those who were a victim of a violent offence in the test window.",
}

_FAIRNESS = (
    *_GROUP,
    ResultColumn(
        "rule", "text", "name",
        "Who is selected: threshold, probabilities from the model's threshold on; top_100 and top_500, those of the "
        "greatest probabilities among everybody, equals at the end by their share.",
    ),
    ResultColumn("persons", "int64", "persons", "Persons of the test window in the group.", _HIDDEN),
    ResultColumn("positives", "int64", "persons", _POSITIVES[OFFENDER], _HIDDEN),
    ResultColumn("selected", "float64", "persons", "Those whom the rule selects.", _HIDDEN),
    *(column for name, of in GROUP_MEASURES.items() for column in _of_measure(name, *of)),
    ResultColumn("undefined", "text", "text", "The reason for every null among numbers and measures.", "none is null"),
)  # fmt: skip

_PROXIES = (
    ResultColumn("by", "text", "name", "The attribute that is guessed."),
    ResultColumn("group", "text", "name", "The group that is told from all others of whom the attribute is known."),
    ResultColumn("family", "text", "name", "The features that guess; all is every one."),
    ResultColumn("features", "int64", "features", "How many features these are."),
    ResultColumn("persons", "int64", "persons", "Persons that were looked at, of the group and others.", _HIDDEN),
    ResultColumn("members", "int64", "persons", "Those of the group.", _HIDDEN),
    ResultColumn(
        "auc", "float64", "share",
        "Area under the ROC curve of guesses about persons whom the guesser has not seen: 0.5 is no better than a "
        "coin, 1 is certain.",
        _HIDDEN,
    ),
    ResultColumn("auc_low", "float64", "share", f"Lower end of its approximate 95 % interval: {_DRAWS}.", _NO_INTERVAL),
    ResultColumn("auc_high", "float64", "share", "Upper end.", _NO_INTERVAL),
    ResultColumn("undefined", "text", "text", "The reason for every null.", "none is null"),
)  # fmt: skip

_NOT_TOLD = (
    "it is not told: fewer persons, or fewer with a tie, than may be told of, or it would give such a number away"
)

_WATCHING = (
    ResultColumn("by", "text", "name", "The attribute; everybody in the first row of a layer."),
    ResultColumn("group", "text", "name", "Its value; not known of persons of whom the table has none."),
    ResultColumn("layer", "text", "name", "A kind of ties, or victim."),
    ResultColumn("persons", "int64", "persons", "Persons of the test window in the group.", _NOT_TOLD),
    ResultColumn(
        "ties_a_person", "float64", "persons", "Mean of degree__all__{layer}: to how many others one is tied.",
        _NOT_TOLD,
    ),
    ResultColumn("ratio", "float64", "ratio", "ties_a_person over that of everybody.", _NOT_TOLD),
    ResultColumn("suppressed", "bool", "flag", "Whether something of the row is not told."),
)  # fmt: skip

#: The tables of every audit, and the columns of each in its order.
AUDIT_TABLES: Mapping[str, tuple[ResultColumn, ...]] = {"fairness": _FAIRNESS, "proxies": _PROXIES}

#: The tables of an audit of a run with layers beside co-arrest.
AUDIT_LAYER_TABLES: Mapping[str, tuple[ResultColumn, ...]] = {"watching": _WATCHING}

_ALL = {**AUDIT_TABLES, **AUDIT_LAYER_TABLES}


def audit_frame(table: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """A Polars frame of a table's rows.

    >>> audit_frame("proxies", []).columns[:3]
    ['by', 'group', 'family']
    """
    return frame_of_rows(_ALL[table], rows)


def audit_metadata(table: str, side: Side = OFFENDER) -> dict[str, Any]:
    """What a table's Parquet file says of itself, by the side that the audited run is of."""
    columns = [
        replace(column, definition=_POSITIVES[side]) if column.name == "positives" else column for column in _ALL[table]
    ]
    said = {} if side == OFFENDER else {"side": side}
    return {"version": __version__, "table": table, **said, "columns": dictionary_of(columns)}
