"""From the device reader's coded rows to Arrests: what :mod:`gpunet.reading.assemble` does for the host's reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gpunet.arrests.arrests import Arrests, ReadReport
from gpunet.base.days import NO_DAY
from gpunet.config.config import Config
from gpunet.config.offences import compile_taxonomy, offence_mask
from gpunet.reading.dates import DAY_US, NO_TIMESTAMP
from gpunet.reading.device import CodedRows
from gpunet.reading.location import Column, Location, to_codes
from gpunet.reading.packed import dense, pack
from gpunet.tables import arrays
from gpunet.tables.frames import make_series, rows_of

__all__ = [
    "arrange",
    "code_arrests",
    "earliest_days",
    "first_known",
    "incident_codes",
    "incident_texts",
    "key_order",
    "key_texts",
    "masks_of",
    "offence_bits",
]

_NEVER = np.iinfo(np.int32).max


def arrange(rows: CodedRows, config: Config, report: ReadReport, backend: str, location: Location) -> Arrests:
    """Make arrests of the coded rows; the arrays, and the persons' and incidents' ids, stay where the rows lie."""
    columns = rows.columns
    force, force_names = _forces(columns["force"])
    columns = {**columns, "force": Column(make_series("force", force_names), force)}
    arrest, first = code_arrests(columns, config)
    n, of_first = first.shape[0], {name: column.codes[first] for name, column in columns.items()}
    gang, district, beat = (first_known(columns[c].codes, arrest, n) for c in ("gang", "district", "beat"))
    district, district_names = _places(columns["district"], district, of_first["force"], force_names, location)
    beat, beat_names = _places(columns["beat"], beat, of_first["force"], force_names, location)
    incident, incident_ids = _incidents(columns, of_first, config, location)
    return Arrests(
        person_ids=columns["person_id"].values.alias("person_id"),
        person=_int32(of_first["person_id"]),
        incident=_int32(incident),
        force=_int32(of_first["force"]),
        day=earliest_days(rows.timestamps, arrest, n),
        offences=offence_bits(
            columns["offence"].codes, _masks(columns["offence"], config, location), arrest, n, config
        ),
        district=_int32(district),
        beat=_int32(beat),
        gang=_int32(gang),
        incident_ids=incident_ids.alias("incident_id"),
        force_names=make_series("force", force_names),
        gang_names=make_series("gang", columns["gang"].texts()),
        district_names=make_series("district", district_names),
        beat_names=make_series("beat", beat_names),
        config=config,
        report=report,
        backend=backend,
    )


def _int32(codes: Any) -> Any:
    xp = arrays.namespace(codes)
    return xp.astype(codes, xp.int32)


def _forces(column: Column) -> tuple[Any, list[str]]:
    """Codes by the text of the forces that occur, the default force among them, and their names."""
    xp = arrays.namespace(column.codes)
    names = column.texts()
    if arrays.least(column.codes, 0) < 0:
        return column.codes + xp.asarray(1, dtype=xp.int32), ["", *names]
    return column.codes, names


def code_arrests(columns: dict[str, Column], config: Config) -> tuple[Any, Any]:
    """Code of each row's arrest, by person and then by first row, and the first row of each arrest."""
    names = ("person_id", "force", *(c for c in config.input.incident_key if c != "force"))
    key, _ = pack((columns[c].codes, len(columns[c].values)) for c in names)
    arrest, n = dense(key)
    rows = arrest.shape[0]
    xp = arrays.namespace(arrest)
    first = arrays.least_by_code(arrest, xp.arange(rows, dtype=xp.int64), n, rows)
    order = arrays.sort_order([first, columns["person_id"].codes[first]])
    return arrays.sort_order([order])[arrest], first[order]


