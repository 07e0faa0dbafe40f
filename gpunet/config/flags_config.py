"""What ``[flags.NAME]`` says: the triggers of ``gpunet flags``, each with its parameters under a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, ValidationError
from pydantic.dataclasses import dataclass

from gpunet.base.errors import ConfigError
from gpunet.base.words import shortened
from gpunet.config.validation import AS_GIVEN, CHECKED, lines_of, shown

__all__ = [
    "DEFAULT_FLAGS",
    "VICTIM_FLAGS",
    "DistanceShrank",
    "Flag",
    "FlagKeys",
    "Flags",
    "GangTie",
    "GroupViolenceRising",
    "Side",
    "Source",
    "ViolenceNearby",
    "ViolentFirstArrest",
    "ViolentGroupTie",
    "flags_of",
]

Side: TypeAlias = Literal["offender", "victim"]
Source: TypeAlias = Literal["arrests", "victims"]
GroupKind: TypeAlias = Literal["community", "gang"]

_Days = Annotated[StrictInt, Field(ge=1, le=36_525)]
_Count = Annotated[StrictInt, Field(ge=1, le=1_000_000)]
_Steps = Annotated[StrictInt, Field(ge=1, le=100)]


def _each_once(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """The same in alphabetical order, each once."""
    return tuple(sorted(set(sources)))


#: A table without its trigger is refused, whatever class it could be of.
_WITH_TRIGGER = ConfigDict(**CHECKED, json_schema_extra={"required": ["trigger"]})


@dataclass(frozen=True, config=CHECKED, kw_only=True)
class FlagKeys:
    """What every flag has, whatever its trigger."""

    side: Side = "offender"
    """Whose list it is for: ``"offender"``, judged by violent arrests afterwards, or ``"victim"``, judged by violent
    victimisation. No flag is on both lists."""
    days: _Days = 90
    """Days before the as-of day that are recent; the as-of day itself is not among them."""
    expires_days: _Days = 90
    """The flag expires so many days after the as-of day. Until then the past counts it once, however often it is
    raised."""
    evidence_ids: StrictBool = False
    """Whether the evidence has the ids of the other persons. They are third parties, who have no flag."""


@dataclass(frozen=True, config=_WITH_TRIGGER, kw_only=True)
class ViolenceNearby(FlagKeys):
    """Somebody within one or two steps was recently arrested for homicide, or its victim; or for what is asked for."""

    trigger: Literal["violence_nearby"] = "violence_nearby"
    """``"violence_nearby"``."""
    sets: tuple[str, ...] = ()
    """Sets of ``[violent_offences]``, or ``"violent"``; without any, ``homicide`` and the sets whose names speak of
    gunshots or shootings, those of them that there are."""
    steps: Annotated[StrictInt, Field(ge=1, le=2)] = 2
    """How far away: 1 or 2 ties."""
    sources: Annotated[tuple[Source, ...], AfterValidator(_each_once)] = ()
    """What counts: ``"arrests"`` of others for an offence of the sets, or ``"victims"``: that others became a victim of
    one. Without any: arrests, and victims too where a table of them was read."""


@dataclass(frozen=True, config=_WITH_TRIGGER, kw_only=True)
class ViolentGroupTie(FlagKeys):
    """A recent tie, the first of the two persons, to a member of a violent group that the flagged person is not of."""

    trigger: Literal["violent_group_tie"] = "violent_group_tie"
    """``"violent_group_tie"``."""
    group: GroupKind = "community"
    """``"community"`` of the network, or ``"gang"``: both as they were before the recent days."""
    min_violent: _Count = 3
    """The group is violent if its members have so many violent arrests in the recent days."""


@dataclass(frozen=True, config=_WITH_TRIGGER, kw_only=True)
class GangTie(FlagKeys):
    """A recent tie between persons of two gangs that had none before."""

    trigger: Literal["gang_tie"] = "gang_tie"
    """``"gang_tie"``."""


@dataclass(frozen=True, config=_WITH_TRIGGER, kw_only=True)
class ViolentFirstArrest(FlagKeys):
    """A recent first arrest, together with violent persons."""

    trigger: Literal["violent_first_arrest"] = "violent_first_arrest"
    """``"violent_first_arrest"``."""
    min_violent: _Count = 2
    """So many of those arrested in the same incident have a violent arrest, be it in this incident."""


@dataclass(frozen=True, config=_WITH_TRIGGER, kw_only=True)
class GroupViolenceRising(FlagKeys):
    """A group whose other members have more violent arrests in the recent days than in as many days before."""

    trigger: Literal["group_violence_rising"] = "group_violence_rising"
    """``"group_violence_rising"``."""
    group: GroupKind = "community"
    """``"community"`` of the network, or ``"gang"``, as of the day."""
    min_violent: _Count = 3
    """At least so many violent arrests of other members in the recent days."""
    factor: Annotated[float, Field(strict=True, ge=1, le=1_000), AS_GIVEN] = 2.0
    """More than so many times those of as many days before."""


@dataclass(frozen=True, config=_WITH_TRIGGER, kw_only=True)
class DistanceShrank(FlagKeys):
    """Somebody arrested earlier is nearer to the nearest other violent person than before the recent days."""

    trigger: Literal["distance_shrank"] = "distance_shrank"
    """``"distance_shrank"``."""
    min_steps: _Steps = 2
    """By so many steps at least; from no path at all is far enough."""
    within: _Steps = 2
    """Only distances of so many steps at most, now, count."""


Flag: TypeAlias = ViolenceNearby | ViolentGroupTie | GangTie | ViolentFirstArrest | GroupViolenceRising | DistanceShrank

_BY_TRIGGER: Mapping[str, type[Any]] = {cls.trigger: cls for cls in get_args(Flag)}

#: The flags without any section: one of each trigger, under the trigger's name.
DEFAULT_FLAGS: Mapping[str, Flag] = {trigger: cls() for trigger, cls in _BY_TRIGGER.items()}

#: Those that there are beside them where a table of victims was read: they are of the victims' list.
VICTIM_FLAGS: Mapping[str, Flag] = {"victim_violence_nearby": ViolenceNearby(side="victim")}


def _flags(tables: Any) -> Any:
    """Flags of tables; ConfigError, that names the section and the key, if one is none."""
    if not isinstance(tables, Mapping):
        raise ConfigError(f"[flags] must be tables, [flags.NAME], not {shown(tables)}")
    return {name: _flag(str(name), table) for name, table in tables.items()}


def _flag(name: str, table: Any) -> Any:
    where, known = f"[flags] {shortened(name)}", ", ".join(_BY_TRIGGER)
    if isinstance(table, get_args(Flag)):
        return table
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where}: must be a table, [flags.{shortened(name)}], not {shown(table)}")
    if "trigger" not in table:
        raise ConfigError(f"{where}: has no trigger; there are {known}")
    trigger = table["trigger"]
    if not isinstance(trigger, str) or trigger not in _BY_TRIGGER:
        raise ConfigError(f"{where}.trigger: {shown(trigger)} is unknown; there are {known}")
    cls = _BY_TRIGGER[trigger]
    try:
        return cls(**{str(key): value for key, value in table.items()})
    except ValidationError as error:
        raise ConfigError("\n".join(lines_of(("flags", name), cls, error))) from None


def _free_name(name: str) -> str:
    if not name.isascii() or not name.replace("_", "a").isalnum() or name != name.lower() or len(name) > 60:
        raise ValueError("a flag's name is lower-case letters, digits and '_', 60 at most")
    return name


#: The value of ``[flags]``.
Flags: TypeAlias = Annotated[
    Mapping[Annotated[str, AfterValidator(_free_name)], Annotated[Flag, Field(discriminator="trigger")]],
    BeforeValidator(_flags),
]


def flags_of(flags: Mapping[str, Flag], *, victims: bool = False) -> Mapping[str, Flag]:
    """The flags that are asked for, by name in alphabetical order; those of :data:`DEFAULT_FLAGS` without any.

    With `victims` a table of them was read, and :data:`VICTIM_FLAGS` are there without any too.

    >>> list(flags_of({}))[:2]
    ['distance_shrank', 'gang_tie']
    >>> len(flags_of({})), len(flags_of({}, victims=True))
    (6, 7)
    """
    default = {**DEFAULT_FLAGS, **VICTIM_FLAGS} if victims else DEFAULT_FLAGS
    return dict(sorted((flags or default).items()))
