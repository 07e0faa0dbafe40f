"""Ties on workers: pairs of persons by incidents, shuffled by ranges of the smaller person's number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from distributed import Client, Future, get_worker

from gpunet.arrests.network import Ties
from gpunet.base.array_types import Int32, Int64
from gpunet.base.days import NO_DAY
from gpunet.base.memory import available_memory
from gpunet.cluster.incidents import IncidentPartition
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests
from gpunet.cluster.results import each, fetched
from gpunet.cluster.shuffle import BUCKET, columns_of, frame_of, range_of, shuffled
from gpunet.engines.cpu import CpuEngine
from gpunet.engines.pairs import PairCount, count_pairs, refuse_pairs
from gpunet.features.temporal import beside_violence
from gpunet.tables.arrays import count_by_code, running_sum, sort_order, sum_by_code

__all__ = ["Ranges", "ranges_of", "tie_partitions", "violent_groups"]

# Bytes of a tie where all of them come together: its two ends, and two places in the adjacency.
_BYTES_HERE = 2 * 4 + 2 * 4

_PAIR = ("key", "weight", "first_day", "last_day")


@dataclass(frozen=True, eq=False)
class Ranges:
    """Ranges of persons' numbers, each of some parts of the arrests.

    Attributes
    ----------
    bounds
        int64[ranges - 1], where each but the first begins; ascending.
    of_part
        The range to which each part belongs.
    """

    bounds: Int64
    of_part: Int32

    def __len__(self) -> int:
        return len(self.bounds) + 1


def ranges_of(starts: Int64, n: int) -> Ranges:
    """So many ranges of parts whose persons' numbers begin at `starts`."""
    parts = len(starts)
    first = np.arange(1, n) * parts // n
    return Ranges(starts[first], range_of(np.arange(parts), first))


def tie_partitions(arrests: DistributedArrests, incidents: Sequence[Future], ranges: Ranges) -> list[Future]:
    """Futures of :class:`gpunet.arrests.network.Ties`, sorted by (a, b) over all of them; ends are numbers of persons.

    Each has the ties whose smaller end is in one of the ranges.
    """
    client, n = arrests.client, arrests.n_numbers
    cap = arrests.config.network.max_incident_size
    _refuse_too_many(client, incidents, cap)
    frames = each(client, "pairs", pair_frame, incidents, max_size=cap, n=n, bounds=ranges.bounds)
    return each(client, "ties", merged, shuffled(client, frames, len(ranges)), n=n)


def _refuse_too_many(client: Client, incidents: Sequence[Future], max_size: int) -> None:
    """Raise ConfigError if a worker cannot hold the pairs of its incidents, or this process all ties."""
    counts = fetched(client, each(client, "pair-counts", pairs_of, incidents, max_size=max_size))
    for count, at_hand in counts:
        refuse_pairs(count, count.least_bytes(), at_hand, "a worker's memory")
    whole = PairCount(sum(count.pairs for count, _ in counts), max((count.largest for count, _ in counts), default=0))
    refuse_pairs(whole, whole.least_ties() * _BYTES_HERE, available_memory())


def pairs_of(incidents: IncidentPartition, max_size: int) -> tuple[PairCount, int | None]:
    """How many pairs the tie-forming incidents have, and how many bytes this worker can get."""
    members = incidents.members
    return count_pairs(members.size[members.forming(max_size)]), _at_hand()


def _at_hand() -> int | None:
    """Bytes that a worker can get: what the machine has, and not more than its own limit."""
    limit = getattr(get_worker().memory_manager, "memory_limit", None)
    found = [size for size in (available_memory(), limit) if size]
    return min(found, default=None)


def pair_frame(incidents: IncidentPartition, max_size: int, n: int, bounds: Int64) -> Any:
    """A row for each pair of persons of each tie-forming incident."""
    members = incidents.members
    forming = members.forming(max_size)
    keep = forming[members.incident]
    size = np.where(forming, members.size, 0)
    pairs = CpuEngine(1).incident_pairs(
        running_sum(size), members.person[keep], members.first_day[keep], members.last_day[keep], n, NO_DAY
    )
    return frame_of({BUCKET: range_of(pairs[0] // n, bounds), **dict(zip(_PAIR, pairs, strict=True))})


def merged(frame: Any, n: int) -> Ties:
    """Ties from pairs. Strengths are added up from the smallest incident on, as :func:`gpunet.build_network` does."""
    key, weight, first, last = columns_of(frame, _PAIR)
    order = sort_order([-weight])
    key, count, strength, first, last = CpuEngine(1).merge_pairs(
        key[order], weight[order], first[order], last[order], NO_DAY
    )
    a = key // n
    return Ties(a.astype(np.int32), (key - a * n).astype(np.int32), count, strength, first, last)


def violent_groups(arrests: DistributedArrests, incidents: Sequence[Future], ranges: Ranges) -> list[Future]:
    """Futures of int64[persons] for each part of the arrests: the column ``violent_groups``."""
    client, cap = arrests.client, arrests.config.network.max_incident_size
    frames = each(client, "beside-violence", violent_frame, incidents, max_size=cap, bounds=ranges.bounds)
    rows = shuffled(client, frames, len(ranges))
    return each(client, "violent-groups", _by_person, arrests.partitions, [rows[i] for i in ranges.of_part.tolist()])


def violent_frame(incidents: IncidentPartition, max_size: int, bounds: Int64) -> Any:
    """A row for each person beside whom others were violent, with the number of incidents in which they were."""
    beside = np.sort(beside_violence(incidents.members, max_size))
    number, code = np.unique(beside, return_inverse=True)
    return frame_of(
        {BUCKET: range_of(number, bounds), "number": number, "groups": count_by_code(code, number.shape[0])}
    )


def _by_person(part: ArrestPartition, frame: Any) -> Int64:
    """Sums over each person of the part; in the frame are persons of other parts too."""
    number, groups = columns_of(frame, ("number", "groups"))
    known = part.person_numbers
    if not len(known):
        return np.zeros(0, np.int64)
    here = (number >= known[0]) & (number <= known[-1])
    return sum_by_code(np.searchsorted(known, number[here]), groups[here], len(known))
