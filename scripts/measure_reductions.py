"""What each step of the betweenness computation gains: work and seconds of one thread, with and without it.

    python scripts/measure_reductions.py --persons 1e4
    python scripts/measure_reductions.py --input arrests/ --config c.toml --share 0.05

The steps add up: each line has all the steps of those before. Work is the sum over sources of the ties of what is
searched from each. Of a network that is too large for the slow lines, a share of the batches can be timed instead;
seconds are then scaled up by their work. A line before the table says what the largest block is made of.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gpunet import build_network, read_arrests
from gpunet.arrests.network import Network
from gpunet.features.pairs import Blocks, PairWork
from gpunet.kernels.cpu.betweenness import dependencies_batch
from gpunet.kernels.cpu.simplicial import rows_within
from gpunet.kernels.cpu.traversal import bfs_order, component_labels, permute_csr, rows_among
from gpunet.search.batches import Batch, batches_of, shrinking_batches
from gpunet.search.graph import SearchGraph
from gpunet.search.searches import dependencies
from gpunet.synthetic import make_arrests

Work = Callable[[SearchGraph, Batch], NDArray[np.float64]]
_SOURCES = 64


def one_at_a_time(graph: SearchGraph, batch: Batch) -> NDArray[np.float64]:
    """Dependencies of a batch by the plain kernel."""
    first, last = batch.first, batch.last
    weight = graph.weight.astype(np.float64)
    indptr, indices = rows_among(graph.indptr, graph.indices, first, last)
    copies = graph.twins[first:last].astype(np.float64)
    sources = batch.sources - np.int32(first)
    return dependencies_batch(indptr, indices, weight[batch.sources], weight[first:last], copies, sources)


def whole(network: Network, names: tuple[str, ...]) -> SearchGraph:
    """Nothing taken apart: the components, in breadth-first order."""
    label, count = component_labels(network.indptr, network.indices, np.zeros(network.n, np.int32))
    roots = np.unique(label, return_index=True)[1]
    order, start = bfs_order(network.indptr, network.indices, roots[np.argsort(-np.bincount(label), kind="stable")])
    indptr, indices = permute_csr(network.indptr, network.indices, order)
    member = np.stack([network.sets[name] for name in names], axis=1).astype(np.int64)[order]
    place = np.argsort(order)
    return _search_graph(place, np.ones(network.n, np.int64), start, indptr, indices, member, count)


def without_twins(blocks: Blocks, names: tuple[str, ...]) -> SearchGraph:
    """Blocks, less cliques, with every vertex for itself."""
    member = np.stack([blocks.network.sets[name] for name in names], axis=1).astype(np.int64)
    weight, _ = blocks.weights(member)
    indptr, indices = blocks.adjacency()
    size = np.diff(blocks.start)
    searched = np.flatnonzero(np.diff(indptr[blocks.start]) != size * (size - 1))
    roots = blocks.start[searched[np.argsort(-size[searched], kind="stable")]]
    order, start = bfs_order(indptr, indices, roots)
    rows, columns = permute_csr(indptr, indices, order)
    return _search_graph(
        order.astype(np.int64), np.ones(len(order), np.int64), start, rows, columns, weight[order], len(roots)
    )


def _search_graph(
    place: NDArray[np.int64],
    twins: NDArray[np.int64],
    start: NDArray[np.int64],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    weight: NDArray[np.int64],
    blocks: int,
) -> SearchGraph:
    n = len(weight)
    everyone = np.ones(n, np.bool_)
    end = start[1 : blocks + 1]
    return SearchGraph(place, place, twins, start, end, end, everyone, np.arange(n), indptr, indices, weight)


def timed(graph: SearchGraph, batches: list[Batch], work: Work, share: float) -> tuple[float, float]:
    """Work of all batches, and its seconds."""
    ties = []
    for b in batches:
        end = rows_within(graph.indptr, graph.indices, b.first, b.last)
        ties.append(len(b.sources) * int((end - graph.indptr[b.first : b.last]).sum()))
    if not batches:
        return 0.0, 0.0
    work(graph, batches[0])
    chosen = range(0, len(batches), max(1, round(1 / share)))
    spent = 0.0
    for i in chosen:
        began = time.process_time()
        work(graph, batches[i])
        spent += time.process_time() - began
    return sum(ties), spent * sum(ties) / max(sum(ties[i] for i in chosen), 1)


def shape(graph: SearchGraph) -> str:
    """What the largest block is made of: simplicial vertices, and chains of inner ones with two inner neighbours."""
    size, core = int(graph.start[1]), int(graph.core[0])
    end = rows_within(graph.indptr, graph.indices, 0, core)
    degree = end - graph.indptr[:core]
    chained = degree == 2
    owner = np.repeat(np.arange(core), degree)
    columns = np.concatenate([graph.indices[a:b] for a, b in zip(graph.indptr[:core], end, strict=True)])
    within = chained[owner] & chained[columns]
    links = coo_array((np.ones(int(within.sum())), (owner[within], columns[within])), shape=(core, core))
    chains = connected_components(links, directed=False)[0] - int(np.count_nonzero(~chained))
    vertices = int(np.count_nonzero(chained))
    return (
        f"largest block: {size:,} vertices, {graph.indptr[size] // 2:,} ties; {1 - core / size:.0%} simplicial, with "
        f"{1 - degree.sum() / graph.indptr[size]:.0%} of the ties. Of the {core:,} others, with {degree.sum() // 2:,} "
        f"ties, {vertices / core:.0%} have two neighbours, in {chains:,} chains of {vertices / max(chains, 1):.2f} on "
        f"average: as long ties they would take {vertices / (degree.sum() / 2):.0%} of these ties away"
    )


def main() -> None:
    """Time every line and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=float, default=1e4)
    parser.add_argument("--input", nargs="+")
    parser.add_argument("--config")
    parser.add_argument("--share", type=float, default=1.0, help="of the batches to time")
    asked = parser.parse_args()
    tables = asked.input or make_arrests(int(asked.persons), seed=1)
    network = build_network(read_arrests(tables, asked.config))
    names = tuple(network.sets)
    blocks = Blocks(network)
    graph = PairWork(blocks, names).graph
    plain = replace(graph, inner=np.ones(len(graph.inner), np.bool_))
    everything = whole(network, names)
    apart = without_twins(blocks, names)
    together = dependencies
    lines: list[tuple[str, SearchGraph, list[Batch], Work]] = [
        ("Brandes' algorithm, all sets in one pass back", everything, batches_of(everything, _SOURCES), one_at_a_time),
        ("blocks", apart, batches_of(apart, _SOURCES), one_at_a_time),
        ("twins", plain, batches_of(plain, _SOURCES), one_at_a_time),
        ("64 sources at once, their sets as lanes", plain, batches_of(plain, _SOURCES), together),
        ("simplicial vertices not looked through", graph, batches_of(graph, _SOURCES), together),
        ("simplicial vertices leave", graph, shrinking_batches(graph, _SOURCES), together),
    ]
    print(f"{network.n:,} persons, {network.n_ties:,} ties, {len(names)} sets")
    print(f"{shape(graph)}\n" if len(graph.core) else "nothing to search\n")
    print("| with | work | seconds |\n|---|---|---|")
    for name, where, batches, work in lines:
        ties, seconds = timed(where, batches, work, asked.share)
        print(f"| {name} | {ties / 2:.2g} | {seconds:.3g} |", flush=True)


if __name__ == "__main__":
    main()
