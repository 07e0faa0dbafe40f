"""What was read, coded and without repeats, before arrests are made of it: from here reading can go on with more files.

What comes of that is what reading all files would have given: rows that were accepted keep their order, and everything
else that is told of reading adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from gpunet.config.config import Config
from gpunet.config.input_config import DATE_PARTS
from gpunet.reading.batches import InputRecord, Piece
from gpunet.reading.coded_rows import CodedRows
from gpunet.reading.findings import Findings

__all__ = ["ReadState", "can_be_kept", "state_of"]


@dataclass(frozen=True, eq=False)
class ReadState:
    """All that is known when files have been read.

    Attributes
    ----------
    rows
        Accepted rows, without repeats, after corrections.
    counts
        How many of these each of the `records` has.
    records
        What became of each file.
    warnings
        Sentences on single files.
    found
        What was found beside rows, but for the reasons of rejected ones.
    rejected
        The rejected rows.
    """

    rows: CodedRows
    counts: list[int]
    records: list[InputRecord]
    warnings: list[str]
    found: Findings
    rejected: pa.Table

    def pieces(self) -> list[tuple[Piece, int]]:
        """The rows as pieces of their files."""
        counted = zip(self.records, self.counts, strict=True)
        return [(Piece(record, 0, count, 0), count) for record, count in counted]

    @property
    def depends_on_today(self) -> bool:
        """Whether a row was rejected for a date that may only have been to come."""
        return any(reason in ("bad_date", "bad_recorded_at") for reason in set(self.rejected["reason"].to_pylist()))


def can_be_kept(config: Config) -> bool:
    """Whether rows can be kept: those of persons who are a force's have other ids by the time."""
    return config.input.person_scope != "force"


def state_of(
    rows: CodedRows,
    pieces: Sequence[tuple[Piece, int]],
    records: Sequence[InputRecord],
    warnings: Sequence[str],
    found: Findings,
    rejected: Any,
) -> ReadState:
    """The state after all files have been read."""
    counts = dict.fromkeys((record.number for record in records), 0)
    for piece, count in pieces:
        counts[piece.record.number] += count
    columns = {name: column for name, column in rows.columns.items() if name not in DATE_PARTS}
    return ReadState(
        replace(rows, columns=columns), list(counts.values()), list(records), list(warnings), found, rejected
    )
