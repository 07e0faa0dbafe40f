"""Offence texts: the violent ones match the default taxonomy, no other does."""

from __future__ import annotations

import numpy as np

from gpunet.base.array_types import Bool, Int8, Int64

__all__ = ["NULL", "OFFENCES", "PETTY", "SECOND", "VIOLENT", "petty_offences", "violent_offences"]

#: Violent set to (text, weight); the sets are those of the default taxonomy.
VIOLENT = {
    "homicide": (("HOMICIDE - FIRST DEGREE MURDER", 0.93), ("HOMICIDE - SECOND DEGREE MURDER", 0.07)),
    "criminal_sexual_assault": (
        ("CRIMINAL SEXUAL ASSAULT - AGGRAVATED", 0.4),
        ("CRIMINAL SEXUAL ASSAULT - NON-AGGRAVATED", 0.6),
    ),
    "robbery": (
        ("ROBBERY - STRONGARM", 0.45),
        ("ROBBERY - ARMED, HANDGUN", 0.4),
        ("ROBBERY - ARMED, KNIFE", 0.15),
    ),
    "aggravated_assault": (("AGGRAVATED ASSAULT - HANDGUN", 0.6), ("AGGRAVATED ASSAULT - OTHER WEAPON", 0.4)),
    "aggravated_battery": (("AGGRAVATED BATTERY - HANDGUN", 0.5), ("AGGRAVATED BATTERY - OTHER WEAPON", 0.5)),
}

#: Other offences and their weights for an arrest alone and for one with others.
PETTY = (
    ("NARCOTICS - POSSESSION", 0.27, 0.20),
    ("NARCOTICS - DELIVERY", 0.06, 0.12),
    ("SIMPLE BATTERY", 0.10, 0.07),
    ("SIMPLE ASSAULT", 0.03, 0.02),
    ("THEFT", 0.06, 0.06),
    ("RETAIL THEFT", 0.08, 0.08),
    ("BURGLARY", 0.03, 0.06),
    ("MOTOR VEHICLE THEFT", 0.02, 0.06),
    ("CRIMINAL TRESPASS", 0.10, 0.12),
    ("CRIMINAL DAMAGE", 0.04, 0.03),
    ("UNLAWFUL USE OF A WEAPON", 0.05, 0.05),
    ("GAMBLING", 0.01, 0.06),
    ("RECKLESS CONDUCT", 0.05, 0.04),
    ("WARRANT", 0.07, 0.01),
    ("DRIVING UNDER THE INFLUENCE", 0.03, 0.02),
)

_OTHERS = ("DISORDERLY CONDUCT", "MOB ACTION", "RESISTING A PEACE OFFICER")

_FIRST_PETTY = sum(len(texts) for texts in VIOLENT.values())

#: Every text; a row's offence is a position here.
OFFENCES = (
    *(text for texts in VIOLENT.values() for text, _ in texts),
    *(text for text, _, _ in PETTY),
    *_OTHERS,
)

_DISORDER = OFFENCES.index("DISORDERLY CONDUCT")
_MOB_ACTION = OFFENCES.index("MOB ACTION")

#: The offence of a second charge, and no offence.
SECOND = OFFENCES.index("RESISTING A PEACE OFFICER")
NULL = -1


def petty_offences(rng: np.random.Generator, size: Int64, violent: Bool, mass: Bool) -> Int8:
    """Offences of all participants as if none was violent: the same for all of an incident.

    Parameters
    ----------
    rng
        Source of every random choice.
    size, violent, mass
        Of each incident: participants, whether someone was violent in it, whether it is a mass arrest.

    Returns
    -------
    int8[participants]
        Positions in :data:`OFFENCES`; who is not charged with the violence of an incident is charged with mob action.
    """
    chance = rng.random(len(size))
    tables = [np.cumsum([row[column] for row in PETTY]) for column in (1, 2)]
    drawn = [np.searchsorted(table, chance * table[-1], side="right") for table in tables]
    offence = _FIRST_PETTY + np.where(size == 1, drawn[0], drawn[1])
    offence[violent] = _MOB_ACTION
    offence[mass] = _DISORDER
    return np.repeat(offence, size).astype(np.int8)


def violent_offences(rng: np.random.Generator, kind: Int64, names: tuple[str, ...]) -> Int8:
    """Offences of arrests whose violent set is ``names[kind]``."""
    chance = rng.random(len(kind))
    offence = np.zeros(len(kind), dtype=np.int8)
    for k, name in enumerate(names):
        table = np.cumsum([weight for _, weight in VIOLENT[name]])
        of_kind = kind == k
        drawn = np.searchsorted(table, chance[of_kind] * table[-1], side="right")
        offence[of_kind] = OFFENCES.index(VIOLENT[name][0][0]) + drawn
    return offence
