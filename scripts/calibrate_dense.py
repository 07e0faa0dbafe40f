"""Measure the dense synthetic network, or tables to be like: the table of docs/benchmarks.md.

python scripts/calibrate_dense.py                                    # dense, 14,000 persons, seeds 1 to 3
python scripts/calibrate_dense.py --input complaints.parquet --config complaints.toml
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import igraph
import numpy as np

from benchmarks.dense import DENSE, DENSE_PERSONS
from benchmarks.system import edges, small_network
from gpunet import build_network, estimate_path_work, path_features, read_arrests
from gpunet.arrests.network import Network
from gpunet.synthetic import make_arrests

SOURCES = 200  # of the distances, and of igraph's betweenness, whose time is scaled up to all
ROUNDS = 3  # of this and of ours


def figures(network: Network) -> dict[str, str]:
    """What makes a network dense, and what that costs."""
    graph = igraph.Graph(network.n, edges(network).tolist())
    components = graph.connected_components()
    largest = components.giant()
    chosen = np.random.default_rng(0).choice(largest.vcount(), min(SOURCES, largest.vcount()), replace=False)
    far = np.array(largest.distances(chosen.tolist()))
    blocks = sorted((len(block) for block in graph.biconnected_components()), reverse=True)
    degrees = np.percentile(network.degree, [10, 25, 50, 75, 90, 99, 100], method="lower")
    cores = np.array(graph.coreness())
    members = sorted((f"{mask.mean():.2f}" for name, mask in network.sets.items() if name != "all"), reverse=True)
    return {
        "persons": f"{network.n:,}",
        "ties": f"{network.n_ties:,}",
        "mean degree": f"{network.degree.mean():.2f}",
        "degree: 10, 25, 50, 75, 90, 99, 100 % of persons": ", ".join(f"{value:.0f}" for value in degrees),
        "average clustering": f"{graph.transitivity_avglocal_undirected(mode='zero'):.3f}",
        "transitivity": f"{graph.transitivity_undirected():.3f}",
        "correlation of degrees of tied persons": f"{graph.assortativity_degree():.2f}",
        "components": f"{len(components):,}",
        "mean distance in the largest": f"{far[far > 0].mean():.2f}",
        f"largest distance from {len(chosen)} of its persons": f"{far.max():.0f}",
        "blocks": f"{len(blocks):,}",
        "persons of the largest two": f"{blocks[0]:,}; {blocks[1]:,}",
        "core number: median, largest": f"{np.median(cores):.0f}, {cores.max()}",
        "members of the sets, as shares": ", ".join(members),
        "steps of exact betweenness, all sets": f"{estimate_path_work(network).visits / 1e9:.1f} billion",
        "igraph's betweenness over ours of all sets, plain; one thread each": _times_faster(network, graph),
    }


def _times_faster(network: Network, graph: igraph.Graph) -> str:
    """By processor time, in turn, so that whatever else changes meanwhile changes both; medians of the ratios."""
    chosen = np.random.default_rng(0).choice(network.n, min(SOURCES, network.n), replace=False).tolist()
    path_features(small_network(network), "betweenness", threads=1)  # compiles
    ratios = []
    for _ in range(ROUNDS):
        theirs = _seconds(lambda: graph.betweenness(directed=False, sources=chosen)) * network.n / len(chosen)
        every = _seconds(lambda: path_features(network, "betweenness", threads=1))
        plain = _seconds(lambda: path_features(network, "betweenness", threads=1, sets=("all",)))
        ratios.append((theirs / every, theirs / plain))
    return ", ".join(f"{ratio:.1f}" for ratio in np.median(ratios, axis=0))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--input", nargs="+", metavar="FILE", help="tables in place of dense synthetic ones")
    options.add_argument("--config", type=Path, metavar="FILE")
    options.add_argument("--persons", type=int, default=DENSE_PERSONS)
    options.add_argument("--seeds", type=int, default=3)
    asked = options.parse_args()
    if asked.input:
        found = {"input": figures(build_network(read_arrests(asked.input, asked.config)))}
    else:
        tables = {f"seed {seed}": make_arrests(asked.persons, seed, DENSE) for seed in range(1, asked.seeds + 1)}
        found = {name: figures(build_network(read_arrests(table))) for name, table in tables.items()}
    for name in next(iter(found.values())):
        print(f"| {name} | {' | '.join(column[name] for column in found.values())} |")


if __name__ == "__main__":
    main()
