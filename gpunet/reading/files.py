"""Files as streams of PyArrow tables: Parquet, text, Arrow and workbooks, a bounded number of rows at a time."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gpunet.base.errors import InputError, UnreadableFile, in_words
from gpunet.config.config import InputConfig
from gpunet.reading import delimited
from gpunet.reading.folder_keys import NO_KEYS, FolderKeys
from gpunet.reading.periods import starts_of
from gpunet.reading.pseudonymised import pseudonyms_in
from gpunet.reading.schemas import columns_of_schema, text_columns
from gpunet.reading.sources import Source
from gpunet.reading.text_layout import TextLayout
from gpunet.reading.unpacking import READ_ERRORS, contents_of, seekable
from gpunet.reading.values import Meaning, meaning_of
from gpunet.reading.workbook import read_workbook
from gpunet.tables.arrow_paths import for_arrow
from gpunet.tables.arrow_text import cannot_be_read, is_uuid, plain_array

__all__ = ["BATCH_ROWS", "InputFile", "open_file"]

#: Rows that are checked and coded at a time: few enough to need little memory, enough to make Python's share small.
BATCH_ROWS = 1 << 17

_NO_WORDS = Meaning(frozenset())

#: Text as the bytes that it is stored in.
_BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}


@dataclass(eq=False)
class InputFile:
    """An opened input file.

    ``types`` holds the columns' PyArrow types by name, in the file's order, and those of the keys in the names of its
    folders; ``repeated`` the names that occur twice. ``keys`` are these keys, and ``meaning`` is that of their columns.
    ``periods`` has the frequencies of columns of pandas' periods, which are read as timestamps. ``plain``: whether all
    columns are as they are read, but for the folders' keys.
    ``header_only`` is true of a file in which nothing follows the header, or that is empty.
    ``notes`` tells how it was read where its name does not say so. ``text`` and ``layout`` are what was found out of a
    text file, ``sheet`` is the table of a workbook.
    ``malformed`` fills, while :meth:`batches` is read, with the numbers and texts of CSV rows of a wrong length, and
    ``warnings`` and ``notes`` with what shows only then. ``share`` is how much of the file is read by then, as far as
    that is known: of Parquet by its ``rows``. ``parquet`` is a file of Parquet in memory, which is open.
    ``pseudonyms`` is what it says of these.
    """

    source: Source
    types: Mapping[str, Any]
    repeated: frozenset[str]
    sha256: str | None
    encoding: str | None = None
    warnings: list[str] = field(default_factory=list)
    header_only: bool = False
    malformed: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    keys: FolderKeys = NO_KEYS
    meaning: Meaning = _NO_WORDS
    periods: Mapping[str, str] = field(default_factory=dict)
    plain: bool = False
    text: delimited.Scan | None = None
    layout: TextLayout | None = None
    sheet: Any = None
    rows: int | None = None
    parquet: Any = None
    share: float = 0.0
    pseudonyms: Mapping[str, str] | None = None

    def batches(self, columns: Mapping[str, str]) -> Iterator[Any]:
        """Yield tables of at most ``BATCH_ROWS`` rows with the columns ``{name to give: name in the file}``.

        Raises
        ------
        UnreadableFile
            If the file turns out to be damaged, or is gone.
        """
        names = sorted(set(columns.values()) - set(self.keys.added)) or list(self.types)[:1]
        self.share = 0.0
        try:
            for batch in self._raw(names):
                if self.rows:
                    self.share += len(batch) / self.rows
                table = self._table(batch, columns)
                for start in range(0, len(table), BATCH_ROWS):
                    yield table.slice(start, BATCH_ROWS)
        except (*READ_ERRORS, ValueError, KeyError, pa.ArrowException) as error:
            raise UnreadableFile(self.source.name, f"not readable: {in_words(error)}") from error

    def _raw(self, names: list[str]) -> Iterator[Any]:
        if self.header_only:
            return iter(())
        if self.text is not None and self.layout is not None:
            told = (self.malformed, self.warnings, self.notes)
            return delimited.read_blocks(self.source, self.text, self.layout, names, *told, self._read)
        if self.source.kind == "workbook":
            return iter(self.sheet.select(names).to_batches(BATCH_ROWS))
        if self.source.kind == "parquet":
            return self._parquet(names)
        return _ipc(self.source, names)

    def _parquet(self, names: list[str]) -> Iterator[Any]:
        if self.parquet is not None:  # small, so that threads would cost more than they gain
            yield from self.parquet.iter_batches(BATCH_ROWS, columns=names, use_threads=False)
            return
        with (
            seekable(self.source.file, self.source.packing, self.source.member) as opened,
            # A small read buffer instead of whole column chunks: a file may be one single row group.
            pq.ParquetFile(_for_arrow(opened), buffer_size=1 << 20, pre_buffer=False) as file,
        ):
            groups = None if self.source.groups is None else list(self.source.groups)
            yield from file.iter_batches(BATCH_ROWS, columns=names, row_groups=groups)

    def _read(self, data: bytes) -> None:
        self.share += len(data) / max(1, self.source.size_bytes)

    def _table(self, batch: Any, columns: Mapping[str, str]) -> Any:
        if self.plain and self.keys is NO_KEYS:
            with suppress(pa.ArrowInvalid):  # else it is said of which column
                batch.validate(full=True)
                return pa.Table.from_arrays(list(map(batch.column, columns.values())), list(columns))
        return pa.table({ours: self._column(batch, theirs) for ours, theirs in columns.items()})

    def _column(self, batch: Any, column: str) -> Any:
        """A column without encodings that save space, its text looked through, filled up from the folders' names."""
        if column in self.keys.added:
            return self.keys.constant(column, len(batch))
        name, array, kind = self.source.name, batch.column(column), self.types[column]
        try:
            if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
                _check_bounds(array)
        except pa.ArrowException as error:
            raise UnreadableFile(name, f'column "{column}" is damaged: write the file anew') from error
        try:
            if column in self.periods:
                array = starts_of(array, self.periods[column], f'column "{column}"')
            array = plain_array(array.cast(kind) if is_uuid(kind) else array)
            array.validate(full=True)  # text that is not UTF-8 must not go further
        except pa.ArrowException as error:
            of_values = kind.value_type if pa.types.is_dictionary(kind) else kind
            raise UnreadableFile(name, f'column "{column}": {cannot_be_read(of_values)}') from error
        except InputError as error:
            raise UnreadableFile(name, str(error)) from error
        return self.keys.filled(array, column, self.meaning, name) if column in self.keys.shared else array


