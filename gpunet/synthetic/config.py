"""The settings of the synthetic tables. The defaults are calibrated to the published figures; docs/synthetic.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from gpunet.config.offences import PRESETS
from gpunet.config.validation import CHECKED, names_keys
from gpunet.synthetic.further_config import AssociationConfig, VictimConfig

__all__ = [
    "PAPER_PERSONS",
    "PAPER_VIOLENT",
    "ActivityConfig",
    "CircleConfig",
    "PlaceConfig",
    "SyntheticConfig",
    "ViolenceConfig",
]

#: Persons of the paper's network (its Table 2); every total below is the paper's total over this number.
PAPER_PERSONS = 9_373

#: Arrests for each violent offence in the paper (its Table 1).
PAPER_VIOLENT: Mapping[str, int] = MappingProxyType(
    {
        "homicide": 312,
        "criminal_sexual_assault": 153,
        "robbery": 1_959,
        "aggravated_assault": 1_441,
        "aggravated_battery": 896,
    }
)

_Positive = Annotated[float, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


@names_keys("synthetic", "circles")
@dataclass(frozen=True, config=CHECKED)
class CircleConfig:
    """Who is arrested with whom.

    Attributes
    ----------
    extra_mean, extra_shape
        A person has one co-arrest and a negative binomial number more: its mean, and its shape (small is uneven).
    pair_share
        Share of co-arrests that are drawn as pairs; the others are 2 and a geometric number more.
    growth, max_size
        That geometric number's chance of one more, and the cap of persons in an incident.
    near, far_share, far_reach
        How far from home a co-arrest happens along the ring of homes: Laplace with scale `near` persons, but for a
        share `far_share`, which is Laplace with a scale of `far_reach` of the ring.
    repeats, repeat_keep
        Further incidents for each incident, in which the same persons are arrested again, and the chance of each to be
        among them. They make no new tie.
    visitors
        Persons of another area that are arrested here with residents, for each resident in the network.
    """

    extra_mean: _Positive = 0.32
    extra_shape: _Positive = 0.22
    pair_share: _Share = 0.495
    growth: _Share = 0.625
    max_size: Annotated[int, Field(ge=2, le=50)] = 14
    near: _Positive = 22.0
    far_share: _Share = 0.25
    far_reach: _Positive = 0.05
    repeats: _Positive = 0.25
    repeat_keep: _Share = 0.8
    visitors: _Positive = 0.0008


@names_keys("synthetic", "activity")
@dataclass(frozen=True, config=CHECKED)
class ActivityConfig:
    """How often, and when. Numbers "per person" are per person of the network.

    Attributes
    ----------
    records
        Rows per person: arrests, and the second charges of some of them.
    second_charges
        Share of rows that are a second charge of an arrest.
    one_time
        Persons arrested once, in or outside the network, per person.
    repeaters_outside
        Persons arrested at least twice, always alone, per person.
    solo_mean, solo_shape
        Arrests alone of a person in the network: negative binomial.
    solo_shape_outside
        Shape of the number of arrests beyond two of a repeater outside the network.
    first_day, last_day
        The period; both days are in it.
    months
        Twelve weights, January first: arrests a day relative to the other months.
    mass_arrests, mass_size
        Mass arrests per person of the network, and the range of persons in one; all of them over the default cap.
    null_offence
        Share of non-violent rows without an offence.
    """

    records: _Positive = 64_466 / PAPER_PERSONS
    second_charges: _Share = 0.02
    one_time: _Positive = 12_866 / PAPER_PERSONS
    repeaters_outside: _Positive = 0.45
    solo_mean: _Positive = 2.2
    solo_shape: _Positive = 0.7
    solo_shape_outside: _Positive = 0.8
    first_day: date = date(2011, 8, 1)
    last_day: date = date(2014, 8, 31)
    months: Annotated[tuple[_Positive, ...], Field(min_length=12, max_length=12)] = (
        0.80,
        0.76,
        0.96,
        1.02,
        1.09,
        1.10,
        1.12,
        1.10,
        1.05,
        1.02,
        0.94,
        0.78,
    )
    mass_arrests: _Positive = 0.00002
    mass_size: tuple[int, int] = (60, 160)
    null_offence: _Share = 0.002

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day")


@names_keys("synthetic", "places")
@dataclass(frozen=True, config=CHECKED)
class PlaceConfig:
    """Forces, districts, beats and gangs.

    Attributes
    ----------
    area_persons
        Network persons of an area, the unit that is made on its own; about this many.
    beat_persons, district_beats
        Network persons a beat, and beats a district.
    main_force
        Share of an area's ring that belongs to its main force; the region's other forces share the rest.
    away
        Share of arrests alone that happen anywhere in the area, the others near home.
    gang_persons, gang_tail
        Mean length of a gang's territory in network persons, and the shape of its gamma distribution.
    member_network, member_outside
        Chance to belong to the gang of one's home.
    gang_recorded
        Chance that an arrest of a member states the gang.
    gang_switch
        Share of members that go over to the next gang at some day of the period.
    place_recorded
        Chance that an arrest states its beat; where it does not, it still states the district.
    """

    area_persons: Annotated[int, Field(ge=0)] = 10_000
    beat_persons: Annotated[int, Field(ge=0)] = 33
    district_beats: Annotated[int, Field(ge=1, le=99)] = 12
    main_force: _Share = 0.6
    away: _Share = 0.04
    gang_persons: _Positive = 240.0
    gang_tail: _Positive = 0.8
    member_network: _Share = 0.8
    member_outside: _Share = 0.35
    gang_recorded: _Share = 0.95
    gang_switch: _Share = 0.03
    place_recorded: _Share = 0.99


def _violent_set(name: str) -> str:
    if name not in PRESETS["fbi_index"]:
        raise ValueError("no violent set of the default taxonomy")
    return name


@names_keys("synthetic", "violence")
@dataclass(frozen=True, config=CHECKED)
class ViolenceConfig:
    """How violence comes about. Effects are on the log-odds that an incident is violent.

    Attributes
    ----------
    rates
        Violent arrests per network person, by violent set of the default taxonomy; their sum fixes the base rate.
    person, gang, beat
        Standard deviations of the lasting effects of a person, a gang and a beat.
    own, tie, heat
        Effect of one recent violent arrest: of the person, of a person that it is tied to, and in the same beat.
    own_cap, tie_cap, heat_cap
        Largest number of such recent arrests that counts.
    own_half_life, tie_half_life, heat_half_life
        Days after which such an arrest counts half.
    charged
        Chance of each further participant of a violent incident to be charged with the violent offence.
    """

    rates: Mapping[Annotated[str, AfterValidator(_violent_set)], _Positive] = field(
        default_factory=lambda: {name: count / PAPER_PERSONS for name, count in PAPER_VIOLENT.items()}
    )
    person: _Positive = 0.6
    gang: _Positive = 0.5
    beat: _Positive = 0.35
    own: _Positive = 0.3
    tie: _Positive = 0.8
    heat: _Positive = 0.12
    own_cap: _Positive = 3.0
    tie_cap: _Positive = 4.0
    heat_cap: _Positive = 5.0
    own_half_life: _Positive = 180.0
    tie_half_life: _Positive = 180.0
    heat_half_life: _Positive = 60.0
    charged: _Share = 0.75


@names_keys("synthetic")
@dataclass(frozen=True, config=CHECKED)
class SyntheticConfig:
    """All settings of the synthetic tables; see the six parts. The last two are of the further tables alone.

    Raises
    ------
    ConfigError
        If a number is negative, or a share is above one; the message names the part and the key.
    """

    circles: CircleConfig = field(default_factory=CircleConfig)
    activity: ActivityConfig = field(default_factory=ActivityConfig)
    places: PlaceConfig = field(default_factory=PlaceConfig)
    violence: ViolenceConfig = field(default_factory=ViolenceConfig)
    associations: AssociationConfig = field(default_factory=AssociationConfig)
    victims: VictimConfig = field(default_factory=VictimConfig)
