"""Which columns of a table are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import narwhals as nw
import pyarrow as pa

from gpunet.base.errors import InputError, UnreadableFile, in_words
from gpunet.config.config import ALL_COLUMNS, REQUIRED_COLUMNS, InputConfig
from gpunet.reading.dialects import as_text, as_timestamps
from gpunet.reading.protected import is_protected
from gpunet.tables.frames import plain_array

__all__ = ["DETAILS", "Layout", "check_types", "coded_columns", "key_columns", "layout_of"]

#: What a row says about its arrest, apart from the date.
DETAILS = ("offence", "district", "beat", "gang")


@dataclass(frozen=True)
class Layout:
    """What is read of one table: ``{our name: name in the table}``, and what is not."""

    columns: Mapping[str, str]
    protected: tuple[str, ...]
    ignored: tuple[str, ...]


def layout_of(name: str, columns: Iterable[str], repeated: Iterable[str], config: InputConfig) -> Layout:
    """Find the contract's columns, and those of the incident key, among the `columns` of the table `name`.

    Raises
    ------
    UnreadableFile
        If a required column is missing or occurs twice; the message names table, column and configuration key.
    """
    present = [c for c in columns if isinstance(c, str)]  # pandas has other names too
    found: dict[str, str] = {}
    for ours in dict.fromkeys((*ALL_COLUMNS, *config.incident_key)):
        theirs = config.source_name(ours)
        in_key = ours in config.incident_key
        required = ours != "incident_id" if ours in REQUIRED_COLUMNS else in_key and ours != "force"
        if theirs not in present or is_protected(theirs):
            if required or (ours == "incident_id" and in_key):
                raise UnreadableFile(name, _missing(ours, theirs, present))
            continue
        if theirs in set(repeated):
            raise UnreadableFile(name, f'the column "{theirs}" occurs more than once')
        found[ours] = theirs
    used = set(found.values())
    others = [c for c in dict.fromkeys(present) if c not in used]
    return Layout(
        found,
        tuple(c for c in others if is_protected(c)),
        tuple(c for c in others if not is_protected(c)),
    )


def _missing(ours: str, theirs: str, present: list[str]) -> str:
    setting = f"[input] columns.{ours}" if ours in ALL_COLUMNS else "[input] incident_key"
    called = "" if ours == theirs else f' (our "{ours}")'
    have = ", ".join(present[:20]) + (", ..." if len(present) > 20 else "") if present else "none"
    return f'there is no column "{theirs}"{called}; set {setting} to its name in the file. Columns there: {have}'


def check_types(name: str, layout: Layout, types: Mapping[str, Any]) -> None:
    """Check the PyArrow types of the columns that are read of the file `name`.

    Raises
    ------
    UnreadableFile
        If there is no text for a type; the message names file and column.
    """
    for ours, theirs in layout.columns.items():
        kind = types[theirs]
        while isinstance(kind, pa.BaseExtensionType):  # is read as what it is stored as; the user's own have no hash
            kind = kind.storage_type
        if fault := _fault_of(kind, ours == "date", f'column "{theirs}"'):
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
        return f"{where}: {in_words(error)}"
    return None


def key_columns(config: InputConfig) -> tuple[str, ...]:
    """The columns of the incident key, less the force."""
    return tuple(c for c in config.incident_key if c != "force")


def coded_columns(config: InputConfig) -> tuple[str, ...]:
    """Every column that is coded; "date" is among them where it is in the incident key."""
    return tuple(dict.fromkeys(("person_id", "incident_id", *DETAILS, "force", *key_columns(config))))
