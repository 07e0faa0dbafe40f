"""Beats, districts, gangs and forces as of a day: their persons and arrests, and their persons' features summed up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np

from gpunet.arrests.arrests import Arrests
from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.base.days import day_number
from gpunet.base.errors import InputError
from gpunet.config.evaluate_config import Unit
from gpunet.features.column import Column, Columns
from gpunet.features.community import recent_gang
from gpunet.tables.arrays import count_by_code, distinct, to_host
from gpunet.tables.frames import as_eager, make_frame, make_series, numbers_of

__all__ = ["AREAS", "id_columns", "known_units", "require_unit", "unit_ids", "unit_labels", "unit_table"]

#: Units that are places, which have a series each.
AREAS: tuple[Unit, ...] = ("beat", "district", "force")

_OF_PERSONS = ("sum", "mean", "max")


def id_columns(unit: Unit) -> tuple[str, ...]:
    """The columns that say which unit a row is of; a beat or district is one within its force."""
    return {"person": ("person_id",), "beat": ("force", "beat"), "district": ("force", "district")}.get(unit, (unit,))


def require_unit(arrests: Arrests, unit: Unit, wanted: str = "panel") -> None:
    """Refuse a unit of which the tables have none, and tables without offences, whose labels nobody knows.

    `wanted` is what there could be none of, ``"panel"`` or ``"forecast"``.

    Raises
    ------
    InputError
        If it is so.
    """
    if arrests.config.input.is_absent("offence"):
        raise InputError('the tables have no offences ([input] columns.offence = ""): nothing could be a label')
    if unit != "person" and not (_codes(arrests, unit) >= 0).any():
        names = arrests.config.input.source_names(unit)
        raise InputError(
            f'no arrest has a {unit}, so there is no {wanted} of {unit}s: name its column under [input] columns, "'
            f'{names[0] if names else unit}" now, or take another --unit'
        )


def known_units(cut: Arrests, unit: Unit) -> Int64:
    """The codes of the units that any arrest is recorded with, ascending as their names do."""
    codes = _codes(cut, unit)
    return distinct(codes[codes >= 0])


def unit_ids(arrests: Arrests, unit: Unit, code: Int64) -> dict[str, list[str]]:
    """The values of :func:`id_columns` for the units of these codes; the force is "" where the tables name none."""
    names = getattr(arrests, f"{unit}_names").to_list()
    texts = [names[i] for i in code.tolist()]
    if unit not in ("beat", "district"):
        return {unit: texts}
    forces = arrests.force_names.to_list()
    every, force = _codes(arrests, unit), np.full(len(names), -1)
    force[every[every >= 0]] = to_host(arrests.force)[every >= 0]
    owners = [forces[i] for i in force[code].tolist()]
    return {
        "force": owners,
        unit: [text[len(owner) + 1 :] if owner else text for owner, text in zip(owners, texts, strict=True)],
    }


def unit_labels(arrests: Arrests, cut: Arrests, unit: Unit, horizon: int) -> Bool:
    """bool[units known in the cut], in their order: any violent arrest recorded with it within the horizon."""
    assert cut.as_of is not None  # it was cut
    start, end = day_number(cut.as_of), day_number(cut.as_of + timedelta(days=horizon))
    codes, day = _codes(arrests, unit), to_host(arrests.day)
    violent = (codes >= 0) & (to_host(arrests.offences) != 0) & (day >= start) & (day < end)
    count = count_by_code(codes[violent], len(getattr(arrests, f"{unit}_names")))
    return count[known_units(cut, unit)] > 0


def unit_table(cut: Arrests, unit: Unit, features: Any) -> Any:
    """The columns of each unit that is known as of the day of the cut, ascending by its name, but for labels.

    ``persons``; ``arrests__{C}``: arrests recorded with the unit that have an offence in C; and of every feature of its
    persons ``{feature}__sum``, ``__mean`` and ``__max`` over those who have one: 0, null and null if there are none.
    The persons of a place are all who were ever arrested there, those of a gang have it as their most recent one.

    `features` are those of the cut, a row a person, as any frame. The result is a frame of Polars.
    """
    known = known_units(cut, unit)
    member, person = _members(cut, unit, known)
    columns: dict[str, Any] = {
        name: make_series(name, texts, "polars") for name, texts in unit_ids(cut, unit, known).items()
    }
    columns["persons"] = count_by_code(member, len(known))
    columns |= _arrests(cut, unit, known)
    for name, values, whole in _numbers(features):
        columns |= _summed_up(name, values[person], member, len(known), whole)
    return make_frame(columns)


def _codes(arrests: Arrests, unit: Unit) -> Any:
    return to_host(getattr(arrests, unit))


def _members(cut: Arrests, unit: Unit, known: Int64) -> tuple[Int64, Int64]:
    """The pairs of a unit, by its position in `known`, and a person of it, ascending, each once."""
    if unit == "gang":
        code = to_host(recent_gang(cut)).astype(np.int64)
        person = np.arange(cut.n_persons)
    else:
        code, person = _codes(cut, unit).astype(np.int64), to_host(cut.person).astype(np.int64)
    inside = code >= 0
    pair = distinct(np.searchsorted(known, code[inside]) * max(cut.n_persons, 1) + person[inside])
    member, of = np.divmod(pair, max(cut.n_persons, 1))
    return member, of


def _arrests(cut: Arrests, unit: Unit, known: Int64) -> Columns:
    """``arrests__{C}`` for each set."""
    codes, offences = _codes(cut, unit), to_host(cut.offences)
    at = np.searchsorted(known, codes)

    def counted(chosen: Bool) -> Int64:
        return count_by_code(at[chosen & (codes >= 0)], len(known))

    found: Columns = {"arrests__all": counted(offences == offences), "arrests__violent": counted(offences != 0)}
    names = cut.config.violent_offences
    return found | {f"arrests__{name}": counted((offences >> np.uint64(i)) & 1 != 0) for i, name in enumerate(names)}


def _numbers(features: Any) -> Iterator[tuple[str, Float64, str]]:
    """Every feature: its name, its values with NaN for null, and the type that its greatest value has."""
    frame = as_eager(features)
    for name, kind in frame.schema.items():
        if name != "person_id":
            whole = "bool" if kind.is_boolean() else "int64" if kind.is_integer() else "float64"
            yield name, to_host(numbers_of(frame.get_column(name))), whole


def _summed_up(name: str, values: Float64, member: Int64, n: int, dtype: str) -> dict[str, Column]:
    """Sum, mean and maximum of the values beside each of n members; sums are added in the order of the persons."""
    has = ~np.isnan(values)
    member, values = member[has], values[has]
    count = count_by_code(member, n)
    total = np.bincount(member, weights=values, minlength=n).astype(np.float64)  # of no values it makes integers
    most = np.full(n, -np.inf)
    np.maximum.at(most, member, values)
    none = count == 0
    found: tuple[Column, ...] = (
        total if dtype == "float64" else total.astype(np.int64),
        (total / np.where(none, 1, count), none),
        (np.where(none, 0, most).astype(dtype), none),
    )
    return {f"{name}__{how}": column for how, column in zip(_OF_PERSONS, found, strict=True)}
