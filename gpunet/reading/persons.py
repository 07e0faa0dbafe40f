"""Arrests of whole persons, from the checked rows of a range of them; what :mod:`gpunet.reading.arrange` does for all.

Texts of few distinct values are coded alike for all ranges (:class:`Names`). Persons and incidents are coded within the
range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gpunet.arrests.arrests import Arrests
from gpunet.config.config import Config
from gpunet.reading.arrange import (
    code_arrests,
    earliest_days,
    first_known,
    incident_codes,
    incident_texts,
    key_order,
    key_texts,
    masks_of,
    offence_bits,
)
from gpunet.reading.check import coded_columns
from gpunet.reading.coding import TextCoder
from gpunet.reading.columns import to_texts
from gpunet.reading.dates import DAY_US, timestamp_text
from gpunet.reading.device import without_repeats
from gpunet.reading.location import Column, Location, to_codes
from gpunet.reading.packed import dense
from gpunet.reading.partition import FILE, NAMED, ORDER, PLACES, STAMP, PartNote, ReadPart
from gpunet.tables.frames import make_series, to_arrow

__all__ = ["Names", "PersonRange", "arrests_of_range", "coded_rows", "names_of"]

_HOME = Location("polars", np.asarray)


@dataclass(frozen=True, eq=False)
class Names:
    """Texts by code, ascending, that hold for all partitions.

    ``texts``: of each of ``NAMED``; of the force "" too where a row has none. ``masks``: uint64[offences + 1], the sets
    of each offence, 0 in the end. ``pairs``: of each of ``PLACES`` int64[k], ascending, force times the number of texts
    plus text; ``rank``: int32[k], the place's code. ``places``: the places' names by code.
    """

    texts: dict[str, list[str]]
    masks: NDArray[np.uint64]
    pairs: dict[str, NDArray[np.int64]]
    rank: dict[str, NDArray[np.int32]]
    places: dict[str, tuple[str, ...]]


def names_of(notes: Iterable[PartNote], config: Config) -> Names:
    """Put together what the partitions tell."""
    notes = list(notes)
    texts = {name: sorted({text for note in notes for text in note.names[name]}) for name in NAMED}
    if any(note.no_force for note in notes):
        texts["force"].insert(0, "")
    pairs, rank, places = {}, {}, {}
    for name in PLACES:
        found = {pair for note in notes for pair in _named_pairs(note, name)}
        keyed = sorted((f"{owner}/{place}" if owner else place, owner, place) for owner, place in found)
        codes = {column: {text: i for i, text in enumerate(texts[column])} for column in ("force", name)}
        packed = np.array(
            [codes["force"][owner] * len(texts[name]) + codes[name][place] for _, owner, place in keyed], np.int64
        )
        order = np.argsort(packed)
        pairs[name], rank[name] = packed[order], order.astype(np.int32)
        places[name] = tuple(text for text, _, _ in keyed)
    masks = np.append(masks_of(texts["offence"], config), np.uint64(0))
    return Names(texts, masks, pairs, rank, places)


def _named_pairs(note: PartNote, name: str) -> Iterable[tuple[str, str]]:
    forces = [*note.names["force"], ""]  # a force of -1 is the last
    return ((forces[force], note.names[name][place]) for force, place in note.places[name].tolist())


def coded_rows(part: ReadPart, names: Names, whole: bool) -> pa.Table:
    """The part's rows with codes that hold for all parts; person ids as int64 if they are `whole`."""
    table = part.rows
    for name in NAMED:
        known = {text: i for i, text in enumerate(names.texts[name])}
        lookup = np.array([*(known[text] for text in part.note.names[name]), known.get("", -1)], np.int32)
        if name != "force":
            lookup[-1] = -1
        codes = to_codes(lookup, table.column(name).to_numpy())
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(codes))
    if whole:
        ids = table.column("person_id").cast(pa.int64())
        table = table.set_column(table.schema.get_field_index("person_id"), "person_id", ids)
    return table


@dataclass(frozen=True, eq=False)
class PersonRange:
    """Arrests of the persons of a range.

    ``arrests`` have codes of persons and incidents within the range. ``incident_key``: ``large_string`` by incident
    code; keys sort as incidents do, over all ranges. ``repeats``: the places of files, and how many rows of each repeat
    an earlier one.
    """

    arrests: Arrests
    incident_key: pa.Array
    repeats: Mapping[int, int]


