"""The settings of the further synthetic tables: ties of other kinds than arrests, and victims."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from gpunet.config.validation import CHECKED, names_keys

__all__ = ["AssociationConfig", "KindConfig", "VictimConfig"]

_Positive = Annotated[float, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


@names_keys("synthetic", "associations")
@dataclass(frozen=True, config=CHECKED)
class KindConfig:
    """Of which pairs one kind of report tells. What of them is none of the four shares is any two persons at random.

    Attributes
    ----------
    rows
        Reports per person of the network.
    repeats
        Mean number of reports on the same pair; the number is one and a negative binomial number more.
    tied
        Share of pairs that are arrested together on some day of the period: violence spreads along these alone.
    ahead
        Share of those whose first report is of a day before their first arrest together.
    pull
        How much reports go to pairs with high lasting effects: the logarithm of a pair's weight for one of effect.
    spread
        How much they go to pairs along which violence may have spread, one arrested for violence some day after the
        other was: the logarithm of a pair's weight if so.
    circle
        Share of pairs that are both tied to a third person, and not to each other.
    near
        Share of pairs that live next to each other on the ring, and are never arrested together.
    alone
        Share of pairs of a person of the network and somebody who is known from ties alone.
    sure
        Whether what is reported is true of every pair. Else it is of those arrested together and those known from ties
        alone, and reports on others have worse grades.
    """

    rows: _Positive = 1.0
    repeats: Annotated[float, Field(ge=1)] = 1.8
    tied: _Share = 0.0
    ahead: _Share = 0.7
    pull: _Positive = 0.0
    spread: _Positive = 0.0
    circle: _Share = 0.0
    near: _Share = 0.0
    alone: _Share = 0.0
    sure: bool = False

    def __post_init__(self) -> None:
        if self.tied + self.circle + self.near + self.alone > 1 + 1e-9:
            raise ValueError("tied, circle, near and alone are shares of the same pairs: their sum must be at most 1")


@names_keys("synthetic", "associations")
@dataclass(frozen=True, config=CHECKED)
class AssociationConfig:
    """Ties of other kinds than arrests.

    Attributes
    ----------
    intelligence
        Tells of circles that no arrest shows yet, most of all of violent ones: it helps a forecast.
    observation
        Who is seen with whom: tied persons, often known from arrests already, and as many who only share a circle.
    calls
        Who calls whom. Victimisation goes along these, :class:`VictimConfig`.
    social_media
        Any two persons: noise, which helps nothing.
    alone
        Persons known from ties alone, per person of the network; each hangs on one or two others.
    ended
        Share of reports that say until when the tie was.
    lag
        Mean days from a report's date to its recording.
    confidential
        Share of reports with handling code C; the others have P.
    """

    intelligence: KindConfig = field(
        default_factory=lambda: KindConfig(
            rows=1.1, repeats=1.5, tied=0.75, ahead=0.85, pull=0.5, spread=1.0, circle=0.1, alone=0.1
        )
    )
    observation: KindConfig = field(
        default_factory=lambda: KindConfig(rows=0.7, tied=0.6, ahead=0.35, circle=0.33, near=0.02, alone=0.05)
    )
    calls: KindConfig = field(
        default_factory=lambda: KindConfig(
            rows=0.8, repeats=1.5, tied=0.45, circle=0.38, near=0.02, alone=0.15, sure=True
        )
    )
    social_media: KindConfig = field(default_factory=lambda: KindConfig(rows=0.4, repeats=2.0, sure=True))
    alone: _Share = 0.1
    ended: _Share = 0.08
    lag: _Positive = 6.0
    confidential: _Share = 0.15


@names_keys("synthetic", "victims")
@dataclass(frozen=True, config=CHECKED)
class VictimConfig:
    """Who becomes a victim of violence.

    Attributes
    ----------
    unsolved
        Violent incidents in which nobody was arrested, per person of the network.
    more
        Mean number of further victims of an incident.
    known
        Share of victims who are arrested at some time, or known from ties; the others are strangers.
    offender, victim
        Shares of those known who are found from an offender of the incident, and from somebody who recently became a
        victim; the others live near the incident.
    calls
        Share of steps from there that go along a call; the others go along a co-arrest tie of the whole period.
    second
        Chance of a second step.
    recent
        Days for which victimisation is passed on.
    near
        How far from an incident its victims live: Laplace with a scale of so many persons.
    strangers
        Strangers who may become victims, per person of the network; some of them do more than once.
    lag
        Mean days from a victimisation to its recording.
    """

    unsolved: _Positive = 0.25
    more: _Positive = 0.2
    known: _Share = 0.65
    offender: _Share = 0.3
    victim: _Share = 0.55
    calls: _Share = 0.85
    second: _Share = 0.25
    recent: _Positive = 240.0
    near: _Positive = 40.0
    strangers: _Share = 0.5
    lag: _Positive = 3.0

    def __post_init__(self) -> None:
        if self.offender + self.victim > 1 + 1e-9:
            raise ValueError("offender and victim are shares of the same victims: their sum must be at most 1")
