"""The file of links: its columns, and that it is written whole, with the log's entry before it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from gpunet.base.errors import InputError, cannot_write, in_words
from gpunet.base.paths import check_regular
from gpunet.tables.files import sha256_of, write_whole
from gpunet.tables.frames import to_arrow
from gpunet.tables.parquet import read_parquet, read_parquet_metadata, write_parquet

__all__ = ["SCHEMA", "read_links", "write_links"]

#: The columns of ``links.parquet``.
SCHEMA = pa.schema(
    [
        ("person_a", pa.large_string()),
        ("person_b", pa.large_string()),
        ("probability", pa.float64()),
        ("on", pa.large_string()),
        ("decision", pa.large_string()),
        ("decided_by", pa.large_string()),
        ("decided_at", pa.large_string()),
        ("note", pa.large_string()),
        ("history", pa.large_string()),
    ]
)


def write_links(path: Path, table: pa.Table, metadata: Mapping[str, Any], before: Callable[[str], object]) -> None:
    """Write links; `before` gets the SHA-256 of the file before it is in its place.

    Raises
    ------
    GpunetError
        If it cannot be written.
    """

    def write(partial: Path) -> None:
        write_parquet(partial, table, metadata)
        before(sha256_of(partial))

    try:
        write_whole(path, write)
    except OSError as error:
        raise cannot_write(f"cannot write {path}", error) from error


def read_links(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    """The links of a file, and what it says of itself.

    Raises
    ------
    InputError
        If it is not one that ``gpunet link`` has written.
    """
    try:
        check_regular(path)
    except OSError as error:
        raise InputError(f"cannot read {path}: {in_words(error)}") from error
    metadata = read_parquet_metadata(path)
    found: pa.Table = to_arrow(read_parquet(path))
    try:
        table = found.cast(SCHEMA)
    except (pa.ArrowException, ValueError) as error:
        raise InputError(f"{path} is not a file of links: make one with gpunet link") from error
    if metadata is None or "links" not in metadata:
        raise InputError(f"{path} is not a file of links: make one with gpunet link")
    return table, metadata
