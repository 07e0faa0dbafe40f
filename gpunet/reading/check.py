"""The rules for rows: which are accepted, why others are not, and their values as canonical texts and timestamps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpunet.base.days import day_number
from gpunet.config.config import InputConfig
from gpunet.reading.coding import Texts
from gpunet.reading.columns import as_text, as_timestamps, to_texts
from gpunet.reading.dates import DAY_US, EARLIEST, NO_TIMESTAMP, timestamp_text
from gpunet.reading.stream import Batch

__all__ = ["DETAILS", "CheckedRows", "check_rows", "coded_columns", "key_columns", "latest_timestamp"]

#: What a row says about its arrest, apart from the date.
DETAILS = ("offence", "district", "beat", "gang")


@dataclass(frozen=True, eq=False)
class CheckedRows:
    """The rows of a batch.

    ``texts``: columns by our names; a text that is not ``present`` there is null. ``timestamps``: int64[n],
    ``NO_TIMESTAMP`` where there is no date. ``reason``: int8[n], -1 for accepted rows, else the number of the reason.
    """

    texts: dict[str, Texts]
    timestamps: NDArray[np.int64]
    reason: NDArray[np.int8]


def key_columns(config: InputConfig) -> tuple[str, ...]:
    """The columns of the incident key, less the force."""
    return tuple(c for c in config.incident_key if c != "force")


def coded_columns(config: InputConfig) -> tuple[str, ...]:
    """Every column that is coded; "date" is among them where it is in the incident key."""
    return tuple(dict.fromkeys(("person_id", "incident_id", *DETAILS, "force", *key_columns(config))))


def latest_timestamp(today: date | None) -> int:
    """The last timestamp that a row may have: the end of that day, or of the present one."""
    return (day_number(today or date.today()) + 1) * DAY_US - 1


def check_rows(batch: Batch, config: InputConfig, coded: Collection[str], latest: int) -> CheckedRows:
    """Check the rows of `batch`; columns other than `coded` and the date are left alone."""
    frame, key = batch.frame, key_columns(config)
    where = batch.pieces[0].record.name
    arrays = {
        name: as_text(frame.get_column(name), f'{where}: column "{name}"')
        for name in frame.columns
        if name != "date" and name in coded
    }
    timestamps, undated, bad = as_timestamps(frame.get_column("date"), f'{where}: column "date"')
    bad |= ~undated & ((timestamps < EARLIEST) | (timestamps > latest))
    if "date" in key:
        arrays["date"] = _key_dates(timestamps, undated)
    texts = {name: to_texts(array) for name, array in arrays.items()}
    reason = np.full(len(frame), -1, dtype=np.int8)
    reason[bad] = 2
    for name in key:
        reason[~texts[name].present] = 1
    reason[~texts["person_id"].present] = 0
    if config.person_scope == "force":
        texts["person_id"] = _with_force(arrays, texts)
    return CheckedRows(texts, timestamps, reason)


def _key_dates(timestamps: NDArray[np.int64], undated: NDArray[np.bool_]) -> Any:
    """Dates as part of an incident key: equal days are equal text, however written and at whatever time of day."""
    import pyarrow as pa

    days = np.where(
        timestamps == NO_TIMESTAMP, 0, timestamps // DAY_US
    )  # rows without a date are rejected, whatever stands here
    distinct, codes = np.unique(days, return_inverse=True)
    texts = pa.array([timestamp_text(int(day) * DAY_US) for day in distinct], pa.large_string())
    return texts.take(pa.array(codes, mask=undated))


def _with_force(arrays: dict[str, Any], texts: dict[str, Texts]) -> Texts:
    """Person ids within their force: the text ``force:person_id``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = pa.scalar("", pa.large_string())
    force = pc.if_else(pa.array(texts["force"].present), arrays["force"], empty) if "force" in arrays else empty
    return to_texts(pc.binary_join_element_wise(force, arrays["person_id"], pa.scalar(":", pa.large_string())))
