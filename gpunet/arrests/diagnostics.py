"""What input or configuration may have got wrong, to judge by the arrests that were read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.facts import (
    Frequencies,
    IncidentFacts,
    IncidentRows,
    PersonFacts,
    facts_of_incidents,
    facts_of_persons,
    in_all,
)
from gpunet.arrests.read_report import ReadReport
from gpunet.base.days import day_to_date
from gpunet.base.shapes import example, example_of_id, hint
from gpunet.base.words import Advice, counted, shortened
from gpunet.config.config import Config

__all__ = ["Diagnosis", "diagnosed", "diagnosis_of", "why_no_network", "why_nothing"]

#: A day with so many times the mean of days may stand for "unknown".
_TIMES_A_DAY = 100

#: Days of which reading tells.
PLACEHOLDERS = ("1900-01-01", "1901-01-01", "1904-01-01", "1960-01-01", "1969-12-31", "1970-01-01")

#: Fewer persons may well have been arrested once each.
_FEW = 10


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


def diagnosis_of(config: Config, forces: Sequence[str], persons: PersonFacts, incidents: IncidentFacts) -> Diagnosis:
    """What to say of these facts, where there are arrests by these forces, of which "" is none."""
    absent = [name for name, any_arrest in zip(config.violent_offences, persons.violent, strict=True) if not any_arrest]
    found: list[Advice] = []
    if absent and persons.frequencies.ids and not config.input.is_absent("offence"):
        found.append(Advice(f"no offence in the data matches {', '.join(absent)}: check [violent_offences]"))
    if incidents.several_forces and "force" not in config.input.incident_key:
        found.append(
            Advice(
                f"{counted(incidents.several_forces, 'incident')} {'has' if incidents.several_forces == 1 else 'have'} "
                "arrests by several forces: right if incident numbers are national, else",
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
                f"{counted(incidents.apart, 'incident')} {'holds' if incidents.apart == 1 else 'hold'} arrests more "
                f"than a year apart (as {example(incidents.example)}"
                f"{hint()}): if incident numbers begin anew each year (rows without a date are rejected then)",
                "incident_key",
                [*config.input.incident_key, "year"],
            )
        )
    if config.input.person_scope == "force" and "" in forces:
        about = 'person_scope = "force", and some arrests have no force: their persons are taken for those of one'
        found.append(Advice(about))
    found += _days(in_all(persons.days.values()), config.input.null_dates)
    reason = why_no_network(config, persons, incidents)
    names = dict(enumerate(forces))
    days: dict[str, Mapping[int, int]] = {}
    for code, of in sorted(persons.days.items()):
        name = names.get(code, "")  # which a force may have, too
        days[name] = in_all((days.get(name, {}), of))
    return Diagnosis(found if reason is None else [*found, Advice(reason)], reason, days)


#: What systems write for a person whom nobody knows: words, one character again and again, the number 0.
_WORDS = "unknown|unk|not|known|none|null|nil|no|n/a|na|name|person|nominal|suspect|offender|anonymous|anon|id|missing"
_NOBODY = re.compile(rf"\W*(?:{_WORDS})(?:[\W_]+(?:{_WORDS}))*\W*|(\w)\1{{2,}}|[a-z]{{0,3}}0+", re.IGNORECASE)


def _outstanding(column: str, n: int, text: str, frequencies: Frequencies, known: Sequence[str]) -> Advice:
    """That an id has many arrests. One of a person is never shown, unless it names nobody."""
    many = f"{counted(n, 'arrest')} ({100 * n / frequencies.arrests:.2g} % of all)"
    if column == "person_id" and not _NOBODY.fullmatch(text):
        return Advice(
            f'a person_id of the shape {example_of_id(text)} has {many}: if it stands for "unknown", write it into '
            "[input] null_values; it is the one that comes most often in the column"
        )
    return Advice(f'{column} "{shortened(text)}" has {many}: if it stands for "unknown"', "null_values", [*known, text])


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
    read = sum(f.read for f in report.files)
    were = "the one row was" if read == 1 else f"all {read:,} rows were"
    return f"{were} rejected: {', '.join(report.reasons.values())}"
