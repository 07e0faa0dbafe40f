"""Path features (Table 5) and what removal leaves (Table 4): everything that needs the network alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpunet.engine import resolve_engine
from gpunet.errors import InputError
from gpunet.kernels.betweenness_cpu import dependencies_batch
from gpunet.kernels.closeness_cpu import BATCH, farness_batch
from gpunet.kernels.cores_cpu import core_numbers, shell_of_outsiders
from gpunet.kernels.removal_cpu import largest_after_removal
from gpunet.kernels.tipping_cpu import tipping, tipping_without_own_seed
from gpunet.kernels.traversal_cpu import bfs_order, component_labels, permute_csr
from gpunet.network import Network
from gpunet.parallel import available_threads, in_batches, spans
from gpunet.progress import ProgressCallback
from gpunet.registry import PATH_FAMILIES

__all__ = ["path_features"]

TIPPING_K = (2, 3, 4, 5, 6)

# Sources a batch of betweenness. A batch's result is added up by one thread: many sources make that share small, few
# make batches enough for every thread.
_BETWEENNESS_SOURCES = 64
_VERTICES = 8192  # vertices a batch of shell and tipping


def path_features(
    network: Network,
    families: Iterable[str] = PATH_FAMILIES,
    sets: Iterable[str] | None = None,
    engine: str = "auto",
    threads: int | None = None,
    *,
    progress: ProgressCallback | None = None,
) -> dict[str, NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]]:
    """Betweenness, closeness, shell, tipping and removal features of every vertex (Tables 4 and 5).

    Parameters
    ----------
    network
        From :func:`build_network` or :func:`network_from_edges`.
    families
        Any of ``betweenness, closeness, shell, tipping, removal``.
    sets
        Which sets C to compute ``betweenness__C``, ``closeness__C`` and ``shell__C`` for; all of the network's if
        None. Only members of these sets are used as sources, so a small set alone is cheap.
    engine
        ``"auto"``, ``"cpu"`` or ``"gpu"``.
    threads
        Number of threads, all available if None. Results are the same, bit for bit, for any number.
    progress
        Called as the work goes on, see :mod:`gpunet.progress`.

    Returns
    -------
    dict
        ``{column: array of n}``, int64 for shell and removal, float64 for betweenness and closeness, bool for tipping.
        Tipping and ``removal_largest_violent_component`` use the set ``violent``; a network without it has nobody
        violent.

    Raises
    ------
    InputError
        If a family or set is unknown.
    EngineError
        If the engine is not available.
    """
    resolve_engine(engine)
    threads = available_threads(threads)
    wanted = [families] if isinstance(families, str) else list(families)
    for family in wanted:
        if family not in PATH_FAMILIES:
            raise InputError(f"unknown family {family!r}; the path families are {', '.join(PATH_FAMILIES)}")
    names = tuple(network.sets) if sets is None else tuple(dict.fromkeys(sets))
    for name in names:
        if name not in network.sets:
            raise InputError(f"unknown set {name!r}; this network has {', '.join(network.sets)}")
    out: dict[str, NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]] = {}
    if "removal" in wanted:
        largest, largest_violent = largest_after_removal(network.indptr, network.indices, _violent(network))
        out["removal_largest_component"] = largest
        out["removal_largest_violent_component"] = largest_violent
    layout = _layout(network, names) if {"betweenness", "closeness"} & set(wanted) else None
    if "betweenness" in wanted and layout is not None:
        out |= _betweenness(layout, names, threads, progress)
    if "closeness" in wanted and layout is not None:
        out |= _closeness(layout, names, threads, progress)
    if "shell" in wanted:
        out |= _shell(network, names, threads)
    if "tipping" in wanted:
        out |= _tipping(network, threads)
    return out


def _violent(network: Network) -> NDArray[np.bool_]:
    return network.sets.get("violent", np.zeros(network.n, np.bool_))


@dataclass(frozen=True, eq=False)
class _Layout:
    """The network renumbered for locality: components one after another, largest first, each in BFS order.

    ``order[i]`` is the network's vertex at position i, ``start`` (int64[components + 1]) where components begin.
    """

    order: NDArray[np.int32]
    start: NDArray[np.int64]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    members: NDArray[np.uint64]

    def batches(self, sources: int) -> list[tuple[int, int, NDArray[np.int32]]]:
        """``(first, last, sources)``: whole components ``first..last-1`` and at most `sources` of their members.

        Large components come in several batches, small ones together in one. Components without a source, or of a
        single vertex, need none.
        """
        source = self.members != 0
        per_component = np.diff(np.concatenate([[0], np.cumsum(source)])[self.start])
        sizes = np.diff(self.start)
        batches = []
        begin = 0
        held = 0
        for c in range(len(sizes)):
            if sizes[c] < 2:
                break  # components are ordered by size: only isolated vertices follow
            if held and held + per_component[c] > sources:
                batches += self._split(begin, c, sources)
                begin, held = c, 0
            held += int(per_component[c])
        else:
            c = len(sizes)
        if held:
            batches += self._split(begin, c, sources)
        return batches

    def _split(self, begin: int, end: int, sources: int) -> list[tuple[int, int, NDArray[np.int32]]]:
        first, last = int(self.start[begin]), int(self.start[end])
        here = np.flatnonzero(self.members[first:last] != 0).astype(np.int32) + np.int32(first)
        chunks = [here[i:j] for i, j in spans(len(here), sources)]
        # Ordered by membership, the members of a set share words of the bit-parallel search.
        return [(first, last, c[np.argsort(self.members[c], kind="stable")]) for c in chunks]


def _layout(network: Network, names: tuple[str, ...]) -> _Layout:
    label, count = component_labels(network.indptr, network.indices)
    size = np.bincount(label, minlength=count)
    _, root = np.unique(label, return_index=True)
    roots = root[np.argsort(-size, kind="stable")].astype(np.int64)
    order, start = bfs_order(network.indptr, network.indices, roots)
    indptr, indices = permute_csr(network.indptr, network.indices, order)
    return _Layout(order, start, indptr, indices, network.members(names)[order])


def _betweenness(
    layout: _Layout, names: tuple[str, ...], threads: int, progress: ProgressCallback | None
) -> dict[str, NDArray[np.float64]]:
    n_sets = len(names)
    total = np.zeros((len(layout.order), n_sets))

    def work(batch: tuple[int, int, NDArray[np.int32]]) -> NDArray[np.float64]:
        first, last, sources = batch
        return dependencies_batch(layout.indptr, layout.indices, layout.members, n_sets, sources, first, last)

    batches = layout.batches(_BETWEENNESS_SOURCES)
    weights = [(last - first) * len(sources) for first, last, sources in batches]
    for (first, last, _), part in in_batches(
        work, batches, threads, stage="betweenness", weights=weights, progress=progress
    ):
        total[first:last] += part
    out = np.empty_like(total)
    out[layout.order] = total / 2  # every unordered pair was counted from both ends
    return {f"betweenness__{name}": out[:, i].copy() for i, name in enumerate(names)}


def _closeness(
    layout: _Layout, names: tuple[str, ...], threads: int, progress: ProgressCallback | None
) -> dict[str, NDArray[np.float64]]:
    n, n_sets = len(layout.order), len(names)
    far = np.zeros((n_sets, n), np.int64)

    def work(batch: tuple[int, int, NDArray[np.int32]]) -> NDArray[np.int64]:
        first, last, sources = batch
        return farness_batch(layout.indptr, layout.indices, layout.members, n_sets, sources, first, last)

    batches = layout.batches(BATCH)
    weights = [last - first for first, last, _ in batches]
    for (first, last, _), part in in_batches(
        work, batches, threads, stage="closeness", weights=weights, progress=progress
    ):
        far[:, first:last] += part
    component = np.repeat(np.arange(len(layout.start) - 1), np.diff(layout.start))
    out = {}
    for i, name in enumerate(names):
        inside = (layout.members >> np.uint64(i)) & np.uint64(1) != 0
        in_component = np.bincount(component, weights=inside, minlength=len(layout.start) - 1)
        reached = in_component[component] - inside
        others = np.count_nonzero(inside) - inside.astype(np.float64)
        value = np.zeros(n)
        some = reached > 0
        value[layout.order[some]] = (reached[some] / others[some]) * (reached[some] / far[i][some])
        out[f"closeness__{name}"] = value
    return out


def _shell(network: Network, names: tuple[str, ...], threads: int) -> dict[str, NDArray[np.int64]]:
    out = {}
    for name in names:
        core = core_numbers(network.indptr, network.indices, network.sets[name])

        def work(span: tuple[int, int], core: NDArray[np.int32] = core) -> NDArray[np.int64]:
            return shell_of_outsiders(network.indptr, network.indices, core, *span)

        values = np.zeros(network.n, np.int64)
        for (first, last), part in in_batches(work, spans(network.n, _VERTICES), threads):
            values[first:last] = part
        out[f"shell__{name}"] = values
    return out


def _tipping(network: Network, threads: int) -> dict[str, NDArray[np.bool_]]:
    seed = _violent(network)
    out = {}
    for k in TIPPING_K:
        rank = tipping(network.indptr, network.indices, seed, k)

        def work(span: tuple[int, int], rank: NDArray[np.int32] = rank, k: int = k) -> NDArray[np.bool_]:
            return tipping_without_own_seed(network.indptr, network.indices, seed, rank, k, *span)

        values = np.zeros(network.n, np.bool_)
        for (first, last), part in in_batches(work, spans(network.n, _VERTICES), threads):
            values[first:last] = part
        out[f"tipping_{k}"] = values
    return out
