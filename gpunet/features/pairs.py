"""Betweenness, closeness and removal: what is computed block by block."""

from __future__ import annotations

import numpy as np

from gpunet.arrests.network import Network
from gpunet.base.array_types import Bool, Float64, Int32, Int64
from gpunet.base.progress import ProgressCallback
from gpunet.engines.protocol import Engine
from gpunet.kernels.cpu.blocks import (
    biconnected_blocks,
    distance_sums,
    hanging_weights,
    split_into_blocks,
    tree_pairs,
)
from gpunet.kernels.cpu.diameter import block_diameter
from gpunet.kernels.cpu.simplicial import simplicial_vertices
from gpunet.kernels.cpu.traversal import permute_csr
from gpunet.kernels.cpu.twins import collapse_twins
from gpunet.search.graph import searched_blocks

__all__ = ["Blocks", "PairWork"]


class Blocks:
    """The biconnected blocks of a network (see :mod:`gpunet.kernels.cpu.blocks` for nodes and tops)."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.start, self.vertex, self.home = biconnected_blocks(network.indptr, network.indices)

    def weights(self, member: Int64) -> tuple[Int64, Int64]:
        """Members of each set that every node stands for, and that every vertex's component holds."""
        return hanging_weights(self.start, self.vertex, self.home, member)

    def adjacency(self) -> tuple[Int64, Int32]:
        """Rows and columns of the nodes' adjacency, every tie within its block; rows ascend."""
        network, nodes = self.network, np.arange(len(self.vertex), dtype=np.int32)
        rows = split_into_blocks(network.indptr, network.indices, self.start, self.vertex, self.home)
        return permute_csr(*rows, nodes)

    def diameter(self, wanted: Bool) -> int:
        """Longest shortest path within the components of the `wanted` vertices (bool[n], whole components)."""
        indptr, indices = self.adjacency()
        representative, rows, columns = collapse_twins(indptr, indices)  # of large incidents, above all
        inner = ~simplicial_vertices(rows, columns)[representative]
        return int(block_diameter(self.start, self.vertex, indptr, indices, inner, wanted))

    def removal(self, marked: Bool) -> tuple[Int64, Int64]:
        """Largest piece left of a vertex's component without it, and the largest with a marked vertex (0 if none).

        The pieces are what lies behind each of the vertex's blocks: the component less what hangs on its own side.
        """
        member = np.stack([np.ones(self.network.n, np.int64), marked.astype(np.int64)], axis=1)
        weight, total = self.weights(member)
        piece, marks = (total[self.vertex] - weight).T
        largest, largest_marked = np.zeros((2, self.network.n), np.int64)
        np.maximum.at(largest, self.vertex, piece)
        np.maximum.at(largest_marked, self.vertex, np.where(marks > 0, piece, 0))
        return largest, largest_marked


class PairWork:
    """A network taken apart into blocks, ready for betweenness and closeness of the given sets."""

    def __init__(self, blocks: Blocks, names: tuple[str, ...]) -> None:
        network = blocks.network
        self._n = network.n
        self._names = names
        self._member = np.stack([network.sets[name] for name in names], axis=1).astype(np.int64)
        self._start, self._vertex = blocks.start, blocks.vertex
        self._weight, self._total = blocks.weights(self._member)
        self.graph = searched_blocks(self._start, *blocks.adjacency(), self._weight)

    def betweenness(self, engine: Engine, progress: ProgressCallback | None) -> dict[str, Float64]:
        """``{"betweenness__C": float64[n]}``, not normalised."""
        return self.betweenness_of(engine.all_dependencies(self.graph, progress))

    def betweenness_of(self, total: Float64) -> dict[str, Float64]:
        """``{"betweenness__C": float64[n]}`` from the blocks' share.

        `total` (float64[positions, sets]) is the sum over the pairs of members on different sides of a block, each
        pair from both its ends, of the share of their paths that lead through the position.
        """
        graph = self.graph
        out = tree_pairs(self._vertex, self._member, self._weight, self._total).astype(np.float64)
        np.add.at(out, self._vertex[graph.node], total[graph.position_of])
        out /= 2
        return {f"betweenness__{name}": out[:, i].copy() for i, name in enumerate(self._names)}

    def closeness(
        self, engine: Engine, progress: ProgressCallback | None, known: tuple[Bool, Int64] | None = None
    ) -> dict[str, Float64]:
        """``{"closeness__C": float64[n]}``.

        `known` says of which vertices (bool[n]) the sums of distances are known, and those (int64[n, sets]).
        """
        sums, reached = self._distances(engine, progress)
        if known is not None:
            sums = np.where(known[0][:, None], known[1], sums)
        others = self._member.sum(axis=0) - self._member
        out = np.zeros(sums.shape)
        some = reached > 0
        out[some] = (reached[some] / others[some]) * (reached[some] / sums[some])
        return {f"closeness__{name}": out[:, i].copy() for i, name in enumerate(self._names)}

    def members(self) -> tuple[Int64, Int64]:
        """int64[n, sets] each: other members of each set in the vertex's component, and in the whole network."""
        return self._total - self._member, self._member.sum(axis=0) - self._member

    def betweenness_total(self, engine: Engine, progress: ProgressCallback | None) -> int:
        """What ``betweenness__all`` adds up to over all vertices: a shortest path of length d passes d - 1 of them."""
        sums, reached = self._distances(engine, progress)
        return int((sums - reached)[:, self._names.index("all")].sum()) // 2

    def _distances(
        self, engine: Engine, progress: ProgressCallback | None
    ) -> tuple[Int64, Int64]:  # fmt: skip
        """int64[n, sets], the sum of the distances to the other members that can be reached, and how many these are."""
        graph = self.graph
        far = engine.farness(graph, progress)
        # In a clique everybody else is one step away.
        size = np.diff(self._start)
        everyone = np.add.reduceat(self._weight, self._start[:-1]) if len(size) else self._weight
        within = np.repeat(everyone, size, axis=0) - self._weight
        # A twin is one step away; everybody else is as far from a node as from its class.
        within[graph.node] = far[graph.position_of] + graph.weight[graph.position_of] - self._weight[graph.node]
        return distance_sums(self._start, self._vertex, within, self._n), self._total - self._member
