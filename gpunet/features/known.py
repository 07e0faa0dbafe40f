"""Path features of components that have not changed since an earlier network, taken from what was computed then.

A component is unchanged if it has the same vertices, ties and members of every set. What is taken has the bits that a
computation would find:

* Betweenness of a component depends on that component alone, but for the order in which what sources give is added up:
  a large block comes in several batches, and these are put together in chunks that may hold batches of other
  components too (:mod:`gpunet.search.reduction`). So both networks are laid out, and only components whose sums are
  added up alike in both are taken.
* Closeness has the size of the whole set C as a factor, which may have changed. The sum of distances, a whole number,
  comes back from the earlier value by rounding, and it is made sure that it gives that value again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gpunet.arrests.network import Network
from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.features.pairs import Blocks, PairWork
from gpunet.kernels.cpu.traversal import component_labels
from gpunet.search.batches import Batch, search_work
from gpunet.search.graph import SearchGraph
from gpunet.search.reduction import chunks_of
from gpunet.search.searches import betweenness_batches

__all__ = ["KnownPaths", "Reused", "least_saved", "reused_of"]

# Laying out the earlier network costs about as much as so many visits of positions for each of its ties and vertices:
# where less than that would be saved, everything is computed.
_LAYOUT_VISITS = 200.0


@dataclass(frozen=True, eq=False)
class KnownPaths:
    """What is known of an earlier network.

    Attributes
    ----------
    network
        The earlier network, on the host, with the sets of the present one.
    vertex
        int64[n], for each vertex of the present network the earlier vertex that it was, if its component is
        unchanged; else -1. Ascends over the vertices of each component.
    columns
        ``betweenness__C`` and ``closeness__C`` of every set C over the earlier network's vertices.
    """

    network: Network
    vertex: Int64
    columns: Mapping[str, Float64]


@dataclass(frozen=True, eq=False)
class Reused:
    """What need not be computed.

    ``vertices``: bool[n], whose values are taken. ``unsearched``: bool[positions] of the search graph, whose sums
    nobody needs. ``sums``: int64[n, sets], sums of distances of these vertices. ``betweenness``: float64[n, sets].
    """

    vertices: Bool
    unsearched: Bool
    sums: Int64
    betweenness: Float64


def reused_of(known: KnownPaths, blocks: Blocks, pairs: PairWork, names: tuple[str, ...]) -> Reused | None:
    """What of the sets `names` can be taken from the earlier network; None if that is nothing, or not worth it."""
    candidates = known.vertex >= 0
    graph, block_vertex = pairs.graph, _vertex_of_blocks(pairs.graph, blocks)
    unsearched = _positions(graph, candidates[block_vertex])
    saved = sum(map(search_work, _passed_over(betweenness_batches(graph), unsearched)))
    if not candidates.any() or saved < least_saved(known.network):
        return None
    alike = candidates & _added_up_alike(known, blocks, pairs, names)
    before = np.stack([known.columns[f"closeness__{name}"] for name in names], axis=1)[known.vertex]
    sums = _sums_of_distances(before, pairs, _others_before(known, names), alike)
    if sums is None or not alike.any():
        return None
    betweenness = np.stack([known.columns[f"betweenness__{name}"] for name in names], axis=1)[known.vertex]
    return Reused(alike, _positions(graph, alike[block_vertex]), sums, betweenness)


def least_saved(network: Network) -> float:
    """How many visits of positions have to be saved for an earlier network of that size to be looked at."""
    return _LAYOUT_VISITS * (network.n + network.n_ties)


def _passed_over(batches: Iterable[Batch], unsearched: Bool) -> Iterator[Batch]:
    return (batch for batch in batches if unsearched[batch.first : batch.last].all())


def _vertex_of_blocks(graph: SearchGraph, blocks: Blocks) -> Int64:
    """int64[blocks of the graph], a vertex of each."""
    block = np.repeat(np.arange(len(graph.core)), np.diff(graph.start))
    found = np.zeros(len(graph.core), np.int64)
    found[block[graph.position_of]] = blocks.vertex[graph.node]
    return found


def _positions(graph: SearchGraph, of_block: Bool) -> Bool:
    return np.repeat(of_block, np.diff(graph.start))


def _added_up_alike(known: KnownPaths, blocks: Blocks, pairs: PairWork, names: tuple[str, ...]) -> Bool:
    """bool[n], whether the sums of the vertex's component are added up as they were in the earlier network.

    The blocks of an unchanged component come in the same order in both, so their ways can be compared one by one.
    """
    network = blocks.network
    label, n_components = component_labels(network.indptr, network.indices, np.zeros(network.n, np.int32))
    earlier = Blocks(known.network)
    old_pairs = PairWork(earlier, names)
    inside = np.flatnonzero(known.vertex >= 0)
    old_label = np.full(known.network.n, -1, np.int64)
    old_label[known.vertex[inside]] = label[inside]
    now = _ways_by_component(pairs.graph, label[_vertex_of_blocks(pairs.graph, blocks)].astype(np.int64))
    then = _ways_by_component(old_pairs.graph, old_label[_vertex_of_blocks(old_pairs.graph, earlier)])
    differ = [c for c in {*now, *then} if c >= 0 and now.get(c) != then.get(c)]
    alike = np.ones(n_components, np.bool_)
    alike[np.array(differ, np.int64)] = False
    found: Bool = alike[label]
    return found


def _ways_by_component(graph: SearchGraph, component: Int64) -> dict[int, list[tuple[int, ...]]]:
    """How the sums of each component's blocks are added up."""
    found: dict[int, list[tuple[int, ...]]] = {}
    for c, way in zip(component.tolist(), _ways(graph), strict=True):
        found.setdefault(c, []).append(way)
    return found


