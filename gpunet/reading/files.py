"""Files as streams of PyArrow tables: Parquet, CSV and Arrow/Feather, a bounded number of rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gpunet.base.errors import UnreadableFile, in_words
from gpunet.reading import delimited
from gpunet.reading.sources import Source
from gpunet.tables.files import sha256_of
from gpunet.tables.frames import plain_array

__all__ = ["BATCH_ROWS", "InputFile", "open_file"]

#: Rows that are checked and coded at a time: few enough to need little memory, enough to make Python's share small.
BATCH_ROWS = 1 << 17


@dataclass(eq=False)
class InputFile:
    """An opened input file.

    ``types`` holds the columns' PyArrow types by name, in the file's order; ``repeated`` the names that occur twice.
    ``header_only`` is true of a CSV file in which nothing follows the header, or that is empty.
    ``quoted`` is false of a CSV file without quotation marks.
    ``malformed`` fills, while :meth:`batches` is read, with the numbers and texts of CSV rows of a wrong length, and
    ``warnings`` with what shows only then.
    """

    source: Source
    types: Mapping[str, Any]
    repeated: frozenset[str]
    sha256: str | None
    encoding: str | None = None
    warnings: list[str] = field(default_factory=list)
    header_only: bool = False
    quoted: bool = True
    malformed: list[tuple[int, str]] = field(default_factory=list)

    def batches(self, columns: Mapping[str, str]) -> Iterator[Any]:
        """Yield tables of at most ``BATCH_ROWS`` rows with the columns ``{name to give: name in the file}``.

        Raises
        ------
        UnreadableFile
            If the file turns out to be damaged, or is gone.
        """
        names = sorted(set(columns.values()))
        try:
            for batch in self._raw(names):
                table = pa.table({ours: _plain(batch.column(theirs)) for ours, theirs in columns.items()})
                table.validate(full=True)  # text that is not UTF-8 must not go further
                for start in range(0, len(table), BATCH_ROWS):
                    yield table.slice(start, BATCH_ROWS)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise UnreadableFile(self.source.name, f"not readable: {in_words(error)}") from error

    def _raw(self, names: list[str]) -> Iterator[Any]:
        if self.header_only:
            return iter(())
        if self.source.kind == "csv":
            encoding = self.encoding or "utf-8"
            return delimited.read_blocks(self.source, encoding, names, self.malformed, self.warnings, self.quoted)
        if self.source.kind == "parquet":
            return _parquet(self.source, names)
        return _ipc(self.source, names)


def _plain(array: Any) -> Any:
    """As :func:`~gpunet.tables.frames.plain_array`; bytes of a fixed length as text too."""
    array = plain_array(array)
    return array.cast(pa.large_string()) if pa.types.is_fixed_size_binary(array.type) else array


def open_file(source: Source) -> InputFile:
    """Hash a file and find out its columns.

    Of a Parquet file that is to be read in pieces, only the piece that begins it has its hash.

    Raises
    ------
    UnreadableFile
        If it is not a file of its kind, or is gone; the message names it.
    """
    try:
        if source.kind == "csv":
            found = delimited.scan(source)
            names, more = delimited.header_of(source, found.encoding)
            types = dict.fromkeys(names, pa.large_string())
            return InputFile(
                source,
                types,
                _repeated(names),
                found.sha256,
                found.encoding,
                list(found.warnings),
                not more,
                found.quoted,
            )
        if source.kind == "parquet":
            schema = pq.read_schema(source.path)
        else:
            with pa.OSFile(str(source.path)) as opened:
                schema = _ipc_reader(opened).schema
        names, types = schema.names, schema.types  # a name may turn out not to be UTF-8
        sha256 = None if source.first_row else sha256_of(source.path)
    except (OSError, ValueError, pa.ArrowException) as error:
        kind = {"parquet": "Parquet", "csv": "CSV", "ipc": "Arrow/Feather"}[source.kind]
        raise UnreadableFile(source.name, f"not readable as {kind}: {in_words(error)}") from error
    by_name = dict(zip(names, types, strict=True))
    return InputFile(source, by_name, _repeated(names), sha256)


def _repeated(names: list[str]) -> frozenset[str]:
    return frozenset(name for name in names if names.count(name) > 1)


def _parquet(source: Source, names: list[str]) -> Iterator[Any]:
    # A small read buffer instead of whole column chunks: a file may be one single row group.
    with pq.ParquetFile(source.path, buffer_size=1 << 20, pre_buffer=False) as file:
        groups = None if source.groups is None else list(source.groups)
        yield from file.iter_batches(BATCH_ROWS, columns=names, row_groups=groups)


def _ipc(source: Source, names: list[str]) -> Iterator[Any]:
    # Read and not mapped, so that what has been read does not stay in memory.
    with pa.OSFile(str(source.path)) as file:
        reader = _ipc_reader(file, names)
        if isinstance(reader, pa.ipc.RecordBatchFileReader):
            batches: Iterable[Any] = map(reader.get_batch, range(reader.num_record_batches))
        else:
            batches = reader
        for batch in batches:
            yield batch.select(names)


def _ipc_reader(file: Any, names: list[str] | None = None) -> Any:
    """The reader of an Arrow file, of these columns alone, or of a stream, of which all columns are read."""
    try:
        reader = pa.ipc.open_file(file)
        if names is None:
            return reader
        wanted = [reader.schema.get_field_index(name) for name in names]
        return pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=wanted))
    except pa.ArrowInvalid:
        file.seek(0)
        return pa.ipc.open_stream(file)
