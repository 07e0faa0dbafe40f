"""Tables of pseudonyms of a key, wherever they lie."""

from __future__ import annotations

from pathlib import Path

from gpunet.base.errors import InputError
from gpunet.reading.walk import Walk
from gpunet.tables.parquet import read_parquet_metadata

__all__ = ["tables_of_key"]


def tables_of_key(folder: Path, fingerprint: str) -> list[Path]:
    """The Parquet files in a folder, and in those below, that say that they were made with a key; by name.

    Files that cannot be read are left out.
    """
    found = []
    for path in sorted(Walk().files(folder), key=Path.as_posix):
        if path.suffix.lower() != ".parquet":
            continue
        try:
            stated = (read_parquet_metadata(path) or {}).get("pseudonyms")
        except InputError:
            continue
        if isinstance(stated, dict) and stated.get("fingerprint") == fingerprint:
            found.append(path)
    return found
