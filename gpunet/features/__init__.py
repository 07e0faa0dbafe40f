"""Every feature of every person, from arrests; docs/features.md is the dictionary."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from gpunet.arrests.arrests import CHECK_ARRESTS, Arrests
from gpunet.arrests.network import Network, build_network, ties_table
from gpunet.base.arguments import checked
from gpunet.base.progress import ProgressCallback
from gpunet.config.config import PathConfig
from gpunet.config.layers import ANY, CO_ARREST
from gpunet.config.registry import PATH_FAMILIES, columns, expand_families
from gpunet.engines.choice import resolve_engine
from gpunet.engines.protocol import Engine
from gpunet.features.column import Columns
from gpunet.features.community import Partition, community_features, louvain_partition, recent_gang
from gpunet.features.geographic import geographic_features
from gpunet.features.history import history_features
from gpunet.features.known import KnownPaths
from gpunet.features.layers import Layer, layer_features, layers_of, ties_with_kinds
from gpunet.features.neighbourhood import neighbourhood_features
from gpunet.features.path import compute_path, path_features
from gpunet.features.tables import feature_table, file_order_of, groups_table
from gpunet.features.temporal import temporal_features
from gpunet.features.victims import exposure_features, victim_history
from gpunet.search.path_report import PathReport

__all__ = ["FeatureSet", "columns_over_vertices", "compute_all", "compute_features", "path_features"]

#: What is known of paths in an earlier network, given the arrests, their network, and which layers it is of.
Known: TypeAlias = Callable[[Arrests, Network, str], KnownPaths | None]

_OVER_PERSONS: dict[str, Callable[[Arrests], Columns]] = {
    "geographic": geographic_features,
    "temporal": temporal_features,
    "history": history_features,
}


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features and what they were computed from, as frames of the caller's kind.

    Attributes
    ----------
    features
        ``person_id`` and every feature column, a row a person, sorted by person_id.
    groups
        ``person_id, gang, group, community, file_order``: the partitions behind the community columns, a row a person.
        ``group`` and ``community`` are null outside the network, ``group`` also without a gang. ``file_order`` is how
        many others the files name before the person.
    ties
        ``person_a, person_b, incidents, strength, first_date, last_date``; with layers beside co-arrest also ``kind``.
    network
        The network of co-arrest.
    path
        How betweenness was computed and what was expected of the work; None without betweenness and closeness.
    layers
        The layers beside co-arrest, and their union; none without tables of ties or victims.
    path_any
        As `path`, of the union of all layers.
    """

    features: Any
    groups: Any
    ties: Any
    network: Network
    path: PathReport | None
    layers: Mapping[str, Layer] = field(default_factory=dict)
    path_any: PathReport | None = None


@checked(arrests=CHECK_ARRESTS)
def compute_features(
    arrests: Arrests,
    families: Iterable[str] | None = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    *,
    betweenness: str | None = None,
    epsilon: float | None = None,
    delta: float | None = None,
    budget: float | None = None,
    seed: int | None = None,
    progress: ProgressCallback | None = None,
) -> Any:
    """Features of every person with an arrest, or known from ties or as a victim, as a frame of the arrests' kind.

    Parameters
    ----------
    arrests
        From :func:`gpunet.read_arrests`.
    families
        Any of ``neighbourhood, community, removal, betweenness, closeness, shell, tipping, geographic, temporal,
        history`` (``path`` stands for the five that :func:`gpunet.path_features` has), and ``layers, victims,
        victim_history``, which have columns where there are tables of ties or victims; all of them if None.
    engine
        ``"cpu"``, which ``"auto"`` is too, or ``"gpu"``; or an engine, as :func:`gpunet.cluster.cluster_engine` gives.
    threads
        Number of threads, all available if None; the results do not depend on it.
    betweenness, epsilon, delta, budget, seed
        As in :func:`gpunet.path_features`; None is what ``[path]`` of the arrests' configuration says.
    progress
        Called as the work goes on, see :mod:`gpunet.base.progress`.

    Returns
    -------
    frame
        ``person_id`` and the columns of the registry in its order, one row a person, sorted by person_id.

    Raises
    ------
    InputError
        If a family is unknown, or `arrests` are something else.
    ConfigError
        If `threads`, `betweenness`, `epsilon`, `delta`, `budget`, `seed` or `progress` cannot be used.
    EngineError
        If the engine is not available.

    Examples
    --------
    >>> rows = {"person_id": ["ann", "bob", "cyd"], "incident_id": [1, 1, 2], "date": ["2013-05-04"] * 3,
    ...         "offence": ["robbery", "theft", "theft"]}
    >>> features = gpunet.compute_features(gpunet.read_arrests(pl.DataFrame(rows)), families=["neighbourhood"])
    >>> features.select("person_id", "degree__all", "degree__violent").rows()
    [('ann', 1, 0), ('bob', 1, 1), ('cyd', 0, 0)]
    """
    given = {"betweenness": betweenness, "epsilon": epsilon, "delta": delta, "budget": budget, "seed": seed}
    asked: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    config = replace(arrests.config.path, **asked)
    found = compute_all(arrests.current(), families, engine, threads, path_config=config, progress=progress)
    return found.features


