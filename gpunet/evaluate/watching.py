"""Whether more watching makes more ties: ties a person, by the force that knows the person.

Ties of other kinds than arrests are there where somebody looked. Where one force looks more, its persons have more of
them, whatever they do; a model that counts ties then learns who is watched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network
from gpunet.base.array_types import Int32
from gpunet.base.days import NO_DAY
from gpunet.base.words import quoted
from gpunet.features.layers import Layer, layers_of
from gpunet.tables.arrays import to_host

__all__ = ["FEWEST_PERSONS", "MOST", "UNEVEN", "force_of", "uneven_sentence", "watching_rows", "watching_warnings"]

#: A group of fewer persons is warned of no more: chance alone makes it differ.
FEWEST_PERSONS = 100

#: From so many times the ties a person of all others on, or so many times fewer, there is a warning.
MOST = 2.0

#: How the warning begins.
UNEVEN = "more watching makes more ties"


def watching_rows(arrests: Arrests, network: Network) -> list[dict[str, Any]]:
    """Rows of the table ``watching``: by layer and force, those of whom no force is known last.

    `network` is that of co-arrest.
    """
    force = force_of(arrests)
    names = [name or None for name in arrests.force_names.to_list()]
    code = np.array([i for i, name in enumerate(names) if name is not None], np.int64)
    force = np.where(np.isin(force, code), force, -1)
    groups = [*sorted(code.tolist(), key=lambda i: str(names[i])), -1]
    rows = []
    for layer, of in layers_of(arrests, network).items():
        if of.ties is None:  # the union
            continue
        a, b, count, degree = _ties(of, arrests.n_persons)
        whole = float(degree.mean()) if len(degree) else 0.0
        for group in groups:
            inside = force == group
            persons = int(inside.sum())
            if not persons:
                continue
            mean = float(degree[inside].sum()) / persons
            rows.append(
                {
                    "layer": layer,
                    "force": None if group < 0 else names[group],
                    "persons": persons,
                    "persons_with_ties": int((degree[inside] > 0).sum()),
                    "records": int(count[inside[a] | inside[b]].sum()),
                    "ties_a_person": mean,
                    "ratio": mean / whole if whole else None,
                }
            )
    return rows


def force_of(arrests: Arrests) -> Int32:
    """int32[n_persons], the force of each person's latest dated arrest, -1 for none; of several then the last code."""
    day, person, force = to_host(arrests.day), to_host(arrests.person), to_host(arrests.force)
    order = np.lexsort((force, day, person))
    order = order[day[order] != NO_DAY]
    found = np.full(arrests.n_persons, -1, np.int32)
    last = np.append(person[order][1:] != person[order][:-1], True)[: len(order)]
    found[person[order][last]] = force[order][last]
    return found


def _ties(layer: Layer, n_persons: int) -> tuple[Any, Any, Any, Any]:
    """The persons at both ends of each tie, its records, and how many ties each person has."""
    assert layer.ties is not None
    assert layer.network.person is not None
    person = to_host(layer.network.person)
    a, b = person[layer.ties.a], person[layer.ties.b]
    return a, b, layer.ties.incidents, np.bincount(np.concatenate([a, b]), minlength=n_persons)


def watching_warnings(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence on each force whose persons have far more or fewer ties than those of all other forces.

    Persons of whom no force is known are no part of the others: most are known because of a tie.
    """
    found = []
    known = [row for row in rows if row["force"] is not None]
    for row in known:
        others = [each for each in known if each["layer"] == row["layer"] and each is not row]
        persons = sum(each["persons"] for each in others)
        if not persons or row["persons"] < FEWEST_PERSONS:
            continue
        mean = sum(each["ties_a_person"] * each["persons"] for each in others) / persons
        who = f"persons of {quoted([row['force']])}"
        found += uneven_sentence(row["layer"], who, row["ties_a_person"], "those of all other forces", mean)
    return found


def uneven_sentence(layer: str, who: str, mean: float, others: str, of_others: float) -> list[str]:
    """The warning, if one of two numbers of ties a person is more than :data:`MOST` times the other.

    >>> uneven_sentence("calls", 'persons of "North"', 0.5, "those of all other forces", 0.4)
    []
    >>> uneven_sentence("calls", 'persons of "North"', 1.5, "all others", 0.4)[0].partition(", which")[0]
    'more watching makes more ties: in calls persons of "North" have 1.50 ties each and all others 0.40'
    """
    few, many = sorted((mean, of_others))
    if many <= MOST * few:
        return []
    return [
        f"{UNEVEN}: in {layer} {who} have {mean:.2f} ties each and {others} {of_others:.2f}, which may tell who was "
        "watched rather than who does more; whatever is made of these ties follows"
    ]
