"""What a system is, and what several of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.arrests.network import Network, network_from_edges

__all__ = ["INTEGER_MEASURES", "RELATIVE", "System", "Values", "by_vertex", "edges", "small_network"]

INTEGER_MEASURES = frozenset({"cores"})

#: Two floats agree if they differ by no more than this part of the larger. Systems add up in different orders.
RELATIVE = 1e-9

Values = NDArray[np.float64] | NDArray[np.int64]


def _double(persons: int) -> float:
    return RELATIVE


@dataclass(frozen=True)
class System:
    """A library to measure.

    Attributes
    ----------
    package
        What has to be installed.
    convert
        (network, threads) to the library's own graph.
    measures
        By measure: the graph to whatever the library returns. This is what is timed.
    values
        (measure, returned, network) to an array over vertices.
    threaded
        Measures that use several threads.
    warm_up
        Compile what a measure needs, None for a library that has nothing to compile.
    module
        What is imported, if not called as the package is.
    needs_gpu
        Whether it computes on a GPU: its work is then waited for, and what crosses to and from the device counted.
    relative
        Persons to how far its floats may be off. A system with less than double precision that is off by more is
        marked, and does not stop the suite.
    """

    package: str
    convert: Callable[[Network, int], Any]
    measures: dict[str, Callable[[Any], Any]]
    values: Callable[[str, Any, Network], Values]
    threaded: frozenset[str] = frozenset()
    warm_up: Callable[[str, Network], None] | None = None
    module: str = ""
    needs_gpu: bool = False
    relative: Callable[[int], float] = _double


def edges(network: Network) -> NDArray[np.int64]:
    """int64[ties, 2], each tie once."""
    row = np.repeat(np.arange(network.n), network.degree)
    once = row < network.indices
    return np.stack([row[once], network.indices[once].astype(np.int64)], axis=1)


def small_network(like: Network) -> Network:
    """A network with the same sets and something of everything: cliques, cycles, cut vertices, pairs."""
    rng = np.random.default_rng(1)
    n = 400
    ring = np.arange(200)
    clique = np.array([(a, b) for a in range(300, 306) for b in range(a) if b >= 300])
    src = np.concatenate([ring, rng.integers(0, 300, 400), clique[:, 0], [310]])
    dst = np.concatenate([(ring + 1) % 200, rng.integers(0, 300, 400), clique[:, 1], [311]])
    return network_from_edges(src, dst, n, {name: rng.random(n) < 0.3 for name in like.sets if name != "all"})


def by_vertex(measure: str, returned: Any, network: Network) -> Values:
    """For libraries that return a mapping from vertex to number."""
    numbers = [returned[v] for v in range(network.n)]
    return np.array(numbers, np.int64) if measure in INTEGER_MEASURES else np.array(numbers, np.float64)
