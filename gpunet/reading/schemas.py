"""What a schema says of a table's columns, found out once for files in a row that have the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from gpunet.reading.periods import frequency_of

__all__ = ["TableColumns", "columns_of_schema", "text_columns"]


@dataclass(frozen=True)
class TableColumns:
    """The columns of a table.

    ``types``: PyArrow's, by name, in the table's order. ``repeated``: names that occur twice. ``periods``: frequencies
    of columns of pandas' periods, which are read as timestamps. ``plain``: whether all are as they are read, and
    nothing but their text has to be looked through.
    """

    types: Mapping[str, Any]
    repeated: frozenset[str]
    periods: Mapping[str, str] = field(default_factory=dict)
    plain: bool = False


#: The schema that was asked for last, its columns, and whether some may be bytes.
_LAST: list[tuple[pa.Schema, TableColumns, bool]] = []


def columns_of_schema(schema: pa.Schema, parquet: Any = None) -> TableColumns:
    """The columns of a schema, and of the Parquet schema that it comes from, if it does.

    Thousands of files in a row have the same, which is compared in no time. Columns of bytes may be UUIDs, which only
    the Parquet schema tells: where there is one, such files are looked at each by itself.
    """
    for known, columns, has_bytes in _LAST:
        if not (has_bytes and parquet is not None) and schema.equals(known, check_metadata=True):
            return columns
    has_bytes = any(map(_may_be_bytes, schema.types))
    if has_bytes and parquet is not None:
        return _columns(schema, _uuids(parquet))
    columns = _columns(schema, ())
    _LAST[:] = [(schema, columns, has_bytes)]
    return columns


def text_columns(names: Sequence[str]) -> TableColumns:
    """Columns of text."""
    return TableColumns(dict.fromkeys(names, pa.large_string()), _repeated(names), plain=True)


def _columns(schema: pa.Schema, uuids: Iterable[str]) -> TableColumns:
    names = schema.names  # one may turn out not to be UTF-8
    found = {field.name: frequency_of(field) for field in schema}
    periods = {name: frequency for name, frequency in found.items() if frequency}
    types = {field.name: pa.timestamp("us") if field.name in periods else field.type for field in schema}
    types |= {name: pa.uuid() for name in uuids if schema.get_field_index(name) >= 0}
    plain = not periods and all(pa.types.is_primitive(kind) or kind == pa.large_string() for kind in types.values())
    return TableColumns(types, _repeated(names), periods, plain)


def _may_be_bytes(kind: Any) -> bool:
    """Whether a column's values may be bytes, whatever is around them."""
    return not (pa.types.is_primitive(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _uuids(parquet: Any) -> list[str]:
    """The columns of a Parquet schema that are said to have UUIDs."""
    leaves = (parquet.column(i) for i in range(len(parquet)))
    return [leaf.path for leaf in leaves if leaf.logical_type.type == "UUID"]


def _repeated(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name, times in Counter(names).items() if times > 1)
