"""One type for all text of PyArrow's arrays, of which it has many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["as_wide_text", "one_array", "plain_array"]


def as_wide_text(table: pa.Table) -> pa.Table:
    """`table` with every text column as ``large_string``, so that equal tables of different makers are one schema."""
    import pyarrow as pa

    narrow = (pa.string(), pa.string_view())
    schema = pa.schema(
        [field.with_type(pa.large_string()) if field.type in narrow else field for field in table.schema],
        metadata=table.schema.metadata,
    )
    return table if schema == table.schema else table.cast(schema)


def plain_array(array: Any) -> Any:
    """A PyArrow array, chunked or not, without encodings that save space; text, bytes and nulls as ``large_string``.

    Raises
    ------
    pyarrow.ArrowException
        If there are bytes that are not UTF-8.
    """
    import pyarrow as pa

    if isinstance(array.type, pa.BaseExtensionType):
        array = array.cast(array.type.storage_type)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if array.type in (pa.string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view(), pa.null()):
        return array.cast(pa.large_string())
    return array


def one_array(array: Any) -> Any:
    """A PyArrow array, chunked or not, as one that is not."""
    import pyarrow as pa

    if not isinstance(array, pa.ChunkedArray):
        return array
    if array.num_chunks == 1:
        return array.chunk(0)
    return pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
