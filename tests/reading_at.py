"""The device reader with other frames and arrays in the place of cuDF and CuPy, held against the host's reader."""

from __future__ import annotations

import re
from typing import Any

import array_api_strict
import numpy as np
import pytest

from gpunet.arrests.arrests import Arrests
from gpunet.reading.location import Location
from gpunet.reading.read import read_arrests, read_arrests_at
from gpunet.tables.frames import to_arrow

__all__ = ["HOMES", "assert_same", "read_everywhere"]

HOMES = {
    "polars": Location("polars", np.asarray),
    "pandas": Location("pandas", array_api_strict.asarray),
    "pyarrow": Location("pyarrow", np.asarray),
}

CODES = ("person", "incident", "force", "day", "offences", "district", "beat", "gang")
NAMES = ("person_ids", "incident_ids", "force_names", "district_names", "beat_names", "gang_names")


def assert_same(actual: Arrests, expected: Arrests, but: tuple[str, ...] = ()) -> None:
    """Everything about the two is equal, but for the kinds of frame and array that hold it, and the fields in `but`."""
    for name in CODES:
        found = np.asarray(getattr(actual, name))
        np.testing.assert_array_equal(found, getattr(expected, name), err_msg=name)
        assert found.dtype == getattr(expected, name).dtype, name
    for name in NAMES:
        found = getattr(actual, name)
        assert found.to_list() == getattr(expected, name).to_list(), name
        assert found.dtype == getattr(expected, name).dtype, name
        assert found.name == getattr(expected, name).name, name
    for name in ("config", "as_of", "backend"):
        assert name in but or getattr(actual, name) == getattr(expected, name), name
    assert actual.report is not None
    assert expected.report is not None
    for name in ("files", "protected_columns", "ignored_columns", "warnings", "by_reason", "reasons", "null_words",
                 "notes", "columns", "advice", "bad_dates"):  # fmt: skip
        assert getattr(actual.report, name) == getattr(expected.report, name), name
    assert actual.report.offences is not None
    assert expected.report.offences is not None
    assert to_arrow(actual.report.offences).equals(to_arrow(expected.report.offences))
    assert to_arrow(actual.report.rejected).equals(to_arrow(expected.report.rejected))


def read_everywhere(source: Any, *options: Any, **named: Any) -> Arrests:
    """What the host's reader makes of `source`, after the same has come, or the same error, at every location."""
    homes = HOMES.values()
    try:
        expected = read_arrests(source, *options, **named)
    except Exception as error:
        for location in homes:
            with pytest.raises(type(error), match=re.escape(str(error))):
                read_arrests_at(location, source, *options, **named)
        raise
    for location in homes:
        assert_same(read_arrests_at(location, source, *options, **named), expected)
    return expected
