"""What a forecast is of, in words: a violent arrest or, on the other side, becoming a victim of a violent offence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gpunet.config.sides import OFFENDER, OWN_RECORD, VICTIM, OwnRecord, Side

__all__ = ["OFFENDING", "VICTIMISATION", "Outcome", "outcome_of"]


@dataclass(frozen=True)
class Outcome:
    """The words of one side.

    Attributes
    ----------
    side
        Whose.
    event
        What happens to a person: somebody *with a violent arrest*.
    events
        What is counted, of any offence.
    violence, offence
        What a person *is* afterwards, of violence and of a violent offence: *arrested for violence*.
    befallen
        The same in one word or two.
    violence_of_many, offence_of_many
        What several persons *are*.
    record
        The name of the baseline that orders persons by their own past of that kind.
    recent
        Of what it looks at the last one's day, among equals.
    title
        Of a page on a forecast.
    """

    side: Side
    event: str
    events: str
    violence: str
    offence: str
    befallen: str
    violence_of_many: str
    offence_of_many: str
    record: str
    recent: str
    title: str

    @property
    def own(self) -> OwnRecord:
        """The features in which a person's own past of that kind stands."""
        return OWN_RECORD[self.side]

    def order(self, name: str) -> str:
        """The name of an order of persons, ``model``, ``past violence`` or ``chance``, as it is shown.

        >>> VICTIMISATION.order("past violence"), VICTIMISATION.order("model")
        ('past victimisation', 'model')
        """
        return self.record if name == OFFENDING.record else name


OFFENDING = Outcome(
    OFFENDER,
    event="violent arrest",
    events="arrests",
    violence="arrested for violence",
    offence="arrested for a violent offence",
    befallen="arrested",
    violence_of_many="arrested for violence",
    offence_of_many="arrested for a violent offence",
    record="past violence",
    recent="one",
    title="Forecast of violent arrests",
)

VICTIMISATION = Outcome(
    VICTIM,
    event="violent victimisation",
    events="victimisations",
    violence="a victim of violence",
    offence="a victim of a violent offence",
    befallen="a victim",
    violence_of_many="victims of violence",
    offence_of_many="victims of a violent offence",
    record="past victimisation",
    recent="victimisation of any kind",
    title="Forecast of violent victimisation: who may need protection",
)


def outcome_of(manifest: Mapping[str, Any]) -> Outcome:
    """The words for what the run with that ``run.json`` has forecast; of an audit, for what the audited run has."""
    side = manifest.get("side") or manifest.get("audit", {}).get("run", {}).get("side")
    return VICTIMISATION if side == VICTIM else OFFENDING