def earliest_days(timestamps: Any, arrest: Any, n: int) -> Any:
    """int32[n], the earliest day of each arrest."""
    xp = arrays.namespace(timestamps)
    day = xp.where(timestamps == NO_TIMESTAMP, _NEVER, timestamps // DAY_US)
    earliest = arrays.least_by_code(arrest, day, n, _NEVER)
    return _int32(xp.where(earliest == _NEVER, NO_DAY, earliest))


def _masks(offence: Column, config: Config, location: Location) -> Any:
    """uint64[texts + 1], the sets that each offence belongs to, and of none; patterns are matched on the host."""
    return location.array(np.append(masks_of(offence.texts(), config), np.uint64(0)))


def masks_of(offences: Iterable[str], config: Config) -> NDArray[np.uint64]:
    """uint64[texts], the sets that each offence belongs to."""
    compiled = compile_taxonomy(config.violent_offences)
    return np.array([offence_mask(text, compiled) for text in offences], np.uint64)


def offence_bits(codes: Any, masks: Any, arrest: Any, n: int, config: Config) -> Any:
    """uint64[n], the sets that each arrest's offences belong to; `masks` has 0 in the end, for -1."""
    return arrays.bits_by_code(arrest, to_codes(masks, codes), n, len(config.violent_offences))


def first_known(codes: Any, arrest: Any, n: int) -> Any:
    """int[n], the first code of each arrest that is not -1, in the order of the rows; -1 if there is none."""
    xp = arrays.namespace(codes)
    (known,) = xp.nonzero(codes >= 0)
    rows = codes.shape[0]
    first = arrays.least_by_code(arrest[known], known, n, rows)
    with_none = xp.concat([codes, xp.full(1, -1, dtype=codes.dtype)])
    return with_none[first]


def _places(
    column: Column, codes: Any, force: Any, force_names: list[str], location: Location
) -> tuple[Any, list[str]]:
    """Codes of (force, place) pairs by their text, and their names ``force/place``; the default force is left out."""
    xp = arrays.namespace(codes)
    texts = column.texts()
    size = max(len(texts), 1)
    packed = xp.astype(force, xp.int64) * size + xp.astype(codes, xp.int64)
    pairs = arrays.distinct(packed[codes >= 0])
    keyed = []
    for i, pair in enumerate(arrays.to_host(pairs).tolist()):
        owner, place = force_names[pair // size], texts[pair % size]
        keyed.append((f"{owner}/{place}" if owner else place, owner, i))
    keyed.sort()
    rank = np.full(len(keyed) + 1, -1, np.int64)
    rank[[i for _, _, i in keyed]] = np.arange(len(keyed))
    position = xp.where(codes < 0, -1, xp.searchsorted(pairs, packed))
    return to_codes(location.array(rank), position), [name for name, _, _ in keyed]


def _incidents(
    columns: dict[str, Column], of_first: dict[str, Any], config: Config, location: Location
) -> tuple[Any, nw.Series[Any]]:
    """Codes of incidents, which ascend with incident_id and then the other key columns as text, and their ids."""
    incident, example = incident_codes(columns, of_first, config)
    return incident, incident_texts(
        columns, {name: codes[example] for name, codes in of_first.items()}, config, location
    )


def key_order(config: Config) -> list[str]:
    """The columns of the incident key as incidents are ordered by them."""
    return sorted(config.input.incident_key, key=lambda name: name != "incident_id")


def incident_codes(columns: dict[str, Column], of_first: dict[str, Any], config: Config) -> tuple[Any, Any]:
    """Codes of incidents, which ascend with :func:`key_order`, and an arrest of each."""
    key, _ = pack((of_first[name], len(columns[name].values)) for name in key_order(config))
    incident, n = dense(key)
    xp, size = arrays.namespace(incident), incident.shape[0]
    return incident, arrays.least_by_code(incident, xp.arange(size, dtype=xp.int64), n, size)


def incident_texts(
    columns: dict[str, Column], codes: dict[str, Any], config: Config, location: Location
) -> nw.Series[Any]:
    """The ids of incidents, of which `codes` has those of every column."""
    names = key_order(config)
    parts = ["incident_id"] if "incident_id" in names else [c for c in names if c != "force"] or ["force"]
    if not codes[parts[0]].shape[0]:
        return location.series("incident_id", [])
    texts = {name: key_texts(columns[name], name, codes[name], location) for name in parts}
    if len(parts) == 1:
        return texts[parts[0]]
    together = location.frame(texts).select(nw.concat_str(*parts, separator="/").alias("incident_id"))
    return together.get_column("incident_id")


def key_texts(column: Column, name: str, codes: Any, location: Location) -> nw.Series[Any]:
    """The texts of a column of the incident key, by code."""
    values = location.series(name, column.texts()) if name == "force" else column.values.cast(nw.String())
    return rows_of(values, codes)  # type: ignore[no-any-return]
