"""Features as the contents of checkpoints, and back.

What lay on a device goes through the host, and is brought there again. Coming back, everything is checked against the
run: what cannot be features of these arrests, under this configuration, is damaged. The network, which follows from the
arrests in no time, is not stored, but made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from gpunet.arrests.arrests import Arrests
from gpunet.arrests.network import build_network, ties_table
from gpunet.config.config import PathConfig
from gpunet.config.registry import Feature, columns
from gpunet.engines.protocol import Engine
from gpunet.features import FeatureSet
from gpunet.features.layers import layers_of, ties_with_kinds
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.read_back import Damaged, require, table_like, valid
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import to_host
from gpunet.tables.frames import from_arrow

if TYPE_CHECKING:
    pass

from gpunet.runs.stored_tables import Kind, array_of, kind_of_table, require_place

__all__ = [
    "PastFeatures",
    "check_column",
    "check_report",
    "features_of",
    "of_features",
    "of_past",
    "of_report",
    "past_of",
]

_TEXT, _WHOLE = pa.large_string(), pa.int64()


@dataclass(frozen=True, eq=False)
class PastFeatures:
    """What a forecast needs of an earlier day: the table of features, and how path features were computed.

    ``path_any`` is of the union of all layers, None without.
    """

    features: Any
    path: PathReport | None
    path_any: PathReport | None = None


@checked(config=ConfigDict(extra="forbid"))
class _FeatureValues:
    """Beside the tables of features: where these go, and how path features were computed."""

    kind: Kind
    path: PathReport | None
    path_any: PathReport | None = None


_FEATURE_VALUES = TypeAdapter(_FeatureValues)
_REPORT: TypeAdapter[PathReport | None] = TypeAdapter(PathReport | None)


def of_features(found: FeatureSet) -> Contents:
    """Features, less network and ties, which the arrests have."""
    return Contents(_values(found), frames={"features": found.features, "groups": found.groups})


def _values(found: FeatureSet | PastFeatures) -> dict[str, Any]:
    values = {"path": of_report(found.path), "kind": kind_of_table(found.features)}
    return values if found.path_any is None else {**values, "path_any": of_report(found.path_any)}


def features_of(
    contents: Contents, arrests: Arrests, engine: Engine, path_config: PathConfig, place: Engine | None = None
) -> FeatureSet:
    """The inverse of :func:`of_features`, for the same arrests, engine and configuration of paths.

    `place` is the engine in whose memory tables lie, if that is another one than the network's.

    Raises
    ------
    Damaged
        If they cannot be features of these arrests.
    """
    past = _features(contents, arrests, place or engine, path_config, path_config)
    network = build_network(arrests.to_engine(engine), engine)
    inside = np.zeros(arrests.n_persons, np.bool_)
    inside[to_host(network.person)] = True
    near = contents.frames["features"]["closeness__all"].to_numpy()
    require(near[inside].min(initial=1.0) > 0, "closeness__all is 0 of somebody in the network")
    groups = _groups(contents.frames.get("groups"), arrests, inside)
    table = from_arrow(groups, valid(_FEATURE_VALUES, contents.values, "its values").kind).to_native()
    layers = layers_of(arrests, network)
    ties = ties_with_kinds(arrests, network, layers) if layers else ties_table(arrests, network)
    return FeatureSet(past.features, table, ties, network, past.path, layers, past.path_any)


def _groups(groups: Any, arrests: Arrests, inside: NDArray[np.bool_]) -> pa.Table:
    """The table of groups; `inside` says who is in the network."""
    ids = array_of(arrests.person_ids)
    schema = [
        pa.field("person_id", ids.type, nullable=False),
        ("gang", _TEXT),
        ("group", _WHOLE),
        ("community", _WHOLE),
        pa.field("file_order", _WHOLE, nullable=False),
    ]
    groups = table_like(groups, "groups", pa.schema(schema), len(ids))
    require(groups["person_id"].combine_chunks().equals(ids), "groups are of other persons")
    gangs = array_of(arrests.gang_names)
    known = pc.is_in(groups["gang"], value_set=gangs, skip_nulls=True).to_numpy()
    without = groups["gang"].is_null().to_numpy()
    require(np.all(known | without), "groups name a gang that there is not")
    _within(groups["group"], "group", inside & ~without)
    _within(groups["community"], "community", inside)
    require(np.array_equal(np.sort(groups["file_order"].to_numpy()), np.arange(len(ids))), "file_order is no order")
    return groups


def _within(column: Any, name: str, present: NDArray[np.bool_]) -> None:
    """A column of numbers of groups: of these persons, and nobody else."""
    require(np.array_equal(column.is_valid().to_numpy(), present), f"{name} is null of others")
    found = column.drop_null().to_numpy()
    require(not len(found) or (found.min() >= 0 and found.max() < len(found)), f"{name} is out of its range")


def of_past(found: FeatureSet | PastFeatures) -> Contents:
    """What a forecast needs of an earlier day."""
    return Contents(_values(found), frames={"features": found.features})


def past_of(
    contents: Contents,
    arrests: Arrests,
    engine: Engine,
    path_config: PathConfig,
    union_config: PathConfig | None = None,
) -> PastFeatures:
    """The inverse of :func:`of_past`, for the same arrests, engine and configurations of paths.

    `union_config` is that of the union of all layers, `path_config` if None.

    Raises
    ------
    Damaged
        If they cannot be features of these arrests.
    """
    return _features(contents, arrests, engine, path_config, union_config or path_config)


def _features(
    contents: Contents, arrests: Arrests, engine: Engine, path_config: PathConfig, union_config: PathConfig
) -> PastFeatures:
    """The table of features, and how path features were computed."""
    values = valid(_FEATURE_VALUES, contents.values, "its values")
    require_place(values.kind, engine, exactly=True)
    config, ids = arrests.config, array_of(arrests.person_ids)
    declared = columns(config.sets, offences=not config.input.is_absent("offence"), layers=arrests.layers)
    kinds = {"int64": _WHOLE, "float64": pa.float64(), "bool": pa.bool_()}
    fields = [pa.field(name, kinds[of.dtype], nullable=bool(of.null)) for name, of in declared.items()]
    schema = pa.schema([pa.field("person_id", ids.type, nullable=False), *fields])
    table = table_like(contents.frames.get("features"), "features", schema, len(ids))
    require(table["person_id"].combine_chunks().equals(ids), "features are of other persons")
    for name, feature in declared.items():
        column = table[name]
        require(feature.known or column.null_count == len(column), f"{name} is not null")
        check_column(feature, column.drop_null().to_numpy(), len(ids))
    check_report(values.path, path_config, config.sets)
    if arrests.layers:
        check_report(values.path_any, union_config, config.sets)
    else:
        require(values.path_any is None, "it reports paths of layers that there are not")
    return PastFeatures(from_arrow(table, values.kind).to_native(), values.path, values.path_any)


def check_column(feature: Feature, values: NDArray[Any], persons: int) -> None:
    """Raise Damaged if values of a feature, none of them null, are such that it never has."""
    if not len(values) or feature.dtype == "bool":
        return
    least, most = 0.0, float(2**53)  # more nobody counts
    if feature.unit in ("share", "ratio", "1/ties"):
        most = 1.0
    elif feature.unit in ("persons", "core number"):
        most = float(persons)
    elif feature.name.startswith("betweenness__"):
        least, most = -1e-3, float(persons) ** 2  # of which nothing can be a little less
    require(values.min() >= least and values.max() <= most, f"{feature.name} is out of its range")


def of_report(report: PathReport | None) -> Any:
    """How path features were computed, as values that JSON can hold."""
    return _REPORT.dump_python(report)


def check_report(report: PathReport | None, config: PathConfig, sets: tuple[str, ...]) -> None:
    """Raise Damaged if path features of these sets cannot have been computed so under this configuration."""
    if report is None:
        raise Damaged("its report of paths is missing")
    same = (report.asked, report.epsilon, report.delta, report.seed, report.by_cugraph) == (
        config.betweenness, config.epsilon, config.delta, config.seed, config.whole_network != "gpunet",
    )  # fmt: skip
    require(same, "its report of paths is of another configuration")
    figures = report.estimate.as_dict().values()
    require(all(0 <= figure < np.inf for figure in figures), "its estimate of work is out of its range")
    beyond = report.estimate.exact_core_seconds > config.budget
    chosen = "approx" if config.betweenness == "approx" or (config.betweenness == "auto" and beyond) else "exact"
    require(chosen == report.chosen == report.estimate.method, "its report of paths says another method")
    require(set(report.sets) == (set(sets) if chosen == "approx" else set()), "its report of paths has other sets")
    for found in report.sets.values():
        inside = found.samples >= 0 and found.checks >= 0 and 0 <= found.certified_error <= config.epsilon
        require(inside, "its report of paths is out of its range")
