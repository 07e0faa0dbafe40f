"""Arrests of whole persons, from the checked rows of a range of them, as the workers of a cluster make them.

Texts of few distinct values are coded alike for all ranges (:class:`~gpunet.reading.names.Names`). Persons and
incidents are coded within the range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.arrests.arrests import Arrests
from gpunet.config.config import Config
from gpunet.config.input_config import DATE_PARTS
from gpunet.reading.arrange import arranged, key_order, key_texts
from gpunet.reading.coded_rows import CodedRows, date_part, offence_rows, repeats_of
from gpunet.reading.columns import coded_columns
from gpunet.reading.location import HOST, Column, code_series, in_order, to_codes
from gpunet.reading.names import NAMED, PLACES, Names, named_pairs, names_of
from gpunet.reading.partition import AGAIN, ORDER, RECORDED, STAMP, PartNote, ReadPart
from gpunet.reading.rejections import FILE
from gpunet.tables.frames import make_series, series_to_arrow
from gpunet.tables.gather import gather

__all__ = ["PersonRange", "arrests_of_range", "columns_of_part", "names_of_parts"]


def names_of_parts(notes: Iterable[PartNote], config: Config) -> Names:
    """Put together what the partitions tell."""
    notes = list(notes)
    texts = {name: {text for note in notes for text in note.names[name]} for name in NAMED}
    pairs = {
        name: {pair for note in notes for pair in named_pairs(note.places[name], note.names["force"], note.names[name])}
        for name in PLACES
    }
    return names_of(texts, pairs, any(note.no_force for note in notes), config)


def columns_of_part(part: ReadPart, names: Names, whole: bool, recorded: bool) -> dict[str, Any]:
    """The part's rows as columns that can be sent: codes that hold for all parts, and texts where there are many.

    ``ORDER`` (int64) ascends over the rows of all files, ``FILE`` is int32, ``STAMP`` int64. Person ids become int64
    if they are `whole`. ``RECORDED`` (int32) and ``AGAIN`` (bool) are there if any part tells when rows were
    `recorded`.
    """
    columns: dict[str, Any] = {ORDER: part.first + np.arange(len(part.rows)), FILE: part.files}
    columns[STAMP] = part.rows.timestamps
    if recorded:
        columns[RECORDED], columns[AGAIN] = part.rows.told()
    for name in (c for c in part.rows.columns if c not in DATE_PARTS):
        column = part.rows.columns[name]
        if name in NAMED:
            known = {text: i for i, text in enumerate(names.texts[name])}
            otherwise = known.get("", -1) if name == "force" else -1
            lookup = np.array([*(known[text] for text in column.texts()), otherwise], np.int32)
            columns[name] = to_codes(lookup, column.codes)
        elif name == "person_id" and whole:
            columns[name] = np.array(column.texts(), np.int64)[column.codes]
        else:
            columns[name] = gather(column.values, column.codes, name)
    return columns


@dataclass(frozen=True, eq=False)
class PersonRange:
    """Arrests of the persons of a range.

    ``arrests`` have codes of persons and incidents within the range. ``incident_key``: ``large_string`` by incident
    code; keys sort as incidents do, over all ranges. ``repeats``: the places of files, and how many rows of each repeat
    one of an earlier partition. ``offence_rows``: rows by offence, None for no offence.
    """

    arrests: Arrests
    incident_key: pa.Array
    repeats: Mapping[int, int]
    offence_rows: Mapping[str | None, int]


def arrests_of_range(table: pa.Table, names: Names, config: Config) -> PersonRange:
    """Make arrests of all rows of some persons, which may come in any order."""
    table = table.take(pa.array(np.argsort(table.column(ORDER).to_numpy(), kind="stable")))
    rows = _coded(table, names, config)
    repeats = repeats_of(rows)
    new = repeats.every if rows.again is None else repeats.every[~rows.again[repeats.every]]
    files, counts = np.unique(table.column(FILE).to_numpy()[new], return_counts=True)
    order = table.column(ORDER).to_numpy()
    if repeats.needless.shape[0]:
        order = np.delete(order, repeats.needless)
    rows = rows.without(repeats)
    arrests, of_incident = arranged(rows, names, config, HOST, order=order)
    unnamed: dict[str, Any] = {
        f"{name}_names": make_series(name, []) for name in ("force", "gang", *PLACES)
    }  # all parts have these
    key = _keys(rows.columns, of_incident, config)
    of_files = dict(zip(files.tolist(), counts.tolist(), strict=True))
    return PersonRange(replace(arrests, **unnamed), key, of_files, offence_rows(rows))


def _coded(table: pa.Table, names: Names, config: Config) -> CodedRows:
    told = (table.column(name).to_numpy() for name in (RECORDED, AGAIN) if name in table.column_names)
    rows = CodedRows({}, table.column(STAMP).to_numpy(), *told)
    for name in coded_columns(config.input):
        if name in NAMED:
            rows.columns[name] = Column(HOST.series(name, names.texts[name]), table.column(name).to_numpy())
        elif name in DATE_PARTS:
            rows.columns[name] = date_part(name, rows.timestamps, HOST)
        else:
            series = nw.from_native(table.select([name]), eager_only=True).get_column(name)
            rows.columns[name] = in_order(code_series(series, HOST), HOST)
    return rows


def _keys(columns: Mapping[str, Column], codes: Mapping[str, Any], config: Config) -> pa.Array:
    """One text for all columns of an incident's key, in their order; equal and ordered as the columns together."""
    parts = [_escaped(key_texts(columns[name], codes[name])) for name in key_order(config)]
    if len(parts) == 1:
        return parts[0]
    return pc.binary_join_element_wise(*parts, pa.scalar("\0", pa.large_string()))


def _escaped(series: nw.Series[Any]) -> pa.Array:
    """The texts so that none has the character that stands between two; their order stays."""
    array = series_to_arrow(series).cast(pa.large_string())
    if pc.any(pc.match_substring_regex(array, "[\\x00\\x01]")).as_py():
        array = pc.replace_substring(array, "\1", "\1\2")
        array = pc.replace_substring(array, "\0", "\1\1")
    return array
