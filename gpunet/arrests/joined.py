"""Arrests, ties of other kinds and victims put together: one code for each person in whatever table they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.beside import NEVER, Associations, Victimisations
from gpunet.base.array_types import Int32, Int64
from gpunet.base.days import NO_DAY
from gpunet.base.errors import InputError
from gpunet.base.words import quoted
from gpunet.config.config import Config
from gpunet.config.input_config import DATE_PARTS
from gpunet.config.layers import VICTIM
from gpunet.tables.arrays import inverse_order, least_by_code, sort_order, to_host
from gpunet.tables.frames import backend_of, make_series, series_to_arrow

__all__ = ["TieRows", "check_key", "with_tables", "without_layer"]

_TEXT = pa.large_string()


@dataclass(frozen=True, eq=False)
class TieRows:
    """Ties as they were read: ``rows`` with codes into ``ids``, the distinct ids of persons as text."""

    ids: nw.Series[Any]
    rows: Associations


def with_tables(arrests: Arrests, ties: TieRows | None = None, victims: Arrests | None = None) -> Arrests:
    """The arrests with ties of other kinds, and victims, whose persons are among theirs from here on.

    Parameters
    ----------
    arrests
        As they were read, on the host. If they were cut at a day, so are the tables.
    ties
        None if there is no table of them.
    victims
        Their tables read as those of arrests are; None if there are none.

    Returns
    -------
    Arrests
        ``person_ids`` are whole numbers if they were and all ids are written as such, else text.

    Raises
    ------
    InputError
        If the incidents of victims cannot be compared with those of arrests.
    """
    if ties is None and victims is None:
        return arrests
    others = [] if ties is None else [series_to_arrow(ties.ids)]
    others += [] if victims is None else [series_to_arrow(victims.person_ids)]
    own = series_to_arrow(arrests.person_ids)
    ids = _united(own, others)
    joined = _recoded(arrests, ids, _codes(own, ids))
    associations = of_victims = None
    if ties is not None:
        code = _codes(others[0], ids)
        associations = ties.rows.recoded(code)
    if victims is not None:
        of_person = _codes(others[-1], ids)
        victims, of_incident, unsettled = _of_incidents(arrests, victims)
        of_victims = Victimisations(victims, of_person, of_incident, unsettled)
    joined = dataclasses.replace(joined, associations=associations, victims=of_victims)
    return joined if arrests.as_of is None else joined.before(arrests.as_of)


def without_layer(arrests: Arrests, layer: str) -> Arrests:
    """The same as if there were no ties of that layer: without a kind of ties, or without victims.

    Persons known from these alone stay, and so does the day as of which the other ties are looked at.

    Parameters
    ----------
    arrests
        With that layer.
    layer
        A kind of ties in use, or ``"victim"``.

    Examples
    --------
    >>> import gpunet
    >>> from gpunet.arrests.beside import ALWAYS, NEVER, Kind
    >>> from gpunet.synthetic import make_arrests
    >>> arrests = gpunet.read_arrests(make_arrests(100, seed=1))
    >>> a, b, kind, day, until, recorded = np.array([[0], [1], [0], [16_000], [NEVER], [ALWAYS]], np.int32)
    >>> calls = Associations(a, b, kind, day, until, recorded, (Kind("calls", 90.0, 365),))
    >>> known = dataclasses.replace(arrests, associations=calls)
    >>> known.layers.names, without_layer(known, "calls").layers.names
    (('calls', 'any'), ())
    """
    associations, victims = arrests.associations, arrests.victims
    if layer == VICTIM:
        if associations is not None and victims is not None:
            latest = max(associations.last_day, victims.events.last_day)
            associations = dataclasses.replace(associations, latest=latest)
        return dataclasses.replace(arrests, associations=associations, victims=None)
    assert associations is not None  # there is such a kind
    code = [kind.name for kind in associations.kinds].index(layer)
    others = associations.at(associations.kind != code)
    others = dataclasses.replace(
        others,
        kind=others.kind - (others.kind > code).astype(np.int32),
        kinds=tuple(kind for kind in associations.kinds if kind.name != layer),
        latest=associations.last_day,
    )
    return dataclasses.replace(arrests, associations=others)


def _united(own: pa.Array, others: Sequence[pa.Array]) -> pa.Array:
    """All ids, each once, ascending."""
    whole = [_whole(ids) for ids in (own, *others)]
    if pa.types.is_integer(own.type) and all(ids is not None for ids in whole):
        every = np.unique(np.concatenate([np.asarray(ids, dtype=np.int64) for ids in whole]))
        return pa.array(every, pa.int64())
    texts = pa.chunked_array([ids.cast(_TEXT) for ids in (own, *others)]).unique()
    return texts.take(pc.sort_indices(texts))


def _whole(ids: pa.Array) -> pa.Array | None:
    """Ids as whole numbers, None if one is written in another way, such as with zeros in front."""
    if pa.types.is_integer(ids.type):
        return ids
    try:
        numbers = ids.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    return numbers if numbers.cast(_TEXT).equals(ids.cast(_TEXT)) else None


def _codes(ids: pa.Array, among: pa.Array) -> Int32:
    """Where each of the ids stands."""
    found = pc.index_in(ids.cast(among.type), value_set=among)
    return np.asarray(found, dtype=np.int32)


def _recoded(arrests: Arrests, ids: pa.Array, code: Int32) -> Arrests:
    """The arrests of the same persons, who are among others now: by their new codes, and each one's in file order."""
    person = code[arrests.person]
    order = sort_order([person])  # stable
    names = ("incident", "force", "day", "offences", "district", "beat", "gang", "row")
    arrays: dict[str, Any] = {name: getattr(arrests, name)[order] for name in names}
    charges = arrests.charges
    if charges is not None:
        place = inverse_order(order, len(arrests)).astype(np.int32)
        charges = dataclasses.replace(charges, arrest=place[charges.arrest])
    series = make_series("person_id", ids, backend_of(arrests.person_ids))
    return dataclasses.replace(arrests, person_ids=series, person=person[order], charges=charges, **arrays)


