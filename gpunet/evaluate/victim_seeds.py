"""The victims from whom the two-hop heuristic starts, where tables of victims were read together with the arrests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.beside import Victimisations
from gpunet.base.array_types import Bool
from gpunet.evaluate.heuristics import FROM_OFFENDERS, FROM_VICTIMS
from gpunet.evaluate.side_tables import Victims
from gpunet.tables.arrays import count_by_code

__all__ = ["FROM_VIOLENT_VICTIMS", "Seeds", "VictimsOfArrests", "seeds_of", "where_from"]

#: What to tell of where the two-hop heuristic starts, beside what :mod:`gpunet.evaluate.heuristics` has.
FROM_VIOLENT_VICTIMS = (
    "the two-hop heuristic starts from the persons who became a victim of a violent offence, of the tables of victims "
    "that were read with the arrests"
)


class Seeds(Protocol):
    """Victims, as far as the two-hop heuristic needs them."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user."""

    def seeds(self, n_persons: int, before: date | None = None) -> Bool:
        """Who became a victim before a day, or at any time, bool[n_persons]."""


@dataclass(frozen=True)
class VictimsOfArrests:
    """Those of :attr:`gpunet.arrests.arrests.Arrests.victims` who became a victim of a violent offence."""

    victims: Victimisations
    warnings: tuple[str, ...] = ()

    def seeds(self, n_persons: int, before: date | None = None) -> Bool:
        """Who did so before a day, as far as it was known by then; or at any time, bool[n_persons]."""
        victims = self.victims if before is None else self.victims.known_before(before)
        person = victims.person
        found: Bool = count_by_code(person[(victims.events.offences != 0) & (person >= 0)], n_persons) > 0
        return found


def seeds_of(arrests: Arrests, table: Victims | None) -> Seeds | None:
    """Where the heuristic starts: the table that was named for it, else victims read with the arrests, else None."""
    if table is not None or arrests.victims is None:
        return table
    return VictimsOfArrests(arrests.victims)


def where_from(seeds: Seeds | None) -> str:
    """The sentence on where the heuristic starts.

    >>> where_from(None).startswith("the two-hop heuristic starts from past violent offenders")
    True
    """
    if seeds is None:
        return FROM_OFFENDERS
    return FROM_VIOLENT_VICTIMS if isinstance(seeds, VictimsOfArrests) else FROM_VICTIMS
