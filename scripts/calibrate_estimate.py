"""Measure the rates of gpunet/search/estimate.py: nanoseconds of one thread for a position and an adjacency entry.

    python scripts/calibrate_estimate.py --persons 1e4,1e5 --input arrests/ --config c.toml

Times single batches of exact betweenness, single samples of approximate betweenness and batches of closeness, of a
dense network, of synthetic ones and, if given, of your own, and fits the rates to them by non-negative least squares of
the relative error. Visits of large networks are slower: they are weighted as estimate.py does. Times are processor
time, divided by how much longer than on the nominal core igraph takes for some sources of the dense network just
before and after: processors that do other work beside this are slower, by what they share. Prints the rates in the
order of that file, and the 5th, 50th and 95th percentile of predicted over measured time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable

import igraph
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from benchmarks.dense import DENSE, DENSE_PERSONS
from benchmarks.system import edges
from gpunet import build_network, read_arrests
from gpunet.arrests.network import Network
from gpunet.features.pairs import Blocks, PairWork
from gpunet.kernels.cpu.closeness import BATCH, farness_batch
from gpunet.kernels.cpu.simplicial import rows_within
from gpunet.search.batches import Batch, batches_of, shrinking_batches
from gpunet.search.estimate import _POSITIONS_THAT_DOUBLE, _SLOWEST
from gpunet.search.graph import SearchGraph
from gpunet.search.searches import dependencies, dependencies_between
from gpunet.synthetic import make_arrests

_FEWEST_POSITIONS = 200
_CALL = 16  # samples that go through the kernel together

#: Seconds that igraph takes on the nominal core for a source of the dense network, and from how many it is timed.
_IGRAPH, _IGRAPH_SOURCES = 1.75e-3, 100

Rows = list[tuple[list[float], float]]


def seconds(work: Callable[[], object]) -> float:
    """The shorter of two runs."""
    spent = []
    for _ in range(2):
        began = time.thread_time()
        work()
        spent.append(time.thread_time() - began)
    return min(spent)


class Slowness:
    """How many times as long as the nominal core this one takes for the same work, as things are."""

    def __init__(self, dense: Network) -> None:
        self._graph = igraph.Graph(dense.n, edges(dense).tolist())
        self._sources = np.random.default_rng(0).choice(dense.n, _IGRAPH_SOURCES, replace=False).tolist()

    def now(self) -> float:
        """By igraph's betweenness, which has nothing of ours in it."""
        spent = seconds(lambda: self._graph.betweenness(directed=False, sources=self._sources))
        return spent / (_IGRAPH * _IGRAPH_SOURCES)


def visits(graph: SearchGraph, batch: Batch) -> NDArray[np.float64]:
    """Positions and adjacency entries of one search, weighted by how slow they are."""
    first, last = batch.first, batch.last
    entries = (rows_within(graph.indptr, graph.indices, first, last) - graph.indptr[first:last]).sum()
    return np.array([last - first, entries]) * min(1 + (last - first) / _POSITIONS_THAT_DOUBLE, _SLOWEST)


def chosen(batches: Iterable[Batch], most: int) -> list[Batch]:
    """At most so many of the batches that are not small."""
    large = [b for b in batches if b.last - b.first >= _FEWEST_POSITIONS]
    return large[:: max(1, len(large) // most)]


def measure(network: Network, exact: Rows, samples: Rows, closeness: Rows) -> None:
    """Append what a network has to tell."""
    graph = PairWork(Blocks(network), tuple(network.sets)).graph
    random = np.random.default_rng(1)
    for batch in chosen(shrinking_batches(graph, 64), 30):
        each = visits(graph, batch)
        sets = np.count_nonzero(graph.weight[batch.sources])
        spent = seconds(lambda batch=batch: dependencies(graph, batch))  # type: ignore[misc]
        exact.append(([*(len(batch.sources) * each), *(sets * each)], spent))
    for last in {int(graph.core[0]), int(graph.reach[0])} if len(graph.core) else ():
        for _ in range(6):
            begin = random.integers(0, max(1, last - 20 * _CALL))
            sources = np.unique(random.integers(begin, min(begin + 20 * _CALL, last), _CALL)).astype(np.int32)
            target_weight = np.repeat(graph.weight[:last, :1].astype(np.float64), len(sources), axis=1)
            batch, source_weight = Batch(0, last, sources), np.eye(len(sources))
            spent = seconds(lambda b=batch, o=source_weight, g=target_weight: dependencies_between(graph, b, o, g))  # type: ignore[misc]
            samples.append(([*(len(sources) * visits(graph, batch))], spent))
    for batch in chosen(batches_of(graph, BATCH), 6):
        arguments = (graph.indptr, graph.indices, graph.weight, graph.inner, batch.sources, batch.first, batch.last)
        closeness.append(([*visits(graph, batch)], seconds(lambda a=arguments: farness_batch(*a))))  # type: ignore[misc]


def main() -> None:
    """Measure, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", default="1e4,1e5")
    parser.add_argument("--input", nargs="+")
    parser.add_argument("--config")
    asked = parser.parse_args()
    dense = build_network(read_arrests(make_arrests(DENSE_PERSONS, 1, DENSE)))
    networks = [
        dense,
        *(build_network(read_arrests(make_arrests(int(float(n)), seed=1))) for n in asked.persons.split(",")),
    ]
    if asked.input:
        networks.append(build_network(read_arrests(asked.input, asked.config)))
    found: dict[str, Rows] = {"exact: forward, back": [], "draw": [], "closeness": []}
    slowness = Slowness(dense)
    before = slowness.now()
    for network in networks:
        rows: list[Rows] = [[] for _ in found]
        measure(network, *rows)
        after = slowness.now()
        print(
            f"{network.n:,} persons: igraph takes {before:.2f} and {after:.2f} times what it does on the nominal core"
        )
        for kind, several in zip(found.values(), rows, strict=True):
            kind += [(work, 2 * spent / (before + after)) for work, spent in several]
        before = after
    for name, rows in found.items():
        work, spent = np.array([row for row, _ in rows]), np.array([t for _, t in rows])
        rates, _ = nnls(work / spent[:, None], np.ones(len(spent)))
        ratio = np.percentile(work @ rates / spent, [5, 50, 95])
        print(f"{name:22} {np.round(rates * 1e9, 2)} ns; predicted / measured {np.round(ratio, 2)}")


if __name__ == "__main__":
    main()
