"""The settings of the synthetic tables. The defaults are calibrated to the published figures; docs/synthetic.md."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from gpunet.base.errors import ConfigError
from gpunet.config.offences import PRESETS

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


@dataclass(frozen=True)
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

    extra_mean: float = 0.32
    extra_shape: float = 0.22
    pair_share: float = 0.495
    growth: float = 0.625
    max_size: int = 14
    near: float = 22.0
    far_share: float = 0.25
    far_reach: float = 0.05
    repeats: float = 0.25
    repeat_keep: float = 0.8
    visitors: float = 0.0008


@dataclass(frozen=True)
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

    records: float = 64_466 / PAPER_PERSONS
    second_charges: float = 0.02
    one_time: float = 12_866 / PAPER_PERSONS
    repeaters_outside: float = 0.45
    solo_mean: float = 2.2
    solo_shape: float = 0.7
    solo_shape_outside: float = 0.8
    first_day: date = date(2011, 8, 1)
    last_day: date = date(2014, 8, 31)
    months: tuple[float, ...] = (0.80, 0.76, 0.96, 1.02, 1.09, 1.10, 1.12, 1.10, 1.05, 1.02, 0.94, 0.78)
    mass_arrests: float = 0.00002
    mass_size: tuple[int, int] = (60, 160)
    null_offence: float = 0.002

    def __post_init__(self) -> None:
        if len(self.months) != 12:
            raise ConfigError("synthetic: months needs twelve weights, January first")
        if self.last_day < self.first_day:
            raise ConfigError("synthetic: last_day is before first_day")


@dataclass(frozen=True)
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

    area_persons: int = 10_000
    beat_persons: int = 33
    district_beats: int = 12
    main_force: float = 0.6
    away: float = 0.04
    gang_persons: float = 240.0
    gang_tail: float = 0.8
    member_network: float = 0.8
    member_outside: float = 0.35
    gang_recorded: float = 0.95
    gang_switch: float = 0.03
    place_recorded: float = 0.99


@dataclass(frozen=True)
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

    rates: Mapping[str, float] = field(
        default_factory=lambda: {name: count / PAPER_PERSONS for name, count in PAPER_VIOLENT.items()}
    )
    person: float = 0.6
    gang: float = 0.5
    beat: float = 0.35
    own: float = 0.3
    tie: float = 0.8
    heat: float = 0.12
    own_cap: float = 3.0
    tie_cap: float = 4.0
    heat_cap: float = 5.0
    own_half_life: float = 180.0
    tie_half_life: float = 180.0
    heat_half_life: float = 60.0
    charged: float = 0.75

    def __post_init__(self) -> None:
        unknown = set(self.rates) - set(PRESETS["fbi_index"])
        if unknown:
            raise ConfigError(f"synthetic: rates: {', '.join(sorted(unknown))}: no violent set of the default taxonomy")


@dataclass(frozen=True)
class SyntheticConfig:
    """All settings of the synthetic tables; see the four parts.

    Raises
    ------
    ConfigError
        If a number is negative, or a share is above one; the message names the part and the key.
    """

    circles: CircleConfig = field(default_factory=CircleConfig)
    activity: ActivityConfig = field(default_factory=ActivityConfig)
    places: PlaceConfig = field(default_factory=PlaceConfig)
    violence: ViolenceConfig = field(default_factory=ViolenceConfig)

    def __post_init__(self) -> None:
        for part in ("circles", "activity", "places", "violence"):
            for name, value in dataclasses.asdict(getattr(self, part)).items():
                if not isinstance(value, int | float):
                    continue
                if value < 0:
                    raise ConfigError(f"synthetic: {part}.{name}: must not be negative")
                if name in _SHARES and value > 1:
                    raise ConfigError(f"synthetic: {part}.{name}: a share, at most 1")
        if not 1 <= self.places.district_beats <= 99:
            raise ConfigError("synthetic: places.district_beats: must be from 1 to 99")
        if not 2 <= self.circles.max_size <= 50:
            raise ConfigError("synthetic: circles.max_size: must be from 2 to 50")


_SHARES = frozenset(
    {
        "pair_share", "growth", "far_share", "repeat_keep", "second_charges", "null_offence", "main_force", "away",
        "member_network", "member_outside", "gang_recorded", "gang_switch", "place_recorded", "charged",
    }
)  # fmt: skip
