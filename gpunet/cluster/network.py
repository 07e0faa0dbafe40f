"""The network of arrests on workers: its shape comes to the client, the attributes of ties stay where they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
from distributed import Future

from gpunet.arrests.network import Network, vertex_sets
from gpunet.base.array_types import Int32, Int64
from gpunet.base.errors import InputError
from gpunet.cluster.incidents import described_incidents, incident_partitions
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests
from gpunet.cluster.results import each, fetched, finished
from gpunet.cluster.ties import Ranges, ranges_of, tie_partitions
from gpunet.engines.protocol import Engine
from gpunet.features.community import recent_gang
from gpunet.tables.arrays import distinct, inverse_order, sort_order
from gpunet.tables.frames import make_series, to_arrow

__all__ = ["DistributedNetwork", "build_distributed_network"]


@dataclass(frozen=True, eq=False)
class DistributedNetwork:
    """A network on the client, with what belongs to it on the workers.

    Attributes
    ----------
    network
        As :func:`gpunet.build_network` gives it, but that ``person`` holds persons' numbers and ``ties`` and
        ``oversize`` are None.
    ids
        The persons' ids, those of each part by ascending numbers: of ``numbers`` one part after the other.
    gang
        int32[n], code of each vertex's most recent gang, -1 for none.
    numbers
        Ascending numbers of the persons of each part that are vertices, int32.
    vertices
        int32, the vertex of each of these.
    ranges
        Ranges of persons' numbers, by which rows of persons go to other workers.
    gangs
        Futures of int32[persons] for each part, codes of most recent gangs.
    incidents, ties
        Futures of :class:`gpunet.cluster.incidents.IncidentPartition`, and of :class:`gpunet.arrests.network.Ties`
        between numbers of persons.
    n_incidents
        Incidents with an arrest.
    oversize
        Id, force and persons of the incidents over the size cap.
    """

    network: Network
    ids: nw.Series[Any]
    gang: Int32
    numbers: list[Int32]
    vertices: list[Int32]
    ranges: Ranges
    gangs: tuple[Future, ...]
    incidents: tuple[Future, ...]
    ties: tuple[Future, ...]
    n_incidents: int
    oversize: tuple[dict[str, Any], ...]


def build_distributed_network(arrests: DistributedArrests, engine: Engine) -> DistributedNetwork:
    """Tie every two persons who share an incident, as :func:`gpunet.build_network` does.

    Raises
    ------
    InputError
        If there are more persons than an int32 can number.
    EngineError
        If the cluster fails.
    """
    if arrests.n_numbers > np.iinfo(np.int32).max:
        raise InputError(f"{arrests.n_numbers} persons: at most {np.iinfo(np.int32).max} are possible")
    client = arrests.client
    starts = np.array(fetched(client, each(client, "starts", attrgetter("first_person"), arrests.partitions)))
    incidents = incident_partitions(arrests)
    ranges = ranges_of(starts, len(incidents))
    ties = tie_partitions(arrests, incidents, ranges)
    gangs = arrests.each("gangs", recent_gang)
    ends = fetched(client, each(client, "ends", attrgetter("a", "b"), ties))
    a, b = (np.concatenate([pair[side] for pair in ends]) for side in (0, 1))
    del ends
    known = distinct(np.concatenate([a, b]))
    spans = list(pairwise(np.searchsorted(known, np.append(starts, arrests.n_numbers)).tolist()))
    numbers = [known[first:last] for first, last in spans]
    offences, gang, ids, first_rows = zip(
        *fetched(client, each(client, "vertices", _facts, arrests.partitions, gangs, numbers)), strict=True
    )
    order = sort_order([np.concatenate(first_rows)])  # of vertices: as persons first appear in the files
    vertex = inverse_order(order, len(known)).astype(np.int32)
    rows, columns = _adjacency(vertex[np.searchsorted(known, a)], vertex[np.searchsorted(known, b)], len(known), engine)
    del a, b
    sets = vertex_sets(np.concatenate(offences)[order], arrests.config.violent_offences)
    counts, over = zip(*fetched(client, each(client, "oversize", _counts, incidents)), strict=True)
    return DistributedNetwork(
        network=Network(len(known), rows, columns, sets, person=known[order]),
        ids=make_series("person_id", pa.concat_arrays(ids)),
        gang=np.concatenate(gang)[order],
        numbers=numbers,
        vertices=[vertex[first:last] for first, last in spans],
        ranges=ranges,
        gangs=tuple(finished(client, gangs)),
        incidents=tuple(incidents),
        ties=tuple(ties),
        n_incidents=sum(counts),
        oversize=tuple(described_incidents(arrests, [incident for part in over for incident in part])),
    )


def _adjacency(one: Int32, other: Int32, n: int, engine: Engine) -> tuple[Int64, Int32]:
    """The adjacency of ties that come in any order, either way round."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    order = sort_order([high, low])
    return engine.csr_from_ties(low[order], high[order], n)


def _facts(part: ArrestPartition, gang: Int32, numbers: Int32) -> tuple[Any, Any, Any, Any]:
    """Offences, gangs, ids and first rows of the persons with these numbers."""
    at = np.searchsorted(part.person_numbers, numbers)
    return part.arrests.person_offences[at], gang[at], id_array(part).take(at), part.arrests.first_rows[at]


def id_array(part: ArrestPartition) -> Any:
    """The ids of a part's persons as one PyArrow array, texts as ``large_string``."""
    return to_arrow(part.arrests.person_ids.alias("person_id").to_frame()).column(0).combine_chunks()


def _counts(incidents: Any) -> tuple[int, tuple[tuple[str, int], ...]]:
    return int(incidents.members.size.shape[0]), incidents.oversize
