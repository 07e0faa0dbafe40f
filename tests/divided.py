"""Arrests that lie on workers, put together again to be compared with those of one process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from reading_at import CODES

from gpunet.arrests.arrests import Arrests
from gpunet.cluster.results import fetched
from gpunet.tables.frames import to_arrow

__all__ = ["assert_same_arrests", "parts_of"]


def parts_of(divided: Any) -> list[Any]:
    return fetched(divided.client, divided.parts)


def assert_same_arrests(divided: Any, expected: Arrests) -> None:
    """Everything about the two is equal; of places their names, as places without an arrest may be known."""
    parts = parts_of(divided)
    assert [len(part.arrests) for part in parts] == list(divided.arrests)
    assert [part.arrests.n_persons for part in parts] == list(divided.persons)
    assert [part.first_person for part in parts] == np.concatenate([[0], np.cumsum(divided.persons)])[:-1].tolist()
    assert divided.n_numbers == expected.n_persons
    ids = [id_ for part in parts for id_ in part.arrests.person_ids.to_list()]
    assert ids == expected.person_ids.to_list()
    assert {part.arrests.person_ids.dtype for part in parts} == {expected.person_ids.dtype}
    found = {name: np.concatenate([np.asarray(getattr(part.arrests, name)) for part in parts]) for name in CODES}
    found["person"] = np.concatenate([part.arrests.person + part.first_person for part in parts])
    for name in ("person", "force", "day", "offences", "gang"):
        np.testing.assert_array_equal(found[name], getattr(expected, name), err_msg=name)
    for name in ("district", "beat"):
        here, there = ([*names, None] for names in (getattr(divided, f"{name}_names"), _texts(expected, name)))
        assert [here[code] for code in found[name]] == [there[code] for code in getattr(expected, name)], name
    for name in ("force", "gang"):
        assert list(getattr(divided, f"{name}_names")) == _texts(expected, name)
    keys = [part.incident_key.take(pa.array(part.arrests.incident)).to_pylist() for part in parts]
    texts = [[part.arrests.incident_ids.to_list()[code] for code in part.arrests.incident] for part in parts]
    known = {key: code for code, key in enumerate(sorted({key for some in keys for key in some}))}
    np.testing.assert_array_equal([known[key] for some in keys for key in some], expected.incident)
    ids = expected.incident_ids.to_list()
    assert [text for some in texts for text in some] == [ids[code] for code in expected.incident]
    assert divided.last_day == expected.last_day
    _assert_same_report(divided, expected)


def _texts(arrests: Arrests, name: str) -> list[str]:
    return getattr(arrests, f"{name}_names").to_list()


def _assert_same_report(divided: Any, expected: Arrests) -> None:
    for name in ("files", "protected_columns", "ignored_columns", "warnings", "left_out"):
        assert getattr(divided.report, name) == getattr(expected.report, name), name
    rejected = pa.concat_tables(fetched(divided.client, divided.rejected))
    assert rejected.equals(to_arrow(expected.report.rejected))
    for told in ("reasons", "bad_date"):
        assert getattr(divided.report, told)() == getattr(expected.report, told)()
