"""Who was arrested together with whom: rows of persons, shuffled by ranges of incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from distributed import Future
from numpy.typing import NDArray

from gpunet.arrests.facts import IncidentFacts, IncidentRows, facts_of_incidents
from gpunet.arrests.incidents import IncidentMembers, incident_members
from gpunet.base.days import NO_DAY
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests
from gpunet.cluster.results import each, fetched
from gpunet.cluster.shuffle import (
    BUCKET,
    FRAMES,
    bounds_of,
    bucket_count,
    columns_of,
    frame_of,
    place_of,
    range_of_texts,
    shuffled,
)
from gpunet.config.config import Config
from gpunet.reading.location import code_series, in_order
from gpunet.tables.arrays import begins_run, count_by_code, greatest_by_code, least_by_code, running_sum, sort_order
from gpunet.tables.frames import rows_of
from gpunet.tables.gather import gather

__all__ = ["IncidentPartition", "described_incidents", "distributed_incident_facts", "incident_partitions"]

# Keys drawn for each range of incidents; from them follow the ranges, and nothing else.
_SAMPLES = 50


@dataclass(frozen=True, eq=False)
class IncidentPartition:
    """The incidents of one range of keys, on a worker.

    Attributes
    ----------
    members
        Incidents are coded from 0, ascending with their keys; persons are their numbers (int32).
    oversize
        Key and number of persons of each incident over the size cap.
    """

    members: IncidentMembers
    oversize: tuple[tuple[str, int], ...]


def incident_partitions(arrests: DistributedArrests) -> list[Future]:
    """Futures of :class:`IncidentPartition`, by ascending keys. Each incident is in one of them."""
    client, n = arrests.client, bucket_count(arrests)
    frames = each(client, "members", member_frame, arrests.partitions, bounds=_bounds(arrests, n))
    rows = shuffled(client, frames, n)
    return each(client, "incidents", grouped, rows, max_size=arrests.config.network.max_incident_size)


def distributed_incident_facts(arrests: DistributedArrests) -> IncidentFacts:
    """As :func:`gpunet.arrests.diagnostics.facts_of_incidents`, of all arrests on the workers."""
    client, n = arrests.client, bucket_count(arrests)
    frames = each(client, "incident-rows", incident_frame, arrests.partitions, bounds=_bounds(arrests, n))
    facts = each(client, "incident-facts", facts_of_frame, shuffled(client, frames, n), config=arrests.config)
    whole: IncidentFacts = reduce(add, fetched(client, facts))
    keys = [text for _, text in whole.frequencies.outstanding()] + [whole.example] * bool(whole.apart)
    ids = {key: text for key, (text, _) in _first_of(arrests, keys).items()}
    top = tuple((n, ids.get(key, key)) for n, key in whole.frequencies.top)
    example = ids.get(whole.example, whole.example)
    return replace(whole, frequencies=replace(whole.frequencies, top=top), example=example)


def _bounds(arrests: DistributedArrests, n: int) -> list[str]:
    """Keys at which n ranges of incidents begin, but for the first: ranges of about as many arrests."""
    share = _SAMPLES * n / max(len(arrests), 1)
    sizes = [int(np.ceil(share * size)) for size in arrests.arrests]
    drawn = fetched(arrests.client, each(arrests.client, "keys", sample_keys, arrests.partitions, sizes))
    return bounds_of((key for of_part in drawn for key in of_part), n)  # type: ignore[return-value]


def sample_keys(part: ArrestPartition, size: int) -> list[str]:
    """Keys of so many arrests, at equal distances in the order of the incidents."""
    incident = np.sort(part.arrests.incident)
    if not len(incident):
        return []
    at = incident[np.linspace(0, len(incident) - 1, size).astype(np.int64)]
    return [part.incident_key[int(code)].as_py() for code in at]


def member_frame(part: ArrestPartition, bounds: Sequence[str]) -> Any:
    """A row for each person of each incident; those of one person in one incident are all in one part."""
    members = incident_members(part.arrests)
    return frame_of(
        {
            BUCKET: range_of_texts(part.incident_key, members.incident, bounds),
            "number": part.person_numbers[members.person].astype(np.int32),
            "first_day": members.first_day,
            "last_day": members.last_day,
            "violent": members.violent,
            "key": _keys_of(part, members.incident),
        }
    )


def incident_frame(part: ArrestPartition, bounds: Sequence[str]) -> Any:
    """A row for each force of each incident of the part."""
    arrests = part.arrests
    order = sort_order([arrests.force, arrests.incident])
    begins = begins_run(arrests.incident[order], arrests.force[order])
    row, n = np.cumsum(begins) - 1, int(np.count_nonzero(begins))
    incident, force, day = (values[order] for values in (arrests.incident, arrests.force, arrests.day))
    dated = day != NO_DAY
    last = greatest_by_code(row[dated], day[dated], n, NO_DAY)
    first = least_by_code(row[dated], day[dated], n, np.iinfo(np.int32).max)
    return frame_of(
        {
            BUCKET: range_of_texts(part.incident_key, incident[begins], bounds),
            "key": _keys_of(part, incident[begins]),
            "force": force[begins],
            "arrests": count_by_code(row, n),
            "first": np.where(last == NO_DAY, NO_DAY, first),
            "last": last,
        }
    )


def _keys_of(part: ArrestPartition, incident: NDArray[Any]) -> nw.Series[Any]:
    table: nw.DataFrame[Any] = nw.from_native(pa.table({"key": part.incident_key.take(incident)}), eager_only=True)
    return table["key"]


def grouped(frame: Any, max_size: int) -> IncidentPartition:
    """The incidents of a range from the rows of their persons, in whatever order these come."""
    key = in_order(code_series(nw.from_native(frame, eager_only=True)["key"], FRAMES), FRAMES)
    number, first, last, violent = columns_of(frame, ("number", "first_day", "last_day", "violent"))
    order = sort_order([number, key.codes])
    size = count_by_code(key.codes, len(key.values))
    members = IncidentMembers(running_sum(size), number[order], first[order], last[order], violent[order])
    over = np.flatnonzero(size > max_size)
    keys = rows_of(key.values, over).to_list()
    return IncidentPartition(members, tuple(zip(map(str, keys), size[over].tolist(), strict=True)))


def facts_of_frame(frame: Any, config: Config) -> IncidentFacts:
    """The facts of a range of incidents from the rows of all parts; keys stand for their ids."""
    key = in_order(code_series(nw.from_native(frame, eager_only=True)["key"], FRAMES), FRAMES)
    rows = IncidentRows(key.codes, *columns_of(frame, ("force", "arrests", "first", "last")))
    return facts_of_incidents(rows, key.values, config)


def described_incidents(arrests: DistributedArrests, oversize: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Id, force and persons of incidents, given key and persons of each; the force is that of the first arrest."""
    if not oversize:
        return []
    first = _first_of(arrests, [key for key, _ in oversize])
    names = [*arrests.force_names, None]  # -1 is the last: none
    return [
        {"incident_id": first[key][0], "force": names[first[key][1]], "persons": persons} for key, persons in oversize
    ]