def _check_bounds(array: Any) -> None:
    """ArrowInvalid if an index or an offset leads out of an array: a cast would follow it, and end the process.

    Whether text is UTF-8 shows when it is plain: of a dictionary only what rows have counts.
    """
    if pa.types.is_dictionary(array.type):
        array.validate()
        least, most = (end.as_py() for end in pc.min_max(array.indices).values())
        array = array.dictionary
        if least is not None and not 0 <= least <= most < len(array):  # None: all are null
            raise pa.ArrowInvalid("an index past its dictionary")
    if any(array.type == text for text in _BYTES):  # a type of the user's own may have no hash
        array = array.view(_BYTES[array.type])
    array.validate(full=True)


def open_file(source: Source, config: InputConfig) -> InputFile:
    """Look what a file is, hash it and find out its columns, and those in the names of its folders.

    Of a Parquet file that is to be read in pieces, only the piece that begins it has its hash.

    Raises
    ------
    UnreadableFile
        If it is not a file of its kind, or is gone; the message names it.
    """
    opened = source.file
    if source.groups is None:  # else it is large
        try:
            opened = opened.read()
        except READ_ERRORS as error:
            raise UnreadableFile(source.name, f"not readable: {in_words(error)}") from error
    contents = contents_of(opened, source.name)
    if not contents.kind:
        raise UnreadableFile(source.name, "neither its first bytes nor its name say what kind of table it is")
    source = replace(source, kind=contents.kind, packing=contents.packing, member=contents.member, data=opened.data)
    file = _open_text(source, config) if source.kind == "csv" else _open_table(source, config)
    file.notes[:0] = contents.notes
    if file.types and source.keys:  # an empty file has no columns, and no rows to which its folders would say anything
        file.keys, file.meaning = FolderKeys.beside(file.types, source.keys, source.name), meaning_of(config, "force")
        file.types = {**file.types, **dict.fromkeys(file.keys.added, pa.large_string())}
    return file


