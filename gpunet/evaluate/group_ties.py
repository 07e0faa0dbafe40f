"""Whether more watching of a group makes more ties: ties a person in each layer, by group of an audit.

A number is told where persons of the group are told, and where at least so many of them have a tie as persons have to
be for any number: a mean of 0, or near it, would say of every person that nobody was seen with them. What could be had
by subtraction from everybody goes too, see :func:`gpunet.evaluate.suppression.hidden_of_sum`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gpunet.base.array_types import Bool, Float64
from gpunet.base.words import quoted
from gpunet.evaluate.attributes import EVERYBODY, NOT_KNOWN, Attribute
from gpunet.evaluate.group_grid import PERSONS, Hidden
from gpunet.evaluate.suppression import hidden_of_sum
from gpunet.evaluate.watching import FEWEST_PERSONS, uneven_sentence

__all__ = ["group_ties", "group_warnings"]


@dataclass(frozen=True, eq=False)
class _Counted:
    """Of groups that have anybody: their persons, ties, and persons with a tie, and which ties are not told."""

    groups: tuple[str, ...]
    persons: Float64
    ties: Float64
    hidden_persons: Bool
    hidden_ties: Bool


def group_ties(
    degrees: Mapping[str, Float64], attributes: Sequence[Attribute], hidden: Hidden, least: int
) -> list[dict[str, Any]]:
    """Rows of the table ``watching`` of an audit: by layer everybody, then each group of each attribute.

    Parameters
    ----------
    degrees
        By layer float64[n], with how many others each person is tied in it.
    attributes
        Of the n persons.
    hidden
        Which numbers of persons are not told, from :func:`gpunet.evaluate.fairness.hidden_of`.
    least
        No number of persons below this is told.
    """
    rows = []
    for layer, degree in degrees.items():
        of_all = Attribute(EVERYBODY, (EVERYBODY,), np.zeros(len(degree), np.int32))
        everybody = _counted(degree, of_all, np.array([hidden[(PERSONS, ""), ()]]), least, alone=True)
        told = not everybody.hidden_ties[0]
        mean = float(everybody.ties[0] / everybody.persons[0]) if told else None
        rows += _rows(layer, EVERYBODY, everybody, mean)
        for i, attribute in enumerate(attributes):
            counted = _counted(degree, attribute, hidden[(PERSONS, ""), (i,)], least, alone=False)
            rows += _rows(layer, attribute.name, counted, mean)
    return rows


def _counted(degree: Float64, attribute: Attribute, hidden: Bool, least: int, *, alone: bool) -> _Counted:
    """Count; what is `alone` adds up to nothing that is told."""
    code, n = attribute.code, len(attribute)
    persons, tied, ties = (
        np.bincount(code, weights, n).astype(np.float64) for weights in (np.ones(len(code)), degree > 0, degree)
    )
    there = persons > 0
    of_persons = hidden[there]
    few = of_persons | (tied[there] < least)
    of_ties = few if alone else hidden_of_sum(of_persons, tied[there], least)
    groups = tuple(name for name, flag in zip(attribute.groups, there, strict=True) if flag)
    return _Counted(groups, persons[there], ties[there], of_persons, of_ties)


def _rows(layer: str, by: str, counted: _Counted, whole: float | None) -> list[dict[str, Any]]:
    """Rows of one attribute; nothing is told of ties if it is not of everybody."""
    rows = []
    for i, group in enumerate(counted.groups):
        told = whole is not None and not counted.hidden_ties[i]
        mean = float(counted.ties[i] / counted.persons[i])
        rows.append(
            {
                "by": by,
                "group": group,
                "layer": layer,
                "persons": None if counted.hidden_persons[i] else round(counted.persons[i]),
                "ties_a_person": mean if told else None,
                "ratio": mean / whole if told and whole else None,
                "suppressed": not told or bool(counted.hidden_persons[i]),
            }
        )
    return rows


def group_warnings(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence on each group of which it is told that it has far more or fewer ties a person than all others."""
    everybody = {row["layer"]: row for row in rows if row["by"] == EVERYBODY and not row["suppressed"]}
    found = []
    for row in rows:
        whole = everybody.get(row["layer"])
        if whole is None or row["by"] == EVERYBODY or row["suppressed"] or row["group"] == NOT_KNOWN:
            continue
        others = whole["persons"] - row["persons"]
        if row["persons"] < FEWEST_PERSONS or others < FEWEST_PERSONS:
            continue
        ties = whole["ties_a_person"] * whole["persons"] - row["ties_a_person"] * row["persons"]
        who = f"persons whose {row['by']} is {quoted([row['group']])}"
        found += uneven_sentence(row["layer"], who, row["ties_a_person"], "all others", max(ties, 0.0) / others)
    return found