def arrests_of_range(rows: pa.Table, names: Names, config: Config) -> PersonRange:
    """Make arrests of all rows of some persons, which may come in any order."""
    rows = rows.take(pa.array(np.argsort(rows.column(ORDER).to_numpy(), kind="stable")))
    timestamps = rows.column(STAMP).to_numpy()
    columns = _coded(rows, timestamps, names, config)
    kept = without_repeats(columns, timestamps)
    repeated = np.ones(len(timestamps), np.bool_)
    repeated[kept] = False
    files, counts = np.unique(rows.column(FILE).to_numpy()[repeated], return_counts=True)
    columns = {name: Column(column.values, column.codes[kept]) for name, column in columns.items()}
    arrests, key = _arranged(columns, timestamps[kept], names, config)
    return PersonRange(arrests, key, dict(zip(files.tolist(), counts.tolist(), strict=True)))


def _coded(rows: pa.Table, timestamps: NDArray[np.int64], names: Names, config: Config) -> dict[str, Column]:
    columns = {}
    for name in coded_columns(config.input):
        if name in NAMED:
            columns[name] = Column(make_series(name, names.texts[name]), rows.column(name).to_numpy())
        elif name == "date":
            codes, _ = dense(timestamps // DAY_US)
            texts = [timestamp_text(int(day) * DAY_US) for day in np.unique(timestamps // DAY_US)]
            columns[name] = Column(make_series(name, texts), codes.astype(np.int32))
        else:
            columns[name] = _column(name, rows.column(name).combine_chunks())
    return columns


def _column(name: str, values: pa.Array) -> Column:
    """A column coded by its distinct values, ascending."""
    if isinstance(values, pa.ChunkedArray):  # as older versions of PyArrow give it
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    if pa.types.is_integer(values.type):
        numbers, position = np.unique(values.to_numpy(), return_inverse=True)
        return Column(make_series(name, numbers), position.astype(np.int32))
    coder = TextCoder()
    texts = to_texts(values.cast(pa.large_string()))
    codes = coder.code(texts, texts.present)
    order = coder.order()
    rank = np.full(len(order) + 1, -1, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Column(make_series(name, coder.to_arrow().take(pa.array(order))), to_codes(rank, codes))


def _arranged(
    columns: dict[str, Column], timestamps: NDArray[np.int64], names: Names, config: Config
) -> tuple[Arrests, pa.Array]:
    arrest, first = code_arrests(columns, config)
    n, of_first = first.shape[0], {name: column.codes[first] for name, column in columns.items()}
    incident, example = incident_codes(columns, of_first, config)
    of_example = {name: codes[example] for name, codes in of_first.items()}
    places = {name: _placed(first_known(columns[name].codes, arrest, n), of_first["force"], name, names)
              for name in PLACES}  # fmt: skip
    arrests = Arrests(
        person_ids=columns["person_id"].values.alias("person_id"),
        person=of_first["person_id"].astype(np.int32),
        incident=incident.astype(np.int32),
        force=of_first["force"].astype(np.int32),
        day=earliest_days(timestamps, arrest, n),
        offences=offence_bits(columns["offence"].codes, names.masks, arrest, n, config),
        district=places["district"],
        beat=places["beat"],
        gang=first_known(columns["gang"].codes, arrest, n).astype(np.int32),
        incident_ids=incident_texts(columns, of_example, config, _HOME).alias("incident_id"),
        config=config,
        force_names=make_series("force", []),
        gang_names=make_series("gang", []),
        district_names=make_series("district", []),
        beat_names=make_series("beat", []),
    )
    return arrests, _keys(columns, of_example, config)


def _placed(text: NDArray[Any], force: NDArray[Any], name: str, names: Names) -> NDArray[np.int32]:
    """Codes of places from those of forces and of texts, -1 for none."""
    packed = force.astype(np.int64) * len(names.texts[name]) + text
    position = np.where(text < 0, -1, np.searchsorted(names.pairs[name], packed))
    return to_codes(np.append(names.rank[name], np.int32(-1)), position).astype(np.int32)  # type: ignore[no-any-return]


def _keys(columns: Mapping[str, Column], codes: Mapping[str, NDArray[Any]], config: Config) -> pa.Array:
    """One text for all columns of an incident's key, in their order; equal and ordered as the columns together."""
    parts = [_escaped(key_texts(columns[name], name, codes[name], _HOME)) for name in key_order(config)]
    if len(parts) == 1:
        return parts[0]
    return pc.binary_join_element_wise(*parts, pa.scalar("\0", pa.large_string()))


def _escaped(series: nw.Series[Any]) -> pa.Array:
    """The texts so that none has the character that stands between two; their order stays."""
    array = to_arrow(series.to_frame()).column(0).cast(pa.large_string())
    array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.large_string())
    if pc.any(pc.match_substring_regex(array, "[\\x00\\x01]")).as_py():
        array = pc.replace_substring(array, "\1", "\1\2")
        array = pc.replace_substring(array, "\0", "\1\1")
    return array
