"""What path features will cost, before they are computed.

Seconds are those of a *nominal core*: the number of positions and edges that will be visited, counted exactly from the
blocks, times constant rates. So the estimate, and what ``auto`` makes of it, is the same on every machine.
docs/approximation.md says how the rates were measured and how well they fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.arguments import checked, number_of_threads, text
from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.config.config import PathConfig
from gpunet.kernels.cpu.betweenness_lanes import bytes_of_room
from gpunet.kernels.cpu.closeness import BATCH
from gpunet.kernels.cpu.simplicial import rows_within
from gpunet.search.graph import SearchGraph
from gpunet.search.sample_plan import SamplePlan

__all__ = ["PathEstimate", "duration", "estimate_work"]

# Nanoseconds of a nominal core for one position and one entry of the adjacency, in each kind of work: a forward pass of
# exact betweenness, a set's way back, a sample, and a batch of closeness.
_KINDS = 4
_FORWARD, _BACK, _DRAW, _CLOSENESS = range(_KINDS)
_RATES = np.array([[10.4, 0.17], [0.29, 0.04], [18.7, 0.23], [513.0, 0.0]])

# Searches of large networks wait for memory: so many positions double the time of a visit, and so on up to a limit.
_POSITIONS_THAT_DOUBLE, _SLOWEST = 60_000.0, 6.0

# Bytes that a thread keeps for each position of the block it works on: rows of lanes and what belongs to them, and for
# each set (of samples: for each sample of a call) its weights and its result, both twice. What sources find is more.
_LANE_BYTES, _SET_BYTES, _CALL_DRAWS = 120, 32, 16


@dataclass(frozen=True)
class PathEstimate:
    """Work, time and memory of the path features of one network.

    Attributes
    ----------
    method
        ``"exact"`` or ``"approx"``: how betweenness is computed under the given configuration.
    exact_core_seconds
        Betweenness computed exactly: what ``auto`` compares with the budget.
    core_seconds
        Betweenness by ``method``; if approximate, up to its first check, which is often the last.
    most_core_seconds
        The same at its largest: with every sample that approximation may take, and the sets done exactly after all.
    closeness_core_seconds
        Closeness. The other path features take time in proportion to the ties, and seconds at most.
    visits
        Positions and adjacency entries that betweenness by ``method`` and closeness visit.
    memory_bytes, thread_memory_bytes
        Arrays of these two features, and what each thread adds.
    """

    method: str
    exact_core_seconds: float
    core_seconds: float
    most_core_seconds: float
    closeness_core_seconds: float
    visits: int
    memory_bytes: int
    thread_memory_bytes: int

    @classmethod
    def of_nothing(cls) -> PathEstimate:
        """No set, no work."""
        return cls("exact", 0.0, 0.0, 0.0, 0.0, 0, 0, 0)

    @checked(threads=number_of_threads)
    def seconds(self, threads: int) -> float:
        """Betweenness and closeness on so many nominal cores."""
        return (self.core_seconds + self.closeness_core_seconds) / threads

    @checked(threads=number_of_threads)
    def memory(self, threads: int) -> int:
        """Bytes with so many threads, beside what the program holds already."""
        return self.memory_bytes + threads * self.thread_memory_bytes

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in ``run.json``."""
        return {name: value for name, value in asdict(self).items() if name != "method"}

    @checked(threads=number_of_threads, engine=text)
    def describe(self, threads: int, engine: str = "cpu") -> str:
        """One line for the user. How long a GPU takes is not estimated: it says what the work is for the CPU."""
        also = ""
        if self.method == "approx":
            also = f" ({duration(self.exact_core_seconds / threads)} if exact)"
        return (
            f"path features: betweenness {self.method}, about {duration(self.seconds(threads))}{also} on "
            f"{threads} thread{'s' if threads != 1 else ''}{'' if engine == 'cpu' else ' without the GPU'}, "
            f"{self.memory(threads) / 2**30:.1f} GiB, {self.visits:.1e} visits"
        )


