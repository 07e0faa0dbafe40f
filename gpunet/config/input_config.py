"""The ``[input]`` section: how tables are read."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import field
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt
from pydantic.dataclasses import dataclass

from gpunet.base.words import plain_name
from gpunet.config.validation import CHECKED, names_keys, shown

__all__ = [
    "ALL_COLUMNS",
    "BESIDE",
    "DATE_COLUMNS",
    "DATE_PARTS",
    "DETAILS",
    "OPTIONAL_COLUMNS",
    "REQUIRED_COLUMNS",
    "IdColumnRules",
    "IdRules",
    "InputConfig",
]

REQUIRED_COLUMNS = ("person_id", "incident_id", "date", "offence")
OPTIONAL_COLUMNS = ("district", "beat", "gang", "force", "recorded_at")
ALL_COLUMNS = REQUIRED_COLUMNS + OPTIONAL_COLUMNS

#: The tables of persons that may be read beside those of arrests: keys of ``[input]``, and parts of ``run.json``'s.
BESIDE = ("ties", "victims")

#: What a row says about its arrest, apart from the date.
DETAILS = ("offence", "district", "beat", "gang")

#: Columns of dates.
DATE_COLUMNS = ("date", "recorded_at")

#: Optional columns that one column of the files may stand for together.
_SHARING = ("district", "beat", "gang", "force")

#: Parts of the date that may be in the incident key.
DATE_PARTS = frozenset(("date", "year"))

_Name = Annotated[str, Field(min_length=1)]


def _one_of_ours(column: str) -> str:
    if column not in ALL_COLUMNS:
        raise ValueError(f"unknown column; the columns are {', '.join(ALL_COLUMNS)}")
    return column


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("a column is named twice")
    return names


def _name_or_names(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str) and name for name in value):
        raise ValueError(f"must be a name, or a list of names, not {shown(value)}")
    return _each_once(tuple(value))


def _text_or_texts(value: Any) -> Any:
    """A text, or a tuple of texts; for TOML has dates of its own, which are none."""
    wrong = [one for one in (value if isinstance(value, list | tuple) else [value]) if not isinstance(one, str)]
    if wrong:
        raise ValueError(f"must be a text, or a list of texts, not {shown(wrong[0])}")
    return value if isinstance(value, str) else tuple(value)


def _texts_to_split_at(value: Any) -> Any:
    texts = _text_or_texts(value)
    if "" in ((texts,) if isinstance(texts, str) else texts):
        raise ValueError("a text between two charges cannot be empty; leave the key out where a cell is one charge")
    return texts


def _as_names(value: Any) -> Any:
    """One path, or several, as a tuple."""
    return (value,) if isinstance(value, str) else value


def _may_be_absent(columns: Mapping[str, Any]) -> Mapping[str, Any]:
    for ours, theirs in columns.items():
        if theirs == "" and ours in ("person_id", "incident_id"):
            raise ValueError(f'{ours} cannot be absent; only of the other columns the name may be ""')
    return columns


def _one_character(separator: str) -> str:
    if separator and (len(separator) > 1 or not separator.isascii() or separator in '"\r\n\0'):
        raise ValueError(f'must be one character of ASCII, such as ";" or "\\t", not {shown(separator)}')
    return separator


def _an_encoding(name: str) -> str:
    try:
        codecs.getincrementaldecoder(name or "utf-8")
        b"text".decode(name or "utf-8", "replace")  # fails where text is not what the codec is for
    except (LookupError, ValueError) as error:
        raise ValueError(
            f'unknown encoding {shown(name)}; known are "utf-8", "utf-16-le", "cp1252" and others'
        ) from error
    return name


def _of_both_ids(rules: Any) -> Any:
    """Rules for ids, given as names or as a table, for both columns, if they are not given for each."""
    if isinstance(rules, list | tuple):
        named: dict[str, Any] = {}
        for rule in rules:
            if not isinstance(rule, str | Mapping):
                return rules  # which is refused as it is
            named |= rule if isinstance(rule, Mapping) else {rule: True}
        rules = named
    if isinstance(rules, Mapping) and rules and not set(rules) & {"person_id", "incident_id"}:
        return {"person_id": rules, "incident_id": rules}
    return rules


@names_keys("input", "id_rules")
@dataclass(frozen=True, config=CHECKED)
class IdRules:
    """How ids that are written otherwise become one: `before` comes first, `strip_zeros` last."""

    strip_zeros: StrictBool = False
    """Zeros in front go: ``"0007"`` is ``"7"``."""
    casefold: StrictBool = False
    """Capital and small letters are the same."""
    strip_hyphens: StrictBool = False
    """Hyphens and blanks within go: ``"12-34"`` is ``"1234"``."""
    before: str = ""
    """Only what stands before the first of this text is the id: with ``":"``, ``"77:2"`` is ``"77"``."""


@names_keys("input", "id_rules")
@dataclass(frozen=True, config=CHECKED)
class IdColumnRules:
    """The rules for each column of ids."""

    person_id: IdRules = field(default_factory=IdRules)
    """Of persons."""
    incident_id: IdRules = field(default_factory=IdRules)
    """Of incidents."""


_RuleNames = tuple[Literal["strip_zeros", "casefold", "strip_hyphens"] | Mapping[Literal["before"], str], ...]


@names_keys("input")
@dataclass(frozen=True, config=CHECKED)
class InputConfig:
    """How to read the tables."""

    columns: Annotated[
        Mapping[
            Annotated[str, AfterValidator(_one_of_ours)],
            Annotated[str | tuple[_Name, ...], BeforeValidator(_name_or_names)],
        ],
        AfterValidator(_may_be_absent),
    ] = field(default_factory=dict)
    """``{our name: name in the files}`` for columns that are called otherwise there; case, blanks, underscores and
    hyphens do not count. Of several names in a list each table has one. ``""``: the tables have no such column."""
    incident_key: Annotated[tuple[_Name, ...], Field(min_length=1), AfterValidator(_each_once)] = (
        "force",
        "incident_id",
    )
    """Columns (our names, or any other column of the files) that together identify an incident; ``"year"`` is that
    of the date. The default is the pair ``("force", "incident_id")``; another key replaces it whole."""
    person_scope: Literal["national", "force"] = "national"
    """``"national"``: a person_id means the same person in every force. ``"force"``: only within its force; then the
    output's person_id is the text ``force:person_id``."""
    null_values: tuple[str, ...] | None = None
    """Texts that stand for no value, beside those that always do (docs/input.md has the list); ``[]``: no text does.
    Case and white space around them do not count."""
    null_dates: tuple[str, ...] = ()
    """Days that stand for no date, such as ``"1900-01-01"``."""
    date_format: Annotated[str | tuple[str, ...], BeforeValidator(_text_or_texts)] = ()
    """How dates are written that are not ISO: codes of strptime, ``"dayfirst"``, ``"monthfirst"``, ``"epoch"`` or
    ``"excel"``; or a list, which are tried in their order."""
    offence_separator: Annotated[str | tuple[str, ...], BeforeValidator(_texts_to_split_at)] = ()
    """What stands between two charges where one cell holds several, such as ``";"``; or a list of such texts. Each is
    then a charge of the same person and incident."""
    id_rules: Annotated[
        IdColumnRules, BeforeValidator(_of_both_ids, json_schema_input_type=_RuleNames | IdRules | IdColumnRules)
    ] = field(default_factory=IdColumnRules)
    """How ids that are written otherwise become one: :class:`IdRules`, for both ids or for each."""
    separator: Annotated[str, AfterValidator(_one_character)] = ""
    """What stands between two fields of a text file, one character; ``""``: found out."""
    skip_lines: Annotated[StrictInt, Field(ge=0, le=1_000_000)] | None = None
    """Lines of a text file before its header; found out if not given."""
    encoding: Annotated[str, AfterValidator(_an_encoding)] = ""
    """Encoding of text files without a byte order mark, by Python's name; ``""``: found out."""
    sheet: str = ""
    """Name of the sheet of workbooks; ``""``: the only one."""
    ties: Annotated[tuple[_Name, ...], BeforeValidator(_as_names)] = ()
    """Tables of ties of other kinds than arrests (option ``--ties``): files, folders or globs."""
    victims: Annotated[tuple[_Name, ...], BeforeValidator(_as_names)] = ()
    """Tables of victims (option ``--victims``): files, folders or globs."""
    person_links: Annotated[tuple[_Name, ...], BeforeValidator(_as_names)] = ()
    """Tables of links between ids of one person (option ``--person-links``), as ``gpunet link`` writes them: files,
    folders or globs. Ids whose link somebody has said yes to are one person."""

    @property
    def offence_separators(self) -> tuple[str, ...]:
        """What stands between two charges of one cell, none where a cell is one charge."""
        return (self.offence_separator,) if isinstance(self.offence_separator, str) else self.offence_separator

    @property
    def has_tables_beside(self) -> bool:
        """Whether there are tables beside those of arrests."""
        return bool(self.ties or self.victims)

    def __post_init__(self) -> None:
        if self.is_absent("date") and DATE_PARTS.intersection(self.incident_key):
            raise ValueError('incident_key: the date is a part of it, and columns.date = "" says that there is none')
        if "recorded_at" in self.incident_key:
            raise ValueError("incident_key: recorded_at is the day on which a row came to be known, not of an incident")
        self._check_one_field_a_column()

    def _check_one_field_a_column(self) -> None:
        """Refuse one column of the files for two of ours, but for places, gang and force, which may share one."""
        used = [ours for ours in ALL_COLUMNS if ours != "incident_id" or ours in {*self.columns, *self.incident_key}]
        names = {ours: set(map(plain_name, self.source_names(ours))) for ours in used}
        for ours, other in combinations(used, 2):
            if names[ours] & names[other] and not {ours, other} <= set(_SHARING):
                theirs = next(name for name in self.source_names(ours) if plain_name(name) in names[other])
                raise ValueError(
                    f'columns: "{theirs}" cannot be both {ours} and {other}; only {", ".join(_SHARING)} may be '
                    "the same column"
                )
        whom = {key for key in self.incident_key if key not in ALL_COLUMNS and plain_name(key) in names["person_id"]}
        if whom := whom or {"person_id"}.intersection(self.incident_key):
            raise ValueError(f'incident_key: "{min(whom)}" is the person, so no incident would have two')

    def source_names(self, column: str) -> tuple[str, ...]:
        """The names that `column` may have in the files, none if these have no such column."""
        given = self.columns.get(column, column)
        return tuple(filter(None, (given,))) if isinstance(given, str) else given

    @property
    def id_columns(self) -> frozenset[str]:
        """The columns of ids: of persons, of incidents, and what else of the files is in the incident key."""
        return frozenset(("person_id", "incident_id", *self.incident_key)) - {*DETAILS, *DATE_PARTS, "force"}

    def is_absent(self, column: str) -> bool:
        """Whether the configuration says that the files have no such column."""
        return not self.source_names(column)
