"""The tables of a run, a row a person, from columns over persons and over vertices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
from numpy.typing import NDArray

from gpunet.base.array_types import Int32, Int64
from gpunet.config.registry import Feature
from gpunet.features.column import Column, Columns, spread
from gpunet.tables.arrays import inverse_order, namespace, put_at, sort_order
from gpunet.tables.frames import make_frame
from gpunet.tables.gather import gather

__all__ = ["feature_table", "file_order_of", "groups_table"]


def feature_table(
    ids: nw.Series[Any],
    declared: Mapping[str, Feature],
    over_persons: Columns,
    over_vertices: Columns,
    person: NDArray[Any],
    gang: Int32,
    backend: str = "polars",
) -> Any:
    """``person_id`` and every declared column.

    Parameters
    ----------
    ids
        The persons' ids.
    declared
        The columns wanted, in the order of the output.
    over_persons, over_vertices
        The columns, each in one of the two.
    person
        Position of each vertex among the persons.
    gang
        int32[persons], code of the most recent gang, -1 for none.
    backend
        The kind of frame.
    """
    found = dict(over_persons)
    for name, column in over_vertices.items():
        found[name] = spread(column, person, gang.shape[0], declared[name])
    _null_without_gang(found, gang)
    for name in (name for name, feature in declared.items() if not feature.known):
        column = found[name]
        values = column[0] if isinstance(column, tuple) else column
        xp = namespace(values)
        found[name] = (values, xp.ones(values.shape[0], dtype=xp.bool))
    return make_frame({"person_id": ids.alias("person_id"), **{name: found[name] for name in declared}}, backend)


def _null_without_gang(found: Columns, gang: Int32) -> None:
    """Group columns are null for whoever has no gang, in the network or not."""
    for name in found:
        if name.startswith(("group_", "gang_")):
            column = found[name]
            found[name] = (column[0], column[1] | (gang < 0)) if isinstance(column, tuple) else (column, gang < 0)


def groups_table(
    ids: nw.Series[Any],
    gang_names: nw.Series[Any],
    gang: Int32,
    group: Int32,
    community: Int32,
    person: NDArray[Any],
    file_order: Int64,
    backend: str = "polars",
) -> Any:
    """``person_id, gang, group, community, file_order``; `group` and `community` are over vertices, the rest as above.

    `file_order` is that of :func:`file_order_of`: whoever reads the tables of a run, which are sorted by ids, finds in
    it an order that does not depend on how persons are called.
    """
    xp = namespace(gang)

    def over_persons(community: Any) -> Column:
        out = put_at(xp.astype(community, xp.int64), person, gang.shape[0], -1)
        return xp.where(out < 0, 0, out), out < 0

    columns = {
        "person_id": ids.alias("person_id"),
        "gang": gather(gang_names, gang, "gang"),
        "group": over_persons(group),
        "community": over_persons(community),
        "file_order": file_order,
    }
    return make_frame(columns, backend)


def file_order_of(first_rows: Int64) -> Int64:
    """int64[persons], how many others the files name before each person.

    Parameters
    ----------
    first_rows
        int64[persons], :attr:`gpunet.Arrests.first_rows`: where each of them is first named.

    Examples
    --------
    >>> file_order_of(np.array([7, 2, 40])).tolist()
    [1, 0, 2]
    """
    return inverse_order(sort_order([first_rows]), first_rows.shape[0])
