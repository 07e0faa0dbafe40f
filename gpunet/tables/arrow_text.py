"""One type for all text of PyArrow's arrays, of which it has many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["as_wide_text", "cannot_be_read", "is_uuid", "one_array", "plain_array", "stored_type"]


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

    A UUID is the text of its 32 digits and four hyphens. Extension types are what they are stored as, but for periods,
    whose storage says nothing without the type.

    Raises
    ------
    pyarrow.ArrowException
        If there are bytes that are not UTF-8.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_primitive(array.type) or array.type == pa.large_string():
        return array
    while (kind := stored_type(array.type)) != array.type:
        array = array.cast(kind)
    if is_uuid(array.type):
        return _uuid_text(array)
    if pa.types.is_dictionary(array.type):
        return plain_array(array.cast(array.type.value_type))
    if pa.types.is_run_end_encoded(array.type):
        return plain_array(pc.run_end_decode(array))
    if pa.types.is_fixed_size_binary(array.type) or array.type in (
        pa.string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.binary_view(),
        pa.null(),
    ):
        return array.cast(pa.large_string())
    return array


def stored_type(kind: Any) -> Any:
    """The type in whose place values of an extension type are read: itself if these are UUIDs or periods."""
    import pyarrow as pa

    read_as_such = is_uuid(kind) or getattr(kind, "extension_name", "") == "pandas.period"
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) and not read_as_such else kind


def is_uuid(kind: Any) -> bool:
    """Whether a PyArrow type is that of UUIDs."""
    return getattr(kind, "extension_name", "") == "arrow.uuid"


def cannot_be_read(kind: Any) -> str:
    """What to say of a column whose values have no text, or none that is UTF-8."""
    import pyarrow as pa

    if kind in (pa.string(), pa.large_string(), pa.string_view()):
        return "its text is not UTF-8: write it anew"
    return f"type {kind} cannot be read: write it as text"


def _uuid_text(array: Any) -> Any:
    import polars as pl
    import pyarrow as pa

    digits = pl.Series(pl.from_arrow(array.cast(array.type.storage_type).cast(pa.binary()))).bin.encode("hex")
    texts = digits.str.replace("^(.{8})(.{4})(.{4})(.{4})(.{12})$", "${1}-${2}-${3}-${4}-${5}")
    return texts.to_arrow().cast(pa.large_string())


def one_array(array: Any) -> Any:
    """A PyArrow array, chunked or not, as one that is not."""
    import pyarrow as pa

    if not isinstance(array, pa.ChunkedArray):
        return array
    if array.num_chunks == 1:
        return array.chunk(0)
    return pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
