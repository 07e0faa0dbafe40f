"""Protected attributes of persons, from a table of their own: read for an audit and for nothing else.

It is read as arrest tables are, rule by rule; columns that these never give are what is asked for here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow.compute as pc

from gpunet.base.arguments import given
from gpunet.base.array_types import Int32, Int64
from gpunet.base.errors import InputError, UnreadableFile
from gpunet.base.words import quoted
from gpunet.config.config import Config
from gpunet.config.input_config import DETAILS, InputConfig
from gpunet.reading.batches import InputRecord, Inputs
from gpunet.reading.coded_rows import CodedRows
from gpunet.reading.columns import Layout, in_quotes, layout_of, plain_name
from gpunet.reading.corrections import Effect
from gpunet.reading.location import HOST
from gpunet.reading.names import check_forces
from gpunet.reading.person_links import with_person_links
from gpunet.reading.pseudonymised import CheckIds, check_unsaid
from gpunet.reading.reader import Reader
from gpunet.reading.sources import find_sources
from gpunet.reading.stream import frame_batches, source_batches
from gpunet.tables.frames import as_eager, is_frame, series_to_arrow, without_repeated

__all__ = ["EVERYBODY", "MOST_GROUPS", "NOT_KNOWN", "Attribute", "Attributes", "checked_names", "read_attributes"]

#: The group of persons of whom an attribute is not known.
NOT_KNOWN = "not known"

#: What a table of groups calls all persons; no attribute may have that name.
EVERYBODY = "everybody"

#: An attribute of more values than this tells single persons apart rather than groups.
MOST_GROUPS = 50

#: So many columns a row has room for beside the person, as arrests have for what is known of them.
_SLOTS = DETAILS

_REASONS = {
    "missing_person": "without a person_id",
    "bad_id": "with an id that has lost digits",
    "malformed_row": "with too few or too many fields",
}


@dataclass(frozen=True, eq=False)
class Attribute:
    """One attribute of n persons: `groups` are its values, ascending, ``not known`` last if it is there.

    ``code``: int32[n], each person's group.
    """

    name: str
    groups: tuple[str, ...]
    code: Int32

    def __len__(self) -> int:
        return len(self.groups)


@dataclass(frozen=True, eq=False)
class Attributes:
    """What a table says of the persons that were asked about.

    Attributes
    ----------
    of
        The attributes in the order in which they were asked for.
    found
        How many of the persons are in the table.
    contradictory
        ``{attribute: persons with two values that differ}``; theirs count as not known.
    files
        Name and SHA-256 of each file: how long it is would tell of how many persons it says nothing.
    warnings
        Sentences for the user; no number of persons is in them.
    """

    of: tuple[Attribute, ...]
    found: int
    contradictory: Mapping[str, int]
    files: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """The attributes that are asked for; InputError if they cannot be.

    >>> checked_names([" ethnicity", "sex"])
    ('ethnicity', 'sex')
    """
    found = tuple(name.strip() for name in names)
    if not found or not all(found):
        raise InputError('--by: name one attribute or more, as in --by "ethnicity,sex"')
    if len({plain_name(name) for name in found}) < len(found):
        raise InputError(f"--by: {quoted(found)} names an attribute twice")
    if wrong := [name for name in found if plain_name(name) in map(plain_name, ("person_id", "force", EVERYBODY))]:
        raise InputError(f'--by: "{wrong[0]}" cannot be an attribute; name columns of the attributes file')
    if len(found) > len(_SLOTS):
        raise InputError(f"--by: {len(found)} attributes at once are more than {len(_SLOTS)}; audit some of them again")
    return found


def read_attributes(
    source: Any,
    names: Sequence[str],
    person_ids: Any,
    config: Config,
    check: CheckIds | None = None,
    pseudonyms: Mapping[str, str] | None = None,
) -> Attributes:
    """Read a table of ``person_id`` and attributes, a row a person.

    Parameters
    ----------
    source
        A path, folder or glob, or a frame: whatever :func:`gpunet.read_arrests` takes.
    names
        The attributes, by their columns' names; case, blanks, underscores and hyphens do not count.
    person_ids
        The persons that are asked about, a series of text or whole numbers, each once.
    config
        ``[input]`` says how the table is read, and how ids that are written otherwise become one.
    check
        Called with what each file says of pseudonyms, and its name; InputError if its ids are not those of the persons.
    pseudonyms
        What is known of those that `person_ids` are; None of plain ids.

    Raises
    ------
    InputError
        If the table cannot be read, lacks a column, has none of the persons, or ids that are no pseudonyms beside
        pseudonyms, or an attribute has more than ``MOST_GROUPS`` values among them.
    """
    names = checked_names(names)
    inputs = Inputs()
    rows = _rows(source, names, replace(config, input=_as_input(config.input)), inputs)
    if check is not None:
        for record in inputs.records:
            check(record.pseudonyms, record.name)
    warnings = [f"attributes: {warning}" for warning in inputs.warnings] + _unusable(inputs.records)
    person = rows.columns["person_id"]
    known = series_to_arrow(person_ids).cast("large_string")
    if len(rows):
        unsaid = check_unsaid(pseudonyms, inputs.records, person.texts(), known.to_pylist())
        warnings += [f"attributes: {warning}" for warning in unsaid]
    position = pc.index_in(series_to_arrow(person.values).cast("large_string"), value_set=known).fill_null(-1)
    position = np.append(np.asarray(position, dtype=np.int64), -1)[person.codes.astype(np.int64)]
    here = position >= 0
    if not here.any():
        why = "has no rows that can be used" if not len(rows) else "has nobody of the run's test window"
        raise InputError(f"attributes: the table {why}; are ids written alike in both? See [input] id_rules")
    n = len(known)
    of, contradictory = [], {}
    for name, slot in zip(names, _SLOTS, strict=False):
        column = rows.columns[slot]
        attribute, several = _attribute(name, column.texts(), column.codes[here].astype(np.int64), position[here], n)
        of.append(attribute)
        contradictory[name] = several
        if several:
            warnings.append(f'attributes: persons with two values of "{name}" that differ count as {NOT_KNOWN}')
    files = [{"name": record.name, "sha256": record.sha256} for record in inputs.records]
    found = len(np.unique(position[here]))
    return Attributes(tuple(of), found, contradictory, tuple(files), tuple(warnings))


def _rows(source: Any, names: Sequence[str], config: Config, inputs: Inputs) -> CodedRows:
    def layout(name: str, columns: Iterable[str], repeated: Iterable[str], settings: InputConfig) -> Layout:
        return _layout(name, list(columns), repeated, settings, names)

    reader = Reader(config, HOST)
    try:
        if is_frame(source):
            frame, twice = without_repeated(source)
            reader.add_all(frame_batches([(as_eager(frame), twice)], config.input, inputs, HOST, layout))
        elif isinstance(source, str | os.PathLike):
            sources = find_sources([source], config.input, inputs.warnings)
            reader.add_all(source_batches(sources, config.input, inputs, HOST, of=layout))
        else:
            raise InputError(f"expected a path, or a data frame that Narwhals takes, not {given(source)}")
        reader.rejections(inputs.records)  # counts rows of a wrong length
        rows = reader.finish(integer_ids=False)
        if (links := with_person_links(None, config)) is not None:
            rows = reader.corrected(rows, links, Effect())
        check_forces(config, rows.columns["force"].texts(), len(rows))
    except InputError as error:
        raise InputError(f"attributes: {error}") from error
    inputs.warnings += [
        f"some of the table's rows are left out, {_REASONS[reason]}"
        for reason in sorted(reader.found.by_reason())
        if reason in _REASONS
    ]
    return rows


def _as_input(config: InputConfig) -> InputConfig:
    """How the table is read: as one of arrests of which nothing is known but the person."""
    columns = {
        "person_id": tuple(dict.fromkeys(("person_id", *config.source_names("person_id")))),
        "force": config.columns.get("force", "force") if config.person_scope == "force" else "",
        **dict.fromkeys(("date", "recorded_at", *DETAILS), ""),
    }
    return replace(config, columns=columns, incident_key=("force",), date_format=(), null_dates=())


def _layout(
    table: str, columns: list[str], repeated: Iterable[str], config: InputConfig, names: Sequence[str]
) -> Layout:
    """The columns of persons, and those that are asked for, protected or not, which take the places of details."""
    asked = {plain_name(name) for name in names}
    others = [column for column in columns if not (isinstance(column, str) and plain_name(column) in asked)]
    person = layout_of(table, others, repeated, config)
    found = dict(person.columns)
    for name, slot in zip(names, _SLOTS, strict=False):
        matching = [column for column in columns if isinstance(column, str) and plain_name(column) == plain_name(name)]
        if not matching:
            raise UnreadableFile(
                table, f'there is no column "{name}", which --by asks for; columns there: {in_quotes(columns, ", ")}'
            )
        if len(matching) > 1 or matching[0] in set(repeated):
            raise UnreadableFile(table, f'{in_quotes(matching, " and ")}: more than one column could be "{name}"')
        found[slot] = matching[0]
    return Layout(found, person.protected, person.ignored)


def _unusable(records: list[InputRecord]) -> list[str]:
    return ["attributes: some rows cannot be used"] if any(record.rejected for record in records) else []


def _attribute(name: str, texts: list[str], code: Int64, person: Int64, n: int) -> tuple[Attribute, int]:
    """The attribute of n persons of whom rows have values, and how many have two that differ."""
    told = code >= 0
    least, greatest = np.full(n, len(texts), np.int64), np.full(n, -1, np.int64)
    np.minimum.at(least, person[told], code[told])
    np.maximum.at(greatest, person[told], code[told])
    one = (greatest >= 0) & (least == greatest)
    used, of_person = np.unique(np.where(one, greatest, len(texts)), return_inverse=True)
    names = [NOT_KNOWN if at == len(texts) else texts[at] for at in used.tolist()]
    if len(used) > MOST_GROUPS + 1:
        raise InputError(
            f'attributes: "{name}" has {len(used):,} different values, which tell persons apart rather than groups; '
            f"put values together, {MOST_GROUPS} at most, as ages into bands"
        )
    groups = tuple(sorted(set(names), key=lambda group: (group == NOT_KNOWN, group)))
    order = np.array([groups.index(group) for group in names], np.int32)
    return Attribute(name, groups, order[of_person.reshape(-1)]), int(((greatest >= 0) & ~one).sum())
