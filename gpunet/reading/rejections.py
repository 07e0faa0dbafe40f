"""Rejected rows: why, which, and their values as text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.config.config import Config
from gpunet.reading.dialects import as_text
from gpunet.reading.stream import Batch, InputRecord
from gpunet.tables.frames import on_host, rows_of

__all__ = ["REASONS", "REPORT_COLUMNS", "Rejections"]

#: Why a row is rejected; the first that applies is given. A malformed row has too few or too many fields.
REASONS = ("missing_person", "missing_incident", "bad_date", "malformed_row")

#: Columns of the table of rejected rows that are not columns of the input; ``line`` is a malformed row's whole text.
REPORT_COLUMNS = ("source_file", "row_number", "reason", "line")


class Rejections:
    """The rejected rows so far.

    Attributes
    ----------
    config
        The configuration that rows are read with.
    rejected
        PyArrow tables of rejected rows, with the input that each is from.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.rejected: list[tuple[InputRecord, Any]] = []
        self._rejected_before = 0

    def begin(self) -> None:
        """A file begins that may turn out to be damaged: remember this state, for :meth:`undo` to go back to."""
        self._rejected_before = len(self.rejected)

    def undo(self) -> None:
        """Forget everything since the latest :meth:`begin`, as if it had never come."""
        del self.rejected[self._rejected_before :]

    def reject(self, batch: Batch, rows: NDArray[np.int64], reasons: NDArray[np.int8]) -> None:
        """Enter, and count, the rows of `batch` at these positions, ascending, for ``REASONS`` of these numbers."""
        import pyarrow as pa

        for piece in batch.pieces:
            first, stop = np.searchsorted(rows, [piece.start, piece.start + piece.count])
            if first == stop:
                continue
            piece.record.rejected += int(stop - first)
            values = on_host(rows_of(batch.frame, rows[first:stop]))
            columns = {
                f"{name}_value" if name in REPORT_COLUMNS else name: as_text(
                    values.get_column(name), f'{piece.record.name}: column "{name}"'
                )
                for name in values.columns
            }
            why = [REASONS[r] for r in reasons[first:stop]]
            self._note(piece.record, pa.array(piece.row_numbers(rows[first:stop])), why, columns)

    def reject_malformed(self, record: InputRecord) -> None:
        """Enter the rows of a CSV file that have a wrong number of fields."""
        import pyarrow as pa

        if record.malformed:
            numbers = pa.array([number for number, _ in record.malformed], pa.int64())
            lines = pa.array([text for _, text in record.malformed], pa.large_string())
            self._note(record, numbers, ["malformed_row"] * len(lines), {"line": lines})

    def _note(self, record: InputRecord, numbers: Any, reasons: list[str], columns: dict[str, Any]) -> None:
        import pyarrow as pa

        names = pa.array([record.name] * len(reasons), pa.large_string())
        known = {"source_file": names, "row_number": numbers, "reason": pa.array(reasons, pa.large_string())}
        self.rejected.append((record, pa.table({**known, **columns})))
