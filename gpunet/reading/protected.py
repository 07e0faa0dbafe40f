"""Columns that are never read: race, ethnicity, sex, gender, religion, nationality and the like, known by their names.

The paper uses none of them. They are recognised by name alone: a column whose name hides what it holds is not caught.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gpunet.base.errors import ConfigError
from gpunet.config.config import ALL_COLUMNS, InputConfig

__all__ = ["check_config", "is_protected"]

#: Protected where they are a word of the name by themselves: "suspect_race", "ArresteeSex", "RACE".
_WORDS = frozenset(
    (
        "race", "races", "racial", "sex", "sexes", "gender", "genders", "ethnicity", "ethnicities", "ethnic",
        "religion", "religions", "religious", "faith", "nationality", "nationalities", "citizenship", "citizenships",
        "immigration", "immigrant", "disability", "disabilities", "disabled", "sexuality", "transgender",
        "pregnancy", "pregnant", "caste", "tribe", "birthplace", "asylum", "alienage",
    )
)  # fmt: skip

#: Protected wherever they stand in a name, however its words are separated: no ordinary word contains them.
_FRAGMENTS = re.compile(
    "|".join(
        (
            "ethnicit", "gender", "religio", "nationalit", "citizenship", "disabilit", "sexualorient",
            "sexualpreference", "sexualidentity", "countryofbirth", "countrybirth", "placeofbirth", "birthcountry",
            "birthplace", "nationalorigin", "countryoforigin", "migrationstatus", "residencystatus", "visastatus",
            "skincolou?r", "maritalstatus",
        )
    )
)  # fmt: skip

#: Whose race or sex it is, written together with it: "perprace", "offendersex".
_OWNERS = re.compile(
    r"(?:suspect|suspected|offender|arrestee|person|persons|perp|perpetrator|subject|accused|defendant|nominal|victim|"
    r"officer|civilian|driver|self|self_?defined|officerdefined)(?:race|sex|ethnic)(?:code|cd|desc|description)?"
)

#: What "sex" goes before where the column is about an offence and not about a person's sex.
_ABOUT_OFFENCES = ("off", "crime", "assault", "traffick", "work", "abuse", "act", "register", "registr")


@lru_cache(maxsize=4096)
def is_protected(name: str) -> bool:
    """Whether a column of this name is refused. Case and separators do not count; "trace" and "sexual_assault" pass."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+", name)
    lower = [word.lower() for word in words]
    for word, after in zip(lower, [*lower, ""][1:], strict=True):
        if word in _WORDS and not (word == "sex" and after.startswith(_ABOUT_OFFENCES)):
            return True
    together = "".join(lower)
    return bool(_FRAGMENTS.search(together)) or any(_OWNERS.fullmatch(word) for word in (*lower, together))


def check_config(config: InputConfig) -> None:
    """Refuse a configuration that reads a protected column.

    Raises
    ------
    ConfigError
        If a column of ours, or a part of the incident key, is taken from a protected column.
    """
    given = [(ours, theirs) for ours in config.columns for theirs in config.source_names(ours)]
    for ours, theirs in given:
        if is_protected(theirs):
            raise ConfigError(f'[input] columns.{ours}: "{theirs}" is a protected column, which is never read')
    for column in config.incident_key:
        if column not in ALL_COLUMNS and is_protected(column):
            raise ConfigError(f'[input] incident_key: "{column}" is a protected column, which is never read')
