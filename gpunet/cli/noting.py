"""Entries in the log, before a command shows or exports what a run says of persons."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from gpunet.cli.stored_tables import PERSONS, Asked, StoredTable, rows_of
from gpunet.governance.noted import log_kept_of, noted

__all__ = ["note_rows", "note_scores"]


def note_rows(folder: Path, table: StoredTable, asked: Asked, operation: str) -> None:
    """Enter that rows of a table of a run are shown or exported, and how many persons they are about.

    Raises
    ------
    InputError
        As :func:`gpunet.cli.stored_tables.rows_of`: then nothing is entered.
    """
    if log_kept_of(folder) is not None:
        noted(folder, operation, _persons_in(folder, table, asked))


def note_scores(folders: list[Path], persons: int) -> bool:
    """Enter that a file of scores is written, in the log of the first of these folders that is a run's with a log.

    Whether there is one.
    """
    from gpunet.runs.folder import MANIFEST

    for folder in folders:
        if (folder / MANIFEST).is_file() and log_kept_of(folder) is not None:
            noted(folder, "disclosure", persons)
            return True
    return False


def _persons_in(folder: Path, table: StoredTable, asked: Asked) -> int:
    """How many persons the rows that are asked for are about, whatever columns of them are."""
    schema = table.schema
    list(rows_of(folder, table, Asked(asked.person, asked.columns, 0)))  # which looks at what is asked for
    about = tuple(name for name in schema.names if name in PERSONS)
    if not about:
        return 0
    found: pa.Array | None = None
    for part in rows_of(folder, table, Asked(asked.person, about, asked.most)):
        columns = [column.cast(pa.large_string()) for column in part.columns]
        found = pc.unique(pa.chunked_array([*columns, *([] if found is None else [found])])).drop_null()
    return 0 if found is None else len(found)
