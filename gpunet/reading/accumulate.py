"""Rows are checked and coded batch by batch; only codes stay in memory."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from gpunet.config.config import Config
from gpunet.reading.check import DETAILS, check_rows, coded_columns, key_columns, latest_timestamp
from gpunet.reading.coding import RowCoder, TextCoder, Texts
from gpunet.reading.rejections import Rejections
from gpunet.reading.stream import Batch

__all__ = ["Accumulator"]


class Accumulator(Rejections):
    """Everything that has been read so far, coded.

    Attributes
    ----------
    coders
        A dictionary of texts for each column that is coded by itself.
    arrests
        Distinct (person, force, key) codes, in file order; key is the code of the incident key less the force.
    rows
        Distinct accepted rows, in file order: arrest, low and high half of the timestamp, and detail.
    details
        Distinct combinations of the codes of ``DETAILS`` (and of incident_id if it is not in the key). They are few,
        so a row keeps the code of its own.
    keys
        Distinct combinations of the incident key's columns (less the force), None where it is a single column.
    """

    def __init__(self, config: Config, today: date | None = None) -> None:
        super().__init__(config)
        self.latest = latest_timestamp(today)
        self.key_columns = key_columns(config.input)
        self.id_is_extra = "incident_id" not in self.key_columns
        self.coders = {name: TextCoder() for name in coded_columns(config.input)}
        self.coders["force"].add("")  # code 0: the default force
        self.arrests = RowCoder(3)
        self.rows = RowCoder(4)
        self.details = RowCoder(len(DETAILS) + self.id_is_extra)
        self.keys = None if len(self.key_columns) == 1 else RowCoder(max(len(self.key_columns), 1))
        self._lengths: list[int] = []

    def begin(self) -> None:
        """Remember how far the dictionaries go."""
        super().begin()
        self._lengths = [len(coder) for coder in self.dictionaries()]

    def undo(self) -> None:
        """Cut the dictionaries there."""
        super().undo()
        for coder, length in zip(self.dictionaries(), self._lengths, strict=True):
            coder.cut(length)

    def dictionaries(self) -> tuple[TextCoder | RowCoder, ...]:
        """All dictionaries, in a fixed order."""
        return (*self.coders.values(), self.arrests, self.rows, self.details, *([self.keys] if self.keys else []))

    def add(self, batch: Batch) -> None:
        """Check, code and count the rows of `batch`."""
        rows = check_rows(batch, self.config.input, self.coders, self.latest)
        rejected = np.flatnonzero(rows.reason >= 0)
        self.reject(batch, rejected, rows.reason[rejected])
        accepted = rows.reason < 0
        is_new = self._store(rows.texts, rows.timestamps, accepted)
        for piece in batch.pieces:
            part = slice(piece.start, piece.start + piece.count)
            piece.record.duplicate += int(accepted[part].sum()) - int(is_new[part].sum())

    def _store(
        self, texts: dict[str, Texts], timestamps: NDArray[np.int64], accepted: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Code the accepted rows; bool[n], which rows of the batch are kept (accepted, and not seen before)."""
        taken = np.flatnonzero(accepted)

        def codes(name: str) -> NDArray[np.int32]:
            if name not in texts:
                return np.full(len(taken), -1, dtype=np.int32)
            found = self.coders[name].code(texts[name], accepted)
            return found if len(taken) == len(found) else found[taken]

        coded = {name: codes(name) for name in self.coders}
        force = np.maximum(coded["force"], 0)
        arrest = self.arrests.code(_matrix([coded["person_id"], force, self._key(coded, len(taken))]))
        detail = self.details.code(
            _matrix([coded[c] for c in (*DETAILS, *(["incident_id"] if self.id_is_extra else []))])
        )
        # Two int32 hold the timestamp: no dictionary of timestamps, which may be as many as rows.
        kept = timestamps[taken]
        halves = [(kept & 0xFFFFFFFF).astype(np.uint32).view(np.int32), (kept >> 32).astype(np.int32)]
        before = len(self.rows)
        row = self.rows.code(_matrix([arrest, *halves, detail]))
        highest = np.maximum.accumulate(np.concatenate([[before - 1], row]))
        is_new = np.zeros(len(accepted), dtype=np.bool_)
        is_new[taken] = row > highest[:-1]
        return is_new

    def _key(self, coded: dict[str, NDArray[np.int32]], n: int) -> NDArray[np.int32]:
        if self.keys is None:
            return coded[self.key_columns[0]]
        columns = [coded[c] for c in self.key_columns] or [np.zeros(n, dtype=np.int32)]
        return self.keys.code(_matrix(columns))


def _matrix(columns: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    out = np.empty((len(columns[0]), len(columns)), dtype=np.int32)
    for k, column in enumerate(columns):
        out[:, k] = column
    return out
