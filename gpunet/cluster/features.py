"""Every feature of every person of arrests on workers; counterpart of :func:`gpunet.features.compute_all`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import reduce
from operator import add, attrgetter
from typing import Any

import numpy as np
from distributed import Client, Future

from gpunet.arrests.network import Network, table_of_ties
from gpunet.base.array_types import Float64, Int32, Int64
from gpunet.base.progress import ProgressCallback
from gpunet.cluster.model.partitions import TablePartition
from gpunet.cluster.network import DistributedNetwork, build_distributed_network, id_array
from gpunet.cluster.partitions import ArrestPartition, DistributedArrests
from gpunet.cluster.results import each, fetched, finished, in_order
from gpunet.cluster.ties import violent_groups
from gpunet.cluster.vertex_columns import VertexColumns, vertex_columns_of
from gpunet.config.config import PathConfig
from gpunet.config.registry import Feature, columns, expand_families
from gpunet.engines.protocol import Engine
from gpunet.features import columns_over_vertices
from gpunet.features.column import Column, Columns
from gpunet.features.community import Partition, louvain_partition
from gpunet.features.geographic import geographic_features, place_totals
from gpunet.features.history import history_features
from gpunet.features.tables import feature_table, file_order_of, groups_table
from gpunet.features.temporal import temporal_features
from gpunet.model.table import read_features
from gpunet.runs.checkpoint_file import Contents
from gpunet.search.path_report import PathReport
from gpunet.tables.frames import make_series

__all__ = ["DistributedFeatures", "compute_distributed", "model_partitions", "with_betweenness"]

_OVER_PERSONS = ("geographic", "temporal", "history")


@dataclass(frozen=True, eq=False)
class DistributedFeatures:
    """Features and what they were computed from; counterpart of :class:`gpunet.features.FeatureSet`.

    Attributes
    ----------
    arrests
        What they are of.
    partitions
        Futures of Polars frames with ``person_id`` and every feature column, for each part of the arrests.
    found
        The network, with what of it is on the workers.
    partition
        The partitions behind the community columns.
    closeness
        float64[vertices], ``closeness__all``, from which statistics follow; None if it was not asked for.
    path
        How betweenness was computed; None without betweenness and closeness.
    """

    arrests: DistributedArrests
    partitions: tuple[Future, ...]
    found: DistributedNetwork
    partition: Partition
    closeness: Float64 | None
    path: PathReport | None

    @property
    def network(self) -> Network:
        """The network, whose ``person`` holds persons' numbers."""
        return self.found.network

    def feature_tables(self) -> Iterator[Any]:
        """The table of features in parts, one after the other in this process."""
        return in_order(self.arrests.client, self.partitions)

    def groups_tables(self) -> Iterator[Any]:
        """``person_id, gang, group, community, file_order`` in parts."""
        client, found = self.arrests.client, self.found
        identities = each(client, "persons", _persons, self.arrests.partitions, found.gangs, found.numbers)
        names = make_series("gang", list(self.arrests.gang_names))
        rows = fetched(client, self.arrests.each("first rows", attrgetter("first_rows")))
        ends = np.cumsum([len(of_part) for of_part in rows])[:-1]
        file_order = np.split(file_order_of(np.concatenate(rows)), ends)
        parts = zip(found.vertices, in_order(client, identities), file_order, strict=True)
        for vertices, (ids, gang, person), named in parts:
            group, community = self.partition.group[vertices], self.partition.community[vertices]
            yield groups_table(make_series("person_id", ids), names, gang, group, community, person, named)

    def tie_tables(self) -> Iterator[Any]:
        """``person_a, person_b, incidents, strength, first_date, last_date`` in parts, sorted by both ids."""
        known = np.concatenate(self.found.numbers)
        for ties in in_order(self.arrests.client, self.found.ties):
            a, b = (np.searchsorted(known, of).astype(np.int32) for of in (ties.a, ties.b))
            yield table_of_ties(self.found.ids, replace(ties, a=a, b=b))