def check_key(config: Config) -> None:
    """Refuse a key of incidents that tables of victims do not have.

    Raises
    ------
    InputError
        If there is a column in it that is neither the incident's id, nor its force or date.
    """
    more = set(config.input.incident_key) - {"force", "incident_id"} - DATE_PARTS
    if more:
        raise InputError(
            f"victims: incidents are told apart by {quoted(sorted(more))} ([input] incident_key), which tables of "
            "victims do not have: leave it out of the key, or do without --victims"
        )


def _of_incidents(arrests: Arrests, victims: Arrests) -> tuple[Arrests, Int32, int]:
    """Which incidents of the arrests those of the victims are: the ones with the same key.

    The force is no part of it where the arrests or the victims do not tell any. Where several incidents of arrests have
    the key then, the date of each victim's event tells (:func:`_settled`).

    Returns
    -------
    victims
        With codes of their own for incidents that dates have told apart.
    of_incident
        int32[incidents of the victims], the incident of the arrests; -1 if there is none, or one of several.
    unsettled
        How many events may be in one of several incidents.
    """
    check_key(arrests.config)
    key = set(arrests.config.input.incident_key)
    if not all(any(of.force_names.to_list()) for of in (arrests, victims)):
        key.discard("force")  # one side does not tell it
    known, wanted = _keys(arrests, key), _keys(victims, key)
    counts = known.value_counts()
    repeated = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    places = (_places(keys, repeated) for keys in (known, wanted))
    known = pc.if_else(pc.is_in(known, value_set=repeated), pa.scalar(None, _TEXT), known)  # of which it is not known
    return _settled(arrests, victims, _places(wanted, known), *places)


def _places(keys: pa.Array, among: pa.Array) -> Int32:
    """Where each key stands, -1 for a null and for one that is not there."""
    found = pc.index_in(keys, value_set=among, skip_nulls=True)
    return np.asarray(found.fill_null(-1), dtype=np.int32)


def _settled(
    arrests: Arrests, victims: Arrests, of_incident: Int32, known: Int32, wanted: Int32
) -> tuple[Arrests, Int32, int]:
    """What :func:`_of_incidents` gives, where several incidents of arrests may share a key.

    Parameters
    ----------
    of_incident
        int32[incidents of the victims], those of the arrests by keys that only one has.
    known, wanted
        int32[incidents] of the arrests and of the victims, the number of the key that several have; -1 for others.

    An event is in the one whose first arrest is dated on the event's own day, if that is a single one.
    """
    incident, day = to_host(victims.incident), to_host(victims.day)
    (events,) = np.nonzero(wanted[incident] >= 0)
    if not len(events):
        return victims, of_incident, 0
    of_arrest, dated = to_host(arrests.incident), to_host(arrests.day) != NO_DAY
    first = least_by_code(of_arrest[dated], to_host(arrests.day)[dated], arrests.n_incidents, NEVER)
    (several,) = np.nonzero((known >= 0) & (first != NEVER))
    keys, at, counts = np.unique(_key_and_day(known[several], first[several]), return_index=True, return_counts=True)
    asked = _key_and_day(wanted[incident[events]], day[events])
    place = np.searchsorted(keys, asked)
    single = (np.append(keys, -1)[place] == asked) & (np.append(counts, 0)[place] == 1) & (day[events] != NO_DAY)
    told, chosen = events[single], several[at[place[single]]]
    parts, code = np.unique(incident[told] * np.int64(arrests.n_incidents) + chosen, return_inverse=True)
    incident = incident.copy()
    incident[told] = len(of_incident) + code
    before, chosen = np.divmod(parts, max(arrests.n_incidents, 1))
    ids = series_to_arrow(victims.incident_ids)
    ids = pa.concat_arrays([ids, ids.take(pa.array(before))])
    series = make_series(victims.incident_ids.name, ids, backend_of(victims.incident_ids))
    split = dataclasses.replace(victims, incident=incident, incident_ids=series)
    return split, np.append(of_incident, chosen).astype(np.int32), len(events) - len(told)


def _key_and_day(key: Int32, day: Int32) -> Int64:
    """Both as one number."""
    both: Int64 = (key.astype(np.int64) << 32) + day
    return both


def _keys(arrests: Arrests, key: Set[str]) -> pa.Array:
    """The key of each incident, as far as tables of victims have it, as one text; null where no arrest is left."""
    first = np.full(arrests.n_incidents, -1)
    incident = to_host(arrests.incident)
    first[incident[::-1]] = np.arange(len(incident))[::-1]
    at = pa.array(first, mask=first < 0)
    parts = [pc.if_else(at.is_valid(), series_to_arrow(arrests.incident_ids).cast(_TEXT), pa.scalar(None, _TEXT))]
    if "force" in key:
        names = series_to_arrow(arrests.force_names).cast(_TEXT)
        force = pa.array(to_host(arrests.force), mask=to_host(arrests.force) < 0)
        parts.append(names.take(force.take(at)).fill_null(""))
    if DATE_PARTS.intersection(key):
        day = pa.array(to_host(arrests.day), pa.int32(), mask=to_host(arrests.day) == NO_DAY)
        dates = day.take(at).cast(pa.date32()).cast(_TEXT).fill_null("")
        parts.append(dates if "date" in key else pc.utf8_slice_codeunits(dates, 0, 4))
    return pc.binary_join_element_wise(*parts, pa.scalar("\0", _TEXT))
