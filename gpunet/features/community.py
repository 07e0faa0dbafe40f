"""Community features (Table 4): the Louvain group inside v's gang, and the community in the whole network."""

from __future__ import annotations

from dataclasses import dataclass

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import Network
from gpunet.base.array_types import Bool, Int32, Int64
from gpunet.base.days import NO_DAY
from gpunet.engines.protocol import Engine
from gpunet.features.column import Columns, ratio
from gpunet.tables.arrays import begins_run, distinct, greatest, namespace, sort_order, spread_over, sum_by_code

__all__ = ["Partition", "community_columns", "community_features", "consecutive", "louvain_partition", "recent_gang"]


@dataclass(frozen=True, eq=False)
class Partition:
    """Who is in which community.

    Attributes
    ----------
    gang
        int32[vertices], code of the most recent gang, -1 for none.
    group, community
        int32[vertices], community within the gang (-1 without one), and community in the whole network.
    """

    gang: Int32
    group: Int32
    community: Int32


def recent_gang(arrests: Arrests) -> Int32:
    """int32[persons], code of each person's most recent gang, -1 for none.

    The gang of the latest dated arrest that has one; of several on that day, of the greater incident_id; if none of
    them is dated, of the first in file order.
    """
    xp = namespace(arrests.gang)
    rows = xp.nonzero(arrests.gang >= 0)[0]
    if not rows.shape[0]:
        return xp.full(arrests.n_persons, -1, dtype=xp.int32)  # type: ignore[no-any-return]
    person, day = arrests.person[rows], arrests.day[rows]
    # Sorted by day, then incident, a person's last row wins. Undated rows sort before all dated ones, the first in file
    # order last.
    tie = xp.where(day != NO_DAY, xp.astype(arrests.incident[rows], xp.int64), -rows)
    order = sort_order([tie, day, person])
    last = xp.concat([begins_run(person[order])[1:], xp.ones(1, dtype=xp.bool)])
    winners = rows[order[last]]
    return spread_over(arrests.gang[winners], arrests.person[winners], arrests.n_persons, -1)


def louvain_partition(gang: Int32, network: Network, engine: Engine) -> Partition:
    """Louvain partitions of every gang by its own modularity, and of the whole network.

    `gang` is each vertex's most recent one, as :func:`recent_gang` gives it for persons.
    """
    dense = consecutive(gang)  # gangs without anybody in the network would waste numbers
    group = consecutive(engine.louvain(network.indptr, network.indices, dense))
    xp = namespace(gang)
    whole = engine.louvain(network.indptr, network.indices, xp.zeros(network.n, dtype=xp.int32))
    return Partition(gang, group, whole)


def consecutive(label: Int32) -> Int32:
    """The same labels numbered 0, 1, ... in ascending order; -1 stays."""
    xp = namespace(label)
    present = distinct(label[label >= 0])
    return xp.astype(xp.where(label >= 0, xp.searchsorted(present, label), -1), xp.int32)  # type: ignore[no-any-return]


def community_features(network: Network, partition: Partition, engine: Engine) -> Columns:
    """Columns over vertices. Group columns are 0 where there is no gang; that they are null there is seen to later."""
    gang = partition.gang
    return {
        **community_columns(network, partition.group, "group", engine),
        "gang_out_members": _sum_in_community(engine.out_members(network.indptr, network.indices, gang), gang),
        **community_columns(network, partition.community, "community", engine),
    }


def community_columns(network: Network, community: Int32, prefix: str, engine: Engine) -> Columns:
    """Size, ties, violent others, triangles, transitivity and out-members of each community, by vertex."""
    xp = namespace(community)
    violent = network.sets["violent"]
    inside = engine.inner_degree(network.indptr, network.indices, community)
    triangles = _sum_in_community(engine.triangles(network.indptr, network.indices, community), community) // 3
    triples = _sum_in_community(inside * (inside - 1) // 2, community)
    return {
        f"{prefix}_size": _sum_in_community(community >= 0, community),
        f"{prefix}_ties": _sum_in_community(inside, community) // 2,
        f"{prefix}_violent": _sum_in_community(violent, community) - xp.astype(violent & (community >= 0), xp.int64),
        f"{prefix}_triangles": triangles,
        f"{prefix}_transitivity": ratio(3 * triangles, triples),
        f"{prefix}_out_members": _sum_in_community(
            engine.out_members(network.indptr, network.indices, community), community
        ),
    }


def _sum_in_community(values: Int64 | Bool, community: Int32) -> Int64:
    """Sum of `values` over each vertex's community, in whole numbers; 0 for vertices without one."""
    total = sum_by_code(community + 1, values, greatest(community, otherwise=-1) + 2)
    total[0] = 0
    return total[community + 1]
