"""Columns of dates as timestamps; days that stand for none are noted, or taken for none where the user says so."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import numpy as np

from gpunet.config.input_config import InputConfig
from gpunet.reading.date_formats import date_formats
from gpunet.reading.dates import DAY_US, EARLIEST, NO_TIMESTAMP, PLACEHOLDER_DAYS, latest_timestamp, null_days
from gpunet.reading.dialects import code_dates
from gpunet.reading.findings import Findings
from gpunet.reading.location import Location
from gpunet.reading.values import meaning_of
from gpunet.tables import arrays

__all__ = ["DateColumns"]

_PLACEHOLDERS = np.array([day for day, _ in PLACEHOLDER_DAYS], np.int64)


class DateColumns:
    """How the columns of dates of some tables are read, at `location`; dates after `today` are none.

    Attributes
    ----------
    formats
        How dates are written.
    meaning
        Which texts stand for no date.
    """

    def __init__(self, config: InputConfig, location: Location, today: date | None = None) -> None:
        self.formats, self.meaning = date_formats(config.date_format), meaning_of(config, "date")
        self._location, self._latest = location, latest_timestamp(today)
        self._null_days = null_days(config)

    def timestamps(self, name: str, dates: nw.Series[Any] | None, n: int, where: str, found: Findings) -> Any:
        """The timestamps of a column of dates, or of so many rows without one; `found` gets what stands for none."""
        location = self._location
        if dates is None:
            return location.array(np.full(n, NO_TIMESTAMP))
        timestamps, words = code_dates(dates, location, where, self.formats, self.meaning)
        found.words.update({(name, word): rows for word, rows in words.items()})
        xp = arrays.namespace(timestamps)
        days = timestamps // DAY_US
        for day, text in self._null_days:
            if rows := int(xp.count_nonzero(days == day)):
                found.null_days[name, text] += rows
                timestamps = xp.where(days == day, NO_TIMESTAMP, timestamps)
        known = location.array(_PLACEHOLDERS)
        at = xp.clip(xp.searchsorted(known, days), max=known.shape[0] - 1)
        met = at[(known[at] == days) & (timestamps != NO_TIMESTAMP)]
        for at_day, rows in zip(*np.unique(arrays.to_host(met), return_counts=True), strict=True):
            found.days[name, PLACEHOLDER_DAYS[int(at_day)][1]] += int(rows)
        return timestamps

    def is_too_early(self, timestamps: Any) -> Any:
        """Which timestamps lie before 1900, as those of what is no date do."""
        return timestamps < EARLIEST

    def is_out_of_range(self, timestamps: Any) -> Any:
        """Which timestamps lie before 1900 or after today."""
        return (timestamps < EARLIEST) | (timestamps > self._latest)
