"""Keeps the standard output to ourselves while XGBoost trains on a cluster."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import TextIO

__all__ = ["without_ranks"]


@contextlib.contextmanager
def without_ranks() -> Iterator[None]:
    """Drop the line that XGBoost prints for each worker on the standard output of the scheduler's process.

    That is this one where the cluster was started here, and no setting of XGBoost's turns it off.
    """
    with contextlib.redirect_stdout(_WithoutRanks(sys.stdout)):
        yield


class _WithoutRanks(io.TextIOBase):
    """Passes everything on but those lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._dropped = stream, False

    def write(self, text: str) -> int:
        if text.startswith("[") and "Task [xgboost.dask-" in text:
            self._dropped = not text.endswith("\n")
            return len(text)
        if self._dropped and text == "\n":
            self._dropped = False
            return len(text)
        self._dropped = False
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()
