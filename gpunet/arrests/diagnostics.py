"""What input or configuration may have got wrong, to judge by the arrests that were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

import narwhals as nw

from gpunet.arrests.arrests import Arrests, ReadReport
from gpunet.base.array_types import Int32, Int64
from gpunet.base.days import NO_DAY, day_to_date
from gpunet.base.shapes import example, hint
from gpunet.base.words import Advice, counted, shortened
from gpunet.config.config import Config
from gpunet.tables.arrays import (
    count_by_code,
    distinct,
    greatest,
    greatest_by_code,
    least,
    least_by_code,
    namespace,
    sort_order,
    sum_by_code,
    to_host,
)
from gpunet.tables.gather import gather

__all__ = [
    "Diagnosis",
    "Frequencies",
    "IncidentFacts",
    "IncidentRows",
    "PersonFacts",
    "diagnosed",
    "diagnosis_of",
    "facts_of_incidents",
    "facts_of_persons",
    "why_no_network",
    "why_nothing",
]

#: An id that is on more than this share of the arrests, or has so many times the arrests of the next one, may stand for
#: "unknown"; if it has so many at least, and so many times the mean.
_SHARE, _TIMES_THE_NEXT, _AT_LEAST, _TIMES_THE_MEAN = 0.01, 10, 10, 3

#: So many ids are looked at: more cannot have a hundredth of the arrests each.
_MOST_IDS = 101

#: A day with so many times the mean of days may stand for "unknown".
_TIMES_A_DAY = 100

#: Arrests of one incident that are further apart than so many days are hardly of one incident.
_APART = 366

#: A table of forces and days has no more cells.
_MOST_CELLS = 1 << 24

#: Further than any day.
_FAR = 1 << 40

#: Days of which reading tells.
PLACEHOLDERS = ("1900-01-01", "1901-01-01", "1904-01-01", "1960-01-01", "1969-12-31", "1970-01-01")

#: Fewer persons may well have been arrested once each.
_FEW = 10


@dataclass(frozen=True)
class Frequencies:
    """The ids with the most arrests, descending, of ``ids`` ids and ``arrests`` arrests."""

    ids: int
    arrests: int
    top: tuple[tuple[int, str], ...]

    def __add__(self, other: Frequencies) -> Frequencies:
        top = sorted((*self.top, *other.top), key=lambda item: (-item[0], item[1]))[:_MOST_IDS]
        return Frequencies(self.ids + other.ids, self.arrests + other.arrests, tuple(top))

    def outstanding(self) -> list[tuple[int, str]]:
        """The ids that have so many arrests that they may stand for "unknown"."""
        mean = self.arrests / max(self.ids, 1)
        found = [
            (n, text)
            for n, text in self.top
            if n >= _AT_LEAST and n > _SHARE * self.arrests and n > _TIMES_THE_MEAN * mean
        ]
        gaps = [at for at, (one, other) in enumerate(pairwise(self.top)) if one[0] > _TIMES_THE_NEXT * other[0]]
        far = self.top[: gaps[0] + 1] if gaps else ()  # several words may stand for "unknown"
        return list(dict.fromkeys((*found, *far)))


@dataclass(frozen=True)
class PersonFacts:
    """What adds up over persons: their frequencies, and arrests by force and day.

    ``violent``: by set of offences, whether there is any arrest. ``days``: arrests by force, "" for none, and by day
    number.
    """

    frequencies: Frequencies
    violent: tuple[bool, ...]
    days: dict[str, dict[int, int]]

    def __add__(self, other: PersonFacts) -> PersonFacts:
        days = {
            force: added(self.days.get(force, {}), other.days.get(force, {})) for force in {**self.days, **other.days}
        }
        violent = tuple(a or b for a, b in zip(self.violent, other.violent, strict=True))
        return PersonFacts(self.frequencies + other.frequencies, violent, days)


@dataclass(frozen=True)
class IncidentFacts:
    """What adds up over incidents.

    ``frequencies``: arrests by incident id. ``apart``: incidents whose arrests are far apart, ``example`` one of them.
    ``several_forces``: incidents with arrests by several forces. ``forming``: incidents that tie persons. ``largest``:
    persons of the largest one.
    """

    frequencies: Frequencies
    apart: int
    example: str
    several_forces: int
    forming: int
    largest: int

    def __add__(self, other: IncidentFacts) -> IncidentFacts:
        return IncidentFacts(
            self.frequencies + other.frequencies,
            self.apart + other.apart,
            self.example or other.example,
            self.several_forces + other.several_forces,
            self.forming + other.forming,
            max(self.largest, other.largest),
        )


@dataclass(frozen=True)
class Diagnosis:
    """What the tables or the configuration may have got wrong.

    ``no_network``: why no network can be made, or none that means anything; it is among the advice too. ``days``:
    arrests by force and day number.
    """

    advice: list[Advice]
    no_network: str | None
    days: Mapping[str, Mapping[int, int]]

    @property
    def warnings(self) -> list[str]:
        """The advice in sentences."""
        return [advice.sentence for advice in self.advice]


def diagnosed(arrests: Arrests) -> Diagnosis:
    """What the tables or the configuration may have got wrong, to judge by the arrests."""
    rows = IncidentRows(arrests.incident, arrests.force, None, arrests.day, arrests.day)
    config = arrests.config
    incidents = facts_of_incidents(rows, arrests.incident_ids, config)
    return diagnosis_of(config, arrests.force_names.to_list(), facts_of_persons(arrests), incidents)


def facts_of_persons(arrests: Arrests) -> PersonFacts:
    """Facts of arrests of whole persons."""
    xp = namespace(arrests.offences)
    counts = count_by_code(arrests.person, arrests.n_persons)
    sets = range(len(arrests.config.violent_offences))
    return PersonFacts(
        _frequencies(counts, arrests.person_ids),
        tuple(bool(xp.any((arrests.offences >> i) & 1 != 0)) for i in sets),
        _days_of_forces(arrests),
    )


def _days_of_forces(arrests: Arrests) -> dict[str, dict[int, int]]:
    """Arrests by force and day number; all as of no force where a table of both would be huge."""
    xp = namespace(arrests.day)
    dated = arrests.day != NO_DAY
    day = xp.astype(arrests.day[dated], xp.int64)
    first, span = least(day, otherwise=0), greatest(day, otherwise=0) - least(day, otherwise=0) + 1
    names = ["", *arrests.force_names.to_list()]  # a code of -1 is no force
    force = xp.astype(arrests.force[dated], xp.int64) + 1
    if len(names) * span > _MOST_CELLS:
        names, force = [""], xp.zeros_like(force)
    counts = to_host(count_by_code(force * span + (day - first), len(names) * span)).reshape(len(names), span)
    found: dict[str, dict[int, int]] = {}
    for name, of in zip(names, counts, strict=True):
        days = {first + int(at): int(of[at]) for at in of.nonzero()[0]}
        if days:
            found[name] = added(found.get(name, {}), days)
    return found


def added(days: Mapping[int, int], others: Mapping[int, int]) -> dict[int, int]:
    """Arrests by day number, of both."""
    return {day: days.get(day, 0) + others.get(day, 0) for day in sorted({*days, *others})}


@dataclass(frozen=True)
class IncidentRows:
    """Arrests of incidents, or rows that stand for several of one incident and force.

    ``incident``, ``force``: int[n], codes; a force of -1 is one without name. ``arrests``: int64[n], how many arrests,
    each of another person, a row stands for; None for one each. ``first``, ``last``: int32[n], days, ``NO_DAY`` if none
    is dated.
    """

    incident: Int32
    force: Int32
    arrests: Int64 | None
    first: Int32
    last: Int32


def facts_of_incidents(rows: IncidentRows, ids: nw.Series[Any], config: Config) -> IncidentFacts:
    """Facts of whole incidents, whose ids are these by code."""
    xp, n, incident = namespace(rows.incident), len(ids), rows.incident
    size = count_by_code(incident, n) if rows.arrests is None else sum_by_code(incident, rows.arrests, n)
    dated = rows.first != NO_DAY
    begin = least_by_code(incident[dated], xp.astype(rows.first[dated], xp.int64), n, _FAR)
    end = greatest_by_code(incident[dated], xp.astype(rows.last[dated], xp.int64), n, -_FAR)
    (apart,) = xp.nonzero(end - begin > _APART)
    several = 0 if "force" in config.input.incident_key else shared_incidents(incident, rows.force, n)
    forming = (size > 1) & (size <= config.network.max_incident_size)
    return IncidentFacts(
        _frequencies(size, ids),
        int(apart.shape[0]),
        str(gather(ids, apart[:1])[0]) if apart.shape[0] else "",
        several,
        int(xp.count_nonzero(forming)),
        greatest(size, otherwise=0),
    )


def shared_incidents(incident: Int32, force: Int32, n_incidents: int) -> int:
    """How many incidents have rows of several forces, from each row's incident and force (-1: none)."""
    xp = namespace(incident, force)
    width = greatest(force, otherwise=-1) + 2  # -1 is a force too: none
    pairs = distinct(xp.astype(incident, xp.int64) * width + (force + 1))
    return int(xp.count_nonzero(count_by_code(pairs // width, n_incidents) > 1))


def _frequencies(counts: Int64, ids: nw.Series[Any]) -> Frequencies:
    xp = namespace(counts)
    present = int(xp.count_nonzero(counts > 0))
    (many,) = xp.nonzero(counts >= _AT_LEAST)  # fewer do not stand out, but for the one that others are compared with
    if many.shape[0] < 2:
        (many,) = xp.nonzero(counts > 0)
    top = many[sort_order([-counts[many]])][: min(_MOST_IDS, many.shape[0])]
    texts = map(str, gather(ids, top).to_list())
    ranked = sorted(zip(to_host(counts[top]).tolist(), texts, strict=True), key=lambda item: (-item[0], item[1]))
    return Frequencies(present, int(xp.sum(counts)), tuple(ranked))


def diagnosis_of(config: Config, forces: Sequence[str], persons: PersonFacts, incidents: IncidentFacts) -> Diagnosis:
    """What to say of these facts, where there are arrests by these forces, of which "" is none."""
    absent = [name for name, any_arrest in zip(config.violent_offences, persons.violent, strict=True) if not any_arrest]
    found: list[Advice] = []
    if absent and persons.frequencies.ids and not config.input.is_absent("offence"):
        found.append(Advice(f"no offence in the data matches {', '.join(absent)}: check [violent_offences]"))
    if incidents.several_forces and "force" not in config.input.incident_key:
        found.append(
            Advice(
                f"{incidents.several_forces:,} incidents have arrests by several forces: right if incident numbers are "
                "national, else",
                "incident_key",
                ["force", *config.input.incident_key],
            )
        )
    for column, frequencies in (("person_id", persons.frequencies), ("incident_id", incidents.frequencies)):
        known = config.input.null_values or ()
        found += [_outstanding(column, n, text, frequencies, known) for n, text in frequencies.outstanding()[:3]]
    if incidents.apart and "year" not in config.input.incident_key and "date" not in config.input.incident_key:
        found.append(
            Advice(
                f"{incidents.apart:,} incidents hold arrests more than a year apart (as {example(incidents.example)}"
                f"{hint()}): if incident numbers begin anew each year (rows without a date are rejected then)",
                "incident_key",
                [*config.input.incident_key, "year"],
            )
        )
    if config.input.person_scope == "force" and "" in forces:
        about = 'person_scope = "force", and some arrests have no force: their persons are taken for those of one'
        found.append(Advice(about))
    found += _days(reduce(added, persons.days.values(), {}), config.input.null_dates)
    reason = why_no_network(config, persons, incidents)
    return Diagnosis(found if reason is None else [*found, Advice(reason)], reason, persons.days)


def _outstanding(column: str, n: int, text: str, frequencies: Frequencies, known: Sequence[str]) -> Advice:
    share = 100 * n / frequencies.arrests
    return Advice(
        f'{column} "{shortened(text)}" has {counted(n, "arrest")} ({share:.2g} % of all): if it stands for "unknown"',
        "null_values",
        [*known, text],
    )


def _days(days: dict[int, int], known: Sequence[str]) -> list[Advice]:
    """A day with far more arrests than others, unless it is one that reading told of."""
    if not days:
        return []
    day = max(days, key=lambda day: (days[day], -day))
    text = day_to_date(day).isoformat()
    if days[day] <= _TIMES_A_DAY * sum(days.values()) / len(days) or text in PLACEHOLDERS:
        return []
    about = f"{counted(days[day], 'arrest')} are dated {text}, over a hundred times the mean of a day"
    return [Advice(f"{about}: if it stands for no date", "null_dates", [*known, text])]


def why_no_network(config: Config, persons: PersonFacts, incidents: IncidentFacts) -> str | None:
    """Why no network can be made of the arrests, or none that means anything; None if one can."""
    never_again = 1 < persons.frequencies.ids == persons.frequencies.arrests
    if persons.frequencies.ids == 1:
        return "the network is empty: there is one person"
    if never_again and (not incidents.forming or persons.frequencies.ids >= _FEW):
        tied = "" if incidents.forming else ", and nobody is tied to anybody"
        return (
            f"person_id seems to name the arrest, not the person: none of {persons.frequencies.ids:,} ids comes "
            f"again{tied}; set [input] columns.person_id to a column that has the same id for all arrests of a person"
        )
    if incidents.forming or not persons.frequencies.ids:
        return None
    if incidents.largest > config.network.max_incident_size:
        return (
            f"the network is empty: every incident of several persons has more than "
            f"{config.network.max_incident_size}; see [network] max_incident_size"
        )
    return (
        "the network is empty: incident_id seems to name the arrest or the charge, as no incident has two persons; set "
        "[input] columns.incident_id, or incident_key, to what persons arrested together have in common"
    )


def why_nothing(report: ReadReport | None) -> str:
    """Say why no row was accepted, with an example of each reason."""
    if report is None or not any(f.read for f in report.files):
        return "the input has no rows"
    return f"all {sum(f.read for f in report.files):,} rows were rejected: {', '.join(report.reasons.values())}"
