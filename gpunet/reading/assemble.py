"""From the codes of reading, which follow the files' order, to Arrests, whose codes follow the order of the ids."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.arrests.arrests import Arrests, ReadReport
from gpunet.base.days import NO_DAY
from gpunet.base.stopping import raise_if_stopped
from gpunet.config.offences import compile_taxonomy, offence_mask
from gpunet.reading import loops
from gpunet.reading.accumulate import Accumulator
from gpunet.reading.coding import TextCoder
from gpunet.tables.frames import make_series

__all__ = ["assemble"]

#: Pairs of codes are counted in a table of this many cells at most, and sorted beyond.
_TABLE_CELLS = 1 << 26


def assemble(read: Accumulator, integer_ids: bool, report: ReadReport, backend: str) -> Arrests:
    """Make arrests of what was read, and empty `read` on the way: each dictionary goes as soon as it is used."""
    for coder in read.dictionaries():
        coder.drop_slots()
    n = len(read.arrests)
    day = np.full(n, NO_DAY, dtype=np.int32)
    offences = np.zeros(n, dtype=np.uint64)
    places = np.full((3, n), -1, dtype=np.int32)
    rows, details = read.rows.rows[: len(read.rows)], read.details.rows[: len(read.details)]
    loops.gather_arrests(rows, details, _masks(read), NO_DAY, day, offences, places)
    del rows, details
    read.rows.clear()
    read.details.clear()
    raise_if_stopped()
    codes = read.arrests.rows[:n]
    force, force_names = _forces(read.coders.pop("force"), codes[:, 1])
    incident, incident_ids = _incidents(read, codes[:, 2], force, force_names)
    raise_if_stopped()
    person_ids, rank = _persons(read.coders.pop("person_id"), integer_ids)
    person = rank[codes[:, 0]]
    del codes
    read.arrests.clear()
    raise_if_stopped()
    order = loops.stable_order(person, len(rank))
    force = force[order]
    district, district_names = _places(read.coders.pop("district"), places[0][order], force, force_names)
    beat, beat_names = _places(read.coders.pop("beat"), places[1][order], force, force_names)
    raise_if_stopped()
    gang_names, gang_rank = _ranked(read.coders.pop("gang"))
    gang = places[2][order]
    return Arrests(
        person_ids=make_series("person_id", person_ids),
        person=person[order],
        incident=incident[order],
        force=force,
        day=day[order],
        offences=offences[order],
        district=district,
        beat=beat,
        gang=np.where(gang < 0, np.int32(-1), np.append(gang_rank, np.int32(-1))[gang]),
        incident_ids=make_series("incident_id", incident_ids),
        force_names=make_series("force", force_names),
        gang_names=make_series("gang", gang_names),
        district_names=make_series("district", district_names),
        beat_names=make_series("beat", beat_names),
        config=read.config,
        report=report,
        backend=backend,
    )


def _masks(read: Accumulator) -> NDArray[np.uint64]:
    """uint64[offence texts], the sets that each belongs to: patterns are matched once a text, not once a row."""
    compiled = compile_taxonomy(read.config.violent_offences)
    texts = read.coders["offence"].to_arrow().to_pylist()
    return np.array([offence_mask(text, compiled) for text in texts], dtype=np.uint64)


def _ranked(coder: TextCoder) -> tuple[Any, NDArray[np.int32]]:
    """The texts in ascending order, and each code's place among them."""
    import pyarrow as pa

    order = coder.order()
    return coder.to_arrow().take(pa.array(order)), _inverse(order)


def _inverse(order: NDArray[Any]) -> NDArray[np.int32]:
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank


def _persons(coder: TextCoder, integer_ids: bool) -> tuple[Any, NDArray[np.int32]]:
    """The person ids, ascending: as numbers if every one is an int64 and came as an integer, else as text."""
    import pyarrow as pa

    if integer_ids:
        try:
            numbers = np.asarray(coder.to_arrow().cast(pa.int64()))
        except pa.ArrowInvalid:  # unsigned ids past 2^63 stay text
            pass
        else:
            order = np.argsort(numbers)
            return numbers[order], _inverse(order)
    return _ranked(coder)


