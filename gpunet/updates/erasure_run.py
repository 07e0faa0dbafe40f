"""A run made again without some persons: an update with corrections alone, of which nothing tells what moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gpunet.reading.state import ReadState
from gpunet.runs.described import latest_date
from gpunet.runs.sealed import SEALED
from gpunet.updates.update_run import CHANGES, UpdateRun

__all__ = ["ErasureRun"]


class ErasureRun(UpdateRun):
    """As :class:`UpdateRun`, as of the day and with the day of reading of the earlier run, in whose place it is put.

    What moved between the two runs would tell who was erased, so there is no ``changes.parquet``. If the earlier run
    was an update, its own is taken over, without the rows of who is erased.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._today = latest_date(self._earlier.manifest)
        self._told_before: dict[str, Any] = {}

    def read(self, inputs: Any, as_of: date | None) -> Any:
        """As every run; flags are not compared."""
        self._flags = {}
        return super().read(inputs, as_of)

    def _state(self) -> ReadState | None:
        state, day = self._earlier.state
        self._today = date.fromisoformat(day)
        return state

    def finish(self, kind: str, arrests: Any, sections: Mapping[str, Any]) -> dict[str, Any]:
        """As every run, with the counts of what was corrected."""
        manifest = self._earlier.manifest
        if {CHANGES, CHANGES + SEALED} & manifest["outputs"].keys():
            assert self._corrections is not None  # there is somebody to erase
            rows = _without(self._earlier.table(CHANGES.removesuffix(".parquet")), self._corrections.persons)
            self.folder.write_table(CHANGES, [rows], self._said_side if kind == "run" else None)
            told = manifest["execution"].get("update", {})
            self._told_before = {
                "update": {**told, "changes": len(rows), "persons_moved": len(rows["person_id"].unique())}
            }
        return super(UpdateRun, self).finish(kind, arrests, sections)

    def _told(self) -> dict[str, Any]:
        return self._told_before


def _without(changes: pa.Table, persons: frozenset[str]) -> pa.Table:
    named = pc.is_in(
        changes["person_id"].cast(pa.large_string()), value_set=pa.array(sorted(persons), pa.large_string())
    )
    return changes.filter(pa.array(~np.asarray(named)))
