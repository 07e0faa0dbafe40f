"""Every feature of every person, from arrests; docs/features.md is the dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from gpunet.arrays import namespace, spread_over
from gpunet.arrests import Arrests
from gpunet.config import PathConfig
from gpunet.engine import Engine, resolve_engine
from gpunet.errors import InputError
from gpunet.features.column import Column, Columns, spread
from gpunet.features.community import Partition, community_features, partition
from gpunet.features.geographic import geographic_features
from gpunet.features.history import history_features
from gpunet.features.neighbourhood import neighbourhood_features
from gpunet.features.path import compute_path, path_features
from gpunet.features.path_report import PathReport
from gpunet.features.temporal import temporal_features
from gpunet.frames import make_frame
from gpunet.gather import for_frame, gather
from gpunet.network import Network, build_network, ties_table
from gpunet.progress import ProgressCallback
from gpunet.registry import PATH_FAMILIES, columns, expand_families

__all__ = ["FeatureSet", "compute_all", "compute_features", "path_features"]

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
        ``person_id, gang, group, community``: the partitions behind the community columns, a row a person. ``group``
        and ``community`` are null outside the network, ``group`` also without a gang.
    ties
        ``person_a, person_b, incidents, strength, first_date, last_date``.
    network
        The network itself.
    path
        How betweenness was computed and what was expected of the work; None without betweenness and closeness.
    """

    features: Any
    groups: Any
    ties: Any
    network: Network
    path: PathReport | None


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
    """Features of every person with an arrest, as a frame of the kind that the arrests came in.

    Parameters
    ----------
    arrests
        From :func:`gpunet.read_arrests`.
    families
        Any of ``neighbourhood, community, removal, betweenness, closeness, shell, tipping, geographic, temporal,
        history`` (``path`` stands for the five that :func:`gpunet.path_features` has); all of them if None.
    engine
        ``"cpu"``, which ``"auto"`` is too, or ``"gpu"``; or an engine, as :func:`gpunet.cluster.cluster_engine` gives.
    threads
        Number of threads, all available if None; the results do not depend on it.
    betweenness, epsilon, delta, budget, seed
        As in :func:`gpunet.path_features`; None is what ``[path]`` of the arrests' configuration says.
    progress
        Called as the work goes on, see :mod:`gpunet.progress`.

    Returns
    -------
    frame
        ``person_id`` and the columns of the registry in its order, one row a person, sorted by person_id.

    Raises
    ------
    InputError
        If a family is unknown.
    ConfigError
        If `threads`, `betweenness`, `epsilon`, `delta`, `budget` or `seed` cannot be used.
    EngineError
        If the engine is not available.
    """
    given = {"betweenness": betweenness, "epsilon": epsilon, "delta": delta, "budget": budget, "seed": seed}
    asked: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    config = replace(_checked(arrests).config.path, **asked)
    return compute_all(arrests, families, engine, threads, path_config=config, progress=progress).features


def compute_all(
    arrests: Arrests,
    families: Iterable[str] | None = None,
    engine: str | Engine = "auto",
    threads: int | None = None,
    *,
    path_config: PathConfig | None = None,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
    told: Callable[[str], AbstractContextManager[Any]] = nullcontext,
) -> FeatureSet:
    """:func:`compute_features` with the network, its ties and the partitions beside it.

    Each stage runs inside ``told(name)``: ``network``, ``partition``, ``neighbourhood``, ``community``, ``path``,
    ``geographic``, ``temporal``, ``history``, ``tables``. `path_config` stands for ``[path]`` of the arrests'
    configuration; `notice` gets a line with the estimate before long work.
    """
    arrests = _checked(arrests)
    path_config = path_config or arrests.config.path
    engine = resolve_engine(engine, threads)
    try:
        wanted = expand_families(families)
    except ValueError as error:
        raise InputError(str(error)) from error

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        with told(name), engine.stage(name):
            yield

    with stage("network"):
        arrests = arrests.placed(engine)
        network = build_network(arrests, engine)
    with stage("partition"):
        cells = partition(arrests, network, engine)
    declared = columns(network.sets, wanted)
    found: Columns = {}
    over_vertices: Columns = {}
    if "neighbourhood" in wanted:
        with stage("neighbourhood"):
            over_vertices |= neighbourhood_features(network, engine)
    if "community" in wanted:
        with stage("community"):
            over_vertices |= community_features(network, cells, engine)
    path = [family for family in wanted if family in PATH_FAMILIES]
    report = None
    if path:
        with stage("path"):
            result = compute_path(network, path, engine=engine, config=path_config, progress=progress, notice=notice)
        over_vertices |= result.columns
        report = result.report
    for family in wanted:
        if family in _OVER_PERSONS:
            with stage(family):
                found |= _OVER_PERSONS[family](arrests)
    with stage("tables"):
        for name, column in over_vertices.items():
            found[name] = spread(column, _person(network), arrests.n_persons, declared[name])
        if "community" in wanted:
            _null_without_gang(found, cells, declared)
        in_order = {name: found[name] for name in declared}
        frame = make_frame(
            {"person_id": arrests.person_ids.alias("person_id"), **for_frame(in_order, arrests.backend)},
            arrests.backend,
        )
        groups, ties = _groups(arrests, network, cells), ties_table(arrests, network)
    return FeatureSet(frame, groups, ties, network, report)


def _checked(arrests: Any) -> Arrests:
    if not isinstance(arrests, Arrests):
        raise InputError(f"expected the arrests that read_arrests returns, not {type(arrests).__name__}")
    return arrests


def _person(network: Network) -> Any:
    if network.person is None:
        raise ValueError("the network was not made of arrests")
    return network.person


def _null_without_gang(found: Columns, cells: Partition, declared: Iterable[str]) -> None:
    """Group columns are null for whoever has no gang, in the network or not."""
    no_gang = cells.gang < 0
    for name in declared:
        if name.startswith(("group_", "gang_")):
            values, null = _with_mask(found[name])
            found[name] = (values, null | no_gang)


def _with_mask(column: Column) -> tuple[Any, Any]:
    if isinstance(column, tuple):
        return column
    xp = namespace(column)
    return column, xp.zeros(column.shape, dtype=xp.bool)


def _groups(arrests: Arrests, network: Network, cells: Partition) -> Any:
    xp = namespace(cells.gang)

    def over_persons(cell: Any) -> Column:
        out = spread_over(xp.astype(cell, xp.int64), _person(network), arrests.n_persons, -1)
        return xp.where(out < 0, 0, out), out < 0

    found = {"group": over_persons(cells.group), "community": over_persons(cells.community)}
    return make_frame(
        {
            "person_id": arrests.person_ids.alias("person_id"),
            "gang": gather(arrests.gang_names, cells.gang, "gang"),
            **for_frame(found, arrests.backend),
        },
        arrests.backend,
    )
