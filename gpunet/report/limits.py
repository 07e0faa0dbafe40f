"""What results must not be used for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gpunet.base.words import counted
from gpunet.report.audience import Audience
from gpunet.report.figure import Paragraph, Section
from gpunet.report.forecast_words import of_first_hundred
from gpunet.report.outcome import VICTIMISATION, outcome_of
from gpunet.report.source import Source

__all__ = ["limits"]

Manifest = Mapping[str, Any]

#: Of everything that is made of arrest tables.
_OF_RECORDS = (
    "It is about records, not about persons. Arrests measure policing as well as conduct: who is stopped, where "
    "officers are sent and what is charged all enter the network.",
    "Being arrested together is not evidence of anything. A tie, a group or a place in the network is no proof of "
    "friendship, of membership in a gang, or of guilt.",
    "It is not neutral. Columns named after race, sex and the like are not read, yet places, groups and networks can "
    "stand in for them. Results have to be checked by group, with data that you are entitled to hold, before any use.",
)

_OF_SCORES = (
    "Do not arrest, stop, search, watch, charge, detain or sentence anybody for a score, nor refuse bail, work, "
    "housing or help. A score may only point somebody who sees and questions its reasons to a record worth reading.",
    "The reasons given for a score say where the number comes from. They do not say what causes violence, and changing "
    "one of them would not change what a person does.",
    "Whoever acts on scores changes the records that the next model learns from: more officers at a place make more "
    "arrests there. Later figures then no longer say how good the model is.",
)

_OF_VICTIMS = (
    "It is a list of persons who may need protection. It is no list of suspects, and being on it is no ground to stop, "
    "search, watch or arrest anybody, nor to refuse work, housing or help.",
    "It is never put together with a list of possible offenders: in 2018 the United Kingdom's Information Commissioner "
    "found that the Gangs Matrix of London's police did not clearly tell victims from offenders. Many persons are on "
    "both sides; what they are offered as victims must not depend on the other list.",
    "Who became a victim is known only of those who told, or were found. Whoever does not trust the police, or is "
    "harmed at home, is missing from the record, and from the head of the list.",
    "The reasons given for a score say where the number comes from. They are no fault of the person, and do not say "
    "what causes violence.",
    "An approach can itself bring danger, as when others learn of it. Have it made by those whose work is to protect, "
    "with the person's consent where that can be had.",
)

_OF_KNOWN = (
    "This experiment is no forecast. It tells the violent of a network whose arrests are all known, and most of its "
    "figures rest on arrests that came later than what they are said to find.",
    "Under the paper's own protocol, features know the labels of a person's neighbours, and a classifier can read a "
    "person's own label from those. Figures under it are too high; the other protocols hide these labels.",
)

_OF_EMERGING = (
    "The values of these classifiers are no probabilities: they order persons, and are mostly too high as figures.",
    'Months of the outcome "ever after" cannot be compared with each other, as later months have less time in which '
    "something can come true.",
)

_OF_AUDIT = (
    "Equal figures do not make a model fair. Where arrests fall on one group more than its conduct explains, so do "
    "what the model learns from and what it is measured by here: both are arrests.",
    "Selection rates, errors and calibration cannot all be equal where groups are arrested at different rates. Which "
    "of them has to be is not a question of statistics.",
    "An interval that holds everybody's figure is no proof that there is no difference: small groups have wide ones. "
    "Of many comparisons some differ by chance alone.",
    "Guesses of a group are about persons, and friends are in different folds: what a network repeats among friends "
    "helps to guess.",
)

_OF_PLACES = (
    "A forecast of places says where arrests were made and may be made again. It does not say where harm is done that "
    "nobody is arrested for, nor anything of a person who lives or walks there: being in a flagged place is no ground "
    "to stop anybody.",
    "Whoever patrols flagged places makes the arrests that the next forecast learns from. Its later figures then "
    "confirm the patrols, and places that were left alone look peaceful.",
    "A high PAI may come from tiny places alone. Read it with PEI*, recapture and their intervals, or not at all.",
)

_OF_FLAGS = (
    "Do not arrest, stop, search, watch, charge, detain or sentence anybody for a flag, nor refuse bail, work, housing "
    "or help. A flag is a reason to read a record, and then to think of what would help.",
    "Flags are not to be counted: they overlap, and nobody has tried what a sum of them is worth.",
    "The evidence speaks of others, who have no flag for it. Lists of offenders and of victims are never one list.",
    "Whoever acts on flags changes what follows them: where there is more watching there are more arrests, and a flag "
    "looks better than it is.",
)

_OF_A_METHOD = "These figures say how well a method works on these tables. They are no ground to act on anybody."

_LEADS = {
    "features": "The features describe a network of arrests. They say nothing of what a person has done or will do.",
    "panel": "These rows are for models of others. They say nothing of what a person has done or will do.",
    "audit": "An audit says what a model did to groups in one window. It clears no model, and justifies no use of one.",
    "flags": "A flag is something to look at. It is no probability, and no ground to act on anybody.",
    "places": "Send nobody to a place for a forecast alone: arrests follow patrols, and forecasts follow arrests.",
    "evaluate known": _OF_A_METHOD,
    "evaluate emerging": _OF_A_METHOD,
}

_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "audit": _OF_AUDIT, "flags": _OF_FLAGS, "run": _OF_SCORES, "evaluate known": _OF_KNOWN,
    "evaluate emerging": _OF_EMERGING, "places": _OF_PLACES,
}  # fmt: skip


def limits(source: Source) -> Section:
    """Why no score is enough to act on, what arrests measure, and how long and for whom results hold."""
    found = source.manifest
    of_kind = _OF_KIND.get(source.kind, ())
    if source.kind == "run" and outcome_of(found) is VICTIMISATION:
        of_kind = _OF_VICTIMS
    items = (*of_kind, *_OF_RECORDS, *_of_its_time(found), *_of_data(found))
    return Section(
        "limits",
        "What it must not be used for",
        _LEADS.get(source.kind) or _of_a_model(found, source.audience),
        tuple(Paragraph(text, "list item") for text in items),
    )


def _of_a_model(found: Manifest, audience: Audience) -> str:
    lead = "Never act on a score alone."
    results = (found.get("model") or {}).get("results", {})
    share, persons = (results.get("model") or {}).get("precision_top_100"), results.get("persons", 0)
    if share is None or persons < 100:
        return lead
    true = of_first_hundred(share, persons, results["positives"], audience)
    were = outcome_of(found).violence_of_many
    return f"{lead} Of the 100 persons ranked highest in the test window, {true} were {were} in it."


def _of_its_time(found: Manifest) -> Iterator[str]:
    """A forecast is for its window, and its population."""
    days = (found.get("model") or {}).get("days")
    if days:
        yield (
            f"It holds for the {counted(found['model']['horizon_days'], 'day')} from {days['T']} on, and for the "
            "forces in these tables. This run has not tried it on other places or later years."
        )


def _of_data(found: Manifest) -> Iterator[str]:
    """What is missing at the end of the data."""
    missing = found.get("completeness") or {}
    if missing.get("days_beyond") or missing.get("late"):
        yield (
            f"The last weeks of the data are not complete: figures of the test window are too low. A forecast as of "
            f"{missing['as_of']} would be right."
        )