def compute_distributed(
    arrests: DistributedArrests,
    engine: Engine,
    families: Iterable[str] | None = None,
    *,
    path_config: PathConfig | None = None,
    progress: ProgressCallback | None = None,
    notice: Callable[[str], None] | None = None,
    stage_context: Callable[[str], AbstractContextManager[Any]] = nullcontext,
    kept: Callable[[Callable[[], VertexColumns], Callable[[Contents], VertexColumns]], VertexColumns] | None = None,
) -> DistributedFeatures:
    """Features of every person, with the bits of :func:`gpunet.features.compute_all`, however arrests are distributed.

    Parameters
    ----------
    arrests
        On the workers. This process never holds more of them than the network.
    engine
        For all that needs the network; a :class:`gpunet.cluster.engine.ClusterEngine` distributes the path features.
    families, path_config, progress, notice, stage_context
        As in :func:`gpunet.features.compute_all`, with the same stages.
    kept
        Called as ``kept(compute, restored)`` for all that follows from the network alone; returns what ``compute()``
        does, or what it did in an earlier run with the same input and ``restored(contents)`` makes of its checkpoint.

    Raises
    ------
    InputError
        If a family is unknown.
    EngineError
        If the cluster fails.
    """
    wanted = expand_families(families)

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        with stage_context(name), engine.stage(name):
            yield

    with stage("network"):
        found = build_distributed_network(arrests, engine)
    network = found.network

    config = path_config or arrests.config.path

    def on_vertices() -> VertexColumns:
        with stage("partition"):
            partition = louvain_partition(found.gang, network, engine)
        over_vertices, report = columns_over_vertices(
            network, partition, wanted, engine, config, stage=stage, progress=progress, notice=notice
        )
        return VertexColumns(partition, over_vertices, report)

    def restored(contents: Contents) -> VertexColumns:
        return vertex_columns_of(contents, network, found.gang, wanted, config)

    over_vertices = on_vertices() if kept is None else kept(on_vertices, restored)
    over_persons = []
    for family in wanted:
        if family in _OVER_PERSONS:
            with stage(family):
                over_persons.append(finished(arrests.client, _columns_over_persons(arrests, found, family)))
    with stage("tables"):
        declared = columns(network.sets, wanted, offences=not arrests.config.input.is_absent("offence"))
        parts = finished(arrests.client, _tables(arrests, found, declared, over_persons, over_vertices.columns))
    closeness = over_vertices.columns.get("closeness__all")
    assert not isinstance(closeness, tuple)  # paths have no null
    without = replace(found, incidents=())  # the workers may forget them
    return DistributedFeatures(arrests, tuple(parts), without, over_vertices.partition, closeness, over_vertices.path)


def model_partitions(found: DistributedFeatures) -> list[Future]:
    """Futures of :class:`gpunet.cluster.model.forecast.TablePartition`, for each part."""
    arrests = found.arrests
    taxonomy = arrests.config.violent_offences
    return each(arrests.client, "matrix", _model_table, arrests.partitions, found.partitions, taxonomy=taxonomy)


def with_betweenness(client: Client, parts: Sequence[Future], betweenness: Any) -> list[Future]:
    """The same parts, which say how their betweenness columns were computed."""
    return each(client, "matrix-metadata", _with_betweenness, parts, betweenness=betweenness)


def _columns_over_persons(arrests: DistributedArrests, found: DistributedNetwork, family: str) -> list[Future]:
    """Futures of the columns of a family (one of ``_OVER_PERSONS``) for each part's persons."""
    if family == "history":
        return arrests.each(family, history_features, today=arrests.today)
    if family == "temporal":
        return arrests.each(family, temporal_features, violent_groups(arrests, found.incidents, found.ranges))
    n_places = {"district": len(arrests.district_names), "beat": len(arrests.beat_names)}
    of_parts = fetched(arrests.client, arrests.each("places", place_totals, n_places=n_places))
    totals = {kind: reduce(add, (part[kind] for part in of_parts)) for kind in n_places}
    return arrests.each(family, geographic_features, totals=totals)


def _tables(
    arrests: DistributedArrests,
    found: DistributedNetwork,
    declared: dict[str, Feature],
    over_persons: Sequence[Sequence[Future]],
    over_vertices: Columns,
) -> list[Future]:
    """Futures of the parts of the table of features.

    Columns of a part's vertices go with its task: they are there if it has to be done again on another worker.
    """
    tables = []
    for i, (vertices, numbers) in enumerate(zip(found.vertices, found.numbers, strict=True)):
        of_part = {name: _at(column, vertices) for name, column in over_vertices.items()}
        arguments = (arrests.partitions[i], found.gangs[i], numbers, of_part, *(futures[i] for futures in over_persons))
        tables += each(arrests.client, "table", _table, *([argument] for argument in arguments), declared=declared)
    return tables


def _at(column: Column, vertices: Int32) -> Column:
    if isinstance(column, tuple):
        values, null = column
        return values[vertices], null[vertices]
    return column[vertices]


def _table(
    part: ArrestPartition,
    gang: Int32,
    numbers: Int32,
    over_vertices: Columns,
    *over_persons: Columns,
    declared: dict[str, Feature],
) -> Any:
    merged = {name: column for family in over_persons for name, column in family.items()}
    person = np.searchsorted(part.person_numbers, numbers)
    return feature_table(part.arrests.person_ids, declared, merged, over_vertices, person, gang)


def _persons(part: ArrestPartition, gang: Int32, numbers: Int32) -> tuple[Any, Int32, Int64]:
    """Ids and gangs of the part's persons, and the positions of its vertices among them."""
    return id_array(part), gang, np.searchsorted(part.person_numbers, numbers)


def _model_table(part: ArrestPartition, frame: Any, taxonomy: Any) -> TablePartition:
    table = read_features(frame, taxonomy=taxonomy)
    return TablePartition(table, part.person_numbers, part.arrests.first_rows)


def _with_betweenness(part: TablePartition, betweenness: Any) -> TablePartition:
    return replace(part, table=replace(part.table, betweenness=betweenness))