def _ways(graph: SearchGraph) -> list[tuple[int, ...]]:
    """How each block's sums are added up: () together with other blocks, else how many of its batches each chunk has.

    The sum of one batch or two does not depend on chunks.
    """
    batches = betweenness_batches(graph)
    chunks = chunks_of(batches, list(map(search_work, batches)))
    numbers = np.repeat(np.arange(len(chunks)), [chunk.end - chunk.begin for chunk in chunks])
    block_of = np.repeat(np.arange(len(graph.core)), np.diff(graph.start))
    ways: list[list[int]] = [[] for _ in graph.core]
    for batch, number in zip(batches, numbers.tolist(), strict=True):
        first, last = int(block_of[batch.first]), int(block_of[batch.last - 1])
        if first == last:
            ways[first].append(number)
    return list(map(_way, ways))


def _way(chunks: list[int]) -> tuple[int, ...]:
    if len(chunks) < 3:
        return (min(len(chunks), 1),) if chunks else ()
    return tuple(np.unique(chunks, return_counts=True)[1].tolist())


def _others_before(known: KnownPaths, names: tuple[str, ...]) -> Int64:
    """int64[n, sets], other members of each set in the whole earlier network."""
    member = np.stack([known.network.sets[name] for name in names], axis=1).astype(np.int64)
    found: Int64 = (member.sum(axis=0) - member)[known.vertex]
    return found


def _sums_of_distances(before: Float64, pairs: PairWork, others_before: Int64, wanted: Bool) -> Int64 | None:
    """Sums of distances from closeness; None if one of them would not give the value that it comes from."""
    reached, _ = pairs.members()
    some = wanted[:, None] & (reached > 0)
    sums = np.zeros(reached.shape, np.int64)
    r, others, near = reached[some], others_before[some], before[some]
    if not (near > 0).all():
        return None
    found = np.rint(r * (r / (others * near)))
    if not ((found > 0).all() and np.array_equal((r / others) * (r / found), near)):
        return None
    sums[some] = found.astype(np.int64)
    return sums