def _first_of(arrests: DistributedArrests, keys: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Incident id, and the force of the first arrest in the files, of the incidents with these keys."""
    first: dict[str, tuple[int, str, int]] = {}
    if keys:
        of_parts = each(arrests.client, "first-arrests", _first_arrests, arrests.partitions, keys=keys)
        for of_part in fetched(arrests.client, of_parts):
            first |= {key: min(found, first.get(key, found)) for key, found in of_part.items()}
    return {key: (incident, force) for key, (_, incident, force) in first.items()}


def _first_arrests(part: ArrestPartition, keys: Sequence[str]) -> dict[str, tuple[int, str, int]]:
    """Row and incident id, and the force, of the first arrest in the part of those of the incidents that have one."""
    arrests, known = part.arrests, part.incident_key
    at = [place_of(known, key) for key in keys]
    codes = {code: key for code, key in zip(at, keys, strict=True) if code < len(known) and known[code].as_py() == key}
    rows = np.flatnonzero(np.isin(arrests.incident, list(codes)))
    rows = rows[np.argsort(arrests.row[rows])]
    present, first = np.unique(arrests.incident[rows], return_index=True)
    ids = gather(arrests.incident_ids, present).to_list()
    found = zip(arrests.row[rows[first]].tolist(), ids, arrests.force[rows[first]].tolist(), strict=True)
    return dict(zip((codes[code] for code in present.tolist()), found, strict=True))
