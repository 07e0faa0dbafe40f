"""The two sides of violence that a forecast can be of, which are never put together: who offends, who becomes a victim.

In 2018 the United Kingdom's Information Commissioner found that the Gangs Matrix of London's police did not
clearly tell victims from offenders. So every file of a forecast of victims says of which side it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["OFFENDER", "OWN_RECORD", "VICTIM", "OwnRecord", "Side"]

Side: TypeAlias = Literal["offender", "victim"]

#: Who may be arrested for a violent offence: the side of everything that does not say another.
OFFENDER: Side = "offender"

#: Who may become a victim of a violent offence.
VICTIM: Side = "victim"


@dataclass(frozen=True)
class OwnRecord:
    """The features in which a person's own past on a side stands: all events, violent ones, days since the last.

    ``order`` is what the order of persons by that past is called in tables of predictions.

    >>> OWN_RECORD["victim"].violent, OWN_RECORD["victim"].order
    ('own_victimisations__violent', 'past_victimisation')
    """

    events: str
    violent: str
    since: str
    order: str


#: By side. Days since the last victimisation are of any offence: the features have no others.
OWN_RECORD: Mapping[Side, OwnRecord] = {
    OFFENDER: OwnRecord("own_arrests", "own_violent_arrests", "days_since_last_violent", "past_violence"),
    VICTIM: OwnRecord(
        "own_victimisations__all", "own_victimisations__violent", "days_since_last_victimisation", "past_victimisation"
    ),
}
