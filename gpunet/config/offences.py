"""Which offences are violent: named sets of case-insensitive patterns over the offence text.

A taxonomy is an ordered mapping ``set name -> patterns``. A set's position is its bit in
:attr:`gpunet.arrests.arrests.Arrests.offences`, so at most 62 sets are possible. The paper's script V, ``violent``, is
their union.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["PRESETS", "RESERVED_SETS", "compile_taxonomy", "offence_mask", "taxonomy_hash"]

Taxonomy = Mapping[str, tuple[str, ...]]

#: Set names that exist in every network and cannot be configured.
RESERVED_SETS = ("all", "violent")

#: The paper's five violent offences (section 3, Table 1), with the wordings of United States records (FBI index).
_FBI_INDEX = {
    "homicide": ("homicide*", "murder*", "*manslaughter*", "criminal?homicide*"),
    "criminal_sexual_assault": (
        "criminal?sexual?assault*",
        "crim?sexual?assault*",
        "sexual?assault*",
        "forcible?rape*",
        "rape*",
    ),
    "robbery": ("robbery*", "armed?robbery*"),
    "aggravated_assault": ("aggravated?assault*", "agg?assault*", "assault???aggravated*", "assault:?aggravated*"),
    "aggravated_battery": ("aggravated?battery*", "agg?battery*", "battery???aggravated*", "battery:?aggravated*"),
}

#: Home Office counting rules (England and Wales): the groups of notifiable violent offences, by their wording.
_HOME_OFFICE = {
    "homicide": ("homicide*", "murder*", "manslaughter*", "corporate manslaughter*", "infanticide*"),
    "rape_and_sexual_assault": ("rape*", "sexual assault*", "assault by penetration*", "sexual offences*"),
    "robbery": ("robbery*", "assault with intent to rob*"),
    "violence_with_injury": (
        "violence with injury*",
        "*grievous bodily harm*",
        "*actual bodily harm*",
        "gbh*",
        "abh*",
        "wounding*",
        "attempted murder*",
        "assault with injury*",
    ),
    "weapons": ("possession of weapons*", "*firearm*", "*bladed article*", "*offensive weapon*"),
}

PRESETS: Mapping[str, Taxonomy] = MappingProxyType(
    {"fbi_index": MappingProxyType(_FBI_INDEX), "home_office": MappingProxyType(_HOME_OFFICE)}
)


def compile_taxonomy(sets: Taxonomy) -> list[re.Pattern[str]]:
    """One compiled pattern a set, in the order of `sets`; it is to be matched against normalised text."""
    return [re.compile("|".join(f"(?:{fnmatch.translate(p.strip().casefold())})" for p in ps)) for ps in sets.values()]


def offence_mask(text: str, compiled: list[re.Pattern[str]]) -> int:
    """Bit mask of the sets that the offence `text` belongs to: bit i for the i-th set of the taxonomy."""
    folded = text.strip().casefold()
    return sum(1 << i for i, pattern in enumerate(compiled) if pattern.match(folded))


def taxonomy_hash(sets: Taxonomy) -> str:
    """SHA-256 over set names and patterns, so that a model is never scored with features of other sets."""
    return hashlib.sha256(json.dumps({k: list(v) for k, v in sets.items()}).encode()).hexdigest()
