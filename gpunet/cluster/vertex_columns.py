"""What follows from the network alone, as the contents of a checkpoint and back; see :mod:`gpunet.runs.snapshots`."""

from __future__ import annotations

from dataclasses import dataclass

from gpunet.features.column import Columns
from gpunet.features.community import Partition
from gpunet.runs.checkpoint_file import Contents
from gpunet.runs.snapshots import of_report, report_of
from gpunet.search.path_report import PathReport
from gpunet.tables.arrays import to_host

__all__ = ["VertexColumns", "contents_of", "vertex_columns_of"]


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


def vertex_columns_of(contents: Contents) -> VertexColumns:
    """The inverse of :func:`contents_of`."""
    arrays = contents.arrays
    columns: Columns = {}
    for name in contents.values["columns"]:
        values, null = arrays[f"values {name}"], arrays.get(f"null {name}")
        columns[name] = values if null is None else (values, null)
    partition = Partition(*(arrays[f"partition {name}"] for name in ("gang", "group", "community")))
    return VertexColumns(partition, columns, report_of(contents.values["path"]))
