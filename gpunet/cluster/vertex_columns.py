"""What follows from the network alone, as the contents of a checkpoint; see :mod:`gpunet.runs.kept_features`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from gpunet.arrests.network import Network
from gpunet.base.array_types import Int32
from gpunet.config.config import PathConfig
from gpunet.config.registry import PATH_FAMILIES, columns
from gpunet.features.column import Columns
from gpunet.features.community import Partition, consecutive
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.kept_features import check_column, check_report, of_report
from gpunet.runs.read_back import numbers, require, valid
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import to_host

__all__ = ["VertexColumns", "contents_of", "vertex_columns_of"]

# Where a share is of nobody it is null; that other columns are, without a gang, is seen to later.
_WITH_NULLS = ("share", "ratio")

_OVER_VERTICES = ("neighbourhood", "community", *PATH_FAMILIES)


@dataclass(frozen=True, eq=False)
class VertexColumns:
    """The partitions of a network, columns over its vertices, and how betweenness was computed."""

    partition: Partition
    columns: Columns
    path: PathReport | None


def contents_of(found: VertexColumns) -> Contents:
    """The contents of a checkpoint."""
    arrays = {f"partition {name}": getattr(found.partition, name) for name in ("gang", "group", "community")}
    for name, column in found.columns.items():
        if isinstance(column, tuple):
            arrays[f"values {name}"], arrays[f"null {name}"] = column
        else:
            arrays[f"values {name}"] = column
    values = {"columns": list(found.columns), "path": of_report(found.path)}
    return Contents(values, {name: to_host(array) for name, array in arrays.items()})


@checked(config=ConfigDict(extra="forbid"))
class _Values:
    columns: list[str]
    path: PathReport | None


_VALUES = TypeAdapter(_Values)


def vertex_columns_of(
    contents: Contents, network: Network, gang: Int32, families: Collection[str], config: PathConfig
) -> VertexColumns:
    """The inverse of :func:`contents_of`, for the same network, most recent gangs, families and configuration.

    Raises
    ------
    Damaged
        If they cannot be columns of this network.
    """
    values, arrays, n = valid(_VALUES, contents.values, "its values"), contents.arrays, network.n
    declared = {
        name: feature for name, feature in columns(network.sets, families).items() if feature.family in _OVER_VERTICES
    }
    require(sorted(values.columns) == sorted(declared), "it has other columns")
    found: Columns = {}
    for name in values.columns:
        column = numbers(arrays.get(f"values {name}"), name, declared[name].dtype, (n,), -np.inf, np.inf)
        null = arrays.get(f"null {name}")
        require((null is not None) == (declared[name].unit in _WITH_NULLS), f"{name} has nulls, or has them no more")
        if null is not None:
            numbers(null, f"null {name}", np.bool_, (n,), False, bool(declared[name].null))
        check_column(declared[name], column if null is None else column[~null], n)
        found[name] = column if null is None else (column, null)
    check_report(values.path, config, tuple(network.sets))
    parts = [
        numbers(arrays.get(f"partition {name}"), name, np.int32, (n,), low, most)
        for name, low, most in (("gang", -1, np.inf), ("group", -1, n - 1), ("community", 0, n - 1))
    ]
    partition = Partition(*parts)
    require(np.array_equal(partition.gang, consecutive(gang)), "gang is that of others")
    require(np.array_equal(partition.group < 0, partition.gang < 0), "group is that of others")
    return VertexColumns(partition, found, values.path)