def compute_all(
    arrests: Arrests,
    families: Iterable[str] | None = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    *,
    path_config: PathConfig | None = None,
    union_config: PathConfig | None = None,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
    stage_context: Callable[[str], AbstractContextManager[Any]] = nullcontext,
    known: Known | None = None,
) -> FeatureSet:
    """:func:`compute_features` with the network, its ties and the partitions beside it.

    Each stage runs inside ``stage_context(name)``: ``network``, ``partition``, ``neighbourhood``, ``community``,
    ``path``, ``geographic``, ``temporal``, ``history``, ``layers`` if there are any, ``tables``. `path_config` stands
    for ``[path]`` of the arrests' configuration, `union_config` for that of the union of all layers, as `path_config`
    if None; `notice` gets a line with the estimate before long work. `known` says what is known of paths in an earlier
    network, from the arrests and their network and whether that is of co-arrest or the union of all layers.
    """
    path_config = path_config or arrests.config.path
    union_config = union_config or path_config
    engine = resolve_engine(engine, threads)
    wanted = expand_families(families)

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        with stage_context(name), engine.stage(name):
            yield

    with stage("network"):
        arrests = arrests.to_engine(engine)
        network = build_network(arrests, engine)
        person = network.person
        assert person is not None  # it was made of arrests
    with stage("partition"):
        gang = recent_gang(arrests)
        partition = louvain_partition(gang[person], network, engine)
    offences = not arrests.config.input.is_absent("offence")
    declared = columns(network.sets, wanted, offences=offences, layers=arrests.layers)
    found: Columns = {}
    over_vertices, report = columns_over_vertices(
        network,
        partition,
        wanted,
        engine,
        path_config,
        stage=stage,
        progress=progress,
        notice=notice,
        known=None if known is None else lambda: known(arrests, network, CO_ARREST),
    )
    for family in wanted:
        if family in _OVER_PERSONS:
            with stage(family):
                found |= _OVER_PERSONS[family](arrests)
    layers, path_any = {}, None
    if arrests.layers:
        with stage("layers"):
            layers = layers_of(arrests, network)
            how = {"progress": progress, "notice": notice}
            of_layers, path_any = _beside(arrests, network, layers, wanted, engine, union_config, known, how)
            found |= of_layers
    with stage("tables"):
        ids, backend = arrests.person_ids, arrests.backend
        frame = feature_table(ids, declared, found, over_vertices, person, gang, backend)
        named = file_order_of(arrests.first_rows)
        of_cells = (gang, partition.group, partition.community, person)
        groups = groups_table(ids, arrests.gang_names, *of_cells, named, backend)
        ties = ties_with_kinds(arrests, network, layers) if layers else ties_table(arrests, network)
    return FeatureSet(frame, groups, ties, network, report, layers, path_any)


def _beside(
    arrests: Arrests,
    network: Network,
    layers: Mapping[str, Layer],
    wanted: Collection[str],
    engine: Engine,
    union_config: PathConfig,
    known: Known | None,
    how: Mapping[str, Any],
) -> tuple[Columns, PathReport | None]:
    """The columns of layers and victims over persons, and how betweenness was computed in the union of all layers.

    `known` is that of :func:`compute_all`; `how` has what else layers are told.
    """
    found: Columns = {}
    report = None
    if "layers" in wanted:
        of_union = None if known is None else lambda union: known(arrests, union, ANY)
        found, report = layer_features(arrests, layers, engine, union_config, known=of_union, **how)
    if arrests.victims is not None:
        if "victims" in wanted:
            found |= exposure_features(arrests, network, engine)
        if "victim_history" in wanted:
            found |= victim_history(arrests)
    return found, report


def columns_over_vertices(
    network: Network,
    partition: Partition,
    wanted: Collection[str],
    engine: Engine,
    path_config: PathConfig,
    *,
    stage: Callable[[str], AbstractContextManager[Any]],
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
    sets: Iterable[str] | None = None,
    known: Callable[[], KnownPaths | None] | None = None,
) -> tuple[Columns, PathReport | None]:
    """The columns of the families `wanted` that need the network and its partitions alone, a value a vertex.

    Those of paths are of the `sets` that are given, of all if None; `known` says what is known of them.
    """
    found: Columns = {}
    if "neighbourhood" in wanted:
        with stage("neighbourhood"):
            found |= neighbourhood_features(network, engine)
    if "community" in wanted:
        with stage("community"):
            found |= community_features(network, partition, engine)
    path = [family for family in wanted if family in PATH_FAMILIES]
    if not path:
        return found, None
    with stage("path"):
        earlier = None if known is None else known()
        result = compute_path(
            network, path, sets, engine, config=path_config, progress=progress, notice=notice, known=earlier
        )
    return found | result.columns, result.report