def estimate_work(
    graph: SearchGraph, vertices: int, families: Iterable[str], config: PathConfig, plan: SamplePlan | None
) -> PathEstimate:
    """Estimate betweenness and closeness of a network of so many vertices.

    `plan` says what approximation would sample; None if it is out of the question.
    """
    families = set(families)
    nothing = np.zeros((_KINDS, _COLUMNS))
    source = np.asarray(graph.weight > 0)
    exact = _exact(graph, source) if "betweenness" in families else nothing
    near = _closeness(graph, source) if "closeness" in families else nothing
    approximate = plan is not None and (config.betweenness == "approx" or _rounded(_seconds(exact)) > config.budget)
    chosen, most = exact, exact
    if plan is not None and approximate and "betweenness" in families:
        sampled = np.repeat(plan.sampled, np.diff(graph.start), axis=0)
        chosen = _exact(graph, source & ~sampled) + _samples(graph, plan, plan.first_samples())
        most = exact + _samples(graph, plan, plan.most_samples())
    sets = graph.weight.shape[1]
    largest = int(np.diff(graph.start).max(initial=0))
    ties = int(np.diff(graph.indptr[graph.start]).max(initial=0)) // 2
    columns = max(sets, _CALL_DRAWS) if approximate else sets
    held = sum(a.nbytes for a in (graph.indptr, graph.indices, graph.weight, graph.node, graph.position_of))
    return PathEstimate(
        method="approx" if approximate else "exact",
        exact_core_seconds=_rounded(_seconds(exact)),
        core_seconds=_rounded(_seconds(chosen)),
        most_core_seconds=_rounded(_seconds(most)),
        closeness_core_seconds=_rounded(_seconds(near)),
        visits=int(_rounded(float((chosen + near)[:, :2].sum()))),
        # Results of both features, and sums over nodes and vertices on the way to them.
        memory_bytes=held + 8 * sets * (4 * len(graph.weight) + 6 * vertices),
        thread_memory_bytes=largest * (_LANE_BYTES + _SET_BYTES * columns) + bytes_of_room(largest, ties),
    )


# Columns of work: visits of positions and of adjacency entries, and both again, weighted by how slow they are.
_COLUMNS = 4


def _seconds(work: Float64) -> float:
    return float((work[:, 2:] * _RATES).sum() / 1e9)


def _sizes(graph: SearchGraph) -> tuple[Float64, Float64]:
    """float64[blocks, 4] each: one search of the inner network, and of all positions with weight."""
    sizes = np.zeros((2, len(graph.core), 2))
    for i, last in enumerate((graph.core, graph.reach)):
        for block, (begin, end) in enumerate(zip(graph.start[:-1].tolist(), last.tolist(), strict=True)):
            rows = rows_within(graph.indptr, graph.indices, begin, end) - graph.indptr[begin:end]
            sizes[i, block] = end - begin, rows.sum()
    return _with_slowness(sizes[0]), _with_slowness(sizes[1])


def _with_slowness(sizes: Float64) -> Float64:
    slowness = np.minimum(1 + sizes[:, :1] / _POSITIONS_THAT_DOUBLE, _SLOWEST)
    return np.concatenate([sizes, sizes * slowness], axis=1)


def _exact(graph: SearchGraph, source: Bool) -> Float64:
    """Visits of exact betweenness from the given sources (bool[positions, sets]).

    Inner ones search the inner network, simplicial ones what is left of the others of their kind: half, on average.
    """
    inner, whole = _sizes(graph)
    work = np.zeros((_KINDS, _COLUMNS))
    for kind, passes in ((_FORWARD, source.any(axis=1)), (_BACK, source.sum(axis=1))):
        work[kind] = _per_block(graph, passes * graph.inner) @ inner
        work[kind] += _per_block(graph, passes * ~graph.inner) @ ((inner + whole) / 2)
    return work


def _closeness(graph: SearchGraph, source: Bool) -> Float64:
    work = np.zeros((_KINDS, _COLUMNS))
    batches = np.ceil(_per_block(graph, np.asarray(source.any(axis=1))) / BATCH)
    sizes = np.stack([np.diff(graph.start), np.diff(graph.indptr[graph.start])], axis=1).astype(np.float64)
    work[_CLOSENESS] = batches @ _with_slowness(sizes)
    return work


def _per_block(graph: SearchGraph, values: NDArray[Any]) -> Float64:
    """Sums of `values` (one a position) over each block."""
    upto = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(np.diff(upto[graph.start]))


def _samples(graph: SearchGraph, plan: SamplePlan, samples: Int64) -> Float64:
    """Visits of so many samples a set, divided over regions by their mass."""
    inner, whole = _sizes(graph)
    work = np.zeros((_KINDS, _COLUMNS))
    per_region = (plan.mass_of_region / np.maximum(plan.mass, 1.0)) @ samples
    work[_DRAW] = per_region[0::2] @ inner + per_region[1::2] @ whole
    return work


def _rounded(value: float) -> float:
    """Four digits: no more is known, and the last bits of a sum may differ between machines."""
    return float(f"{value:.4g}")


def duration(seconds: float) -> str:
    """About how long: in the unit that people would say it in.

    >>> duration(0.02), duration(2.34), duration(90), duration(4000), duration(40_000)
    ('under 0.1 s', '2.3 s', '90 s', '67 min', '11.1 h')
    """
    if seconds < 10:
        return "under 0.1 s" if seconds < 0.1 else f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