def _forces(coder: TextCoder, codes: NDArray[np.int32]) -> tuple[NDArray[np.int32], list[str]]:
    """Codes by the text of the forces that occur, and their names."""
    used = np.flatnonzero(np.bincount(codes, minlength=len(coder)))
    names = sorted((coder.text(code), code) for code in used.tolist())
    lookup = np.full(len(coder), -1, dtype=np.int32)
    lookup[[code for _, code in names]] = np.arange(len(names), dtype=np.int32)
    return lookup[codes], [name for name, _ in names]


def _pairs(
    first: NDArray[np.int32], second: NDArray[np.int32], n_first: int, n_second: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Distinct pairs, as ``first * n_second + second`` ascending, and the position of each element's pair there."""
    packed = first.astype(np.int64) * n_second + second
    if n_first * n_second <= _TABLE_CELLS:
        occurs = np.zeros(n_first * n_second, dtype=np.int32)
        occurs[packed] = 1
        pairs = np.flatnonzero(occurs)
        occurs[pairs] = np.arange(len(pairs), dtype=np.int32)
        return pairs, occurs[packed]
    pairs, inverse = np.unique(packed, return_inverse=True)
    return pairs, inverse.astype(np.int32)


def _places(
    coder: TextCoder, codes: NDArray[np.int32], force: NDArray[np.int32], force_names: list[str]
) -> tuple[NDArray[np.int32], list[str]]:
    """Codes of (force, place) pairs by their text, and their names ``force/place``; the default force is left out."""
    known = np.flatnonzero(codes >= 0)
    pairs, position = _pairs(force[known], codes[known], max(len(force_names), 1), max(len(coder), 1))
    texts = coder.to_arrow().to_pylist()
    keyed = []
    for i, pair in enumerate(pairs.tolist()):
        owner, place = force_names[pair // len(texts)], texts[pair % len(texts)]
        keyed.append((f"{owner}/{place}" if owner else place, owner, i))
    keyed.sort()
    out = np.full(len(codes), -1, dtype=np.int32)
    out[known] = _inverse(np.array([i for _, _, i in keyed], dtype=np.int64))[position]
    return out, [name for name, _, _ in keyed]


def _incidents(
    read: Accumulator, keys: NDArray[np.int32], force: NDArray[np.int32], force_names: list[str]
) -> tuple[NDArray[np.int32], Any]:
    """Codes of incidents, which ascend with incident_id and then the other key columns as text, and their ids."""
    import pyarrow as pa
    import pyarrow.compute as pc

    n_keys = len(read.coders[read.key_columns[0]]) if read.keys is None else len(read.keys)
    if "force" in read.config.input.incident_key and len(force_names) > 1:
        pairs, position = _pairs(keys, force, n_keys, len(force_names))
        of_key, of_force = pairs // len(force_names), (pairs % len(force_names)).astype(np.int32)
    else:
        of_key, position = np.arange(n_keys), keys
        of_force = np.zeros(n_keys, dtype=np.int32)
    texts, ranks = {}, {"force": of_force}
    for k, name in enumerate(read.key_columns):
        codes = of_key if read.keys is None else read.keys.rows[of_key, k]
        coder = read.coders.pop(name) if name == "incident_id" else read.coders[name]
        ranks[name] = _inverse(coder.order())[codes]
        texts[name] = coder.to_arrow().take(pa.array(codes))
    columns = sorted(read.config.input.incident_key, key=lambda name: name != "incident_id")
    order = np.lexsort([ranks[name] for name in reversed(columns)])
    if "incident_id" in texts:
        ids = texts["incident_id"]
    elif texts:
        parts = [texts[name] for name in columns if name != "force"]
        ids = pc.binary_join_element_wise(*parts, pa.scalar("/", pa.large_string()))
    else:
        ids = pa.array([force_names[f] for f in of_force], pa.large_string())
    return _inverse(order)[position], ids.take(pa.array(order))
