"""From coded rows to Arrests: arrests are put together, and incidents and places coded in the order of their texts."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.charges import Charges, earliest_days, first_known, in_file_order, joined
from gpunet.arrests.read_report import ReadReport
from gpunet.base.array_types import Int64
from gpunet.base.days import NO_DAY
from gpunet.config.config import Config
from gpunet.reading.coded_rows import CodedRows
from gpunet.reading.dates import DAY_US, NO_TIMESTAMP
from gpunet.reading.location import Column, Location, to_codes
from gpunet.reading.names import NAMED, PLACES, Names, named_pairs, names_of, place_pairs
from gpunet.reading.packed import pack
from gpunet.tables import arrays
from gpunet.tables.frames import make_series, rows_of

__all__ = ["arrange", "arranged", "key_order", "key_texts"]


def arrange(rows: CodedRows, config: Config, report: ReadReport | None, backend: str, location: Location) -> Arrests:
    """Make arrests of all rows there are; the arrays, and the persons' and incidents' ids, stay where the rows lie."""
    force, columns = rows.columns["force"], rows.columns
    no_force = arrays.least(force.codes, 0) < 0
    texts = {name: columns[name].texts() for name in NAMED}
    pairs = {n: named_pairs(place_pairs(force.codes, columns[n]), texts["force"], texts[n]) for n in PLACES}
    names = names_of(texts, pairs, no_force, config)
    if no_force:
        xp = arrays.namespace(force.codes)
        columns["force"] = Column(location.series("force", names.texts["force"]), xp.astype(force.codes, xp.int32) + 1)
    return arranged(rows, names, config, location, report, backend)[0]


def arranged(
    rows: CodedRows,
    names: Names,
    config: Config,
    location: Location,
    report: ReadReport | None = None,
    backend: str = "polars",
    order: Int64 | None = None,
) -> tuple[Arrests, dict[str, Any]]:
    """Arrests of rows whose ``NAMED`` columns have the codes of `names`; and by column the codes of each incident.

    `order` (int64[n], ascending) is where the rows stand among all that there are, if these are some of them.
    """
    columns, masks = rows.columns, location.array(names.masks)
    pairs = [
        _arrests_of(rows.at(at), at if order is None else order[at], names, masks, config, location)
        for at in rows.positions()
    ]
    blocks, parts = [block for block, _ in pairs], [part for _, part in pairs if part is not None]
    charges = joined(parts, [block[":day"].shape[0] for block in blocks]) if parts else None
    del pairs, parts
    xp = arrays.namespace(rows.timestamps)
    found = {name: xp.concat([block.pop(name) for block in blocks]) for name in list(blocks[0])}
    of_arrest = {name: found[name] for name in columns if name in found}
    incident, example = _incident_codes(columns, of_arrest, config)
    of_example = {name: codes[example] for name, codes in of_arrest.items()}
    arrests = Arrests(
        person_ids=location.kept(columns["person_id"].values, "person_id"),
        person=found["person_id"],
        incident=_int32(incident),
        force=found["force"],
        day=found[":day"],
        offences=found[":offences"],
        district=found[":district"],
        beat=found[":beat"],
        gang=found[":gang"],
        row=found[":row"],
        charges=charges,
        incident_ids=location.kept(_incident_texts(columns, of_example, config, location), "incident_id"),
        force_names=make_series("force", names.texts["force"]),
        gang_names=make_series("gang", names.texts["gang"]),
        district_names=make_series("district", list(names.places["district"])),
        beat_names=make_series("beat", list(names.places["beat"])),
        config=config,
        report=report,
        backend=backend,
    )
    return arrests, of_example


def _arrests_of(
    rows: CodedRows, order: Int64, names: Names, masks: Any, config: Config, location: Location
) -> tuple[dict[str, Any], Charges | None]:
    """The arrests of a block: by column the code of each one's first row, and beside these what all rows say.

    And their charges, if it is told when these were recorded.
    """
    columns = rows.columns
    key, _ = pack((columns[c].codes, len(columns[c].values)) for c in _names_of_arrest(config))
    arrest, n = arrays.dense(key)
    del key
    arrest, first = in_file_order(arrest, columns["person_id"].codes, n)
    found = {name: _int32(columns[name].codes[first]) for name in ("person_id", "force", *config.input.incident_key)}
    for name in ("gang", *PLACES):
        code = first_known(columns[name].codes, arrest, n)
        found[f":{name}"] = _int32(names.place_codes(name, found["force"], code, location) if name in PLACES else code)
    xp = arrays.namespace(rows.timestamps)
    day = _int32(xp.where(rows.timestamps == NO_TIMESTAMP, NO_DAY, rows.timestamps // DAY_US))
    offences = to_codes(masks, columns["offence"].codes)
    found[":row"] = order[first]
    found[":day"] = earliest_days(day, arrest, n)
    found[":offences"] = arrays.bits_by_code(arrest, offences, n, len(config.violent_offences))
    if rows.recorded is None:
        return found, None
    codes = {name: _int32(columns[name].codes) for name in ("force", "gang", *PLACES)}
    for name in PLACES:
        codes[name] = _int32(names.place_codes(name, codes["force"], codes[name], location))
    of_rows = {name: codes[name] for name in ("gang", *PLACES)}
    return found, Charges(_int32(arrest), rows.recorded, day, offences, **of_rows, row=order)


def _names_of_arrest(config: Config) -> tuple[str, ...]:
    return ("person_id", "force", *(c for c in config.input.incident_key if c != "force"))


def _int32(codes: Any) -> Any:
    xp = arrays.namespace(codes)
    return xp.astype(codes, xp.int32)


def key_order(config: Config) -> list[str]:
    """The columns of the incident key as incidents are ordered by them."""
    return sorted(config.input.incident_key, key=lambda name: name != "incident_id")


def _incident_codes(columns: dict[str, Column], of_first: dict[str, Any], config: Config) -> tuple[Any, Any]:
    """Codes of incidents, which ascend with :func:`key_order`, and an arrest of each."""
    key, _ = pack((of_first[name], len(columns[name].values)) for name in key_order(config))
    incident, n = arrays.dense(key)
    xp, size = arrays.namespace(incident), incident.shape[0]
    return incident, arrays.least_by_code(incident, xp.arange(size, dtype=xp.int64), n, size)


def _incident_texts(
    columns: dict[str, Column], codes: dict[str, Any], config: Config, location: Location
) -> nw.Series[Any]:
    """The ids of incidents, of which `codes` has those of every column."""
    names = key_order(config)
    parts = ["incident_id"] if "incident_id" in names else [c for c in names if c != "force"] or ["force"]
    if not codes[parts[0]].shape[0]:
        return location.series("incident_id", [])
    texts = {name: key_texts(columns[name], codes[name]) for name in parts}
    if len(parts) == 1:
        return texts[parts[0]]
    together = location.frame(texts).select(nw.concat_str(*parts, separator="/").alias("incident_id"))
    return together.get_column("incident_id")


def key_texts(column: Column, codes: Any) -> nw.Series[Any]:
    """The texts of a column of the incident key, by code."""
    return rows_of(column.values.cast(nw.String()), codes)  # type: ignore[no-any-return]
