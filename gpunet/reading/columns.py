"""Which columns of a table are read."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import narwhals as nw
import pyarrow as pa

from gpunet.base.errors import InputError, UnreadableFile, in_words
from gpunet.base.printable import printable
from gpunet.base.shapes import example_of_id
from gpunet.base.words import plain_name
from gpunet.config.config import ALL_COLUMNS, REQUIRED_COLUMNS, InputConfig
from gpunet.config.input_config import DATE_COLUMNS, DATE_PARTS, DETAILS
from gpunet.reading.dialects import as_text, as_timestamps
from gpunet.reading.protected import is_protected
from gpunet.tables.arrow_text import cannot_be_read, plain_array, stored_type

__all__ = [
    "DATE_PARTS",
    "DETAILS",
    "Layout",
    "check_types",
    "coded_columns",
    "columns_there",
    "in_quotes",
    "key_columns",
    "layout_of",
    "missing_columns",
    "plain_name",
    "ranked_names",
]


#: What stands in names that tables give our columns, to propose these where ours are missing.
_CALLED = {
    "person_id": ("nominal", "personid", "suspectid", "offenderid", "arresteeid", "subjectid", "defendantid",
                  "personno", "personkey", "pnc", "mni", "person", "suspect", "offender", "arrestee", "individual"),
    "incident_id": ("incident", "caseno", "caseid", "casenumber", "eventid", "eventno", "reportno", "crimeid",
                    "crimeref", "crimeno", "rdno", "drno", "complaintno", "cmplnt", "custody", "arrestkey", "booking"),
    "date": ("arrestdate", "offensedate", "offencedate", "occurred", "date", "datum", "when", "time"),
    "offence": ("offence", "offense", "charge", "crime", "primarytype", "statute", "category", "law", "desc"),
}  # fmt: skip

#: Those of these words that other columns have in their names too.
_VAGUE = frozenset(
    ("person", "suspect", "offender", "arrestee", "individual", "custody", "booking", "occurred", "date", "datum",
     "when", "time", "statute", "category", "law", "desc")
)  # fmt: skip

#: How alike a name is to ours that may be another spelling of it: the share of letters that they have in common.
_ALIKE = 0.8


@dataclass(frozen=True)
class Layout:
    """What is read of one table: ``{our name: name in the table}``, and what is not."""

    columns: Mapping[str, str]
    protected: tuple[str, ...]
    ignored: tuple[str, ...]


def layout_of(name: str, columns: Iterable[str], repeated: Iterable[str], config: InputConfig) -> Layout:
    """Find the contract's columns, and those of the incident key, among the `columns` of the table `name`.

    Names are compared without case, blanks, underscores and hyphens.

    Raises
    ------
    UnreadableFile
        If a required column is missing or occurs twice, also with another spelling; the message names table, column
        and configuration key.
    """
    present = [c for c in dict.fromkeys(columns) if isinstance(c, str)]  # pandas has other names too
    spellings: dict[str, list[str]] = {}
    for theirs in present:
        if not is_protected(theirs):
            spellings.setdefault(plain_name(theirs), []).append(theirs)
    found: dict[str, str] = {}
    for ours in dict.fromkeys((*ALL_COLUMNS, *(c for c in config.incident_key if c != "year"))):
        wanted = config.source_names(ours)
        matching = [theirs for name in dict.fromkeys(map(plain_name, wanted)) for theirs in spellings.get(name, ())]
        if not matching:
            if wanted and _is_required(ours, config):
                raise UnreadableFile(name, _missing(ours, wanted, present))
            continue
        if len(matching) > 1:
            names = in_quotes(matching, " and ")
            raise UnreadableFile(name, f"the columns {names} could all be {ours}: {_setting(ours)} has to name one")
        if matching[0] in set(repeated):
            raise UnreadableFile(name, f'the column "{matching[0]}" occurs more than once')
        found[ours] = matching[0]
    used = set(found.values())
    others = [c for c in present if c not in used]
    return Layout(
        found,
        tuple(c for c in others if is_protected(c)),
        tuple(c for c in others if not is_protected(c)),
    )


def in_quotes(names: Iterable[str], between: str) -> str:
    """The names, each in double quotes, and without characters that steer a terminal."""
    return between.join(f'"{printable(name, line_breaks=False)}"' for name in names)


def _is_required(ours: str, config: InputConfig) -> bool:
    in_key = ours in config.incident_key or (ours == "date" and "year" in config.incident_key)
    return ours != "force" and (in_key or (ours in REQUIRED_COLUMNS and ours != "incident_id"))


def _setting(ours: str) -> str:
    return f"[input] columns.{ours}" if ours in ALL_COLUMNS else "[input] incident_key"


def _missing(ours: str, wanted: Sequence[str], present: list[str]) -> str:
    called = "" if plain_name(wanted[0]) == plain_name(ours) else f" (our {ours})"
    have = columns_there(present)
    return f"there is no column {in_quotes(wanted, ' or ')}{called}; {_advice(ours, present)}. Columns there: {have}"


def columns_there(present: Sequence[str]) -> str:
    """The names of a table's columns, the first of them, for messages."""
    return _named(present[:20]) + (", ..." if len(present) > 20 else "") if present else "none"


