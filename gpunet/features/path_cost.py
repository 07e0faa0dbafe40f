"""What a network comes to, and what its path features would cost: exactly, approximately, on a GPU."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gpunet.arrests.network import Network
from gpunet.config.config import PathConfig
from gpunet.features.pairs import Blocks, PairWork
from gpunet.search.estimate import PathEstimate, estimate_work
from gpunet.search.gpu_floor import GpuFloor, gpu_floor
from gpunet.search.sample_plan import plan_sampling

__all__ = ["PathCost", "path_cost"]

_SEARCHED = ("betweenness", "closeness")


@dataclass(frozen=True)
class PathCost:
    """The cost of betweenness and closeness of all sets.

    Attributes
    ----------
    blocks
        How many parts the network has that hold together without any one of their persons; a tie alone is one.
    largest_block
        Persons of the largest.
    exact, approx
        The estimate if betweenness is exact, and if it is approximate.
    method
        Which of them the configuration asks for: ``exact`` or ``approx``.
    gpu
        What one GPU needs at least, if exact.
    """

    blocks: int
    largest_block: int
    exact: PathEstimate
    approx: PathEstimate
    method: str
    gpu: GpuFloor


def path_cost(network: Network, config: PathConfig) -> PathCost:
    """Estimate both ways to compute the path features of a network on the host; the network is taken apart once.

    Examples
    --------
    >>> import gpunet
    >>> two = gpunet.network_from_edges([0, 1, 2, 3, 0, 4], [1, 2, 3, 0, 4, 5], 6)  # a ring of four with a tail
    >>> cost = path_cost(two, PathConfig())
    >>> cost.blocks, cost.largest_block, cost.method
    (3, 4, 'exact')
    """
    blocks, names = Blocks(network), tuple(network.sets)
    graph = PairWork(blocks, names).graph
    members = np.array([np.count_nonzero(network.sets[name]) for name in names], np.int64)
    plan = plan_sampling(graph, members, config.epsilon, config.delta)
    precise = replace(config, betweenness="exact", whole_network="gpunet")
    exact = estimate_work(graph, network.n, _SEARCHED, precise, None)
    approx = estimate_work(graph, network.n, _SEARCHED, replace(precise, betweenness="approx"), plan)
    auto = "approx" if exact.exact_core_seconds > config.budget else "exact"
    sizes = np.diff(blocks.start)
    return PathCost(
        blocks=len(sizes),
        largest_block=int(sizes.max(initial=0)),
        exact=exact,
        approx=approx,
        method=auto if config.betweenness == "auto" else config.betweenness,
        gpu=gpu_floor(graph),
    )