def _open_text(source: Source, config: InputConfig) -> InputFile:
    found = delimited.scan(source, config)
    layout = delimited.layout_of_text(source, found.encoding, config)
    columns = text_columns(layout.names[: len(layout.names) - layout.extra])
    return InputFile(
        source,
        columns.types,
        columns.repeated,
        found.sha256,
        found.encoding,
        list(found.warnings),
        not layout.rows,
        notes=[*found.notes, *layout.notes],
        plain=columns.plain,
        text=found,
        layout=layout,
    )


def _open_table(source: Source, config: InputConfig) -> InputFile:
    kind = {"parquet": "Parquet", "ipc": "Arrow/Feather", "workbook": "a workbook"}[source.kind]
    sheet, parquet, notes, warnings, malformed, metadata = None, None, [], [], [], None
    try:
        with seekable(source.file, source.packing, source.member) as opened:
            if source.kind == "parquet":
                parquet = pq.ParquetFile(_for_arrow(opened), pre_buffer=False)
                columns, metadata = (
                    columns_of_schema(parquet.schema_arrow, parquet.schema),
                    parquet.schema_arrow.metadata,
                )
            elif source.kind == "ipc":
                with _arrow_file(opened) as arrow:
                    schema = _ipc_reader(arrow).schema
                    columns, metadata = columns_of_schema(schema), schema.metadata
            else:
                found = read_workbook(opened, source.name, config)
                sheet = pa.table(found.columns, names=found.names)
                columns, notes, malformed = columns_of_schema(sheet.schema), found.notes, found.totals
                warnings = [] if found.names else [f"{source.name}: the file is empty"]
        sha256 = None if source.first_row else source.file.sha256()
    except (*READ_ERRORS, ValueError, pa.ArrowException) as error:
        raise UnreadableFile(source.name, f"not readable as {kind}: {in_words(error)}") from error
    return InputFile(
        source,
        columns.types,
        columns.repeated,
        sha256,
        warnings=warnings,
        header_only=not columns.types,
        malformed=malformed,
        notes=notes,
        periods=columns.periods,
        plain=columns.plain,
        sheet=sheet,
        rows=None if parquet is None else parquet.metadata.num_rows,
        parquet=parquet if source.is_in_memory else None,
        pseudonyms=pseudonyms_in(metadata, source.name),
    )


def _ipc(source: Source, names: list[str]) -> Iterator[Any]:
    with seekable(source.file, source.packing, source.member) as opened, _arrow_file(opened) as file:
        reader = _ipc_reader(file, names)
        if isinstance(reader, pa.ipc.RecordBatchFileReader):
            batches: Iterable[Any] = map(reader.get_batch, range(reader.num_record_batches))
        else:
            batches = reader
        for batch in batches:
            yield batch.select(names)


def _for_arrow(opened: Any) -> Any:
    if isinstance(opened, io.BytesIO):
        return pa.BufferReader(opened.getvalue())
    return for_arrow(opened) if isinstance(opened, str) else opened


def _arrow_file(opened: Any) -> Any:
    """A path or a file as PyArrow's; read and not mapped, so that what has been read does not stay in memory."""
    if isinstance(opened, io.BytesIO):
        return _for_arrow(opened)
    return pa.OSFile(os.fsencode(opened)) if isinstance(opened, str) else pa.PythonFile(opened, "r")


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
