"""Columns that are never read: race, ethnicity, sex, gender, religion, nationality and the like, known by their names.

The paper uses none of them. They are recognised by name alone: a column whose name hides what it holds is not caught.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from gpunet.base.errors import ConfigError
from gpunet.config.config import ALL_COLUMNS, InputConfig

__all__ = ["check_config", "is_protected"]

#: Protected where they are a word of the name by themselves: "suspect_race", "ArresteeSex", "VICT DESCENT".
_WORDS = frozenset(
    (
        "race", "races", "racial", "sex", "sexes", "eth", "ethn", "descent", "hispanic", "hisp", "latino", "latina",
        "latinx", "latine", "caucasian", "asian", "bame", "bme", "skin", "heritage", "caste", "tribe", "maori",
        "pasifika", "inuit", "inuk", "metis", "koori", "iwi", "atsi", "male", "males", "female", "females", "intersex",
        "queer", "gay", "lesbian", "bisexual", "heterosexual", "homosexual", "sexuality", "marital", "married",
        "faith", "creed", "muslim", "islam", "islamic", "jewish", "hindu", "sikh", "buddhist", "christian", "catholic",
        "citizen", "citizens", "alien", "alienage", "asylum", "refugee", "migrant", "undocumented", "visa", "pob",
        "language", "languages", "interpreter", "accent", "disabled", "mental", "hair",
        "eye", "eyes", "gndr", "cob", "ethnie", "pronoun", "pronouns", "hiv", "sexe",
        "sexo", "geschlecht", "raza", "raca", "etnia", "nacionalidad", "nacionalidade", "staatsangehorigkeit",
    )
)  # fmt: skip

#: Protected wherever they stand in a word: no ordinary word contains them.
_PARTS = re.compile(
    r"ethnic|gender|religio|nationalit|citizenship|immigra|disabilit|handicap|pregnan|complexion|ancestr|aborigin|"
    r"indigen|lgbt|raciali[sz]ed"
)

_OWNER = (
    r"(?:suspect|suspected|susp|offender|off|arrestee|person|persons|pers|perp|perpetrator|subject|accused|defendant|def|"
    r"deft|nominal|victim|vict|vic|officer|civilian|complainant|driver|pedestrian|detainee|inmate|self|selfdefined|"
    r"officerdefined|perceived|apparent|reported)"
)

#: Protected where a name, or a word of it, begins with them, whoever's they are and however their words are separated.
_PHRASES = re.compile(
    rf"{_OWNER}*(?:"
    r"(?:country|nation|place|state|province|city|town)(?:of)?birth|birth(?:country|nation|place|state|province|city|town)|"
    r"(?:foreign|native)born|bornin|countryborn|nationalorigin|nationoforigin|countryof(?:origin|passport)|"
    r"origincountry|passport(?:country|national|issu)|foreignnational|(?:migration|residency|visa|civil)status|"
    r"icedetainer|(?:first|primary|preferred|home|native|spoken)lang|mothertongue|limitedenglish|englishprofici|"
    r"englishfluen|sexual(?:orient|preference|identity)|civilpartner|neurodiver|non(?:binary|citizen)|"
    r"skin(?:colou?r|tone|type)|hair(?:col|type|style|texture)|eyes?col|visibleminorit|firstnations?|torresstrait|"
    r"nativeamerican|nativealaskan|alaskan?native|nativehawaiian|native(?:flag|indicator|status|ind$)|isnative|"
    r"american?indian|indianstatus|africanamerican|afro(?:american|caribbean)|pacificislander|"
    r"tribal(?:affil|member|enrol|status)|cultural(?:background|identity|group)|identitycode|"
    r"selfdefined|selfclassif|officerdefined|officerobserved"
    r")"
)

#: A protected word written together with whose it is, or with what kind of value it is: "perprace", "RACEDESC".
_TOGETHER = re.compile(
    rf"(?:{_OWNER}|is|us)*(?:(?:race|sex|eth){{2}}|{'|'.join(sorted(_WORDS))})"
    r"(?:code|cd|desc|description|group|category|type|raw|status|flag|ind|indicator|origin|health)?|(?:race|sex)id"
)

#: What makes a word harmless that comes before it: places, offences, and words of technique.
_PLACES = ("street", "road", "avenue", "lane", "county", "parish", "church", "school", "hospital", "cemetery", "park")
_HARMLESS = {
    "race": (*_PLACES, "track", "course", "way", "horse", "car", "meeting"),
    "races": ("course",),
    "sex": (
        "offen", "crime", "assault", "batter", "traffick", "work", "abuse", "act", "predat", "exploit", "register",
        "registr", "industr", "shop", "establish",
    ),
    "descent": ("rate", "angle", "speed"),
    "heritage": (*_PLACES, "site", "listed", "crime"),
    "skin": ("theme",),
    "accent": ("color", "colour"),
    "female": ("genital",),
    "marital": ("rape", "assault", "violence", "offen", "dispute"),
    "asian": ("gang", "crime"),
    "faith": _PLACES,
    "gay": _PLACES,
    "christian": (*_PLACES, "name"),
    "catholic": _PLACES,
    "citizen": ("complain", "initiat", "report", "call", "contact", "request", "arrest", "advi", "id", "num", "no"),
    "citizens": ("complain", "initiat", "report", "call", "contact", "request", "arrest", "advi"),
    "visa": ("card",),
    "pob": ("box",),
}  # fmt: skip

#: What makes "race" harmless that comes after it.
_RACES = ("street", "drag", "horse", "dog", "boat", "foot", "car", "bike")

#: Codes for ethnic appearance (IC 1 to 9), and the classes of self-defined ethnicity (16+1); and one column a value.
_CODES = re.compile(
    r"(?:.*_)?ic_(?:codes?|cd|class\w*|appearance|[1-9])(?:_.*)?|(?:.*_)?ic(?:code|cd)s?(?:_.*)?|sde(?:_code)?"
)
_CLASSES = re.compile(r"\b(?:6|16|18) ?\+ ?1\b|^\W*(?:m ?/ ?f|f ?/ ?m|(?:is[ _-]?)?(?:black|white))\W*$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def is_protected(name: str) -> bool:
    """Whether a column of this name is refused. Case and separators do not count; "trace" and "sexual_assault" pass."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+", plain)]
    letters = [word for word in words if not word.isdigit()]
    if any(map(_is_protected_word, ["", *letters], letters, [*letters[1:], ""])):
        return True
    if any(_PHRASES.match("".join(letters[i:])) for i in range(len(letters))):
        return True
    return bool(_CODES.fullmatch("_".join(words)) or _CLASSES.search(plain))


def _is_protected_word(before: str, word: str, after: str) -> bool:
    if word in _WORDS:
        harmless = after.startswith(_HARMLESS.get(word, ())) or (word == "race" and before in _RACES)
        return not harmless
    return bool(_PARTS.search(word) or _TOGETHER.fullmatch(word))


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