def _named(present: Sequence[str]) -> str:
    """The names of columns; their shapes alone where some are or hold numbers, as they may be a row and no header."""
    if any(re.search(r"\d{5}|^[\W\d_]*\d[\W\d_]*$", name) for name in present):
        return ", ".join(map(example_of_id, present))
    return in_quotes(present, ", ")


def _advice(ours: str, present: list[str]) -> str:
    """What to write into the configuration: with the names there that may be meant, if there are any."""
    near = [name for _, name in ranked_names(ours, present)][:3]
    if not near or ours not in ALL_COLUMNS:
        otherwise = ', or "" where there is none' if ours in ("date", "offence") else ""
        return f"set {_setting(ours)} to its name in the file{otherwise}"
    lines = [f"columns.{ours} = {json.dumps(theirs, ensure_ascii=False)}" for theirs in near]
    return f"if it has another name there, write under [input] {' or '.join(lines)}"


def ranked_names(ours: str, present: Iterable[str]) -> list[tuple[int, str]]:
    """The names that are present and may be meant for a column of ours, the likeliest first.

    With each is 0 where it is likely, and 1 where only a word tells that other columns have in their names too.
    """
    plain = {plain_name(theirs): theirs for theirs in present if not is_protected(theirs)}
    if ours not in DATE_COLUMNS:
        plain = {name: theirs for name, theirs in plain.items() if not re.search("date|time", name)}
    alike = {name: difflib.SequenceMatcher(None, name, plain_name(ours)).ratio() for name in plain}
    near = [(0, name) for name in sorted(plain, key=lambda name: -alike[name]) if alike[name] >= _ALIKE]
    near += [(int(word in _VAGUE), name) for word in _CALLED.get(ours, ()) for name in plain if word in name]
    if ours == "person_id" and "id" in plain:
        near.append((1, "id"))
    ranks = {name: rank for rank, name in reversed(near)}
    return [(ranks[name], plain[name]) for name in dict.fromkeys(name for _, name in near)]


def missing_columns(present: Iterable[str], config: InputConfig) -> list[str]:
    """Our columns that a table of these columns would be refused for."""
    plain = {plain_name(theirs) for theirs in present if not is_protected(theirs)}
    wanted = dict.fromkeys((*ALL_COLUMNS, *(c for c in config.incident_key if c != "year")))
    return [
        ours
        for ours in wanted
        if _is_required(ours, config)
        and config.source_names(ours)
        and plain.isdisjoint(map(plain_name, config.source_names(ours)))
    ]


def check_types(name: str, layout: Layout, types: Mapping[str, Any]) -> None:
    """Check the PyArrow types of the columns that are read of the file `name`.

    Raises
    ------
    UnreadableFile
        If there is no text for a type; the message names file and column.
    """
    for ours, theirs in layout.columns.items():
        kind = types[theirs]
        while (stored := stored_type(kind)) != kind:  # the user's own types have no hash
            kind = stored
        if fault := _fault_of(kind, ours in DATE_COLUMNS, f'column "{theirs}"'):
            raise UnreadableFile(name, fault)


@lru_cache(maxsize=1024)  # thousands of files have the same few types
def _fault_of(kind: pa.DataType, is_date: bool, where: str) -> str | None:
    """Why a column cannot be read, found by reading one null of its type; None if it can."""
    try:
        one = pa.table({"values": plain_array(pa.nulls(1, kind))})
        series = nw.from_native(one, eager_only=True).get_column("values")
        as_text(series, where)
        if is_date:
            as_timestamps(series, where)
    except InputError as error:
        return str(error)
    except pa.ArrowException as error:
        return f"{where}: {cannot_be_read(kind)} ({in_words(error)})"
    return None


def key_columns(config: InputConfig) -> tuple[str, ...]:
    """The columns of the incident key, less the force."""
    return tuple(c for c in config.incident_key if c != "force")


def coded_columns(config: InputConfig) -> tuple[str, ...]:
    """Every column that is coded; "date" and "year" are among them where they are in the incident key."""
    return tuple(dict.fromkeys(("person_id", "incident_id", *DETAILS, "force", *key_columns(config))))
