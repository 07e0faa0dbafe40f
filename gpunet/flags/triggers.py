"""Which function finds what a flag of the configuration looks for, and the evidence as text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gpunet.base.days import day_to_date
from gpunet.base.errors import ConfigError
from gpunet.base.words import quoted
from gpunet.config.config import Config
from gpunet.config.flags_config import Flag, ViolenceNearby
from gpunet.flags.found import LISTED, Found
from gpunet.flags.groups import gang_tie, group_violence_rising, violent_first_arrest, violent_group_tie
from gpunet.flags.known import Known
from gpunet.flags.nearby import distance_shrank, sets_of, sources_of, violence_nearby
from gpunet.tables.gather import gather

__all__ = ["check_sets", "evidence_of", "find", "why_never"]

_FIND: Mapping[str, Callable[[Known, Any], Found]] = {
    "violence_nearby": violence_nearby,
    "violent_group_tie": violent_group_tie,
    "gang_tie": gang_tie,
    "violent_first_arrest": violent_first_arrest,
    "group_violence_rising": group_violence_rising,
    "distance_shrank": distance_shrank,
}


def find(known: Known, flag: Flag) -> Found:
    """Whom a flag is raised about as of a day, and why; docs/flags.md has the definitions.

    Evidence about a person comes from others alone: a person's own offences have no part in it, own arrests only as far
    as they make ties. Expired flags and those that were raised before are not looked at.

    Examples
    --------
    >>> from gpunet.config.flags_config import ViolentFirstArrest
    >>> rows = {"person_id": ["ann", "bob", "cyd"], "incident_id": [1] * 3, "date": ["2013-05-04"] * 3,
    ...         "offence": ["theft", "robbery", "robbery"]}
    >>> arrests = gpunet.read_arrests(pl.DataFrame(rows), as_of="2013-06-01")
    >>> found = find(Known(arrests, gpunet.build_network(arrests)), ViolentFirstArrest())
    >>> found.person.tolist(), found.others.tolist()  # ann
    ([0], [2])
    """
    return _FIND[flag.trigger](known, flag)


def check_sets(flags: Mapping[str, Flag], config: Config) -> None:
    """Refuse sets of offences that are none of the configuration's.

    Raises
    ------
    ConfigError
        If a flag names one.
    """
    known = ("violent", *config.violent_offences)
    for name, flag in flags.items():
        if isinstance(flag, ViolenceNearby) and (unknown := [of for of in flag.sets if of not in known]):
            raise ConfigError(f"[flags] {name}.sets: there is no set {quoted(unknown)}; there are {', '.join(known)}")


def why_never(flag: Flag, config: Config, *, gangs: bool, victims: bool = False) -> str:
    """Why a flag cannot be raised whatever happens; "" if it can."""
    if isinstance(flag, ViolenceNearby) and not sets_of(flag, config):
        return "no set of offences is called homicide or speaks of gunshots: name the flag's sets"
    if isinstance(flag, ViolenceNearby) and flag.sources == ("victims",) and not victims:
        return "it looks for victims, and the input has no table of them"
    if not gangs and (flag.trigger == "gang_tie" or getattr(flag, "group", "") == "gang"):
        return "the tables name no gang"
    return ""


def evidence_of(known: Known, flag: Flag, found: Found) -> list[str]:
    """The evidence of each flagged person as JSON: what was seen in all, and the latest arrests that speak."""
    pieces = _pieces(known, flag, found)
    begin = np.searchsorted(found.of, np.arange(len(found))).tolist()
    end = np.searchsorted(found.of, np.arange(len(found)), side="right").tolist()
    numbers = {name: values.tolist() for name, values in found.numbers.items()}
    of_all: dict[str, Any] = {"trigger": flag.trigger, "days": flag.days}
    if isinstance(flag, ViolenceNearby):
        of_all["sets"] = list(sets_of(flag, known.arrests.config))
    if _of_victims(known, flag):
        assert isinstance(flag, ViolenceNearby)
        of_all["sources"] = list(sources_of(flag, victims=True))
        numbers = {"victimisations": found.victimisations.tolist(), **numbers}
    texts = []
    for i, (arrests, persons) in enumerate(zip(found.arrests.tolist(), found.others.tolist(), strict=True)):
        listed = pieces[begin[i] : min(end[i], begin[i] + LISTED)]
        seen = {name: values[i] if values[i] >= 0 else None for name, values in numbers.items()}
        whole = {**of_all, "persons": persons, "arrests": arrests, **seen, "seen": listed}
        texts.append(json.dumps(whole, ensure_ascii=False))
    return texts


def _of_victims(known: Known, flag: Flag) -> bool:
    """Whether a flag counts that others became a victim."""
    victims = known.arrests.victims is not None
    return victims and isinstance(flag, ViolenceNearby) and "victims" in sources_of(flag, victims=True)


def _pieces(known: Known, flag: Flag, found: Found) -> list[dict[str, Any]]:
    """Each piece of evidence: day, incident, offences of the person in it, steps away.

    Where flags count victims too, each says which of the two it is; who became a victim is never told.
    """
    records = known.records
    names = tuple(known.arrests.config.violent_offences)
    incidents = records.incidents(found.row)
    days, bits = records.day[found.row].tolist(), records.offences[found.row].tolist()
    ids = gather(known.arrests.person_ids, records.person[found.row]).to_list() if flag.evidence_ids else None
    arrested, both = records.of_arrests(found.row).tolist(), _of_victims(known, flag)
    text_of = {day: day_to_date(day).isoformat() for day in set(days)}
    sets_in = {of: [name for i, name in enumerate(names) if of >> i & 1] for of in set(bits)}

    def pieces() -> Iterator[dict[str, Any]]:
        for i, steps in enumerate(found.steps.tolist()):
            piece: dict[str, Any] = {"date": text_of[days[i]], "incident": incidents[i], "offences": sets_in[bits[i]]}
            if steps:
                piece["steps"] = steps
            if both:
                piece["as"] = "arrested" if arrested[i] else "victim"
            if ids is not None and arrested[i]:
                piece["person_id"] = ids[i]
            yield piece

    return list(pieces())
