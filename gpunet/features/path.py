"""Path features (Table 5) and what removal leaves (Table 4): everything that needs the network alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from gpunet.arrests.network import CHECK_NETWORK, Network
from gpunet.base.arguments import checked
from gpunet.base.array_types import Bool, Float64, Int64
from gpunet.base.errors import InputError
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import PathConfig
from gpunet.config.registry import PATH_FAMILIES, expand_families
from gpunet.engines.choice import resolve_engine
from gpunet.engines.cpu import CpuEngine
from gpunet.engines.protocol import Engine
from gpunet.features.known import KnownPaths, Reused, reused_of
from gpunet.features.pairs import Blocks, PairWork
from gpunet.features.sampling import sample, search_the_rest
from gpunet.search.estimate import PathEstimate, estimate_work
from gpunet.search.path_report import PathReport, SetReport
from gpunet.search.sample_plan import SamplePlan, plan_sampling
from gpunet.tables.arrays import is_on_host, namespace, to_host

__all__ = ["PathResult", "compute_path", "estimate_path_work", "path_features"]

TIPPING_K = (2, 3, 4, 5, 6)

# Work that is expected to take longer is announced.
_SECONDS_WORTH_A_WORD = 10.0

PathColumns: TypeAlias = dict[str, Int64 | Float64 | Bool]


@dataclass(frozen=True, eq=False)
class PathResult:
    """``columns`` of :func:`path_features`, and how they came about (None without betweenness and closeness)."""

    columns: PathColumns
    report: PathReport | None


@checked(network=CHECK_NETWORK)
def path_features(
    network: Network,
    families: Iterable[str] | None = PATH_FAMILIES,
    sets: Iterable[str] | None = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    *,
    betweenness: str = PathConfig.betweenness,
    epsilon: float = PathConfig.epsilon,
    delta: float = PathConfig.delta,
    budget: float = PathConfig.budget,
    seed: int = PathConfig.seed,
    progress: ProgressCallback | None = None,
) -> PathColumns:
    """Betweenness, closeness, shell, tipping and removal features of every vertex (Tables 4 and 5).

    Parameters
    ----------
    network
        From :func:`build_network` or :func:`network_from_edges`.
    families
        Any of ``betweenness, closeness, shell, tipping, removal``; None or ``path`` is all of them.
    sets
        Which sets C to compute ``betweenness__C``, ``closeness__C`` and ``shell__C`` for; all of the network's if
        None. Only members of these sets are used as sources, so a small set alone is cheap.
    engine
        ``"cpu"``, which ``"auto"`` is too, or ``"gpu"``; or an engine, as :func:`gpunet.cluster.cluster_engine` gives.
    threads
        Number of threads, all available if None. Results are the same, bit for bit, for any number.
    betweenness
        ``"exact"``; ``"approx"``: within `epsilon`, see docs/approximation.md; or ``"auto"``: exact, unless the work
        is estimated at more than `budget`.
    epsilon, delta
        Of approximate betweenness: with probability 1 - `delta` no value divided by its number of pairs (those of the
        members of C other than v) is further off than `epsilon`, for all sets together. The columns hold estimates in
        the unit of exact ones.
    budget
        Core-seconds of exact betweenness by :func:`estimate_path_work` above which ``"auto"`` is ``"approx"``.
    seed
        Seed of the samples: the same seed gives the same estimates.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`.

    Returns
    -------
    dict
        ``{column: array of n}``, int64 for shell and removal, float64 for betweenness and closeness, bool for tipping.
        Tipping and ``removal_largest_violent_component`` use the set ``violent``; a network without it has nobody
        violent. What ``"auto"`` comes to, :func:`estimate_path_work` tells for the same arguments. Run folders also
        tell each set's samples and certified error, which is at most `epsilon`.

    Raises
    ------
    InputError
        If a family or set is unknown.
    ConfigError
        If `threads`, `betweenness`, `epsilon`, `delta`, `budget` or `seed` cannot be used.
    EngineError
        If the engine is not available.

    Examples
    --------
    >>> network = gpunet.network_from_edges([0, 1, 2], [1, 2, 3], 4)  # a path of four
    >>> gpunet.path_features(network, ["betweenness"])["betweenness__all"].tolist()
    [0.0, 2.0, 2.0, 0.0]
    """
    config = PathConfig(betweenness, epsilon, delta, budget, seed)  # type: ignore[arg-type]  # refused if unknown
    chosen = resolve_engine(engine, threads)
    with chosen.stage("path"):
        return compute_path(network, families, sets, chosen, config=config, progress=progress).columns


def compute_path(
    network: Network,
    families: Iterable[str] | None = PATH_FAMILIES,
    sets: Iterable[str] | None = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    *,
    config: PathConfig,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
    known: KnownPaths | None = None,
) -> PathResult:
    """:func:`path_features` with a report; `notice` gets a line with the estimate before long work.

    The columns lie where the network does. Blocks are found on the host whatever the engine. Of what is `known` of an
    earlier network, exact betweenness and closeness of unchanged components are taken, on the CPU.
    """
    engine = resolve_engine(engine, threads)
    wanted = _families(families)
    names = _sets(network, sets)
    place = to_host if is_on_host(network.indptr) else engine.to_engine
    out: PathColumns = {}
    report = None
    if {"removal", "betweenness", "closeness"} & set(wanted):
        blocks = Blocks(network.on_host())
        if "removal" in wanted:
            largest, largest_violent = blocks.removal(_violent(blocks.network))
            out["removal_largest_component"] = largest
            out["removal_largest_violent_component"] = largest_violent
        if names and {"betweenness", "closeness"} & set(wanted):
            work = _PairFeatures(blocks, names, wanted, config)
            if notice is not None and work.estimate.seconds(engine.threads) > _SECONDS_WORTH_A_WORD:
                notice(work.estimate.describe(engine.threads, engine.name))
            out |= work.columns(engine, progress, known)
            report = work.report()
    network = network.to_engine(engine)
    if "shell" in wanted:
        out |= _shell(network, names, engine)
    if "tipping" in wanted:
        out |= _tipping(network, engine)
    return PathResult({name: place(values) for name, values in out.items()}, report)


@checked(network=CHECK_NETWORK)
def estimate_path_work(
    network: Network,
    families: Iterable[str] | None = PATH_FAMILIES,
    sets: Iterable[str] | None = None,
    *,
    betweenness: str = PathConfig.betweenness,
    epsilon: float = PathConfig.epsilon,
    delta: float = PathConfig.delta,
    budget: float = PathConfig.budget,
) -> PathEstimate:
    """Estimate what :func:`path_features` would cost with these arguments, in a time that grows with the ties alone.

    Returns
    -------
    PathEstimate
        Work in visits of positions and edges, seconds of a nominal core, memory in bytes, and whether betweenness
        would be exact or approximate. It depends on the arguments alone, not on the machine.

    Raises
    ------
    InputError
        If a family or set is unknown.
    ConfigError
        If `betweenness`, `epsilon`, `delta` or `budget` cannot be used.

    Examples
    --------
    >>> network = gpunet.network_from_edges([0, 1, 2, 3], [1, 2, 3, 0], 4)
    >>> estimate = gpunet.estimate_path_work(network)
    >>> estimate.method, estimate.seconds(threads=2) < 1
    ('exact', True)
    """
    config = PathConfig(betweenness, epsilon, delta, budget)  # type: ignore[arg-type]  # refused if unknown
    names, wanted = _sets(network, sets), _families(families)
    if not names:
        return PathEstimate.of_nothing()
    return _PairFeatures(Blocks(network), names, wanted, config).estimate


class _PairFeatures:
    """Betweenness and closeness as configured."""

    def __init__(self, blocks: Blocks, names: tuple[str, ...], wanted: tuple[str, ...], config: PathConfig) -> None:
        self._blocks, self._pairs = blocks, PairWork(blocks, names)
        self._network, self._vertex = blocks.network, blocks.vertex
        self._names, self._wanted, self._config = names, wanted, config
        graph = self._pairs.graph
        plan = None
        if "betweenness" in wanted and config.betweenness != "exact":
            members = np.array([np.count_nonzero(blocks.network.sets[name]) for name in names], np.int64)
            plan = plan_sampling(graph, members, config.epsilon, config.delta)
        self.estimate = estimate_work(graph, blocks.network.n, wanted, config, plan)
        self._plan: SamplePlan | None = plan if self.estimate.method == "approx" else None
        self._by_library = config.whole_network != "gpunet" and "betweenness" in wanted and "all" in names
        self._sets: dict[str, SetReport] = {}

    def columns(
        self, engine: Engine, progress: ProgressCallback | None, known: KnownPaths | None = None
    ) -> PathColumns:
        if known is not None and isinstance(engine, CpuEngine) and self._plan is None and not self._by_library:
            reused = reused_of(known, self._blocks, self._pairs, self._names)
            if reused is not None and {"betweenness", "closeness"} <= set(self._wanted):
                return self._partly(reused, replace(engine, sums=None, unsearched=reused.unsearched), progress)
        out: PathColumns = {}
        if "betweenness" in self._wanted:
            if self._plan is not None:
                out |= self._approximate(self._plan, engine, progress)
            elif self._by_library:
                out |= self._by_cugraph(engine, progress)
            else:
                out |= self._pairs.betweenness(engine, progress)
        if "closeness" in self._wanted:
            out |= self._pairs.closeness(engine, progress)
        return out

    def _partly(self, reused: Reused, engine: Engine, progress: ProgressCallback | None) -> PathColumns:
        """Both features exactly, where some of the vertices' are known."""
        computed = self._pairs.betweenness(engine, progress)
        known = reused.betweenness.T
        out: PathColumns = {
            name: np.where(reused.vertices, before, values)
            for (name, values), before in zip(computed.items(), known, strict=True)
        }
        return out | self._pairs.closeness(engine, progress, (reused.vertices, reused.sums))

    def _approximate(self, plan: SamplePlan, engine: Engine, progress: ProgressCallback | None) -> dict[str, Float64]:
        graph, names, seed = self._pairs.graph, self._names, self._config.seed
        found = sample(graph, self._vertex[graph.node], plan, names, seed, engine, progress)
        self._sets = {
            name: SetReport(int(found.samples[c]), int(found.checks[c]), float(found.error[c]))
            for c, name in enumerate(names)
        }
        if not found.approximate.any():
            return self._pairs.betweenness(engine, progress)
        total = search_the_rest(graph, plan, found, engine, progress)
        return self._pairs.betweenness_of(total + found.total)

    def _by_cugraph(self, engine: Engine, progress: ProgressCallback | None) -> dict[str, Float64]:
        """The set of everybody by cuGraph, the others, whose members alone are then searched from, by our own."""
        graph, network = self._pairs.graph, self._network
        total = self._pairs.betweenness_total(engine, progress)
        whole = engine.betweenness_by_library(
            engine.to_engine(network.indptr), engine.to_engine(network.indices), total
        )
        weight = np.where(np.array(self._names) == "all", 0, graph.weight)
        found = self._pairs.betweenness_of(engine.all_dependencies(replace(graph, weight=weight), progress))
        return {**found, "betweenness__all": whole}

    def report(self) -> PathReport:
        config, method = self._config, self.estimate.method if "betweenness" in self._wanted else None
        return PathReport(
            asked=config.betweenness,
            chosen=method,
            epsilon=config.epsilon,
            delta=config.delta,
            seed=config.seed,
            sets=self._sets,
            estimate=self.estimate,
            by_cugraph=self._by_library,
        )


def _sets(network: Network, sets: Iterable[str] | None) -> tuple[str, ...]:
    chosen = tuple(network.sets) if sets is None else [sets] if isinstance(sets, str) else sets
    names = tuple(dict.fromkeys(chosen))
    for name in names:
        if name not in network.sets:
            raise InputError(f"unknown set {name!r}; this network has {', '.join(network.sets)}")
    return names


def _families(families: Iterable[str] | None) -> tuple[str, ...]:
    wanted = expand_families("path" if families is None else families)
    for family in wanted:
        if family not in PATH_FAMILIES:
            raise InputError(f"{family!r} needs arrests; the path families are {', '.join(PATH_FAMILIES)}")
    return wanted


def _violent(network: Network) -> Bool:
    if "violent" in network.sets:
        return network.sets["violent"]
    xp = namespace(network.indptr)
    return xp.zeros(network.n, dtype=xp.bool)  # type: ignore[no-any-return]


def _shell(network: Network, names: tuple[str, ...], engine: Engine) -> dict[str, Int64]:
    out = {}
    for name in names:
        core = engine.core_numbers(network.indptr, network.indices, network.sets[name])
        out[f"shell__{name}"] = engine.shell_of_outsiders(network.indptr, network.indices, core)
    return out


def _tipping(network: Network, engine: Engine) -> dict[str, Bool]:
    seed = _violent(network)
    return {f"tipping_{k}": engine.tipping(network.indptr, network.indices, seed, k) for k in TIPPING_K}
